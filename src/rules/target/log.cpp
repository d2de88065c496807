// -j LOG: tells the Observer what the kernel would write to its log; the packet goes on.
//
// source: man:iptables-extensions LOG; kernel:net/netfilter/xt_LOG.c.   Tested by: tests/rules/LOG.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kLevel, kPrefix, kTcpSequence, kTcpOptions, kIpOptions, kUid, kMac };
constexpr std::uint8_t kDefaultLevel = 4;
constexpr std::size_t kLongestPrefix = 29;

struct FlagOption {
    std::uint8_t id;
    std::uint8_t flag;
    std::string_view name;
};
constexpr FlagOption kFlags[] = {{kTcpSequence, 1, "log-tcp-sequence"},
                                 {kTcpOptions, 2, "log-tcp-options"},
                                 {kIpOptions, 4, "log-ip-options"},
                                 {kUid, 8, "log-uid"},
                                 {kMac, 32, "log-macdecode"}};

struct Log {
    struct Data {
        std::array<char, kLongestPrefix + 1> prefix{};
        std::uint8_t level = 0;
        std::uint8_t flags = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "log-level", .id = kLevel, .arg = ArgKind::log_level},
        {.name = "log-prefix", .id = kPrefix, .arg = ArgKind::text, .min = 1},
        {.name = "log-tcp-sequence", .id = kTcpSequence},
        {.name = "log-tcp-options", .id = kTcpOptions},
        {.name = "log-ip-options", .id = kIpOptions},
        {.name = "log-uid", .id = kUid},
        {.name = "log-macdecode", .id = kMac},
    };
    static constexpr Traits kTraits{.name = "LOG", .options = kOptions};

    static void begin(Data& data) { data.level = kDefaultLevel; }

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kLevel) {
            data.level = static_cast<std::uint8_t>(use.value.low);
        } else if (use.id() == kPrefix) {
            if (use.value.text.find('\n') != std::string_view::npos) {
                reader.fault("--log-prefix: a newline in it");
            }
            // The real tool cuts longer ones too.
            const std::string_view words = use.value.text.substr(0, kLongestPrefix);
            std::copy(words.begin(), words.end(), data.prefix.begin());
        }
        for (const FlagOption& row : kFlags) {
            if (row.id == use.id()) data.flags = static_cast<std::uint8_t>(data.flags | row.flag);
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.prefix[0] != 0) {
            out += " --log-prefix ";
            append_quoted(out, data.prefix.data());
        }
        if (data.level != kDefaultLevel) out += fmt::format(" --log-level {}", data.level);
        for (const FlagOption& row : kFlags) {
            if ((data.flags & row.flag) != 0) out += fmt::format(" --{}", row.name);
        }
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.log(data.prefix.data(), data.level, data.flags);
        return {};
    }
};

}  // namespace

extern const TargetModule k_log;
const TargetModule k_log = target_module<Log>();

}  // namespace keepstate::rules::target
