// Connection tracking as users see it: settings, entries, events, statistics.
//
// Threads: plain values.  Tested by: ct/settings_test.cpp, ct/listing_test.cpp, tests/kernel_listing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/result.hpp"
#include "keepstate/state.hpp"
#include "keepstate/time.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate {

/// Every net.netfilter.nf_conntrack_* setting, with the kernel's default. One row: member, the setting's
/// name after `nf_conntrack_`, default, unit, what it does. The names and defaults are the contract of
/// docs/settings.md and of `keepstate replay --sysctl`.
// clang-format off
#define KS_SETTINGS(X)                                                                              \
    X(max, 262144, "entries",                                                                       \
      "entries that may exist at once. At the limit a new flow takes the place of one that is "     \
      "not ASSURED, if there is one near by; else its first packet is dropped. 0: no limit of "     \
      "its own (keepstate has room for 4194304). Linux derives the default from the machine's "     \
      "memory; this is that of 4 GiB and more")                                                     \
    X(buckets, 262144, "buckets",                                                                   \
      "lists of Linux's own entry map. keepstate sizes its map by nf_conntrack_max, for good, and " \
      "does not read this")                                                                         \
    X(checksum, 1, "0/1",                                                                           \
      "1: test the checksums of TCP, UDP, UDP-Lite, ICMP and SCTP of packets that arrive; a "       \
      "packet with a wrong one is INVALID. 0: believe them, as for captures of a host that lets "   \
      "its network card fill in checksums")                                                         \
    X(acct, 0, "0/1",                                                                               \
      "1: count packets and bytes of each entry and direction (packets= and bytes= in listings, "   \
      "and what -m connbytes matches). Holds for entries made from then on")                        \
    X(timestamp, 0, "0/1",                                                                          \
      "1: note when an entry began and ended (delta-time= in listings). Holds for entries made "    \
      "from then on")                                                                               \
    X(events, 2, "0/1/2",                                                                           \
      "records of what happens to entries (NEW, UPDATE, DESTROY). 0: none, 1: always, 2: while "    \
      "somebody listens")                                                                           \
    X(expect_max, 4096, "expectations",                                                             \
      "expectations that may exist at once; beyond it a helper's wish for another one is not "      \
      "granted. Linux derives the default from nf_conntrack_buckets")                               \
    X(helper, 0, "0/1",                                                                             \
      "1: every flow to a helper's port gets that helper, as Linux did until 4.6 and could until "  \
      "5.19. 0: only flows that `-j CT --helper` names. Linux 6 does not have this setting; it is " \
      "for the rulesets of then")                                                                   \
    X(log_invalid, 0, "protocol",                                                                   \
      "write to the log (replay --log) why a packet is INVALID, or was let by unjudged, if it is "  \
      "of this IP protocol number, for instance 6 for TCP; 255: of any, 0: of none")                \
    X(tcp_be_liberal, 0, "0/1",                                                                     \
      "1: a segment outside of the window is let by. An RST before data already acknowledged "      \
      "stays INVALID, and one that is not exactly at the edge closes nothing. For paths on which "  \
      "this host does not see all segments")                                                        \
    X(tcp_loose, 1, "0/1",                                                                          \
      "1: a flow whose beginning was not seen is picked up at any ACK (after a restart of the "     \
      "firewall). 0: only a SYN begins a flow, all else is INVALID")                                \
    X(tcp_max_retrans, 3, "packets",                                                                \
      "so many repetitions of one segment without an answer make "                                  \
      "nf_conntrack_tcp_timeout_max_retrans hold")                                                  \
    X(tcp_ignore_invalid_rst, 0, "0/1",                                                             \
      "1: an RST that lies before data already acknowledged passes as part of its flow and does "   \
      "not close it. 0: it is INVALID")                                                             \
    X(tcp_timeout_syn_sent, 120, "s",                                                               \
      "how long an entry lives after a SYN that nobody answered; not renewed by repeating the "     \
      "SYN")                                                                                        \
    X(tcp_timeout_syn_recv, 60, "s",                                                                \
      "after the SYN/ACK, while the last ACK of the handshake is awaited")                          \
    X(tcp_timeout_established, 432000, "s",                                                         \
      "without any segment on an established flow: five days. Shorter than the applications' "      \
      "keepalive (7200 s and more) it cuts idle sessions")                                          \
    X(tcp_timeout_fin_wait, 120, "s",                                                               \
      "after the first FIN")                                                                        \
    X(tcp_timeout_close_wait, 60, "s",                                                              \
      "after the first FIN was acknowledged")                                                       \
    X(tcp_timeout_last_ack, 30, "s",                                                                \
      "after the second FIN")                                                                       \
    X(tcp_timeout_time_wait, 120, "s",                                                              \
      "after the last ACK; keeps late segments of the flow from being INVALID")                     \
    X(tcp_timeout_close, 10, "s",                                                                   \
      "after an RST")                                                                               \
    X(tcp_timeout_max_retrans, 300, "s",                                                            \
      "the most that is left after nf_conntrack_tcp_max_retrans repetitions, or while the "         \
      "receiver's window is closed")                                                                \
    X(tcp_timeout_unacknowledged, 300, "s",                                                         \
      "the most that is left while data waits for its ACK, and of a flow picked up in the "         \
      "middle until the other side was heard")                                                      \
    X(udp_timeout, 30, "s",                                                                         \
      "without any packet on a UDP flow that is young or went one way only")                        \
    X(udp_timeout_stream, 120, "s",                                                                 \
      "on a UDP flow that went both ways and is older than two seconds; it is ASSURED then")        \
    X(icmp_timeout, 30, "s",                                                                        \
      "after an ICMP query (ping) or its answer")                                                   \
    X(icmpv6_timeout, 30, "s",                                                                      \
      "after an ICMPv6 query or its answer")                                                        \
    X(generic_timeout, 600, "s",                                                                    \
      "without any packet of a protocol that is not tracked by itself (ESP, AH, DCCP, ...)")        \
    X(gre_timeout, 30, "s",                                                                         \
      "without any packet on a GRE flow that went one way only")                                    \
    X(gre_timeout_stream, 180, "s",                                                                 \
      "on a GRE flow that went both ways")                                                          \
    X(sctp_timeout_closed, 10, "s",                                                                 \
      "of an SCTP association that was aborted or is not open yet")                                 \
    X(sctp_timeout_cookie_wait, 3, "s",                                                             \
      "after INIT or INIT_ACK")                                                                     \
    X(sctp_timeout_cookie_echoed, 3, "s",                                                           \
      "after COOKIE_ECHO")                                                                          \
    X(sctp_timeout_established, 210, "s",                                                           \
      "without any packet on an established association; heartbeats come every 30 s, so it ends "   \
      "after some that were not answered")                                                          \
    X(sctp_timeout_shutdown_sent, 3, "s",                                                           \
      "after SHUTDOWN from the side that opened")                                                   \
    X(sctp_timeout_shutdown_recd, 3, "s",                                                           \
      "after SHUTDOWN from the side that was called")                                               \
    X(sctp_timeout_shutdown_ack_sent, 3, "s",                                                       \
      "after SHUTDOWN_ACK")                                                                         \
    X(sctp_timeout_heartbeat_sent, 30, "s",                                                         \
      "after a HEARTBEAT on a path whose association began elsewhere")                              \
    X(frag6_timeout, 60, "s",                                                                       \
      "how long fragments of an IPv6 packet wait for the others")                                   \
    X(frag6_high_thresh, 4194304, "bytes",                                                          \
      "memory for waiting IPv6 fragments; beyond it new ones are dropped. Not below "               \
      "nf_conntrack_frag6_low_thresh")                                                              \
    X(frag6_low_thresh, 3145728, "bytes",                                                           \
      "kept for scripts that set it: without effect since Linux 4.18. Not above "                   \
      "nf_conntrack_frag6_high_thresh")
