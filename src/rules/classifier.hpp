// Which rules of a chain a packet may match, found without looking at the others.
//
// A rule is a box: a range in each dimension (the words of both addresses, both ports, protocol, both devices). A
// packet is a point. The rules of a chain are split into a few groups by which addresses they say something narrow
// of, and each group becomes a tree that cuts the space:
//
//     root: 2^bits cells of destination     a node; a packet takes the link at
//       |           |                         point[dimension] >> shift, cut to `bits` bits
//     [a b]       4 cells of source port
//                   |     |     |
//                 [a c] [c d]   [ ]         leaves: lists of candidates in the order of their rules
//
// The range of a node is the smallest aligned block around the rules that do not span all of it. A packet outside
// that block lands in some cell: the rules it can match span everything there, so they stand in each cell, and the rest
// is sorted out by the candidates themselves. A rule that lies in several cells stands in several leaves: the sum over
// all leaves of a group stays below 8 times its rules and half of the chain's. Leaves that are equal are one.
//
// A candidate holds, in 48 bytes, all of what a plain rule asks; what it does not hold (a limit, an address with a mask
// of its own, ...) is asked of the rule itself. The tree may give a candidate that does not match, never miss one that
// does. What it asks are eight ranges of 16 bits and 32 bits to compare, so that a candidate is tried in a dozen
// instructions and one branch.
//
// Cost of a lookup: one read a node, two to five nodes a group for rules as people write them. Worst case: rules
// which all overlap in all dimensions cannot be cut; a leaf then has all of them, which is a walk over 48 bytes
// a rule. Building is about linear: O(rules x dimensions x depth).
//
// source: the idea of cutting with bounded copies and of splitting off wide rules first is that of HiCuts (P. Gupta, N.
// McKeown, 2000) and EffiCuts (B. Vamanan et al., 2010).   Tested by: tests/property/fast_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/inline.hpp"
#include "rules/rule_key.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace keepstate::rules {

/// Addresses have four words of 32 bits, the first is the most significant; IPv4 uses the first alone.
enum Dimension : std::uint8_t {
    kSourceWord = 0,
    kDestinationWord = 4,
    kSourcePort = 8,
    kDestinationPort,
    kProtocol,
    kInDevice,   ///< a number of DeviceNumbers
    kOutDevice,  ///< likewise
    kDimensions,
};

using Point = std::array<std::uint32_t, kDimensions>;

struct Box {
    Point low{};
    Point high{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
               0xffffffff, 0xffff,     0xffff,     0xff,       0xffff,     0xffff};
};

/// Eight numbers of 16 bits side by side: both addresses (one word of each) in two halves, source and destination port, in
/// and out device.
struct alignas(16) Lanes {
    std::array<std::uint64_t, 2> words;

    /// Written at once, as it is read: the processor would wait for two halves.
    KS_INLINE void set(std::uint64_t addresses, std::uint64_t others) {
#if defined(__SSE2__)
        _mm_store_si128(
            reinterpret_cast<__m128i*>(this),
            _mm_set_epi64x(static_cast<long long>(others), static_cast<long long>(addresses)));
#else
        words = {addresses, others};
#endif
    }
    static std::uint64_t addresses(std::uint32_t source, std::uint32_t destination) {
        return std::uint64_t{destination} << 32 | source;
    }
    static std::uint64_t others(std::uint32_t source_port, std::uint32_t destination_port,
                                std::uint32_t in, std::uint32_t out) {
        return std::uint64_t{out} << 48 | std::uint64_t{in} << 32 |
               std::uint64_t{destination_port} << 16 | source_port;
    }
    /// Where the lanes stand in what lanes_within() gives.
    static constexpr unsigned kSource = 0x000f;
    static constexpr unsigned kDestination = 0x00f0;
    static constexpr unsigned kAll = 0xffff;
};

