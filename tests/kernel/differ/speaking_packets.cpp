// See speaking_packets.hpp.
#include "differ/speaking_packets.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace keepstate::kernel {

Bytes SpeakingPackets::next() {
    const unsigned side = draw_.below(2);
    const std::string near =
        (is_v6_ ? "2001:db8:1::" : "10.0.1.") + std::to_string(1 + draw_.below(2));
    std::string far = is_v6_ ? "2001:db8:2::1" : "10.0.2.1";
    if (draw_.one_in(4)) far = is_v6_ ? kOwnAddress6 : kOwnAddress4;
    IpEnds ends{side == 0 ? near : far, side == 0 ? far : near};
    const std::uint16_t client = static_cast<std::uint16_t>(40000 + draw_.below(3));
    const std::uint16_t server = draw_.one_in(2) ? 80 : 443;
    const std::uint16_t from = side == 0 ? client : server;
    const std::uint16_t to = side == 0 ? server : client;
    Bytes packet = draft(ends, from, to);
    return dress(std::move(packet));
}

Bytes SpeakingPackets::dress(Bytes packet) {
    const std::size_t header = is_v6_ ? 40 : 20;
    if (packet.size() < header || packet[0] >> 4 != (is_v6_ ? 6 : 4)) return packet;
    constexpr std::array<std::uint8_t, 8> kTos{0x10, 0x08, 0x02, 0x03, 0xb8, 0x28, 0x20, 0x01};
    constexpr std::array<std::uint8_t, 5> kTtl{2, 3, 30, 255, 65};
    const bool sets_tos = draw_.one_in(3), sets_ttl = draw_.one_in(3);
    const std::uint8_t tos = kTos[draw_.below(8)], ttl = kTtl[draw_.below(5)];
    if (is_v6_) {
        if (sets_tos) packet[0] = 0x60 | tos >> 4, packet[1] = static_cast<std::uint8_t>(tos << 4);
        if (sets_ttl) packet[7] = ttl;
        return packet;
    }
    const bool is_plain = packet[0] == 0x45;
    if (!is_plain || checksum({packet.data(), 20}) != 0) return packet;  // broken on purpose
    if (sets_tos) packet[1] = tos;
    if (sets_ttl) packet[8] = ttl;
    set16(packet, 10, 0);
    set16(packet, 10, checksum({packet.data(), 20}));
    return packet;
}

Bytes SpeakingPackets::payload() {
    constexpr std::array<std::string_view, 5> kTexts{"GET / HTTP/1.1\r\n", "an attack here", "get",
                                                     "a b", "nothing"};
    const std::string_view text = kTexts[draw_.below(kTexts.size())];
    Bytes bytes(draw_.below(20));
    bytes.insert(bytes.end(), text.begin(), text.end());
    return bytes;
}

Bytes SpeakingPackets::draft(const IpEnds& ends, std::uint16_t from, std::uint16_t to) {
    switch (draw_.below(is_v6_ ? 15 : 11)) {
        case 0:
        case 1:
        case 2: {
            TcpSegment segment{from, to, 1000, 2000, kAck | kPsh, 1000, {}, payload()};
            return make_tcp(ends, segment);
        }
        case 3:
        case 4: {
            TcpSegment segment{from, to, 999, 0, kSyn, 1000, {}, {}};
            if (draw_.one_in(2)) {
                const unsigned mss = draw_.one_in(2) ? 1460 : 536;
                segment.options = {2, 4, static_cast<std::uint8_t>(mss >> 8),
                                   static_cast<std::uint8_t>(mss)};
            }
            if (draw_.one_in(2)) segment.options.insert(segment.options.end(), {1, 3, 3, 7});
            if (draw_.one_in(2)) segment.options.insert(segment.options.end(), {4, 2, 1, 1});
            return make_tcp(ends, segment);
        }
        case 5: return make_udp(ends, from, to, payload());
        case 6: return make_ip(ends, 132, sctp(from, to));
        case 7: return make_ip(ends, 33, dccp(from, to));
        case 8: {
            Bytes bytes;
            put32(bytes, draw_.one_in(2) ? draw_.below(6) : 256);
            put32(bytes, draw_.below(4));
            put32(bytes, draw_.below(4));
            put32(bytes, 0);
            constexpr std::array<std::uint8_t, 3> kProtocols{50, 51, 108};
            return make_ip(ends, kProtocols[draw_.below(3)], bytes);
        }
        default:
            return is_v6_
                       ? extended(ends)
                       : make_ip(ends, 51, Bytes{17, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0});
    }
}

