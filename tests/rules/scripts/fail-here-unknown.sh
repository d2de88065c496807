# fail
set -e
iptables-legacy-restore -Q <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