/// Two bits for each lane of `value` that lies in low..low+span.
KS_INLINE unsigned lanes_within(const Lanes& value, const Lanes& low, const Lanes& span) {
#if defined(__SSE2__)
    const auto load = [](const Lanes& lanes) {
        return _mm_load_si128(reinterpret_cast<const __m128i*>(&lanes));
    };
    const __m128i above = _mm_sub_epi16(load(value), load(low));
    const __m128i beyond = _mm_subs_epu16(above, load(span));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(beyond, __m128i{})));
#else
    unsigned within = 0;
    for (unsigned lane = 0; lane < 8; ++lane) {
        const auto of = [&](const Lanes& lanes) {
            return static_cast<std::uint16_t>(lanes.words[lane / 4] >> (lane % 4 * 16));
        };
        const auto above = static_cast<std::uint16_t>(of(value) - of(low));
        if (above <= of(span)) within |= 3U << (2 * lane);
    }
    return within;
#endif
}

/// What a packet is to the index. Nothing is zeroed before it is written: each packet writes all of it.
struct PacketKey {
    // what candidates compare; written by set_lanes()
    Lanes lanes;          ///< of the addresses the first word
    std::uint32_t facts;  ///< as CandidateFacts

    std::uint8_t state;  ///< one bit, those of RuleKey::states
    std::uint8_t flags;  ///< TCP's; 0 for others
    bool has_transport;
    Point point;

    KS_INLINE void set_lanes();
};

namespace candidate_bit {
inline constexpr std::uint8_t kWhole = 1;  ///< passes() is all that the rule asks
inline constexpr std::uint8_t kOtherWords =
    2;                                    ///< of an address another word than the first is asked
inline constexpr std::uint8_t kLast = 4;  ///< of its leaf
/// But for TCP's flags, all that the rule asks is the same for each packet of a flow, direction and state.
inline constexpr std::uint8_t kSteady = 8;
inline constexpr std::uint8_t kNotSource = 32;  ///< any source but this
inline constexpr std::uint8_t kNotDestination = 64;
/// passes() is all that the rule asks before its match number Step::asked_at.
inline constexpr std::uint8_t kHeld = 128;
/// What makes a candidate more than lanes and facts.
inline constexpr std::uint8_t kOddAddress = kOtherWords | kNotSource | kNotDestination;
}  // namespace candidate_bit

/// Four bytes that a packet shows: from the lowest the state of tracking as one bit, 1 if there is no transport header,
/// protocol, TCP's flags.
struct CandidateFacts {
    static constexpr unsigned kTransport = 8;
    static constexpr unsigned kProtocol = 16;
    static constexpr unsigned kFlags = 24;
    static constexpr std::uint32_t kSteady = 0x00ffffff;  ///< all but the flags
};

KS_INLINE void PacketKey::set_lanes() {
    lanes.set(Lanes::addresses(point[kSourceWord], point[kDestinationWord]),
              Lanes::others(point[kSourcePort], point[kDestinationPort], point[kInDevice],
                            point[kOutDevice]));
    facts = state | std::uint32_t{!has_transport} << CandidateFacts::kTransport |
            point[kProtocol] << CandidateFacts::kProtocol |
            std::uint32_t{flags} << CandidateFacts::kFlags;
}

/// What a rule asks, as far as it fits. Ranges are their low end and what may be added to it.
struct Candidate {
    Lanes low{};
    Lanes span{{~std::uint64_t{0}, ~std::uint64_t{0}}};
    std::uint32_t rule = ~std::uint32_t{0};  ///< in its chain, from 0
    /// Bits of the packet's facts that must be those of `compared`: states that are not allowed, with 0; 1 with 0 if a
    /// transport header is asked for; protocol and flags.
    std::uint32_t mask = 0;
    std::uint32_t compared = 0;
    std::uint8_t bits = 0;
    std::uint8_t action_bits = 0;  ///< an Action, so that plain rules need nothing else
    std::uint8_t words = 0;  ///< lower 4 bits: which word of the source; above: of the destination

