// Reassembly: the rules of the two families. See reassembly.hpp; the store knows nothing of them.
//
//     what happens                                IPv4                            IPv6
//     last fragment contradicts the length        datagram dropped                fragment dropped, its end may stay
//     fragment beyond the known end               datagram dropped                fragment dropped
//     no payload                                  datagram dropped                fragment dropped, its end may stay
//     not last, length no multiple of 8           cut down to one                 datagram dropped, fragment passes
//     inside what one run holds                   fragment dropped                fragment dropped
//     any other overlap                           datagram dropped                datagram dropped
//     more than 65535 bytes                       datagram dropped when complete  fragment dropped
//     first fragment without transport header     held                            passes
//     fragment that is the whole datagram         -                               its fragment header is taken out
//     64 others from this source in between       what was held is forgotten      -
#include "wire/reassembly.hpp"

#include <algorithm>

#include "keepstate/tuple.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace keepstate::wire {
namespace {

using base::ByteView;

constexpr std::uint32_t kMostBytes = 65535;
constexpr std::uint32_t kIpv6Header = 40;
constexpr std::uint32_t kFragmentHeader = 8;
constexpr std::uint8_t kCongested = 3;

/// The mark of the whole: not-capable mixed with anything else is refused, congestion anywhere is kept.
struct EcnOutcome {
    bool is_valid = true;
    std::uint8_t bits = 0;
};
constexpr EcnOutcome combine_ecn(std::uint8_t seen) {
    constexpr std::uint8_t kNotCapable = 1 << 0;
    constexpr std::uint8_t kCongestion = 1 << kCongested;
    if ((seen & kNotCapable) != 0 && seen != kNotCapable) return {false, 0};
    return {true, (seen & kCongestion) != 0 && seen != kCongestion ? kCongested : std::uint8_t{0}};
}

/// Whether a fragment may end where it ends, and what it says of the datagram's length.
/// Returns false if it contradicts what was seen before.
bool note_end(FragmentQueue& queue, std::uint32_t end, bool is_last) {
    if (is_last) {
        if (end < queue.length || (queue.has_last && end != queue.length)) return false;
        queue.has_last = true;
        queue.length = end;
    } else if (end > queue.length) {
        if (queue.has_last) return false;
        queue.length = end;
    }
    return true;
}

bool is_scoped(const Address& destination) {
    return destination.bytes[0] == 0xff ||
           (destination.bytes[0] == 0xfe && (destination.bytes[1] & 0xc0) == 0x80);
}

/// A first IPv6 fragment must hold all headers; Linux lets one that does not pass by unheld.
bool lacks_headers(const Packet& packet) {
    const SkippedChain chain =
        skip_ipv6_extensions(packet.ip, packet.fragment_header_offset, protocol::kFragment);
    if (!chain.found || (chain.fragment_bits & 0xfff8) != 0) return false;
    std::uint32_t wanted = 1;
    if (chain.protocol == protocol::kTcp) wanted = 20;
    if (chain.protocol == protocol::kUdp || chain.protocol == protocol::kIcmpv6) wanted = 8;
    return chain.offset + wanted > packet.ip.size();
}

Reassembled held() {
    Reassembled result;
    result.fate = FragmentFate::held;
    result.reason = Reason::fragment_held;
    return result;
}

}  // namespace

Reassembler::Reassembler(const ReassemblySettings& settings)
    : settings_(settings),
      ipv4_(settings.ipv4_high_bytes, settings.ipv4_timeout_ns, settings.seed),
      ipv6_(settings.ipv6_high_bytes, settings.ipv6_timeout_ns, settings.seed + 1),
      whole_(kIpv6Header + kMostBytes) {}

