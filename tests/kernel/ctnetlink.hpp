// The kernel's connection tracking entries as values: read from dumps, events and logged packets, and
// written to make entries in any state.
//
// All three sources carry the same attributes (linux/netfilter/nfnetlink_conntrack.h), so one parser
// serves them. Only what keepstate compares is kept.
//
// Units: timeouts in whole seconds as ctnetlink gives them: rounded *down*, so an entry read in a later
// tick than it was refreshed shows one second less.
// Threads: plain values; a CtControl belongs to one thread.  Tested by: kernel_run_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlink.hpp"

namespace keepstate::kernel {

enum class Direction : std::uint8_t { original, reply };

/// linux/netfilter/nf_conntrack_tcp.h: the numbers are the kernel's.
enum class KernelTcpState : std::uint8_t {
    none,
    syn_sent,
    syn_recv,
    established,
    fin_wait,
    close_wait,
    last_ack,
    time_wait,
    close,
    syn_sent2
};
constexpr std::size_t kTcpStates = 10;
const char* tcp_state_name(KernelTcpState state);  ///< as /proc/net/nf_conntrack prints it

/// Status bits, linux/netfilter/nf_conntrack_common.h.
constexpr std::uint32_t kStatusExpected = 1U << 0U;
constexpr std::uint32_t kStatusSeenReply = 1U << 1U;
constexpr std::uint32_t kStatusAssured = 1U << 2U;
constexpr std::uint32_t kStatusConfirmed = 1U << 3U;

/// Flags of one side of a TCP entry.
constexpr std::uint8_t kTcpFlagWindowScale = 0x01;
constexpr std::uint8_t kTcpFlagSackPermitted = 0x02;
constexpr std::uint8_t kTcpFlagCloseInit = 0x04;
constexpr std::uint8_t kTcpFlagBeLiberal = 0x08;

/// An address of either family; IPv4 in the first four bytes. family is AF_INET or AF_INET6.
struct KernelAddress {
    std::uint8_t family = 0;
    std::array<std::uint8_t, 16> bytes{};
    bool operator==(const KernelAddress&) const = default;
};
KernelAddress make_address(const std::string& text);  ///< family 0 if it is none
std::string print_address(const KernelAddress& address);

struct KernelTuple {
    KernelAddress source;
    KernelAddress destination;
    std::uint8_t protocol = 0;
    std::uint16_t source_port = 0;  ///< TCP, UDP, SCTP, UDP-Lite; GRE key
    std::uint16_t destination_port = 0;
    std::uint16_t icmp_id = 0;  ///< ICMP and ICMPv6
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint16_t zone = 0;  ///< only where the zone holds for this direction alone
    bool operator==(const KernelTuple&) const = default;
};

struct KernelTcp {
    KernelTcpState state = KernelTcpState::none;
    std::array<std::uint8_t, 2> window_scale{};  ///< by Direction
    std::array<std::uint8_t, 2> flags{};         ///< kTcpFlag..., by Direction
    bool operator==(const KernelTcp&) const = default;
};

struct KernelEntry {
    std::array<KernelTuple, 2> tuples{};  ///< by Direction
    std::optional<KernelTuple> master;
    std::uint32_t id = 0;  ///< used again for an entry with the same tuple in the same memory
    std::uint32_t status = 0;
    std::uint32_t timeout_s = 0;  ///< 0 as long as the entry is not confirmed
    bool has_timeout = false;
    std::uint32_t mark = 0;
    std::uint16_t zone = 0;
    std::optional<KernelTcp> tcp;
    std::optional<std::uint8_t> sctp_state;
    std::array<std::uint32_t, 2> sctp_vtags{};
    std::string helper;                      ///< name, empty if none
    std::vector<std::uint8_t> labels;        ///< 16 bytes, or none
    bool has_counters = false;               ///< nf_conntrack_acct
    std::array<std::uint64_t, 2> packets{};  ///< by Direction
    std::array<std::uint64_t, 2> bytes{};
    std::uint32_t use = 0;
};

enum class EventKind : std::uint8_t { new_entry, update, destroy };

struct KernelEvent {
    EventKind kind = EventKind::new_entry;
    KernelEntry entry;
};

struct KernelExpectation {
    KernelTuple tuple;
    KernelTuple mask;
    KernelTuple master;
    std::uint32_t timeout_s = 0;
    std::uint32_t flags = 0;
    std::uint32_t class_number = 0;
    std::string helper;  ///< the master's
};

/// An expectation was made (new_entry) or is gone (destroy).
struct KernelExpectationEvent {
    EventKind kind = EventKind::new_entry;
    KernelExpectation expectation;
};

/// One line in the words of conntrack -L, for messages of tests (not meant to equal the tool).
std::string print_entry(const KernelEntry& entry);

/// The attributes of an entry, from a message or from inside NFULA_CT.
KernelEntry parse_entry(const Attributes& attributes);

/// An event message; nothing if it is some other message.
std::optional<KernelEvent> parse_event(const nlmsghdr& message);

/// Likewise of an expectation.
std::optional<KernelExpectationEvent> parse_expectation_event(const nlmsghdr& message);

/// Reads and changes the entries of the namespace it was opened in.
class CtControl {
  public:
    static Result<CtControl> open();

    Result<std::vector<KernelEntry>> dump();
    Result<std::vector<KernelExpectation>> dump_expectations();
    /// The entry that has this tuple in either direction, if there is one.
    Result<std::optional<KernelEntry>> find(const KernelTuple& tuple, std::uint16_t zone = 0);
    /// Makes an entry: tuples, status, timeout, mark, TCP state, flags and
    /// scales, SCTP state and tags are used.
    Result<void> create(const KernelEntry& entry);
    Result<void> remove(const KernelTuple& tuple);
    Result<void> flush();

  private:
    explicit CtControl(NetlinkSocket socket) : socket_(std::move(socket)) {}
    NetlinkSocket socket_;
};

}  // namespace keepstate::kernel
