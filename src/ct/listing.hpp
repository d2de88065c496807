// What the forms of a listing share: which facts a line shows, and the pieces that they print alike.
//
// A listing shows all that is known of an entry; an event record shows what ctnetlink puts into it.
// `Shown` is that choice, made once, so that a form only asks what to print and never why.
#pragma once

#include <string>
#include <string_view>

#include "keepstate/conntrack.hpp"

namespace keepstate::ct {

/// The facts of a line that are not always there.
struct Shown {
    bool timeout = true;
    bool counters = false;
    bool mark = true;
    bool age = false;  ///< delta-time
    bool helper = false;
    bool labels = false;
    bool use = true;
    bool vtags = true;     ///< of an SCTP association whose state is shown
    bool is_over = false;  ///< the entry ended: `copied` is its end
};
Shown shown_of(const EntryCopy& entry);
Shown shown_of(const Event& event);

/// "tcp", "udp", ..., "unknown", as /proc names them.
std::string_view kernel_protocol_name(std::uint8_t number);
/// The same as conntrack names them: it knows DCCP, which the kernel does not track any more.
std::string_view tool_protocol_name(std::uint8_t number);
/// The number behind a name of either list; for a digit string the number itself.
std::optional<std::uint8_t> parse_protocol_name(std::string_view name);

/// 2 and 10: the numbers that listings give the families.
constexpr unsigned family_number(Family family) { return family == Family::ipv4 ? 2 : 10; }

bool has_ports(std::uint8_t protocol);
bool is_icmp(std::uint8_t protocol);

constexpr std::uint64_t seconds_of(std::int64_t ns) {
    return ns <= 0 ? 0 : static_cast<std::uint64_t>(ns / kNsPerSecond);
}

/// conntrack subtracts whole seconds of the clock, not moments: 0.9 to 1.1 is one second.
std::uint64_t age_by_clock_s(const EntryCopy& entry);

/// A point in time as calendar words, in UTC. source: RFC 3339 (proleptic Gregorian calendar).
struct Calendar {
    int year = 1970, month = 1, day = 1;  ///< month and day from 1
    int weekday = 4;                      ///< Sunday is 0
    int hour = 0, minute = 0, second = 0;
};
Calendar calendar_of(Time time);

/// Whether bit `bit` of the labels is set.
constexpr bool has_label(const EntryCopy& entry, unsigned bit) {
    return bit < 128 && (entry.labels[bit / 8] >> (bit % 8) & 1U) != 0;
}
bool has_any_label(const EntryCopy& entry);

/// The words before the entry in `conntrack -E -o xml` ("new") and -o save ("A").
std::string_view xml_word(EventKind kind);

/// "src=.. dst=.. " and the keys of the protocol, each with a space behind it.
void print_tuple(const Tuple& tuple, bool is_proc, std::string& out);
/// "<sport>..</sport><dport>..</dport>"
void print_xml_keys(const Tuple& tuple, std::string& out);
/// An event's calendar: Sunday is day 1 of the week.
void print_xml_when(Time when, std::string& out);
/// "    [NEW] ": nine places, right-aligned, and a space.
std::string_view event_word(EventKind kind);
/// "[00000005.000001]" and a tab: -o timestamp.
void print_stamp(Time when, std::string& out);

void print_text(const EntryCopy& entry, const Shown& shown, EntryFormat format, std::string& out,
                const ListingOptions& options);
void print_save(const EntryCopy& entry, const Shown& shown, char verb, std::string& out);
/// `event` is null for a listing.
void print_xml(const EntryCopy& entry, const Shown& shown, const EventKind* event, std::string& out,
               const ListingOptions& options);
void print_json(const EntryCopy& entry, const EventKind* event, std::string& out,
                const ListingOptions& options);

}  // namespace keepstate::ct
