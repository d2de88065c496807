# fail
set -e
iptables-legacy-restore --t <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
