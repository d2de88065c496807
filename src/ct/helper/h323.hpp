// What the three helpers of H.323 share. A call has three conversations, and each announces the next:
//
//     RAS     UDP 1719   endpoint and gatekeeper: who is where      -> call signalling, another gatekeeper
//     Q.931   TCP 1720   call signalling: Setup, Connect, ...       -> H.245, media at once (fast start), forwarding
//     H.245   TCP        which channels with what in them           -> media (RTP, RTCP), T.120
//
// H.245 may also run within Q.931 (tunnelled); then all its announcements are Q.931's. Over TCP each message stands in
// a packet of its own (TPKT, RFC 1006); it is read if it lies within one segment, or if its header of four bytes came
// alone in the segment before.
//
// An address counts only if it is the sender's own, for media, T.120, H.245 and registration. A message is heard as a
// whole or, if anything in it is not understood, not at all; if an announcement is refused the packet is dropped.
// source: kernel:net/netfilter/nf_conntrack_h323_main.c.   Tested by: ct/helper/h323_test.cpp, fuzz/helper_h323.cpp,
// tests/kernel/differ/talk_h323.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "ct/helper/h323_per.hpp"
#include "ct/helper/helper.hpp"

namespace keepstate::ct::h323 {

/// The only class of all three.
inline constexpr std::uint8_t kClass = 0;
inline constexpr std::string_view kH245Name = "H.245", kQ931Name = "Q.931", kRasName = "RAS";

/// One message with what was noted in it.
struct Heard {
    const HelperCase& c;
    Wishes& wishes;
    base::ByteView bytes;  ///< the notes' offsets count in these
};

/// An address and port of the master's family.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;
};

H323Memory& memory_of(HelperMemory& memory);
/// The first registered one: an IPv6 flow gets IPv4's, which does the same. source: kernel: nf_conntrack_helper_q931.
const Helper* find_helper(std::span<const Helper> helpers, std::string_view name);
/// What the note says; nothing if it is of the other family.
std::optional<Endpoint> read_endpoint(const Heard& heard, const Note& note);
/// The same, if it is the packet's sender with a port.
std::optional<Endpoint> read_own_endpoint(const Heard& heard, const Note& note);

/// From the other side of the flow to `to`. Flags are expectation_flag:: bits.
Expectation expect_from_peer(const Heard& heard, std::uint8_t protocol, const Endpoint& to,
                             const Helper* helper = nullptr, std::uint32_t flags = 0);

/// What an H.245 message announces, note by note; tunnelled ones and fast starts too.
class Channels {
  public:
    explicit Channels(const Heard& heard) : heard_(heard) {}
    /// False: what was announced is refused.
    bool hear(const Note& note);
    /// After the last note.
    bool finish();

  private:
    bool expect_media(const Note& note);
    bool expect_t120(const Note& note);

    const Heard& heard_;
    bool is_t120_ = false;  ///< the channel in hand is for T.120 over TCP
    /// An acknowledgement's T.120 stands before its media and is expected behind them.
    const Note* acknowledged_stack_ = nullptr;
};

/// The messages of one TCP segment, one after the other.
class Tpkts {
  public:
    Tpkts(const HelperCase& c, H323Memory& memory);
    /// False if there is none any more.
    bool next(base::ByteView& message);

  private:
    bool first(base::ByteView& message);
    bool take(std::size_t at, base::ByteView& message);
    bool end();

    base::ByteView payload_;
    std::uint16_t& announced_bytes_;  ///< of the message whose header came alone
    std::size_t at_ = 0;
    bool is_segment_ = false;
    bool has_begun_ = false;
};

/// What a message of call signalling announces. False: refused.
bool hear_call(const Heard& heard, std::span<const Note> notes);

HelperAnswer help_h245(const HelperCase& c, HelperMemory& memory, Wishes& wishes);
HelperAnswer help_q931(const HelperCase& c, HelperMemory& memory, Wishes& wishes);
HelperAnswer help_ras(const HelperCase& c, HelperMemory& memory, Wishes& wishes);

}  // namespace keepstate::ct::h323
