// -m cgroup: the control group of the local process whose socket the packet belongs to.
//
// Which socket sent a packet, or is connected to its sender, the user states (EngineSetup::sockets). A packet without
// one is no match, inverted or not.
// source: man:iptables-extensions cgroup; kernel:net/netfilter/xt_cgroup.c.   Tested by: tests/rules/cgroup.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <algorithm>
#include <array>

#include "rules/host_sockets.hpp"
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
        const HostSockets* sockets = nullptr;  ///< once the engine is made
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
        .reads = "The socket that sent the packet, or the connected one that it is for.",
        .differences =
            "Sockets are those that the user states (`replay --sockets`). Linux refuses a path "
            "that is not there; here every "
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
    static std::string_view never_known(const Data&) { return "no sockets are stated"; }
    static Complaint bind(Data& data, BindContext& context) {
        data.sockets = context.objects.find<HostSockets>(HostSockets::kKind, HostSockets::kName);
        return std::nullopt;
    }
    /// Whether `path` is the group or one above it.
    static bool is_below(std::string_view group, std::string_view path) {
        while (path.ends_with('/')) path.remove_suffix(1);
        return group.starts_with(path) &&
               (group.size() == path.size() || group[path.size()] == '/');
    }
    static bool matches(Data& data, Context& context, Why why) {
        const HostSocket* socket = nullptr;
        if (data.sockets != nullptr && context.hook == Hook::input) {
            socket = data.sockets->find_connected_receiver(*context.packet);
        } else if (data.sockets != nullptr && context.is_from_host) {
            socket = data.sockets->find_sender(*context.packet);
        }
        if (socket == nullptr) return why.no("no socket is known for the packet");
        const bool fits = data.asked == kClass ? socket->class_id == data.class_id
                                               : is_below(socket->cgroup, data.path.data());
        if (fits != (data.inverted != 0)) return true;
        return why ? why.no("the socket's group is `{}', its class {}", socket->cgroup,
                            socket->class_id)
                   : false;
    }
};

}  // namespace

extern const MatchModule k_cgroup;
const MatchModule k_cgroup = match_module<Form>();

}  // namespace keepstate::rules::match
