# fail
set -e
iptables-legacy-restore -W <<EOF
*filter
-A INPUT -j DROP
COMMIT
EOF
