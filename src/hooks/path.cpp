// One packet along the order; see path.hpp. The answers that the firewall itself sends: path_answer.cpp.
//
// source: kernel:net/ipv4/ip_input.c, ip_forward.c, ip_output.c and their IPv6 twins.
#include "hooks/path.hpp"

#include <algorithm>
#include <cstring>

#include "hooks/invalid_log.hpp"
#include "hooks/trip.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::hooks {

namespace {

std::size_t index_of(Family family) { return family == Family::ipv4 ? 0 : 1; }

/// The source address, if the bytes reach that far; whether a packet is this host's own decides how it is
/// parsed.
std::optional<Address> peek_source(Family family, base::ByteView ip) {
    Address address;
    address.family = family;
    const std::size_t offset = family == Family::ipv4 ? 12 : 8;
    if (!ip.has(offset, address.size())) return std::nullopt;
    std::memcpy(address.bytes.data(), ip.data() + offset, address.size());
    return address;
}

}  // namespace

Path::Path(const Routing& routing, wire::Reassembler& reassembler, ct::Tracker& tracker,
           base::Arena& arena, rules::Dice& dice, rules::Program* rules4, rules::Program* rules6)
    : routing_(routing),
      reassembler_(reassembler),
      tracker_(tracker),
      programs_{rules4, rules6},
      is_usual_possible_{usual_is_possible(Family::ipv4), usual_is_possible(Family::ipv6)},
      trails_(routing.device_count(), rules4 != nullptr || rules6 != nullptr),
      lookup_(tracker),
      dice_(dice),
      arena_(arena) {
    if (routing.is_bump()) only_way_ = make_way(routing.default_device(), routing.default_device());
}

void Path::rules_changed() {
    is_usual_possible_ = {usual_is_possible(Family::ipv4), usual_is_possible(Family::ipv6)};
    if (trails_.forget() == Trails::Numbers::used_up) tracker_.forget_memos();
}

void Path::decide(const Frame& frame, Time now, Decision& decision, Observer* observer,
                  std::string* log, const wire::Reassembled* reassembled) {
    decision = Decision{};
    reassembled_ = reassembled;
    strayed_.reset();
    tracker_.collect(now);  // whatever becomes of the packet, time has come so far
    const wire::LinkPayload link =
        wire::parse_link(static_cast<wire::LinkType>(frame.link), frame.bytes);
    if (link.reason != Reason::none) {
        decision.reason = link.reason;
        decision.verdict = Verdict::drop;
        return;
    }
    decision.is_ip = true;
    decision.family = link.family;
    const std::optional<Address> source = peek_source(link.family, link.ip);
    const bool is_own = source && routing_.is_local(*source);

    wire::Packet packet;
    const bool from_outside = !is_own && !routing_.is_bump();
    const Reason reason = parse(link.ip, from_outside, decision, packet);
    if (observer) observer->parsed(packet, reason);
    if (reason != Reason::none) {
        decision.reason = reason;
        decision.verdict = Verdict::drop;
        if (reason == Reason::ipv6_hop_by_hop) {
            // For the answer the packet need not be sound.
            wire::parse_ip(link.family, link.ip, false, packet);
            Trip trip{packet, decision, observer, programs_[index_of(link.family)], *this};
            trip.context.now = now;
            trip.context.log = log;
            answer_hop_by_hop(wire::find_hop_by_hop_fault(link.ip), trip);
        }
        if (observer) observer->done(decision);
        return;
    }
    decision.protocol = packet.protocol;
    Trip trip{packet, decision, observer, programs_[index_of(link.family)], *this};
    trip.is_own = trip.context.is_from_host = is_own;
    trip.context.now = now;
    trip.context.log = log;
    if (!is_own) trip.context.link_type = static_cast<rules::LinkType>(link.addressed);
    if (link.ethernet.size() != 0) trip.context.ethernet = link.ethernet.data();
    constexpr std::size_t kMac = 6;
    if (link.hardware_source.size() == kMac) trip.context.source_mac = link.hardware_source.data();
    decide_ip(packet, frame, trip);
    travel(trip);
    conclude(trip);
    if (observer) observer->done(decision);
}

/// As Linux's receive path, but for frames that a capture cut: those are completed first, if wanted.
Reason Path::parse(base::ByteView ip, bool from_outside, Decision& decision, wire::Packet& packet) {
    const Family family = decision.family;
    const Reason reason = wire::parse_ip(family, ip, from_outside, packet);
    const bool is_cut =
        reason == Reason::ipv4_total_length_beyond || reason == Reason::ipv6_payload_beyond;
    if (!completes_cut_frames_ || !is_cut) return reason;
    const std::size_t wanted = family == Family::ipv4 ? ip.be16(2) : std::size_t{40} + ip.be16(4);
    std::uint8_t* whole = arena_.take(wanted);
    std::memcpy(whole, ip.data(), ip.size());
    std::memset(whole + ip.size(), 0, wanted - ip.size());
    decision.was_cut = true;
    return wire::parse_ip(family, {whole, wanted}, from_outside, packet);
}

