// GRE: two timeouts, noted at the flow's making; a helper may lengthen them.
// source: kernel:net/netfilter/nf_conntrack_proto_gre.c.   tested by: tests/scenarios/gre, tests/kernel.
#include "ct/proto/protocol.hpp"

namespace keepstate::ct {

Judgement judge_gre_packet(const ProtocolCase& c) {
    Judgement judgement;
    judgement.memory = c.entry.memory();
    if (c.is_first()) {
        judgement.memory = GreMemory{c.settings.gre_timeout, c.settings.gre_timeout_stream};
    }
    const GreMemory* memory = std::get_if<GreMemory>(&judgement.memory);
    judgement.timeout_s = memory ? memory->timeout_s : c.settings.gre_timeout;
    if (c.entry.has(status::kSeenReply)) {
        judgement.timeout_s = memory ? memory->stream_timeout_s : c.settings.gre_timeout_stream;
        judgement.becomes_assured = !c.entry.has(status::kAssured | status::kNatClash);
    }
    return judgement;
}

}  // namespace keepstate::ct
