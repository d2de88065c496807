// See walk_broken.hpp.
#include "differ/walk_broken.hpp"

#include <algorithm>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;
constexpr std::uint8_t kNoop = 1, kRecordRoute = 7, kTimestamp = 68, kLooseRoute = 131,
                       kCipso = 134, kStrictRoute = 137, kRouterAlert = 148;

}  // namespace

void BrokenWalk::odd_address(Bytes& bytes) {
    const bool is_v6 = is_ipv6(bytes);
    const char* const words =
        is_v6 ? dice_.pick({"::", "::1", "ff02::1", "ff05::101", "ff0e::1", "ff01::1", "ff00::1",
                            "fe80::1", "::ffff:10.0.1.1", "::10.0.1.1", "2002:a00:101::1",
                            "fec0::1", "64:ff9b::a00:101"})
              : dice_.pick({"0.0.0.0", "0.0.0.7", "127.0.0.1", "127.1.2.3", "224.0.0.1",
                            "224.0.0.5", "239.1.1.1", "240.0.0.1", "255.255.255.255",
                            "255.255.255.254", "169.254.1.1", "10.0.1.0", "10.0.2.255"});
    const KernelAddress address = make_address(words);
    const std::size_t size = is_v6 ? 16 : 4;
    const std::size_t at = (is_v6 ? 8U : 12U) + (dice_.one_in(2) ? size : 0);
    std::copy_n(address.bytes.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    repair_checksum(bytes);
}

void BrokenWalk::odd_ttl(Bytes& bytes) {
    bytes[is_ipv6(bytes) ? 7 : 8] = static_cast<std::uint8_t>(dice_.below(4));
    repair_checksum(bytes);
}

Bytes BrokenWalk::wrong_option() {
    switch (dice_.below(11)) {
        case 0: return {kRecordRoute, 3, 4};
        case 1: return {kRecordRoute, 7, static_cast<std::uint8_t>(dice_.below(12)), 0, 0, 0, 0};
        case 2: return {kTimestamp, 8, dice_.byte(), dice_.byte(), 0, 0, 0, 0};
        case 3: return {kTimestamp, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        case 4: return {kLooseRoute, 7, static_cast<std::uint8_t>(dice_.below(10)), 10, 0, 2, 1};
        case 5: return {kStrictRoute, 7, 8, 10, 0, 2, 1};
        case 6: return {kCipso, 6, 0, 0, 0, 1};
        case 7: return {kRouterAlert, 3, 0};
        case 8: return {dice_.byte(), 0};
        case 9: return {dice_.byte(), dice_.byte()};
        default: return {130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // security, of before RFC 1108
    }
}

Bytes BrokenWalk::draw_options() {
    Bytes options;
    const unsigned count = 1 + dice_.below(3);
    for (unsigned i = 0; i < count; ++i) {
        Bytes option;
        switch (dice_.below(may_be_answered_ ? 8 : 3)) {
            case 0: option = {kNoop}; break;
            case 1: option = {kRouterAlert, 4, 0, static_cast<std::uint8_t>(dice_.below(2))}; break;
            case 2: option = {static_cast<std::uint8_t>(25 + dice_.below(4)), 4, 0, 0}; break;
            case 3: option = {0}; break;
            default: option = wrong_option();
        }
        options.insert(options.end(), option.begin(), option.end());
    }
    while (options.size() % 4 != 0) options.push_back(0);
    return options;
}

void BrokenWalk::add_options(Bytes& bytes) {
    if (bytes.size() < kIpv4Header || (bytes[0] & 15U) != 5) return;
    const Bytes options = draw_options();
    bytes[0] = static_cast<std::uint8_t>(0x45 + options.size() / 4);
    bytes.insert(bytes.begin() + kIpv4Header, options.begin(), options.end());
    repair_length(bytes);
}

void BrokenWalk::spoil_ipv4(Bytes& bytes) {
    switch (dice_.below(10)) {
        case 0:
            set16(bytes, 2, dice_.one_in(2) ? dice_.below(100)
                                            : static_cast<unsigned>(bytes.size()) + dice_.below(3) - 1);
            repair_checksum(bytes);
            break;
        case 1:
            bytes[0] = static_cast<std::uint8_t>(0x40 + dice_.below(may_be_answered_ ? 16 : 6));
            repair_checksum(bytes);
            break;
        case 2: bytes[0] = static_cast<std::uint8_t>(dice_.byte() & 0x0f ? 0x65 : 0x05); break;
        case 3: bytes[10 + dice_.below(2)] ^= static_cast<std::uint8_t>(1U << dice_.below(8)); break;
        case 4: bytes.resize(dice_.below(bytes.size() + 1)); break;
        case 5: bytes.resize(bytes.size() + dice_.below(20)); break;  // padding
        case 6: cut(bytes, kIpv4Header + dice_.below(3)); break;
        case 7:  // what no flag or service means: reserved bit, service
            set16(bytes, 6, 0x8000U | (dice_.one_in(2) ? 0x4000U : 0U));
            bytes[1] = static_cast<std::uint8_t>(dice_.below(64) << 2U);
            repair_checksum(bytes);
            break;
        default: add_options(bytes);
    }
}

void BrokenWalk::spoil_ipv6(Bytes& bytes) {
    switch (dice_.below(7)) {
        case 0:
            set16(bytes, 4, dice_.one_in(2) ? dice_.below(100)
                                            : static_cast<unsigned>(bytes.size()) - 41 + dice_.below(3));
            break;
        case 1: bytes[0] = static_cast<std::uint8_t>(dice_.below(16) << 4U | 5); break;
        case 2: bytes.resize(dice_.below(bytes.size() + 1)); break;
        case 3: bytes.resize(bytes.size() + dice_.below(20)); break;
        case 4: cut(bytes, kIpv6Header + dice_.below(3)); break;
        case 5: set16(bytes, 4, 0); break;
        default:  // traffic class and flow label
            bytes[0] = static_cast<std::uint8_t>(0x60 | dice_.below(16));
            bytes[1] = dice_.byte();
            bytes[3] = dice_.byte();
    }
}

Bytes BrokenWalk::spoil(Bytes packet) {
    if (packet.size() < (is_ipv6(packet) ? kIpv6Header : kIpv4Header)) return packet;
    const std::uint32_t draw = dice_.below(10);
    if (draw < 2) odd_address(packet);
    if (draw == 2 || draw == 3) odd_ttl(packet);
    if (draw > 3 && draw < 9) (is_ipv6(packet) ? spoil_ipv6(packet) : spoil_ipv4(packet));
    return packet;
}

}  // namespace keepstate::kernel
