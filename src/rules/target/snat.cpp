// -j SNAT: another source address for what leaves, the same for the whole connection.
//
// Parsed, checked and printed; a packet it applies to is told as one that would be translated.
// source: man:iptables-extensions SNAT; kernel:net/netfilter/xt_nat.c.   Tested by: tests/rules/SNAT.t.
#include "rules/target/nat_range.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kTo, kRandom, kRandomFully, kPersistent };

struct Form {
    struct Data {
        NatRange range;
        std::uint8_t flags = 0;  ///< 1 << option id
    };
    static constexpr Option kOptions[] = {
        {.name = "to-source",
         .id = kTo,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "`[ADDRESS[-ADDRESS]][:PORT[-PORT]]`; an IPv6 address with a port stands in `[ "
                  "]`. Ports need `-p tcp`, `udp`, `sctp` or `dccp`"},
        {.name = "random", .id = kRandom, .words = "the port is chosen by a random hash"},
        {.name = "random-fully", .id = kRandomFully, .words = "the port is chosen at random"},
        {.name = "persistent",
         .id = kPersistent,
         .words = "a client gets the same address for each connection"},
    };
    static constexpr Traits kTraits{
        .name = "SNAT",
        .options = kOptions,
        .tables = table_bit(Table::nat),
        .hooks = hook_bit(Hook::postrouting) | hook_bit(Hook::input),
        .words = "Writes another source address, and port, into all packets of the connection.",
        .reads = "only the first packet of a connection comes here",
        .differences =
            "The packet passes untranslated; explanations and `Decision::would_translate` say so."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.flags = static_cast<std::uint8_t>(data.flags | (1U << use.id()));
        if (use.id() == kTo)
            parse_nat_range(data.range, use.value.text, PortBase::forgotten, reader);
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        if ((data.flags & (1U << kTo)) != 0)
            out += " --to-source " + nat_range_text(data.range, context.family);
        for (const Option& row : kOptions) {
            if (row.id != kTo && (data.flags & (1U << row.id)) != 0)
                out += fmt::format(" --{}", row.name);
        }
    }
    static Ruling judge(Data&, Context&, Says says) {
        says.words("the packet would be translated");
        return Ruling{.kind = Ruling::Kind::translate};
    }
};

}  // namespace

extern const TargetModule k_snat;
const TargetModule k_snat = target_module<Form>();

}  // namespace keepstate::rules::target
