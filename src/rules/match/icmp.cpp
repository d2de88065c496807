// -m icmp: type and code of an ICMP message.
//
// source: man:iptables-extensions icmp; kernel:net/ipv4/netfilter/ip_tables.c icmp_match; RFC 792.
// Tested by: tests/rules/icmp.t.
#include "rules/match/icmp_types.hpp"

namespace keepstate::rules::match {

namespace {

constexpr IcmpName kNames[] = {
    {"any", 255, 0, 255},
    {"echo-reply", 0, 0, 255},
    {"pong", 0, 0, 255},
    {"destination-unreachable", 3, 0, 255},
    {"network-unreachable", 3, 0, 0},
    {"host-unreachable", 3, 1, 1},
    {"protocol-unreachable", 3, 2, 2},
    {"port-unreachable", 3, 3, 3},
    {"fragmentation-needed", 3, 4, 4},
    {"source-route-failed", 3, 5, 5},
    {"network-unknown", 3, 6, 6},
    {"host-unknown", 3, 7, 7},
    {"network-prohibited", 3, 9, 9},
    {"host-prohibited", 3, 10, 10},
    {"TOS-network-unreachable", 3, 11, 11},
    {"TOS-host-unreachable", 3, 12, 12},
    {"communication-prohibited", 3, 13, 13},
    {"host-precedence-violation", 3, 14, 14},
    {"precedence-cutoff", 3, 15, 15},
    {"source-quench", 4, 0, 255},
    {"redirect", 5, 0, 255},
    {"network-redirect", 5, 0, 0},
    {"host-redirect", 5, 1, 1},
    {"TOS-network-redirect", 5, 2, 2},
    {"TOS-host-redirect", 5, 3, 3},
    {"echo-request", 8, 0, 255},
    {"ping", 8, 0, 255},
    {"router-advertisement", 9, 0, 255},
    {"router-solicitation", 10, 0, 255},
    {"time-exceeded", 11, 0, 255},
    {"ttl-exceeded", 11, 0, 255},
    {"ttl-zero-during-transit", 11, 0, 0},
    {"ttl-zero-during-reassembly", 11, 1, 1},
    {"parameter-problem", 12, 0, 255},
    {"ip-header-bad", 12, 0, 0},
    {"required-option-missing", 12, 1, 1},
    {"timestamp-request", 13, 0, 255},
    {"timestamp-reply", 14, 0, 255},
    {"address-mask-request", 17, 0, 255},
    {"address-mask-reply", 18, 0, 255},
};

struct Icmp {
    using Data = IcmpData;
    static constexpr Option kOptions[] = {
        {.name = "icmp-type",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "`TYPE[/CODE]` as numbers, or a name (`echo-request`, `port-unreachable`, ...; "
                  "`any` for all). A type alone stands for all its codes"},
    };
    static constexpr Traits kTraits{.name = "icmp",
                                    .options = kOptions,
                                    .families = Families::ipv4,
                                    .protocol = protocol::kIcmp,
                                    .words =
                                        "Type and code of an ICMP message. A later fragment does "
                                        "not match; a header that is cut drops the packet.",
                                    .reads = "the ICMP header"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        parse_icmp(data, use.value.text, kNames, reader);
        data.inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " ! --icmp-type " : " --icmp-type ";
        out += data.type == 255 ? std::string("any") : icmp_text(data);
    }
    static bool matches(Data& data, Context& context, Why why) {
        return matches_icmp(data, 255, "icmp-type", 8, context, why);
    }
};

}  // namespace

extern const MatchModule k_icmp;
const MatchModule k_icmp = match_module<Icmp>();

}  // namespace keepstate::rules::match
