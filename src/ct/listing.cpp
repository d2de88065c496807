// Entries and events as lines of text: the forms of /proc and of conntrack, which differ in small ways.
//
//     [NEW] ipv4     2 tcp      6 120 SYN_SENT src=.. dst=.. sport=.. dport=.. packets=.. bytes=..
//     |     |          |          |   |        '-- the original direction, its zone, its counters
//     event family     protocol   |   state of TCP, SCTP
//           (proc, extended)      seconds left
//     [UNREPLIED] src=.. [..] [ASSURED] mark=0 zone=0 delta-time=5 helper=ftp use=1 id=7 labels=a,b
//                 '-- the reply direction
//
// proc writes IPv6 addresses in full, always shows the zone, never the helper, has GRE's timeouts and
// counts its own reading in `use`. conntrack leaves out a zone of 0 and takes the age from whole seconds
// of the clock.
//
// source: seen:tests/kernel_listing.   tested by: ct/listing_test.cpp, tests/kernel_listing.
#include "ct/listing.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace keepstate {
namespace ct {
namespace {

struct ProtocolName {
    std::uint8_t number;
    std::string_view name;
};
constexpr std::array kProtocolNames{
    ProtocolName{protocol::kIcmp, "icmp"},       ProtocolName{protocol::kTcp, "tcp"},
    ProtocolName{protocol::kUdp, "udp"},         ProtocolName{protocol::kGre, "gre"},
    ProtocolName{protocol::kIcmpv6, "icmpv6"},   ProtocolName{protocol::kSctp, "sctp"},
    ProtocolName{protocol::kUdpLite, "udplite"},
};
constexpr std::string_view kDccpName = "dccp";

/// Groups of four digits, nothing left out: how the kernel prints an IPv6 address.
std::string full_text(const Address& address) {
    if (address.family == Family::ipv4) return text(address);
    std::string out;
    for (std::size_t i = 0; i < address.bytes.size(); i += 2) {
        fmt::format_to(std::back_inserter(out), "{}{:02x}{:02x}", i == 0 ? "" : ":",
                       address.bytes[i], address.bytes[i + 1]);
    }
    return out;
}

/// One direction's addresses and keys, each word with a space behind it.
void print_direction(const EntryCopy& entry, CtDirection direction, const Shown& shown,
                     bool is_proc, std::string& out) {
    const auto end = std::back_inserter(out);
    const bool is_original = direction == CtDirection::original;
    const auto index = static_cast<std::size_t>(direction);
    print_tuple(is_original ? entry.original : entry.reply, is_proc, out);
    const std::uint16_t zone = is_original ? entry.zone_original : entry.zone_reply;
    if (entry.zone_original != entry.zone_reply && zone != 0) {
        fmt::format_to(end, "zone-{}={} ", is_original ? "orig" : "reply", zone);
    }
    if (shown.counters) {
        fmt::format_to(end, "packets={} bytes={} ", entry.packets[index], entry.bytes[index]);
    }
}

/// Protocol, time left, state. An entry in a flow table has neither time nor state.
void print_beginning(const EntryCopy& entry, const Shown& shown, bool is_proc, std::string& out) {
    const auto end = std::back_inserter(out);
    const std::uint8_t number = entry.original.protocol;
    fmt::format_to(end, "{:<8} {} ",
                   is_proc ? kernel_protocol_name(number) : tool_protocol_name(number), number);
    if ((entry.status & (status::kOffload | status::kHwOffload)) != 0) return;
    if (shown.timeout) fmt::format_to(end, "{} ", seconds_of(entry.timeout_ns));
    if (entry.tcp_state) fmt::format_to(end, "{} ", text(*entry.tcp_state));
    if (entry.sctp_state) fmt::format_to(end, "{} ", text(*entry.sctp_state));
    if (is_proc && number == protocol::kGre) {
        fmt::format_to(end, "timeout={}, stream_timeout={} ", entry.gre_timeout_s,
                       entry.gre_stream_timeout_s);
    }
}

std::string_view status_word(std::uint32_t bits) {
    if ((bits & status::kHwOffload) != 0) return "[HW_OFFLOAD] ";
    if ((bits & status::kOffload) != 0) return "[OFFLOAD] ";
    return (bits & status::kAssured) != 0 ? "[ASSURED] " : "";
}

/// "Sat Nov 21 05:27:53 2026", as ctime() writes it.
std::string calendar_text(Time time) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Calendar c = calendar_of(time);
    return fmt::format(
        "{} {} {:2} {:02}:{:02}:{:02} {}", kDays[static_cast<std::size_t>(c.weekday)],
        kMonths[static_cast<std::size_t>(c.month - 1)], c.day, c.hour, c.minute, c.second, c.year);
}

void print_labels(const EntryCopy& entry, const std::vector<LabelName>& names, std::string& out) {
    if (!has_any_label(entry)) return;
    out += "labels";
    char separator = '=';
    for (const LabelName& label : names) {
        if (!has_label(entry, label.bit)) continue;
        out += separator;
        out += label.name;
        separator = ',';
    }
    out += ' ';
}

void print_conntrack_end(const EntryCopy& entry, const Shown& shown, std::string& out,
                         const ListingOptions& options) {
    const auto end = std::back_inserter(out);
    if (shown.mark) fmt::format_to(end, "mark={} ", entry.mark);
    if (entry.zone_original == entry.zone_reply && entry.zone_original != 0) {
        fmt::format_to(end, "zone={} ", entry.zone_original);
    }
    if (shown.age) {
        fmt::format_to(end, "delta-time={} ", age_by_clock_s(entry));
        if (options.ktimestamp) {
            fmt::format_to(end, "[start={}] ", calendar_text(*entry.started));
            if (shown.is_over) fmt::format_to(end, "[stop={}] ", calendar_text(entry.copied));
        }
    }
    if (shown.helper) fmt::format_to(end, "helper={} ", entry.helper);
    if (shown.use) fmt::format_to(end, "use={} ", entry.use);
    if (options.id) fmt::format_to(end, "id={} ", entry.id);
    if (options.labels != nullptr && shown.labels) print_labels(entry, *options.labels, out);
}

void print_proc_end(const EntryCopy& entry, std::string& out) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "mark={} ", entry.mark);
    if (entry.zone_original == entry.zone_reply) {
        fmt::format_to(end, "zone={} ", entry.zone_original);
    }
    if (entry.started) {
        fmt::format_to(end, "delta-time={} ", seconds_of(entry.copied - *entry.started));
    }
    fmt::format_to(end, "use={} ", entry.use + 1);
}

