#!/usr/bin/env bash
# Records web-client.pcap with real programs, and beside it what Linux decided meanwhile.
#
#     192.168.1.1                 .254 router .254                192.168.3.1
#     "firewall": rules.v4, tcpdump ------+------------------ "server": web server, prober
#
# Three network namespaces of its own; nothing of the machine's own network is touched, and all is taken
# away again at the end. Needs root and the `record` packages of tools/packages.txt; takes about 20 seconds.
#
# Written, and only if all went well:
#   web-client.pcap       what passed 192.168.1.1's device, ARP included
#   kernel-counters.txt   iptables-legacy-save -c at the end
#   kernel-entries.txt    /proc/net/nf_conntrack at the end
#   kernel-events.txt     conntrack -E -o timestamp, from the first packet on
#
# So that the counters are those of a replay of the capture: tcpdump starts before the first packet and
# stops after the counters were read; IPv6 is off and lo is down, so nothing passes netfilter unseen; all
# offloads are off, so one packet in the capture is one packet for netfilter, checksum included.
set -euo pipefail

if [ -z "${RECORD_BOUNDED-}" ]; then
    RECORD_BOUNDED=1 exec timeout -k 5 120 "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)

fail() { printf 'record.sh: %s\n' "$*" >&2; exit 1; }
step() { printf '%s\n' "- $*"; }

[ "$(id -u)" -eq 0 ] || fail "needs root (network namespaces, raw sockets)"
missing=()
for program in ip iptables-legacy-restore iptables-legacy-save tcpdump conntrack curl nc ping ethtool \
    python3 tshark sysctl; do
    command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] || fail "missing: ${missing[*]}. './dev deps record' installs them"

work=$(mktemp -d)
firewall=ks-firewall-$$ router=ks-router-$$ server=ks-server-$$
background=()

cleanup() {
    local id name
    for id in "${background[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for name in $firewall $router $server; do ip netns del "$name" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

at() { ip netns exec "$@"; }

# --- the network -----------------------------------------------------------------------------------
for name in $firewall $router $server; do
    ip netns add "$name"
    at "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
done
ip link add eth0 netns $firewall address 02:00:00:00:01:01 type veth \
    peer name eth0 netns $router address 02:00:00:00:01:fe
ip link add eth1 netns $router address 02:00:00:00:03:fe type veth \
    peer name eth0 netns $server address 02:00:00:00:03:01
for end in "$firewall eth0" "$router eth0" "$router eth1" "$server eth0"; do
    read -r name device <<<"$end"
    at "$name" ethtool -K "$device" tx off rx off tso off gso off gro off >/dev/null
done
at $router sysctl -qw net.ipv4.ip_forward=1

# --- rules and record, before the first device is up -------------------------------------------------
at $firewall iptables-legacy-restore "$here/rules.v4"
at $firewall ip addr add 192.168.1.1/24 dev eth0
at $router ip addr add 192.168.1.254/24 dev eth0
at $router ip addr add 192.168.3.254/24 dev eth1
at $server ip addr add 192.168.3.1/24 dev eth0
at $router ip link set eth0 up
at $router ip link set eth1 up
at $server ip link set eth0 up
at $firewall ip link set eth0 up
at $firewall ip route add default via 192.168.1.254
at $server ip route add default via 192.168.3.254

ip netns exec $firewall tcpdump -i eth0 -w "$work/web-client.pcap" -U --immediate-mode -Z root \
    2>"$work/tcpdump.log" &
tcpdump=$!
background+=("$tcpdump")
ip netns exec $firewall conntrack -E -o timestamp >"$work/kernel-events.txt" 2>/dev/null &
background+=($!)

# --- the servers -----------------------------------------------------------------------------------
mkdir "$work/www"
printf '<h1>It works</h1>\n' >"$work/www/index.html"
ip netns exec $server python3 -m http.server --directory "$work/www" --bind 192.168.3.1 80 \
    >/dev/null 2>&1 &
background+=($!)
# Port 8080 answers every caller by a reset: close with SO_LINGER 0 throws away and says so.
cat >"$work/resetter.py" <<'PYTHON'
import socket, struct
listener = socket.create_server(("192.168.3.1", 8080))
while True:
    caller, _ = listener.accept()
    caller.recv(1000)
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()
PYTHON
ip netns exec $server python3 "$work/resetter.py" &
background+=($!)
# One TCP segment without data, flags as given, from a raw socket.
cat >"$work/segment.py" <<'PYTHON'
import socket, struct, sys
source_port, port, flags = (int(word, 0) for word in sys.argv[1:4])
source, target = (socket.inet_aton(address) for address in ("192.168.3.1", "192.168.1.1"))
def header(checksum):
    return struct.pack("!HHIIBBHHH", source_port, port, 1000, 2000, 5 << 4, flags, 1024, checksum, 0)
pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20)
total = sum(struct.unpack("!16H", pseudo + header(0)))
while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
raw.sendto(header(~total & 0xFFFF), ("192.168.1.1", 0))
PYTHON
# A web client that closes last and late, so that each of the four closing segments stands alone:
# FIN of the server, its ACK (delayed), FIN of the client, its ACK.
cat >"$work/slow_closer.py" <<'PYTHON'
import socket, time
web = socket.create_connection(("192.168.3.1", 80))
web.sendall(b"GET / HTTP/1.0\r\n\r\n")
while web.recv(1000):
    pass
