# fail
set -e
iptables-legacy-restore -c <<EOF
*filter
[3:3] -N a
COMMIT
EOF
