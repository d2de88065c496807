# fail
set -e
iptables-legacy-restore --binary <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
