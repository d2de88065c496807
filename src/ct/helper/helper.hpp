// A helper: reads what a flow says and asks for expectations of the flows that it announces.
//
// One file a helper, one line in the list of helper/helpers.cpp. A helper is a function of the packet, of its own
// memory of the master and of what `Wishes` answers; it keeps nothing else, reads no clock and allocates nothing.
// Wishes are granted at once and not returned in a list, for what a helper does next depends on whether a wish was
// granted: the packet is dropped, a pair is taken back, the next address is tried.
//
// source: kernel:include/net/netfilter/nf_conntrack_helper.h.   Tested by: ct/helper/*_test.cpp, fuzz/helper_*.cpp,
// tests/kernel/differ.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "ct/expectation.hpp"
#include "ct/helper/memory.hpp"
#include "keepstate/helper_settings.hpp"
#include "keepstate/state.hpp"
#include "wire/packet.hpp"

namespace keepstate::ct {

/// What became of a wish for an expectation. source: kernel: nf_ct_expect_related_report's errors.
enum class Grant : std::uint8_t {
    granted,
    already,  ///< EALREADY: the same one is there, of another class or master
    clash,    ///< EBUSY: one that is there would be met by the same packets
    full,     ///< EMFILE: the limit of the class or nf_conntrack_expect_max
};

/// What a helper may ask of tracking, for the master of the packet that it reads.
class Wishes {
  public:
    virtual ~Wishes() = default;

    /// Puts it into the table. An equal one of the same master and class makes way for it. `skips_master`: an equal
    /// one of another master counts as `already` and not as a clash.
    virtual Grant expect(const Expectation& wish, bool skips_master = false) = 0;
    /// Takes back the expectation that expect() has granted last.
    virtual void take_back_last() = 0;

    /// The expectation that a packet with this tuple would meet, of any master in the master's zone; inactive ones
    /// too. Good until the next wish. source: kernel: __nf_ct_expect_find.
    virtual const Expectation* find(const Tuple& tuple) = 0;
    virtual bool is_own(const Expectation& expectation) = 0;
    /// The helper of the expectation's master.
    virtual const Helper* helper_of_master(const Expectation& expectation) = 0;

    /// The first of the master's own expectations, youngest first, for which `is_wanted` holds; null if none.
    virtual const Expectation* find_own(
        const std::function<bool(const Expectation&)>& is_wanted) = 0;
    /// From now on it lives so long and has these flags.
    virtual void renew(const Expectation& expectation, std::uint32_t timeout_s,
                       std::uint32_t flags) = 0;
    virtual void take_back(const Expectation& expectation) = 0;

    /// The master's entry lives so long from now on (kernel: nf_ct_refresh).
    virtual void refresh_master(std::uint32_t timeout_s) = 0;

    /// PPTP: GRE packets with this tuple's addresses and destination key have its source key (kernel:
    /// nf_ct_gre_keymap_add). The master has one for each direction: if there is one already, nothing changes, and
    /// the answer is whether it has the same destination key. False too if there is no room.
    virtual bool add_call_key(CtDirection direction, const Tuple& tuple) = 0;
    virtual void take_back_call_keys() = 0;
    /// The confirmed flow with this tuple ends at once, without a timeout of its own (kernel: nf_ct_kill). False if
    /// there is none.
    virtual bool end_flow(const Tuple& tuple) = 0;
};

/// The host's routes, for helpers that ask where an address lies that is neither end of the flow.
class Ways {
  public:
    virtual ~Ways() = default;
    /// The number of the device by which this host sends to the address; for its own addresses that of loopback.
    virtual std::uint32_t way_to(const Address& address) const = 0;
};

/// What a helper is told of a packet. `transport_offset` reaches into `packet.ip` or to its end.
struct HelperCase {
    const wire::Packet& packet;
    const std::array<Tuple, 2>& tuples;  ///< the master's, by CtDirection
    CtDirection direction;
    /// established: the kernel's IP_CT_ESTABLISHED in either direction; related: an ICMP error about the master, in
    /// the original direction, or the first packets of a master that was itself expected
    CtState state;
    const Helper& helper;                 ///< itself
    std::span<const Helper> all_helpers;  ///< for flows that get another one than their master
    const HelperSettings& settings;
    bool is_from_host = false;  ///< made by this host
    bool is_expected = false;   ///< the master was itself announced by another flow
    /// The destination is the broadcast address of a network of the device that the packet leaves by: that
    /// network's prefix length.
    std::optional<std::uint8_t> broadcast_bits;
    const Ways* ways = nullptr;  ///< null: none are known
    std::uint32_t way_out = 0;   ///< of the packet itself: a number as Ways gives them

    const Tuple& tuple() const { return tuples[static_cast<std::size_t>(direction)]; }
    const Tuple& other_tuple() const { return tuples[1 - static_cast<std::size_t>(direction)]; }
};

/// What becomes of the packet.
struct HelperAnswer {
    bool drops = false;
    /// Why it is dropped, as the kernel's log has it behind "nf_ct_NAME: dropping packet: "; a text that lives for
    /// ever. Empty if the kernel drops it silently.
    std::string_view words;

    static HelperAnswer accept() { return {}; }
    static HelperAnswer drop(std::string_view why) { return {true, why}; }
};

/// How many of one class a master may have, and how long they live. source: kernel: nf_conntrack_expect_policy.
struct ExpectationPolicy {
    std::string_view name;   ///< in listings; empty: none
    std::uint32_t most = 0;  ///< 0: no limit
    std::uint32_t timeout_s = 0;
};

/// One registered helper. The list of them is made from the settings, for names and ports come from there.
struct Helper {
    using Help = HelperAnswer (*)(const HelperCase&, HelperMemory&, Wishes&);
    /// Called once when the master ends.
    using End = void (*)(const std::array<Tuple, 2>& tuples, HelperMemory&, Wishes&);

    static constexpr std::size_t kMostClasses = 4;

    std::string name;                                        ///< ftp
    std::optional<Family> family;                            ///< of the master; none: both
    std::uint8_t protocol = 0;                               ///< of the master
    std::uint16_t port = 0;                                  ///< of the master's server; 0: none
    std::array<ExpectationPolicy, kMostClasses> policies{};  ///< by class number
    std::uint8_t classes = 1;
    Help help = nullptr;
    End end = nullptr;  ///< null: nothing is to be done
};

/// "ftp"; for another port than the usual one "ftp-2121". Not for irc, sip and tftp: see HelperPorts.
std::string helper_name(std::string_view name, std::uint16_t usual_port, std::uint16_t port);

/// Each appends the kernel module's helpers, in the module's order.
using AddHelpers = void (*)(const HelperSettings&, std::vector<Helper>&);
void add_ftp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_sip_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_tftp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_irc_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_amanda_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_sane_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_netbios_ns_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_snmp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_pptp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);
void add_h323_helpers(const HelperSettings& settings, std::vector<Helper>& helpers);

/// All helpers that Linux would have with these settings.
std::vector<Helper> make_helpers(const HelperSettings& settings);

}  // namespace keepstate::ct
