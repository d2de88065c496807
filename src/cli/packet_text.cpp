// What both forms need.
#include "cli/packet_text.hpp"

#include <array>
#include <charconv>

#include "keepstate/tuple.hpp"

namespace keepstate::cli {

void print_time(std::int64_t ns, bool finer_than_us, std::string& out) {
    std::uint64_t value = static_cast<std::uint64_t>(ns);
    if (ns < 0) {
        out += '-';
        value = ~value + 1;
    }
    std::array<char, 24> digits{};
    const auto seconds = value / std::uint64_t{kNsPerSecond};
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), seconds).ptr;
    out.append(digits.data(), end);
    std::uint64_t fraction = value % std::uint64_t{kNsPerSecond};
    const std::size_t width = finer_than_us ? 9 : 6;
    if (!finer_than_us) fraction /= 1000;
    out += '.';
    end = std::to_chars(digits.data(), digits.data() + digits.size(), fraction).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    out.append(width - length, '0');
    out.append(digits.data(), length);
}

std::string_view protocol_name(std::uint8_t number) {
    switch (number) {
        case protocol::kHopByHop: return "hopopt";
        case protocol::kIcmp: return "icmp";
        case protocol::kIgmp: return "igmp";
        case 4: return "ipencap";
        case protocol::kTcp: return "tcp";
        case protocol::kUdp: return "udp";
        case protocol::kDccp: return "dccp";
        case 41: return "ipv6";
        case protocol::kRouting: return "ipv6-route";
        case protocol::kFragment: return "ipv6-frag";
        case protocol::kGre: return "gre";
        case protocol::kEsp: return "esp";
        case protocol::kAh: return "ah";
        case protocol::kIcmpv6: return "icmpv6";
        case protocol::kNoNext: return "ipv6-nonxt";
        case protocol::kDestinationOptions: return "ipv6-opts";
        case 89: return "ospf";
        case 103: return "pim";
        case 108: return "ipcomp";
        case 112: return "vrrp";
        case protocol::kSctp: return "sctp";
        case protocol::kMobility: return "mobility-header";
        case protocol::kUdpLite: return "udplite";
        default: return {};
    }
}

std::string_view transport_state(const EntryFacts& entry) {
    if (entry.tcp_state) return text(*entry.tcp_state);
    if (entry.sctp_state) return text(*entry.sctp_state);
    return {};
}

}  // namespace keepstate::cli
