// Packets through the live kernel, and what it said about each.
//
// A KernelRun is a firewall in a network namespace of its own: TUN devices with the networks behind
// them, the host's own addresses, the rules under test (iptables-legacy, or iptables-nft if asked), the
// probe (nft_probe.hpp).
// Packets go in one at a time; all the kernel does with one happens before the injecting call returns,
// so what is read afterwards belongs to that packet:
//
//     inject ─> write to TUN, or raw socket if the source is the host's own
//            ─> PacketLog   state, direction, entry, mark, place, the kernel's words
//            ─> events      ctnetlink NEW, UPDATE, DESTROY
//            ─> TUN reads   what left the firewall, forwarded or made by the kernel itself
//
// The way of a packet, as `keepstate replay` has it: to a local address PREROUTING, INPUT; from one
// OUTPUT, POSTROUTING; every other PREROUTING, FORWARD, POSTROUTING. At the end of INPUT the probe
// takes the packet away, so the host itself never answers; rules (REJECT) and routing (TTL) do.
//
// Or a bump in the wire (KernelSetup::is_bump): two TAP devices are the ports of a bridge, and br_netfilter
// shows all IP packets that pass it to PREROUTING, FORWARD and POSTROUTING, whatever their addresses. The
// bridge is called eth0, which is what rules see as device in both directions. At the end of POSTROUTING
// the probe takes the packet away: behind it the bridge would cut again what was put together, and throw
// away what is longer than its ports allow. There is no host: REJECT finds no way for its answer.
//
// Where the kernel does not do what a replay does (each seen on 6.18):
//  * Before PREROUTING it throws away what is no IP packet: state and hooks stay empty.
//  * Between PREROUTING and FORWARD routing throws away multicast destinations, multicast, broadcast and
//    0.0.0.0 sources, 127.0.0.0/8 at either end, and IPv6 link-local ends: hooks holds only PREROUTING, no
//    entry is confirmed. 255.255.255.255 is INPUT.
//  * A raw socket rewrites total length and header checksum of IPv4 (right values); id 0 is kept by a
//    trick (nft_probe.hpp). Broken headers cannot be sent by the host: `error` holds errno.
//  * nf_conntrack_max, _buckets and _expect_max cannot be set here: make() refuses them.
//
// Speed: see kernel_speed.cpp.  Threads: a KernelRun belongs to one thread, which stays in its own
// namespace except within calls.  Tested by: kernel_run_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ctnetlink.hpp"
#include "kernel_fingerprints.hpp"
#include "nflog.hpp"
#include "tun.hpp"

namespace keepstate::kernel {

struct KernelDevice {
    std::string name;
    std::vector<std::string> prefixes;  ///< networks behind it, of either family
    unsigned mtu = 65535;
};

/// A socket of a program on the host: UDP, or a listening TCP one.
struct KernelSocket {
    int protocol = 0;  ///< IPPROTO_
    std::string local;
    std::uint16_t local_port = 0;
    std::string remote;  ///< empty: not connected
    std::uint16_t remote_port = 0;
    std::uint32_t mark = 0;
    bool is_transparent = false;
};

struct KernelSetup {
    std::string rules4;  ///< iptables-save text; empty: no rules
    std::string rules6;
    std::vector<KernelSocket> sockets;
    std::string ip_sets;       ///< text for `ipset restore`; empty: no sets
    std::string fingerprints;  ///< lines of a pf.os file for nfnl_osf; empty: none
    std::vector<KernelDevice> devices;
    std::vector<std::string> local_addresses;
    /// `net.netfilter.nf_conntrack_...`, set before any packet.
    std::vector<std::pair<std::string, std::string>> sysctls;
    /// A bridge in place of a router; `devices` and `local_addresses` are empty then.
    bool is_bump = false;
    /// Programs with their arguments, run inside before the rules are loaded and after `sysctls`.
    std::vector<std::vector<std::string>> commands;
    /// Rules are loaded and counters read by iptables-nft, in place of iptables-legacy.
    bool is_nft = false;
    bool reads_entries = true;  ///< fill KernelVerdict::entry; a third of the time goes there
};

struct KernelPacket {
    std::vector<std::uint8_t> ip_bytes;
    std::string in_device;             ///< empty: by the longest prefix that holds the source
    std::uint64_t wait_before_ns = 0;  ///< real time to wait before it
    /// Of a bump only: 0x0800 or 0x86dd; 0: by the version in the packet's first byte.
    std::uint16_t ethernet_type = 0;
};

/// A packet that left the firewall, or (device empty) that the host was given.
struct KernelOutput {
    std::string device;
    std::vector<std::uint8_t> bytes;
};

struct KernelVerdict {
    bool has_spoken_before = false;  ///< in the wait before it the kernel sent something by itself
    int error = 0;                   ///< errno if the packet could not be injected at all
    std::optional<KernelState> state;    ///< none: dropped or held before step 4
    std::optional<Direction> direction;  ///< of tracked packets
    std::vector<KernelHook> hooks;  ///< those it was seen at, in order; not POSTROUTING's begin
    bool delivered = false;         ///< left by a device or reached the end of INPUT
    bool was_let_out = false;   ///< passed POSTROUTING; what becomes of it then is no rule's doing
    std::uint64_t sent_ns = 0;  ///< real time when it was injected, of a clock that never stops
    std::vector<std::uint8_t> out_bytes;    ///< of the first output
    std::string out_device;                 ///< of the first output; empty if delivered to the host
    std::vector<KernelOutput> outputs;      ///< more than one if the packet was cut into fragments
    std::vector<std::uint8_t> whole_bytes;  ///< as it was at the end of its last hook, not cut
    std::vector<KernelOutput> replies;      ///< what the kernel made itself: RST, ICMP errors
    std::vector<KernelSight> reply_sights;  ///< where those were seen (OUTPUT, ...)
    std::uint32_t mark = 0;                 ///< the packet's at its end; 0 if it was dropped before
    std::optional<std::uint32_t> entry_id;  ///< of its connection, confirmed or not
    std::optional<KernelEntry> entry;       ///< that connection right after it; none if gone again
    std::vector<KernelEvent> events;        ///< caused by it
    std::vector<KernelEvent> events_before;  ///< that came since the packet before: expiry
    std::vector<KernelExpectationEvent> expectation_events;  ///< caused by it
    std::vector<std::string> words;  ///< the kernel's own, of nf_conntrack_log_invalid
};

constexpr unsigned kLoopbackIndex = 1;
/// The device of a bump, as rules and outputs name it.
inline constexpr const char* kBumpDevice = "eth0";

struct KernelEnd {
    std::string entries;       ///< /proc/net/nf_conntrack
    std::string expectations;  ///< /proc/net/nf_conntrack_expect
    std::string counters4;     ///< iptables-save -c without the comment lines
    std::string counters6;
    std::vector<KernelEntry> entry_list;  ///< the same entries by ctnetlink
    std::vector<KernelExpectation> expectation_list;
    std::map<std::string, std::uint64_t> stats;  ///< /proc/net/stat/nf_conntrack, all cores added
    std::vector<KernelEvent> events;             ///< since the last packet
    std::uint64_t lost_messages = 0;             ///< not 0: the run cannot be trusted
};

/// Nothing if kernel tests can run here, else the reason, for SKIP.
std::optional<std::string> missing_for_kernel_tests();
/// Likewise with KernelSetup::is_nft.
std::optional<std::string> missing_for_nft_tests();

class KernelRun {
  public:
    static Result<std::unique_ptr<KernelRun>> make(const KernelSetup& setup);

