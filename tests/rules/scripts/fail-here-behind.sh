# fail
set -e
iptables-legacy-restore -T raw <<EOF
*raw
COMMIT
junk
EOF
