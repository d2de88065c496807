# fail
set -e
iptables-legacy-restore rules.v4 <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
