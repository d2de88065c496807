// See facts.hpp.
#include "differ/facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace keepstate::kernel {

namespace {

/// Bits that both sides know: the rest belong to NAT, offload and templates.
constexpr std::uint32_t kComparedStatus = status::kExpected | status::kSeenReply |
                                          status::kAssured | status::kConfirmed |
                                          status::kFixedTimeout | status::kHelper;
constexpr std::array<std::string_view, 3> kKinds{"new", "update", "destroy"};

std::string tuple_words(const Tuple& t) {
    return fmt::format("{} {} {} {} {}", t.protocol, text(t.source), text(t.destination),
                       t.source_key, t.destination_key);
}

std::string tuple_words(const KernelTuple& t) {
    const bool is_icmp = t.protocol == protocol::kIcmp || t.protocol == protocol::kIcmpv6;
    const unsigned source = is_icmp ? t.icmp_id : t.source_port;
    const unsigned destination =
        is_icmp ? static_cast<unsigned>(t.icmp_type << 8 | t.icmp_code) : t.destination_port;
    return fmt::format("{} {} {} {} {}", t.protocol, print_address(t.source),
                       print_address(t.destination), source, destination);
}

std::string state_words(std::uint32_t status, int tcp, int sctp, std::uint32_t mark) {
    std::string words = fmt::format("status {:#x}", status & kComparedStatus);
    if (tcp >= 0) words += fmt::format(" tcp {}", tcp);
    if (sctp >= 0) words += fmt::format(" sctp {}", sctp);
    if (mark != 0) words += fmt::format(" mark {:#x}", mark);
    return words;
}

std::string zone_and_labels(std::uint16_t original, std::uint16_t reply,
                            std::span<const std::uint8_t> labels) {
    std::string words;
    if (original != 0 || reply != 0) words += fmt::format(" zones {} {}", original, reply);
    if (std::any_of(labels.begin(), labels.end(), [](std::uint8_t byte) { return byte != 0; })) {
        words += fmt::format(" labels {:02x}", fmt::join(labels, ""));
    }
    return words;
}

std::string helper_words(const std::string& helper) {
    return helper.empty() ? std::string{} : " helper " + helper;
}

std::string state_words(const KernelEntry& e) {
    return state_words(e.status, e.tcp ? static_cast<int>(e.tcp->state) : -1,
                       e.sctp_state ? *e.sctp_state : -1, e.mark);
}

template <typename Entry>
std::string own_state_words(const Entry& e) {
    return state_words(e.status, e.tcp_state ? static_cast<int>(*e.tcp_state) : -1,
                       e.sctp_state ? static_cast<int>(*e.sctp_state) : -1, e.mark);
}

/// What the host's own stack sends of a packet that it got, behind the last hook.
bool is_icmpv6_parameter_problem(std::span<const std::uint8_t> packet) {
    constexpr std::size_t kIpv6Header = 40;
    constexpr std::uint8_t kIcmpv6 = 58, kParameterProblem = 4;
    return packet.size() > kIpv6Header && packet[0] >> 4 == 6 && packet[6] == kIcmpv6 &&
           packet[kIpv6Header] == kParameterProblem;
}

RecordFacts event_facts(const KernelEvent& event) {
    RecordFacts facts = facts_of(event.entry);
    facts.key = fmt::format("{} {}", kKinds[static_cast<std::size_t>(event.kind)], facts.key);
    if (!event.entry.has_timeout) facts.timeout_s.reset();
    return facts;
}

template <typename ExpectationEvent>
RecordFacts expectation_event_facts(const ExpectationEvent& event) {
    RecordFacts facts = facts_of(event.expectation);
    facts.key = fmt::format("{} {}", kKinds[static_cast<std::size_t>(event.kind)], facts.key);
    return facts;
}

RecordFacts event_facts(const Event& event) {
    EntryCopy told = event.entry;
    if (!event.labels_changed) told.labels = {};  // a record has them only then
    RecordFacts facts = facts_of(told);
    facts.key = fmt::format("{} {}", kKinds[static_cast<std::size_t>(event.kind)], facts.key);
    return facts;
}

}  // namespace

RecordFacts facts_of(const KernelEntry& entry) {
    const std::uint16_t original = entry.zone != 0 ? entry.zone : entry.tuples[0].zone;
    const std::uint16_t reply = entry.zone != 0 ? entry.zone : entry.tuples[1].zone;
    return {tuple_words(entry.tuples[0]),
            tuple_words(entry.tuples[1]) + " " + state_words(entry) + helper_words(entry.helper) +
                zone_and_labels(original, reply, entry.labels),
            entry.timeout_s};
}

