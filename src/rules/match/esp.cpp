// -m esp: the SPI of an encrypted IPsec payload.
//
// source: man:iptables-extensions esp; kernel:net/netfilter/xt_esp.c; RFC 4303.
// Tested by: tests/rules/esp.t, tests/scenarios/rules/ipsec-headers-are-matched-by-their-spi.yaml.
#include "rules/match/number_range.hpp"
#include "rules/match/ports.hpp"

namespace keepstate::rules::match {

namespace {

// SPI and sequence number.
constexpr std::size_t kLeast = 8;

struct Form {
    using Data = NumberRange;
    static constexpr Option kOptions[] = {
        {.name = "espspi",
         .id = 0,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The SPI is N, or in N:M; default all"},
    };
    static constexpr Traits kTraits{
        .name = "esp",
        .options = kOptions,
        .protocol = protocol::kEsp,
        .words = "The SPI of an encapsulating security payload.",
        .reads = "The first 8 bytes of the transport header; a packet without them is dropped."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) { data.read(use); }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.print("espspi", out);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = transport(context, kLeast, why);
        if (!header) return false;
        const std::uint32_t spi = header->be32(0);
        if (data.holds(spi)) return true;
        return why ? why.no("{}: the packet's is {}", data.words("espspi"), spi) : false;
    }
};

}  // namespace

extern const MatchModule k_esp;
const MatchModule k_esp = match_module<Form>();

}  // namespace keepstate::rules::match
