// The engine: packets in, decisions out.
//
//     Engine::make(setup) -> Engine
//     engine.process(batch, decisions)      frames with their arrival times; one decision each, in order
//     engine.for_each_entry / print_counters / take_events / statistics
//     engine.change_rules(family, "-I FORWARD 3 -p tcp --dport 22 -j ACCEPT")
//
// The engine is pure: it reads no clock, does no I/O, keeps no globals, and after make() allocates nothing
// on the packet's path (explanations excepted: they are text).
//
// Threads: one engine belongs to one thread; two engines share nothing.
// Tested by: tests/property/batch_property.cpp, tests/scenarios, tests/kernel, tests/property.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/expectation.hpp"
#include "keepstate/helper_settings.hpp"
#include "keepstate/host_socket.hpp"
#include "keepstate/reason.hpp"
#include "keepstate/result.hpp"
#include "keepstate/ruleset.hpp"
#include "keepstate/state.hpp"
#include "keepstate/time.hpp"
#include "keepstate/verdict.hpp"

namespace keepstate {

/// A device of the firewall and the networks behind it.
struct DeviceSetup {
    std::string name;              ///< at most 15 bytes
    std::vector<Prefix> networks;  ///< the longest one that holds an address names the device
    std::uint32_t group = 0;       ///< what -m devgroup reads (`ip link set group`)
    std::uint32_t mtu = 1500;  ///< in bytes; what TCPMSS --clamp-mss-to-pmtu reads, nothing else
};

struct EngineSetup {
    Settings settings;
    /// Empty: the engine is a bump in the wire, every packet arrives at and leaves by `eth0`, nothing is
    /// routed, and TTL and address duties of a router do not apply. Otherwise it routes by `networks`.
    std::vector<DeviceSetup> devices;
    /// The firewall's own addresses: INPUT and OUTPUT instead of FORWARD.
    std::vector<Address> local;
    std::optional<Ruleset> rules4;  ///< absent: every IPv4 packet is accepted and only tracked
    std::optional<Ruleset> rules6;
    /// What `-j CT --timeout NAME` rules may name. Names must differ.
    std::vector<TimeoutPolicy> timeout_policies;
    /// IP sets for -m set and -j SET of both families, as `ipset save` prints them. Every set that a rule names must
    /// be here.
    std::string ip_sets;
    std::string ip_sets_file;  ///< what faults of `ip_sets` are said to be in
    /// What rules may ask of the host's sockets: -m owner, -m socket, -m cgroup.
    std::vector<HostSocket> sockets;
    /// Fingerprints of operating systems for -m osf, lines in the form of pf.os. Empty: none are known.
    std::string fingerprints;
    std::string fingerprints_file;  ///< what faults of `fingerprints` are said to be in
    HelperSettings helpers;         ///< parameters of the conntrack helpers
    std::uint64_t seed = 0;         ///< of the entry map's keyed hash and of random matches
    bool listen_events = false;     ///< somebody will call take_events()
    /// All memory for entries is taken at make(), in huge pages where the system has them, so that no packet waits for it:
    /// about 175 bytes for each of nf_conntrack_max; and entries are placed so that batches of a few packets need not wait for the index
    /// first. Otherwise the system gives it as flows come.
    bool prefault = false;
    /// Entries whose time is over are given back, and their end is told, with the next packet: so many with one packet at the
    /// most; 0: all. With a limit no packet waits for a million flows that end in the same second, but the end of some is
    /// told a few packets later. Nothing that has ended is ever found, either way.
    std::uint32_t most_ended_a_packet = 0;
    /// Decision::entry is filled. Who does not need it says so: a packet of an established flow then touches one line
    /// of memory less.
    bool tells_entries = true;
    /// For replays: a frame that holds less than its IP header says was cut by the capture; what is missing
    /// counts as zeros. Live, such a packet is refused, as Linux refuses it.
    bool completes_cut_frames = false;
};

/// What stands before the IP header in a frame: pcap's LINKTYPE_ number.
using LinkNumber = std::uint16_t;
inline constexpr LinkNumber kLinkRaw = 101;
inline constexpr LinkNumber kLinkEthernet = 1;

/// One frame. The bytes stay the caller's and must live until process() returns (and as long as
/// Decision::out_bytes is used).
struct Frame {
    std::span<const std::uint8_t> bytes;
    LinkNumber link = kLinkEthernet;
    Time time;
    /// Index into EngineSetup::devices of the arrival device; kAnyDevice: the one whose networks hold
    /// the source.
    std::uint16_t device = 0xffff;
};
inline constexpr std::uint16_t kAnyDevice = 0xffff;

/// The rule, or the policy, that decided. Views into the engine, good as long as it lives, `rule_text` until the rules change.
struct RuleReference {
    Table table = Table::filter;
    std::string_view chain;    ///< empty: no rule or policy decided
    std::uint32_t number = 0;  ///< from 1 in its chain; 0: the chain's policy
    std::string_view
        rule_text;  ///< "-A FORWARD -m state --state NEW -j ACCEPT"; empty for a policy

