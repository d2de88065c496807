// What the kernel said of a packet, and what keepstate said, in one form that can be held side by side.
//
// Both sides fill the same Facts. A text is written only as far as it is compared; timeouts stand apart,
// since they may differ by a second (the kernel rounds down and counts real time).
//
// Not compared, because the two cannot agree on it: ids and use counts of entries, status bits of NAT
// and of offload, the ICMP answer's bytes (its IP id is random there), counts of packets and bytes in entries
// (off unless nf_conntrack_acct is set).
// Threads: plain values.  Tested by: differ_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keepstate/conntrack.hpp"
#include "keepstate/engine.hpp"
#include "kernel_run.hpp"

namespace keepstate::kernel {

/// One event, or one entry of the table.
struct RecordFacts {
    std::string key;    ///< what it is about: kind of event and original tuple, or the tuple
    std::string words;  ///< reply tuple, status bits, protocol state, mark, zone, labels
    std::optional<std::int64_t> timeout_s;
};

/// What one packet came to.
struct PacketFacts {
    bool has_parameter_problem =
        false;            ///< kernel's: ICMPv6, of a packet that the host got; not in `answer`
    std::string state;    ///< "NEW original", "INVALID", "-" if it never reached tracking
    std::string verdict;  ///< "passed" or "stopped"
    std::string entry;    ///< as RecordFacts::words, without tuples; empty: none
    std::optional<std::int64_t> timeout_s;
    std::string answer;  ///< how many bytes each answer of the firewall has
    std::string device;  ///< by which it left; "host"; empty if it did not
    std::vector<RecordFacts> events;
    std::vector<RecordFacts> expectation_events;
    std::string why;  ///< not compared: keepstate's reason, the kernel's words
};

/// SCTP's verification tags, by direction; empty for others. They are compared at the end alone.
std::string tags_of(const KernelEntry& entry);
std::string tags_of(const EntryCopy& entry);

PacketFacts facts_of(const KernelVerdict& verdict);
PacketFacts facts_of(const Decision& decision, std::span<const Event> events,
                     std::span<const ExpectationEvent> expectation_events);

RecordFacts facts_of(const KernelEntry& entry);
RecordFacts facts_of(const EntryCopy& entry);

RecordFacts facts_of(const KernelExpectation& expectation);
RecordFacts facts_of(const ExpectationCopy& expectation);

}  // namespace keepstate::kernel
