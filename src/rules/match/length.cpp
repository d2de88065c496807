// -m length: the size of the IP packet, headers included (IPv6: the payload length and its 40 bytes).
//
// source: man:iptables-extensions length; kernel:net/netfilter/xt_length.c.   Tested by: tests/rules/length.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::uint16_t low = 0;
        std::uint16_t high = 0;
        std::uint16_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "length",
         .id = 0,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert | option_flag::kMust,
         .max = 65535,
         .words = "the length in bytes, `N`, `N:M`, `N:` or `:M`"},
    };
    static constexpr Traits kTraits{.name = "length",
                                    .options = kOptions,
                                    .words =
                                        "The length of the packet, from its IP header to its end. "
                                        "For IPv6 too the header counts.",
                                    .reads = "the packet's length"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.low = static_cast<std::uint16_t>(use.value.low);
        data.high = static_cast<std::uint16_t>(use.value.high);
        data.inverted = use.inverted;
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--length {}{}", data.inverted ? "! " : "", data.low,
                           data.low == data.high ? std::string() : fmt::format(":{}", data.high));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::size_t length = context.packet->ip.size();
        if ((length >= data.low && length <= data.high) != (data.inverted != 0)) return true;
        return why ? why.no("{}: the packet's is {}", words(data), length) : false;
    }
};

}  // namespace

extern const MatchModule k_length;
const MatchModule k_length = match_module<Form>();

}  // namespace keepstate::rules::match