    bool is_set() const { return !chain.empty(); }
};

/// What the entry looks like after a packet.
struct EntryFacts {
    std::uint64_t number = 0;  ///< in order of creation, from 1
    std::uint32_t status = 0;
    std::int64_t timeout_ns = 0;
    std::uint32_t mark = 0;
    std::optional<TcpState> tcp_state;
    std::optional<SctpState> sctp_state;
};

/// The answer for one frame.
struct Decision {
    Verdict verdict = Verdict::accept;
    /// Why the packet is INVALID or was refused before or beside the rules; none otherwise.
    Reason reason = Reason::none;
    /// Whether the frame carried an IP packet at all; if not, everything below is empty.
    bool is_ip = false;
    /// The frame was cut and completed with zeros (EngineSetup::completes_cut_frames).
    bool was_cut = false;
    Family family = Family::ipv4;
    std::uint8_t protocol = 0;     ///< IPPROTO_ number of the transport header found
    std::optional<CtState> state;  ///< absent: the packet never reached tracking
    std::optional<CtDirection> direction;
    std::uint8_t hook_count = 0;
    std::array<Hook, 4> hooks{};  ///< those of its path that it reached, in order
    std::string_view in_device;   ///< empty: made by this host
    std::string_view out_device;  ///< empty: for this host
    RuleReference rule;
    std::uint32_t mark = 0;  ///< nfmark
    /// A rule of the nat table would have translated it; translation is not built yet.
    bool would_translate = false;
    std::optional<EntryFacts> entry;  ///< with EngineSetup::tells_entries
    /// Accepted packets as they left the firewall, from the IP header on; a view into the frame, or into
    /// the engine until its next process().
    std::span<const std::uint8_t> out_bytes;
    /// A packet that the firewall itself sends in answer (REJECT); empty if none. Lives until the next
    /// process().
    std::span<const std::uint8_t> reply_bytes;
};

/// Called with each entry that has not expired at the asked time, in order of creation.
using EntryVisitor = std::function<void(const EntryCopy&)>;

class Engine {
  public:
    /// Errors: bad device names, a timeout policy that makes no sense (usage); faults of the sets' text; a rule that
    /// names a policy or a set which is not there or does not fit (input, with the rule's line).
    static Result<Engine> make(EngineSetup setup);
    ~Engine();
    Engine(Engine&& other) noexcept;
    Engine& operator=(Engine&& other) noexcept;

    /// Decides frames in order; times must not go back (an earlier one counts as the latest seen).
    /// `decisions` and, if not null, `stories` have the batch's size. A story is the whole way of the
    /// packet in words, one step a line, each line ended.
    /// Likewise `logs`: the lines that Linux would have written to its log, by LOG and TRACE rules
    /// and as nf_conntrack_log_invalid says, are appended to the packet's string, each ended.
    void process(std::span<const Frame> batch, std::span<Decision> decisions,
                 std::string* stories = nullptr, std::string* logs = nullptr);

    /// One change of the rules, between two packets: what process() was given before sees the old rules, what it is given
    /// afterwards the new ones. Flows stay as they are, and so do the counters of all other rules and what those remember
    /// (limit, quota, recent, ...), as when iptables-nft changes a rule (docs/differences.md).
    /// `command`: what would stand behind `iptables' or `ip6tables':
    ///     -A CHAIN RULE          a new last rule
    ///     -I CHAIN [N] RULE      a new rule before number N, from 1; behind the last if N is one more than there are
    ///     -D CHAIN N, -D CHAIN RULE    number N, or the first that says the same, goes
    ///     -R CHAIN N RULE        another in place of number N; it counts from zero
    ///     -C CHAIN RULE          whether there is such a rule
    /// each with -t TABLE (filter without it; a table that is not there yet is made) and -c PACKETS BYTES. A rule of several
    /// addresses is several rules: all of them or none.
    /// Errors: faults of the command's text, found as in a rule file, with the command as the line; no such chain, a number
    /// that is too big, no such rule; what the kernel would refuse, such as a circle; something that the rule needs and
    /// the engine was not made with, such as a set (all input); no ruleset of that family was given to make() (usage).
    /// After an error nothing has changed.
    /// Cost: for one of 10 000 rules some tenths of a millisecond, and once in some hundred changes, when the index of the
    /// rules is made anew, some milliseconds; it allocates. `labels`: as for Ruleset::parse.
    Result<void> change_rules(Family family, std::string_view command,
                              std::span<const LabelName> labels = {});

    /// Events since the last call, with how many events the packets of the last batch raised each: the
    /// i-th count belongs to the i-th frame of that batch. Only with EngineSetup::listen_events.
    std::vector<Event> take_events();
    /// For each frame of the last batch, the index behind its last event in take_events(); empty if nobody listens.
    std::span<const std::uint32_t> event_ends() const;

    /// What became of expectations since the last call, in order. Only with EngineSetup::listen_events.
    std::vector<ExpectationEvent> take_expectation_events();
    /// For each frame of the last batch, the index behind its last one in take_expectation_events(); likewise.
    std::span<const std::uint32_t> expectation_event_ends() const;

    void for_each_entry(Time now, const EntryVisitor& visit) const;
    /// The living expectations, soonest end first.
    std::vector<ExpectationCopy> expectations(Time now) const;
    /// The same as /proc/net/nf_conntrack_expect prints them.
    std::string print_expectations(Time now) const;
    /// The ruleset as `iptables-save -c` prints it, with the counters of all packets so far.
    std::string print_counters(Family family) const;
    Statistics statistics() const;
    /// How often each reason was given.
    const std::array<std::uint64_t, kReasons>& reason_counts() const;
    std::uint32_t entry_count() const;

  private:
    struct Parts;
    explicit Engine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace keepstate
