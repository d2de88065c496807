// -m eui64: whether the last 8 bytes of the IPv6 source address are made from the sender's Ethernet address.
//
//     02:11:22:33:44:55  ->  ...:0011:22ff:fe33:4455      the bit of local administration is turned over
//
// source: man:ip6tables-extensions eui64; kernel:net/ipv6/netfilter/ip6t_eui64.c; RFC 4291 appendix A.
// Tested by: tests/rules/eui64.t, rules/match/header_match_test.cpp.
#include <algorithm>
#include <array>

#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::uint8_t none = 0;
    };
    static constexpr Traits kTraits{
        .name = "eui64",
        .options = {},
        .families = Families::ipv6,
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input) | hook_bit(Hook::forward),
        .words =
            "The interface identifier of the source address is made from the sender's Ethernet "
            "address.",
        .reads =
            "The IPv6 header and the Ethernet source address. A packet that came by no Ethernet is "
            "no match."};

    static void print(const Data&, const PrintContext&, std::string&) {}
    static bool matches(Data&, Context& context, Why why) {
        const std::uint8_t* mac = context.source_mac;
        if (mac == nullptr) return why.no("the packet came by no Ethernet");
        const std::array<std::uint8_t, 8> wanted = {static_cast<std::uint8_t>(mac[0] ^ 2),
                                                    mac[1],
                                                    mac[2],
                                                    0xff,
                                                    0xfe,
                                                    mac[3],
                                                    mac[4],
                                                    mac[5]};
        const base::ByteView identifier = context.packet->ip.sub(16, 8);
        if (std::equal(wanted.begin(), wanted.end(), identifier.data())) return true;
        return why.no("the source address is not made from the sender's Ethernet address");
    }
};

}  // namespace

extern const MatchModule k_eui64;
const MatchModule k_eui64 = match_module<Form>();

}  // namespace keepstate::rules::match
