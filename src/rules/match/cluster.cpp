// -m cluster: which node of a load-sharing cluster a connection belongs to.
//
// All nodes see all packets; each takes those whose connection's source hashes to a node of its own. The hash is
// the kernel's, so that a mixed cluster agrees.
// source: man:iptables-extensions cluster; kernel:net/netfilter/xt_cluster.c.   Tested by: tests/rules/cluster.t,
// tests/scenarios/rules/a-cluster-shares-connections-by-their-source.yaml.
#include <array>
#include <bit>
#include <cstring>

#include "rules/jenkins.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kTotal, kNode, kMask, kSeed };

// The kernel hashes addresses as they lie in memory: little-endian words of network order bytes.
std::uint32_t hash_of(const Address& address, std::uint32_t seed) {
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint8_t* at = address.bytes.data() + 4 * i;
        words[i] = std::uint32_t{at[3]} << 24 | std::uint32_t{at[2]} << 16 |
                   std::uint32_t{at[1]} << 8 | at[0];
    }
    // Of an IPv6 address Linux hashes the first word alone: it counts a length in words once more by four.
    // seen: kernel_rules, 6.18.
    return Jenkins::hash({words.data(), 1}, seed);
}

/// The highest node of a mask.
std::uint32_t node_count(std::uint32_t mask) {
    return 32U - static_cast<std::uint32_t>(std::countl_zero(mask));
}

struct Form {
    struct Data {
        std::uint32_t total = 0;
        std::uint32_t mask = 0;  ///< own nodes, as bits
        std::uint32_t seed = 0;
        std::uint32_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "cluster-total-nodes",
         .id = kTotal,
         .arg = ArgKind::number,
         .flags = option_flag::kMust,
         .min = 1,
         .max = 32,
         .words = "how many nodes there are, 1 to 32"},
        {.name = "cluster-local-node",
         .id = kNode,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kMask),
         .min = 1,
         .max = 32,
         .words = "this node's number, from 1"},
        {.name = "cluster-local-nodemask",
         .id = kMask,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kNode),
         .min = 1,
         .words = "this node's numbers as bits: 0x5 is nodes 1 and 3"},
        {.name = "cluster-hash-seed",
         .id = kSeed,
         .arg = ArgKind::number,
         .flags = option_flag::kMust,
         .words = "the hash's seed, the same on all nodes"},
    };
    static constexpr Traits kTraits{
        .name = "cluster",
        .options = kOptions,
        .words = "Matches packets of connections that are this node's share of a cluster.",
        .reads = "the original source address of the packet's entry"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        const auto number = static_cast<std::uint32_t>(use.value.low);
        switch (use.id()) {
            case kTotal: data.total = number; break;
            case kNode: data.mask = 1U << (number - 1); break;
            case kMask: data.mask = number; break;
            default: data.seed = number; break;
        }
        if (use.inverted) data.inverted = 1;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.mask == 0) {
            reader.fault("`cluster' needs --cluster-local-node or --cluster-local-nodemask");
        } else if (data.total != 0 && node_count(data.mask) > data.total) {
            reader.fault(fmt::format("node {} is beyond --cluster-total-nodes {}",
                                     node_count(data.mask), data.total));
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(
            "{} --cluster-local-nodemask {:#010x} --cluster-total-nodes {} --cluster-hash-seed "
            "{:#010x}",
            data.inverted ? " !" : "", data.mask, data.total, data.seed);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const ct::Entry* entry = context.flow.entry;
        if (entry == nullptr) return why.no("the packet belongs to no connection");
        const Address source = entry->original().source;
        // The template of a CT rule is of no family, which Linux gives to the first node.
        const std::uint32_t node =
            entry->is_template() ? 0 : scale_to(hash_of(source, data.seed), data.total);
        if (((data.mask >> node & 1U) != 0) != (data.inverted != 0)) return true;
        return why ? why.no("the connection of {} is node {}'s of {}", text(source), node + 1,
                            data.total)
                   : false;
    }
};

}  // namespace

extern const MatchModule k_cluster;
const MatchModule k_cluster = match_module<Form>();

}  // namespace keepstate::rules::match
