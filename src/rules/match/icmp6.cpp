// -m icmp6 (also -m icmpv6): type and code of an ICMPv6 message.
//
// source: man:iptables-extensions icmp6; kernel:net/ipv6/netfilter/ip6_tables.c icmp6_match; RFC 4443.
// Tested by: tests/rules/icmp6.t.
#include "rules/match/icmp_types.hpp"

namespace keepstate::rules::match {

namespace {

constexpr IcmpName kNames[] = {
    {"destination-unreachable", 1, 0, 255},
    {"no-route", 1, 0, 0},
    {"communication-prohibited", 1, 1, 1},
    {"beyond-scope", 1, 2, 2},
    {"address-unreachable", 1, 3, 3},
    {"port-unreachable", 1, 4, 4},
    {"failed-policy", 1, 5, 5},
    {"reject-route", 1, 6, 6},
    {"packet-too-big", 2, 0, 255},
    {"time-exceeded", 3, 0, 255},
    {"ttl-exceeded", 3, 0, 255},
    {"ttl-zero-during-transit", 3, 0, 0},
    {"ttl-zero-during-reassembly", 3, 1, 1},
    {"parameter-problem", 4, 0, 255},
    {"bad-header", 4, 0, 0},
    {"unknown-header-type", 4, 1, 1},
    {"unknown-option", 4, 2, 2},
    {"echo-request", 128, 0, 255},
    {"ping", 128, 0, 255},
    {"echo-reply", 129, 0, 255},
    {"pong", 129, 0, 255},
    {"router-solicitation", 133, 0, 255},
    {"router-advertisement", 134, 0, 255},
    {"neighbour-solicitation", 135, 0, 255},
    {"neighbor-solicitation", 135, 0, 255},
    {"neighbour-advertisement", 136, 0, 255},
    {"neighbor-advertisement", 136, 0, 255},
    {"redirect", 137, 0, 255},
};

struct Icmp6 {
    using Data = IcmpData;
    static constexpr Option kOptions[] = {
        {.name = "icmpv6-type",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "`TYPE[/CODE]` as numbers, or a name (`echo-request`, `packet-too-big`, ...). A "
                  "type alone stands for all its codes"},
    };
    static constexpr Traits kTraits{.name = "icmp6",
                                    .options = kOptions,
                                    .families = Families::ipv6,
                                    .protocol = protocol::kIcmpv6,
                                    .other_name = "icmpv6",
                                    .words =
                                        "Type and code of an ICMPv6 message. A later fragment does "
                                        "not match; a header that is cut drops the packet.",
                                    .reads = "the ICMPv6 header"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        parse_icmp(data, use.value.text, kNames, reader);
        data.inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " ! --icmpv6-type " : " --icmpv6-type ";
        out += icmp_text(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        return matches_icmp(data, 256, "icmpv6-type", 8, context, why);
    }
};

}  // namespace

extern const MatchModule k_icmp6;
const MatchModule k_icmp6 = match_module<Icmp6>();

}  // namespace keepstate::rules::match
