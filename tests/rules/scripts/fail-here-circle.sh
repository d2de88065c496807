# fail
set -e
iptables-legacy-restore -n <<EOF
*filter
:a -
-A INPUT -j a
-A a -j a
COMMIT
*filter
-F
-X
COMMIT
EOF
