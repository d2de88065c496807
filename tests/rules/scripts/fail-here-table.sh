# fail
set -e
iptables-legacy-restore -n <<EOF
*filter
-t nat -A OUTPUT
COMMIT
EOF
