// -m pkttype: how the frame was addressed at the link: to this host, to all, to a group.
//
// source: man:iptables-extensions pkttype; kernel:net/netfilter/xt_pkttype.c.   Tested by: tests/rules/pkttype.t.
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Name {
    std::string_view name;
    LinkType type;
};
constexpr Name kNames[] = {{"unicast", LinkType::host},        {"broadcast", LinkType::broadcast},
                           {"multicast", LinkType::multicast}, {"host", LinkType::host},
                           {"bcast", LinkType::broadcast},     {"mcast", LinkType::multicast}};

struct Form {
    struct Data {
        LinkType type = LinkType::host;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "pkt-type",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words =
             "`unicast` (also `host`), `broadcast`, `multicast`, or another of the kernel's names"},
    };
    static constexpr Traits kTraits{.name = "pkttype",
                                    .options = kOptions,
                                    .words = "How the frame was addressed at the link.",
                                    .reads =
                                        "how the frame was addressed: by Ethernet's destination, "
                                        "or by a Linux cooked header. A packet that "
                                        "came without either is for this host."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.inverted = use.inverted;
        for (const Name& row : kNames) {
            if (row.name.size() == use.value.text.size() &&
                begins_in_any_case(row.name, use.value.text)) {
                data.type = row.type;
                return;
            }
        }
        reader.fault(
            fmt::format("`{}' is no packet type: unicast, broadcast or multicast", use.value.text));
    }
    static std::string_view name(LinkType type) {
        return kNames[static_cast<std::size_t>(type)].name;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --pkt-type {}", data.inverted ? " !" : "", name(data.type));
    }
    static bool matches(Data& data, Context& context, Why why) {
        if ((context.link_type == data.type) != (data.inverted != 0)) return true;
        return why.no("{}--pkt-type {}: the packet is {}", data.inverted ? "! " : "",
                      name(data.type), name(context.link_type));
    }
};

}  // namespace

extern const MatchModule k_pkttype;
const MatchModule k_pkttype = match_module<Form>();

}  // namespace keepstate::rules::match
