// -m recent: lists of addresses that were seen lately.
//
//     list `SSH' -> 10.0.0.1  TTL 64  stamps: 12:00:01 12:00:03 ...      at most 100 addresses, the least recently
//                   10.0.0.7  ...                                       seen one makes room for a new one
//
// A list belongs to its name, not to a rule, and is shared by IPv4 and IPv6. The first rule that names it gives its
// mask; the largest --hitcount gives how many stamps an address keeps (32 at least). Stamps are kernel ticks.
//
// Limits: 100 addresses a list, 20 packets an address: the kernel module's defaults for ip_list_tot and
// ip_pkt_list_tot. Memory: 8 bytes a stamp, touched as it is used.
// source: man:iptables-extensions recent; kernel:net/netfilter/xt_recent.c.   Tested by: tests/rules/recent.t,
// tests/scenarios/rules/*recent*.yaml.
#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "rules/device_name.hpp"
#include "rules/keyed_pool.hpp"
#include "rules/module.hpp"
#include "rules/ticks.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kSet,
    kRcheck,
    kUpdate,
    kRemove,
    kSeconds,
    kReap,
    kHitcount,
    kTtl,
    kName,
    kMask,
    kSource,
    kDestination
};

constexpr std::uint64_t kCommands =
    option_bit(kSet) | option_bit(kRcheck) | option_bit(kUpdate) | option_bit(kRemove);
constexpr std::uint32_t kMostAddresses = 100;
constexpr std::uint32_t kMostPackets = 20;
constexpr std::uint32_t kMostStamps = 65536;

using MaskBytes = std::array<std::uint8_t, 16>;

/// One address of a list; its stamps stand in the list.
struct Seen {
    std::uint8_t ttl = 0;
    std::uint32_t next_stamp = 0;
    std::uint32_t stamps = 0;
};

class RecentList final : public SharedObject {
  public:
    using Pool = KeyedPool<3, Seen>;

    RecentList(const MaskBytes& mask, std::uint64_t seed)
        : mask_(mask), pool_(kMostAddresses, base::HashKey::from_seed(seed)) {}

    /// Room for `count' stamps an address, a power of two. More room than before forgets all.
    void make_room(std::uint32_t count) {
        if (count <= room_) return;
        pool_.clear();
        room_ = count;
        stamps_ =
            std::unique_ptr<std::int64_t[]>(new std::int64_t[std::size_t{kMostAddresses} * room_]);
    }
    Pool::Key key_of(const Address& address) const {
        MaskBytes masked{};
        for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = address.bytes[i] & mask_[i];
        Pool::Key key{0, 0, static_cast<std::uint64_t>(address.family)};
        std::memcpy(key.data(), masked.data(), masked.size());
        return key;
    }
    /// `ttl` 0: any.
    std::uint32_t find(const Pool::Key& key, std::uint8_t ttl) const {
        return pool_.find_if(
            key, [ttl](const Seen& seen) { return ttl == 0 || seen.ttl == 0 || seen.ttl == ttl; });
    }
    void add(const Pool::Key& key, std::uint8_t ttl, std::int64_t tick) {
        if (pool_.is_full()) pool_.remove(pool_.oldest());
        const std::uint32_t slot = pool_.add(key);
        pool_.at(slot) = Seen{ttl, 1, 1};
        stamp(slot, 0) = tick;
    }
    void update(std::uint32_t slot, std::uint8_t ttl, std::int64_t tick) {
        Seen& seen = pool_.at(slot);
        seen.next_stamp &= room_ - 1;
        stamp(slot, seen.next_stamp++) = tick;
        if (seen.next_stamp > seen.stamps) seen.stamps = seen.next_stamp;
        seen.ttl = ttl;
        pool_.touch(slot);
    }
    void remove(std::uint32_t slot) { pool_.remove(slot); }
    /// Stamps of an address that are not before `since`, of all if that is not asked; at most `enough` are counted.
    std::uint32_t hits(std::uint32_t slot, bool asks_time, std::int64_t since,
                       std::uint32_t enough) {
        std::uint32_t hits = 0;
        for (std::uint32_t i = 0; i < pool_.at(slot).stamps && hits < enough; ++i) {
            if (!asks_time || stamp(slot, i) >= since) ++hits;
        }
        return hits;
    }
    /// Forgets the least recently seen address if it is older than `since`, but for `kept`.
    void reap(std::int64_t since, std::uint32_t kept) {
        const std::uint32_t slot = pool_.oldest();
        if (slot == Pool::kNone || slot == kept) return;
        if (stamp(slot, pool_.at(slot).next_stamp - 1) < since) pool_.remove(slot);
    }

