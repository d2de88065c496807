// Elements and look-ups of IP sets; see sets.hpp.
#include "rules/sets.hpp"

#include <algorithm>
#include <cstring>

#include "rules/device_name.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

namespace {

constexpr SetPart kIp = SetPart::address;
constexpr SetPart kNet = SetPart::network;
constexpr SetPart kPort = SetPart::port;

// clang-format off
constexpr SetType kTypes[] = {
    {"hash:ip",           {{kIp}}},
    {"hash:net",          {{kNet}}},
    {"hash:ip,port",      {{kIp, kPort}}},
    {"hash:net,port",     {{kNet, kPort}}},
    {"hash:ip,port,ip",   {{kIp, kPort, kIp}}},
    {"hash:ip,port,net",  {{kIp, kPort, kNet}}},
    {"hash:net,net",      {{kNet, kNet}}},
    {"hash:net,port,net", {{kNet, kPort, kNet}}},
    {"hash:ip,mac",       {{kIp, SetPart::mac}}},
    {"hash:ip,mark",      {{kIp, SetPart::mark}}},
    {"hash:net,iface",    {{kNet, SetPart::device}}},
    {"hash:mac",          {{SetPart::mac}}},
    {"bitmap:ip",         {{kIp}}, true},
    {"bitmap:ip,mac",     {{kIp, SetPart::mac}}, true},
    {"bitmap:port",       {{kPort}}, true},
    {"list:set",          {{SetPart::set}}},
};
// clang-format on

constexpr unsigned kLengthShift[] = {24, 32};
constexpr std::uint64_t kPhysical = std::uint64_t{1} << 40;
constexpr std::uint64_t kWildcard = std::uint64_t{1} << 41;
constexpr unsigned kMostBits = 128;

/// The packet's port, the way the set types read it: from a whole header alone. False: it has none to ask for.
bool read_port(const wire::Packet& packet, bool is_source, std::uint8_t& protocol,
               std::uint16_t& port) {
    if (packet.family == Family::ipv6 && !packet.has_transport) return false;
    protocol = packet.protocol;
    port = 0;
    const bool is_later = packet.fragment_offset != 0;
    const auto is_whole = [&packet, is_later](std::size_t header_bytes) {
        return !is_later && packet.ip.has(packet.transport_offset, header_bytes);
    };
    switch (protocol) {
        case protocol::kTcp:
        case protocol::kUdp:
        case protocol::kUdpLite:
        case protocol::kSctp: {
            const std::size_t header = protocol == protocol::kTcp    ? 20
                                       : protocol == protocol::kSctp ? 12
                                                                     : 8;
            if (!is_whole(header)) return false;
            port = packet.ip.be16(packet.transport_offset + (is_source ? 0U : 2U));
            return true;
        }
        case protocol::kIcmp:
        case protocol::kIcmpv6:
            // Type and code, of which either side is as good.
            if (!is_whole(8)) return false;
            port = packet.ip.be16(packet.transport_offset);
            return true;
        default: return protocol != 0;
    }
}

std::uint64_t range_value(const Address& address) { return base::load_be32(address.bytes.data()); }

}  // namespace

const SetType* find_set_type(std::string_view name) {
    const auto found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [name](const SetType& type) { return type.name == name; });
    return found == std::end(kTypes) ? nullptr : found;
}

std::vector<std::string_view> set_type_names() {
    std::vector<std::string_view> names;
    for (const SetType& type : kTypes) names.push_back(type.name);
    return names;
}

bool CounterTest::holds(std::uint64_t counter) const {
    switch (kind) {
        case Kind::none: return true;
        case Kind::equal: return counter == value;
        case Kind::different: return counter != value;
        case Kind::less: return counter < value;
        case Kind::greater: return counter > value;
    }
    return true;
}

// --- keys --------------------------------------------------------------------------------------------

