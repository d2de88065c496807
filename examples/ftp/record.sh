#!/usr/bin/env bash
# Records ftp.pcap with a real FTP server and real clients, and beside it what Linux decided meanwhile.
#
#     client              router (rules.v4, rules.v6)               server
#     curl, ftp  ------ eth0                     eth1 ------------- vsftpd
#     10.0.0.1          10.0.0.254         10.0.1.254               10.0.1.1
#     2001:db8::1       2001:db8::fe   2001:db8:1::fe               2001:db8:1::1
#
# Needs root and the `record` packages of tools/packages.txt; takes about 15 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 90 "$@"
need vsftpd curl tnftp nc

add_hosts client router server
wire client eth0 10.0.0.1/24,2001:db8::1/64 router eth0 10.0.0.254/24,2001:db8::fe/64
wire server eth0 10.0.1.1/24,2001:db8:1::1/64 router eth1 10.0.1.254/24,2001:db8:1::fe/64

mkdir -p "$work/ftp"
printf 'Connection tracking, line %02d\n' $(seq 40) >"$work/ftp/notes.txt"
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
fetch "passive, PASV" --disable-epsv ftp://10.0.1.1/notes.txt
fetch "passive, EPSV" ftp://10.0.1.1/notes.txt
fetch "active, PORT" --disable-eprt --ftp-port 10.0.0.1:50000-50009 ftp://10.0.1.1/notes.txt
fetch "active, EPRT" --ftp-port 10.0.0.1:50010-50019 ftp://10.0.1.1/notes.txt
fetch "IPv6, passive, EPSV" -g 'ftp://[2001:db8:1::1]/notes.txt'
fetch "IPv6, active, EPRT" -g --ftp-port '[2001:db8::1]:50020-50029' 'ftp://[2001:db8:1::1]/notes.txt'

step "the server connects to a port that was announced once and is used up: dropped"
if at server nc -z -w 1 10.0.0.1 50000; then fail "nc got through"; fi
pause
step "a session by hand: a listing, then PASV without a connection to the port that it opens"
mkfifo "$work/keys"
# Without -n: anonymous login by -a. Holds the session open until the end.
ip netns exec "$(namespace client)" tnftp -4 -a -v 10.0.1.1 <"$work/keys" >"$work/session" 2>&1 &
background+=($!)
exec 3>"$work/keys"
printf 'ls\n' >&3
wait_for "no listing" grep -q 'notes.txt' "$work/session"
pause
printf 'quote PASV\n' >&3
wait_for "no answer to PASV" grep -q '^227 ' "$work/session"
sleep 0.1

end_record ftp
exec 3>&-
