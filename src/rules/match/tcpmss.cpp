// -m tcpmss: the maximum segment size that a SYN offers.
//
// source: man:iptables-extensions tcpmss; kernel:net/netfilter/xt_tcpmss.c.   Tested by: tests/rules/tcpmss.t.
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
        {.name = "mss",
         .id = 0,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert | option_flag::kMust,
         .max = 65535,
         .words = "the maximum segment size in bytes, `N` or `N:M`"},
    };
    static constexpr Traits kTraits{
        .name = "tcpmss",
        .options = kOptions,
        .protocol = protocol::kTcp,
        .words =
            "The maximum segment size that a TCP segment announces. One without the option matches "
            "only an inverted rule; a header that is cut drops the packet.",
        .reads = "the TCP header and its options"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.value.low > use.value.high) {
            reader.fault(fmt::format("`{}' is a range that goes down", use.value.text));
        }
        data.low = static_cast<std::uint16_t>(use.value.low);
        data.high = static_cast<std::uint16_t>(use.value.high);
        data.inverted = use.inverted;
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--mss {}{}", data.inverted ? "! " : "", data.low,
                           data.low == data.high ? std::string() : fmt::format(":{}", data.high));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const base::ByteView tcp = context.packet->ip.sub(context.packet->rules_transport_offset);
        const std::size_t header =
            tcp.has(0, 20) ? static_cast<std::size_t>(tcp.u8(12) >> 4) * 4 : 0;
        if (header < 20 || !tcp.has(0, header)) {
            context.hotdrop = true;
            return why.no("the TCP header is cut: the packet is dropped");
        }
        for (std::size_t at = 20; at < header;) {
            const std::uint8_t kind = tcp.u8(at);
            if (kind == 2 && header - at >= 4 && tcp.u8(at + 1) == 4) {
                const std::uint16_t mss = tcp.be16(at + 2);
                if ((mss >= data.low && mss <= data.high) != (data.inverted != 0)) return true;
                return why ? why.no("{}: the segment's is {}", words(data), mss) : false;
            }
            const std::uint8_t length =
                kind < 2 || at + 1 >= header ? std::uint8_t{1} : tcp.u8(at + 1);
            at += length == 0 ? 1 : length;
        }
        if (data.inverted) return true;
        return why ? why.no("{}: the segment names none", words(data)) : false;
    }
};

}  // namespace

extern const MatchModule k_tcpmss;
const MatchModule k_tcpmss = match_module<Form>();

}  // namespace keepstate::rules::match
