// See edit.hpp.
#include "wire/edit.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "base/bytes.hpp"

namespace keepstate::wire {

namespace {

constexpr std::size_t kIpv4Length = 2, kIpv4Ttl = 8, kIpv4Checksum = 10;
constexpr std::size_t kIpv6Length = 4, kIpv6HopLimit = 7;
constexpr std::size_t kMostIpBytes = 65535;

}  // namespace

std::uint16_t updated_checksum(std::uint16_t sum, std::uint16_t from, std::uint16_t to) {
    std::uint32_t wide =
        static_cast<std::uint16_t>(~sum) + std::uint32_t{static_cast<std::uint16_t>(~from)} + to;
    wide = (wide & 0xffff) + (wide >> 16);
    wide += wide >> 16;
    return static_cast<std::uint16_t>(~wide);
}

std::uint8_t* PacketEditor::bytes() {
    // Somebody else may have given the packet other bytes since, reassembly for instance.
    if (own_ == nullptr || packet_.ip.data() != own_) {
        const std::size_t size = packet_.ip.size();
        own_ = arena_.take(size + kRoom);
        room_ = kRoom;
        std::memcpy(own_, packet_.ip.data(), size);
        packet_.ip = base::ByteView{own_, size};
    }
    return own_;
}

void PacketEditor::set_ttl(std::uint8_t ttl) {
    packet_.ttl = ttl;
    std::uint8_t* const at = bytes();
    if (packet_.family == Family::ipv6) {
        at[kIpv6HopLimit] = ttl;
        return;
    }
    set_be16(kIpv4Ttl, static_cast<std::uint16_t>(ttl << 8 | at[kIpv4Ttl + 1]), kIpv4Checksum);
}

void PacketEditor::set_tos(std::uint8_t tos) {
    packet_.tos = tos;
    std::uint8_t* const at = bytes();
    if (packet_.family == Family::ipv6) {
        at[0] = static_cast<std::uint8_t>((at[0] & 0xf0) | tos >> 4);
        at[1] = static_cast<std::uint8_t>((at[1] & 0x0f) | tos << 4);
        return;
    }
    set_be16(0, static_cast<std::uint16_t>(at[0] << 8 | tos), kIpv4Checksum);
}

void PacketEditor::set_be16(std::size_t offset, std::uint16_t value) {
    KS_ASSERT(packet_.ip.has(offset, 2));
    base::store_be16(bytes() + offset, value);
}

void PacketEditor::set_be16(std::size_t offset, std::uint16_t value, std::size_t checksum_offset) {
    KS_ASSERT(packet_.ip.has(offset, 2) && packet_.ip.has(checksum_offset, 2));
    std::uint8_t* const at = bytes();
    std::uint16_t from = base::load_be16(at + offset);
    std::uint16_t to = value;
    base::store_be16(at + offset, value);
    const bool straddles = (offset ^ checksum_offset) % 2 != 0;
    if (straddles) {  // the two bytes count in two words, each at the other end
        from = static_cast<std::uint16_t>(from << 8 | from >> 8);
        to = static_cast<std::uint16_t>(to << 8 | to >> 8);
    }
    const std::uint16_t sum = base::load_be16(at + checksum_offset);
    base::store_be16(at + checksum_offset, updated_checksum(sum, from, to));
}

bool PacketEditor::insert(std::size_t offset, std::size_t count) {
    const std::size_t size = packet_.ip.size();
    KS_ASSERT(offset <= size && offset >= packet_.header_bytes);
    std::uint8_t* const at = bytes();
    const bool is_v4 = packet_.family == Family::ipv4;
    const std::size_t most = kMostIpBytes + (is_v4 ? 0 : packet_.header_bytes);
    if (count > room_ || size + count > most) return false;
    std::memmove(at + offset + count, at + offset, size - offset);
    std::memset(at + offset, 0, count);
    room_ -= count;
    packet_.ip = base::ByteView{at, size + count};
    if (is_v4) {
        set_be16(kIpv4Length, static_cast<std::uint16_t>(size + count), kIpv4Checksum);
    } else {
        base::store_be16(at + kIpv6Length,
                         static_cast<std::uint16_t>(size + count - packet_.header_bytes));
    }
    return true;
}

}  // namespace keepstate::wire
