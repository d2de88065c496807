// See walks.hpp: the streams of the kinds, mixed and set up.
#include "differ/walks.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "differ/walk_broken.hpp"
#include "differ/walk_datagrams.hpp"
#include "differ/walk_ext6.hpp"
#include "differ/walk_fragments.hpp"
#include "differ/walk_icmp.hpp"
#include "differ/walk_rules.hpp"
#include "differ/walk_sctp.hpp"
#include "differ/walk_talk.hpp"
#include "differ/walk_tcp.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::uint64_t kBurstGapNs = 1'400'000'000;
constexpr std::size_t kBursts = 4;

/// All streams on one ground, so that errors and fragments can be about any of them.
class Streams {
  public:
    Streams(Dice& dice, bool is_v6, HostSide host, bool has_rules)
        : ground_(dice, is_v6, host, has_rules),
          tcp_(ground_),
          sctp_(ground_),
          datagrams_(ground_),
          icmp_(ground_),
          fragments_(ground_),
          ext6_(ground_),
          broken_(ground_),
          talk_(ground_) {}

    Bytes next(WalkKind kind) {
        Dice& dice = ground_.dice;
        switch (kind) {
            case WalkKind::tcp: return tcp_.next();
            case WalkKind::sctp: return sctp_.next();
            case WalkKind::udp: return datagrams_.udp();
            case WalkKind::other: return datagrams_.other();
            case WalkKind::icmp: return dice.one_in(3) ? sound(false) : icmp_.next();
            case WalkKind::frag: return fragment();
            case WalkKind::ext6: return dice.one_in(4) ? sound(true) : ext6_.dress(sound(true));
            case WalkKind::broken: {
                if (dice.one_in(4)) return sound(true);
                const bool is_dressed = ground_.is_v6 && dice.one_in(4);
                return broken_.spoil(is_dressed ? ext6_.dress(sound(true)) : sound(true));
            }
            case WalkKind::talk: return dice.one_in(20) ? sound(true) : talk_.next();
            default: break;
        }
        WalkKind one = static_cast<WalkKind>(dice.below(8));  // tcp to broken
        if (one == WalkKind::ext6 && !ground_.is_v6) one = WalkKind::tcp;
        if (dice.one_in(4)) one = WalkKind::tcp;
        return next(one);
    }

  private:
    /// A packet of no special kind.
    Bytes sound(bool with_errors) {
        switch (ground_.dice.below(with_errors ? 8 : 6)) {
            case 0:
            case 1: return ground_.keep(tcp_.next());
            case 2: return ground_.keep(sctp_.next());
            case 3: return datagrams_.other();
            case 6:
            case 7: return icmp_.next();
            default: return datagrams_.udp();
        }
    }

    Bytes fragment() {
        if (ground_.dice.one_in(12)) return sound(true);
        for (int tries = 0; tries < 100 && (!fragments_.has_waiting() || fragments_.waiting() < 10);
             ++tries) {
            fragments_.take(ground_.is_v6 && ground_.dice.one_in(20) ? ext6_.dress(sound(true))
                                                                     : sound(true));
        }
        return fragments_.has_waiting() ? fragments_.next() : sound(true);
    }

    WalkGround ground_;
    TcpWalk tcp_;
    SctpWalk sctp_;
    DatagramWalk datagrams_;
    IcmpWalk icmp_;
    FragmentWalk fragments_;
    Ext6Walk ext6_;
    BrokenWalk broken_;
    TalkWalk talk_;
};

std::string setting(std::string_view name) {
    return "net.netfilter.nf_conntrack_" + std::string{name};
}

constexpr std::array<const char*, 10> kTcpTimeouts{
    "syn_sent", "syn_recv",  "established", "fin_wait",    "close_wait",
    "last_ack", "time_wait", "close",       "max_retrans", "unacknowledged"};
constexpr std::array<const char*, 8> kSctpTimeouts{
    "closed",        "cookie_wait",   "cookie_echoed",     "established",
    "shutdown_sent", "shutdown_recd", "shutdown_ack_sent", "heartbeat_sent"};
constexpr std::array<const char*, 7> kOtherTimeouts{
    "udp_timeout",     "udp_timeout_stream", "icmp_timeout",      "icmpv6_timeout",
    "generic_timeout", "gre_timeout",        "gre_timeout_stream"};

/// draw() gives the next timeout in seconds.
template <typename Draw>
void set_timeouts(KernelSetup& setup, Draw draw) {
    const auto set = [&](const std::string& name) {
        setup.sysctls.emplace_back(setting(name), std::to_string(draw()));
    };
    for (const char* name : kTcpTimeouts) set(std::string("tcp_timeout_") + name);
    for (const char* name : kSctpTimeouts) set(std::string("sctp_timeout_") + name);
    for (const char* name : kOtherTimeouts) set(name);
}

void vary_settings(WalkKind kind, Dice& dice, KernelSetup& setup) {
    const auto set = [&](std::string_view name, std::string value) {
        setup.sysctls.emplace_back(setting(name), std::move(value));
    };
    if (dice.one_in(6)) set("tcp_be_liberal", "1");
    if (dice.one_in(6)) set("tcp_loose", "0");
    if (dice.one_in(6)) set("tcp_ignore_invalid_rst", "1");
    if (dice.one_in(5)) set("tcp_max_retrans", dice.pick({"0", "1", "2", "5"}));
    if (dice.one_in(6)) set("checksum", "0");
    if (kind == WalkKind::time) {
        set_timeouts(setup, [&dice] { return 1 + dice.below(4); });
        set("frag6_timeout", dice.one_in(2) ? "1" : "2");
        return;
    }
    std::uint32_t timeout_s = 1000;
    if (dice.one_in(3)) {
        set_timeouts(setup, [&] { return timeout_s += 10 + dice.below(30); });
    }
}