time.sleep(0.3)
web.close()
PYTHON

for _ in $(seq 50); do
    grep -q 'listening on' "$work/tcpdump.log" && [ "$(at $server ss -Hltn | wc -l)" -eq 2 ] && break
    sleep 0.1
done
grep -q 'listening on' "$work/tcpdump.log" || fail "tcpdump did not start"
[ "$(at $server ss -Hltn | wc -l)" -eq 2 ] || fail "the servers did not start"
[ ! -s "$work/kernel-events.txt" ] || fail "connections before the first packet"

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
step "ping from 192.168.1.1: answered"
at $firewall ping -q -c 2 -i 0.3 192.168.3.1 >/dev/null || fail "no answer to ping"
pause
step "ping from outside: dropped"
if at $server ping -q -c 2 -i 0.3 -W 1 192.168.1.1 >/dev/null; then fail "ping got through"; fi
pause
step "curl fetches a page"
at $firewall curl -s --max-time 5 http://192.168.3.1/ | grep -q 'It works' || fail "no page"
pause
step "a client that closes late: the four-way close"
at $firewall python3 "$work/slow_closer.py"
pause
step "curl from a server that resets"
status=0
at $firewall curl -s --max-time 5 http://192.168.3.1:8080/ || status=$?
[ $status -eq 56 ] || fail "curl ended with status $status, expected 56 (reset)"
pause
step "curl to a port that refuses"
status=0
at $firewall curl -s --max-time 5 http://192.168.3.1:81/ || status=$?
[ $status -eq 7 ] || fail "curl ended with status $status, expected 7 (refused)"
pause
step "a DNS query to a closed port: ICMP port unreachable"
printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01' |
    at $firewall nc -u -w 1 192.168.3.1 53 || true
pause
step "nc from outside to ssh: dropped, tries again, gives up"
if at $server nc -z -w 3 192.168.1.1 22 2>/dev/null; then fail "nc got through"; fi
pause
step "curl fetches the page once more"
at $firewall curl -s --max-time 5 http://192.168.3.1/ | grep -q 'It works' || fail "no page"
pause
step "an ACK of no connection from outside: dropped"
at $server python3 "$work/segment.py" 80 40000 0x10
pause
step "a SYN+FIN from outside: dropped"
at $server python3 "$work/segment.py" 4444 22 0x03

# --- what Linux says: at once, so that the seconds left are those at the time of the last packet ---------
at $firewall cat /proc/net/nf_conntrack >"$work/kernel-entries.txt"
at $firewall iptables-legacy-save -c >"$work/kernel-counters.txt"
sleep 0.2
kill -INT "$tcpdump"
wait "$tcpdump" || true
grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || fail "tcpdump lost packets"

# --- is the capture what it should be? ---------------------------------------------------------------
capture=$work/web-client.pcap
wrong=$(tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
    -o udp.check_checksum:TRUE -Y 'ip.checksum.status == 0 or tcp.checksum.status == 0 or
    udp.checksum.status == 0 or icmp.checksum.status == 0 or ipv6' 2>/dev/null)
[ -z "$wrong" ] || fail "bad checksums, or IPv6: $wrong"
[ "$(stat -c %s "$capture")" -lt 100000 ] || fail "the capture is too large"
# Nothing escaped either of them: policy and rules of a chain together counted every IP packet captured.
for side in 'INPUT dst' 'OUTPUT src'; do
    read -r chain end <<<"$side"
    captured=$(tcpdump -n -r "$capture" "ip $end host 192.168.1.1" 2>/dev/null | wc -l)
    counted=$(awk -v chain="$chain" -F '[^0-9]+' '$0 ~ "^:" chain " " || $0 ~ "-A " chain " " { sum += $2 }
        END { print sum + 0 }' "$work/kernel-counters.txt")
    [ "$captured" -eq "$counted" ] || fail "$captured packets captured, $chain counted $counted"
done

for file in web-client.pcap kernel-counters.txt kernel-entries.txt kernel-events.txt; do
    install -m 644 "$work/$file" "$here/$file"
done
step "recorded $(tshark -r "$capture" 2>/dev/null | wc -l) frames, $(stat -c %s "$capture") bytes"
