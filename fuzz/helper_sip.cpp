// Any payload to the SIP helper, by UDP and TCP, IPv4 and IPv6, several packets of a flow: nothing may crash, and what
// is asked for is bounded by what was said.
//
// The input's first byte chooses protocol, family and settings. Then packets follow: direction and length, two bytes,
// and so many bytes of payload.
#include <algorithm>
#include <cstdint>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "ct/helper/helper.hpp"
#include "ct/helper/test_wishes.hpp"
#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::ct;

struct Everywhere final : Ways {
    std::uint32_t way_to(const Address& address) const override { return address.bytes[3] & 1U; }
};

wire::Bytes build(const Tuple& tuple, wire::ByteSpan payload) {
    wire::IpFields ip;
    ip.source = tuple.source;
    ip.destination = tuple.destination;
    if (tuple.protocol == protocol::kUdp) {
        return wire::build_udp(ip, tuple.source_key, tuple.destination_key, payload);
    }
    wire::TcpFields tcp;
    tcp.source_port = tuple.source_key;
    tcp.destination_port = tuple.destination_key;
    return wire::build_tcp(ip, tcp, payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint8_t choice = *data++;
    --size;
    HelperSettings settings;
    settings.sip_sip_direct_media = choice >> 2 & 1U;
    settings.sip_sip_direct_signalling = choice >> 3 & 1U;
    settings.sip_sip_external_media = choice >> 4 & 1U;
    std::vector<Helper> helpers;
    add_sip_helpers(settings, helpers);
    const Helper& helper = helpers[choice & 3U];
    const bool is_v4 = helper.family == Family::ipv4;
    const Address client = *parse_address(is_v4 ? "10.0.0.1" : "fd00::1");
    const Address server = *parse_address(is_v4 ? "10.0.1.1" : "fd00::2");
    const std::array<Tuple, 2> tuples{Tuple{client, server, helper.protocol, 5060, 5060},
                                      Tuple{server, client, helper.protocol, 5060, 5060}};
    ct::test::TestWishes wishes;
    wishes.own_helper = &helper;
    HelperMemory memory;
    const Everywhere ways;
    while (size >= 2) {
        const auto head = base::load_be16(data);
        data += 2;
        size -= 2;
        const std::size_t bytes = std::min<std::size_t>(head & 0x3fffU, size);
        const auto direction = static_cast<CtDirection>(head >> 15);
        const wire::Bytes whole = build(tuples[static_cast<std::size_t>(direction)], {data, bytes});
        data += bytes;
        size -= bytes;
        wire::Packet packet;
        const Family family = client.family;
        if (wire::parse_ip(family, {whole.data(), whole.size()}, true, packet) != Reason::none) {
            continue;
        }
        wishes.calls = 0;
        const std::size_t before = wishes.granted.size();
        const HelperCase of{packet,  tuples,   direction, CtState::established,  helper,
                            helpers, settings, false,     (head & 0x4000U) != 0, {},
                            &ways,   0};
        const HelperAnswer answer = helper.help(of, memory, wishes);
        KS_ASSERT(answer.drops || answer.words.empty());
        // The shortest that asks for two is "\nm=audio 1024\n"; more than all of its own is never taken back.
        KS_ASSERT(wishes.granted.size() <= before + bytes / 6);
        KS_ASSERT(wishes.calls <= 2 + 4 * before + 4 * bytes);
    }
    return 0;
}