/// Fragments wait here for the others; the packet that completes them goes on as the whole datagram.
bool Path::run_reassemble(Trip& trip, Hook hook) {
    // A fragment header that is cut short makes no fragment, but reassembly refuses it.
    const bool has_fragment_header =
        trip.packet.is_fragment || trip.packet.fragment_header_offset != 0;
    if (!has_fragment_header || trip.is_tracked) return true;
    const std::uint32_t user = hook == Hook::prerouting ? 0 : 1;
    const wire::Reassembled result =
        reassembled_
            ? *reassembled_
            : reassembler_.take(trip.packet, user, routing_.number_of(*trip.in), trip.context.now);
    switch (result.fate) {
        case wire::FragmentFate::pass:
            trip.fragment_reason = result.reason;
            return !has_strayed(trip, result);
        case wire::FragmentFate::held:
            trip.verdict = Verdict::held;
            trip.ct_reason = Reason::fragment_held;
            break;
        case wire::FragmentFate::dropped:
            trip.verdict = Verdict::drop;
            trip.ct_reason = result.reason;
            break;
        case wire::FragmentFate::whole: {
            const std::size_t size = result.whole.size();
            std::uint8_t* whole = arena_.take(size);
            std::memcpy(whole, result.whole.data(), size);
            const Reason reason =
                wire::parse_ip(trip.packet.family, {whole, size}, false, trip.packet);
            if (reason == Reason::none) {
                trip.decision.protocol = trip.packet.protocol;
                wire::Reassembled kept = result;
                kept.whole = {whole, size};
                return !has_strayed(trip, kept);
            }
            trip.verdict = Verdict::drop;
            trip.ct_reason = reason;
            break;
        }
    }
    if (trip.observer) trip.observer->fragment_held(trip.ct_reason);
    return false;
}

bool Path::has_strayed(Trip& trip, const wire::Reassembled& result) {
    if (!owner_ || reassembled_ || owner_->is_here(trip.packet)) return false;
    strayed_ = result;
    trip.verdict = Verdict::held;
    return true;
}

void Path::decide_ip(const wire::Packet& packet, const Frame& frame, Trip& trip) {
    if (trip.is_own) {
        trip.out = &routing_.way_out(packet.destination());
        return;
    }
    trip.in = frame.device == kAnyDevice ? &routing_.device_of(packet.source())
                                         : &routing_.device_at(frame.device);
}

/// Hook after hook, until one drops the packet or it is out or here.
void Path::travel(Trip& trip) {
    if (trip.is_own) {
        travel_from_here(trip);
        return;
    }
    if (!pass_hook(trip, Hook::prerouting) || !route(trip)) return;
    if (trip.is_for_us) {
        pass_hook(trip, Hook::input);
        return;
    }
    if (pass_hook(trip, Hook::forward)) pass_hook(trip, Hook::postrouting);
}

/// What this host sends; what it sends to itself comes back by loopback. True: nothing dropped it.
bool Path::travel_from_here(Trip& trip) {
    if (!pass_hook(trip, Hook::output)) return false;
    trip.out = &routing_.way_out(trip.packet.destination());  // a rule may have written another
    if (!pass_hook(trip, Hook::postrouting)) return false;
    if (!routing_.is_own_destination(trip.packet.destination())) return true;
    trip.in = trip.out;
    trip.out = &kNoDevice;
    return pass_hook(trip, Hook::prerouting) && route(trip) && pass_hook(trip, Hook::input);
}

/// Linux overwrites what stands behind the end of an IPv4 packet's options. Returns whether it did.
bool Path::clear_options(Trip& trip) {
    const wire::Packet& packet = trip.packet;
    const std::size_t end = wire::find_ipv4_options_end(packet);
    const std::size_t bytes = packet.header_bytes - end;
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    const std::uint8_t* const at = packet.ip.data() + end;
    if (!routing_.is_router() || std::all_of(at, at + bytes, is_zero)) return false;
    std::uint8_t* const cleared = trip.editor.bytes();
    std::memset(cleared + end, 0, bytes);
    trip.header_sum_is_stale = wire::sum16({cleared, packet.header_bytes}) != 0xffff;
    return true;
}

