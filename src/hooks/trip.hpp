// What Path carries along with one packet. Private to hooks/path*.cpp.
#pragma once

#include <algorithm>

#include "hooks/path.hpp"

namespace keepstate::hooks {

/// Whether the packet goes on; as outcome.verdict() has it.
inline bool accepts(const rules::Outcome& outcome) {
    // One branch: which of the two it is can often not be foreseen.
    constexpr unsigned kBoth = 1U << static_cast<unsigned>(rules::Ruling::Kind::accept) |
                               1U << static_cast<unsigned>(rules::Ruling::Kind::translate);
    return (kBoth >> static_cast<unsigned>(outcome.kind) & 1) != 0;
}

struct Path::Trip {
    Trip(const wire::Packet& p, Decision& d, Observer* o, rules::Program* rules, Path& path)
        : packet(p), editor(packet, path.arena_), decision(d), observer(o), program(rules) {
        connect(path);
    }
    /// As both tracks of the lane begin: with the packet of a glance. The Decision is begin()'s, or a trail's.
    Trip(const wire::Glance& glance, Decision& d, Path& path)
        : editor(packet, path.arena_),
          decision(d),
          observer(nullptr),
          program(path.programs_[glance.is_v4 ? 0 : 1]) {
        wire::fill_usual(glance, packet);
        connect(path);
    }
    void begin() {
        decision = Decision{};
        decision.is_ip = true;
        decision.family = packet.family;
        decision.protocol = packet.protocol;
    }
    Trip(const Trip&) = delete;
    Trip& operator=(const Trip&) = delete;

    /// The packet has been tracked, and came in `from` there.
    void go_on(const Frame& frame, const ct::PacketFlow& flow, const DeviceName& from, Time now) {
        context.now = now;
        context.flow = flow;
        context.tracking_done = true;
        if (frame.link == kLinkEthernet) {
            const std::uint8_t* const ethernet = frame.bytes.data();
            context.link_type = static_cast<rules::LinkType>(wire::addressed_of(ethernet));
            context.ethernet = ethernet;
            context.source_mac = ethernet + 6;
        }
        is_tracked = true;
        in = &from;
    }

    void connect(Path& path) {
        context.packet = &packet;
        context.editor = &editor;
        context.world = &path.routing_;
        context.connections = &path.lookup_;
        context.dice = &path.dice_;
    }

    wire::Packet packet;  ///< a copy of views: whoever rewrites it points it to other bytes
    wire::PacketEditor editor;
    Decision& decision;
    Observer* observer;
    rules::Program* program;
    rules::Context context;
    const DeviceName* in = &kNoDevice;
    const DeviceName* out = &kNoDevice;
    bool is_own = false;  ///< sent by this host
    bool is_for_us = false;
    bool is_answer = false;  ///< made here in answer to another packet
    bool is_tracked = false;
    bool header_sum_is_stale =
        false;                 ///< its options were overwritten, its header checksum not yet
    bool was_refused = false;  ///< tracking refused to deal with it at all
    Verdict verdict = Verdict::accept;
    Reason ct_reason = Reason::none;
    Reason route_reason = Reason::none;
    Reason fragment_reason = Reason::none;  ///< why reassembly let a fragment pass as it is
    bool has_decider = false;
    Table decider_table = Table::filter;
    rules::Outcome decider;

    /// Who decided: whoever did not accept; else the filter table, else the first table that has a rule
    /// or policy to name.
    void note_decider(Table table, const rules::Outcome& outcome) {
        if (has_decider && accepts(outcome) && table != Table::filter) return;
        has_decider = true;
        decider_table = table;
        decider = outcome;
    }
};

/// What a Decision tells of an entry.
inline EntryFacts facts_of(const ct::Entry& entry, Time now) {
    EntryFacts facts;
    facts.number = entry.number();
    facts.status = entry.status;
    facts.timeout_ns =
        entry.has(status::kDying) ? 0 : std::max<std::int64_t>(entry.left_ns(now), 0);
    facts.mark = entry.mark;
    if (const ct::TcpLine* tcp = entry.tcp()) {
        facts.tcp_state = tcp->state();
    } else if (entry.protocol() == protocol::kSctp) {
        const ct::ProtocolMemory memory = entry.memory();
        if (const auto* sctp = std::get_if<ct::SctpMemory>(&memory)) facts.sctp_state = sctp->state;
    }
    return facts;
}

}  // namespace keepstate::hooks
