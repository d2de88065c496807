// Every protocol that is not tracked by itself: addresses and number make the flow, one timeout.
// source: kernel:net/netfilter/nf_conntrack_proto_generic.c.   tested by: tests/scenarios/generic, tests/kernel.
#include "ct/proto/protocol.hpp"

namespace keepstate::ct {

Judgement judge_generic_packet(const ProtocolCase& c) {
    Judgement judgement;
    judgement.memory = c.entry.memory();
    judgement.timeout_s = c.settings.generic_timeout;
    return judgement;
}

}  // namespace keepstate::ct
