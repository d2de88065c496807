// -j MASQUERADE: the departure device's own address as source.
//
// Parsed, checked and printed; a packet it applies to is told as one that would be translated.
// source: man:iptables-extensions MASQUERADE; kernel:net/netfilter/xt_MASQUERADE.c.   Tested by: tests/rules/MASQUERADE.t.
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
        {.name = "to-ports",
         .id = kTo,
         .arg = ArgKind::text,
         .words = "`PORT[-PORT]`: the source ports to choose from. Needs `-p tcp`, `udp`, `sctp` "
                  "or `dccp`"},
        {.name = "random", .id = kRandom, .words = "the port is chosen by a random hash"},
        {.name = "random-fully", .id = kRandomFully, .words = "the port is chosen at random"},
    };
    static constexpr Traits kTraits{
        .name = "MASQUERADE",
        .options = kOptions,
        .tables = table_bit(Table::nat),
        .hooks = hook_bit(Hook::postrouting),
        .words =
            "Writes the departure device's own address as source into all packets of the "
            "connection.",
        .reads = "only the first packet of a connection comes here",
        .differences =
            "The packet passes untranslated; explanations and `Decision::would_translate` say so."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.flags = static_cast<std::uint8_t>(data.flags | (1U << use.id()));
        if (use.id() == kTo) parse_nat_ports(data.range, use.value.text, PortBase::refused, reader);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if ((data.flags & (1U << kTo)) != 0) out += " --to-ports " + nat_ports_text(data.range);
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

extern const TargetModule k_masquerade;
const TargetModule k_masquerade = target_module<Form>();

}  // namespace keepstate::rules::target
