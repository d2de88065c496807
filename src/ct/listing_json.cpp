// Entries as JSON: one object a line, for programs. The form is keepstate's own; conntrack 1.4.7 has none.
//
//     {"connection":1,"id":1,"family":"ipv4","protocol":"tcp","protocol_number":6,"timeout":431999,
//      "tcp_state":"ESTABLISHED","sctp_state":null,"status":["SEEN_REPLY","ASSURED","CONFIRMED"],
//      "original":{..},"reply":{..},"mark":0,"use":1,"helper":null,"labels":[],"started":null,"age":null}
//
// An event has "event" ("new", "update", "destroy") and "time" before these. Every key is always there, null
// where there is nothing to say. A direction has source, destination, the keys of its protocol
// (source_port and destination_port; icmp_type, icmp_code and icmp_id; source_key and destination_key),
// zone, packets and bytes. Seconds since the epoch are strings with nine decimals, so that no reader
// rounds them. Labels are their names, or their numbers where there is no name.
//
// tested by: ct/listing_test.cpp.
#include <fmt/format.h>
#include <iterator>

#include "ct/listing.hpp"

namespace keepstate::ct {

namespace {

void print_string(std::string_view words, std::string& out) {
    out += '"';
    for (const char c : words) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    out += '"';
}

void print_keys(const Tuple& tuple, std::string& out) {
    const auto end = std::back_inserter(out);
    if (has_ports(tuple.protocol)) {
        fmt::format_to(end, "\"source_port\":{},\"destination_port\":{},", tuple.source_key,
                       tuple.destination_key);
    } else if (is_icmp(tuple.protocol)) {
        fmt::format_to(end, "\"icmp_type\":{},\"icmp_code\":{},\"icmp_id\":{},", tuple.icmp_type(),
                       tuple.icmp_code(), tuple.source_key);
    } else if (tuple.protocol == protocol::kGre) {
        fmt::format_to(end, "\"source_key\":{},\"destination_key\":{},", tuple.source_key,
                       tuple.destination_key);
    }
}

void print_direction(const EntryCopy& entry, CtDirection direction, std::string& out) {
    const auto end = std::back_inserter(out);
    const bool is_original = direction == CtDirection::original;
    const auto index = static_cast<std::size_t>(direction);
    const Tuple& tuple = is_original ? entry.original : entry.reply;
    fmt::format_to(end, "\"{}\":{{\"source\":\"{}\",\"destination\":\"{}\",",
                   is_original ? "original" : "reply", text(tuple.source), text(tuple.destination));
    print_keys(tuple, out);
    fmt::format_to(end, "\"zone\":{},", is_original ? entry.zone_original : entry.zone_reply);
    if (entry.counted) {
        fmt::format_to(end, "\"packets\":{},\"bytes\":{}}},", entry.packets[index],
                       entry.bytes[index]);
    } else {
        out += "\"packets\":null,\"bytes\":null},";
    }
}

template <typename State>
void print_state(std::string_view key, const std::optional<State>& state, std::string& out) {
    if (state) {
        fmt::format_to(std::back_inserter(out), "\"{}\":\"{}\",", key, text(*state));
    } else {
        fmt::format_to(std::back_inserter(out), "\"{}\":null,", key);
    }
}

std::string_view name_of_label(unsigned bit, const ListingOptions& options) {
    if (options.labels == nullptr) return {};
    for (const LabelName& label : *options.labels) {
        if (label.bit == bit) return label.name;
    }
    return {};
}

void print_labels(const EntryCopy& entry, std::string& out, const ListingOptions& options) {
    out += "\"labels\":[";
    bool is_first = true;
    for (unsigned bit = 0; bit < 128; ++bit) {
        if (!has_label(entry, bit)) continue;
        if (!is_first) out += ',';
        is_first = false;
        const std::string_view name = name_of_label(bit, options);
        if (name.empty()) {
            out += std::to_string(bit);
        } else {
            print_string(name, out);
        }
    }
    out += "],";
}

void print_time(std::string_view key, Time time, std::string& out) {
    const std::int64_t below = time.ns % kNsPerSecond;
    const std::int64_t seconds = time.ns / kNsPerSecond - (below < 0 ? 1 : 0);
    fmt::format_to(std::back_inserter(out), "\"{}\":\"{}.{:09}\",", key, seconds,
                   below < 0 ? below + kNsPerSecond : below);
}

void print_status(std::uint32_t bits, std::string& out) {
    out += "\"status\":[";
    bool is_first = true;
    for (const std::string_view word : status_words(bits)) {
        fmt::format_to(std::back_inserter(out), "{}\"{}\"", is_first ? "" : ",", word);
        is_first = false;
    }
    out += "],";
}

}  // namespace

void print_json(const EntryCopy& entry, const EventKind* event, std::string& out,
                const ListingOptions& options) {
    const auto end = std::back_inserter(out);
    const std::uint8_t number = entry.original.protocol;
    out += '{';
    if (event != nullptr) {
        fmt::format_to(end, "\"event\":\"{}\",", xml_word(*event));
        print_time("time", entry.copied, out);
    }
    fmt::format_to(end,
                   "\"connection\":{},\"id\":{},\"family\":\"{}\",\"protocol\":\"{}\","
                   "\"protocol_number\":{},\"timeout\":{},",
                   entry.number, entry.id, text(entry.original.source.family),
                   kernel_protocol_name(number), number, seconds_of(entry.timeout_ns));
    print_state("tcp_state", entry.tcp_state, out);
    print_state("sctp_state", entry.sctp_state, out);
    print_status(entry.status, out);
    print_direction(entry, CtDirection::original, out);
    print_direction(entry, CtDirection::reply, out);
    fmt::format_to(end, "\"mark\":{},\"use\":{},\"helper\":", entry.mark, entry.use);
    if (entry.helper.empty()) {
        out += "null,";
    } else {
        print_string(entry.helper, out);
        out += ',';
    }
    print_labels(entry, out, options);
    if (entry.started) {
        print_time("started", *entry.started, out);
        fmt::format_to(end, "\"age\":{}}}\n", seconds_of(entry.copied - *entry.started));
    } else {
        out += "\"started\":null,\"age\":null}\n";
    }
}

}  // namespace keepstate::ct
