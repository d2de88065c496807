// See walk_ext6.hpp.
#include "differ/walk_ext6.hpp"

#include <algorithm>
#include <utility>

namespace keepstate::kernel {

namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kEsp = 50, kAh = 51,
                       kNoNext = 59, kDestination = 60, kMobility = 135, kHip = 139, kShim6 = 140;
constexpr std::size_t kIpv6Header = 40;

}  // namespace

/// One option; `at` is where it will stand in its header, for those that must be aligned.
Bytes Ext6Walk::draw_option(bool is_hop_by_hop, std::size_t at) {
    constexpr std::uint8_t kPadN = 1, kRouterAlert = 5, kIoam = 49, kJumbo = 194;
    const std::uint32_t draw = dice_.below(!ground_.has_rules || !is_hop_by_hop ? 12 : 6);
    switch (draw) {
        case 0: return {0};
        case 1: return {kPadN, 0};
        case 2: return {kPadN, 2, 0, 0};
        case 3: return {kRouterAlert, 2, 0, static_cast<std::uint8_t>(dice_.below(3))};
        case 4: return {30, 2, dice_.byte(), dice_.byte()};  // to be skipped where unknown
        case 5: return {kPadN, 4, 0, 0, 0, 0};
        case 6: return {kRouterAlert, static_cast<std::uint8_t>(dice_.below(4)), 0, 0};
        case 7: {
            Bytes jumbo;
            for (std::size_t i = at; i % 4 != 2 && !dice_.one_in(8); ++i) jumbo.push_back(0);
            const std::uint8_t size = dice_.one_in(8) ? 6 : 4;
            jumbo.insert(jumbo.end(), {kJumbo, size, 0, static_cast<std::uint8_t>(dice_.below(2)),
                                       dice_.byte(), dice_.byte()});
            return jumbo;
        }
        case 8: return {kPadN, 3, 0, dice_.byte(), 0};
        case 9: return {dice_.byte(), 2, 0, 0};  // the upper bits say: skip, drop, answer
        case 10: return {kIoam, 2, 0, 0};
        default: return {dice_.byte(), dice_.byte(), dice_.byte()};
    }
}

/// The two bytes in front and options up to a multiple of eight, padded mostly as it should be.
Bytes Ext6Walk::options(bool is_hop_by_hop) {
    Bytes bytes(2);
    const std::uint32_t count = dice_.one_in(20) ? 12 : dice_.below(4);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Bytes option = draw_option(is_hop_by_hop, bytes.size());
        bytes.insert(bytes.end(), option.begin(), option.end());
    }
    const std::size_t missing = (8 - bytes.size() % 8) % 8;
    if (missing == 1) bytes.push_back(0);
    if (missing > 1) {
        bytes.insert(bytes.end(), {1, static_cast<std::uint8_t>(missing - 2)});
        bytes.resize(bytes.size() + missing - 2);
    }
    return bytes;
}

Bytes Ext6Walk::routing() {
    const std::uint8_t type = dice_.pick<std::uint8_t>({0, 2, 3, 4, 5, 253});
    const auto left = static_cast<std::uint8_t>(dice_.one_in(2) ? 0 : dice_.below(4));
    Bytes bytes{0, 0, type, left, 0, 0, 0, 0};
    const unsigned addresses = dice_.below(3);
    for (unsigned i = 0; i < addresses; ++i) {
        const KernelAddress address = make_address(ground_.address(dice_.below(2), dice_.below(2)));
        bytes.insert(bytes.end(), address.bytes.begin(), address.bytes.end());
    }
    return bytes;
}

Bytes Ext6Walk::make_header(std::uint8_t number, std::uint8_t next) {
    Bytes bytes;
    switch (number) {
        case kHopByHop:
        case kDestination: bytes = options(number == kHopByHop); break;
        case kRouting: bytes = routing(); break;
        case kFragment: {  // atomic, or a lone piece of something
            const std::uint32_t bits = dice_.one_in(3) ? dice_.below(65536) : 0;
            bytes = {0, 0};
            put16(bytes, dice_.one_in(4) ? bits & 1U : dice_.one_in(4) ? bits : 0);
            put32(bytes, dice_.below(5));
            break;
        }
        case kAh: bytes.resize(8 + 4 * dice_.below(5)); break;
        case kEsp: bytes = {0, 0, 0, 1, 0, 0, 0, 1}; break;
        default: bytes.resize(8 * (1 + dice_.below(2)));  // mobility, HIP, shim6
    }
    if (number == kEsp) return bytes;
    bytes[0] = next;
    if (number == kFragment) return bytes;
    bytes[1] =
        static_cast<std::uint8_t>(number == kAh ? bytes.size() / 4 - 2 : bytes.size() / 8 - 1);
    const bool may_lie = !ground_.has_rules || number != kHopByHop;
    if (may_lie && dice_.one_in(25)) {
        bytes[1] = dice_.one_in(2) ? dice_.byte() : static_cast<std::uint8_t>(bytes[1] + 1);
    }
    return bytes;
}

Bytes Ext6Walk::dress(const Bytes& packet) {
    if (!is_ipv6(packet) || packet.size() < kIpv6Header) return packet;
    std::vector<std::uint8_t> numbers;
    if (dice_.one_in(3)) numbers.push_back(kHopByHop);
    const unsigned count = dice_.below(dice_.one_in(10) ? 9 : 4);
    for (unsigned i = 0; i < count; ++i) {
        std::uint8_t number = dice_.pick<std::uint8_t>(
            {kDestination, kDestination, kRouting, kRouting, kAh, kFragment, kHopByHop});
        if (dice_.one_in(12)) number = dice_.pick<std::uint8_t>({kMobility, kHip, kShim6, kEsp});
        numbers.push_back(number);
    }
    std::uint8_t next = protocol_of(packet);
    if (dice_.one_in(25)) next = dice_.one_in(2) ? kNoNext : dice_.byte();
    Bytes chain;
    for (auto it = numbers.rbegin(); it != numbers.rend(); ++it) {
        const Bytes header = make_header(*it, next);
        chain.insert(chain.begin(), header.begin(), header.end());
        next = *it;
    }
    Bytes bytes = packet;
    bytes.insert(bytes.begin() + kIpv6Header, chain.begin(), chain.end());
    bytes[6] = next;
    repair_length(bytes);
    if (dice_.one_in(20) && (!ground_.has_rules || next != kHopByHop)) {
        cut(bytes, kIpv6Header + dice_.below(bytes.size() - kIpv6Header + 1));
    }
    return dice_.one_in(3) ? ground_.keep(std::move(bytes)) : bytes;
}

}  // namespace keepstate::kernel