// clang-format on

struct Settings {
#define KS_SETTING_MEMBER(name, value, unit, words) std::uint32_t name = value;
    KS_SETTINGS(KS_SETTING_MEMBER)
#undef KS_SETTING_MEMBER

    /// In seconds, of a TCP flow that both sides opened at once. No setting of Linux changes it; a timeout
    /// policy may.
    std::uint32_t tcp_timeout_syn_sent2 = 120;

    /// Sets one by its sysctl name, with or without "net.netfilter." and "nf_conntrack_". Numbers are
    /// written as for sysctl: decimal, 0x for hexadecimal, a leading 0 for octal. The kernel's bounds hold, but
    /// that no timeout is negative and none is above 32 bits. A fault names the nearest known name.
    /// source: seen:tests/kernel_listing/kernel_settings_test.cpp.
    Result<void> set(std::string_view key, std::string_view value);
};

/// One setting's documentation, from the table above.
struct SettingText {
    std::string_view name;  ///< without nf_conntrack_
    std::uint32_t default_value;
    std::uint32_t least;  ///< bounds, both allowed
    std::uint32_t most;
    std::string_view unit;
    std::string_view words;
};
std::span<const SettingText> setting_texts();

/// Timeouts for the flows of one `-j CT --timeout NAME` rule, as `nfct add timeout` makes them. What it does
/// not name is as the settings have it when the engine is made.
struct TimeoutPolicy {
    /// The protocol number of a policy for all protocols that are not tracked by themselves.
    static constexpr std::uint8_t kGeneric = 255;
    /// Longest name, in bytes, and longest timeout, in seconds (the kernel counts 250 ticks a second in 32 bits).
    static constexpr std::size_t kLongestName = 31;
    static constexpr std::uint32_t kLongestTimeout = 17179869;