void IpSet::put_address(SetKey& key, std::size_t which, const Address& address) {
    std::memcpy(&key[2 * which], address.bytes.data(), address.bytes.size());
}
void IpSet::put_bits(SetKey& key, std::size_t which, unsigned bits) {
    key[4] = (key[4] & ~(std::uint64_t{0xff} << kLengthShift[which])) | std::uint64_t{bits}
                                                                            << kLengthShift[which];
}
unsigned IpSet::bits_of_key(const SetKey& key, std::size_t which) {
    return static_cast<unsigned>(key[4] >> kLengthShift[which] & 0xff);
}
void IpSet::put_port(SetKey& key, std::uint8_t protocol, std::uint16_t port) {
    key[4] = (key[4] & ~std::uint64_t{0xffffff}) | std::uint64_t{protocol} << 16 | port;
}
void IpSet::put_device(SetKey& key, std::string_view name, bool is_physical, bool is_wildcard) {
    key[4] = (key[4] & ~(kPhysical | kWildcard)) | (is_physical ? kPhysical : 0) |
             (is_wildcard ? kWildcard : 0);
    std::array<char, 16> padded{};
    std::memcpy(padded.data(), name.data(), std::min<std::size_t>(name.size(), 15));
    std::memcpy(&key[5], padded.data(), padded.size());
}

Address IpSet::masked(Address address) const {
    for (std::size_t i = 0; i < address.bytes.size(); ++i) address.bytes[i] &= setup_.mask[i];
    return address;
}

// --- the table ---------------------------------------------------------------------------------------

IpSet::IpSet(Setup setup)
    : setup_(std::move(setup)),
      pool_(std::make_unique<Pool>(16, base::HashKey::from_seed(setup_.seed))) {}

void IpSet::count_lengths(const SetKey& key, int change) {
    std::size_t which = 0;
    for (const SetPart part : setup_.type->parts) {
        if (part != SetPart::address && part != SetPart::network) continue;
        lengths_[which][std::min(bits_of_key(key, which), kMostBits)] +=
            static_cast<std::uint32_t>(change);
        ++which;
    }
    if ((key[4] & kWildcard) != 0) wildcards_ += static_cast<std::uint32_t>(change);
}

std::uint32_t IpSet::store(const SetKey& key, const SetElement& element) {
    const std::uint32_t slot = pool_->add(key);
    if (slot == Pool::kNone) return slot;
    pool_->at(slot) = element;
    count_lengths(key, 1);
    return slot;
}

void IpSet::drop(std::uint32_t slot) {
    count_lengths(pool_->key(slot), -1);
    pool_->remove(slot);
}

bool IpSet::load(const SetKey& key, const SetElement& element) {
    if (pool_->size() >= setup_.most_elements) return false;
    if (pool_->is_full()) {
        auto larger =
            std::make_unique<Pool>(pool_->capacity() * 2, base::HashKey::from_seed(setup_.seed));
        for (std::uint32_t slot = pool_->oldest(); slot != Pool::kNone;
             slot = pool_->younger(slot)) {
            larger->at(larger->add(pool_->key(slot))) = pool_->at(slot);
        }
        pool_ = std::move(larger);
    }
    return store(key, element) != Pool::kNone;
}

bool IpSet::unload(const SetKey& key) {
    const std::uint32_t slot = pool_->find(key);
    if (slot == Pool::kNone) return false;
    drop(slot);
    return true;
}

void IpSet::make_room() {
    for (IpSet* member : members_) member->make_room();
    const std::uint64_t wanted =
        std::min<std::uint64_t>(setup_.most_elements, std::uint64_t{kMostRoom});
    if (!members_.empty() || wanted <= pool_->capacity()) return;
    auto larger = std::make_unique<Pool>(static_cast<std::uint32_t>(wanted),
                                         base::HashKey::from_seed(setup_.seed));
    for (std::uint32_t slot = pool_->oldest(); slot != Pool::kNone; slot = pool_->younger(slot)) {
        larger->at(larger->add(pool_->key(slot))) = pool_->at(slot);
    }
    pool_ = std::move(larger);
}

