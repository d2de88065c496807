// -j TOS: the byte of IPv4's TOS or IPv6's traffic class: tos = (tos & ~mask) ^ value.
//
// --and-tos, --or-tos, --xor-tos and the old names are other spellings of --set-tos, which is printed. A name
// has the mask 0x3f: it was made when the two upper bits were not yet anything.
// source: man:iptables-extensions TOS; kernel:net/netfilter/xt_DSCP.c tos_tg; RFC 1349.
// Tested by: tests/rules/TOS.t, tests/scenarios/rules/a-packet-s-dscp-and-tos-are-rewritten.yaml.
#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSet, kAnd, kOr, kXor };
constexpr std::uint64_t kAll = 0xf;
constexpr std::uint8_t kMaskOfNames = 0x3f;

struct TosName {
    std::string_view name;
    std::uint8_t value;
};
constexpr TosName kNames[] = {{"Minimize-Delay", 0x10},
                              {"Maximize-Throughput", 0x08},
                              {"Maximize-Reliability", 0x04},
                              {"Minimize-Cost", 0x02},
                              {"Normal-Service", 0x00}};

struct Form {
    struct Data {
        std::uint8_t value = 0;
        std::uint8_t mask = 0;
        std::uint8_t given = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "set-tos",
         .id = kSet,
         .arg = ArgKind::text,
         .excludes = kAll,
         .words =
             "`VALUE[/MASK]`, 0 to 255 each: the bits of MASK (default 0xff) are cleared, then "
             "those of VALUE flipped. Or a name, with mask 0x3f: `Minimize-Delay`, "
             "`Maximize-Throughput`, `Maximize-Reliability`, `Minimize-Cost`, "
             "`Normal-Service`"},
        {.name = "and-tos",
         .id = kAnd,
         .arg = ArgKind::number,
         .excludes = kAll,
         .max = 255,
         .words = "only these bits stay: `--set-tos 0/~BITS`"},
        {.name = "or-tos",
         .id = kOr,
         .arg = ArgKind::number,
         .excludes = kAll,
         .max = 255,
         .words = "these bits are set: `--set-tos BITS/BITS`"},
        {.name = "xor-tos",
         .id = kXor,
         .arg = ArgKind::number,
         .excludes = kAll,
         .max = 255,
         .words = "these bits are flipped: `--set-tos BITS/0`"}};
    static constexpr Traits kTraits{
        .name = "TOS",
        .options = kOptions,
        .tables = table_bit(Table::mangle),
        .words =
            "Writes the TOS byte of IPv4 or the traffic class of IPv6, all eight bits of it, "
            "ECN's too. The IPv4 header checksum follows.",
        .reads = "the packet's TOS or traffic class"};

    // "0x10", "0x10/0x3f", "Minimize-Delay".
    static void parse_set(Data& data, std::string_view words, RuleReader& reader) {
        const auto value = parse_number_prefix(words);
        if (!value || value->value > 255) {
            std::vector<std::string_view> known;
            for (const TosName& row : kNames) {
                known.push_back(row.name);
                if (row.name.size() != words.size() || !begins_in_any_case(row.name, words))
                    continue;
                data.value = row.value;
                data.mask = kMaskOfNames;
                return;
            }
            reader.fault(fmt::format("`{}' is no TOS: 0 to 255, or a name{}", words,
                                     did_you_mean(words, known)));
            return;
        }
        data.value = static_cast<std::uint8_t>(value->value);
        data.mask = 0xff;
        std::string_view rest = words.substr(value->bytes);
        if (rest.empty()) return;
        const auto mask = rest.front() == '/' ? parse_number(rest.substr(1), 0, 255) : std::nullopt;
        if (!mask) {
            reader.fault(fmt::format("`{}' is no TOS: VALUE or VALUE/MASK, 0 to 255 each", words));
            return;
        }
        data.mask = static_cast<std::uint8_t>(*mask);
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const auto bits = static_cast<std::uint8_t>(use.value.low);
        data.given = 1;
        switch (use.id()) {
            case kSet: parse_set(data, use.value.text, reader); break;
            case kAnd: data.mask = static_cast<std::uint8_t>(~bits); break;
            case kOr: data.value = data.mask = bits; break;
            default: data.value = bits;
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.given) reader.fault("`TOS' needs --set-tos, --and-tos, --or-tos or --xor-tos");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --set-tos {:#04x}/{:#04x}", data.value, data.mask);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const std::uint8_t before = context.packet->tos;
        const auto after = static_cast<std::uint8_t>((before & ~data.mask) ^ data.value);
        if (after != before && context.editor != nullptr) context.editor->set_tos(after);
        says.words("TOS {:#04x} -> {:#04x}", before, after);
        return {};
    }
};

}  // namespace

extern const TargetModule k_tos;
const TargetModule k_tos = target_module<Form>();

}  // namespace keepstate::rules::target
