// Entries as `conntrack -L -o xml` and `conntrack -E -o xml` print them: one <flow> a line.
//
// As the tool has it: ICMP's type, code and id are not shown; SCTP's state is shown by the TCP state's word
// of the same number (conntrack-tools 1.4.7: an established association is FIN_WAIT); the helper stands
// behind the last <meta>.
//
// source: seen:tests/kernel_listing.   tested by: ct/listing_test.cpp, tests/kernel_listing.
#include <fmt/format.h>
#include <iterator>

#include "ct/listing.hpp"

namespace keepstate {
namespace ct {
namespace {

void print_direction(const EntryCopy& entry, CtDirection direction, const Shown& shown,
                     std::string& out) {
    const auto end = std::back_inserter(out);
    const bool is_original = direction == CtDirection::original;
    const auto index = static_cast<std::size_t>(direction);
    const Tuple& tuple = is_original ? entry.original : entry.reply;
    const Family family = tuple.source.family;
    fmt::format_to(end,
                   "<meta direction=\"{}\"><layer3 protonum=\"{}\" protoname=\"{}\"><src>{}</src>"
                   "<dst>{}</dst></layer3><layer4 protonum=\"{}\" protoname=\"{}\">",
                   is_original ? "original" : "reply", family_number(family), text(family),
                   text(tuple.source), text(tuple.destination), tuple.protocol,
                   tool_protocol_name(tuple.protocol));
    print_xml_keys(tuple, out);
    out += "</layer4>";
    const std::uint16_t zone = is_original ? entry.zone_original : entry.zone_reply;
    if (entry.zone_original != entry.zone_reply && zone != 0) {
        fmt::format_to(end, "<zone>{}</zone>", zone);
    }
    if (shown.counters) {
        fmt::format_to(end, "<counters><packets>{}</packets><bytes>{}</bytes></counters>",
                       entry.packets[index], entry.bytes[index]);
    }
    out += "</meta>";
}

void print_labels(const EntryCopy& entry, const std::vector<LabelName>& names, std::string& out) {
    if (!has_any_label(entry)) return;
    out += "<labels>";
    for (const LabelName& label : names) {
        if (!has_label(entry, label.bit)) continue;
        fmt::format_to(std::back_inserter(out), "<label>{}</label>", label.name);
    }
    out += "</labels>";
}

void print_stamps(const EntryCopy& entry, const Shown& shown, std::string& out,
                  const ListingOptions& options) {
    if (!shown.age) return;
    const auto end = std::back_inserter(out);
    if (options.ktimestamp) {
        fmt::format_to(end, "<timestamp><start>{}</start>", entry.started->ns);
        if (shown.is_over) fmt::format_to(end, "<stop>{}</stop>", entry.copied.ns);
        out += "</timestamp>";
    }
    // The end of an entry is a moment; "now" is whole seconds of the clock.
    const std::uint64_t age_s =
        shown.is_over ? seconds_of(entry.copied - *entry.started) : age_by_clock_s(entry);
    fmt::format_to(end, "<deltatime>{}</deltatime>", age_s);
}

void print_independent(const EntryCopy& entry, const Shown& shown, std::string& out,
                       const ListingOptions& options) {
    const auto end = std::back_inserter(out);
    out += "<meta direction=\"independent\">";
    if (entry.tcp_state) fmt::format_to(end, "<state>{}</state>", text(*entry.tcp_state));
    if (entry.sctp_state) {
        fmt::format_to(end, "<state>{}</state>", text(static_cast<TcpState>(*entry.sctp_state)));
    }
    if (shown.timeout) {
        fmt::format_to(end, "<timeout>{}</timeout>", seconds_of(entry.timeout_ns));
    }
    if (shown.mark) fmt::format_to(end, "<mark>{}</mark>", entry.mark);
    if (options.labels != nullptr && shown.labels) print_labels(entry, *options.labels, out);
    if (entry.zone_original == entry.zone_reply && entry.zone_original != 0) {
        fmt::format_to(end, "<zone>{}</zone>", entry.zone_original);
    }
    if (shown.use) fmt::format_to(end, "<use>{}</use>", entry.use);
    fmt::format_to(end, "<id>{}</id>", entry.id);
    if ((entry.status & status::kAssured) != 0) out += "<assured/>";
    if ((entry.status & status::kSeenReply) == 0) out += "<unreplied/>";
    print_stamps(entry, shown, out, options);
    out += "</meta>";
}

}  // namespace

void print_xml_keys(const Tuple& tuple, std::string& out) {
    const auto end = std::back_inserter(out);
    if (has_ports(tuple.protocol) || tuple.protocol == protocol::kDccp) {
        fmt::format_to(end, "<sport>{}</sport><dport>{}</dport>", tuple.source_key,
                       tuple.destination_key);
    } else if (tuple.protocol == protocol::kGre) {
        fmt::format_to(end, "<srckey>{:#x}</srckey><dstkey>{:#x}</dstkey>", tuple.source_key,
                       tuple.destination_key);
    }
}

void print_xml_when(Time when, std::string& out) {
    const Calendar c = calendar_of(when);
    fmt::format_to(std::back_inserter(out),
                   "<when><hour>{}</hour><min>{:02}</min><sec>{:02}</sec><wday>{}</wday>"
                   "<day>{}</day><month>{}</month><year>{}</year></when>",
                   c.hour, c.minute, c.second, c.weekday + 1, c.day, c.month, c.year);
}

std::string_view xml_word(EventKind kind) {
    switch (kind) {
        case EventKind::new_: return "new";
        case EventKind::update: return "update";
        case EventKind::destroy: return "destroy";
    }
    return "";
}

void print_xml(const EntryCopy& entry, const Shown& shown, const EventKind* event, std::string& out,
               const ListingOptions& options) {
    const auto end = std::back_inserter(out);
    if (event == nullptr) {
        out += "<flow>";
    } else {
        fmt::format_to(end, "<flow type=\"{}\">", xml_word(*event));
    }
    print_direction(entry, CtDirection::original, shown, out);
    print_direction(entry, CtDirection::reply, shown, out);
    print_independent(entry, shown, out, options);
    if (event != nullptr && options.timestamp) print_xml_when(entry.copied, out);
    if (shown.helper) fmt::format_to(end, "<helper>{}</helper>", entry.helper);
    out += "</flow>\n";
}

}  // namespace ct

void print_listing_head(EntryFormat format, std::string& out) {
    if (format == EntryFormat::xml) {
        out += "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n";
    }
}

void print_listing_tail(EntryFormat format, std::string& out) {
    if (format == EntryFormat::xml) out += "</conntrack>\n";
}

}  // namespace keepstate
