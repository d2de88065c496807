#!/usr/bin/env bash
# Yardstick: Open vSwitch's userspace connection tracking, built from Debian's openvswitch-source outside this tree.
#
#   bench/peers/ovs.sh BUILD FOLDER [quick]
#
# BUILD is the folder of our own Release build with benchmarks; Open vSwitch goes to BUILD/ovs and stays there, so that
# only the first run takes the minutes of building (OVS_BUILD_SECONDS, 600). With `quick` nothing is built; what an
# earlier run built is measured. Writes FOLDER/ovs.tsv:
#
#   peer/ovs/flows:N/batch:32        our workload (ovs_flows.c): tuple, look-up and TCP tracking, no rules
#   peer/ovs/own_benchmark           its own `ovstest test-conntrack benchmark`: UDP, 32 flows, each batch the same packets
set -uo pipefail
[ $# -ge 2 ] || { echo "usage: ovs.sh BUILD FOLDER [quick]" >&2; exit 2; }
build=$(realpath "$1") folder=$(realpath "$2") quick=${3-}
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
readonly limit=${OVS_BUILD_SECONDS:-600}
archive=/usr/src/openvswitch/openvswitch.tar.gz
out=$folder/ovs.tsv log=$folder/ovs.log
: >"$out"
give_up() { printf '# peer/ovs/flows:1000000/batch:32\t%s\n' "$1" >>"$out"; echo "ovs: $1"; exit 0; }
source=$build/ovs/openvswitch

# Headers that are made come first: the targets that we want do not ask for them by themselves.
# shellcheck disable=SC2016 # what stands in quotes is make's to expand
make_ovs() {
    ./configure --disable-ssl --disable-libcapng --disable-afxdp --disable-shared CFLAGS='-O2 -g0' &&
        printf 'made-first: $(BUILT_SOURCES)\nprint-libs:\n\t@echo $(LIBS)\n' >keepstate.mk &&
        make -f Makefile -f keepstate.mk made-first &&
        make -j"$(nproc)" lib/libopenvswitch.la tests/ovstest
}
if [ ! -x "$source/tests/ovstest" ]; then
    [ "$quick" = quick ] && give_up "not built yet; ./dev bench builds it"
    [ -r "$archive" ] || give_up "openvswitch-source is not there"
    echo "ovs: building, some minutes (log: $log)"
    mkdir -p "$build/ovs" && tar -xzf "$archive" -C "$build/ovs" || give_up "could not be unpacked"
    export -f make_ovs
    (cd "$source" && timeout -k 10 "$limit" nice bash -c make_ovs) >"$log" 2>&1 </dev/null ||
        give_up "could not be built within $limit s: $(tail -n 1 "$log")"
fi

driver=$build/ovs/ovs_flows
read -ra libs <<<"$(cd "$source" && make -s -f Makefile -f keepstate.mk print-libs)"
{
    gcc -O2 -DHAVE_CONFIG_H -I"$source" -I"$source/include" -I"$source/lib" -c "$here/ovs_flows.c" -o "$driver.o" &&
        g++ -std=c++20 -O2 -I"$here/../.." -I"$here/../../include" -I"$here/../../src" -c "$here/ovs_packets.cpp" -o "$driver-packets.o" &&
        g++ "$driver.o" "$driver-packets.o" "$build/bench/libkeepstate_workload.a" "$build/libkeepstate.a" -lfmt \
            "$source/lib/.libs/libopenvswitch.a" "${libs[@]}" -lpthread -lrt -o "$driver"
} >"$log" 2>&1 || give_up "our driver does not link: $(tail -n 1 "$log")"

rounds=5 seconds=0.3
[ "$quick" = quick ] && rounds=3 seconds=0.1
for flows in 1000 1000000; do
    figures=$(timeout -k 5 120 "$driver" $flows $rounds $seconds 2>>"$log") ||
        give_up "its tracker did not hold the flows: $(tail -n 1 "$log")"
    printf 'peer/ovs/flows:%d/batch:32\t%s\n' $flows "$figures" >>"$out"
done
printf 'peer/ovs/own_benchmark' >>"$out"
for ((i = 0; i < rounds; i++)); do
    # It prints the milliseconds of 3.2 million packets.
    timeout 60 "$source/tests/ovstest" test-conntrack benchmark 1 3200000 32 1 2>>"$log" |
        awk '/conntrack:/ { printf "\t%.1f", $2 / 3.2 }' >>"$out"
done
printf '\n' >>"$out"
echo "ovs: $(grep -c '^peer' "$out") rows in $out"
