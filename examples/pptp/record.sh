#!/usr/bin/env bash
# Records pptp.pcap with a real PPTP server and a real client, and beside it what Linux decided meanwhile.
#
#     client               router (rules.v4)             server
#     pptp                                               pptpd
#     10.0.0.1  ---------- eth0         eth1 ----------- 10.0.1.1
#                      10.0.0.254   10.0.1.254
#
# At either end ppp_end.py speaks PPP in place of pppd, so that no PPP in the kernel is needed.
#
# Needs root and the `record` packages of tools/packages.txt; takes about 10 seconds. What is written, and why a replay
# can come to the same: tools/record-network.sh.
# shellcheck source=tools/record-network.sh
. "$(dirname "$0")/../../tools/record-network.sh"
bound_time 60 "$@"
need pptpd pptp python3

add_hosts client router server
wire client eth0 10.0.0.1/24 router eth0 10.0.0.254/24
wire server eth0 10.0.1.1/24 router eth1 10.0.1.254/24

cat >"$work/ppp" <<SH
#!/bin/sh
[ -e "$work/silent" ] && exec sleep 60
exec python3 "$here/ppp_end.py" answer
SH
chmod +x "$work/ppp"
printf 'localip 10.9.0.1\nremoteip 10.9.0.2-9\n' >"$work/pptpd.conf"
: >"$work/options"
start server pptpd --fg --conf "$work/pptpd.conf" --option "$work/options" --ppp "$work/ppp" --listen 10.0.1.1 \
    --pidfile "$work/pptpd.pid" --noipparam
wait_for "pptpd did not start" is_listening server tcp 1723
# The client keeps its sockets here: a place that this recording alone sees.
call() {
    at client unshare --mount sh -c 'mkdir -p /run/pptp && mount -t tmpfs none /run/pptp && exec "$@"' sh \
        python3 "$here/ppp_end.py" "$1" pptp 10.0.1.1 --nolaunchpppd --nohostroute --loglevel 0
}

start_record router eth0 eth1

# --- what happens ----------------------------------------------------------------------------------
step "a call: PPP agrees on a link, three echoes, the end"
call call >"$work/call.log" 2>&1 || { cat "$work/call.log"; fail "no call"; }
sleep 0.5
step "GRE without a call: dropped"
at server python3 -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW, 47).sendto(bytes.fromhex("3001880b0004000000000000ff03c021"), ("10.0.0.1", 0))'
sleep 0.3
step "a call in which nobody speaks: GRE is expected both ways"
touch "$work/silent"
call silent >"$work/silent.log" 2>&1 &
background+=($!)
has_two() { [ "$(at router cat /proc/net/nf_conntrack_expect | wc -l)" -eq 2 ]; }
wait_for "no second call" has_two
sleep 0.5

end_record pptp
