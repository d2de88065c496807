#!/usr/bin/env bash
# Records tftp.pcap with a real TFTP server and a real client, and beside it what Linux decided meanwhile.
#
#     client              router (rules.v4, rules.v6)               server
#     tftp       ------ eth0                     eth1 ------------- in.tftpd
#     10.0.0.1          10.0.0.254         10.0.1.254               10.0.1.1
#     2001:db8::1       2001:db8::fe   2001:db8:1::fe               2001:db8:1::1
#
# Needs root and the `record` packages of tools/packages.txt; takes about 10 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 60 "$@"
need in.tftpd tftp

add_hosts client router server
wire client eth0 10.0.0.1/24,2001:db8::1/64 router eth0 10.0.0.254/24,2001:db8::fe/64
wire server eth0 10.0.1.1/24,2001:db8:1::1/64 router eth1 10.0.1.254/24,2001:db8:1::fe/64

# --- the server: a folder to read from and to write to, transfers from ports 50000 to 50009 ------------------
mkdir "$work/boot"
chmod 777 "$work/boot"
printf 'Connection tracking, line %02d\n' $(seq 40) >"$work/boot/notes.txt"
start server in.tftpd --foreground --ipv4 --address 10.0.1.1:69 --port-range 50000:50009 --create --permissive \
    --user nobody --secure "$work/boot"
daemon=$started
start server in.tftpd --foreground --ipv6 --address '[2001:db8:1::1]:69' --port-range 50000:50009 --user nobody \
    --secure "$work/boot"
wait_for "in.tftpd did not start" is_listening server udp 69
sleep 0.3

start_record router eth0 eth1

# --- what happens ----------------------------------------------------------------------------------
pause() { sleep 0.3; } # keeps the parts apart in the capture
step "read: 1160 bytes, three blocks"
(cd "$work" && at client tftp -4 -m binary 10.0.1.1 -c get notes.txt)
cmp -s "$work/notes.txt" "$work/boot/notes.txt" || fail "notes.txt did not arrive"
pause
step "write: the same back under another name"
(cd "$work" && at client tftp -4 -m binary 10.0.1.1 -c put notes.txt copy.txt)
cmp -s "$work/notes.txt" "$work/boot/copy.txt" || fail "copy.txt did not arrive"
pause
step "read what is not there: the error comes from another port, too"
(cd "$work" && at client tftp -4 -m binary 10.0.1.1 -c get missing.txt) | grep -q 'File not found' ||
    fail "no error came back"
pause
step "IPv6: read"
rm "$work/notes.txt"
(cd "$work" && at client tftp -6 -m binary 2001:db8:1::1 -c get notes.txt)
cmp -s "$work/notes.txt" "$work/boot/notes.txt" || fail "notes.txt did not arrive by IPv6"
pause
step "read from a server that has hung: the expectation stays open"
kill -STOP "$daemon"
(cd "$work" && exec ip netns exec "$(namespace client)" tftp -4 -m binary 10.0.1.1 -c get notes.txt) \
    >/dev/null 2>&1 &
background+=($!)
sleep 0.3

end_record tftp
kill -CONT "$daemon"
