// -j CLASSIFY: the packet's priority (skb->priority), by which queueing disciplines find a class.
//
// Both numbers are hexadecimal, with or without 0x; of longer ones the lower 16 bits count, and what stands
// behind the second one is not looked at, as in the real tool.
// source: man:iptables-extensions CLASSIFY; kernel:net/netfilter/xt_CLASSIFY.c.   Tested by: tests/rules/CLASSIFY.t.
#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

/// A hexadecimal number at the beginning, as scanf's %x reads it; `words` is cut behind it.
std::optional<std::uint32_t> take_hex(std::string_view& words) {
    std::size_t at = 0;
    while (at < words.size() && (words[at] == ' ' || (words[at] >= '\t' && words[at] <= '\r')))
        ++at;
    bool negative = false;
    if (at < words.size() && (words[at] == '-' || words[at] == '+')) negative = words[at++] == '-';
    if (words.substr(at, 2) == "0x" || words.substr(at, 2) == "0X") at += 2;
    std::uint32_t value = 0;
    const std::size_t first = at;
    for (; at < words.size(); ++at) {
        const char c = words[at];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) break;
        value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    if (at == first) return std::nullopt;
    words.remove_prefix(at);
    return negative ? 0 - value : value;
}

struct Form {
    struct Data {
        std::uint32_t priority = 0;
    };
    static constexpr bool kKeepsKey = true;
    static constexpr Option kOptions[] = {
        {.name = "set-class",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "`MAJOR:MINOR`, the class as tc writes it: two hexadecimal numbers of 16 bits"}};
    static constexpr Traits kTraits{
        .name = "CLASSIFY",
        .options = kOptions,
        .hooks = hook_bit(Hook::forward) | hook_bit(Hook::output) | hook_bit(Hook::postrouting),
        .words = "Sets the packet's priority, by which queueing disciplines choose its class.",
        .reads = "nothing of the packet",
        .differences =
            "Nothing is queued here: the priority is seen by later rules and in "
            "explanations only."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        std::string_view words = use.value.text;
        const auto major = take_hex(words);
        const bool has_colon = major && !words.empty() && words.front() == ':';
        if (has_colon) words.remove_prefix(1);
        const auto minor = has_colon ? take_hex(words) : std::nullopt;
        if (!minor) {
            reader.fault(
                fmt::format("`{}' is no class: MAJOR:MINOR, both hexadecimal", use.value.text));
            return;
        }
        data.priority = (*major & 0xffff) << 16 | (*minor & 0xffff);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out +=
            fmt::format(" --set-class {:04x}:{:04x}", data.priority >> 16, data.priority & 0xffff);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        context.priority = data.priority;
        says.words("the packet's class is {:04x}:{:04x}", data.priority >> 16,
                   data.priority & 0xffff);
        return {};
    }
};

}  // namespace

extern const TargetModule k_classify;
const TargetModule k_classify = target_module<Form>();

}  // namespace keepstate::rules::target