    std::string name;              ///< 1 to kLongestName bytes
    Family family = Family::ipv4;  ///< rules of the other family are refused
    std::uint8_t protocol = 0;     ///< IPPROTO_ number, or kGeneric; other rules are refused
    struct Timeout {
        std::string
            state;  ///< nfct's word in small letters: "established", "unreplied", "timeout", ...
        std::uint32_t seconds = 0;  ///< 0: over at once
    };
    std::vector<Timeout> timeouts;  ///< at least one; of one state the last counts
};

/// Reads lines of nfct's words, `[nfct] add timeout NAME inet|inet6 PROTOCOL STATE SECONDS ...`; empty lines and what
/// stands behind `#` do not count. Errors: all faults of the text, of kind input, with line and column.
/// source: seen:nfct 1.4.7.   Tested by: ct/timeout_policy_test.cpp.
Result<std::vector<TimeoutPolicy>> parse_timeout_policies(std::string_view text,
                                                          std::string file = {});

/// A copy of an entry, for listings.
struct EntryCopy {
    std::uint64_t number = 0;  ///< in order of creation, from 1
    std::uint32_t id = 0;      ///< as ctnetlink names the entry: `-o id`, and always in XML
    Tuple original;
    Tuple reply;
    std::uint32_t status = 0;     ///< status:: bits
    std::int64_t timeout_ns = 0;  ///< left at the time of the copy
    std::uint32_t mark = 0;
    std::optional<TcpState> tcp_state;
    std::optional<SctpState> sctp_state;
    std::array<std::uint32_t, 2> sctp_vtags{};  ///< by direction, in host order
    std::uint16_t zone_original = 0;  ///< equal to zone_reply: one zone for both directions
    std::uint16_t zone_reply = 0;
    std::array<std::uint64_t, 2> packets{};  ///< by direction; counted only while `counted`
    std::array<std::uint64_t, 2> bytes{};
    bool counted = false;  ///< nf_conntrack_acct was on when it was made
    /// Who holds it: 1 and one for each flow it announced. /proc counts its own reading too and so
    /// prints one more than conntrack does.
    std::uint32_t use = 1;
    std::array<std::uint8_t, 16> labels{};  ///< bit n is bit n % 8 of byte n / 8
    std::optional<Time> started;            ///< nf_conntrack_timestamp was on when it was made
    Time copied;                            ///< when the copy was made; of a DESTROY event the end
    std::string helper;
    std::uint32_t gre_timeout_s = 0;  ///< GRE only: as /proc shows it
    std::uint32_t gre_stream_timeout_s = 0;

    bool operator==(const EntryCopy&) const = default;
};

/// The formats of `--table-format`:
///     proc       /proc/net/nf_conntrack of Linux 6.18
///     old_proc   /proc/net/ip_conntrack of Linux 2.4 (which knew no IPv6: here it looks alike)
///     conntrack  conntrack -L        extended  conntrack -L -o extended
///     xml        conntrack -L -o xml save      conntrack -L -o save
///     json       keepstate's own: one object a line
enum class EntryFormat : std::uint8_t { proc, old_proc, conntrack, extended, xml, json, save };

