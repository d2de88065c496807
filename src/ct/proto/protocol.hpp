// What tracking asks of a transport protocol, and the answer's form.
//
// One file a protocol, one line each in the list of proto/protocols.cpp. A protocol judges; it changes nothing:
// the new memory and the timeout are wishes that the tracker grants.
#pragma once

#include <optional>
#include <string_view>

#include "ct/entry.hpp"
#include "ct/observer.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/reason.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

/// One packet of one flow. An entry that is not confirmed yet was made by this very packet.
struct ProtocolCase {
    const wire::Packet& packet;
    const Entry& entry;
    CtDirection direction;
    bool at_prerouting;  ///< checksums are tested there only: what this host sends counts as right
    Time now;
    const Settings& settings;
    Observer* observer;  ///< may be null

    bool is_first() const { return !entry.is_confirmed(); }
    bool tests_checksum() const { return at_prerouting && settings.checksum != 0; }
};

enum class Outcome : std::uint8_t {
    accepted,  ///< it counts: new memory, new timeout, counters
    let_by,    ///< a packet of the flow, but nothing is renewed and nothing counted
    invalid,
    reopen,  ///< the entry goes, the packet is looked up again
    forget,  ///< it counts, and the entry goes at once
};

/// What a judge wants for the entry, beside its memory.
struct Demand {
    Outcome outcome = Outcome::accepted;
    Reason reason = Reason::none;
    std::optional<std::uint32_t> timeout_s;  ///< from now; absent: not renewed
    bool state_changed = false;              ///< listings show another protocol state than before
    bool becomes_assured = false;
    /// timeout_s holds only if 120 s or more, and more than it, are left
    bool shorten_only = false;
};

struct Judgement : Demand {
    ProtocolMemory memory;

    static Judgement refused(Reason why, const ProtocolMemory& memory) {
        Judgement judgement;
        judgement.outcome = Outcome::invalid;
        judgement.reason = why;
        judgement.memory = memory;
        return judgement;
    }
};

struct Protocol {
    std::uint8_t number;
    Judgement (*judge)(const ProtocolCase&);
};

/// The protocol tracked under this number; the generic one if none is.
const Protocol& find_protocol(std::uint8_t number);

Judgement judge_tcp_packet(const ProtocolCase& c);
struct TcpJudgement;
/// What judge_tcp() wants, in the words of all protocols.
Demand demand_of(const TcpJudgement& tcp);
Judgement judge_udp_packet(const ProtocolCase& c);
Judgement judge_udplite_packet(const ProtocolCase& c);
Judgement judge_icmp_packet(const ProtocolCase& c);
Judgement judge_icmpv6_packet(const ProtocolCase& c);
Judgement judge_sctp_packet(const ProtocolCase& c);
Judgement judge_gre_packet(const ProtocolCase& c);
Judgement judge_generic_packet(const ProtocolCase& c);

}  // namespace keepstate::ct