Reassembled Reassembler::take(const Packet& packet, std::uint32_t user, std::uint32_t device,
                              Time now) {
    expire(now);
    if (packet.family == Family::ipv4)
        return packet.is_fragment ? take_ipv4(packet, user, device, now) : Reassembled{};
    // A payload length of 0 (jumbogram) inhibits reassembly.
    if (packet.fragment_header_offset == 0 || packet.ip.be16(4) == 0 || lacks_headers(packet))
        return {};
    return take_ipv6(packet, user, device, now);
}

std::uint32_t Reassembler::expire(Time now) {
    const std::uint32_t count = ipv4_.expire(now) + ipv6_.expire(now);
    counters_.timeouts += count;
    counters_.failed += count;
    return count;
}

Reassembled Reassembler::refuse(Reason reason) {
    ++counters_.failed;
    Reassembled result;
    result.fate = FragmentFate::dropped;
    result.reason = reason;
    return result;
}

Reassembled Reassembler::refuse_all(FragmentStore& store, std::uint32_t queue, Reason reason) {
    store.drop(queue);
    if (reason == Reason::fragment_overlap) ++counters_.overlaps;
    return refuse(reason);
}

Reassembled Reassembler::take_ipv4(const Packet& packet, std::uint32_t user, std::uint32_t device,
                                   Time now) {
    ++counters_.requests;
    static_cast<void>(device);  // counts only with VRF devices, which keepstate has not
    const FragmentKey key{packet.source(), packet.destination(), packet.fragment_id, user, 0,
                          packet.protocol};
    const std::uint32_t slot = ipv4_.find_or_make(key, now);
    if (slot == FragmentStore::kNone) return refuse(Reason::fragment_limit);
    if (settings_.ipv4_max_distance != 0 &&
        ipv4_.count_distance(slot) > settings_.ipv4_max_distance) {
        ++counters_.failed;
        ipv4_.restart(slot, now);
    }
    FragmentQueue& queue = ipv4_.at(slot);
    const std::uint32_t offset = packet.fragment_offset;
    auto end = static_cast<std::uint32_t>(offset + packet.ip.size() - packet.header_bytes);
    if (packet.more_fragments) end &= ~7U;
    if (!note_end(queue, end, !packet.more_fragments))
        return refuse_all(ipv4_, slot, Reason::fragment_end_conflict);
    if (end == offset) return refuse_all(ipv4_, slot, Reason::fragment_malformed);

    const auto size = static_cast<std::uint32_t>(packet.ip.size());
    switch (ipv4_.insert(slot, offset, packet.ip.sub(0, packet.header_bytes),
                         packet.ip.sub(packet.header_bytes, end - offset), size)) {
        case FragmentInsert::duplicate: return refuse(Reason::fragment_duplicate);
        case FragmentInsert::overlap: return refuse_all(ipv4_, slot, Reason::fragment_overlap);
        case FragmentInsert::done: break;
    }
    queue.ecn_seen |= static_cast<std::uint8_t>(1U << (packet.tos & 3));
    const std::uint32_t fragment_bytes = end - offset + packet.header_bytes;
    queue.largest = std::max(queue.largest, fragment_bytes);
    if ((packet.ip.u8(6) & 0x40) != 0)
        queue.largest_df = std::max(queue.largest_df, fragment_bytes);
    return ipv4_.is_complete(slot) ? finish_ipv4(slot) : held();
}

Reassembled Reassembler::finish_ipv4(std::uint32_t slot) {
    const FragmentQueue queue = ipv4_.at(slot);
    const std::uint32_t header_bytes = ipv4_.head_bytes(slot);
    const EcnOutcome ecn = combine_ecn(queue.ecn_seen);
    if (!ecn.is_valid) return refuse_all(ipv4_, slot, Reason::fragment_ecn);
    const std::uint32_t total = header_bytes + queue.length;
    if (total > kMostBytes) return refuse_all(ipv4_, slot, Reason::fragment_too_large);

    std::uint8_t* const ip = whole_.data();
    ipv4_.copy_out(slot, ip);
    ipv4_.drop(slot);
    ip[1] |= ecn.bits;
    base::store_be16(ip + 2, static_cast<std::uint16_t>(total));
    base::store_be16(ip + 6, queue.largest_df == queue.largest ? 0x4000 : 0);
    base::store_be16(ip + 10, 0);
    base::store_be16(ip + 10, static_cast<std::uint16_t>(~sum16({ip, header_bytes})));
    ++counters_.whole;
    return {
        FragmentFate::whole, Reason::none, {ip, total}, std::max(queue.largest, queue.largest_df)};
}

