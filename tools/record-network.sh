#!/usr/bin/env bash
# What the record.sh of examples/ share: a network of their own, a router in its middle that enforces the
# example's rules, and the record of what Linux made of each packet. To be sourced, not to be run.
#
#     . tools/record-network.sh
#     bound_time 60 "$@"                   the script starts anew with an end in sight, on one CPU
#     need curl vsftpd                     programs beyond those that every recording needs
#     add_hosts client router server
#     wire client eth0 10.0.0.1/24 router eth0 10.0.0.254/24
#     wire server eth0 10.0.1.1/24 router eth1 10.0.1.254/24
#     start_record router eth0 eth1        loads rules.v4 and rules.v6 of the example, begins to record
#     at client curl ...
#     end_record ftp                       what Linux says now -> the folder of the example, if all is well
#
# Why a replay of the capture can come to the kernel's numbers:
#   * Recorded is what the router *receives*, on each of its devices (tcpdump -Q in), merged by time: each packet once,
#     as it was before any rule saw it. All runs on one CPU, so packets cannot overtake each other on their way from
#     the device to netfilter, and the times are in nanoseconds, so that none are equal.
#   * Offloads are off: one packet in the capture is one packet for netfilter, with the checksum it really had.
#   * Neighbours are known beforehand, and nobody looks for IPv6 routers, duplicates or groups: nothing but the
#     example's own packets is on the wires. end_record counts both and gives up if the numbers differ.
#
# Nothing of the machine's own network is touched: all happens in network namespaces, which go away at the end.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd) # the example's folder

fail() { printf 'record.sh: %s\n' "$*" >&2; exit 1; }
step() { printf '%s\n' "- $*"; }