void IpSet::add_member(IpSet& member, SetElement element) {
    element.member = static_cast<std::uint32_t>(members_.size());
    members_.push_back(&member);
    member_elements_.push_back(element);
}

// --- packets -------------------------------------------------------------------------------------------

std::int64_t IpSet::tick_in_set(Time now) {
    const std::int64_t tick = tick_of(now);
    if (!first_tick_) first_tick_ = tick;
    return tick - *first_tick_;
}

bool IpSet::is_expired(const SetElement& element, std::int64_t tick) const {
    return setup_.has_timeout && element.expires_tick < tick;
}

bool IpSet::fits(const SetQuery& query, const Context& context) const {
    return query.dimensions >= setup_.type->dimensions() &&
           (!setup_.family || *setup_.family == context.packet->family);
}

/// What the packet is to this set, every network with all bits. False: it can be no element.
bool IpSet::make_key(const Context& context, const SetQuery& query, SetKey& key) const {
    const wire::Packet& packet = *context.packet;
    const unsigned all_bits = packet.family == Family::ipv4 ? 32 : 128;
    std::size_t which = 0;
    for (std::size_t i = 0; i < setup_.type->dimensions(); ++i) {
        const bool is_source = (query.sources >> i & 1U) != 0;
        switch (setup_.type->parts[i]) {
            case SetPart::address:
            case SetPart::network: {
                const bool is_network = setup_.type->parts[i] == SetPart::network;
                Address address = is_source ? packet.source() : packet.destination();
                if (setup_.type->is_bitmap) {
                    const std::uint64_t value = range_value(address);
                    if (value < setup_.range_first || value > setup_.range_last) return false;
                }
                if (!is_network) address = masked(address);
                // hash:ip has no element of zeros.
                if (i == 0 && setup_.type->dimensions() == 1 && !is_network &&
                    address.is_unspecified()) {
                    return false;
                }
                put_address(key, which, address);
                put_bits(key, which, all_bits);
                ++which;
                break;
            }
            case SetPart::port: {
                std::uint8_t protocol = 0;
                std::uint16_t port = 0;
                if (!read_port(packet, is_source, protocol, port)) return false;
                if (setup_.type->is_bitmap) {
                    if (protocol != protocol::kTcp && protocol != protocol::kUdp) return false;
                    if (port < setup_.range_first || port > setup_.range_last) return false;
                    protocol = 0;
                }
                put_port(key, protocol, port);
                break;
            }
            case SetPart::mac: {
                if (!is_source || context.source_mac == nullptr) return false;
                std::memcpy(&key[5], context.source_mac, 6);
                if (key[5] == 0) return false;
                break;
            }
            case SetPart::mark: key[5] = context.mark & setup_.mark_mask; break;
            case SetPart::device: {
                const std::string_view device =
                    device_name(is_source ? context.in_device : context.out_device);
                if (device.empty()) return false;
                put_device(key, device, false, false);
                break;
            }
            case SetPart::set:
            case SetPart::none: break;
        }
    }
    return true;
}

bool IpSet::passes(SetElement& element, const Context& context, const SetQuery& query,
                   bool skips) const {
    if (!setup_.has_counters) return true;
    if (!skips) {
        element.packets += 1;
        element.bytes += context.packet->ip.size();
    }
    return query.packets.holds(element.packets) && query.bytes.holds(element.bytes);
}

IpSet::Answer IpSet::test_key(const SetKey& key, const Context& context, const SetQuery& query,
                              std::uint32_t& slot) {
    slot = pool_->find(key);
    if (slot == Pool::kNone) return Answer::no;
    SetElement& element = pool_->at(slot);
    if (is_expired(element, tick_in_set(context.now))) return Answer::no;
    if (!passes(element, context, query, query.skips_counters)) return Answer::no;
    return element.is_nomatch ? Answer::nomatch : Answer::yes;
}

