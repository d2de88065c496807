// Any sequence of fragments: nothing may crash, leak or grow beyond its limit, and what comes out is a packet.
//
// The input is a list of small commands: family, id, offset, length, more-fragments, time step, and bytes that spoil
// the packet. The limits are small, so that they are reached.
#include <algorithm>
#include <cstdint>

#include "wire/build.hpp"
#include "wire/parse.hpp"
#include "wire/reassembly.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::wire;

Bytes make_whole(Family family) {
    IpFields ip;
    ip.source = *parse_address(family == Family::ipv4 ? "10.0.0.1" : "fd00::1");
    ip.destination = *parse_address(family == Family::ipv4 ? "10.0.0.2" : "fd00::2");
    return build_udp(ip, 1, 2, Bytes(60000));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Bytes ipv4 = make_whole(Family::ipv4);
    static const Bytes ipv6 = make_whole(Family::ipv6);
    ReassemblySettings settings;
    settings.ipv4_high_bytes = settings.ipv6_high_bytes = 30'000;
    Reassembler reassembler{settings};
    Time now;
    constexpr std::size_t kCommand = 8;
    for (; size >= kCommand; data += kCommand, size -= kCommand) {
        const bool is_ipv6 = (data[0] & 1) != 0;
        const auto offset = static_cast<std::uint16_t>(base::load_be16(data + 2) & 0xfff8);
        const FragmentFields fields{offset, (data[0] & 2) != 0, data[1] & 7U};
        const std::size_t bytes = (data[0] & 4) != 0 ? base::load_be16(data + 4) : data[4];
        Bytes fragment =
            cut_fragment(is_ipv6 ? ipv6 : ipv4, fields, 0, std::min<std::size_t>(bytes, 60000));
        if (data[6] != 0) fragment[std::min<std::size_t>(data[6], fragment.size() - 1)] ^= data[7];
        now = now + (data[0] >> 4) * kNsPerSecond;
        Packet packet;
        const Family family = is_ipv6 ? Family::ipv6 : Family::ipv4;
        if (parse_ip(family, {fragment.data(), fragment.size()}, true, packet) != Reason::none)
            continue;
        const Reassembled result = reassembler.take(packet, 0, data[1] >> 7, now);
        if (result.fate != FragmentFate::whole) continue;
        KS_ASSERT(result.whole.size() >= 20);
        KS_ASSERT(result.whole.size() <= 65575);
        Packet whole;
        const Reason reason = parse_ip(family, result.whole, true, whole);
        KS_ASSERT(reason == Reason::none || family == Family::ipv6);
        KS_ASSERT(family == Family::ipv6 || !whole.is_fragment);
    }
    reassembler.expire(now + 60 * kNsPerSecond);
    KS_ASSERT(reassembler.datagrams_held() == 0);
    return 0;
}