# bound_time SECONDS ARGUMENT...: starts the script again, with its arguments, for at most that time, on one CPU.
bound_time() {
    [ -z "${RECORD_BOUNDED-}" ] || return 0
    command -v taskset >/dev/null || fail "missing: taskset. './dev deps record' installs it"
    local cpus
    cpus=$(taskset -cp $$)
    cpus=${cpus##*: }
    rmdir "$work" # exec leaves no chance to do so at the end
    RECORD_BOUNDED=1 exec timeout -k 5 "$1" taskset -c "${cpus%%[,-]*}" "$0" "${@:2}"
}

# need PROGRAM...: all that will be run must be there, and the caller must be root.
need() {
    [ "$(id -u)" -eq 0 ] || fail "needs root (network namespaces, raw sockets)"
    local missing=() program
    for program in ip ss iptables-legacy-restore iptables-legacy-save ip6tables-legacy-restore ip6tables-legacy-save \
        tcpdump mergecap tshark conntrack ethtool sysctl "$@"; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ ${#missing[@]} -eq 0 ] || fail "missing: ${missing[*]}. './dev deps record' installs them"
}

# --- hosts and wires ---------------------------------------------------------------------------------
work=$(mktemp -d) # scratch, which servers may read under users of their own
chmod 755 "$work"
hosts=()
background=()
ends=()          # `HOST DEVICE` of each device
neighbours=known # `asked`: hosts ask for each other's hardware address by ARP, as they do in real life

clean_up() {
    local id name
    exec 2>/dev/null # the shell would tell of each that is killed
    for id in "${background[@]}"; do kill "$id" 2>/dev/null || true; done
    # What daemons left behind: all that still runs inside.
    for name in "${hosts[@]}"; do
        for id in $(ip netns pids "$(namespace "$name")" 2>/dev/null); do kill -9 "$id" 2>/dev/null || true; done
    done
    wait 2>/dev/null || true
    for name in "${hosts[@]}"; do ip netns del "$(namespace "$name")" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

namespace() { printf 'ks-%s-%d' "$1" $$; }

# at HOST COMMAND...: runs the command there.
at() { ip netns exec "$(namespace "$1")" "${@:2}"; }

# start HOST COMMAND...: runs it there in the background, silently, until the end; $started is its id.
start() {
    ip netns exec "$(namespace "$1")" "${@:2}" >/dev/null 2>&1 </dev/null &
    started=$!
    background+=("$started")
}

# wait_for WORDS COMMAND...: asks every 0.1 s, for 8 s, whether COMMAND succeeds; gives up with WORDS.
wait_for() {
    local tries
    for tries in $(seq 80); do
        "${@:2}" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    fail "$1 (asked $tries times)"
}

# is_listening HOST tcp|udp PORT
is_listening() {
    at "$1" ss -Hln "--$2" "sport = :$3" | grep -q .
}

# add_hosts NAME...: network namespaces, forwarding if the name ends in `router`.
add_hosts() {
    local name key
    for name in "$@"; do
        ip netns add "$(namespace "$name")"
        hosts+=("$name")
        for key in all default; do
            at "$name" sysctl -qw net.ipv6.conf.$key.accept_dad=0 net.ipv6.conf.$key.accept_ra=0 \
                net.ipv6.conf.$key.router_solicitations=0 net.ipv6.conf.$key.mldv2_unsolicited_report_interval=100 \
                net.ipv4.conf.$key.send_redirects=0
        done
        case $name in
            *router) at "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 ;;
        esac
    done
}

# wire HOST DEVICE ADDRESS[,ADDRESS...] HOST DEVICE ADDRESS[,ADDRESS...]: a cable; addresses with prefix length.
# The second host is the first's default gateway if it ends in `router`. Both know each other's hardware address.
wire() {
    local number=$((${#ends[@]} / 2 + 1)) first second
    printf -v first '02:00:00:00:%02x:01' $number
    printf -v second '02:00:00:00:%02x:fe' $number
    ip link add "$2" netns "$(namespace "$1")" address "$first" type veth \
        peer name "$5" netns "$(namespace "$4")" address "$second"
    plug "$1" "$2" "$3" "$second" "$6"
    plug "$4" "$5" "$6" "$first" "$3"
    at "$1" ip link set "$2" up
    at "$4" ip link set "$5" up
    know "$1" "$2" "$second" "$6"
    know "$4" "$5" "$first" "$3"
    case $1/$4 in *router/*) return ;; */*router) ;; *) return ;; esac
    local address
    for address in ${6//,/ }; do at "$1" ip route add default via "${address%/*}"; done
}

# plug HOST DEVICE ADDRESSES: one end, before it is up.
plug() {
    local address options
    at "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null
    at "$1" ip link set "$2" addrgenmode none
    for address in ${3//,/ }; do
        options=()
        case $address in *:*) options=(nodad) ;; esac
        at "$1" ip address add "$address" dev "$2" "${options[@]}"
    done
    ends+=("$1 $2")
}

# know HOST DEVICE HARDWARE-ADDRESS ADDRESSES: the neighbours at the other end.
know() {
    local address
    [ "$neighbours" = known ] || return 0
    for address in ${4//,/ }; do
        at "$1" ip neighbour replace "${address%/*}" lladdr "$3" dev "$2" nud permanent
    done
}

# --- servers that several recordings need --------------------------------------------------------------
# serve_ftp HOST FOLDER: anonymous, reading and nothing else, passive ports 40000 to 40009.
serve_ftp() {
    mkdir -p "$work/empty"
    cat >"$work/vsftpd.conf" <<CONF
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root=$2
ftp_username=ftp
nopriv_user=nobody
secure_chroot_dir=$work/empty
connect_from_port_20=YES
pasv_min_port=40000
pasv_max_port=40009
use_localtime=NO
xferlog_enable=NO
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
CONF
    chown root:root "$work/vsftpd.conf"
    start "$1" vsftpd "$work/vsftpd.conf"
    wait_for "vsftpd did not start" is_listening "$1" tcp 21
}

# --- the record ----------------------------------------------------------------------------------------
recorded_host='' dumps=() listeners=()

# await_quiet: until no host has sent to a group of IPv6 for 1.5 s: all have said twice which groups they are in.
await_quiet() {
    local before now='' name tries
    for tries in $(seq 20); do
        before=$now now=''
        for name in "${hosts[@]}"; do now+=$(at "$name" grep '^Ip6OutMcastPkts' /proc/net/snmp6); done
        [ "$now" != "$before" ] || return 0
        sleep 1.5
    done
    fail "the hosts do not become quiet (asked $tries times)"
}

# start_record [--sent] HOST DEVICE...: rules and record; from here on HOST counts what it receives on these devices.
# --sent: what it sends is recorded, too, for a host that is no router.
start_record() {
    local direction=in
    if [ "$1" = --sent ]; then
        direction=inout
        shift
    fi
    recorded_host=$1
    shift
    await_quiet
    at "$recorded_host" iptables-legacy-restore "$here/rules.v4"
    if [ -e "$here/rules.v6" ]; then at "$recorded_host" ip6tables-legacy-restore "$here/rules.v6"; fi
    local device
    for device in "$@"; do
        ip netns exec "$(namespace "$recorded_host")" tcpdump -p -i "$device" -Q $direction --nano -w "$work/in-$device.pcap" -U \
            --immediate-mode -Z root 2>"$work/in-$device.log" &
        dumps+=("$!")
        background+=("$!")
        wait_for "tcpdump did not start" grep -q 'listening on' "$work/in-$device.log"
    done
    ip netns exec "$(namespace "$recorded_host")" conntrack -E -o timestamp >"$work/kernel-events.txt" 2>/dev/null &
    listeners+=($!)
    ip netns exec "$(namespace "$recorded_host")" conntrack -E expect -o timestamp \
        >"$work/kernel-expectation-events.txt" 2>/dev/null &
    listeners+=($!)
    background+=("${listeners[@]}")
    sleep 0.3 # they listen
    [ ! -s "$work/kernel-events.txt" ] || fail "connections before the first packet"
}

# end_record NAME: what the recorded host says now; then NAME.pcap and the record go to the example's folder.
end_record() {
    # At once, so that the seconds left are those at the time of the last packet.
    at "$recorded_host" cat /proc/net/nf_conntrack >"$work/kernel-entries.txt"
    at "$recorded_host" cat /proc/net/nf_conntrack_expect >"$work/kernel-expectations.txt"
    at "$recorded_host" iptables-legacy-save -c >"$work/kernel-counters.txt"
    kill "${listeners[@]}" # what happens from now on is behind the capture's end
    wait "${listeners[@]}" || true
    local files=("$1.pcap" kernel-counters.txt kernel-entries.txt kernel-expectations.txt kernel-events.txt
        kernel-expectation-events.txt)
    if [ -e "$here/rules.v6" ]; then
        at "$recorded_host" ip6tables-legacy-save -c >"$work/kernel-counters6.txt"
        files+=(kernel-counters6.txt)
    fi
    sleep 0.2
    local id log file
    for id in "${dumps[@]}"; do
        kill -INT "$id"
        wait "$id" || true
    done
    for log in "$work"/in-*.log; do
        grep -q '^0 packets dropped by kernel' "$log" || fail "tcpdump lost packets"
    done
    mergecap -F nsecpcap -w "$work/$1.pcap" "$work"/in-*.pcap
    check_capture "$work/$1.pcap"
    for file in "${files[@]}"; do install -m 644 "$work/$file" "$here/$file"; done
    step "recorded $(tshark -r "$work/$1.pcap" 2>/dev/null | wc -l) frames, $(stat -c %s "$work/$1.pcap") bytes"
}

# check_capture FILE: checksums are right, it is small, and what was captured was counted.
check_capture() {
    local wrong # errors are not asked: tshark holds the packets that they quote, cut, against their checksums
    wrong=$(tshark -r "$1" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -Y '(ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 or
        icmp.checksum.status == 0 or icmpv6.checksum.status == 0) and not icmp.type == 3 and not icmpv6.type in {1,2}' \
        2>/dev/null)
    [ -z "$wrong" ] || fail "bad checksums: $wrong"
    [ "$(stat -c %s "$1")" -lt 200000 ] || fail "the capture is too large"
    local known='ip or ip6'
    [ "$neighbours" = known ] || known+=' or arp'
    wrong=$(tcpdump -n -r "$1" "not ($known) or ip6 multicast or ip multicast" 2>/dev/null)
    [ -z "$wrong" ] || fail "packets that nobody asked for: $wrong"
    [ -e "$work/kernel-counters6.txt" ] || [ "$(tcpdump -n -r "$1" ip6 2>/dev/null | wc -l)" -eq 0 ] ||
        fail "IPv6 was not meant to be in it"
    check_counts "$1"
}

# check_counts CAPTURE: nothing escaped either of them. An example whose rules count in another way has its own.
check_counts() {
    expect_count "$1" ip "$work/kernel-counters.txt"
    if [ -e "$work/kernel-counters6.txt" ]; then expect_count "$1" ip6 "$work/kernel-counters6.txt"; fi
}

# expect_count CAPTURE ip|ip6 COUNTERS: each packet passed the raw table's PREROUTING to its end.
expect_count() {
    local captured counted
    captured=$(tcpdump -n -r "$1" "$2" 2>/dev/null | wc -l)
    counted=$(sed -n '/^\*raw$/,/^COMMIT$/s/^:PREROUTING [A-Z]* \[\([0-9]*\):.*/\1/p' "$3")
    [ "$captured" -eq "$counted" ] || fail "$captured $2 packets captured, the raw table counted $counted"
}
