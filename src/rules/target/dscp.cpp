// -j DSCP: another DSCP, the upper six bits of IPv4's TOS and IPv6's traffic class. The two bits of ECN stay.
//
// source: man:iptables-extensions DSCP; kernel:net/netfilter/xt_DSCP.c; RFC 2474, RFC 2597, RFC 3246.
// Tested by: tests/rules/DSCP.t, tests/scenarios/rules/a-packet-s-dscp-and-tos-are-rewritten.yaml.
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kNumber, kClass };
constexpr std::uint8_t kEcnBits = 0x03;

struct ClassName {
    std::string_view name;
    std::uint8_t dscp;
};
constexpr ClassName kClasses[] = {
    {"CS0", 0x00},  {"CS1", 0x08},  {"CS2", 0x10},  {"CS3", 0x18},  {"CS4", 0x20},  {"CS5", 0x28},
    {"CS6", 0x30},  {"CS7", 0x38},  {"BE", 0x00},   {"AF11", 0x0a}, {"AF12", 0x0c}, {"AF13", 0x0e},
    {"AF21", 0x12}, {"AF22", 0x14}, {"AF23", 0x16}, {"AF31", 0x1a}, {"AF32", 0x1c}, {"AF33", 0x1e},
    {"AF41", 0x22}, {"AF42", 0x24}, {"AF43", 0x26}, {"EF", 0x2e}};

struct Form {
    struct Data {
        std::uint8_t dscp = 0;
        std::uint8_t given = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "set-dscp",
         .id = kNumber,
         .arg = ArgKind::number,
         .excludes = option_bit(kClass),
         .max = 63,
         .words = "the new DSCP"},
        {.name = "set-dscp-class",
         .id = kClass,
         .arg = ArgKind::text,
         .excludes = option_bit(kNumber),
         .words = "the new DSCP by its name, in any case: `BE`, `EF`, `CS0` to `CS7`, `AF11` to "
                  "`AF43`"}};
    static constexpr Traits kTraits{
        .name = "DSCP",
        .options = kOptions,
        .tables = table_bit(Table::mangle),
        .words =
            "Writes another DSCP into the packet, the upper six bits of IPv4's TOS and IPv6's "
            "traffic class. The two bits of ECN stay; the IPv4 header checksum follows.",
        .reads = "the packet's TOS or traffic class"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.given = 1;
        if (use.id() == kNumber) {
            data.dscp = static_cast<std::uint8_t>(use.value.low);
            return;
        }
        std::vector<std::string_view> known;
        for (const ClassName& row : kClasses) {
            known.push_back(row.name);
            if (row.name.size() != use.value.text.size()) continue;
            if (!begins_in_any_case(row.name, use.value.text)) continue;
            data.dscp = row.dscp;
            return;
        }
        reader.fault(fmt::format("`{}' is no DiffServ class{}", use.value.text,
                                 did_you_mean(use.value.text, known)));
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.given) reader.fault("`DSCP' needs --set-dscp or --set-dscp-class");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --set-dscp {:#04x}", data.dscp);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const std::uint8_t before = context.packet->tos;
        if (before >> 2 == data.dscp || context.editor == nullptr) {
            says.words("the DSCP is {:#04x} and stays", before >> 2);
            return {};
        }
        context.editor->set_tos(static_cast<std::uint8_t>(data.dscp << 2 | (before & kEcnBits)));
        says.words("DSCP {:#04x} -> {:#04x}", before >> 2, data.dscp);
        return {};
    }
};

}  // namespace

extern const TargetModule k_dscp;
const TargetModule k_dscp = target_module<Form>();

}  // namespace keepstate::rules::target
