// See flow_key.hpp.
#include "ct/flow_key.hpp"

namespace keepstate::ct {

namespace {

bool is_icmp(std::uint8_t number) {
    return number == protocol::kIcmp || number == protocol::kIcmpv6;
}

}  // namespace

FlowKey FlowKeys::key_of(const Tuple& tuple, std::uint16_t zone) const {
    const bool is_tcp = tuple.protocol == protocol::kTcp;
    const bool is_v4 = tuple.source.family == Family::ipv4;
    if (is_v4 && zone == 0 && (is_tcp || tuple.protocol == protocol::kUdp)) {
        return key_of_ipv4(join_ipv4(tuple.source.bytes.data(), tuple.destination.bytes.data()),
                           join_ports(tuple.source_key, tuple.destination_key), is_tcp);
    }
    // An ICMP query and its answer share the id, which stands in the source's key, and differ in the other.
    const std::uint16_t destination_key =
        is_icmp(tuple.protocol) ? tuple.source_key : tuple.destination_key;
    const std::uint64_t rest = std::uint64_t{zone} << 48 | std::uint64_t{tuple.protocol} << 40 |
                               std::uint64_t{static_cast<std::uint8_t>(tuple.source.family)} << 32;
    return key_of_ends(load_end(tuple.source.bytes.data(), tuple.source_key),
                       load_end(tuple.destination.bytes.data(), destination_key), rest);
}

}  // namespace keepstate::ct
