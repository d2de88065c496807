// -m socket: packets for which this host has an open socket.
//
// Which sockets there are the user states (EngineSetup::sockets).
// source: man:iptables-extensions socket; kernel:net/netfilter/xt_socket.c.   Tested by: tests/rules/socket.t,
// tests/scenarios/rules/an-open-socket-takes-the-packet.yaml.
#include "rules/host_sockets.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kTransparent, kNoWildcard, kRestoreMark };

struct Form {
    struct Data {
        std::uint32_t flags = 0;               ///< bits by option id
        const HostSockets* sockets = nullptr;  ///< once the engine is made
    };
    static constexpr Option kOptions[] = {
        {.name = "transparent",
         .id = kTransparent,
         .words = "only sockets that are transparent (IP_TRANSPARENT) count"},
        {.name = "nowildcard",
         .id = kNoWildcard,
         .words = "sockets bound to no address of their own count too"},
        {.name = "restore-skmark",
         .id = kRestoreMark,
         .words = "the packet's mark becomes the socket's"},
    };
    static constexpr Traits kTraits{
        .name = "socket",
        .options = kOptions,
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input),
        .words =
            "Matches TCP and UDP packets, and ICMP errors about them, for which a socket is open.",
        .reads = "the host's sockets",
        .differences = "Sockets are those that the user states (`replay --sockets`)."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.flags |= static_cast<std::uint32_t>(option_bit(use.id()));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const Option& option : kOptions) {
            if ((data.flags & option_bit(option.id)) != 0) out += fmt::format(" --{}", option.name);
        }
    }
    static std::string_view never_known(const Data&) { return "no sockets are stated"; }
    static Complaint bind(Data& data, BindContext& context) {
        data.sockets = context.objects.find<HostSockets>(HostSockets::kKind, HostSockets::kName);
        return std::nullopt;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const HostSocket* const socket =
            data.sockets == nullptr ? nullptr : data.sockets->find_receiver(*context.packet);
        if (socket == nullptr) return why.no("no socket is open for the packet");
        const auto has = [&data](std::uint8_t id) { return (data.flags & option_bit(id)) != 0; };
        if (!has(kNoWildcard) && socket->local.is_unspecified()) {
            return why.no("the socket is bound to no address of its own");
        }
        if (has(kTransparent) && !socket->is_transparent) {
            return why.no("the socket is not transparent");
        }
        if (has(kRestoreMark)) context.mark = socket->mark;
        return true;
    }
};

}  // namespace

extern const MatchModule k_socket;
const MatchModule k_socket = match_module<Form>();

}  // namespace keepstate::rules::match
