# fail
set -e
iptables-legacy-restore  <<EOF
*filter
:a -
:a -
COMMIT
EOF