    bool has(std::uint8_t bit) const { return (bits & bit) != 0; }
    std::uint8_t action() const { return action_bits; }
    /// Every packet passes.
    bool asks_nothing() const {
        constexpr std::uint32_t kNoState = 0xff & ~std::uint32_t{kAnyState};
        return mask == kNoState && !has(candidate_bit::kOddAddress) &&
               span.words[0] == ~std::uint64_t{0} && span.words[1] == ~std::uint64_t{0};
    }
    bool asks_flags() const { return mask >> CandidateFacts::kFlags != 0; }
    /// `state`: one bit.
    bool allows(std::uint8_t state) const { return (mask & state) == 0; }
    /// A leaf that no packet passes.
    static Candidate nobodys() {
        Candidate out;
        out.close();
        out.bits = candidate_bit::kLast;
        return out;
    }
    /// No packet passes any more.
    void close() { mask |= 0xff; }

    KS_INLINE bool passes(const PacketKey& key) const {
        return passes_flags(key) && passes_lanes(key);
    }
    /// The facts, the flags among them.
    bool passes_flags(const PacketKey& key) const { return ((key.facts ^ compared) & mask) == 0; }
    /// All that stands here but TCP's flags.
    bool passes_steady(const PacketKey& key) const {
        return ((key.facts ^ compared) & mask & CandidateFacts::kSteady) == 0 && passes_lanes(key);
    }

  private:
    KS_INLINE bool passes_lanes(const PacketKey& key) const {
        if ((bits & candidate_bit::kOddAddress) != 0) return passes_odd(key);
        return lanes_within(key.lanes, low, span) == Lanes::kAll;
    }
    bool passes_odd(const PacketKey& key) const {
        Lanes lanes;
        lanes.set(Lanes::addresses(key.point[kSourceWord + (words & 15)],
                                   key.point[kDestinationWord + (words >> 4)]),
                  key.lanes.words[1]);
        unsigned within = lanes_within(lanes, low, span);
        const auto turn = [&within](unsigned address) {
            within = (within & address) == address ? within & ~address : within | address;
        };
        if (has(candidate_bit::kNotSource)) turn(Lanes::kSource);
        if (has(candidate_bit::kNotDestination)) turn(Lanes::kDestination);
        return within == Lanes::kAll;
    }
};
static_assert(sizeof(Candidate) == 48);

/// A node or a leaf, from above.
struct Link {
    std::uint32_t first = 0;  ///< of its links, or of its candidates
    std::uint8_t shift = 0;
    std::uint8_t bits = 0;
    std::uint8_t dimension = 0;
    bool is_leaf = true;
};
static_assert(sizeof(Link) == 8);

/// All trees of one table.
struct Forest {
    std::vector<Link> links;
    /// The first is the empty leaf.
    std::vector<Candidate> candidates{Candidate::nobodys()};

    const Candidate* find(Link link, const Point& point) const {
        while (!link.is_leaf) {
            const std::uint32_t cell =
                point[link.dimension] >> link.shift & ((std::uint32_t{1} << link.bits) - 1);
            link = links[link.first + cell];
        }
        return &candidates[link.first];
    }
};

/// One tree of a set of rules.
struct Root {
    Link link;
    std::uint32_t first_rule = 0;  ///< the lowest in it
};

inline constexpr std::size_t kMostRoots = 6;

/// Appends one tree for `rules`, which are numbers in `boxes` and `candidates`; the candidates say which of the chain's they
/// are. There is one at least.
Root plant_one(Forest& forest, std::span<const Box> boxes, std::span<const Candidate> candidates,
               const std::vector<std::uint32_t>& rules);

/// Appends trees for `rules` (numbers in the chain, rising), whose boxes and candidates stand at these numbers. At most
/// kMostRoots; none if there are no rules.
std::vector<Root> plant(Forest& forest, std::span<const Box> boxes,
                        std::span<const Candidate> candidates,
                        const std::vector<std::uint32_t>& rules);

}  // namespace keepstate::rules