/// An element's device is the packet's, or, a wildcard, how its name begins.
IpSet::Answer IpSet::test_devices(SetKey& key, const Context& context, const SetQuery& query,
                                  std::uint32_t& slot) {
    const Answer exact = test_key(key, context, query, slot);
    if (exact != Answer::no || wildcards_ == 0) return exact;
    std::array<char, 16> name{};
    std::memcpy(name.data(), &key[5], name.size());
    for (std::size_t bytes = strnlen(name.data(), 15) + 1; bytes-- > 0;) {
        SetKey wild = key;
        put_device(wild, {name.data(), bytes}, false, true);
        const Answer answer = test_key(wild, context, query, slot);
        if (answer != Answer::no) return answer;
    }
    return Answer::no;
}

/// Every combination of the prefix lengths that the set has, the longest first.
IpSet::Answer IpSet::test_lengths(SetKey& key, const Context& context, const SetQuery& query,
                                  std::uint32_t& slot) {
    const Family family = context.packet->family;
    const unsigned all_bits = family == Family::ipv4 ? 32 : 128;
    std::array<bool, 2> is_network{};
    std::size_t which = 0;
    for (const SetPart part : setup_.type->parts) {
        if (part == SetPart::network) is_network[which++] = true;
        if (part == SetPart::address) ++which;
    }
    const auto cut = [family](SetKey& at, std::size_t side, const SetKey& from, unsigned bits) {
        const AddressBytes mask = mask_of(bits, family);
        std::array<std::uint64_t, 2> words{};
        std::memcpy(words.data(), mask.data(), mask.size());
        at[2 * side] = from[2 * side] & words[0];
        at[2 * side + 1] = from[2 * side + 1] & words[1];
        put_bits(at, side, bits);
    };
    for (unsigned first = all_bits + 1; first-- > 0;) {
        if (is_network[0] ? lengths_[0][first] == 0 : first != all_bits) continue;
        SetKey cut_key = key;
        if (is_network[0]) cut(cut_key, 0, key, first);
        for (unsigned second = all_bits + 1; second-- > 0;) {
            if (is_network[1] ? lengths_[1][second] == 0 : second != all_bits) continue;
            if (is_network[1]) cut(cut_key, 1, key, second);
            const Answer answer = setup_.type->has(SetPart::device)
                                      ? test_devices(cut_key, context, query, slot)
                                      : test_key(cut_key, context, query, slot);
            if (answer != Answer::no) return answer;
        }
    }
    return Answer::no;
}

IpSet::Answer IpSet::test(const Context& context, const SetQuery& query, std::uint32_t& slot) {
    SetKey key{};
    if (!make_key(context, query, key)) return Answer::no;
    Answer answer = Answer::no;
    if (setup_.type->has_networks()) {
        answer = test_lengths(key, context, query, slot);
    } else {
        answer = test_key(key, context, query, slot);
        if (answer == Answer::no && setup_.type->is_bitmap && setup_.type->has(SetPart::mac)) {
            key[5] = 0;  // an address without a MAC: the first packet's is taken for it
            SetKey whole{};
            answer = test_key(key, context, query, slot);
            if (answer == Answer::yes && make_key(context, query, whole)) {
                const SetElement element = pool_->at(slot);
                drop(slot);
                slot = store(whole, element);
            }
        }
    }
    if (!query.returns_nomatch || !setup_.type->has_networks()) return answer;
    return answer == Answer::yes       ? Answer::nomatch
           : answer == Answer::nomatch ? Answer::yes
                                       : answer;
}

const SetElement* IpSet::match_list(const Context& context, const SetQuery& query) {
    SetQuery inner = query;
    inner.packets = inner.bytes = CounterTest{};
    inner.skips_counters = query.skips_counters || query.skips_member_counters;
    const std::int64_t tick = tick_in_set(context.now);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        SetElement& element = member_elements_[i];
        if (is_expired(element, tick)) continue;
        if (members_[i]->match(context, inner) == nullptr) continue;
        if (passes(element, context, query, query.skips_counters)) return &element;
    }
    return nullptr;
}

