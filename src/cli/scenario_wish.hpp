// Wishes: what a scenario wants of a packet, what was seen instead, and the difference.
//
// A wish is a few words behind `=>`: only what is named is compared.
//
//     NEW ORIGINAL SYN_SENT 120s !ASSURED ACCEPT rule filter FORWARD 2
//     |   |        |        |    |        |      '-- the rule that decided
//     |   |        |        |    |        '--------- what became of the packet
//     |   |        |        |    '------------------ a status bit that must not be set
//     |   |        |        '----------------------- the entry's timeout after the packet
//     |   |        '-------------------------------- the protocol's state: the second state word
//     |   '----------------------------------------- the packet's direction
//     '--------------------------------------------- what rules match: the first state word
//
// Whoever plays a scenario fills a Seen; so keepstate and the live kernel are held against the same words.
// Threads: plain values.  Tested by: cli/scenario_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"

namespace keepstate::cli {

/// Empty or absent: nothing is wished.
struct Wish {
    std::string state;           ///< "NEW", ...; "unseen": it never reached tracking
    std::string protocol_state;  ///< "SYN_SENT", ...
    std::string direction;       ///< "ORIGINAL", "REPLY"
    std::string verdict;         ///< "ACCEPT", ...
    std::string rule;            ///< "filter FORWARD 2", "filter FORWARD policy"
    std::string reason;          ///< a word of reason.hpp
    std::string answer;          ///< "none", "tcp rst,ack", "icmp 3/3", "icmp6 1/4"
    std::string out;             ///< a device, or "host"
    /// The packet as it left the firewall, and as it was answered: whole, from the IP header on; empty: no wish.
    /// An answer's IPv4 identification and IPv6 flow label are not compared: keepstate's are 0.
    std::vector<std::uint8_t> leaves;
    std::vector<std::uint8_t> answered;
    std::optional<std::int64_t> timeout_s;
    std::optional<std::uint32_t> mark;
    std::optional<std::uint32_t> connmark;
    std::uint32_t status_set = 0;      ///< status:: bits that must be set
    std::uint32_t status_cleared = 0;  ///< status:: bits that must not be set
    bool no_entry = false;             ///< no confirmed entry belongs to it afterwards
};

/// What one packet came to; the words are those of Wish.
struct Seen {
    std::string state = "unseen";
    std::string protocol_state;
    std::string direction;
    std::string verdict;
    std::string rule;
    std::string reason = "none";
    std::string answer = "none";
    std::string out;
    std::int64_t timeout_s = 0;
    std::uint32_t mark = 0;
    std::uint32_t connmark = 0;
    std::uint32_t status = 0;
    bool has_entry = false;
    std::vector<std::uint8_t> left_bytes;    ///< empty: it did not leave
    std::vector<std::uint8_t> answer_bytes;  ///< empty: no answer
};

/// One thing that is not as wished.
struct Difference {
    std::string what;  ///< "timeout"
    std::string wanted;
    std::string got;
};

/// Reads the words of a wish. `column`: of the first byte of `words`; faults are appended, with line 0.
Wish parse_wish(std::string_view words, int column, std::vector<Fault>& faults);

/// What differs. A timeout may be `slack_s` off: real time passes on a real kernel.
std::vector<Difference> compare(const Wish& wish, const Seen& seen, std::int64_t slack_s);

/// The words for all that was seen, as they could stand behind `=>`.
std::string print_seen(const Seen& seen);

/// What a packet is, for `answer`: "tcp rst,ack", "icmp 3/3", "icmp6 1/4", "protocol 17"; "none" if empty.
std::string describe_answer(std::span<const std::uint8_t> ip);

/// What Engine::process said of a packet.
Seen seen_of(const Decision& decision);

}  // namespace keepstate::cli
