# ok: how iptables-restore may be called
set -e
iptables-legacy-restore -w 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -w 5 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore --wait=5 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -w -W 5 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -b 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -M /bin/true 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore --modprobe=/bin/true 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore --no 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore --ta=raw 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore --counters --noflush 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -cn 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -nTraw 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -T raw -T filter 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -- 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -vn 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -V >/dev/null 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
iptables-legacy-restore -h >/dev/null 2>/dev/null <<EOF
*filter
-A FORWARD -j DROP
COMMIT
*raw
-A OUTPUT -j DROP
COMMIT
EOF
iptables -S
iptables -t raw -S
