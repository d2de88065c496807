// -j CLUSTERIP: one address shared by several hosts, of which each answers its share of the connections.
//
// Linux 6.18 no longer has it (-m cluster took its place); the tool still reads it.
// source: man:iptables-extensions CLUSTERIP.   Tested by: tests/rules/CLUSTERIP.t.
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kNew, kMode, kMac, kTotal, kLocal, kInit };
constexpr std::uint64_t kAllNeeded = option_bit(kNew) | option_bit(kMode) | option_bit(kMac) |
                                     option_bit(kTotal) | option_bit(kLocal);
constexpr std::string_view kModes[] = {"sourceip", "sourceip-sourceport",
                                       "sourceip-sourceport-destport"};

/// "01:02:03:04:05:06", one or two hexadecimal digits a byte.
std::optional<std::array<std::uint8_t, 6>> parse_mac(std::string_view words) {
    std::array<std::uint8_t, 6> mac{};
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const std::size_t end = i + 1 < mac.size() ? words.find(':') : words.size();
        if (end == std::string_view::npos || end == 0 || end > 2) return std::nullopt;
        unsigned value = 0;
        for (const char c : words.substr(0, end)) {
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) return std::nullopt;
            value = value * 16 + static_cast<unsigned>(digit);
        }
        mac[i] = static_cast<std::uint8_t>(value);
        words.remove_prefix(i + 1 < mac.size() ? end + 1 : end);
    }
    return mac;
}

struct Form {
    struct Data {
        std::uint32_t init = 0;
        std::array<std::uint8_t, 6> mac{};
        std::uint8_t is_new = 0;
        std::uint8_t mode = 0;
        std::uint8_t total = 0;
        std::uint8_t local = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "new",
         .id = kNew,
         .words = "makes the shared address; the first rule for one needs it"},
        {.name = "hashmode",
         .id = kMode,
         .arg = ArgKind::text,
         .words = "what the share is chosen by: `sourceip`, `sourceip-sourceport` or "
                  "`sourceip-sourceport-destport`"},
        {.name = "clustermac",
         .id = kMac,
         .arg = ArgKind::text,
         .words = "the shared Ethernet address, a multicast one"},
        {.name = "total-nodes",
         .id = kTotal,
         .arg = ArgKind::number,
         .max = 16,
         .words = "how many hosts share the address"},
        {.name = "local-node",
         .id = kLocal,
         .arg = ArgKind::number,
         .max = 16,
         .words = "which of them this host is, from 1"},
        {.name = "hash-init",
         .id = kInit,
         .arg = ArgKind::number,
         .words = "where the hash begins. Default: 0"}};
    static constexpr Traits kTraits{
        .name = "CLUSTERIP",
        .options = kOptions,
        .families = Families::ipv4,
        .words =
            "Several hosts share one address, and each answers its share of the connections. "
            "The rule needs `-d` with one address, and with --new also `-i`.",
        .reads = "source address and ports of a connection's first packet",
        .differences =
            "This host takes every packet as its own share: the packet goes on. Linux 6.18 "
            "has no CLUSTERIP and refuses the rule; here it is read, as iptables 1.8.9 "
            "reads it, so that old rulesets can be replayed."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kNew: data.is_new = 1; break;
            case kMode: {
                for (std::size_t i = 0; i < std::size(kModes); ++i) {
                    if (kModes[i] != words) continue;
                    data.mode = static_cast<std::uint8_t>(i);
                    return;
                }
                reader.fault(
                    fmt::format("`{}' is no hash mode{}", words,
                                did_you_mean(words, {std::begin(kModes), std::end(kModes)})));
                break;
            }
            case kMac: {
                const auto mac = parse_mac(words);
                if (!mac || ((*mac)[0] & 1) == 0) {
                    reader.fault(fmt::format("`{}' is no multicast Ethernet address", words));
                    return;
                }
                data.mac = *mac;
                break;
            }
            case kTotal: data.total = static_cast<std::uint8_t>(use.value.low); break;
            case kLocal: data.local = static_cast<std::uint8_t>(use.value.low); break;
            default: data.init = static_cast<std::uint32_t>(use.value.low);
        }
    }
    static void finish(Data&, RuleReader& reader) {
        if (!reader.has_seen(kAllNeeded | option_bit(kInit))) return;
        for (const std::uint8_t id : {kNew, kMode, kMac, kTotal, kLocal}) {
            if (reader.has_seen(option_bit(id))) continue;
            reader.fault(
                "`CLUSTERIP' needs --new, --hashmode, --clustermac, --total-nodes and --local-node "
                "together, or none of them");
            return;
        }
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const Basics& basics = *context.basics;
        const AddressBytes whole = mask_of(32, Family::ipv4);
        if (basics.destination.mask != whole || basics.destination.inverted) {
            return "target `CLUSTERIP' needs `-d' with one address";
        }
        if (data.is_new && basics.in.name[0] == 0) {
            return "target `CLUSTERIP' with --new needs `-i'";
        }
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (!data.is_new) return;
        const auto& mac = data.mac;
        out += fmt::format(
            " --new --hashmode {} --clustermac {:02X}:{:02X}:{:02X}:{:02X}:{:02X}:{:02X} "
            "--total-nodes {} --local-node {} --hash-init {}",
            kModes[data.mode], mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], data.total,
            data.local, data.init);
    }
    static Ruling judge(Data&, Context&, Says says) {
        says.words("the packet is taken for this host's share");
        return {};
    }
};

}  // namespace

extern const TargetModule k_clusterip;
const TargetModule k_clusterip = target_module<Form>();

}  // namespace keepstate::rules::target