    KernelVerdict inject(const KernelPacket& packet);
    std::vector<KernelVerdict> inject_all(std::span<const KernelPacket> packets);
    Result<KernelEnd> end();

    /// For probing step by step. The texts are those of the run's namespace.
    Result<std::string> proc_entries();
    Result<std::string> counters(bool ipv6);
    Result<void> set(const std::string& sysctl, const std::string& value);
    Result<std::string> run_inside(const std::vector<std::string>& words, std::string_view input);
    CtControl& control() { return *control_; }
    const NetNamespace& net_namespace() const { return namespace_; }

  private:
    explicit KernelRun(NetNamespace there) : namespace_(std::move(there)) {}
    Result<void> prepare(const KernelSetup& setup);
    Result<void> make_devices(const KernelSetup& setup);
    Result<void> make_bridge();
    Result<void> open_sockets();
    Result<void> load_rules(const KernelSetup& setup);
    int send_from_host(std::span<const std::uint8_t> bytes);
    Tun* choose_device(const KernelPacket& packet);
    void read_events(std::vector<KernelEvent>& events,
                     std::vector<KernelExpectationEvent>& expectation_events);
    void read_outputs(std::vector<KernelOutput>& outputs);
    bool drop_what_came();
    void wait_for_loopback();
    void find_entry(KernelVerdict& verdict);
    void sort_outputs(std::vector<KernelOutput> outputs, KernelVerdict& verdict) const;
    void judge_sights(bool was_sent, KernelVerdict& verdict);
    bool is_local(const KernelAddress& address) const;

    struct Route {
        KernelAddress network;
        unsigned bits = 0;
        std::size_t device = 0;
    };

    NetNamespace namespace_;
    std::vector<Tun> tuns_;
    std::vector<Route> routes_;  // longest first
    std::vector<KernelAddress> locals_;
    Fd raw4_;
    Fd raw4_zero_id_;  // carries kZeroIdMark
    Fd raw6_;
    std::vector<Fd> host_sockets_;
    std::optional<PacketLog> log_;
    std::optional<NetlinkSocket> events_;
    std::optional<CtControl> control_;
    std::optional<KernelFingerprints> fingerprints_;  // the whole machine's while this lives
    std::vector<KernelSight> sights_;                 // of the packet just injected
    std::vector<bool> of_reply_;  // beside sights_: is it about a packet the kernel made
    struct Known {
        KernelTuple original;
        std::uint16_t zone = 0;
    };
    std::unordered_map<std::uint32_t, Known> known_;  // entries by id, as the events tell
    bool reads_entries_ = true;
    bool is_bump_ = false;
    bool is_nft_ = false;
    bool has_rules4_ = false;
    bool has_rules6_ = false;
};

/// Makes a run, injects all, ends it.
struct KernelResult {
    std::vector<KernelVerdict> verdicts;
    KernelEnd end;
};
Result<KernelResult> run_on_kernel(const KernelSetup& setup, std::span<const KernelPacket> packets);

}  // namespace keepstate::kernel
