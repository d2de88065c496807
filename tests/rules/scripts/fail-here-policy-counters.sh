# fail
set -e
iptables-legacy-restore -c <<EOF
*filter
:INPUT DROP
COMMIT
EOF