/// The name of a label's bit, as a line of connlabel.conf gives it.
struct LabelName {
    static constexpr std::size_t kLongest = 63;  ///< bytes of a name
    std::uint8_t bit = 0;                        ///< 0..127
    std::string name;
};

/// Reads a label file, /etc/xtables/connlabel.conf: `NUMBER NAME` lines, `#` before comments. Lowest number first.
/// Errors (input): every line that is neither, with line and column.
Result<std::vector<LabelName>> parse_label_names(std::string_view text,
                                                 const std::string& file = {});

/// More that conntrack's -o asks for. The proc formats have no options.
struct ListingOptions {
    bool id = false;          ///< -o id (XML and JSON always show it)
    bool timestamp = false;   ///< -o timestamp: when an event happened; `copied` tells
    bool ktimestamp = false;  ///< -o ktimestamp: when the entry began and ended, in UTC
    /// -o labels: the names that are known, lowest bit first; null: labels are not shown.
    const std::vector<LabelName>* labels = nullptr;
};

/// Appends what stands before the first and behind the last entry of a listing (XML only). conntrack
/// prints neither if there is no entry at all.
void print_listing_head(EntryFormat format, std::string& out);
void print_listing_tail(EntryFormat format, std::string& out);

/// Appends one entry as the named format prints it, with its line end.
/// source: seen:tests/kernel_listing (byte for byte, all formats but old_proc and json).
void print_entry(const EntryCopy& entry, EntryFormat format, std::string& out,
                 const ListingOptions& options = {});

/// Reads a line of the formats proc, old_proc, conntrack, extended or save, with or without its line end.
/// What the format does not show stays as it is in a fresh EntryCopy, but for kConfirmed, which all
/// listed entries have; timeouts are whole seconds; `started` is 0 and `copied` the age. Label names are
/// understood if `labels` is given. Of save, NAT is known from -n and -g, and the reply of an ICMP
/// query is its answer. A fault (kind input) names the column.
Result<EntryCopy> parse_entry(std::string_view line, EntryFormat format,
                              const std::vector<LabelName>* labels = nullptr);

/// What happened to an entry, as ctnetlink would tell it.
enum class EventKind : std::uint8_t { new_, update, destroy };

/// A record tells less than a listing: of a protocol's state only what changed (tcp_state, sctp_state
/// are absent otherwise), of counters and age nothing before the end, of the helper nothing at the end.
struct Event {
    EventKind kind = EventKind::new_;
    EntryCopy entry;
    bool mark_changed = false;    ///< the mark is told even if it is 0 now
    bool labels_changed = false;  ///< labels are told only then
};

/// Appends the line that `conntrack -E` prints, with its line end. `format` is conntrack, extended, xml,
/// save (-A, -U or -D for what happened) or json; proc is taken for extended, old_proc for conntrack.
void print_event(const Event& event, std::string& out, EntryFormat format = EntryFormat::conntrack,
                 const ListingOptions& options = {});

/// Counters as `conntrack -S` has them. Those of which nothing else is said stay 0: they count what only several
/// processors, NAT or ctnetlink can do.
struct Statistics {
    std::uint64_t found = 0;
    std::uint64_t invalid = 0;  ///< packets that tracking called INVALID, but for those in `error`
    std::uint64_t insert = 0;
    std::uint64_t insert_failed =
        0;                   ///< entries that were not let in: another one has a tuple of theirs
    std::uint64_t drop = 0;  ///< packets dropped for that, or for want of room
    std::uint64_t early_drop = 0;  ///< entries that went to make room
    std::uint64_t error = 0;       ///< ICMP and ICMPv6 messages refused before any look-up
    std::uint64_t search_restart = 0;
    std::uint64_t clash_resolve = 0;
    std::uint64_t chain_too_long = 0;
    // what `conntrack -S expect` has
    std::uint64_t expect_new = 0;     ///< flows that met an expectation
    std::uint64_t expect_create = 0;  ///< expectations made
    std::uint64_t expect_delete = 0;  ///< and gone, for whatever cause
};

/// Appends the line that `conntrack -S` prints of one processor, with its line end.
void print_statistics(const Statistics& statistics, std::string& out);

}  // namespace keepstate