bool Path::route(Trip& trip) {
    const bool was_cleared = trip.packet.family == Family::ipv4 && clear_options(trip);
    const Route route = routing_.route(trip.packet, *trip.in);
    if (trip.observer) trip.observer->routed(route);
    if (route.kind == RouteKind::local) {
        trip.is_for_us = true;
        return true;
    }
    if (route.kind == RouteKind::refuse) {
        trip.verdict = Verdict::drop;
        trip.route_reason = route.reason;
        if (route.reason == Reason::ttl_exceeded) answer_ttl_exceeded(trip);
        if (route.reason == Reason::ipv4_options) answer_parameter_problem(trip);
        return false;
    }
    trip.out = route.out;
    if (!routing_.is_router()) return true;
    trip.editor.set_ttl(static_cast<std::uint8_t>(trip.packet.ttl - 1));
    trip.context.ttl_lowered = true;
    if (was_cleared) {
        std::uint8_t* const header = trip.editor.bytes();
        base::store_be16(header + 10, 0);
        const std::uint16_t sum = wire::sum16({header, trip.packet.header_bytes});
        base::store_be16(header + 10, static_cast<std::uint16_t>(~sum));
    }
    return true;
}

bool Path::pass_hook(Trip& trip, Hook hook) {
    trip.context.hook = hook;
    const bool knows_in = hook != Hook::output && !(hook == Hook::postrouting && trip.is_own);
    const bool knows_out = hook != Hook::prerouting && hook != Hook::input;
    trip.context.in_device = (knows_in ? *trip.in : kNoDevice).data();
    trip.context.out_device = (knows_out ? *trip.out : kNoDevice).data();
    if (trip.decision.hook_count < trip.decision.hooks.size() && !trip.is_answer) {
        trip.decision.hooks[trip.decision.hook_count++] = hook;
    }
    if (trip.observer) {
        trip.observer->hook_entered(hook, knows_in ? text(*trip.in) : std::string_view{},
                                    knows_out ? text(*trip.out) : std::string_view{});
    }
    for (const OrderedStep& ordered : steps_at(hook)) {
        if (!run_step(trip, hook, ordered.step)) return false;
    }
    return true;
}

bool Path::run_step(Trip& trip, Hook hook, Step step) {
    switch (step) {
        case Step::reassemble: return run_reassemble(trip, hook);
        case Step::raw: return run_table(trip, hook, Table::raw);
        case Step::track: return run_track(trip, hook);
        case Step::mangle: return run_table(trip, hook, Table::mangle);
        case Step::nat_destination: return run_nat(trip, hook, false);
        case Step::filter: return run_table(trip, hook, Table::filter);
        case Step::security: return run_table(trip, hook, Table::security);
        case Step::nat_source: return run_nat(trip, hook, true);
        case Step::help: return run_help(trip);
        case Step::confirm: return run_confirm(trip);
    }
    return true;
}

bool Path::run_track(Trip& trip, Hook hook) {
    trip.context.tracking_done = true;
    const ct::PacketFlow& flow = trip.context.flow;
    // A packet that this host sent to itself carries its flow past loopback. What was INVALID has none to
    // carry, and is asked about again as any packet that arrives.
    const bool comes_back_without_flow = trip.is_own && hook == Hook::prerouting &&
                                         (!flow.entry || flow.entry->is_template()) &&
                                         flow.state != CtState::untracked;
    if (trip.is_tracked && !comes_back_without_flow) return true;
    trip.is_tracked = true;
    ct::TrackOrder order;
    order.at_prerouting = hook == Hook::prerouting;
    const rules::TrackRequest& wish = trip.context.track;
    order.untracked = wish.untracked;
    order.zones = wish.zones(trip.context.mark);
    order.policy = wish.policy;
    order.chooses_events = (wish.ct_events | wish.exp_events) != 0;
    order.told_events = static_cast<std::uint16_t>(wish.ct_events);
    order.told_expectations = static_cast<std::uint8_t>(wish.exp_events);
    order.helper = wish.helper;
    ct::Observer* observer = trip.observer;
    std::optional<InvalidLog> invalid_log;
    if (trip.context.log &&
        InvalidLog::asks_for(tracker_.settings().log_invalid, trip.packet.protocol)) {
        observer = &invalid_log.emplace(trip.observer, trip.context);
    }
    const ct::TrackResult result = tracker_.track(trip.packet, order, trip.context.now, observer);
    trip.context.flow = result.flow;
    // What rules asked is answered. An INVALID packet that comes back by loopback is asked about anew.
    rules::TrackRequest rest;
    rest.untracked = wish.untracked;
    rest.is_closed = wish.is_closed;
    trip.context.track = rest;
    trip.ct_reason = result.reason;
    if (result.must_drop) trip.verdict = Verdict::drop;
    trip.was_refused = result.must_drop;
    return !result.must_drop;
}

