// Fingerprints of operating systems: what -m osf holds against a SYN.
//
//     text of a pf.os file --parse_fingerprints--> Fingerprints in Objects, kind "osf"
//
//     S4:64:1:60:M*,S,T,N,W7:Linux:2.6::Linux 2.6
//     |  |  | |  |           |     |   | what nobody reads
//     |  |  | |  |           |     |   subtype
//     |  |  | |  |           |     version
//     |  |  | |  |           genre; one `@' or `*' before it is left out
//     |  |  | |  TCP options in their order: Mss, Window scale, Sack permitted, Timestamp, Nop, End; a name with
//     |  |  | |  another beginning is none. Their values are read but not compared, as in Linux
//     |  |  | total length of the packet in bytes; `*' fits no packet, as in Linux
//     |  |  0: without don't-fragment
//     |  initial TTL
//     window: a number; `*' any; %N a multiple of N; SN N times the MSS; TN N times (MSS + 40), MTU that is
//
// Linux has two lists, by don't-fragment, in the order of the file, and leaves out what is there already.
//
// Limits: names are cut to 31 bytes; 40 bytes of options.  Threads: read only once made.  Cost: linear in the
// fingerprints with the packet's don't-fragment; nothing is allocated.
// source: kernel:net/netfilter/nfnetlink_osf.c; seen: what nfnl_osf of iptables 1.8.9 loads.
// Tested by: rules/fingerprints_test.cpp, tests/scenarios/rules/*fingerprint*.yaml.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "keepstate/result.hpp"
#include "rules/objects.hpp"

namespace keepstate::rules {

/// What is longer is cut, in fingerprints and in rules.
inline constexpr std::size_t kMostGenreBytes = 31;

/// How -m osf compares the TTL: --ttl 0, 1, 2.
enum class TtlTest : std::uint8_t { same, not_above, any };

struct Fingerprint {
    enum class Window : std::uint8_t { plain, times_mss, times_mtu, multiple };
    static constexpr std::size_t kMostOptionBytes = 40;

    Window window = Window::plain;
    std::uint8_t ttl = 0;
    std::uint8_t option_count = 0;
    std::uint8_t option_bytes = 0;
    std::uint16_t packet_bytes = 0;
    std::uint32_t window_value = 0;  ///< plain: 0 is any
    std::array<std::uint8_t, kMostOptionBytes> option_kinds{};
    std::string genre;
    std::string version;
    std::string subtype;
};

/// What is compared of a TCP segment that has SYN.
struct Syn {
    std::uint16_t packet_bytes = 0;  ///< IPv4's total length
    std::uint16_t window = 0;        ///< as it stands in the header
    std::uint8_t ttl = 0;
    bool dont_fragment = false;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    base::ByteView options;

    /// Nothing: `ip` with the TCP header at that offset has no SYN, or is cut.
    static std::optional<Syn> read(base::ByteView ip, std::size_t tcp_offset);
};

/// Whether the SYN is as the fingerprint has it, but for don't-fragment.
bool fits(const Fingerprint& fingerprint, const Syn& syn, TtlTest ttl);

class Fingerprints final : public SharedObject {
  public:
    /// The ones for packets with don't-fragment, or without it, in the order of the text.
    std::span<const Fingerprint> list(bool dont_fragment) const { return lists_[dont_fragment]; }
    bool empty() const { return lists_[0].empty() && lists_[1].empty(); }
    void add(Fingerprint fingerprint, bool dont_fragment) {
        lists_[dont_fragment].push_back(std::move(fingerprint));
    }

    /// Those of the engine, none if nobody gave any.
    static Fingerprints& of(Objects& objects) {
        return objects.find_or_make<Fingerprints>("osf", "");
    }

  private:
    std::array<std::vector<Fingerprint>, 2> lists_;
};

/// Reads lines of a pf.os file; empty ones and those that begin with `#' are none. Errors: every fault with line and
/// column, of kind input; among them what nfnl_osf or the kernel would pass over in silence.
Result<void> parse_fingerprints(std::string_view text, const std::string& file, Objects& objects);

}  // namespace keepstate::rules
