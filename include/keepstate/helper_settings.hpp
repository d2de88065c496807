// The parameters of the kernel's helper modules: what `modprobe nf_conntrack_ftp loose=1` sets.
//
// Threads: plain values.  Tested by: ct/helper/helpers_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "keepstate/result.hpp"

namespace keepstate {

/// Ports that a helper is registered for, in the order given. A second one makes a helper of its own name:
/// ports=21,2121 are the helpers `ftp` and `ftp-2121`; so has sane. Those of irc, sip and tftp have their place in the
/// list for a name: ports=69,6969 are `tftp` and `tftp-1`.
struct HelperPorts {
    static constexpr std::size_t kMost = 8;
    std::array<std::uint16_t, kMost> numbers{};
    std::size_t count = 0;

    constexpr HelperPorts() = default;
    constexpr explicit HelperPorts(std::uint16_t port) : count(1) { numbers[0] = port; }
    std::span<const std::uint16_t> all() const { return {numbers.data(), count}; }
    bool operator==(const HelperPorts&) const = default;
};

// One row: module after nf_conntrack_, parameter, default, least, most, unit, what it does.
// clang-format off
#define KS_HELPER_NUMBERS(X)                                                                        \
    X(ftp, loose, 0, 0, 1, "0/1",                                                                   \
      "1: PORT, EPRT and 227 may name another host than the one that sends them")                   \
    X(irc, max_dcc_channels, 8, 1, 255, "expectations",                                             \
      "DCC connections that one IRC session may announce at once")                                  \
    X(irc, dcc_timeout, 300, 0, 4294967, "s",                                                       \
      "how long a DCC connection is waited for")                                                    \
    X(sip, sip_timeout, 3600, 0, 4294967, "s",                                                      \
      "how long the entry of a SIP dialogue lives after each of its messages")                      \
    X(sip, sip_direct_signalling, 1, 0, 1, "0/1",                                                   \
      "1: calls are expected from the registrar alone. 0: from anywhere")                           \
    X(sip, sip_direct_media, 1, 0, 1, "0/1",                                                        \
      "1: media are expected between the two ends of the signalling alone. 0: from anywhere")       \
    X(sip, sip_external_media, 0, 0, 1, "0/1",                                                      \
      "1: media whose both ends lie outside are not expected")                                      \
    X(h323, default_rrq_ttl, 300, 0, 4294967, "s",                                                  \
      "how long a registration at a gatekeeper holds that does not say so itself")                  \
    X(h323, gkrouted_only, 1, 0, 1, "0/1",                                                          \
      "1: calls are expected from the gatekeeper alone. 0: from anywhere")                          \
    X(h323, callforward_filter, 1, 0, 1, "0/1",                                                     \
      "1: a forwarded call is expected only if its two ends are not behind the same way")           \
    X(amanda, master_timeout, 300, 0, 4294967, "s",                                                 \
      "how long the entry of an Amanda session lives after each request")                           \
    X(netbios_ns, timeout, 3, 0, 4294967, "s",                                                      \
      "how long answers to a broadcast question are waited for")                                    \
    X(snmp, timeout, 30, 0, 4294967, "s",                                                           \
      "how long answers to a broadcast question are waited for")

#define KS_HELPER_PORTS(X)                                                                          \
    X(ftp, 21) X(irc, 6667) X(sane, 6566) X(sip, 5060) X(tftp, 69)
// clang-format on

struct HelperSettings {
#define KS_HELPER_MEMBER(module, name, value, least, most, unit, words) \
    std::uint32_t module##_##name = value;
    KS_HELPER_NUMBERS(KS_HELPER_MEMBER)
#undef KS_HELPER_MEMBER
#define KS_HELPER_MEMBER(module, port) HelperPorts module##_ports{port};
    KS_HELPER_PORTS(KS_HELPER_MEMBER)
#undef KS_HELPER_MEMBER

    /// Whether `key` names a helper's parameter: "nf_conntrack_ftp.loose" or "ftp.loose".
    static bool has(std::string_view key);
    /// Sets one. Ports are numbers with commas between, at most eight. A fault names the nearest known name.
    Result<void> set(std::string_view key, std::string_view value);
};

/// One number's documentation, from the table above.
struct HelperSettingText {
    std::string_view module;  ///< without nf_conntrack_
    std::string_view name;
    std::uint32_t default_value;
    std::uint32_t least;  ///< bounds, both allowed
    std::uint32_t most;
    std::string_view unit;
    std::string_view words;
};
std::span<const HelperSettingText> helper_setting_texts();

}  // namespace keepstate
