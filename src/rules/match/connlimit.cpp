// -m connlimit: how many connections an address, or a network, has at once, this packet's included.
//
//     group (address cut by the mask, zone) -> tuples of connections that the rule has seen
//
// Each rule counts only connections of which it saw a packet. With every packet the group's list is swept: what the
// entry map does not know any more goes, and so does a TCP connection that is over (TIME_WAIT, CLOSE). At most 64
// are swept away at a time, as in the kernel.
//
// Limits: 65536 connections and as many groups a rule; beyond them the packet is dropped, as the kernel drops it
// when it has no memory.
// source: man:iptables-extensions connlimit; kernel:net/netfilter/xt_connlimit.c, nf_conncount.c.
// Tested by: tests/rules/connlimit.t, tests/scenarios/rules/*connlimit*.yaml.
#include <array>
#include <cstring>

#include "base/slab.hpp"
#include "ct/tuple.hpp"
#include "rules/device_name.hpp"
#include "rules/keyed_pool.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kUpto, kAbove, kMask, kSource, kDestination };

constexpr std::uint32_t kRoom = 65536;
constexpr std::uint32_t kMostSwept = 64;
constexpr std::uint32_t kNone = 0xffffffffU;

class ConnectionCount final : public SharedObject {
  public:
    explicit ConnectionCount(std::uint64_t seed)
        : groups_(kRoom, base::HashKey::from_seed(seed)), counted_(kRoom) {}

    using Key = std::array<std::uint64_t, 3>;

    /// Sweeps the group's list, adds the tuple if it is `new_` and not there, and counts. 0: no room.
    std::uint32_t count(const Key& key, const Tuple& tuple, std::uint16_t zone, bool is_new,
                        Connections* connections, Time now) {
        std::uint32_t group = groups_.find(key);
        const bool is_first = group == groups_.kNone;
        if (is_first) {
            if (groups_.is_full()) drop_empty_groups(connections, now);
            group = groups_.add(key);
            if (group == groups_.kNone) return 0;
            groups_.at(group) = Group{};
        }
        Group& list = groups_.at(group);
        groups_.touch(group);
        if (is_first) return add(list, tuple, zone) ? list.count : 0;
        // An entry that is in the map already is only counted: nothing is added for it.
        const bool is_there = sweep(list, is_new ? &tuple : nullptr, zone, connections, now);
        if (is_new && !is_there && !add(list, tuple, zone)) return 0;
        return list.count;
    }

  private:
    struct Group {
        std::uint32_t first = kNone;
        std::uint32_t count = 0;
    };
    struct Counted {
        Tuple tuple;
        std::uint16_t zone = 0;
        std::uint32_t next = kNone;
    };

    static bool is_over(const ct::Entry& entry) {
        const ct::TcpLine* const tcp = entry.tcp();
        return tcp != nullptr &&
               (tcp->state() == TcpState::time_wait || tcp->state() == TcpState::close);
    }
    bool add(Group& list, const Tuple& tuple, std::uint16_t zone) {
        const std::uint32_t slot = counted_.take();
        if (slot == counted_.kNone) return false;
        counted_.at(slot) = Counted{tuple, zone, list.first};
        list.first = slot;
        ++list.count;
        return true;
    }
    /// Takes out what is over. Whether `tuple`, if it is asked for, is in the list; that one stays.
    bool sweep(Group& list, const Tuple* tuple, std::uint16_t zone, Connections* connections,
               Time now) {
        bool is_there = false;
        std::uint32_t swept = 0;
        std::uint32_t* link = &list.first;
        while (*link != kNone && swept <= kMostSwept) {
            const std::uint32_t slot = *link;
            Counted& each = counted_.at(slot);
            const ct::Entry* entry =
                connections != nullptr ? connections->find(each.tuple, each.zone, now) : nullptr;
            const bool is_same =
                entry != nullptr && tuple != nullptr && each.tuple == *tuple && each.zone == zone;
            if (entry != nullptr && (is_same || !is_over(*entry))) {
                is_there = is_there || is_same;
                link = &each.next;
                continue;
            }
            *link = each.next;
            counted_.give_back(slot);
            --list.count;
            ++swept;
        }
        return is_there;
    }
    // The kernel does this in the background.
    void drop_empty_groups(Connections* connections, Time now) {
        std::uint32_t group = groups_.oldest();
        for (std::uint32_t i = 0; i < kMostSwept && group != groups_.kNone; ++i) {
            const std::uint32_t next = groups_.younger(group);
            sweep(groups_.at(group), nullptr, 0, connections, now);
            if (groups_.at(group).count == 0) groups_.remove(group);
            group = next;
        }
    }

    KeyedPool<3, Group> groups_;
    base::Slab<Counted> counted_;
};

