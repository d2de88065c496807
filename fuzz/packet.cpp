// Any bytes as a frame: nothing may crash, read past the end, or contradict itself.
//
// The first byte chooses the link type, the rest is the frame. The frame is copied to memory of exactly its size,
// so that the address sanitizer sees every byte that is read beyond it.
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "keepstate/packet.hpp"
#include "wire/checksum.hpp"
#include "wire/parse.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::wire;

constexpr std::array kLinks{LinkType::raw,       LinkType::ethernet,   LinkType::null,
                            LinkType::ppp,       LinkType::ppp_hdlc,   LinkType::ppp_ether,
                            LinkType::linux_sll, LinkType::linux_sll2, LinkType::loop,
                            LinkType::ipv4,      LinkType::ipv6};

void read_everything(const Packet& packet) {
    KS_ASSERT(packet.ip.size() >= packet.header_bytes);
    KS_ASSERT(packet.fragment_offset == 0 || packet.is_fragment);
    static_cast<void>(packet.source());
    static_cast<void>(packet.destination());
    static_cast<void>(check_ipv4_options(packet, false));
    static_cast<void>(has_right_sctp_checksum(packet));
    for (const int protocol : {1, 6, 17, 58})
        static_cast<void>(has_right_checksum(packet, static_cast<std::uint8_t>(protocol)));
    static_cast<void>(has_right_partial_checksum(packet, 136, 9));
    if (const auto tcp = parse_tcp(packet)) {
        KS_ASSERT(tcp->payload_bytes <= packet.ip.size());
        KS_ASSERT(tcp->options.size() <= 40);
    }
    Quoted quoted;
    for (const Family family : {Family::ipv4, Family::ipv6})
        for (const std::size_t after : {0U, 8U, 48U})
            if (find_quoted_transport(packet, packet.transport_offset + after, family, quoted))
                static_cast<void>(packet.ip.sub(quoted.transport_offset));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const LinkType link = kLinks[data[0] % kLinks.size()];
    const std::size_t bytes = size - 1;
    const auto copy = std::make_unique<std::uint8_t[]>(bytes);
    for (std::size_t i = 0; i < bytes; ++i) copy[i] = data[i + 1];
    std::string line;
    print_summary(static_cast<LinkNumber>(link), {copy.get(), bytes}, line);
    KS_ASSERT(!line.empty());
    const LinkPayload payload = parse_link(link, {copy.get(), bytes});
    if (payload.reason != Reason::none) return 0;
    Packet packet;
    if (parse_ip(payload.family, payload.ip, true, packet) == Reason::none) read_everything(packet);
    return 0;
}
