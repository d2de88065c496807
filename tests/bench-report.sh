#!/usr/bin/env bash
# Feeds bench/report results whose verdicts are known, broken ones, and none. Prints TAP.
set -uo pipefail
report=$(cd "$(dirname "$0")/../bench" && pwd)/report
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# run NAME NS [MEMBERS]: one repetition of a row, as Google Benchmark writes it.
run() {
    printf '{"name": "%s/iterations:1/repeats:3/manual_time", "run_type": "iteration", "real_time": %s, "time_unit": "ns"%s}' \
        "$1" "$2" "${3:+, $3}"
}
# results RUN...: a whole file.
results() {
    local IFS=,
    rm -rf "${folder:?}"/*
    printf '{"context": {"num_cpus": 2, "host_name": "anybody"}, "benchmarks": [%s]}\n' "$*" >"$folder/a.json"
}
# wants NAME STATUS PATTERN: what the report must say.
wants() {
    local got status
    got=$("$report" "$folder" 2>&1)
    status=$?
    if [ $status -eq "$2" ] && grep -qE "$3" <<<"$got"; then
        echo "ok $1"
    else
        printf 'not ok %s\nwanted status %s and: %s\ngot status %s and:\n%s\n' "$1" "$2" "$3" $status "$got"
    fi
}
readonly EST=established/ipv4/tcp/flows:1000000/batch:32/payload:10

results
wants "nothing to report" 1 "holds no results"
for row in 61:MISSED 60:must 41:must 40:goal 31:goal 30:dream; do
    results "$(run $EST "${row%:*}")"
    wants "established in ${row%:*} ns: ${row#*:}" 0 "^established TCP, 1M flows.* ${row#*:}\$"
done
for row in 3.9:MISSED 4:must 8:goal 15:dream; do
    results "$(run opening/ipv4/tcp/flows:1000000 100 "\"rate\": ${row%:*}")"
    wants "of rates more is better: ${row%:*} M/s is ${row#*:}" 0 "^new TCP flows.* ${row#*:}\$"
done
for row in 1.8:MISSED 1.85:must 1.95:goal; do
    results "$(run cores/flows:500000 100 "\"gain\": ${row%:*}, \"alone\": 180")"
    wants "two cores ${row%:*}x: ${row#*:}" 0 "^two cores, flows of their own.* ${row#*:}\$"
done
for row in 1.2:MISSED 1.05:goal; do
    results "$(run established_through/acl/last/rules:10 100 "\"ratio\": ${row%:*}, \"with_three\": 90")"
    wants "an ESTABLISHED packet costs ${row%:*}x: ${row#*:}" 0 "^ESTABLISHED, its rule last.* ${row#*:}\$"
done
results "$(run $EST 59 '"refused": NaN, "least": -Infinity')"
wants "a counter that is no number is left out, and nothing else" 0 "^established TCP, 1M flows.* must\$"
results "$(run $EST 90)" "$(run $EST 50)" "$(run $EST 10)"
wants "the median counts, least and most are told" 0 "^established TCP, 1M flows.* 50.0 +ns +10.0-90.0 .* must\$"
results "$(run new_through/acl/rules:1000 30)" "$(run new_through/fw/rules:1000 130)" "$(run new_through/ipc/rules:10000 1)"
wants "the worst style answers" 0 "^NEW packet, 1k rules.* 130 +ns .* MISSED\$"
results "$(run $EST 80 '"limit": 20, "ratio": 4, "limit_own": 40')"
wants "ratios to both limits" 0 "^established TCP, 1M flows.* 4.00 +2.00 +"
for row in '20:MISSED; must as ratio' 19:MISSED; do
    results "$(run $EST 80 "\"limit\": ${row%:*}")"
    wants "80 ns where the limit is ${row%:*}: ${row#*:}" 0 "^established TCP, 1M flows.* 80.0 .* ${row#*:}\$"
done
for row in '60:MISSED; must when calm' '40:MISSED; goal when calm' 61:MISSED; do
    results "$(run $EST 80 "\"calm\": ${row%:*}")"
    wants "80 ns, ${row%:*} when calm: ${row#*:}" 0 "^established TCP, 1M flows.* 80.0 .* ${row#*:}\$"
done
results "$(run opening/ipv4/tcp/flows:1000000 100 '"rate": 3.9, "calm": 200')"
wants "what is calm is a time for rates as well" 0 "^new TCP flows.* 5.00 .* MISSED; must when calm\$"
for row in 3.1:'goal missed' 3:goal 2:dream; do
    results "$(run $EST 45 "\"limit\": 15, \"ratio\": ${row%:*}")"
    wants "${row%:*} times the memory limit: ${row#*:}" 0 "^the same / the memory limit.* ${row#*:}\$"
done
results "$(run a/b 5)" "$(run $EST 0 '"error_occurred": true, "error_message": "a flow was made anew"')"
wants "why a row failed stands in its place" 0 "^established TCP, 1M flows.* a flow was made anew\$"
results "$(run a/b 5)"
wants "a goal without a row says so" 0 "^the same, 8M flows .* not measured\$"
printf '# peer/ovs/flows:1000000/batch:32\tneeds its source\npeer/linux/rules:10\t3\t9\t6\n' >"$folder/peers.tsv"
wants "a peer that is not there" 0 "^peer/ovs/flows:1000000/batch:32 .* needs its source\$"
wants "a peer measured by a script" 0 "^peer/linux/rules:10 +6.00 +3.00-9.00 "
results "$(run $EST 40)" "$(run a/b 5)"
head -c -60 "$folder/a.json" >"$folder/b.json" && mv "$folder/b.json" "$folder/a.json"
wants "what was stopped is reported as far as it came" 0 "^established TCP, 1M flows.* goal\$"
wants "and said to end early" 0 "ends early"
results "$(run $EST 40)" "$(run established/ipv4/tcp/flows:1000/batch:32/payload:10 20)"
"$report" "$folder" >/dev/null
if grep -q '"median" : 40' "$folder/results.json" && ! grep -q anybody "$folder/results.json"; then
    echo "ok results.json has the figures, and not the machine's name"
else
    echo "not ok results.json has the figures, and not the machine's name"
fi
if grep -q '<polyline' "$folder/plots/flows.svg" && [ ! -e "$folder/plots/rules.svg" ]; then
    echo "ok what was measured is plotted, what was not is not"
else
    echo "not ok what was measured is plotted, what was not is not"
fi
