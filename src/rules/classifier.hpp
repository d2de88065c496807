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
// A candidate holds, in half a cache line, all of what a plain rule asks; what it does not hold (a limit, an
// inverted address, ...) is asked of the rule itself. The tree may give a candidate that does not match, never
// miss one that does.
//
// Cost of a lookup: one read a node, two to five nodes a group for rules as people write them. Worst case: rules
// which all overlap in all dimensions cannot be cut; a leaf then has all of them, which is a walk over 32 bytes
// a rule. Building is about linear: O(rules x dimensions x depth).
//
// source: the idea of cutting with bounded copies and of splitting off wide rules first is that of HiCuts (P. Gupta, N.
// McKeown, 2000) and EffiCuts (B. Vamanan et al., 2010).   Tested by: tests/property/fast_property.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

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

/// What a packet is to the index.
struct PacketKey {
    Point point{};
    std::uint8_t state = 0;  ///< one bit, those of RuleKey::states
    std::uint8_t flags = 0;  ///< TCP's; 0 for others
    bool has_transport = false;
};

namespace candidate_bit {
inline constexpr std::uint8_t kWhole = 1;  ///< passes() is all that the rule asks
inline constexpr std::uint8_t kAsksTransport =
    2;                                    ///< a packet without transport header does not match
inline constexpr std::uint8_t kLast = 4;  ///< of its leaf
/// But for TCP's flags, all that the rule asks is the same for each packet of a flow, direction and state.
inline constexpr std::uint8_t kSteady = 8;
inline constexpr std::uint8_t kAnyProtocol = 16;
inline constexpr std::uint8_t kNotSource = 32;  ///< any source but this
inline constexpr std::uint8_t kNotDestination = 64;
/// passes() is all that the rule asks before its match number Step::asked_at.
inline constexpr std::uint8_t kHeld = 128;
}  // namespace candidate_bit

/// What a rule asks, as far as it fits. Ranges are their low end and what may be added to it.
struct Candidate {
    std::uint32_t rule = ~std::uint32_t{0};  ///< in its chain, from 0
    std::uint32_t source = 0;                ///< one word of the address
    std::uint32_t destination = 0;
    std::uint16_t source_port = 0;
    std::uint16_t source_port_span = 0xffff;
    std::uint16_t destination_port = 0;
    std::uint16_t destination_port_span = 0xffff;
    std::uint8_t in = 0;
    std::uint8_t in_span = 0xff;  ///< 255: any, of however many devices
    std::uint8_t out = 0;
    std::uint8_t out_span = 0xff;
    std::uint8_t source_at =
        32;  ///< lower 6 bits: bits at the word's end not asked; above: which word
    std::uint8_t destination_at = 32;
    std::uint8_t protocol = 0;
    std::uint8_t states = 0;
    std::uint8_t flags_mask = 0;
    std::uint8_t flags_compared = 0;
    std::uint8_t bits = 0;
    /// An Action, so that plain rules need nothing else, and kAsksNothing.
    std::uint8_t action_bits = 0;
    static constexpr std::uint8_t kAsksNothing = 0x80;

    bool has(std::uint8_t bit) const { return (bits & bit) != 0; }
    std::uint8_t action() const { return action_bits & static_cast<std::uint8_t>(~kAsksNothing); }
    /// Every packet passes.
    bool asks_nothing() const { return (action_bits & kAsksNothing) != 0; }

    /// All that stands here but TCP's flags.
    bool passes_steady(const PacketKey& key) const {
        const std::uint64_t source_off =
            std::uint64_t{key.point[kSourceWord + (source_at >> 6)] ^ source} >> (source_at & 63);
        const std::uint64_t destination_off =
            std::uint64_t{key.point[kDestinationWord + (destination_at >> 6)] ^ destination} >>
            (destination_at & 63);
        // Numbers, not conditions: few branches, since hardly any could be foreseen.
        const auto one_if = [](bool is_so) { return static_cast<unsigned>(is_so); };
        const unsigned addresses_off =
            (one_if(source_off != 0) ^ one_if(has(candidate_bit::kNotSource))) |
            (one_if(destination_off != 0) ^ one_if(has(candidate_bit::kNotDestination)));
        if (addresses_off != 0) return false;
        const unsigned ports_off =
            one_if(static_cast<std::uint16_t>(key.point[kDestinationPort] - destination_port) >
                   destination_port_span) |
            one_if(static_cast<std::uint16_t>(key.point[kSourcePort] - source_port) >
                   source_port_span) |
            (one_if(has(candidate_bit::kAsksTransport)) & one_if(!key.has_transport));
        const unsigned protocol_off =
            one_if(key.point[kProtocol] != protocol) & one_if(!has(candidate_bit::kAnyProtocol));
        const unsigned devices_off =
            one_if(static_cast<std::uint8_t>(key.point[kInDevice] - in) > in_span) |
            one_if(static_cast<std::uint8_t>(key.point[kOutDevice] - out) > out_span);
        const unsigned state_off = one_if((states & key.state) == 0);
        return (ports_off | protocol_off | devices_off | state_off) == 0;
    }
    bool passes_flags(const PacketKey& key) const {
        return (key.flags & flags_mask) == flags_compared;
    }
};
static_assert(sizeof(Candidate) == 32);

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
    std::vector<Candidate> candidates{Candidate{.bits = candidate_bit::kLast}};

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
