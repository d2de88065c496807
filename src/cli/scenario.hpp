// Scenario files: a ruleset, packets, and after each what must come of it. The format is docs/scenarios.md.
//
//     text --parse_scenario--> Scenario --run_scenario (scenario_run.hpp)--> what came of each packet
//                                       --the live kernel (tests/scenarios)--> the same, by the kernel
//                                                     both --compare (scenario_wish.hpp)--> differences
//
// A Scenario is data and knows nothing of who plays it. Parsing reports every fault of a file with its place;
// words in a packet or a wish point at their own column, also behind names that were put in.
// Threads: plain values.  Tested by: cli/scenario_test.cpp, tests/scenarios.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/scenario_wish.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/packet.hpp"
#include "keepstate/result.hpp"

namespace keepstate::cli {

/// Text that stands as a block in the file, and where: faults of a ruleset are told at their own line.
struct TextBlock {
    std::string text;
    int first_line = 0;  ///< line of the file in which the block's first line stands
    int indent = 0;      ///< blanks before each of its lines
};

/// One packet: when, which, and what is wished of it.
struct Step {
    int line = 0;
    std::string words;  ///< the packet as written, without the wish
    std::int64_t after_ns = 0;
    WrittenPacket packet;
    Wish wish;
};

/// One line of text that must be found at the end.
struct EndLine {
    int line = 0;
    std::string words;
};

struct Scenario {
    std::string file;
    std::string about;
    std::string not_on_kernel;  ///< why the kernel cannot play it; empty: it can
    TextBlock rules4;           ///< empty text: no rules of this family
    TextBlock rules6;
    TextBlock ip_sets;                 ///< text of `ipset save`; empty: none
    TextBlock sockets;                 ///< what the host's sockets are; empty: not stated
    TextBlock fingerprints;            ///< lines of a pf.os file for -m osf; empty: none
    std::vector<DeviceSetup> devices;  ///< empty: a bump in the wire
    std::vector<Address> local;
    Settings settings;
    bool has_helper_settings = false;
    HelperSettings helpers;  ///< parameters of helper modules, given among the settings
    std::vector<std::pair<std::string, std::string>> setting_texts;  ///< full name, value
    std::vector<Step> steps;
    std::optional<std::vector<EndLine>>
        entries;  ///< all entries, as /proc/net/nf_conntrack shows them
    std::optional<std::vector<EndLine>>
        expectations;                ///< all of them, as /proc/net/nf_conntrack_expect shows them
    std::vector<EndLine> counters4;  ///< lines of `iptables-save -c`, in any choice
    std::vector<EndLine> counters6;
    TextBlock timeouts;  ///< timeout policies in nfct's words; empty text: none
    std::optional<std::vector<EndLine>> events;  ///< all that happened, as conntrack -E prints it
    std::vector<EndLine> statistics;             ///< "drop=1": words of conntrack -S, in any choice
};

/// Reads a scenario. Errors: every fault of the text, of kind input. Nothing is thrown.
Result<Scenario> parse_scenario(std::string_view text, std::string file);

}  // namespace keepstate::cli