bool is_one_of(const std::string& address, const std::vector<std::string>& addresses) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

/// Whether a raw socket would send it as it is, and somewhere; others cannot come from the host. Nor do fragments and
/// extension headers to the host itself: Linux cuts them again on the way to lo, which keepstate does not do.
bool can_host_send(const Bytes& bytes, const KernelSetup& setup) {
    const bool has_way =
        ends_of(bytes).destination.starts_with(is_ipv6(bytes) ? "2001:db8:" : "10.");
    if (!has_way) return false;
    const bool is_to_itself = is_one_of(ends_of(bytes).destination, setup.local_addresses);
    const std::uint8_t next = protocol_of(bytes);
    const bool is_extended = is_ipv6(bytes) ? next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
                                                  next == IPPROTO_FRAGMENT || next == IPPROTO_AH ||
                                                  next == IPPROTO_DSTOPTS
                                            : (bytes[6] & 0x3fU) != 0 || bytes[7] != 0;
    if (is_to_itself && is_extended) return false;
    if (is_ipv6(bytes)) {
        return bytes.size() >= 40 && std::size_t{bytes[4]} * 256 + bytes[5] + 40 == bytes.size();
    }
    if (bytes.size() < 20 || bytes[0] >> 4U != 4) return false;
    const std::size_t header = (bytes[0] & 15U) * 4U;
    Bytes right = bytes;
    repair_length(right);
    return header >= 20 && header <= bytes.size() && right == bytes;
}

/// Whether the source is the routers' anycast address of a network, which Linux takes for its own
/// (docs/differences.md).
bool is_from_routers_anycast(const Bytes& bytes) {
    if (!is_ipv6(bytes) || bytes.size() < 24) return false;
    return bytes[8] == 0x20 && std::all_of(bytes.begin() + 16, bytes.begin() + 24,
                                           [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::string text(WalkKind kind) {
    constexpr std::array kNames{"tcp",    "sctp", "udp",   "other", "icmp",  "frag", "ext6",
                                "broken", "host", "rules", "time",  "mixed", "talk"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<WalkKind> find_walk_kind(std::string_view name) {
    for (const WalkKind kind : kWalkKinds) {
        if (text(kind) == name) return kind;
    }
    return std::nullopt;
}

Walk make_walk(WalkKind kind, bool is_v6, std::uint64_t seed, std::size_t packets) {
    Walk walk;
    Dice dice{seed};
    if (kind == WalkKind::ext6) is_v6 = true;
    const bool is_mixed = kind == WalkKind::mixed;
    walk.setup.devices = {{"eth0", {"0.0.0.0/0", "::/0", "10.0.1.0/24", "2001:db8:1::/64"}},
                          {"eth1", {"10.0.2.0/24", "2001:db8:2::/64"}}};
    const bool has_host =
        kind == WalkKind::host || (dice.one_in(2) && (is_mixed || kind == WalkKind::rules));
    if (has_host) {
        walk.setup.local_addresses = {"10.0.1.254", "10.0.2.254", "2001:db8:1::fe",
                                      "2001:db8:2::fe"};
    }
    vary_settings(kind, dice, walk.setup);
    const bool has_rules = kind == WalkKind::rules || kind == WalkKind::talk ||
                           (kind != WalkKind::time && dice.one_in(4));
    if (has_rules) {
        const bool has_zones = kind == WalkKind::rules && dice.one_in(2);
        if (is_mixed || !is_v6) walk.setup.rules4 = make_walk_rules(dice, false, has_zones);
        if (is_mixed || is_v6) walk.setup.rules6 = make_walk_rules(dice, true, has_zones);
    }
    if (kind == WalkKind::talk) {
        (is_v6 ? walk.setup.rules6 : walk.setup.rules4) = make_talk_rules(dice, is_v6);
    }
    std::vector<std::unique_ptr<Streams>> streams;
    for (const bool family : {false, true}) {
        if (!is_mixed && family != is_v6) continue;
        if (kind != WalkKind::host) {
            streams.push_back(std::make_unique<Streams>(dice, family, HostSide::none, has_rules));
        }
        if (!has_host) continue;
        for (const HostSide side : {HostSide::near, HostSide::far}) {
            streams.push_back(std::make_unique<Streams>(dice, family, side, has_rules));
        }
    }
    const std::size_t burst = packets / kBursts + 1;
    while (walk.packets.size() < packets) {
        Bytes bytes = streams[dice.below(streams.size())]->next(kind);
        const bool is_own = is_one_of(ends_of(bytes).source, walk.setup.local_addresses);
        if (is_own && !can_host_send(bytes, walk.setup)) continue;
        if (is_from_routers_anycast(bytes)) continue;
        const bool begins_burst =
            kind == WalkKind::time && !walk.packets.empty() && walk.packets.size() % burst == 0;
        walk.packets.push_back({std::move(bytes), {}, begins_burst ? kBurstGapNs : 0});
    }
    return walk;
}

}  // namespace keepstate::kernel
