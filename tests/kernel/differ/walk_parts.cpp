// See walk_parts.hpp.
#include "differ/walk_parts.hpp"

#include <algorithm>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;

std::size_t header_of(const Bytes& bytes) { return is_ipv6(bytes) ? kIpv6Header : kIpv4Header; }

}  // namespace

std::string WalkGround::address(unsigned side, unsigned number) const {
    const bool is_host = host != HostSide::none && (host == HostSide::near) == (side == 0);
    if (is_host && number < 2) {
        if (is_v6) return number == 0 ? "2001:db8:1::fe" : "2001:db8:2::fe";
        return number == 0 ? "10.0.1.254" : "10.0.2.254";
    }
    const char* net =
        is_v6 ? (side == 0 ? "2001:db8:1::" : "2001:db8:2::") : (side == 0 ? "10.0.1." : "10.0.2.");
    return net + std::to_string(number + 1);
}

IpEnds WalkGround::draw_ends(unsigned side) {
    const std::string near = address(0, dice.below(2));
    const std::string far = address(1, 0);
    return side == 0 ? IpEnds{near, far} : IpEnds{far, near};
}

Bytes WalkGround::keep(Bytes bytes) {
    if (kept_.size() < kMostKept) {
        kept_.push_back(bytes);
    } else {
        kept_[dice.below(kMostKept)] = bytes;
    }
    return bytes;
}

void repair_checksum(Bytes& bytes) {
    if (is_ipv6(bytes) || bytes.size() < kIpv4Header) return;
    const std::size_t header = std::max<std::size_t>((bytes[0] & 15U) * 4U, kIpv4Header);
    if (bytes.size() < header) return;
    set16(bytes, 10, 0);
    set16(bytes, 10, checksum({bytes.data(), header}));
}

void repair_length(Bytes& bytes) {
    if (bytes.size() < header_of(bytes)) return;
    if (is_ipv6(bytes)) {
        set16(bytes, 4, static_cast<unsigned>(bytes.size() - kIpv6Header));
        return;
    }
    set16(bytes, 2, static_cast<unsigned>(bytes.size()));
    repair_checksum(bytes);
}

void set_protocol(Bytes& bytes, std::uint8_t protocol) {
    bytes[is_ipv6(bytes) ? 6 : 9] = protocol;
    repair_checksum(bytes);
}

Bytes payload_of(const Bytes& bytes) {
    const std::size_t header = std::min(header_of(bytes), bytes.size());
    return {bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end()};
}

std::uint8_t protocol_of(const Bytes& bytes) {
    const std::size_t at = is_ipv6(bytes) ? 6 : 9;
    return at < bytes.size() ? bytes[at] : std::uint8_t{0};
}

IpEnds ends_of(const Bytes& bytes) {
    KernelAddress source, destination;
    const bool is_v6 = is_ipv6(bytes);
    const std::size_t at = is_v6 ? 8 : 12;
    const std::size_t size = is_v6 ? 16 : 4;
    if (bytes.size() < at + 2 * size) return {"10.0.1.1", "10.0.2.1"};
    source.family = destination.family = static_cast<std::uint8_t>(is_v6 ? AF_INET6 : AF_INET);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, source.bytes.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at + size), size,
                destination.bytes.begin());
    return {print_address(source), print_address(destination)};
}

void cut(Bytes& bytes, std::size_t size) {
    bytes.resize(std::min(bytes.size(), size));
    repair_length(bytes);
}

}  // namespace keepstate::kernel