Reassembled Reassembler::take_ipv6(const Packet& packet, std::uint32_t user, std::uint32_t device,
                                   Time now) {
    ++counters_.requests;
    if (!packet.is_fragment) return refuse(Reason::fragment_malformed);
    const FragmentKey key{packet.source(),
                          packet.destination(),
                          packet.fragment_id,
                          user,
                          is_scoped(packet.destination()) ? device : 0,
                          0};
    const std::uint32_t slot = ipv6_.find_or_make(key, now);
    if (slot == FragmentStore::kNone) return refuse(Reason::fragment_limit);
    FragmentQueue& queue = ipv6_.at(slot);
    const std::uint32_t payload_at = packet.fragment_header_offset + kFragmentHeader;
    const std::uint32_t offset = packet.fragment_offset;
    const auto end = static_cast<std::uint32_t>(offset + packet.ip.size() - payload_at);
    if (end > kMostBytes) return refuse(Reason::fragment_too_large);
    if (packet.more_fragments && (end & 7) != 0) {
        ipv6_.drop(slot);
        ++counters_.failed;
        Reassembled result;
        result.reason = Reason::fragment_length;
        return result;
    }
    if (!note_end(queue, end, !packet.more_fragments)) return refuse(Reason::fragment_end_conflict);
    if (end == offset) return refuse(Reason::fragment_malformed);

    const auto size = static_cast<std::uint32_t>(packet.ip.size());
    switch (ipv6_.insert(slot, offset, packet.ip.sub(0, packet.fragment_header_offset),
                         packet.ip.sub(payload_at), size)) {
        case FragmentInsert::duplicate: return refuse(Reason::fragment_duplicate);
        case FragmentInsert::overlap: return refuse_all(ipv6_, slot, Reason::fragment_overlap);
        case FragmentInsert::done: break;
    }
    queue.ecn_seen |= static_cast<std::uint8_t>(1U << (packet.tos & 3));
    queue.largest = std::max(queue.largest, std::uint32_t{packet.ip.be16(4)});
    if (offset == 0) {
        queue.next_header = packet.ip.u8(packet.fragment_header_offset);
        queue.named_at = packet.fragment_prior_nexthdr_offset;
    }
    return ipv6_.is_complete(slot) ? finish_ipv6(slot) : held();
}

Reassembled Reassembler::finish_ipv6(std::uint32_t slot) {
    const FragmentQueue queue = ipv6_.at(slot);
    const std::uint32_t total = ipv6_.head_bytes(slot) + queue.length;
    const EcnOutcome ecn = combine_ecn(queue.ecn_seen);
    if (!ecn.is_valid) return refuse_all(ipv6_, slot, Reason::fragment_ecn);
    if (total - kIpv6Header > kMostBytes)
        return refuse_all(ipv6_, slot, Reason::fragment_too_large);

    std::uint8_t* const ip = whole_.data();
    ipv6_.copy_out(slot, ip);
    ipv6_.drop(slot);
    ip[queue.named_at & 0xff] = queue.next_header;  // Linux keeps the place in eight bits
    base::store_be16(ip + 4, static_cast<std::uint16_t>(total - kIpv6Header));
    ip[1] |= static_cast<std::uint8_t>(ecn.bits << 4);
    ++counters_.whole;
    return {FragmentFate::whole, Reason::none, {ip, total}, kIpv6Header + queue.largest};
}

}  // namespace keepstate::wire
