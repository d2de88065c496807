# fail
set -e
iptables-legacy-restore -n <<EOF
*filter
-A INPUT -j DROP
EOF
