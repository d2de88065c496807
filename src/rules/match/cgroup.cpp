// -m cgroup: the control group of the local process whose socket the packet belongs to.
//
// Here no packet has a socket, and in Linux one without a socket is no match either, inverted or not.
// source: man:iptables-extensions cgroup; kernel:net/netfilter/xt_cgroup.c.   Tested by: tests/rules/cgroup.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kPath, kClass };
constexpr std::size_t kMostPath = 511;

struct Form {
    struct Data {
        std::uint32_t class_id = 0;
        std::uint8_t asked = 255;
        std::uint8_t inverted = 0;
        std::array<char, kMostPath + 1> path{};
    };
    static constexpr Option kOptions[] = {
        {.name = "path",
         .id = kPath,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The socket's process is in the version 2 group of this path, or below it; at "
                  "most 511 "
                  "bytes"},
        {.name = "cgroup",
         .id = kClass,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "The socket's net_cls class is NUMBER"},
    };
    static constexpr Traits kTraits{
        .name = "cgroup",
        .options = kOptions,
        .hooks = hook_bit(Hook::input) | hook_bit(Hook::output) | hook_bit(Hook::postrouting),
        .words = "The control group of the local process that the packet is from or for.",
        .reads = "Nothing: no packet has a socket here.",
        .differences =
            "Sockets are not known, so no packet matches, inverted or not; in Linux that is so "
            "for packets without a socket. Linux refuses a path that is not there; here every "
            "path is taken."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (data.asked != 255) {
            reader.fault("--path and --cgroup do not go together");
            return;
        }
        data.asked = use.id();
        data.inverted = use.inverted;
        data.class_id = static_cast<std::uint32_t>(use.value.low);
        if (use.id() == kClass) return;
        if (use.value.text.size() > kMostPath) {
            reader.fault(fmt::format("--path has more than {} bytes", kMostPath));
            return;
        }
        std::copy(use.value.text.begin(), use.value.text.end(), data.path.begin());
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 255) reader.fault("`cgroup' needs --path or --cgroup");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " !" : "";
        if (data.asked == kClass) {
            out += fmt::format(" --cgroup {}", data.class_id);
            return;
        }
        out += " --path ";
        append_quoted(out, data.path.data());
    }
    static std::string_view never_known(const Data&) {
        return "the sockets that packets belong to are not known";
    }
    static bool matches(Data&, Context&, Why why) {
        return why.no("the packet's socket is not known");
    }
};

}  // namespace

extern const MatchModule k_cgroup;
const MatchModule k_cgroup = match_module<Form>();

}  // namespace keepstate::rules::match
