// -j ECN: the bits of explicit congestion notification, of TCP (ECE, CWR) and of IPv4 (ECT).
//
//     TCP:  | offset | 0 | C E U A P R S F |      the 16 bits from byte 12; C is CWR, E is ECE
//     IPv4: | DSCP         | ECT           |      the lower two bits of TOS
//
// --ecn-tcp-remove clears both bits of TCP. The other options are real ones that the manual keeps quiet about.
// A packet too short for a TCP header is dropped, as in Linux.
// source: man:iptables-extensions ECN; kernel:net/ipv4/netfilter/ipt_ECN.c; RFC 3168.
// Tested by: tests/rules/ECN.t, tests/scenarios/rules/ecn-is-taken-out-of-a-segment.yaml.
#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kRemove, kCwr, kEce, kEct };
constexpr std::uint8_t kSetEce = 1, kSetCwr = 2, kSetEct = 4;
constexpr std::uint16_t kBitEce = 0x40, kBitCwr = 0x80;
constexpr std::size_t kTcpHeader = 20, kFlagsAt = 12, kChecksumAt = 16;

struct Form {
    struct Data {
        std::uint8_t sets = 0;
        std::uint8_t ece = 0;
        std::uint8_t cwr = 0;
        std::uint8_t ect = 0;
    };
    static constexpr Option kOptions[] = {{.name = "ecn-tcp-remove",
                                           .id = kRemove,
                                           .excludes = option_bit(kCwr) | option_bit(kEce),
                                           .words = "both ECN bits of the TCP header are cleared"},
                                          {.name = "ecn-tcp-cwr",
                                           .id = kCwr,
                                           .arg = ArgKind::number,
                                           .max = 1,
                                           .words = "the CWR bit of the TCP header"},
                                          {.name = "ecn-tcp-ece",
                                           .id = kEce,
                                           .arg = ArgKind::number,
                                           .max = 1,
                                           .words = "the ECE bit of the TCP header"},
                                          {.name = "ecn-ip-ect",
                                           .id = kEct,
                                           .arg = ArgKind::number,
                                           .max = 3,
                                           .words = "the two ECN bits of the IPv4 header"}};
    static constexpr Traits kTraits{
        .name = "ECN",
        .options = kOptions,
        .families = Families::ipv4,
        .tables = table_bit(Table::mangle),
        .words =
            "Writes the bits of explicit congestion notification: ECE and CWR of a TCP segment, "
            "the two lower bits of IPv4's TOS. Checksums follow. The options for TCP need "
            "`-p tcp`; a packet too short for a TCP header is dropped.",
        .reads = "the IPv4 header, the TCP header"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        const auto value = static_cast<std::uint8_t>(use.value.low);
        switch (use.id()) {
            case kRemove: data.sets |= kSetEce | kSetCwr; break;
            case kCwr:
                data.sets |= kSetCwr;
                data.cwr = value;
                break;
            case kEce:
                data.sets |= kSetEce;
                data.ece = value;
                break;
            default: data.sets |= kSetEct; data.ect = value;
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.sets == 0) reader.fault("`ECN' needs --ecn-tcp-remove");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const Basics& basics = *context.basics;
        const bool is_tcp = basics.protocol == protocol::kTcp && !basics.protocol_inverted;
        if ((data.sets & (kSetEce | kSetCwr)) == 0 || is_tcp) return std::nullopt;
        return "target `ECN' changes TCP headers: the rule needs `-p tcp'";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        const bool removes = data.sets == (kSetEce | kSetCwr) && data.ece == 0 && data.cwr == 0;
        if (removes) {
            out += " --ecn-tcp-remove";
            return;
        }
        if (data.sets & kSetEce) out += fmt::format(" --ecn-tcp-ece {}", data.ece);
        if (data.sets & kSetCwr) out += fmt::format(" --ecn-tcp-cwr {}", data.cwr);
        if (data.sets & kSetEct) out += fmt::format(" --ecn-ip-ect {}", data.ect);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const wire::Packet& packet = *context.packet;
        if (context.editor == nullptr) return {};
        if ((data.sets & kSetEct) && (packet.tos & 3) != data.ect) {
            context.editor->set_tos(static_cast<std::uint8_t>((packet.tos & ~3) | data.ect));
            says.words("ECN bits of the IPv4 header: {}", data.ect);
        }
        if ((data.sets & (kSetEce | kSetCwr)) == 0 || packet.protocol != protocol::kTcp) return {};
        const std::size_t tcp = packet.header_bytes;
        if (!packet.ip.has(tcp, kTcpHeader)) {
            says.words("the TCP header is cut: the packet is dropped");
            return Ruling{.kind = Ruling::Kind::drop};
        }
        const std::uint16_t before = packet.ip.be16(tcp + kFlagsAt);
        unsigned after = before;
        if (data.sets & kSetEce) after = data.ece ? after | kBitEce : after & ~kBitEce;
        if (data.sets & kSetCwr) after = data.cwr ? after | kBitCwr : after & ~kBitCwr;
        if (after == before) return {};
        context.editor->set_be16(tcp + kFlagsAt, static_cast<std::uint16_t>(after),
                                 tcp + kChecksumAt);
        says.words("TCP's ECE is {}, CWR {}", (after & kBitEce) != 0, (after & kBitCwr) != 0);
        return {};
    }
};

}  // namespace

extern const TargetModule k_ecn;
const TargetModule k_ecn = target_module<Form>();

}  // namespace keepstate::rules::target
