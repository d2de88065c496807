// Walks of conversations that helpers read: see talk.hpp.
//
// A few flows at a time, each of one kind: opened by a handshake (or in the middle), then both sides speak. What is
// said is split, repeated, sent out of order, spoiled; flows that were announced begin, at the right place or beside
// it, and speak too; now and then an ICMP error speaks of one.
#pragma once

#include <deque>
#include <span>

#include "differ/talk.hpp"

namespace keepstate::kernel {

/// All kinds; those without IPv6 only where the ground has none.
std::span<const TalkKind* const> talk_kinds();

/// Rules that give each kind its helper, and some that count what is RELATED. `is_v6`: of ip6tables.
std::string make_talk_rules(Dice& dice, bool is_v6);

class TalkWalk {
  public:
    explicit TalkWalk(WalkGround& ground);
    Bytes next();

  private:
    struct Talk {
        const TalkKind* kind = nullptr;
        TalkPlace place;
        TalkMemory memory;
        std::array<std::uint32_t, 2> seq{};  ///< TCP: what each side sends next
    };

    struct Waiting {
        Announced what;
        TalkPlace place;
        const TalkKind* kind = nullptr;
    };

    void open_talk();
    void speak(Talk& talk);
    void say_over_tcp(Talk& talk, unsigned side, const Bytes& payload);
    void say_over_udp(const Talk& talk, unsigned side, const Bytes& payload);
    void begin_announced();
    /// A flow of this kind, that is opened already or needs no opening.
    void begin_talk(const Waiting& waiting, const IpEnds& ends, std::uint16_t from,
                    std::uint16_t to);
    void begin_tcp(const IpEnds& ends, std::uint16_t from, std::uint16_t to, const Bytes& words);
    void spoil(Bytes& payload);
    void close(Talk& talk);
    IpEnds ends_of(const Talk& talk, unsigned side) const;
    Bytes segment(const Talk& talk, unsigned side, std::uint32_t seq, std::uint8_t flags,
                  Bytes payload) const;

    WalkGround& ground_;
    Dice& dice_;
    std::vector<const TalkKind*> kinds_;
    std::vector<Talk> talks_;
    std::deque<Waiting> announced_;
    std::deque<Bytes> packets_;  ///< made already, in the order in which they go
    std::uint16_t next_port_ = 20000;
};

}  // namespace keepstate::kernel
