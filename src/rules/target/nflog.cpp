// -j NFLOG: a copy of the packet to userspace; the packet goes on.
//
// source: man:iptables-extensions NFLOG; kernel:net/netfilter/xt_NFLOG.c.   Tested by: tests/rules/NFLOG.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kGroup, kPrefix, kRange, kSize, kThreshold };
constexpr std::size_t kLongestPrefix = 63;

struct Form {
    struct Data {
        std::array<char, kLongestPrefix + 1> prefix{};
        std::uint32_t length = 0;
        std::uint16_t group = 0;
        std::uint16_t threshold = 0;
        std::uint8_t has_size = 0;
    };
    static constexpr bool kKeepsKey = true;
    static constexpr Option kOptions[] = {
        {.name = "nflog-group",
         .id = kGroup,
         .arg = ArgKind::number,
         .max = 65535,
         .words = "the netlink group. Default: 0"},
        {.name = "nflog-prefix",
         .id = kPrefix,
         .arg = ArgKind::text,
         .min = 1,
         .words = "words before the packet; 63 bytes count"},
        {.name = "nflog-range",
         .id = kRange,
         .arg = ArgKind::number,
         .excludes = option_bit(kSize),
         .words = "an older --nflog-size, without effect in Linux"},
        {.name = "nflog-size",
         .id = kSize,
         .arg = ArgKind::number,
         .excludes = option_bit(kRange),
         .words = "how many bytes of the packet are copied. Default: all"},
        {.name = "nflog-threshold",
         .id = kThreshold,
         .arg = ArgKind::number,
         .max = 65535,
         .words = "how many packets Linux collects before it sends them. Default: 0"},
    };
    static constexpr Traits kTraits{
        .name = "NFLOG",
        .options = kOptions,
        .words = "Sends a copy of the packet to userspace. The packet goes on to the next rule.",
        .reads = "nothing of the packet",
        .differences = "No copy is sent; explanations say that one would be."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text.substr(0, kLongestPrefix);
        switch (use.id()) {
            case kGroup: data.group = static_cast<std::uint16_t>(use.value.low); break;
            case kPrefix:
                if (use.value.text.find('\n') != std::string_view::npos)
                    reader.fault("--nflog-prefix: a newline in it");
                std::copy(words.begin(), words.end(), data.prefix.begin());
                break;
            case kThreshold: data.threshold = static_cast<std::uint16_t>(use.value.low); break;
            default:
                data.length = static_cast<std::uint32_t>(use.value.low);
                data.has_size = use.id() == kSize;
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.prefix[0] != 0) {
            out += " --nflog-prefix ";
            append_quoted(out, data.prefix.data());
        }
        if (data.group != 0) out += fmt::format(" --nflog-group {}", data.group);
        if (data.has_size) {
            out += fmt::format(" --nflog-size {}", data.length);
        } else if (data.length != 0) {
            out += fmt::format(" --nflog-range {}", data.length);
        }
        if (data.threshold != 0) out += fmt::format(" --nflog-threshold {}", data.threshold);
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.words("a copy to group {}, prefix \"{}\"", data.group, data.prefix.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_nflog;
const TargetModule k_nflog = target_module<Form>();

}  // namespace keepstate::rules::target
