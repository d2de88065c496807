// -m udp: ports of a datagram.
//
// Its ports are read as module options are, not as tcp's: a number over 65535 is cut to 16 bits, a
// range may end before it begins and then matches nothing. iptables 1.8.9 does so.
// source: man:iptables-extensions udp; kernel:net/netfilter/xt_tcpudp.c.   Tested by: tests/rules/udp.t.
#include "rules/match/ports.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSourcePort, kDestinationPort };

struct Udp {
    struct Data {
        PortRange source;
        PortRange destination;
    };
    static constexpr Option kOptions[] = {
        {.name = "source-port",
         .id = kSourcePort,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "the source port, number or service name, `N`, `N:M`, `N:` or `:M`"},
        {.name = "sport",
         .id = kSourcePort,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "another name of --source-port"},
        {.name = "destination-port",
         .id = kDestinationPort,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "the destination port, likewise"},
        {.name = "dport",
         .id = kDestinationPort,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "another name of --destination-port"},
    };
    static constexpr Traits kTraits{.name = "udp",
                                    .options = kOptions,
                                    .protocol = protocol::kUdp,
                                    .words =
                                        "Ports of a UDP datagram. A later fragment does not match; "
                                        "a header that is cut drops the packet.",
                                    .reads = "the UDP header"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        PortRange& range = use.id() == kSourcePort ? data.source : data.destination;
        range = PortRange{static_cast<std::uint16_t>(use.value.low),
                          static_cast<std::uint16_t>(use.value.high),
                          static_cast<std::uint8_t>(use.inverted), 0};
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.source.print("sport", out);
        data.destination.print("dport", out);
    }
    static void narrow(const Data& data, RuleKey& key) {
        key.asks_transport = true;
        data.source.narrow(key.source_ports, key);
        data.destination.narrow(key.destination_ports, key);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto udp = transport(context, 8, why);
        if (!udp) return false;
        const std::uint16_t source = udp->be16(0);
        const std::uint16_t destination = udp->be16(2);
        if (!data.source.holds(source)) {
            return why.no("{}: the packet's is {}", data.source.words("sport"), source);
        }
        if (!data.destination.holds(destination)) {
            return why.no("{}: the packet's is {}", data.destination.words("dport"), destination);
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_udp;
const MatchModule k_udp = match_module<Udp>();

const PortRange* udp_destination_of(const MatchUse& use) {
    if (use.module != &k_udp) return nullptr;
    return &static_cast<const Udp::Data*>(use.data.data())->destination;
}

}  // namespace keepstate::rules::match
