// -m ipcomp: the CPI of a compressed payload, 16 bits that the tool calls SPI.
//
// Without --ipcompspi the real tool asks for CPI 0, not for any: kept. --compres is read, printed, and asks
// nothing of the packet in Linux either.
// source: man:iptables-extensions ipcomp; kernel:net/netfilter/xt_ipcomp.c; RFC 3173.
// Tested by: tests/rules/ipcomp.t, tests/scenarios/rules/ipsec-headers-are-matched-by-their-spi.yaml.
#include "rules/match/number_range.hpp"
#include "rules/match/ports.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSpi, kReserved };

constexpr std::uint8_t kIpcomp = 108;
// Next header, flags, CPI.
constexpr std::size_t kLeast = 4;

struct Form {
    struct Data {
        NumberRange spi{0, 0, 0};
        std::uint32_t reserved = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "ipcompspi",
         .id = kSpi,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The CPI is N, or in N:M; default 0"},
        {.name = "compres", .id = kReserved, .words = "Asks nothing of the packet, as in Linux"},
    };
    static constexpr Traits kTraits{
        .name = "ipcomp",
        .options = kOptions,
        .protocol = kIpcomp,
        .words = "The compression parameter index of a compressed payload.",
        .reads = "The first 4 bytes of the transport header; a packet without them is dropped."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        if (use.id() == kSpi) {
            data.spi.read(use);
        } else {
            data.reserved = 1;
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.spi.print("ipcompspi", out);
        if (data.reserved) out += " --compres";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = transport(context, kLeast, why);
        if (!header) return false;
        const std::uint16_t cpi = header->be16(2);
        if (data.spi.holds(cpi)) return true;
        return why ? why.no("{}: the packet's is {}", data.spi.words("ipcompspi"), cpi) : false;
    }
};

}  // namespace

extern const MatchModule k_ipcomp;
const MatchModule k_ipcomp = match_module<Form>();

}  // namespace keepstate::rules::match
