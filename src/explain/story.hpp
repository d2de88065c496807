// A story: the facts of one packet's way, in words, a step a line.
//
//     packet: 192.168.3.1:80 > 192.168.1.1:40000 SYN,ACK ...
//     PREROUTING  in eth1
//       track: reply to flow 1 (tcp 192.168.1.1:40000 > 192.168.3.1:80)
//         SYN_SENT + synack from the reply side -> SYN_RECV
//         window: seq 500 < 65636 (I) ...
//       => ESTABLISHED, reply direction
//       mangle PREROUTING ...
//
// It hears what the deciding code states; it decides nothing and looks nothing up itself.
// Tested by: tests/scenarios.
#pragma once

#include <fmt/format.h>
#include <string>

#include "hooks/observer.hpp"

namespace keepstate::explain {

class Story : public hooks::Observer {
  public:
    /// Appends to `out`, which must outlive the story.
    explicit Story(std::string& out) : out_(&out) {}

    void parsed(const wire::Packet& packet, Reason reason) override;
    void hook_entered(Hook hook, std::string_view in, std::string_view out) override;
    void routed(const hooks::Route& route) override;
    void fragment_held(Reason reason) override;
    void answered(std::string_view what) override;
    void done(const Decision& decision) override;

    void untracked(std::string_view why) override;
    void looked_up(const Tuple& tuple, const ct::Entry* entry, CtDirection direction) override;
    void entry_made(const ct::Entry& entry) override;
    void expected(const ct::Expectation& expectation, const ct::Entry& master) override;
    void announced(const ct::Expectation& expectation, ct::Grant grant) override;
    void helped(const ct::Entry& entry, const ct::HelperAnswer& answer) override;
    void error_quotes(const Tuple& quoted, const ct::Entry& entry, CtDirection direction) override;
    void tcp_judged(const ct::TcpMemory& before, const ct::Segment& segment, CtDirection direction,
                    const ct::TcpJudgement& judgement) override;
    void sctp_judged(const ct::SctpMemory& before, const ct::SctpPacket& packet,
                     CtDirection direction, const ct::SctpJudgement& judgement) override;
    void refused(Reason reason) override;
    void tracked(const ct::PacketFlow& flow, Time now) override;
    void entry_confirmed(const ct::Entry& entry) override;
    void entry_gone(const ct::Entry& entry, std::string_view why) override;

    void table_entered(Table table, Hook hook) override;
    void chain_entered(const rules::RuleSite& chain, const rules::RuleSite& jumped_from,
                       bool by_goto) override;
    void rule_tried(const rules::RuleTried& tried) override;
    void chain_left(const rules::RuleSite& left, const rules::RuleSite& back_to,
                    bool by_return) override;
    void said(const rules::RuleSite& site, std::string_view target,
              std::string_view words) override;
    void logged(const rules::LogFact& fact) override;
    void decided(const rules::RuleSite& site, const rules::Outcome& outcome) override;

  private:
    template <typename... Args>
    void line(int indent, fmt::format_string<Args...> words, Args&&... args);

    void log_words(std::string_view words);

    std::string* out_;
    // What refused() needs of the facts before it.
    wire::Packet packet_;
    const ct::Entry* found_ = nullptr;
    CtDirection found_direction_ = CtDirection::original;
};

/// "tcp 192.168.1.1:40000 > 192.168.3.1:80", "icmp 10.0.0.1 > 10.0.0.2 type 8 code 0 id 7".
std::string print_tuple(const Tuple& tuple);
/// "tcp from 10.0.0.2 to 10.0.0.1:1025": what an expectation waits for.
std::string print_expected(const ct::Expectation& expectation);

}  // namespace keepstate::explain
