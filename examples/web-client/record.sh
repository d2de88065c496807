#!/usr/bin/env bash
# Records web-client.pcap with real programs, and beside it what Linux decided meanwhile.
#
#     192.168.1.1                 .254 router .254                192.168.3.1
#     "firewall": rules.v4, tcpdump ------+------------------ "server": web server, prober
#
# Needs root and the `record` packages of tools/packages.txt; takes about 20 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh. Here the firewall is a host of its own, so both what it receives and
# what it sends is captured, ARP included.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 120 "$@"
need curl nc ping python3

# shellcheck disable=SC2034 # wire reads it
neighbours=asked
add_hosts firewall router server
for name in firewall router server; do
    at "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
done
wire firewall eth0 192.168.1.1/24 router eth0 192.168.1.254/24
wire server eth0 192.168.3.1/24 router eth1 192.168.3.254/24

# --- the servers -----------------------------------------------------------------------------------
mkdir "$work/www"
printf '<h1>It works</h1>\n' >"$work/www/index.html"
start server python3 -m http.server --directory "$work/www" --bind 192.168.3.1 80
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
start server python3 "$work/resetter.py"
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

wait_for "the web server did not start" is_listening server tcp 80
wait_for "the resetter did not start" is_listening server tcp 8080

start_record --sent firewall eth0

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
step "ping from 192.168.1.1: answered"
at firewall ping -q -c 2 -i 0.3 192.168.3.1 >/dev/null || fail "no answer to ping"
pause
step "ping from outside: dropped"
if at server ping -q -c 2 -i 0.3 -W 1 192.168.1.1 >/dev/null; then fail "ping got through"; fi
pause
step "curl fetches a page"
at firewall curl -s --max-time 5 http://192.168.3.1/ | grep -q 'It works' || fail "no page"
pause
step "a client that closes late: the four-way close"
at firewall python3 "$work/slow_closer.py"
pause
step "curl from a server that resets"
status=0
at firewall curl -s --max-time 5 http://192.168.3.1:8080/ || status=$?
[ $status -eq 56 ] || fail "curl ended with status $status, expected 56 (reset)"
pause
step "curl to a port that refuses"
status=0
at firewall curl -s --max-time 5 http://192.168.3.1:81/ || status=$?
[ $status -eq 7 ] || fail "curl ended with status $status, expected 7 (refused)"
pause
step "a DNS query to a closed port: ICMP port unreachable"
printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01' |
    at firewall nc -u -w 1 192.168.3.1 53 || true
pause
step "nc from outside to ssh: dropped, tries again, gives up"
if at server nc -z -w 3 192.168.1.1 22 2>/dev/null; then fail "nc got through"; fi
pause
step "curl fetches the page once more"
at firewall curl -s --max-time 5 http://192.168.3.1/ | grep -q 'It works' || fail "no page"
pause
step "an ACK of no connection from outside: dropped"
at server python3 "$work/segment.py" 80 40000 0x10
pause
step "a SYN+FIN from outside: dropped"
at server python3 "$work/segment.py" 4444 22 0x03


# Policy and rules of a chain together counted every IP packet captured in its direction.
check_counts() {
    local side chain end captured counted
    for side in 'INPUT dst' 'OUTPUT src'; do
        read -r chain end <<<"$side"
        captured=$(tcpdump -n -r "$1" "ip $end host 192.168.1.1" 2>/dev/null | wc -l)
        counted=$(awk -v chain="$chain" -F '[^0-9]+' '$0 ~ "^:" chain " " || $0 ~ "-A " chain " " { sum += $2 }
            END { print sum + 0 }' "$work/kernel-counters.txt")
        [ "$captured" -eq "$counted" ] || fail "$captured packets captured, $chain counted $counted"
    done
}

end_record web-client
