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
#define KS_SETTINGS(X)                                                                                                                          \
    X(max,                          262144, "entries", "entries that may exist; 0: no limit")                                                   \
    X(buckets,                      262144, "buckets", "size of the entry map's index; the map is made once, from this and max")                \
    X(checksum,                          1, "0/1",     "test TCP, UDP, ICMP, SCTP checksums at PREROUTING; a wrong one makes the packet INVALID") \
    X(acct,                              0, "0/1",     "count packets and bytes per entry and direction (entries made from now on)")            \
    X(timestamp,                         0, "0/1",     "note when entries begin and end (entries made from now on)")                            \
    X(events,                            2, "0/1/2",   "event records: 0 none, 1 always, 2 if somebody listens")                                \
    X(expect_max,                     4096, "expectations", "expectations that may exist")                                                      \
    X(helper,                            0, "0/1",     "assign helpers by port without a rule, as kernels before 6.0 did")                      \
    X(log_invalid,                       0, "protocol", "explain INVALID packets of this IP protocol number; 255: all")                         \
    X(tcp_be_liberal,                    0, "0/1",     "only RSTs outside of the window are INVALID")                                           \
    X(tcp_loose,                         1, "0/1",     "pick up flows that were open before tracking began")                                    \
    X(tcp_max_retrans,                   3, "packets", "retransmissions without an answer after which the shorter timeout holds")               \
    X(tcp_ignore_invalid_rst,            0, "0/1",     "let RSTs before acknowledged data pass without closing the flow")                       \
    X(tcp_timeout_syn_sent,            120, "s",       "after a SYN")                                                                           \
    X(tcp_timeout_syn_recv,             60, "s",       "after a SYN/ACK")                                                                       \
    X(tcp_timeout_established,      432000, "s",       "of an established flow")                                                                \
    X(tcp_timeout_fin_wait,            120, "s",       "after the first FIN")                                                                   \
    X(tcp_timeout_close_wait,           60, "s",       "after the first FIN was acknowledged")                                                  \
    X(tcp_timeout_last_ack,             30, "s",       "after the second FIN")                                                                  \
    X(tcp_timeout_time_wait,           120, "s",       "after the last ACK")                                                                    \
    X(tcp_timeout_close,                10, "s",       "after an RST")                                                                          \
    X(tcp_timeout_max_retrans,         300, "s",       "bound after tcp_max_retrans retransmissions")                                           \
    X(tcp_timeout_unacknowledged,      300, "s",       "bound while data waits for its ACK")                                                    \
    X(udp_timeout,                      30, "s",       "of a UDP flow seen in one direction, or for a short time only")                         \
    X(udp_timeout_stream,              120, "s",       "of a UDP flow that went both ways for more than two seconds")                           \
    X(icmp_timeout,                     30, "s",       "of an ICMP query")                                                                      \
    X(icmpv6_timeout,                   30, "s",       "of an ICMPv6 query")                                                                    \
    X(generic_timeout,                 600, "s",       "of protocols that are not tracked by themselves")                                       \
    X(gre_timeout,                      30, "s",       "of a GRE flow seen in one direction")                                                   \
    X(gre_timeout_stream,              180, "s",       "of a GRE flow that went both ways")                                                     \
    X(sctp_timeout_closed,              10, "s",       "of an association that was aborted")                                                    \
    X(sctp_timeout_cookie_wait,          3, "s",       "after INIT")                                                                            \
    X(sctp_timeout_cookie_echoed,        3, "s",       "after COOKIE_ECHO")                                                                     \
    X(sctp_timeout_established,        210, "s",       "of an established association")                                                         \
    X(sctp_timeout_shutdown_sent,        3, "s",       "after SHUTDOWN from the original direction")                                            \
    X(sctp_timeout_shutdown_recd,        3, "s",       "after SHUTDOWN from the reply direction")                                               \
    X(sctp_timeout_shutdown_ack_sent,    3, "s",       "after SHUTDOWN_ACK")                                                                    \
    X(sctp_timeout_heartbeat_sent,      30, "s",       "after a HEARTBEAT on a path without an association")                                    \
    X(frag6_timeout,                    60, "s",       "how long IPv6 fragments wait for the others")                                           \
    X(frag6_high_thresh,           4194304, "bytes",   "memory for held IPv6 fragments")                                                        \
    X(frag6_low_thresh,            3145728, "bytes",   "kept for scripts that set it; kernels since 4.18 do not use it")
// clang-format on

struct Settings {
#define KS_SETTING_MEMBER(name, value, unit, words) std::uint32_t name = value;
    KS_SETTINGS(KS_SETTING_MEMBER)
#undef KS_SETTING_MEMBER

    /// Sets one by its sysctl name, with or without "net.netfilter." and "nf_conntrack_". The kernel's
    /// own bounds hold. A fault names the nearest known name.
    Result<void> set(std::string_view key, std::string_view value);
};

/// One setting's documentation, from the table above.
struct SettingText {
    std::string_view name;  ///< without nf_conntrack_
    std::uint32_t default_value;
    std::string_view unit;
    std::string_view words;
};
std::span<const SettingText> setting_texts();

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
    std::uint8_t bit = 0;  ///< 0..127
    std::string name;
};

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

/// Counters as `conntrack -S` has them.
struct Statistics {
    std::uint64_t found = 0;
    std::uint64_t invalid = 0;
    std::uint64_t insert = 0;
    std::uint64_t insert_failed = 0;
    std::uint64_t drop = 0;
    std::uint64_t early_drop = 0;
    std::uint64_t error = 0;
    std::uint64_t search_restart = 0;
    std::uint64_t clash_resolve = 0;
    std::uint64_t chain_too_long = 0;
};

}  // namespace keepstate
