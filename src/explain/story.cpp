// Facts -> words; see story.hpp.
#include "explain/story.hpp"

#include <algorithm>
#include <iterator>

#include "ct/log_words.hpp"
#include "rules/program.hpp"

namespace keepstate::explain {

namespace {

constexpr int kAtHook = 2;
constexpr int kAtStep = 4;
constexpr int kDetail = 6;

std::string protocol_name(std::uint8_t number) {
    switch (number) {
        case protocol::kTcp: return "tcp";
        case protocol::kUdp: return "udp";
        case protocol::kUdpLite: return "udplite";
        case protocol::kIcmp: return "icmp";
        case protocol::kIcmpv6: return "icmpv6";
        case protocol::kSctp: return "sctp";
        case protocol::kGre: return "gre";
        default: return fmt::format("protocol {}", number);
    }
}

std::string print_endpoint(const Address& address, std::uint16_t port) {
    if (address.family == Family::ipv6) return fmt::format("[{}]:{}", text(address), port);
    return fmt::format("{}:{}", text(address), port);
}

std::string ruling_words(ct::Ruling ruling) {
    if (ruling == ct::Ruling::pass) return "let by, not judged";
    if (ruling == ct::Ruling::bad) return "not possible";
    return std::string{text(ct::state_of(ruling))};
}

std::string_view before_or_not(wire::SeqNumber a, wire::SeqNumber b) {
    return wire::before(a, b) ? "yes" : "NO";
}

std::string_view side_words(CtDirection direction) {
    return direction == CtDirection::original ? "the original side" : "the reply side";
}

}  // namespace

std::string print_tuple(const Tuple& tuple) {
    const std::string name = protocol_name(tuple.protocol);
    switch (tuple.protocol) {
        case protocol::kTcp:
        case protocol::kUdp:
        case protocol::kUdpLite:
        case protocol::kSctp:
            return fmt::format("{} {} > {}", name, print_endpoint(tuple.source, tuple.source_key),
                               print_endpoint(tuple.destination, tuple.destination_key));
        case protocol::kIcmp:
        case protocol::kIcmpv6:
            return fmt::format("{} {} > {} type {} code {} id {}", name, text(tuple.source),
                               text(tuple.destination), tuple.icmp_type(), tuple.icmp_code(),
                               tuple.source_key);
        default:
            return fmt::format("{} {} > {}", name, text(tuple.source), text(tuple.destination));
    }
}

std::string print_expected(const ct::Expectation& expectation) {
    const Tuple& tuple = expectation.tuple;
    std::string from =
        expectation.mask.address_bits == 0 ? "anywhere" : std::string{text(tuple.source)};
    if (expectation.mask.address_bits < tuple.source.size() * 8 &&
        expectation.mask.address_bits != 0) {
        from += fmt::format("/{}", expectation.mask.address_bits);
    }
    if (expectation.mask.key) from += fmt::format(" key {}", tuple.source_key);
    return fmt::format("{} from {} to {}", protocol_name(tuple.protocol), from,
                       print_endpoint(tuple.destination, tuple.destination_key));
}

template <typename... Args>
void Story::line(int indent, fmt::format_string<Args...> words, Args&&... args) {
    out_->append(static_cast<std::size_t>(indent), ' ');
    fmt::format_to(std::back_inserter(*out_), words, std::forward<Args>(args)...);
    out_->push_back('\n');
}

void Story::log_words(std::string_view words) {
    if (!words.empty()) line(kDetail, "Linux would log: {}", words);
}

void Story::parsed(const wire::Packet& packet, Reason reason) {
    packet_ = packet;
    if (reason != Reason::none) {
        line(kAtHook, "parse: refused before any hook: {} ({})", sentence(reason), text(reason));
        return;
    }
    line(kAtHook, "parse: {} {} > {}, protocol {}, {} bytes, {} {}",
         packet.family == Family::ipv4 ? "IPv4" : "IPv6", text(packet.source()),
         text(packet.destination()), packet.protocol, packet.ip.size(),
         packet.family == Family::ipv4 ? "TTL" : "hop limit", packet.ttl);
}

void Story::hook_entered(Hook hook, std::string_view in, std::string_view out) {
    line(kAtHook, "{}{}{}{}{}", text(hook), in.empty() ? "" : "  in ", in,
         out.empty() ? "" : "  out ", out);
}

void Story::routed(const hooks::Route& route) {
    switch (route.kind) {
        case hooks::RouteKind::local: line(kAtHook, "route: for this host"); return;
        case hooks::RouteKind::forward:
            line(kAtHook, "route: out by {}", hooks::text(*route.out));
            return;
        case hooks::RouteKind::refuse:
            line(kAtHook, "route: refused: {} ({})", sentence(route.reason), text(route.reason));
            return;
    }
}

void Story::fragment_held(Reason reason) {
    line(kAtStep, "reassemble: {} ({})", sentence(reason), text(reason));
}

void Story::answered(std::string_view what) { line(kAtStep, "answer sent: {}", what); }

void Story::done(const Decision& decision) {
    if (!decision.rule.is_set()) {
        line(kAtHook, "=> {}", text(decision.verdict));
    } else if (decision.rule.number == 0) {
        line(kAtHook, "=> {} by the policy of {} {}", text(decision.verdict),
             text(decision.rule.table), decision.rule.chain);
    } else {
        line(kAtHook, "=> {} by {} {} rule {}: {}", text(decision.verdict),
             text(decision.rule.table), decision.rule.chain, decision.rule.number,
             decision.rule.rule_text);
    }
}

void Story::untracked(std::string_view why) { line(kAtStep, "track: UNTRACKED: {}", why); }

void Story::looked_up(const Tuple& tuple, const ct::Entry* entry, CtDirection direction) {
    found_ = entry;
    found_direction_ = direction;
    if (!entry) {
        line(kAtStep, "track: look up {}: nobody knows it", print_tuple(tuple));
        return;
    }
    line(kAtStep, "track: look up {}: flow {}, {} direction", print_tuple(tuple), entry->number(),
         direction == CtDirection::original ? "original" : "reply");
}

void Story::entry_made(const ct::Entry& entry) {
    line(kDetail,
         "a new entry, seen by others when the packet has passed its last hook; its answers will "
         "be {}",
         print_tuple(entry.reply()));
}

void Story::expected(const ct::Expectation& expectation, const ct::Entry& master) {
    line(kDetail, "expected: flow {} announced it ({}), so it is RELATED", master.number(),
         print_expected(expectation));
}

void Story::announced(const ct::Expectation& expectation, ct::Grant grant) {
    const std::string what = print_expected(expectation);
    switch (grant) {
        case ct::Grant::granted:
            line(kDetail, "helper: the packet announces {}: expected from now on", what);
            return;
        case ct::Grant::already:
            line(kDetail, "helper: the packet announces {}: another flow has announced it", what);
            return;
        case ct::Grant::clash:
            line(kDetail, "helper: the packet announces {}: clashes with what is expected", what);
            return;
        case ct::Grant::full:
            line(kDetail, "helper: the packet announces {}: too many are expected already", what);
            return;
    }
}

void Story::helped(const ct::Entry& entry, const ct::HelperAnswer& answer) {
    if (!answer.drops) return;
    line(kAtStep, "helper: {} drops the packet", entry.rare().helper->name);
    if (answer.words.empty()) return;
    log_words(
        fmt::format("nf_ct_{}: dropping packet: {}", entry.rare().helper->name, answer.words));
}

void Story::error_quotes(const Tuple& quoted, const ct::Entry& entry, CtDirection direction) {
    line(kDetail, "the error quotes {}, a packet of flow {}; it travels in its {} direction",
         print_tuple(quoted), entry.number(),
         direction == CtDirection::original ? "original" : "reply");
}

void Story::tcp_judged(const ct::TcpMemory& before, const ct::Segment& segment,
                       CtDirection direction, const ct::TcpJudgement& judgement) {
    line(kDetail, "{} + {} from {} -> {}", text(before.state), ct::text(segment.kind),
         side_words(direction), ruling_words(judgement.ruling));
    if (!judgement.exception.empty()) line(kDetail, "exception: {}", judgement.exception);
    const ct::WindowCheck& window = judgement.window;
    if (window.made) {
        line(kDetail, "window I:   seq {} < {}  {}", window.seq.value(), window.data_upper.value(),
             before_or_not(window.seq, window.data_upper));
        line(kDetail, "window II:  end {} > {}  {}", window.end.value(), window.data_lower.value(),
             before_or_not(window.data_lower, window.end));
        line(kDetail, "window III: ack {} < {}  {}", window.sack.value(), window.ack_upper.value(),
             before_or_not(window.sack, window.ack_upper));
        line(kDetail, "window IV:  ack {} > {}  {}", window.sack.value(), window.ack_lower.value(),
             before_or_not(window.ack_lower, window.sack));
        if (window.reason != Reason::none) {
            line(kDetail, "window: {} ({}){}", sentence(window.reason), text(window.reason),
                 window.liberal                              ? "; accepted all the same: liberal"
                 : window.ruling == ct::WindowRuling::let_by ? "; let by, nothing is learnt from it"
                                                             : "");
        }
    }
    log_words(ct::tcp_log_words(before, segment, direction, judgement));
    const std::string close = ct::tcp_close_log_words(before, segment, direction, judgement);
    if (!close.empty()) line(kDetail, "and, if more is left: {}", close);
    if (judgement.timeout_s) line(kDetail, "timeout: {} s", *judgement.timeout_s);
}

void Story::sctp_judged(const ct::SctpMemory& before, const ct::SctpPacket& packet,
                        CtDirection direction, const ct::SctpJudgement& judgement) {
    if (judgement.step_count == 0) {
        line(kDetail, "tag {:#010x} from {}, where {:#010x} is known", packet.vtag,
             side_words(direction), before.vtag[static_cast<std::size_t>(direction)]);
    }
    const std::size_t told = std::min(judgement.step_count, ct::SctpJudgement::kSteps);
    for (std::size_t i = 0; i < told; ++i) {
        const ct::SctpStep& step = judgement.steps[i];
        line(kDetail, "{} + {} from {} -> {}", text(step.before), ct::text(step.chunk.kind),
             side_words(direction),
             step.ruling == ct::SctpRuling::bad ? "not possible" : text(ct::state_of(step.ruling)));
        if (!step.exception.empty()) line(kDetail, "exception: {}", step.exception);
    }
    log_words(ct::sctp_log_words(before, packet, direction, judgement));
    if (judgement.timeout_s) line(kDetail, "timeout: {} s", *judgement.timeout_s);
}

void Story::refused(Reason reason) {
    line(kAtStep, "=> {}: {} ({})", kind(reason) == ReasonKind::limit ? "dropped" : "INVALID",
         sentence(reason), text(reason));
    log_words(ct::refusal_log_words(reason, packet_, found_, found_direction_));
}

void Story::tracked(const ct::PacketFlow& flow, Time now) {
    if (!flow.entry) return;
    if (flow.entry->has(status::kDying)) {
        line(kAtStep, "=> {}, and the flow ends with it", text(flow.state));
        return;
    }
    line(kAtStep, "=> {}, {} direction, timeout {} s", text(flow.state),
         flow.direction == CtDirection::original ? "original" : "reply",
         flow.entry->left_ns(now) / kNsPerSecond);
}

void Story::entry_confirmed(const ct::Entry& entry) {
    line(kAtStep, "confirm: flow {} is in the table now", entry.number());
}

void Story::entry_gone(const ct::Entry& entry, std::string_view why) {
    line(kDetail, "flow {} leaves the table: {}", entry.number(), why);
}

void Story::table_entered(Table table, Hook hook) {
    line(kAtStep, "{} {}", text(table), text(hook));
}

void Story::chain_entered(const rules::RuleSite& chain, const rules::RuleSite& jumped_from,
                          bool by_goto) {
    if (jumped_from.rule == 0) return;
    line(kDetail, "-> {} chain {}", by_goto ? "goto" : "jump to", chain.chain_name);
}

void Story::rule_tried(const rules::RuleTried& tried) {
    const std::string rule =
        tried.site.program->rule_text(tried.site.table, tried.site.chain, tried.site.rule);
    if (tried.matched) {
        line(kDetail, "{} rule {}: yes: {}", tried.site.chain_name, tried.site.rule, rule);
        return;
    }
    line(kDetail, "{} rule {}: no: {}", tried.site.chain_name, tried.site.rule, rule);
    line(kDetail + 2, "{}{}{}", tried.part, tried.words.empty() ? "" : ": ", tried.words);
    if (tried.hotdrop) line(kDetail + 2, "too broken to go on: dropped");
}

void Story::chain_left(const rules::RuleSite& left, const rules::RuleSite& back_to,
                       bool by_return) {
    line(kDetail, "<- {} of {}, back to {} rule {}", by_return ? "RETURN" : "end", left.chain_name,
         back_to.chain_name, back_to.rule + 1);
}

void Story::said(const rules::RuleSite&, std::string_view target, std::string_view words) {
    line(kDetail + 2, "{}: {}", target, words);
}

void Story::logged(const rules::LogFact& fact) {
    line(kDetail + 2, "log <{}>: {}", fact.level, fact.line);
}

void Story::decided(const rules::RuleSite& site, const rules::Outcome& outcome) {
    if (outcome.rule == 0) {
        line(kDetail, "policy of {}: {}", site.chain_name, text(outcome.verdict()));
    } else {
        line(kDetail, "{} rule {}: {}", site.chain_name, site.rule, text(outcome.verdict()));
    }
}

}  // namespace keepstate::explain
