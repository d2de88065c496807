#!/usr/bin/env bash
# Records icmp-error.pcap: ICMP errors about FTP's data connections, and beside it what Linux decided meanwhile.
#
#     client             inner-router                router (rules.v4, rules.v6)     server
#     curl, ftp ------- eth1      eth0 ------------ eth0                 eth1 ----- vsftpd
#     10.0.3.1      10.0.3.254    10.0.0.2    10.0.0.254            10.0.1.254      10.0.1.1
#     2001:db8:3::1   ::3::fe     2001:db8::2  2001:db8::fe     2001:db8:1::fe      2001:db8:1::1
#              MTU 1400 from here
#
# Needs root and the `record` packages of tools/packages.txt; takes about 15 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 90 "$@"
need vsftpd curl tnftp python3

add_hosts client inner-router router server
wire client eth0 10.0.3.1/24,2001:db8:3::1/64 inner-router eth1 10.0.3.254/24,2001:db8:3::fe/64
wire inner-router eth0 10.0.0.2/24,2001:db8::2/64 router eth0 10.0.0.254/24,2001:db8::fe/64
wire server eth0 10.0.1.1/24,2001:db8:1::1/64 router eth1 10.0.1.254/24,2001:db8:1::fe/64
at inner-router ip route add default via 10.0.0.254
at inner-router ip route add default via 2001:db8::fe
at router ip route add 10.0.3.0/24 via 10.0.0.2
at router ip route add 2001:db8:3::/64 via 2001:db8::2
# The client does not know that its line is narrow, so its SYNs ask for full segments.
at inner-router ip link set eth1 mtu 1400
# The client's own firewall, which knows nothing of FTP.
at client iptables-legacy -A INPUT -p tcp --syn -j REJECT
at client ip6tables-legacy -A INPUT -p tcp --syn -j REJECT

mkdir -p "$work/ftp"
printf 'Connection tracking, line %03d\n' $(seq 100) >"$work/ftp/notes.txt"
serve_ftp server "$work/ftp"

start_record router eth0 eth1

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
# fetch WHAT CURL-OPTION...: notes.txt must arrive whole.
fetch() {
    step "$1"
    at client curl -s --max-time 10 "${@:2}" | cmp -s - "$work/ftp/notes.txt" || fail "$1: notes.txt did not arrive"
    pause
}
# refused WHAT CURL-OPTION...: the server must report that it cannot connect.
refused() {
    step "$1"
    at client curl -sv --max-time 10 "${@:2}" >"$work/refused" 2>&1 || true
    grep -q '^< 425 ' "$work/refused" || fail "$1: the server could connect"
    pause
}
fetch "passive: fragmentation needed for the data" --disable-epsv ftp://10.0.1.1/notes.txt
refused "active: the client's firewall refuses the data connection" --disable-eprt \
    --ftp-port 10.0.3.1:50000-50009 ftp://10.0.1.1/notes.txt
fetch "IPv6, passive: packet too big" -g 'ftp://[2001:db8:1::1]/notes.txt'
refused "IPv6, active: the client's firewall refuses the data connection" -g \
    --ftp-port '[2001:db8:3::1]:50020-50029' 'ftp://[2001:db8:1::1]/notes.txt'

step "an error about a data connection that is expected but has not begun: dropped"
mkfifo "$work/keys"
ip netns exec "$(namespace client)" tnftp -4 -a -v 10.0.1.1 <"$work/keys" >"$work/session" 2>&1 &
background+=($!)
exec 3>"$work/keys"
printf 'quote PASV\n' >&3
wait_for "no answer to PASV" grep -q '^227 ' "$work/session"
sleep 0.2
# ICMP port unreachable of the client about a packet from the announced port, which the server never sent.
at client python3 - "$(sed -n 's/^227 .*,\([0-9]*\),\([0-9]*\)).*/\1 \2/p' "$work/session")" <<'PYTHON'
import socket, struct, sys
high, low = map(int, sys.argv[1].split())
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
server, client = (socket.inet_aton(address) for address in ("10.0.1.1", "10.0.3.1"))
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 62, socket.IPPROTO_TCP, 0, server, client)
ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
quoted = ip + struct.pack("!HHI", high * 256 + low, 50030, 1)
error = struct.pack("!BBHI", 3, 3, 0, 0) + quoted
error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).sendto(error, ("10.0.1.1", 0))
PYTHON
sleep 0.2

end_record icmp-error
exec 3>&-
