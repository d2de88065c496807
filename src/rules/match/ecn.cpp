// -m ecn: the two bits of explicit congestion notification in the IP header, and TCP's CWR and ECE.
//
// The kernel looks for the TCP bits where a TCP header would stand, in a later fragment too; a packet that ends
// before them is no match.
// source: man:iptables-extensions ecn; kernel:net/netfilter/xt_ecn.c; RFC 3168.
// Tested by: tests/rules/ecn.t, tests/scenarios/rules/dscp-tos-and-ecn-are-matched.yaml.
#include "keepstate/tuple.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

/// In the order in which they are printed.
enum : std::uint8_t { kEce, kCwr, kEct };
constexpr std::uint64_t kTcpBits = option_bit(kEce) | option_bit(kCwr);

struct Form {
    struct Data {
        std::uint8_t asked = 0;     ///< option bits
        std::uint8_t inverted = 0;  ///< option bits
        std::uint8_t ect = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "ecn-tcp-cwr",
         .id = kCwr,
         .flags = option_flag::kInvert,
         .words = "TCP's congestion window reduced bit is set; needs -p tcp"},
        {.name = "ecn-tcp-ece",
         .id = kEce,
         .flags = option_flag::kInvert,
         .words = "TCP's ECN echo bit is set; needs -p tcp"},
        {.name = "ecn-ip-ect",
         .id = kEct,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .max = 3,
         .words = "The IP header's two ECN bits are NUMBER: 0 not capable, 1 and 2 capable, 3 "
                  "congestion met"},
    };
    static constexpr Traits kTraits{
        .name = "ecn",
        .options = kOptions,
        .words = "Explicit congestion notification in the IP and the TCP header.",
        .reads = "TOS byte or traffic class; byte 13 of the TCP header."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static bool is_inverted(const Data& data, unsigned id) {
        return (data.inverted & option_bit(id)) != 0;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted) {
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
        }
        if (use.id() == kEct) data.ect = static_cast<std::uint8_t>(use.value.low);
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) {
            reader.fault("`ecn' needs --ecn-tcp-cwr, --ecn-tcp-ece or --ecn-ip-ect");
        }
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const Basics& basics = *context.basics;
        const bool is_tcp = basics.protocol == protocol::kTcp && !basics.protocol_inverted;
        if ((data.asked & kTcpBits) == 0 || is_tcp) return std::nullopt;
        return "match `ecn' needs `-p tcp' for --ecn-tcp-cwr and --ecn-tcp-ece";
    }
    static std::string words(const Data& data, unsigned id) {
        const char* inverted = is_inverted(data, id) ? "! " : "";
        if (id == kEct) return fmt::format("{}--ecn-ip-ect {}", inverted, data.ect);
        return fmt::format("{}--ecn-tcp-{}", inverted, id == kEce ? "ece" : "cwr");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const unsigned id : {kEce, kCwr, kEct}) {
            if (asks(data, id)) out += " " + words(data, id);
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        const wire::Packet& packet = *context.packet;
        const unsigned ect = packet.tos & 3U;
        if (asks(data, kEct) && (ect == data.ect) == is_inverted(data, kEct)) {
            return why ? why.no("{}: the packet's is {}", words(data, kEct), ect) : false;
        }
        if ((data.asked & kTcpBits) == 0) return true;
        const base::ByteView tcp = packet.ip.sub(packet.rules_transport_offset);
        if (!tcp.has(0, 20)) return why.no("the TCP header is cut");
        for (const unsigned id : {kEce, kCwr}) {
            const unsigned bit = id == kEce ? wire::tcp_flag::kEce : wire::tcp_flag::kCwr;
            if (!asks(data, id)) continue;
            if (((tcp.u8(13) & bit) != 0) != is_inverted(data, id)) continue;
            return why ? why.no("{}: the segment says otherwise", words(data, id)) : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_ecn;
const MatchModule k_ecn = match_module<Form>();

}  // namespace keepstate::rules::match