bool Path::run_help(Trip& trip) {
    const ct::PacketFlow& flow = trip.context.flow;
    if (!flow.entry || !flow.entry->rare().helper) return true;
    ct::HelpOrder order;
    order.is_from_host = trip.is_own;
    order.broadcast_bits = routing_.broadcast_bits(trip.packet.destination(), *trip.out);
    order.ways = &routing_;
    order.way_out = routing_.number_of(trip.out == &kNoDevice ? routing_.loopback() : *trip.out);
    const ct::HelperAnswer answer =
        tracker_.help(flow, trip.packet, order, trip.context.now, trip.observer);
    if (!answer.drops) return true;
    if (trip.context.log && !answer.words.empty()) {
        InvalidLog::write_drop(trip.context, flow.entry->rare().helper->name, answer.words);
    }
    trip.verdict = Verdict::drop;
    trip.ct_reason = Reason::helper_dropped;
    return false;
}

bool Path::run_confirm(Trip& trip) {
    if (tracker_.confirm(trip.context.flow, trip.context.now, trip.observer)) return true;
    trip.verdict = Verdict::drop;
    trip.ct_reason = Reason::clash;
    return false;
}

bool Path::run_nat(Trip& trip, Hook hook, bool is_source) {
    const ct::PacketFlow& flow = trip.context.flow;
    if (!trip.program || !trip.program->has_table(Table::nat) || !flow.entry) return true;
    // An ICMP error is translated as the flow it speaks of is, and asks no rule.
    const std::uint8_t icmp =
        trip.packet.family == Family::ipv4 ? protocol::kIcmp : protocol::kIcmpv6;
    if (flow.state == CtState::related && trip.packet.protocol == icmp) return true;
    const std::uint32_t done = is_source ? status::kSrcNatDone : status::kDstNatDone;
    if (flow.state == CtState::established || flow.entry->has(done)) return true;
    flow.entry->set(done);
    return run_table(trip, hook, Table::nat);
}

bool Path::run_table(Trip& trip, Hook hook, Table table) {
    if (!trip.program || !trip.program->has_chain(table, hook)) return true;
    return ask_table(trip, hook, table);
}

/// There is a chain.
bool Path::ask_table(Trip& trip, Hook hook, Table table) {
    rules::Context& context = trip.context;
    context.table = table;
    context.entry_mark_changed = false;
    const rules::Outcome outcome =
        trip.observer ? rules::walk(*trip.program, table, hook, context, trip.observer)
                      : rules::run(*trip.program, table, hook, context);
    if (accepts(outcome) && !context.entry_mark_changed) {
        trip.note_decider(table, outcome);
        trip.decision.would_translate |= outcome.kind == rules::Ruling::Kind::translate;
        return true;
    }
    return follow_outcome(trip, table, outcome);
}

/// False: the packet goes no further.
bool Path::follow_outcome(Trip& trip, Table table, const rules::Outcome& outcome) {
    ct::PacketFlow& flow = trip.context.flow;
    const bool has_template = flow.entry && flow.entry->is_template();
    if (trip.context.entry_mark_changed && !has_template) tracker_.note_mark(*flow.entry);
    trip.note_decider(table, outcome);
    if (outcome.kind == rules::Ruling::Kind::translate) trip.decision.would_translate = true;
    if (accepts(outcome)) return true;
    if (has_template) flow.entry = nullptr;
    trip.verdict = outcome.verdict();
    if (trip.verdict == Verdict::reject) answer(trip, outcome.reject);
    return false;
}

void Path::name_decider(Trip& trip) {
    if (!trip.has_decider || !trip.program) return;
    RuleReference& rule = trip.decision.rule;
    rule.table = trip.decider_table;
    rule.number = trip.decider.rule;
    trip.program->name_rule(trip.decider_table, trip.decider.chain, trip.decider.rule, rule.chain,
                            rule.rule_text);
}

/// What the caller is told. The entry's facts are read before its packet is done with it.
void Path::conclude(Trip& trip) {
    Decision& decision = trip.decision;
    decision.verdict = trip.verdict;
    decision.mark = trip.context.mark;
    decision.in_device = trip.is_own ? std::string_view{} : text(*trip.in);
    decision.out_device = trip.is_for_us ? std::string_view{} : text(*trip.out);
    decision.reason = trip.route_reason != Reason::none ? trip.route_reason : trip.ct_reason;
    const bool is_stray_fragment = trip.fragment_reason != Reason::none &&
                                   trip.ct_reason != Reason::none &&
                                   trip.ct_reason != Reason::transport_not_found;
    if (is_stray_fragment) decision.reason = trip.fragment_reason;
    name_decider(trip);
    const ct::PacketFlow& flow = trip.context.flow;
    if (trip.is_tracked && !trip.was_refused) decision.state = flow.state;
    if (flow.entry) {
        decision.direction = flow.direction;
        if (tells_entries_ && flow.entry->is_confirmed()) {
            decision.entry = facts_of(*flow.entry, trip.context.now);
        }
    }
    if (trip.verdict == Verdict::accept) decision.out_bytes = trip.packet.ip.span();
    tracker_.finish(trip.context.flow, trip.context.now);
}

}  // namespace keepstate::hooks