Bytes SpeakingPackets::sctp(std::uint16_t from, std::uint16_t to) {
    Bytes bytes;
    put16(bytes, from);
    put16(bytes, to);
    put32(bytes, draw_.below(2));
    put32(bytes, 0);
    for (std::uint32_t chunks = 1 + draw_.below(3); chunks > 0; --chunks) {
        constexpr std::array<std::uint8_t, 10> kTypes{0, 1, 2, 3, 4, 6, 7, 10, 11, 0};
        bytes.push_back(kTypes[draw_.below(10)]);
        bytes.push_back(static_cast<std::uint8_t>(draw_.below(8)));
        put16(bytes, draw_.one_in(10) ? draw_.below(40) : 20);
        bytes.resize(bytes.size() + 16);
    }
    return bytes;
}

Bytes SpeakingPackets::dccp(std::uint16_t from, std::uint16_t to) {
    Bytes bytes;
    put16(bytes, from);
    put16(bytes, to);
    const bool is_long = draw_.one_in(2);
    bytes.push_back(static_cast<std::uint8_t>(5 + draw_.below(3)));  // data offset, words
    bytes.push_back(0);
    put16(bytes, 0);
    bytes.push_back(static_cast<std::uint8_t>(draw_.below(11) << 1 | (is_long ? 1U : 0U)));
    bytes.resize(20);
    for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(draw_.below(6)));
    return bytes;
}

Bytes SpeakingPackets::extended(const IpEnds& ends) {
    Bytes inner;
    put16(inner, 5000);
    put16(inner, 53);
    put16(inner, 8);
    put16(inner, 0);
    std::uint8_t next = draw_.one_in(4) ? 59 : 17;
    for (std::uint32_t headers = 1 + draw_.below(3); headers > 0; --headers) {
        constexpr std::array<std::uint8_t, 7> kHeaders{0, 60, 43, 44, 51, 43, 135};
        const bool is_first = headers == 1;
        const std::uint8_t kind =
            is_first ? kHeaders[draw_.below(7)] : kHeaders[1 + draw_.below(5)];
        Bytes header = extension(kind, next);
        inner.insert(inner.begin(), header.begin(), header.end());
        next = kind;
    }
    return make_ip(ends, next, inner);
}

Bytes SpeakingPackets::extension(std::uint8_t kind, std::uint8_t next) {
    const std::uint32_t words = kind == 44 ? 0 : draw_.below(2);
    Bytes header{next, static_cast<std::uint8_t>(words), 1, 4, 0, 0, 0, 0};
    header.resize(8 + words * 8);
    switch (kind) {
        case 43:  // routing; half of them segment routing without segments
            header[2] = draw_.one_in(2) ? 4 : static_cast<std::uint8_t>(draw_.below(5));
            header[3] = static_cast<std::uint8_t>(draw_.below(2));
            break;
        case 44:
            header[2] = 0;
            header[3] = static_cast<std::uint8_t>(draw_.one_in(3));
            header[7] = static_cast<std::uint8_t>(draw_.below(5));
            break;
        case 51:  // 12 or 16 bytes, counted in words of four
            header.resize(12 + words * 4);
            header[1] = static_cast<std::uint8_t>(1 + words);
            header[2] = header[3] = 0;
            header[7] = static_cast<std::uint8_t>(draw_.below(6));
            break;
        case 135:  // mobility: nothing may follow
            header[0] = 59;
            header[2] = static_cast<std::uint8_t>(draw_.below(8));
            header[3] = 0;
            break;
        default:
            if (words != 0) header[8] = 1, header[9] = 6;
    }
    return header;
}

}  // namespace keepstate::kernel