const SetElement* IpSet::match(const Context& context, SetQuery query) {
    if (!fits(query, context)) return nullptr;
    tick_in_set(context.now);
    if (setup_.type->has(SetPart::set)) return match_list(context, query);
    std::uint32_t slot = Pool::kNone;
    return test(context, query, slot) == Answer::yes ? &pool_->at(slot) : nullptr;
}

/// A packet becomes a network of the longest prefix length that the set has, or of one host.
void IpSet::set_widest(SetKey& key) const {
    const Family family = setup_.family.value_or(Family::ipv4);
    std::size_t which = 0;
    for (const SetPart part : setup_.type->parts) {
        if (part == SetPart::network) {
            unsigned bits = family == Family::ipv4 ? 32 : 128;
            const auto& lengths = lengths_[which];
            for (unsigned length = kMostBits + 1; length-- > 0;) {
                if (lengths[length] == 0) continue;
                bits = length;
                break;
            }
            Address address;
            address.family = family;
            std::memcpy(address.bytes.data(), &key[2 * which], address.bytes.size());
            const AddressBytes mask = mask_of(bits, family);
            for (std::size_t i = 0; i < mask.size(); ++i) address.bytes[i] &= mask[i];
            put_address(key, which, address);
            put_bits(key, which, bits);
        }
        if (part == SetPart::network || part == SetPart::address) ++which;
    }
}

void IpSet::drop_expired(std::int64_t tick) {
    constexpr int kMostVisits = 64;
    std::uint32_t slot = pool_->oldest();
    for (int i = 0; i < kMostVisits && slot != Pool::kNone; ++i) {
        const std::uint32_t next = pool_->younger(slot);
        if (is_expired(pool_->at(slot), tick)) drop(slot);
        slot = next;
    }
}

bool IpSet::add(const Context& context, const SetQuery& query,
                std::optional<std::uint32_t> timeout_s, bool exist) {
    if (!fits(query, context)) return false;
    if (setup_.type->has(SetPart::set)) {
        return std::any_of(members_.begin(), members_.end(), [&](IpSet* member) {
            return member->add(context, query, timeout_s, exist);
        });
    }
    SetKey key{};
    if (!make_key(context, query, key)) return false;
    set_widest(key);
    const std::int64_t tick = tick_in_set(context.now);
    SetElement element;
    element.packets = 1;
    element.bytes = context.packet->ip.size();
    const std::uint32_t seconds = timeout_s.value_or(setup_.timeout_s);
    if (setup_.has_timeout && seconds != 0) {
        element.expires_tick = tick + std::int64_t{seconds} * kTicksPerSecond;
    }
    const std::uint32_t slot = pool_->find(key);
    if (slot != Pool::kNone) {
        const bool is_gone = is_expired(pool_->at(slot), tick);
        if (!is_gone && !exist) return false;
        pool_->at(slot) = element;
        pool_->touch(slot);
        return true;
    }
    if (pool_->size() >= setup_.most_elements || pool_->is_full()) drop_expired(tick);
    if (pool_->size() >= setup_.most_elements || pool_->is_full()) {
        if (!setup_.forces_add) return false;
        drop(pool_->oldest());
    }
    return store(key, element) != Pool::kNone;
}

bool IpSet::remove(const Context& context, const SetQuery& query) {
    if (!fits(query, context)) return false;
    if (setup_.type->has(SetPart::set)) {
        return std::any_of(members_.begin(), members_.end(),
                           [&](IpSet* member) { return member->remove(context, query); });
    }
    SetKey key{};
    if (!make_key(context, query, key)) return false;
    set_widest(key);
    const std::uint32_t slot = pool_->find(key);
    if (slot == Pool::kNone || is_expired(pool_->at(slot), tick_in_set(context.now))) return false;
    drop(slot);
    return true;
}

}  // namespace keepstate::rules
