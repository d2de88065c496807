#include "decision_words.hpp"

#include <fmt/format.h>

#include <span>

namespace keepstate {

namespace {

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
}

template <typename State>
std::string_view name_of(const std::optional<State>& state) {
    return state ? text(*state) : "-";
}

}  // namespace

std::string words_of(const Decision& d, EntryNumber number) {
    std::string words =
        fmt::format("{} {} ip {} cut {} {} protocol {} {} {} in {} out {} mark {:x} translates {}",
                    text(d.verdict), text(d.reason), d.is_ip, d.was_cut, text(d.family), d.protocol,
                    name_of(d.state), name_of(d.direction), d.in_device, d.out_device, d.mark,
                    d.would_translate);
    words += fmt::format(" rule {} {} {} {}", text(d.rule.table), d.rule.chain, d.rule.number,
                         d.rule.rule_text);
    for (std::size_t i = 0; i < d.hook_count; ++i) words += fmt::format(" {}", text(d.hooks[i]));
    if (d.entry) {
        if (number == EntryNumber::told) words += fmt::format(" #{}", d.entry->number);
        words += fmt::format(" entry status {:x} timeout {} mark {:x} {} {}", d.entry->status,
                             d.entry->timeout_ns, d.entry->mark, name_of(d.entry->tcp_state),
                             name_of(d.entry->sctp_state));
    }
    words += " leaves ";
    append_hex(words, d.out_bytes);
    words += " reply ";
    append_hex(words, d.reply_bytes);
    return words;
}

}  // namespace keepstate
