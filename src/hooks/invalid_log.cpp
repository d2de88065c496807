// See invalid_log.hpp.
#include "hooks/invalid_log.hpp"

#include <fmt/format.h>

#include "ct/log_words.hpp"
#include "rules/log_line.hpp"

namespace keepstate::hooks {

void InvalidLog::write(std::string_view words) {
    if (words.empty()) return;
    const std::string prefix = fmt::format("nf_ct_proto_{}: {} ", context_.packet->protocol, words);
    rules::print_log_line(context_, prefix, rules::log_flag::kTrace, *context_.log);
    context_.log->push_back('\n');
}

void InvalidLog::write_drop(const rules::Context& context, std::string_view helper,
                            std::string_view words) {
    const std::string prefix = fmt::format("nf_ct_{}: dropping packet: {} ", helper, words);
    rules::print_log_line(context, prefix, rules::log_flag::kTrace, *context.log);
    context.log->push_back('\n');
}

void InvalidLog::untracked(std::string_view why) {
    if (next_) next_->untracked(why);
}

void InvalidLog::looked_up(const Tuple& tuple, const ct::Entry* entry, CtDirection direction) {
    found_ = entry;
    found_direction_ = direction;
    if (next_) next_->looked_up(tuple, entry, direction);
}

void InvalidLog::entry_made(const ct::Entry& entry) {
    if (next_) next_->entry_made(entry);
}

void InvalidLog::error_quotes(const Tuple& quoted, const ct::Entry& entry, CtDirection direction) {
    if (next_) next_->error_quotes(quoted, entry, direction);
}

void InvalidLog::tcp_judged(const ct::TcpMemory& before, const ct::Segment& segment,
                            CtDirection direction, const ct::TcpJudgement& judgement) {
    write(ct::tcp_log_words(before, segment, direction, judgement));
    const bool shortens =
        judgement.shorten_only && found_ && judgement.timeout_s &&
        ct::is_shortened(found_->left_ns(context_.now), *judgement.timeout_s * kNsPerSecond);
    if (shortens) write(ct::tcp_close_log_words(before, segment, direction, judgement));
    if (next_) next_->tcp_judged(before, segment, direction, judgement);
}

void InvalidLog::sctp_judged(const ct::SctpMemory& before, const ct::SctpPacket& packet,
                             CtDirection direction, const ct::SctpJudgement& judgement) {
    write(ct::sctp_log_words(before, packet, direction, judgement));
    if (next_) next_->sctp_judged(before, packet, direction, judgement);
}

void InvalidLog::refused(Reason reason) {
    std::string words = ct::refusal_log_words(reason, *context_.packet, found_, found_direction_);
    // Two of the kernel's messages end in what one does not see; /dev/kmsg shows the newline like this.
    if (!words.empty() && reason == Reason::sctp_checksum) words += " ";
    if (!words.empty() && reason == Reason::sctp_chunks) words += "\\x0a";
    write(words);
    if (next_) next_->refused(reason);
}

void InvalidLog::expected(const ct::Expectation& expectation, const ct::Entry& master) {
    if (next_) next_->expected(expectation, master);
}

void InvalidLog::announced(const ct::Expectation& expectation, ct::Grant grant) {
    if (next_) next_->announced(expectation, grant);
}

void InvalidLog::helped(const ct::Entry& entry, const ct::HelperAnswer& answer) {
    if (next_) next_->helped(entry, answer);
}

void InvalidLog::tracked(const ct::PacketFlow& flow, Time now) {
    if (next_) next_->tracked(flow, now);
}

void InvalidLog::entry_confirmed(const ct::Entry& entry) {
    if (next_) next_->entry_confirmed(entry);
}

void InvalidLog::entry_gone(const ct::Entry& entry, std::string_view why) {
    if (next_) next_->entry_gone(entry, why);
}

}  // namespace keepstate::hooks
