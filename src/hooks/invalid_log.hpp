// nf_conntrack_log_invalid: the lines that Linux writes to its log for packets that tracking finds INVALID, or lets
// by without judging them.
//
//     nf_ct_proto_6: invalid new IN=eth0 OUT= MAC= SRC=10.0.0.1 DST=10.0.1.1 ...
//
// Hears the facts of one packet and passes them on. Made only if the setting asks for the packet's protocol and
// somebody reads the log.
// source: kernel:net/netfilter/nf_conntrack_proto.c nf_ct_l4proto_log_invalid; seen:tests/kernel/log_lines_test.cpp.
#pragma once

#include <string_view>

#include "ct/observer.hpp"
#include "rules/context.hpp"

namespace keepstate::hooks {

class InvalidLog final : public ct::Observer {
  public:
    /// `next` may be null. `context`: the packet, its devices, and the log, which is not null.
    InvalidLog(ct::Observer* next, const rules::Context& context)
        : next_(next), context_(context) {}

    /// Whether a packet of this protocol is logged, with this value of nf_conntrack_log_invalid.
    static bool asks_for(std::uint32_t setting, std::uint8_t protocol) {
        constexpr std::uint32_t kAll = 255;
        return setting == kAll || (setting != 0 && setting == protocol);
    }

    void untracked(std::string_view why) override;
    void looked_up(const Tuple& tuple, const ct::Entry* entry, CtDirection direction) override;
    void entry_made(const ct::Entry& entry) override;
    void error_quotes(const Tuple& quoted, const ct::Entry& entry, CtDirection direction) override;
    void tcp_judged(const ct::TcpMemory& before, const ct::Segment& segment, CtDirection direction,
                    const ct::TcpJudgement& judgement) override;
    void sctp_judged(const ct::SctpMemory& before, const ct::SctpPacket& packet,
                     CtDirection direction, const ct::SctpJudgement& judgement) override;
    void refused(Reason reason) override;
    void expected(const ct::Expectation& expectation, const ct::Entry& master) override;
    void announced(const ct::Expectation& expectation, ct::Grant grant) override;
    void helped(const ct::Entry& entry, const ct::HelperAnswer& answer) override;
    void tracked(const ct::PacketFlow& flow, Time now) override;
    void entry_confirmed(const ct::Entry& entry) override;
    void entry_gone(const ct::Entry& entry, std::string_view why) override;

    /// What a helper says of a packet that it drops: always written, whatever the setting.
    static void write_drop(const rules::Context& context, std::string_view helper,
                           std::string_view words);

  private:
    void write(std::string_view words);

    ct::Observer* next_;
    const rules::Context& context_;
    const ct::Entry* found_ = nullptr;
    CtDirection found_direction_ = CtDirection::original;
};

}  // namespace keepstate::hooks