/// Linux 2.4 knew no marks, zones, counters and ages; its lines end with a space.
void print_old_proc(const EntryCopy& entry, std::string& out) {
    print_beginning(entry, Shown{}, false, out);
    print_tuple(entry.original, true, out);
    if ((entry.status & status::kSeenReply) == 0) out += "[UNREPLIED] ";
    print_tuple(entry.reply, true, out);
    if ((entry.status & status::kAssured) != 0) out += "[ASSURED] ";
    fmt::format_to(std::back_inserter(out), "use={} \n", entry.use);
}

EntryFormat text_format_of_event(EntryFormat format) {
    if (format == EntryFormat::proc) return EntryFormat::extended;
    return format == EntryFormat::old_proc ? EntryFormat::conntrack : format;
}

char save_verb(EventKind kind) {
    switch (kind) {
        case EventKind::new_: return 'A';
        case EventKind::update: return 'U';
        case EventKind::destroy: return 'D';
    }
    return 'A';
}

}  // namespace

void print_tuple(const Tuple& tuple, bool is_proc, std::string& out) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "src={} dst={} ", is_proc ? full_text(tuple.source) : text(tuple.source),
                   is_proc ? full_text(tuple.destination) : text(tuple.destination));
    if (has_ports(tuple.protocol) || (tuple.protocol == protocol::kDccp && !is_proc)) {
        fmt::format_to(end, "sport={} dport={} ", tuple.source_key, tuple.destination_key);
    } else if (is_icmp(tuple.protocol)) {
        fmt::format_to(end, "type={} code={} id={} ", tuple.icmp_type(), tuple.icmp_code(),
                       tuple.source_key);
    } else if (tuple.protocol == protocol::kGre) {
        fmt::format_to(end, "srckey={:#x} dstkey={:#x} ", tuple.source_key, tuple.destination_key);
    }
}

std::string_view event_word(EventKind kind) {
    switch (kind) {
        case EventKind::new_: return "    [NEW] ";
        case EventKind::update: return " [UPDATE] ";
        case EventKind::destroy: return "[DESTROY] ";
    }
    return "";
}

void print_stamp(Time when, std::string& out) {
    fmt::format_to(std::back_inserter(out), "[{:08}.{:06}]\t", when.ns / kNsPerSecond,
                   when.ns % kNsPerSecond / 1000);
}

bool has_ports(std::uint8_t number) {
    return number == protocol::kTcp || number == protocol::kUdp || number == protocol::kUdpLite ||
           number == protocol::kSctp;
}

bool is_icmp(std::uint8_t number) {
    return number == protocol::kIcmp || number == protocol::kIcmpv6;
}

std::string_view kernel_protocol_name(std::uint8_t number) {
    for (const ProtocolName& row : kProtocolNames) {
        if (row.number == number) return row.name;
    }
    return "unknown";
}

std::string_view tool_protocol_name(std::uint8_t number) {
    return number == protocol::kDccp ? kDccpName : kernel_protocol_name(number);
}

std::optional<std::uint8_t> parse_protocol_name(std::string_view name) {
    if (name == kDccpName) return protocol::kDccp;
    for (const ProtocolName& row : kProtocolNames) {
        if (row.name == name) return row.number;
    }
    std::uint8_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return number;
}

bool has_any_label(const EntryCopy& entry) {
    return std::any_of(entry.labels.begin(), entry.labels.end(),
                       [](std::uint8_t byte) { return byte != 0; });
}

