// -m physdev: the ports of a bridge by which the packet came or leaves.
//
// Here no device is a bridge. A packet that no bridge passed on matches if every option is inverted, in Linux too.
// source: man:iptables-extensions physdev; kernel:net/netfilter/xt_physdev.c.   Tested by: tests/rules/physdev.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <algorithm>
#include <array>

#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

/// In the order in which they are printed.
enum : std::uint8_t { kIsIn, kIn, kIsOut, kOut, kIsBridged };
constexpr std::string_view kNames[] = {"physdev-is-in", "physdev-in", "physdev-is-out",
                                       "physdev-out", "physdev-is-bridged"};
constexpr std::size_t kMostName = 15;

struct Form {
    struct Data {
        std::array<char, kMostName + 1> in{};
        std::array<char, kMostName + 1> out{};
        std::uint8_t asked = 0;     ///< option bits
        std::uint8_t inverted = 0;  ///< option bits
    };
    static constexpr Option kOptions[] = {
        {.name = kNames[kIn],
         .id = kIn,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The packet came by this port of a bridge; a + at the end stands for any ending"},
        {.name = kNames[kOut],
         .id = kOut,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The packet leaves by this port of a bridge, likewise"},
        {.name = kNames[kIsIn],
         .id = kIsIn,
         .flags = option_flag::kInvert,
         .words = "The packet came by a port of a bridge"},
        {.name = kNames[kIsOut],
         .id = kIsOut,
         .flags = option_flag::kInvert,
         .words = "The packet leaves by a port of a bridge"},
        {.name = kNames[kIsBridged],
         .id = kIsBridged,
         .flags = option_flag::kInvert,
         .words = "The packet is passed on by a bridge, not routed"},
    };
    static constexpr Traits kTraits{
        .name = "physdev",
        .options = kOptions,
        .words = "The ports of a bridge by which the packet came or leaves.",
        .reads = "Nothing: no device is a bridge here.",
        .differences =
            "No device is a bridge: a rule matches every packet if all its options are "
            "inverted, and else none, as in Linux for packets that no bridge passed on."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted) {
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
        }
        if (use.id() != kIn && use.id() != kOut) return;
        const std::string_view name = use.value.text;
        if (name.size() > kMostName) {
            reader.fault(fmt::format("device name `{}' is longer than {} bytes", name, kMostName));
            return;
        }
        auto& device = use.id() == kIn ? data.in : data.out;
        std::copy(name.begin(), name.end(), device.begin());
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) reader.fault("`physdev' needs at least one of its options");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const bool asks_out = (data.asked & (option_bit(kOut) | option_bit(kIsOut))) != 0;
        const bool bridged = (data.asked & ~data.inverted & option_bit(kIsBridged)) != 0;
        if (asks_out && !bridged && (context.hooks & hook_bit(Hook::output)) != 0) {
            return "match `physdev' with --physdev-out or --physdev-is-out may not stand where "
                   "OUTPUT "
                   "leads, but with --physdev-is-bridged";
        }
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const unsigned id : {kIsIn, kIn, kIsOut, kOut, kIsBridged}) {
            if ((data.asked & option_bit(id)) == 0) continue;
            out += fmt::format("{} --{}", (data.inverted & option_bit(id)) != 0 ? " !" : "",
                               kNames[id]);
            if (id == kIn) out += fmt::format(" {}", data.in.data());
            if (id == kOut) out += fmt::format(" {}", data.out.data());
        }
    }
    static bool fits(const Data& data) { return data.asked == data.inverted; }
    static std::string_view never_known(const Data& data) {
        if (fits(data)) return {};
        return "no device is a bridge";
    }
    static bool matches(Data& data, Context&, Why why) {
        if (fits(data)) return true;
        return why.no("the packet passed no bridge");
    }
};

}  // namespace

extern const MatchModule k_physdev;
const MatchModule k_physdev = match_module<Form>();

}  // namespace keepstate::rules::match
