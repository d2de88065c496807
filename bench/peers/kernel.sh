#!/usr/bin/env bash
# Yardstick: what connection tracking and iptables cost in the kernel that runs here, by subtraction.
#
#   bench/peers/kernel.sh PROGRAM FOLDER [quick]
#
# PROGRAM is kernel_packets. As root. A namespace of its own forwards the workload's packets from a device to one that
# drops them: without netfilter's tracking (NOTRACK), with it, and with rules. Writes FOLDER/kernel.tsv:
#
#   peer/linux/notrack/flows:N       making, receiving, routing and sending, one rule in raw
#   peer/linux/established/flows:N   what tracking and one rule for ESTABLISHED add to that
#   peer/linux/new/flows:N           what the first SYN of a flow costs more than NOTRACK, the table growing to N
#   peer/linux/rules:N               what N rules (acl) that do not match add to NOTRACK
#
# The namespace goes when the script ends, however it ends; nf_conntrack_max and the number of buckets, which belong to
# the whole machine, are as before then.
set -uo pipefail
[ $# -ge 2 ] || { echo "usage: kernel.sh PROGRAM FOLDER [quick]" >&2; exit 2; }
program=$(realpath "$1") folder=$2 quick=${3-}
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
out=$folder/kernel.tsv
: >"$out"
give_up() { printf '# peer/linux/established/flows:1000000\t%s\n' "$1" >>"$out"; echo "kernel: $1"; exit 0; }

[ "$(id -u)" -eq 0 ] || give_up "needs root"
for tool in ip iptables-legacy iptables-legacy-restore conntrack clang-14 sysctl; do
    command -v $tool >/dev/null || give_up "$tool is not there"
done
object=$folder/kernel_packets.o
clang-14 -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -c "$here/kernel_packets.bpf.c" -o "$object" ||
    give_up "the packet program does not compile"

space=keepstate-bench-$$
max=$(sysctl -n net.netfilter.nf_conntrack_max 2>/dev/null) || give_up "no connection tracking in this kernel"
buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets)
clean_up() {
    ip netns delete "$space" 2>/dev/null
    sysctl -qw net.netfilter.nf_conntrack_buckets="$buckets" net.netfilter.nf_conntrack_max="$max"
}
ip netns add "$space" || give_up "no namespaces here"
trap clean_up EXIT
trap 'exit 130' INT TERM
inside() { ip netns exec "$space" "$@"; }
{
    inside ip link set lo up &&
        inside ip link add in0 type veth peer name in1 &&
        { inside ip link add out0 type dummy || inside ip link add out0 type ifb; } &&
        inside ip link set in0 up && inside ip link set in1 up &&
        inside ip link set out0 arp off txqueuelen 0 && inside ip link set out0 up &&
        inside ip address add 192.0.2.1/25 dev in0 && inside ip address add 192.0.2.129/25 dev out0 &&
        inside ip route add 172.16.0.0/12 dev out0 && inside ip route add 10.0.0.0/8 dev out0 &&
        inside sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.in0.rp_filter=0 \
            net.ipv6.conf.all.disable_ipv6=1
} 2>"$folder/kernel.log" || give_up "the namespace could not be set up: $(tail -n 1 "$folder/kernel.log")"
sysctl -qw net.netfilter.nf_conntrack_max=2097152 net.netfilter.nf_conntrack_buckets=1048576 2>/dev/null

rounds=5 many=1000000 openings=3 counts=(10 1000 10000)
[ "$quick" = quick ] && rounds=3 many=200000 openings=1 counts=(10 1000)
# send FLOWS SEGMENT COUNT: nanoseconds a packet.
send() { inside nice -n -10 timeout 60 "$program" packets "$object" in0 "$@"; }
rules() { inside iptables-legacy -F && inside iptables-legacy -t raw -F && inside conntrack -F >/dev/null 2>&1; }
untracked() { rules && inside iptables-legacy -t raw -A PREROUTING -j CT --notrack; }
tracked() {
    rules && inside iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT &&
        inside sysctl -qw net.netfilter.nf_conntrack_checksum=0
}
middle() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
# record ROW BASE VALUE...: each value less the base, which may be 0.
record() {
    local row=$1 base=$2
    shift 2
    {
        printf '%s' "$row"
        printf '%s\n' "$@" | awk -v base="$base" '{ printf "\t%.1f", $1 - base }'
        printf '\n'
    } >>"$out"
}
# measure FLOWS SEGMENT COUNT: `values`, one a round.
measure() {
    local i
    values=()
    for ((i = 0; i < rounds; i++)); do values+=("$(send "$@")") || return 1; done
}
declare -A base

for flows in 1000 1000000; do
    untracked || give_up "iptables-legacy does not work here"
    measure $flows 3 $many || give_up "packets cannot be sent: BPF_PROG_RUN with live frames"
    base[$flows]=$(middle "${values[@]}")
    record peer/linux/notrack/flows:$flows 0 "${values[@]}"
    tracked
    for segment in 0 1 2; do send $flows $segment $flows >/dev/null; done
    entries=$(inside conntrack -C)
    [ "$entries" -ge $((flows * 99 / 100)) ] || give_up "only $entries of $flows flows came in"
    measure $flows 3 $many
    record peer/linux/established/flows:$flows "${base[$flows]}" "${values[@]}"
done
values=()
for ((i = 0; i < openings; i++)); do
    tracked
    values+=("$(send 1000000 0 1000000)")
done
record peer/linux/new/flows:1000000 "${base[1000000]}" "${values[@]}"
for count in "${counts[@]}"; do
    untracked
    "$program" rules acl "$count" | sed 's/:FORWARD DROP/:FORWARD ACCEPT/' |
        inside iptables-legacy-restore -T filter || give_up "iptables-legacy-restore refused $count rules"
    measure 1000 3 $((count > 1000 ? many / 100 : count > 10 ? many / 10 : many))
    record "peer/linux/rules:$count" "${base[1000]}" "${values[@]}"
done
echo "kernel: $(uname -r), $(grep -c '^peer' "$out") rows in $out"