RecordFacts facts_of(const EntryCopy& entry) {
    return {tuple_words(entry.original),
            tuple_words(entry.reply) + " " + own_state_words(entry) + helper_words(entry.helper) +
                zone_and_labels(entry.zone_original, entry.zone_reply, entry.labels),
            entry.timeout_ns / kNsPerSecond};
}

template <typename Expectation>
RecordFacts expectation_facts(const Expectation& e, std::int64_t timeout_s) {
    return {tuple_words(e.tuple),
            fmt::format("mask {} master {} flags {} class {} helper {}", tuple_words(e.mask),
                        tuple_words(e.master), e.flags, e.class_number, e.helper),
            timeout_s};
}

RecordFacts facts_of(const KernelExpectation& expectation) {
    return expectation_facts(expectation, expectation.timeout_s);
}

RecordFacts facts_of(const ExpectationCopy& expectation) {
    return expectation_facts(expectation, expectation.timeout_ns / kNsPerSecond);
}

std::string tags_of(const KernelEntry& entry) {
    if (!entry.sctp_state) return {};
    return fmt::format(" tags {:#x} {:#x}", entry.sctp_vtags[0], entry.sctp_vtags[1]);
}

std::string tags_of(const EntryCopy& entry) {
    if (!entry.sctp_state) return {};
    return fmt::format(" tags {:#x} {:#x}", entry.sctp_vtags[0], entry.sctp_vtags[1]);
}

PacketFacts facts_of(const KernelVerdict& verdict) {
    PacketFacts facts;
    facts.state = verdict.state ? state_name(*verdict.state) : "-";
    const bool has_entry = verdict.state && *verdict.state != KernelState::invalid &&
                           *verdict.state != KernelState::untracked;
    if (has_entry && verdict.direction) {
        facts.state += *verdict.direction == Direction::original ? " original" : " reply";
    }
    // IPv6 that cannot be cut again behind the last hook is lost there: no rule, no router said so.
    facts.verdict = verdict.delivered || verdict.was_let_out ? "passed" : "stopped";
    for (const std::string& words : verdict.words) facts.why += fmt::format(" ({})", words);
    if (verdict.entry && (verdict.entry->status & kStatusConfirmed) != 0) {
        facts.entry = state_words(*verdict.entry);
        facts.timeout_s = verdict.entry->timeout_s;
    }
    if (verdict.delivered) facts.device = verdict.out_device.empty() ? "host" : verdict.out_device;
    for (const KernelOutput& reply : verdict.replies) {
        const bool is_of_host = facts.device == "host" && is_icmpv6_parameter_problem(reply.bytes);
        facts.has_parameter_problem |= is_of_host;
        if (is_of_host) continue;
        facts.answer += fmt::format("{} bytes ", reply.bytes.size());
    }
    for (const KernelEvent& event : verdict.events) facts.events.push_back(event_facts(event));
    for (const KernelExpectationEvent& event : verdict.expectation_events) {
        facts.expectation_events.push_back(expectation_event_facts(event));
    }
    return facts;
}

PacketFacts facts_of(const Decision& decision, std::span<const Event> events,
                     std::span<const ExpectationEvent> expectation_events) {
    PacketFacts facts;
    facts.state = decision.state ? std::string{text(*decision.state)} : "-";
    if (decision.reason != Reason::none) facts.why = fmt::format(" ({})", text(decision.reason));
    if (decision.direction) {
        facts.state += *decision.direction == CtDirection::original ? " original" : " reply";
    }
    facts.verdict = decision.verdict == Verdict::accept ? "passed" : "stopped";
    if (decision.entry && (decision.entry->status & status::kDying) == 0) {
        facts.entry = own_state_words(*decision.entry);
        facts.timeout_s = decision.entry->timeout_ns / kNsPerSecond;
    }
    if (decision.verdict == Verdict::accept) {
        facts.device = decision.out_device.empty() ? "host" : std::string{decision.out_device};
    }
    if (!decision.reply_bytes.empty()) {
        facts.answer = fmt::format("{} bytes ", decision.reply_bytes.size());
    }
    for (const Event& event : events) facts.events.push_back(event_facts(event));
    for (const ExpectationEvent& event : expectation_events) {
        facts.expectation_events.push_back(expectation_event_facts(event));
    }
    return facts;
}

}  // namespace keepstate::kernel
