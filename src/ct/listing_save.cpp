// Entries as arguments of conntrack: the lines of `conntrack -L -o save`, which `conntrack -R` loads.
//
//     -A -t 99 -u SEEN_REPLY,ASSURED -w 5 -s .. -d .. -r .. -q .. -p tcp --sport .. --state ESTABLISHED
//        |     |                     |    |     |     |     '-- reply destination; -n if it was translated
//        |     status                zone '-----'     '-- reply source; -g if it was translated
//        seconds left
//
// Not in the form, and so lost: mark, counters, age, helper, labels, ICMP's reply.
//
// Two oddities of conntrack-tools 1.4.7 are kept, because the measure is the byte: SCTP's vtags come out
// with their bytes turned round, and it has no word for HEARTBEAT_SENT.
//
// source: seen:tests/kernel_listing.   tested by: ct/listing_test.cpp, tests/kernel_listing.
#include <fmt/format.h>
#include <array>
#include <iterator>

#include "ct/listing.hpp"

namespace keepstate::ct {

namespace {

struct StatusWord {
    std::uint32_t bit;
    std::string_view word;
};
constexpr std::array kStatusWords{
    StatusWord{status::kExpected, "EXPECTED"},
    StatusWord{status::kSeenReply, "SEEN_REPLY"},
    StatusWord{status::kAssured, "ASSURED"},
    StatusWord{status::kFixedTimeout, "FIXED_TIMEOUT"},
};

std::string status_list(std::uint32_t bits) {
    std::string list;
    for (const StatusWord& row : kStatusWords) {
        if ((bits & row.bit) == 0) continue;
        if (!list.empty()) list += ',';
        list += row.word;
    }
    return list.empty() ? "UNSET" : list;
}

constexpr std::uint32_t turned_round(std::uint32_t vtag) {
    return vtag << 24 | (vtag & 0xff00U) << 8 | (vtag >> 8 & 0xff00U) | vtag >> 24;
}

void print_zones(const EntryCopy& entry, std::string& out) {
    const auto end = std::back_inserter(out);
    if (entry.zone_original == entry.zone_reply) {
        if (entry.zone_original != 0) fmt::format_to(end, " -w {}", entry.zone_original);
        return;
    }
    if (entry.zone_original != 0) fmt::format_to(end, " --orig-zone {}", entry.zone_original);
    if (entry.zone_reply != 0) fmt::format_to(end, " --reply-zone {}", entry.zone_reply);
}

void print_keys(const EntryCopy& entry, std::string& out) {
    const auto end = std::back_inserter(out);
    const Tuple& original = entry.original;
    const Tuple& reply = entry.reply;
    if (has_ports(original.protocol)) {
        fmt::format_to(end, " --sport {} --dport {} --reply-port-src {} --reply-port-dst {}",
                       original.source_key, original.destination_key, reply.source_key,
                       reply.destination_key);
    } else if (is_icmp(original.protocol)) {
        const std::string_view name = tool_protocol_name(original.protocol);
        fmt::format_to(end, " --{0}-type {1} --{0}-code {2} --{0}-id {3}", name,
                       original.icmp_type(), original.icmp_code(), original.source_key);
    } else if (original.protocol == protocol::kGre) {
        fmt::format_to(end, " --srckey {} --dstkey {} --reply-key-src {} --reply-key-dst {}",
                       original.source_key, original.destination_key, reply.source_key,
                       reply.destination_key);
    }
}

void print_state(const EntryCopy& entry, const Shown& shown, std::string& out) {
    const auto end = std::back_inserter(out);
    if (entry.tcp_state) fmt::format_to(end, " --state {}", text(*entry.tcp_state));
    if (!entry.sctp_state) return;
    const bool has_word = *entry.sctp_state != SctpState::heartbeat_sent;
    fmt::format_to(end, " --state {}", has_word ? text(*entry.sctp_state) : "(null)");
    if (!shown.vtags) return;
    fmt::format_to(end, " --orig-vtag {} --reply-vtag {}", turned_round(entry.sctp_vtags[0]),
                   turned_round(entry.sctp_vtags[1]));
}

}  // namespace

void print_save(const EntryCopy& entry, const Shown& shown, char verb, std::string& out) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "-{}", verb);
    if (shown.timeout) fmt::format_to(end, " -t {}", seconds_of(entry.timeout_ns));
    fmt::format_to(end, " -u {}", status_list(entry.status));
    print_zones(entry, out);
    const bool is_dnat = (entry.status & status::kDstNatDone) != 0 &&
                         entry.reply.source != entry.original.destination;
    const bool is_snat = (entry.status & status::kSrcNatDone) != 0 &&
                         entry.reply.destination != entry.original.source;
    fmt::format_to(end, " -s {} -d {} -{} {} -{} {}", text(entry.original.source),
                   text(entry.original.destination), is_dnat ? 'g' : 'r', text(entry.reply.source),
                   is_snat ? 'n' : 'q', text(entry.reply.destination));
    const std::uint8_t number = entry.original.protocol;
    const std::string_view name = tool_protocol_name(number);
    if (name == "unknown") {
        fmt::format_to(end, " -p {}", number);
    } else {
        fmt::format_to(end, " -p {}", name);
    }
    print_keys(entry, out);
    print_state(entry, shown, out);
    out += '\n';
}

}  // namespace keepstate::ct