  private:
    std::int64_t& stamp(std::uint32_t slot, std::uint32_t index) {
        return stamps_[std::size_t{slot} * room_ + index];
    }

    MaskBytes mask_;
    Pool pool_;
    std::uint32_t room_ = 0;
    std::unique_ptr<std::int64_t[]> stamps_;
};

struct Form {
    struct Data {
        RecentList* list = nullptr;
        std::uint32_t seconds = 0;
        std::uint32_t hitcount = 0;
        MaskBytes mask{};
        std::array<char, 200> name{};  ///< ends with a zero
        std::uint8_t command = kSet;
        std::uint8_t inverted = 0;
        std::uint8_t ttl = 0;
        std::uint8_t reap = 0;
        std::uint8_t destination = 0;
        std::array<std::uint8_t, 3> padding{};
    };
    static constexpr std::uint64_t kModifiers = option_bit(kTtl);
    static constexpr Option kOptions[] = {
        {.name = "set",
         .id = kSet,
         .flags = option_flag::kInvert,
         .excludes = (kCommands & ~option_bit(kSet)) | kModifiers,
         .words = "puts the address into the list, or stamps it anew; always matches"},
        {.name = "rcheck",
         .id = kRcheck,
         .flags = option_flag::kInvert,
         .excludes = kCommands & ~option_bit(kRcheck),
         .words = "matches if the address is in the list"},
        {.name = "update",
         .id = kUpdate,
         .flags = option_flag::kInvert,
         .excludes = kCommands & ~option_bit(kUpdate),
         .words = "as --rcheck, and stamps the address anew if it matches"},
        {.name = "remove",
         .id = kRemove,
         .flags = option_flag::kInvert,
         .excludes = (kCommands & ~option_bit(kRemove)) | kModifiers,
         .words = "matches if the address is in the list, and takes it out"},
        {.name = "seconds",
         .id = kSeconds,
         .arg = ArgKind::number,
         .min = 1,
         .words = "only stamps of the last so many seconds count"},
        {.name = "reap",
         .id = kReap,
         .needs = option_bit(kSeconds),
         .words = "forgets the list's oldest address if it was not seen in --seconds"},
        {.name = "hitcount",
         .id = kHitcount,
         .arg = ArgKind::number,
         .words = "so many stamps must count; 0 to 65535"},
        {.name = "rttl",
         .id = kTtl,
         .excludes = option_bit(kSet) | option_bit(kRemove),
         .words = "the packet's TTL must be that of the packet which was stamped"},
        {.name = "name",
         .id = kName,
         .arg = ArgKind::text,
         .words = "the list; DEFAULT if not given"},
        {.name = "mask",
         .id = kMask,
         .arg = ArgKind::address,
         .words = "the bits of the address that count; all if not given. The first rule that names "
                  "a list "
                  "decides for all"},
        {.name = "rsource", .id = kSource, .words = "the source address (the default)"},
        {.name = "rdest", .id = kDestination, .words = "the destination address"},
    };
    static constexpr Traits kTraits{
        .name = "recent",
        .options = kOptions,
        .words = "Remembers addresses in named lists, and matches by what they remember.",
        .reads = "an address and the TTL of the packet, time",
        .differences =
            "lists are empty at the start and cannot be written from outside "
            "(/proc/net/xt_recent); 100 addresses a list, 20 packets an address"};