std::uint64_t age_by_clock_s(const EntryCopy& entry) {
    const std::int64_t seconds =
        entry.copied.ns / kNsPerSecond - entry.started.value_or(Time{}).ns / kNsPerSecond;
    return seconds < 0 ? 0 : static_cast<std::uint64_t>(seconds);
}

Calendar calendar_of(Time time) {
    constexpr std::int64_t kDaySeconds = 86400;
    constexpr std::int64_t kDaysOf400Years = 146097;
    constexpr std::int64_t kDaysFrom0000March = 719468;  // to 1970-01-01
    std::int64_t seconds = time.ns / kNsPerSecond - (time.ns % kNsPerSecond < 0 ? 1 : 0);
    std::int64_t days = seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0);
    seconds -= days * kDaySeconds;

    Calendar c;
    c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
    c.hour = static_cast<int>(seconds / 3600);
    c.minute = static_cast<int>(seconds / 60 % 60);
    c.second = static_cast<int>(seconds % 60);
    // Years that begin in March end with the leap day, so months have fixed beginnings.
    days += kDaysFrom0000March;
    const std::int64_t era = (days >= 0 ? days : days - kDaysOf400Years + 1) / kDaysOf400Years;
    const std::int64_t day_of_era = days - era * kDaysOf400Years;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    c.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    c.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    c.year = static_cast<int>(year_of_era + era * 400 + (c.month <= 2 ? 1 : 0));
    return c;
}

Shown shown_of(const EntryCopy& entry) {
    Shown shown;
    shown.counters = entry.counted;
    shown.age = entry.started.has_value();
    shown.helper = !entry.helper.empty();
    shown.labels = true;
    return shown;
}

Shown shown_of(const Event& event) {
    const EntryCopy& entry = event.entry;
    Shown shown;
    shown.use = false;
    shown.is_over = event.kind == EventKind::destroy;
    shown.mark = entry.mark != 0 || (event.mark_changed && !shown.is_over);
    shown.timeout = !shown.is_over || seconds_of(entry.timeout_ns) != 0;
    shown.counters = shown.is_over && entry.counted;
    shown.age = shown.is_over && entry.started.has_value();
    shown.vtags = !shown.is_over;
    shown.helper = !shown.is_over && !entry.helper.empty();
    shown.labels = !shown.is_over && event.labels_changed;
    return shown;
}

void print_text(const EntryCopy& entry, const Shown& shown, EntryFormat format, std::string& out,
                const ListingOptions& options) {
    const bool is_proc = format == EntryFormat::proc;
    if (is_proc || format == EntryFormat::extended) {
        const Family family = entry.original.source.family;
        fmt::format_to(std::back_inserter(out), "{:<8} {} ", text(family), family_number(family));
    }
    print_beginning(entry, shown, is_proc, out);
    print_direction(entry, CtDirection::original, shown, is_proc, out);
    if ((entry.status & status::kSeenReply) == 0) out += "[UNREPLIED] ";
    print_direction(entry, CtDirection::reply, shown, is_proc, out);
    out += status_word(entry.status);
    if (is_proc) {
        print_proc_end(entry, out);
    } else {
        print_conntrack_end(entry, shown, out, options);
    }
    out.back() = '\n';  // instead of the last space
}

}  // namespace ct

void print_entry(const EntryCopy& entry, EntryFormat format, std::string& out,
                 const ListingOptions& options) {
    const ct::Shown shown = ct::shown_of(entry);
    switch (format) {
        case EntryFormat::proc:
        case EntryFormat::conntrack:
        case EntryFormat::extended: return ct::print_text(entry, shown, format, out, options);
        case EntryFormat::old_proc: return ct::print_old_proc(entry, out);
        case EntryFormat::xml: return ct::print_xml(entry, shown, nullptr, out, options);
        case EntryFormat::save: return ct::print_save(entry, shown, 'A', out);
        case EntryFormat::json: return ct::print_json(entry, nullptr, out, options);
    }
}

void print_statistics(const Statistics& statistics, std::string& out) {
    const Statistics& s = statistics;
    fmt::format_to(
        std::back_inserter(out),
        "cpu=0   \tfound={} invalid={} insert={} insert_failed={} drop={} early_drop={} error={} "
        "search_restart={} clash_resolve={} chaintoolong={} \n",
        s.found, s.invalid, s.insert, s.insert_failed, s.drop, s.early_drop, s.error,
        s.search_restart, s.clash_resolve, s.chain_too_long);
}

void print_event(const Event& event, std::string& out, EntryFormat format,
                 const ListingOptions& options) {
    const ct::Shown shown = ct::shown_of(event);
    const EntryCopy& entry = event.entry;
    if (format == EntryFormat::xml) return ct::print_xml(entry, shown, &event.kind, out, options);
    if (format == EntryFormat::json) return ct::print_json(entry, &event.kind, out, options);
    if (format == EntryFormat::save) {
        return ct::print_save(entry, shown, ct::save_verb(event.kind), out);
    }
    if (options.timestamp) ct::print_stamp(entry.copied, out);
    out += ct::event_word(event.kind);
    ct::print_text(entry, shown, ct::text_format_of_event(format), out, options);
}

}  // namespace keepstate
