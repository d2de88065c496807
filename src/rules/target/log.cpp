// -j LOG: writes the line that Linux would write to its log, for whoever reads it; the packet goes on.
//
// source: man:iptables-extensions LOG; kernel:net/netfilter/xt_LOG.c.
// Tested by: tests/rules/LOG.t, tests/kernel/log_lines_test.cpp.
#include <algorithm>
#include <array>

#include "rules/log_line.hpp"
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
constexpr FlagOption kFlags[] = {{kTcpSequence, log_flag::kTcpSequence, "log-tcp-sequence"},
                                 {kTcpOptions, log_flag::kTcpOptions, "log-tcp-options"},
                                 {kIpOptions, log_flag::kIpOptions, "log-ip-options"},
                                 {kUid, log_flag::kUid, "log-uid"},
                                 {kMac, log_flag::kMacDecode, "log-macdecode"}};

struct Log {
    struct Data {
        std::array<char, kLongestPrefix + 1> prefix{};
        std::uint8_t level = 0;
        std::uint8_t flags = 0;
    };
    static constexpr bool kKeepsKey = true;
    static constexpr Option kOptions[] = {
        {.name = "log-level",
         .id = kLevel,
         .arg = ArgKind::log_level,
         .words = "`emerg` (0), `alert`, `crit`, `error`, `warning`, `notice`, `info`, `debug` "
                  "(7), or the number. Default: `warning`"},
        {.name = "log-prefix",
         .id = kPrefix,
         .arg = ArgKind::text,
         .min = 1,
         .words = "words before the line; 29 bytes count"},
        {.name = "log-tcp-sequence",
         .id = kTcpSequence,
         .words = "also sequence and acknowledgement number"},
        {.name = "log-tcp-options",
         .id = kTcpOptions,
         .words = "also the TCP options, in hexadecimal"},
        {.name = "log-ip-options",
         .id = kIpOptions,
         .words = "also the IPv4 options, or the IPv6 extension headers"},
        {.name = "log-uid",
         .id = kUid,
         .words = "also the user and group of the socket that sent the packet"},
        {.name = "log-macdecode", .id = kMac, .words = "the Ethernet header taken apart"},
    };
    static constexpr Traits kTraits{
        .name = "LOG",
        .options = kOptions,
        .words =
            "Writes a line about the packet to the log, in Linux's own form. The packet goes on to "
            "the next rule. `replay --log` keeps the lines; `--explain` and JSON show them.",
        .reads = "all headers of the packet, its mark, the frame's Ethernet addresses",
        .differences = "Sockets are not known, so --log-uid adds nothing."};

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
    static Ruling judge(Data& data, Context& context, Says says) {
        if (!says && context.log == nullptr) return {};
        std::string line;
        print_log_line(context, data.prefix.data(), data.flags, line);
        says.log(line, data.level);
        if (context.log != nullptr) context.log->append(line).push_back('\n');
        return {};
    }
};

}  // namespace

extern const TargetModule k_log;
const TargetModule k_log = target_module<Log>();

}  // namespace keepstate::rules::target