    static void begin(Data& data) {
        std::memcpy(data.name.data(), "DEFAULT", 7);
        data.mask.fill(0xff);
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kSeconds: data.seconds = static_cast<std::uint32_t>(use.value.low); break;
            case kReap: data.reap = 1; break;
            case kHitcount: data.hitcount = static_cast<std::uint32_t>(use.value.low); break;
            case kTtl: data.ttl = 1; break;
            case kName: parse_name(data, use.value.text, reader); break;
            case kMask: data.mask = use.value.address.bytes; break;
            case kSource: data.destination = 0; break;
            case kDestination: data.destination = 1; break;
            default:
                data.command = use.id();
                data.inverted = use.inverted;
                break;
        }
    }
    static void parse_name(Data& data, std::string_view name, RuleReader& reader) {
        if (name.empty() || name == "." || name == ".." ||
            name.find('/') != std::string_view::npos) {
            reader.fault(fmt::format("--name: `{}' is no name of a list", name));
        }
        data.name.fill(0);
        std::memcpy(data.name.data(), name.data(), std::min(name.size(), data.name.size() - 1));
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!reader.has_seen(kCommands)) {
            reader.fault("`recent' needs --set, --rcheck, --update or --remove");
        }
        if (reader.family() == Family::ipv4) std::memset(data.mask.data() + 4, 0, 12);
    }
    static Complaint check(const Data& data, const CheckContext&) {
        const bool only_looks = data.command == kRcheck || data.command == kUpdate;
        if (!only_looks && (data.seconds != 0 || data.hitcount != 0)) {
            return fmt::format(
                "match `recent': --seconds and --hitcount go with --rcheck and --update, "
                "not with --{}",
                kOptions[data.command].name);
        }
        if (data.hitcount >= kMostStamps) {
            return fmt::format("match `recent': --hitcount {} is over {}", data.hitcount,
                               kMostStamps - 1);
        }
        return std::nullopt;
    }
    static Complaint bind(Data& data, BindContext& context) {
        data.list = &context.objects.find_or_make<RecentList>("recent", data.name.data(), data.mask,
                                                              context.objects.seed());
        const std::uint32_t wanted = std::max(data.hitcount, kMostPackets);
        data.list->make_room(std::bit_ceil(wanted));
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        out += fmt::format("{} --{}", data.inverted ? " !" : "", kOptions[data.command].name);
        // Printed signed, as the real tool does; it cannot read such a number again.
        if (data.seconds != 0) {
            out += fmt::format(" --seconds {}", static_cast<std::int32_t>(data.seconds));
        }
        if (data.reap != 0) out += " --reap";
        if (data.hitcount != 0) out += fmt::format(" --hitcount {}", data.hitcount);
        if (data.ttl != 0) out += " --rttl";
        out += fmt::format(" --name {} --mask {} --{}", data.name.data(),
                           text(to_address(data.mask, context.family)),
                           data.destination ? "rdest" : "rsource");
    }
    static std::string_view remembers(const Data&) {
        return "remembers which addresses were seen when";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const wire::Packet& packet = *context.packet;
        const Address address = data.destination ? packet.destination() : packet.source();
        // The TTL as it came: a forwarded packet has one less by now.
        const auto ttl = static_cast<std::uint8_t>(
            packet.ttl + (context.ttl_lowered && !device_name(context.out_device).empty()));
        const std::int64_t tick = tick_of(context.now);
        RecentList& list = *data.list;
        const RecentList::Pool::Key key = list.key_of(address);
        const std::uint32_t slot = list.find(key, data.ttl ? ttl : std::uint8_t{0});
        if (slot == RecentList::Pool::kNone) {
            if (data.command == kSet) list.add(key, ttl, tick);
            if ((data.command == kSet) != (data.inverted != 0)) return true;
            return why ? why.no("{} is not in list `{}'", text(address), data.name.data()) : false;
        }
        const bool result = judge_known(data, slot, tick, why) != (data.inverted != 0);
        if (data.command == kSet || (data.command == kUpdate && result))
            list.update(slot, ttl, tick);
        return result;
    }
    // What the rule says of an address in the list, before `!'.
    static bool judge_known(Data& data, std::uint32_t slot, std::int64_t tick, Why why) {
        RecentList& list = *data.list;
        if (data.command == kSet) {
            if (data.inverted != 0) why.no("! --set never matches");
            return true;
        }
        if (data.command == kRemove) {
            list.remove(slot);
            if (data.inverted != 0) why.no("the address was in list `{}'", data.name.data());
            return true;
        }
        // In 32 bits, as the kernel multiplies.
        const std::uint32_t span = data.seconds * static_cast<std::uint32_t>(kTicksPerSecond);
        const std::int64_t since = tick - span;
        const std::uint32_t enough = std::max<std::uint32_t>(data.hitcount, 1);
        const std::uint32_t hits = list.hits(slot, data.seconds != 0, since, enough);
        const bool is_hit = hits >= enough;
        if (data.reap != 0) {
            const bool is_updated = data.command == kUpdate && is_hit != (data.inverted != 0);
            list.reap(since, is_updated ? slot : RecentList::Pool::kNone);
        }
        if (is_hit == (data.inverted != 0)) {
            why.no("list `{}': {} of {} packets{}", data.name.data(), hits, enough,
                   data.seconds != 0 ? " in --seconds" : "");
        }
        return is_hit;
    }
};

}  // namespace

extern const MatchModule k_recent;
const MatchModule k_recent = match_module<Form>();

}  // namespace keepstate::rules::match
