# fail
set -e
iptables-legacy-restore -W 5 <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
