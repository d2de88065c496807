// -m ah: the SPI of an IPsec authentication header; for IPv6 also its length and its reserved field.
//
// IPv4 and IPv6 are two modules of one name, as in the real tools: IPv4's is about the protocol (`-p ah'), IPv6's
// about an extension header, wherever it stands.
// source: man:iptables-extensions ah; kernel:net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_ah.c;
// RFC 4302.   Tested by: tests/rules/ah.t, tests/scenarios/rules/ipsec-headers-are-matched-by-their-spi.yaml.
#include "rules/match/extension.hpp"
#include "rules/match/number_range.hpp"
#include "rules/match/ports.hpp"

namespace keepstate::rules::match {

namespace {

// Next header, length, reserved, SPI, sequence number; the digest behind it is of any size.
constexpr std::size_t kLeast = 12;

enum : std::uint8_t { kSpi, kLength, kReserved };

struct Ah {
    using Data = NumberRange;
    static constexpr Option kOptions[] = {
        {.name = "ahspi",
         .id = kSpi,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The SPI is N, or in N:M; default all"},
    };
    static constexpr Traits kTraits{.name = "ah",
                                    .options = kOptions,
                                    .families = Families::ipv4,
                                    .protocol = protocol::kAh,
                                    .words = "The SPI of an authentication header.",
                                    .reads = "The first 12 bytes behind the IPv4 header."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) { data.read(use); }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.print("ahspi", out);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = transport(context, kLeast, why);
        if (!header) return false;
        const std::uint32_t spi = header->be32(4);
        if (data.holds(spi)) return true;
        return why ? why.no("{}: the packet's is {}", data.words("ahspi"), spi) : false;
    }
};

struct Ah6 {
    struct Data {
        NumberRange spi;
        std::uint32_t length = 0;
        std::uint32_t length_inverted = 0;
        std::uint32_t reserved = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "ahspi",
         .id = kSpi,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The SPI is N, or in N:M; default all"},
        {.name = "ahlen",
         .id = kLength,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "The header has NUMBER bytes; 0 asks nothing"},
        {.name = "ahres", .id = kReserved, .words = "The reserved field is zero"},
    };
    static constexpr Traits kTraits{
        .name = "ah",
        .options = kOptions,
        .families = Families::ipv6,
        .words =
            "An authentication header among the extension headers, its SPI, length and reserved "
            "field. A packet that ends within it is dropped.",
        .reads = "The chain of extension headers."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        switch (use.id()) {
            case kSpi: data.spi.read(use); break;
            case kLength:
                data.length = static_cast<std::uint32_t>(use.value.low);
                data.length_inverted = use.inverted;
                break;
            default: data.reserved = 1;
        }
    }
    static std::string length_words(const Data& data) {
        return fmt::format("{}--ahlen {}", data.length_inverted ? "! " : "", data.length);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.spi.print("ahspi", out);
        if (data.length != 0 || data.length_inverted != 0) out += " " + length_words(data);
        if (data.reserved) out += " --ahres";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = extension(context, protocol::kAh, kLeast, "authentication header", why);
        if (!header) return false;
        if (header->bytes.size() < header->ah_bytes()) {
            context.hotdrop = true;
            return why.no("the packet ends within its authentication header: it is dropped");
        }
        const std::uint32_t spi = header->bytes.be32(4);
        if (!data.spi.holds(spi)) {
            return why ? why.no("{}: the packet's is {}", data.spi.words("ahspi"), spi) : false;
        }
        const std::size_t length = header->ah_bytes();
        if (data.length != 0 && (data.length == length) == (data.length_inverted != 0)) {
            return why ? why.no("{}: the packet's is {}", length_words(data), length) : false;
        }
        if (!data.reserved || header->bytes.be16(2) == 0) return true;
        return why.no("--ahres: the packet's reserved field is {:#x}", header->bytes.be16(2));
    }
};

}  // namespace

extern const MatchModule k_ah;
const MatchModule k_ah = match_module<Ah>();
extern const MatchModule k_ah6;
const MatchModule k_ah6 = match_module<Ah6>();

}  // namespace keepstate::rules::match
