#!/usr/bin/env bash
# Feeds tools/run-tests a build folder of test programs that pass, fail, skip, crash, hang, leave early, and
# are forgotten; a runner that loses a failure would make every other test worthless. Prints TAP.
set -uo pipefail
tools=$(cd "$(dirname "$0")/../tools" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
unset CI

fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{tests,build/tests/kernel}
    : >"$tree/build/CTestTestfile.cmake"
}

# program NAME TEXT [REGISTERED]: a stand-in for a gtest program, a script; $xml is where results belong.
program() {
    local file=$tree/build/$1
    # shellcheck disable=SC2016 # the script's own $1
    { printf '#!/bin/bash\nxml=${1#--gtest_output=xml:}\n'; printf '%s\n' "$2"; } >"$file"
    chmod +x "$file"
    [ "${3-yes}" = yes ] && printf 'add_test(%s "%s")\n%s\n' "${1##*/}" "$file" "${4-}" >>"$tree/build/CTestTestfile.cmake"
}

# results CASE...: gtest's XML, each CASE the inside of a testcase element, or empty.
results() {
    # shellcheck disable=SC2016 # the script's own $xml
    printf 'cat >"$xml" <<"XML"\n<?xml version="1.0"?>\n<testsuites tests="1">\n <testsuite name="Suite">\n'
    local n=0 inside
    for inside in "$@"; do
        n=$((n + 1))
        if [ -n "$inside" ]; then
            printf '  <testcase name="case%d" status="run" classname="Suite">\n%s\n  </testcase>\n' $n "$inside"
        else
            printf '  <testcase name="case%d" status="run" classname="Suite" />\n' $n
        fi
    done
    printf ' </testsuite>\n</testsuites>\nXML\n:'
}

# wants NAME STATUS LAST_LINE TEXT
wants() {
    local got status
    got=$("$tools/run-tests" build --root "$tree" 2>&1)
    status=$?
    if [ $status -eq "$2" ] && [ "$(tail -n 1 <<<"$got")" = "$3" ] && [[ $got == *"$4"* ]]; then
        echo "ok $1"
    else
        printf 'not ok %s\nwanted status %s, last line: %s, and: %s\ngot status %s and:\n%s\n' \
            "$1" "$2" "$3" "$4" $status "$got"
    fi
}
cd "$tree" || exit 1

fresh; program test_a "$(results '' '')"
wants "cases that pass are counted" 0 "2 passed, 0 failed, 0 skipped" "2 passed"
fresh; program test_a "$(results '' '<failure message="a.cpp:3&#x0A;1 &lt; 0" type=""><![CDATA[x]]></failure>'); exit 1"
wants "a failure is counted and printed" 1 "1 passed, 1 failed, 0 skipped" "FAIL Suite.case2
    a.cpp:3
    1 < 0"
fresh; program test_a "$(results '' '<skipped message="a.cpp:3&#x0A;no root" />')"
wants "a skip is counted, with its reason" 0 "1 passed, 0 failed, 1 skipped" "SKIP Suite.case2: no root"
fresh; program test_a 'echo "[ RUN      ] S.a"; echo "[       OK ] S.a (0 ms)"; echo "[ RUN      ] S.b"; kill -SEGV $$'
wants "a crash fails the case it came in, the earlier ones count" 1 "1 passed, 1 failed, 0 skipped" "FAIL S.b (test_a)
    crashed: signal 11"
fresh; program test_a "$(results ''); kill -ABRT \$\$"
wants "a crash after the results is a failure" 1 "1 passed, 1 failed, 0 skipped" "FAIL test_a"
fresh; program test_a "$(results ''); echo LeakSanitizer; exit 99"
wants "a bad status after passed cases is a failure" 1 "1 passed, 1 failed, 0 skipped" "ended with status 99"
fresh; program test_a 'exit 0'
wants "leaving without results is a failure" 1 "0 passed, 1 failed, 0 skipped" "ended without results"
fresh; program test_a "$(results)"
wants "a program without a case is a failure" 1 "0 passed, 1 failed, 0 skipped" "it has no test"
fresh; program test_a 'sleep 100' yes 'set_tests_properties(test_a PROPERTIES TIMEOUT 1)'
wants "a program that hangs is stopped and is a failure" 1 "0 passed, 1 failed, 0 skipped" "still running after 1 s"
fresh; program test_a "$(results '')"; program test_b "$(results '')" no
wants "a forgotten program is a failure" 1 "1 passed, 1 failed, 0 skipped" "add_test() is missing"
fresh
# shellcheck disable=SC2016 # the script's own $1
program replay_a '[ -z "$1" ]'
wants "a program that is no gtest program is one case" 0 "1 passed, 0 failed, 0 skipped" "replay_a"
fresh; program replay_a 'echo no corpus; exit 2'
wants "and fails by its exit status" 1 "0 passed, 1 failed, 0 skipped" "it ended with status 2
    no corpus"
fresh
wants "no test at all is a failure" 1 "0 passed, 1 failed, 0 skipped" "not one test was found"
fresh; printf 'echo ok one\necho "not ok two"\necho why\necho "ok 3 - three # SKIP no nc"\n' >"$tree/tests/a.sh"
wants "scripts print TAP" 1 "1 passed, 1 failed, 1 skipped" "FAIL tests/a.sh: two
    why"
fresh; printf 'echo ok one\nexit 3\n' >"$tree/tests/a.sh"
wants "a script that ends in failure is a failure" 1 "1 passed, 1 failed, 0 skipped" "it ended with status 3"
fresh; printf 'echo "not ok last"' >"$tree/tests/a.sh"
wants "a failure on a script's last line" 1 "0 passed, 1 failed, 0 skipped" "FAIL tests/a.sh: last"

fresh; program tests/kernel/test_k "$(results '' '<skipped message="a.cpp:3&#x0A;no root" />')"
wants "a skipped kernel test is no failure at home" 0 "1 passed, 0 failed, 1 skipped" "SKIP"
export CI=true
wants "a skipped kernel test is a failure in CI" 1 "1 passed, 0 failed, 1 skipped" "1 skipped kernel test is a failure"
fresh; program test_a "$(results '' '<skipped message="a.cpp:3&#x0A;not on Mondays" />')"
wants "another skip is none in CI either" 0 "1 passed, 0 failed, 1 skipped" "not on Mondays"
