// See walk_datagrams.hpp.
#include "differ/walk_datagrams.hpp"

#include <utility>

namespace keepstate::kernel {

namespace {

constexpr std::uint8_t kDccp = 33, kGre = 47, kEsp = 50, kAh = 51, kUdpLite = 136;

/// The checksum of the first `covered` bytes, with `number` and `length` in the pseudo header.
std::uint16_t partial_checksum(const IpEnds& ends, std::uint8_t number, const Bytes& bytes,
                               std::size_t covered, std::size_t length) {
    const KernelAddress source = make_address(ends.source);
    const KernelAddress destination = make_address(ends.destination);
    std::uint32_t sum = number + static_cast<std::uint32_t>(length);
    for (std::size_t i = 0; i < 16; i += 2) {
        sum += static_cast<std::uint32_t>(source.bytes[i] << 8U | source.bytes[i + 1]);
        sum += static_cast<std::uint32_t>(destination.bytes[i] << 8U | destination.bytes[i + 1]);
    }
    return checksum({bytes.data(), covered}, sum);
}

}  // namespace

std::size_t DatagramWalk::draw_size() {
    return dice_.below(dice_.one_in(12) ? 2500 : dice_.one_in(3) ? 200 : 40);
}

void DatagramWalk::put_ports(Bytes& bytes, unsigned side) {
    const unsigned near = 5000 + dice_.below(4), far = 53 + dice_.below(2);
    put16(bytes, side == 0 ? near : far);
    put16(bytes, side == 0 ? far : near);
}

/// Now and then cut short; all that is whole may be quoted later.
Bytes DatagramWalk::keep(Bytes bytes) {
    bytes = ground_.keep(std::move(bytes));
    if (dice_.one_in(30)) cut(bytes, ground_.header_bytes() + dice_.below(14));
    return bytes;
}

Bytes DatagramWalk::udp() {
    const unsigned side = dice_.below(2);
    const std::uint32_t draw = dice_.below(10);
    return keep(draw < 6 ? plain_udp(side) : draw < 9 ? udplite(side) : dccp(side));
}

Bytes DatagramWalk::plain_udp(unsigned side) {
    const IpEnds ends = ground_.draw_ends(side);
    Bytes bytes;
    put_ports(bytes, side);
    const std::size_t size = draw_size();
    put16(bytes, static_cast<unsigned>(8 + size));
    put16(bytes, 0);
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
    Bytes packet = seal(ends, IPPROTO_UDP, std::move(bytes), 6);
    const std::size_t at = ground_.header_bytes();
    if (dice_.one_in(14)) {  // a length that is not the packet's
        const unsigned length =
            dice_.one_in(2) ? dice_.below(80) : static_cast<unsigned>(7 + size + dice_.below(3));
        set16(packet, at + 4, length);
        if (dice_.one_in(2)) packet = seal(ends, IPPROTO_UDP, payload_of(packet), 6);
    }
    if (dice_.one_in(14)) set16(packet, at + 6, dice_.below(65536));
    if (dice_.one_in(10)) set16(packet, at + 6, 0);
    return packet;
}

/// The checksum as the kernel wants it, as RFC 3828 does, wrong or missing; coverage of all kinds.
Bytes DatagramWalk::udplite(unsigned side) {
    const IpEnds ends = ground_.draw_ends(side);
    Bytes bytes;
    put_ports(bytes, side);
    const std::size_t size = 8 + draw_size();
    std::size_t coverage = size;
    switch (dice_.below(6)) {
        case 0: coverage = 8; break;
        case 1: coverage = 8 + dice_.below(size - 7); break;
        case 2: coverage = dice_.below(8); break;
        case 3: coverage = size + 1 + dice_.below(3); break;
        default: break;
    }
    put16(bytes, static_cast<unsigned>(dice_.one_in(4) ? 0 : coverage));
    put16(bytes, 0);
    while (bytes.size() < size) bytes.push_back(static_cast<std::uint8_t>(bytes.size()));
    const std::size_t covered =
        coverage < 8 || coverage > size || (bytes[4] | bytes[5]) == 0 ? size : coverage;
    const std::uint8_t number = dice_.one_in(8) ? kUdpLite : std::uint8_t{IPPROTO_UDP};
    const bool is_as_linux = !ground_.is_v6 && !dice_.one_in(4);  // which takes it modulo 256
    std::uint16_t sum =
        partial_checksum(ends, number, bytes, covered, is_as_linux ? size & 0xff : size);
    if (dice_.one_in(12)) sum = static_cast<std::uint16_t>(sum + 1);
    if (dice_.one_in(12)) sum = 0;
    set16(bytes, 6, sum);
    return make_ip(ends, kUdpLite, bytes);
}

/// Not tracked by itself any more: what its header says is all the same.
Bytes DatagramWalk::dccp(unsigned side) {
    Bytes bytes;
    put_ports(bytes, side);
    for (unsigned i = 0; i < 12; ++i) bytes.push_back(static_cast<std::uint8_t>(dice_.below(16)));
    return make_ip(ground_.draw_ends(side), kDccp, bytes);
}

/// Plain (version 0) with any flags; enhanced (version 1) with few call ids, PPP or not.
Bytes DatagramWalk::gre() {
    const bool is_enhanced = dice_.percent(60);
    unsigned flags = is_enhanced ? 0x2001U : dice_.pick<unsigned>({0, 0x8000, 0x2000, 0x1000});
    if (dice_.one_in(10)) flags = dice_.below(65536);
    Bytes bytes;
    put16(bytes, flags);
    put16(bytes, dice_.one_in(8) ? 0x0800 : is_enhanced ? 0x880b : 0x0800);
    put16(bytes, dice_.below(60));     // payload length
    put16(bytes, 7 + dice_.below(3));  // call id
    bytes.resize(bytes.size() + dice_.below(20));
    return make_ip(ground_.draw_ends(dice_.below(2)), kGre, bytes);
}

Bytes DatagramWalk::other() {
    if (dice_.percent(45)) return keep(gre());
    const IpEnds ends = ground_.draw_ends(dice_.below(2));
    if (dice_.one_in(5) && ground_.has_kept()) {  // a packet within a packet
        const Bytes inner = ground_.draw_kept();
        return keep(make_ip(ends, is_ipv6(inner) ? 41 : 4, inner));
    }
    Bytes payload(dice_.below(40));
    for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(dice_.below(4));
    const std::uint8_t number =
        dice_.pick<std::uint8_t>({kEsp, kAh, 2, 4, 41, 89, 94, 103, 108, 112, 115, 253, 255});
    return keep(make_ip(ends, number, payload));
}

}  // namespace keepstate::kernel
