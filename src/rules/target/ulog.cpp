// -j ULOG: a copy of the packet to userspace, NFLOG's predecessor. The packet goes on.
//
// Linux has not had it since 3.17; the tool still reads it.
// source: man:iptables-extensions ULOG.   Tested by: tests/rules/ULOG.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kGroup, kPrefix, kRange, kThreshold };
constexpr std::size_t kLongestPrefix = 31;

struct Form {
    struct Data {
        std::array<char, kLongestPrefix + 1> prefix{};
        std::uint64_t range = 0;
        std::uint32_t group = 1;
        std::uint32_t threshold = 1;
    };
    static constexpr Option kOptions[] = {
        {.name = "ulog-nlgroup",
         .id = kGroup,
         .arg = ArgKind::number,
         .min = 1,
         .max = 32,
         .words = "the netlink group. Default: 1"},
        {.name = "ulog-prefix",
         .id = kPrefix,
         .arg = ArgKind::text,
         .min = 1,
         .words = "words before the packet; 31 bytes count"},
        {.name = "ulog-cprange",
         .id = kRange,
         .arg = ArgKind::number,
         .max = ~std::uint64_t{0},
         .words = "how many bytes of the packet are copied; 0, the default: all"},
        {.name = "ulog-qthreshold",
         .id = kThreshold,
         .arg = ArgKind::number,
         .min = 1,
         .max = 50,
         .words = "how many packets Linux collected before it sent them. Default: 1"}};
    static constexpr Traits kTraits{
        .name = "ULOG",
        .options = kOptions,
        .families = Families::ipv4,
        .words =
            "Sends a copy of the packet to userspace. NFLOG took its place. The packet goes on "
            "to the next rule.",
        .reads = "nothing of the packet",
        .differences =
            "No copy is sent. Linux 6.18 has no ULOG and refuses the rule; here it is "
            "read, as iptables 1.8.9 reads it, so that old rulesets can be replayed."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kGroup: data.group = static_cast<std::uint32_t>(use.value.low); break;
            case kRange: data.range = use.value.low; break;
            case kThreshold: data.threshold = static_cast<std::uint32_t>(use.value.low); break;
            default: {
                if (use.value.text.find('\n') != std::string_view::npos) {
                    reader.fault("--ulog-prefix: a newline in it");
                }
                const std::string_view words = use.value.text.substr(0, kLongestPrefix);
                std::copy(words.begin(), words.end(), data.prefix.begin());
            }
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.prefix[0] != 0) {
            out += " --ulog-prefix ";
            append_quoted(out, data.prefix.data());
        }
        if (data.group != 1) out += fmt::format(" --ulog-nlgroup {}", data.group);
        if (data.range != 0) out += fmt::format(" --ulog-cprange {}", data.range);
        if (data.threshold != 1) out += fmt::format(" --ulog-qthreshold {}", data.threshold);
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.words("a copy would go to netlink group {}, prefix \"{}\"", data.group,
                   data.prefix.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_ulog;
const TargetModule k_ulog = target_module<Form>();

}  // namespace keepstate::rules::target
