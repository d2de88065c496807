#!/usr/bin/env bash
# Feeds tools/check-layers a tree with one fault of each kind, and a clean one. Prints TAP.
set -uo pipefail
tools=$(cd "$(dirname "$0")/../tools" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# fresh: a tree without faults.
fresh() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{tools,include/keepstate,src/{base,wire,ct,io,cli}}
    cp "$tools/layers.txt" "$tree/tools/"
    printf '#include <cstdint>\n#include <fmt/core.h>\n' >"$tree/include/keepstate/time.hpp"
    printf '#include <keepstate/time.hpp>\n#include <tl/expected.hpp>\n' >"$tree/src/base/bytes.hpp"
    printf '#include "base/bytes.hpp"\n// #include "ct/entry.hpp"\n' >"$tree/src/wire/parse.hpp"
    printf '#include "wire/parse.hpp"\n' >"$tree/src/ct/entry.hpp"
    printf '#include <gtest/gtest.h>\n#include <rapidcheck.h>\n#include <fstream>\n' >"$tree/src/ct/entry_test.cpp"
    printf '#include <sys/socket.h>\n#include <pcap/pcap.h>\n' >"$tree/src/io/pcap.cpp"
    printf '#include <CLI/CLI.hpp>\n#include "keepstate/time.hpp"\n#include <iostream>\n' >"$tree/src/cli/main.cpp"
}

# wants NAME STATUS TEXT: what check-layers must say of the tree.
wants() {
    local got status
    got=$("$tools/check-layers" "$tree" 2>&1)
    status=$?
    if [ $status -eq "$2" ] && [[ $got == *"$3"* ]]; then
        echo "ok $1"
    else
        printf 'not ok %s\nwanted status %s and: %s\ngot status %s and:\n%s\n' "$1" "$2" "$3" $status "$got"
    fi
}

# lines N [TEXT]: N lines.
lines() { for _ in $(seq "$1"); do echo "${2-}"; done; }

fresh
wants "a clean tree passes" 0 "7 files keep to"
fresh; printf '\n#include "ct/entry.hpp"\n' >>"$tree/src/base/bytes.hpp"
wants "an upward include" 1 "src/base/bytes.hpp:4: base may not include ct/entry.hpp: ct is not below base"
fresh; printf '#include <sys/socket.h>\n' >>"$tree/src/ct/entry.hpp"
wants "a system header in the library" 1 "src/ct/entry.hpp:2: ct may not include <sys/socket.h>"
fresh; printf '#include <nlohmann/json.hpp>\n' >>"$tree/src/ct/entry.hpp"
wants "another library in the library" 1 "src/ct/entry.hpp:2: ct may not include <nlohmann/json.hpp>"
fresh; printf '#include <thread>\n' >>"$tree/src/ct/entry.hpp"
wants "a thread in the pure library" 1 "src/ct/entry.hpp:2: <thread> has no place in the pure library"
fresh; mkdir "$tree/src/api"; printf '#include <thread>\n' >"$tree/src/api/crew.hpp"
wants "a thread where the table excepts it" 0 "8 files keep to"
fresh; mkdir "$tree/src/api"; printf '#include <mutex>\n' >"$tree/src/api/crew.hpp"
wants "what the table does not except there" 1 "src/api/crew.hpp:1: <mutex> has no place in the pure library"
fresh; printf '#include <gtest/gtest.h>\n' >>"$tree/src/ct/entry.hpp"
wants "gtest outside a test" 1 "src/ct/entry.hpp:2: ct may not include <gtest/gtest.h>"
fresh; printf '#include "ct/entry.hpp"\n' >>"$tree/src/cli/main.cpp"
wants "a program that reaches past the public door" 1 "src/cli/main.cpp:4: cli may not include ct/entry.hpp, private to the library"
fresh; printf '#include <pcap/pcap.h>\n' >>"$tree/src/cli/main.cpp"
wants "io's system header in cli" 1 "src/cli/main.cpp:4: cli may not include <pcap/pcap.h>"
fresh; printf '#include "wire/pars.hpp"\n' >>"$tree/src/ct/entry.hpp"
wants "an include of nothing" 1 'src/ct/entry.hpp:2: "wire/pars.hpp" is in neither src/ nor include/'
fresh; printf '#include "../wire/parse.hpp"\n' >>"$tree/src/ct/entry.hpp"
wants "a path with dots" 1 'src/ct/entry.hpp:2: "../wire/parse.hpp": write the path from src/'
fresh; printf '#include "wire/b.hpp"\n' >"$tree/src/wire/a.hpp"; printf '#include "wire/a.hpp"\n' >"$tree/src/wire/b.hpp"
wants "a circle of headers" 1 "src/wire/b.hpp:1: a circle of includes: src/wire/a.hpp > src/wire/b.hpp > src/wire/a.hpp"
fresh; mkdir "$tree/src/util"; touch "$tree/src/util/a.hpp"
wants "a folder that is no layer" 1 "src/util/a.hpp:1: src/util is no layer"
fresh; sed -i 's/^base: .*/base: keepstate ct/' "$tree/tools/layers.txt"
wants "a table that points upward" 1 "base names ct, which does not stand above it"
fresh; lines 501 '// x' >"$tree/src/ct/long.cpp"
wants "a file of 501 lines" 1 "src/ct/long.cpp:501: 501 lines, at most 500"
fresh; { echo '// table-file: one row a state'; lines 501; } >"$tree/src/ct/long.cpp"
wants "a table may be longer" 0 "8 files keep to"
fresh; lines 900 >"$tree/src/ct/long_test.cpp"
wants "a test may be longer" 0 "8 files keep to"

body() {
    printf 'namespace keepstate {\nclass Tracker {\n  public:\n'
    printf '    Tracker(int a) noexcept : a_{a}, text_("{") {\n'
    lines "$1" '        if (a_) { a_ = 1'"'"'000; }'
    printf '    }\n};\n}\n'
}
fresh; body 68 >"$tree/src/ct/a.cpp"
wants "a function of 70 lines" 0 "8 files keep to"
fresh; body 69 >"$tree/src/ct/a.cpp"
wants "a function of 71 lines" 1 "src/ct/a.cpp:4: function of 71 lines, at most 70"
fresh; { printf 'static auto f(int a,\n              int b) -> int {\n'; lines 69 '    a += "}"[0];'; printf '}\n'; } >"$tree/src/ct/a.cpp"
wants "a function whose head takes two lines" 1 "src/ct/a.cpp:1: function of 72 lines"
fresh; { printf 'constexpr Row kRows[] = {\n'; lines 90 '    {f(1), 2},'; printf '};\n'; } >"$tree/src/ct/a.cpp"
wants "a table is no function" 0 "8 files keep to"
