// -m socket: packets for which this host has an open socket.
//
// A firewall that replays packets has no sockets, so nothing matches; the explanation says so.
// source: man:iptables-extensions socket; kernel:net/netfilter/xt_socket.c.   Tested by: tests/rules/socket.t.
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kTransparent, kNoWildcard, kRestoreMark };

struct Form {
    struct Data {
        std::uint32_t flags = 0;  ///< bits by option id
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
        .differences = "no sockets are known: it never matches"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.flags |= static_cast<std::uint32_t>(option_bit(use.id()));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const Option& option : kOptions) {
            if ((data.flags & option_bit(option.id)) != 0) out += fmt::format(" --{}", option.name);
        }
    }
    static bool matches(Data&, Context&, Why why) {
        return why.no(
            "no sockets are known here; on a host with a matching one the rule would match");
    }
};

}  // namespace

extern const MatchModule k_socket;
const MatchModule k_socket = match_module<Form>();

}  // namespace keepstate::rules::match
