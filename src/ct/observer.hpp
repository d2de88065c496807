// The facts that tracking states while it decides. Whoever explains listens; a null Observer costs a test.
#pragma once

#include "ct/entry.hpp"
#include "ct/helper/helper.hpp"
#include "ct/sctp/judge.hpp"
#include "ct/tcp/judge.hpp"
#include "keepstate/reason.hpp"

namespace keepstate::ct {

class Observer {
  public:
    virtual ~Observer() = default;

    /// The raw table said NOTRACK, or the message is one that is never tracked (neighbour discovery).
    virtual void untracked(std::string_view why) = 0;
    /// The look-up: `entry` is null if nobody knows the tuple.
    virtual void looked_up(const Tuple& tuple, const Entry* entry, CtDirection direction) = 0;
    virtual void entry_made(const Entry& entry) = 0;
    /// An ICMP error quotes a packet of this flow.
    virtual void error_quotes(const Tuple& quoted, const Entry& entry, CtDirection direction) = 0;
    virtual void tcp_judged(const TcpMemory& before, const Segment& segment, CtDirection direction,
                            const TcpJudgement& judgement) = 0;
    virtual void sctp_judged(const SctpMemory& before, const SctpPacket& packet,
                             CtDirection direction, const SctpJudgement& judgement) = 0;
    /// The packet is INVALID, or dropped by a limit.
    virtual void refused(Reason reason) = 0;
    /// What tracking says of the packet in the end.
    virtual void tracked(const PacketFlow& flow, Time now) = 0;
    /// The flow is one that was expected: it is RELATED to its master.
    virtual void expected(const Expectation& expectation, const Entry& master) = 0;
    /// The flow's helper has announced another one, or asked in vain.
    virtual void announced(const Expectation& expectation, Grant grant) = 0;
    /// The flow's helper has read the packet.
    virtual void helped(const Entry& entry, const HelperAnswer& answer) = 0;
    virtual void entry_confirmed(const Entry& entry) = 0;
    virtual void entry_gone(const Entry& entry, std::string_view why) = 0;
};

}  // namespace keepstate::ct
