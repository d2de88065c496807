// See walk_broken.hpp.
#include "differ/walk_broken.hpp"

#include <algorithm>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;
constexpr std::uint8_t kNoop = 1, kRecordRoute = 7, kTimestamp = 68, kLooseRoute = 131,
                       kStrictRoute = 137, kRouterAlert = 148;

}  // namespace

void BrokenWalk::odd_address(Bytes& bytes) {
    const bool is_v6 = is_ipv6(bytes);
    const char* const words =
        is_v6 ? dice_.pick({"::", "::1", "ff02::1", "ff05::101", "ff0e::1", "ff01::1", "ff00::1",
                            "fe80::1", "::ffff:10.0.1.1", "::10.0.1.1", "2002:a00:101::1",
                            "fec0::1", "64:ff9b::a00:101"})
              : dice_.pick({"0.0.0.0", "0.0.0.7", "224.0.0.1", "224.0.0.5", "239.1.1.1",
                            "240.0.0.1", "255.255.255.255", "255.255.255.254", "169.254.1.1",
                            "10.0.1.0", "10.0.2.255"});
    const KernelAddress address = make_address(words);
    if (ground_.has_rules && address.bytes[0] == 0xfe) return;
    const std::size_t size = is_v6 ? 16 : 4;
    // To fe80::/10 of another link Linux answers "no route", keepstate only refuses (docs/differences.md).
    const bool is_source_only = is_v6 && address.bytes[0] == 0xfe;
    const std::size_t at = (is_v6 ? 8U : 12U) + (!is_source_only && dice_.one_in(2) ? size : 0);
    std::copy_n(address.bytes.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    repair_checksum(bytes);
}

void BrokenWalk::odd_ttl(Bytes& bytes) {
    bytes[is_ipv6(bytes) ? 7 : 8] = static_cast<std::uint8_t>(dice_.below(4));
    repair_checksum(bytes);
}

Bytes BrokenWalk::wrong_option() {
    switch (dice_.below(11)) {
        case 0: return {kRecordRoute, 2};
        // Wrong ones only: into right ones Linux writes, and sends them back in answers (docs/differences.md).
        case 1: return {kRecordRoute, 7, dice_.pick<std::uint8_t>({0, 3, 5, 6, 7}), 0, 0, 0, 0};
        case 2: return {kTimestamp, 8, dice_.pick<std::uint8_t>({0, 4, 6, 7, 8}), 1, 0, 0, 0, 0};
        case 3: return {kTimestamp, 3, 5};
        case 4: return {kLooseRoute, 7, static_cast<std::uint8_t>(dice_.below(4)), 10, 0, 2, 1};
        case 5: return {kStrictRoute, 2};
        case 6: return {dice_.one_in(2) ? kRecordRoute : kLooseRoute, 3, 3};
        case 7: return {kRouterAlert, 3, 0};
        case 8: return {dice_.byte(), 0};
        case 9: return {dice_.byte(), dice_.byte()};
        default: return {130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // security, of before RFC 1108
    }
}

Bytes BrokenWalk::draw_options() {
    if (dice_.one_in(10)) {  // a right source route, which is refused without an answer
        const auto pointer = static_cast<std::uint8_t>(4 + dice_.below(6));
        return {dice_.one_in(2) ? kLooseRoute : kStrictRoute, 7, pointer, 10, 0, 2, 1, 0};
    }
    Bytes options;
    const unsigned count = 1 + dice_.below(3);
    for (unsigned i = 0; i < count; ++i) {
        Bytes option;
        switch (dice_.below(8)) {
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
            set16(bytes, 2,
                  dice_.one_in(2) ? dice_.below(100)
                                  : static_cast<unsigned>(bytes.size()) + dice_.below(3) - 1);
            repair_checksum(bytes);
            break;
        case 1:
            bytes[0] = static_cast<std::uint8_t>(0x40 + dice_.below(16));
            repair_checksum(bytes);
            break;
        case 2: bytes[0] = static_cast<std::uint8_t>(dice_.byte() & 0x0f ? 0x65 : 0x05); break;
        case 3:
            bytes[10 + dice_.below(2)] ^= static_cast<std::uint8_t>(1U << dice_.below(8));
            break;
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
            set16(bytes, 4,
                  dice_.one_in(2) ? dice_.below(100)
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
    // A link-local sender can only be answered from a link-local address, and the firewall has none here.
    if ((draw == 2 || draw == 3) && !ends_of(packet).source.starts_with("fe80")) odd_ttl(packet);
    if (draw > 3 && draw < 9) (is_ipv6(packet) ? spoil_ipv6(packet) : spoil_ipv4(packet));
    return packet;
}

}  // namespace keepstate::kernel
