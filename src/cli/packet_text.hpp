// One packet's outcome as a line for people, or as a JSON object for programs.
//
// Both append to a string that the caller keeps and writes out now and then.
//
// Threads: one owner.  Tested by: tests/program.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/state.hpp"
#include "keepstate/time.hpp"
#include "run/replay_loop.hpp"

namespace keepstate::cli {

class PacketPrinter {
  public:
    virtual ~PacketPrinter() = default;
    /// Appends one packet with its line end(s). Only for packets with is_ip.
    virtual void print(const run::Outcome& outcome, std::string& out) = 0;
};

struct TextStyle {
    bool colour = false;
    bool devices = false;  ///< show the devices' names: there are several, or local addresses
    bool events = false;
    bool expectation_events = false;
    bool explain = false;
    Time begin;                         ///< times are shown since this one
    std::vector<std::string> captures;  ///< names, shown if more than one
    ListingOptions listing = {};        ///< what event lines show
};
std::unique_ptr<PacketPrinter> make_text_printer(TextStyle style);

struct JsonStyle {
    bool events = false;
    bool expectation_events = false;
    bool explain = false;
    std::vector<std::string> captures;  ///< names; the key "capture" is there if more than one
    ListingOptions listing = {};        ///< what event lines show
};
std::unique_ptr<PacketPrinter> make_json_printer(JsonStyle style);

/// Appends seconds with a fraction of 6 or 9 digits: "1353110400.000001", "-0.500000".
void print_time(std::int64_t ns, bool finer_than_us, std::string& out);
/// "tcp", "udp", "icmpv6", ...; empty for a protocol without a name here.
std::string_view protocol_name(std::uint8_t number);
/// The entry's TCP or SCTP state; empty if it has none.
std::string_view transport_state(const EntryFacts& entry);
/// Appends a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void print_json_string(std::string_view text, std::string& out);

}  // namespace keepstate::cli