struct Form {
    struct Data {
        ConnectionCount* counter = nullptr;
        std::uint32_t limit = 0;
        std::uint8_t bits = 0;
        std::uint8_t is_upto = 0;
        std::uint8_t destination = 0;
        std::uint8_t padding = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "connlimit-upto",
         .id = kUpto,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kAbove),
         .words = "matches while the group has so many connections or less"},
        {.name = "connlimit-above",
         .id = kAbove,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kUpto),
         .words = "matches while the group has more connections than this"},
        {.name = "connlimit-mask",
         .id = kMask,
         .arg = ArgKind::text,
         .words = "prefix length by which addresses form groups; all bits if not given"},
        {.name = "connlimit-saddr",
         .id = kSource,
         .excludes = option_bit(kDestination),
         .words = "groups by the source address (the default)"},
        {.name = "connlimit-daddr",
         .id = kDestination,
         .excludes = option_bit(kSource),
         .words = "groups by the destination address"},
    };
    static constexpr Traits kTraits{
        .name = "connlimit",
        .options = kOptions,
        .words =
            "Matches by how many connections an address or network has at once, the packet's own "
            "included. A rule counts the connections of which it saw a packet.",
        .reads = "an address of the packet, its tuple, and the entry map",
        .differences =
            "65536 connections a rule are counted; the kernel sweeps a list at most once "
            "in 4 ms, here with every packet"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kUpto:
            case kAbove:
                data.limit = static_cast<std::uint32_t>(use.value.low);
                data.is_upto = (use.id() == kUpto) != use.inverted;
                break;
            case kMask: parse_mask_bits(data, use, reader); break;
            case kSource: data.destination = 0; break;
            default: data.destination = 1; break;
        }
    }
    static void parse_mask_bits(Data& data, const OptionUse& use, RuleReader& reader) {
        if (const auto bits = parse_prefix_bits(use.value.text, reader.family())) {
            data.bits = *bits;
        } else {
            reader.fault(fmt::format("--connlimit-mask: `{}' is no prefix length and no mask",
                                     use.value.text));
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!reader.has_seen(option_bit(kUpto) | option_bit(kAbove))) {
            reader.fault("`connlimit' needs --connlimit-upto or --connlimit-above");
        }
        if (!reader.has_seen(option_bit(kMask))) {
            data.bits = reader.family() == Family::ipv4 ? 32 : 128;
        }
    }
    static Complaint bind(Data& data, BindContext& context) {
        data.counter = &context.objects.make<ConnectionCount>("connlimit", context.objects.seed());
        return std::nullopt;
    }
    static std::string words(const Data& data) {
        return fmt::format("--connlimit-{} {}", data.is_upto ? "upto" : "above", data.limit);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" {} --connlimit-mask {} --connlimit-{}", words(data), data.bits,
                           data.destination ? "daddr" : "saddr");
    }
    static std::string_view remembers(const Data&) {
        return "remembers how many connections there are";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const wire::Packet& packet = *context.packet;
        const ct::Entry* entry = context.flow.entry;
        Tuple tuple;
        std::uint16_t zone = 0;
        if (entry != nullptr) {
            tuple = entry->original();
            zone = entry->rare().zones[0];
        } else {
            const ct::TupleResult read = ct::read_tuple(packet);
            if (!packet.has_transport || read.reason != Reason::none) {
                context.hotdrop = true;
                return why.no("the packet has no tuple: it is dropped");
            }
            tuple = read.tuple;
        }
        const Address address = data.destination ? packet.destination() : packet.source();
        const AddressBytes mask = mask_of(data.bits, packet.family);
        AddressBytes group{};
        for (std::size_t i = 0; i < group.size(); ++i) group[i] = address.bytes[i] & mask[i];
        ConnectionCount::Key key{0, 0, zone};
        std::memcpy(key.data(), group.data(), group.size());
        // A packet of this host to itself comes back with its entry in the map already: it counts as new.
        const bool is_looped = context.world != nullptr &&
                               !device_name(context.in_device).empty() &&
                               context.world->is_own(packet.source());
        const bool is_new = entry == nullptr || is_looped || !entry->is_confirmed();
        const std::uint32_t count =
            data.counter->count(key, tuple, zone, is_new, context.connections, context.now);
        if (count == 0) context.hotdrop = true;
        if (count != 0 && (count > data.limit) != (data.is_upto != 0)) return true;
        if (count == 0)
            return why.no("no room to count one more connection: the packet is dropped");
        return why ? why.no("{}: {}/{} has {}", words(data), text(address), data.bits, count)
                   : false;
    }
};

}  // namespace

extern const MatchModule k_connlimit;
const MatchModule k_connlimit = match_module<Form>();

}  // namespace keepstate::rules::match
