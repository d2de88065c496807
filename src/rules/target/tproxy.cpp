// -j TPROXY: the packet to a socket of this host, its header untouched.
//
// Linux looks for the socket: that of the connection, else one that listens on the address and port asked for. With
// one it sets the mark, which policy routing is to see, and accepts; with none it drops the packet. Here no sockets
// are known: one is taken to listen, as the rule's author has meant it.
// source: man:iptables-extensions TPROXY; kernel:net/netfilter/xt_TPROXY.c.
// Tested by: tests/rules/TPROXY.t, tests/scenarios/rules/a-transparent-proxy-takes-the-packet.yaml.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kPort, kIp, kMark };

struct Form {
    struct Data {
        std::array<std::uint8_t, 16> address{};
        std::uint32_t value = 0;
        std::uint32_t mask = 0;
        std::uint16_t port = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "on-port",
         .id = kPort,
         .arg = ArgKind::port,
         .flags = option_flag::kMust,
         .words = "the proxy's port; 0: the packet's own destination port"},
        {.name = "on-ip",
         .id = kIp,
         .arg = ArgKind::address,
         .words = "the proxy's address. Default: that of the arrival device"},
        {.name = "tproxy-mark",
         .id = kMark,
         .arg = ArgKind::mark,
         .words = "`VALUE[/MASK]`: the packet's mark, bits of MASK cleared, then VALUE's flipped. "
                  "Default: 0/0, no change"}};
    static constexpr Traits kTraits{
        .name = "TPROXY",
        .options = kOptions,
        .tables = table_bit(Table::mangle),
        .hooks = hook_bit(Hook::prerouting),
        .words =
            "Gives the packet to a transparent proxy on this host without changing its header: "
            "sets the mark by which policy routing finds it, and accepts. The rule needs "
            "`-p tcp` or `-p udp`.",
        .reads = "the packet's addresses and ports, and the host's sockets",
        .differences =
            "Linux drops the packet if no transparent socket listens. Sockets are not "
            "known here: one is taken to listen. Policy routing is not there either, so "
            "the packet is then routed by its destination."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        switch (use.id()) {
            case kPort: data.port = static_cast<std::uint16_t>(use.value.low); break;
            case kIp: data.address = use.value.address.bytes; break;
            default:
                data.value = static_cast<std::uint32_t>(use.value.low);
                data.mask = static_cast<std::uint32_t>(use.value.high);
        }
    }
    static Complaint check(const Data&, const CheckContext& context) {
        const Basics& basics = *context.basics;
        const bool has_ports =
            basics.protocol == protocol::kTcp || basics.protocol == protocol::kUdp;
        if (has_ports && !basics.protocol_inverted) return std::nullopt;
        return "target `TPROXY' needs `-p tcp' or `-p udp'";
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        out += fmt::format(" --on-port {} --on-ip {} --tproxy-mark {:#x}/{:#x}", data.port,
                           text(Address{context.family, data.address}), data.value, data.mask);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const std::uint32_t before = context.mark;
        context.mark = (before & ~data.mask) ^ data.value;
        says.words("the proxy on port {} takes the packet, mark {:#x} -> {:#x}", data.port, before,
                   context.mark);
        return Ruling{.kind = Ruling::Kind::accept};
    }
};

}  // namespace

extern const TargetModule k_tproxy;
const TargetModule k_tproxy = target_module<Form>();

}  // namespace keepstate::rules::target
