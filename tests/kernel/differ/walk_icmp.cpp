// See walk_icmp.hpp.
#include "differ/walk_icmp.hpp"

#include <algorithm>
#include <utility>

namespace keepstate::kernel {

Bytes IcmpWalk::message() {
    const std::initializer_list<std::uint8_t> kTypes4{8,  8,  8,  0, 0, 13, 14, 15,
                                                      16, 17, 18, 3, 9, 10, 12, 19};
    const std::initializer_list<std::uint8_t> kTypes6{128, 128, 128, 129, 129, 139, 140, 130, 131,
                                                      132, 133, 134, 135, 136, 143, 151, 1,   137};
    std::uint8_t type = dice_.pick(ground_.is_v6 ? kTypes6 : kTypes4);
    if (dice_.one_in(10)) type = dice_.byte();
    const std::uint8_t code = dice_.one_in(8) ? static_cast<std::uint8_t>(dice_.below(4)) : 0;
    const std::uint32_t rest = dice_.below(3) << 16U | dice_.below(4);
    const std::size_t size = dice_.below(dice_.one_in(20) ? 2000 : 40);
    Bytes bytes = make_icmp(ground_.draw_ends(dice_.below(2)), type, code, rest, Bytes(size));
    bytes = ground_.keep(std::move(bytes));
    if (dice_.one_in(25)) bytes[ground_.header_bytes() + 2] ^= 1;
    if (dice_.one_in(25)) cut(bytes, ground_.header_bytes() + dice_.below(10));
    if (dice_.one_in(40)) set_protocol(bytes, ground_.is_v6 ? 1 : 58);  // of the other family
    return bytes;
}

/// A packet that was seen, in the shape in which a router, or a liar, would quote it.
Bytes IcmpWalk::draw_quote() {
    Bytes quote = ground_.draw_kept();
    if (dice_.one_in(12)) {  // as the other side would have sent it
        const IpEnds ends = ends_of(quote);
        Bytes payload = payload_of(quote);
        if (payload.size() >= 4) {
            std::swap(payload[0], payload[2]);
            std::swap(payload[1], payload[3]);
        }
        quote = make_ip({ends.destination, ends.source}, protocol_of(quote), payload);
    }
    if (dice_.one_in(20)) set_protocol(quote, dice_.byte());
    if (dice_.one_in(20) && !is_ipv6(quote)) set16(quote, 6, 0x2000U | dice_.below(4));
    if (dice_.one_in(20) && is_ipv6(quote)) {  // behind an extension header
        const std::uint8_t number =
            dice_.pick<std::uint8_t>({IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT});
        const Bytes header{quote[6], 0, 0, static_cast<std::uint8_t>(dice_.below(12)), 0, 0, 0, 1};
        quote.insert(quote.begin() + 40, header.begin(), header.end());
        quote[6] = number;
    }
    if (dice_.one_in(20)) quote[0] = static_cast<std::uint8_t>(quote[0] ^ 1U << dice_.below(8));
    // Most routers quote no more than eight bytes behind the header.
    if (dice_.one_in(3))
        quote.resize(std::min<std::size_t>(quote.size(), ground_.header_bytes() + 8));
    if (dice_.one_in(3)) quote.resize(dice_.below(std::min<std::size_t>(quote.size(), 80) + 1));
    if (dice_.one_in(10) && !quote.empty()) quote[dice_.below(quote.size())] ^= 1;
    return quote;
}

/// ICMPv6 redirects have addresses and options in front of the quoted packet.
Bytes IcmpWalk::redirect(const Bytes& quote) {
    Bytes body(32);
    const std::uint8_t option = dice_.one_in(4) ? dice_.byte() : 4;
    body.insert(body.end(), {option, static_cast<std::uint8_t>(dice_.one_in(6) ? 0 : 8)});
    body.resize(body.size() + 6);
    body.insert(body.end(), quote.begin(), quote.end());
    if (dice_.one_in(8)) body.resize(dice_.below(body.size()));
    IpEnds ends = ground_.draw_ends(dice_.below(2));
    const std::string asker = ends_of(quote).source;
    if (quote.size() >= 40 && ground_.is_plain(asker) && !dice_.one_in(6)) ends.destination = asker;
    if (!ground_.has_rules && !dice_.one_in(4))
        ends.source = dice_.one_in(2) ? "fe80::1" : "fe80::2";
    ends.ttl = dice_.one_in(5) ? 64 : 255;  // 255: from a neighbour
    return make_icmp(ends, 137, dice_.one_in(10) ? 1 : 0, 0, body);
}

Bytes IcmpWalk::error() {
    const Bytes quote = draw_quote();
    if (ground_.is_v6 && dice_.one_in(12)) return redirect(quote);
    // From the other end or a router on the way, to the quoted packet's sender; sometimes otherwise.
    IpEnds ends = ground_.draw_ends(dice_.below(2));
    const IpEnds quoted = ends_of(quote);
    const bool is_answerable = quote.size() >= ground_.header_bytes() &&
                               is_ipv6(quote) == ground_.is_v6 && ground_.is_plain(quoted.source);
    if (is_answerable && !dice_.one_in(8)) {
        ends = {dice_.one_in(4) ? ends.source : quoted.destination, quoted.source};
    }
    const std::uint8_t type = ground_.is_v6 ? dice_.pick<std::uint8_t>({1, 1, 2, 3, 4, 5, 100, 127})
                                            : dice_.pick<std::uint8_t>({3, 3, 3, 4, 5, 11, 12});
    Bytes bytes =
        make_icmp(ends, type, static_cast<std::uint8_t>(dice_.below(dice_.one_in(4) ? 16 : 5)),
                  dice_.one_in(4) ? dice_.word() : 0, quote);
    if (dice_.one_in(30)) bytes[ground_.header_bytes() + 2] ^= 1;
    return dice_.one_in(6) ? ground_.keep(std::move(bytes)) : bytes;
}

}  // namespace keepstate::kernel
