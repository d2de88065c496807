// See walk_tcp.hpp.
#include "differ/walk_tcp.hpp"

#include <array>
#include <utility>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kFlows = 10;

std::uint32_t length_of(const TcpSegment& segment) {
    return static_cast<std::uint32_t>(segment.payload.size()) + ((segment.flags & kSyn) ? 1U : 0U) +
           ((segment.flags & kFin) ? 1U : 0U);
}

std::uint32_t scaled_window(const TcpHost& host) {
    return host.window << (host.offers_scale ? std::min<unsigned>(host.scale, 14) : 0U);
}

}  // namespace

TcpWalk::TcpWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice), flows_(kFlows) {
    for (TcpFlow& flow : flows_) restart(flow);
}

Bytes TcpWalk::next() {
    if (!delayed_.empty() && dice_.one_in(4)) {
        const std::size_t at = dice_.below(delayed_.size());
        Bytes bytes = std::move(delayed_[at]);
        delayed_.erase(delayed_.begin() + static_cast<std::ptrdiff_t>(at));
        return bytes;
    }
    TcpFlow& flow = flows_[dice_.below(flows_.size())];
    if (dice_.one_in(flow.is_session ? 250 : 40)) restart(flow);
    const unsigned side = dice_.below(2);
    TcpHost& host = flow.hosts[side];
    TcpSegment segment;
    if (dice_.one_in(flow.is_session ? 14 : 8) && host.last.flags != 0) {
        segment = host.last;
    } else {
        segment = flow.is_session ? make_session(flow, side) : make_chaos(flow, side);
        host.last = segment;
    }
    Bytes bytes = wrap(flow, side, segment);
    if (dice_.one_in(40)) spoil(bytes);
    if (dice_.one_in(12) && delayed_.size() < 16) {
        delayed_.push_back(bytes);
        return dice_.one_in(3) ? bytes : next();  // twice, or late, or (by chance) never
    }
    return bytes;
}

void TcpWalk::restart_host(TcpHost& host) {
    host = TcpHost{};
    // Near the wrap-around as often as not; sometimes exactly zero.
    host.next = dice_.one_in(2) ? 0xffffff00U + dice_.below(512) : dice_.word();
    if (dice_.one_in(10)) host.next = 0;
    host.window = dice_.pick<std::uint32_t>({0, 1, 10, 500, 8192, 65535, 30000});
    host.offers_scale = dice_.one_in(2);
    host.scale = static_cast<std::uint8_t>(dice_.below(16));
    host.offers_sack = dice_.one_in(2);
}

void TcpWalk::restart(TcpFlow& flow) {
    flow.is_session = dice_.percent(55);
    flow.ports[0] = static_cast<std::uint16_t>(40000 + dice_.below(4));
    flow.ports[1] = dice_.one_in(2) ? 80 : 443;
    flow.client = dice_.below(2);
    flow.server = 0;
    for (TcpHost& host : flow.hosts) {
        restart_host(host);
        if (flow.is_session && host.window < 500) host.window = 4000;
    }
    // Begun long ago, where nobody of us looked.
    if (flow.is_session && dice_.one_in(6)) {
        for (unsigned side : {0U, 1U}) {
            flow.hosts[side].has_opened = flow.hosts[side].has_heard = true;
            flow.hosts[side].heard = flow.hosts[1 - side].next;
        }
    }
}

Bytes TcpWalk::wrap(const TcpFlow& flow, unsigned side, TcpSegment segment) {
    segment.source_port = flow.ports[side];
    segment.destination_port = flow.ports[1 - side];
    const std::string client = ground_.address(0, flow.client);
    const std::string server = ground_.address(1, flow.server);
    return make_tcp(side == 0 ? IpEnds{client, server} : IpEnds{server, client}, segment);
}

/// What the network, or somebody who means ill, does to a segment.
void TcpWalk::spoil(Bytes& bytes) {
    const std::size_t at = ground_.header_bytes();
    switch (dice_.below(6)) {
        case 0: bytes[at + 12] = static_cast<std::uint8_t>(dice_.below(16) << 4); break;
        case 1: bytes[at + 16] ^= 0x55; break;
        case 2: bytes[at + dice_.below(bytes.size() - at)] ^= 1; break;
        case 3: cut(bytes, at + dice_.below(30)); break;
        case 4: set16(bytes, at + 16, 0); break;
        default: {  // a data offset that does not fit, with a right checksum
            Bytes segment = payload_of(bytes);
            segment[12] = static_cast<std::uint8_t>(dice_.below(16) << 4);
            bytes = seal(ends_of(bytes), IPPROTO_TCP, std::move(segment), 16);
        }
    }
}

// --- chaos ---------------------------------------------------------------------------------------------------

std::uint8_t TcpWalk::draw_flags() {
    constexpr std::array<std::uint8_t, 24> kLikely{kSyn,
                                                   kSyn,
                                                   kSyn | kAck,
                                                   kSyn | kAck,
                                                   kAck,
                                                   kAck,
                                                   kAck,
                                                   kAck,
                                                   kAck,
                                                   kAck | kPsh,
                                                   kAck | kPsh,
                                                   kAck | kPsh,
                                                   kFin | kAck,
                                                   kFin | kAck,
                                                   kFin | kAck,
                                                   kRst,
                                                   kRst | kAck,
                                                   kAck,
                                                   kAck,
                                                   kAck | kUrg,
                                                   kAck,
                                                   kAck,
                                                   kSyn | kEce | kCwr,
                                                   kSyn | kAck | kEce};
    if (dice_.one_in(20)) return dice_.byte();
    return kLikely[dice_.below(kLikely.size())];
}

/// Where a number may be off, and how far: `of` sent what is counted, `other` allows it.
std::uint32_t TcpWalk::nudge(const TcpHost& of, const TcpHost& other) {
    const std::uint32_t window = scaled_window(other);
    const std::uint32_t near = dice_.below(7) - 3;  // -3 to 3
    switch (dice_.below(24)) {
        case 0: return 1;
        case 1: return 0xffffffffU;
        case 2: return window + near;
        case 3: return window;
        case 4: return other.heard - of.next + window + near;
        case 5: return 0U - window + near;
        case 6: return 0U - scaled_window(of) + near;
        case 7: return 66000 + near;
        case 8: return 0U - 66000 + near;
        case 9: return dice_.one_in(2) ? near : 0x80000000U + near;
        case 10: return dice_.word();
        case 11: return dice_.below(3000);
        case 12: return 0U - dice_.below(3000);
        default: return 0;
    }
}

TcpSegment TcpWalk::make_chaos(TcpFlow& flow, unsigned side) {
    TcpHost& host = flow.hosts[side];
    TcpHost& other = flow.hosts[1 - side];
    TcpSegment segment;
    segment.flags = draw_flags();
    segment.seq = host.next + nudge(host, other);
    segment.ack = other.next + nudge(other, host);
    if (dice_.one_in(12)) segment.seq = 0;
    if (dice_.one_in(12)) segment.ack = 0;
    segment.window =
        static_cast<std::uint16_t>(dice_.one_in(12) ? dice_.below(65536) : host.window);
    add_options(segment, host, other);
    const bool has_data = (segment.flags & (kPsh | kFin)) != 0 && !dice_.one_in(3);
    if (has_data || dice_.one_in(20))
        segment.payload.resize(dice_.below(dice_.one_in(5) ? 1400 : 40));
    if (!dice_.one_in(4) && (segment.flags & kRst) == 0) {
        host.next = segment.seq + length_of(segment);
        other.heard = host.next;
    }
    return segment;
}

// --- sessions ------------------------------------------------------------------------------------------------

TcpSegment TcpWalk::make_session(TcpFlow& flow, unsigned side) {
    TcpHost& host = flow.hosts[side];
    TcpHost& other = flow.hosts[1 - side];
    const bool is_over = host.has_closed && other.has_closed && dice_.one_in(6);
    if (is_over) reopen(flow);
    TcpSegment segment;
    if (!host.has_opened || !host.has_heard) {
        segment = open(host, other);
    } else if (dice_.one_in(45)) {
        segment = reset(host, other);
        if (dice_.one_in(3)) reopen(flow);
    } else {
        segment = talk(host, other);
    }
    if (dice_.one_in(60)) segment.seq += nudge(host, other);
    if (dice_.one_in(60)) segment.ack += nudge(other, host);
    if (dice_.one_in(80)) segment.flags ^= static_cast<std::uint8_t>(1U << dice_.below(8));
    if (!dice_.one_in(20)) listen(other, segment);  // what does not arrive is still seen on the way
    return segment;
}

/// The opening: a SYN, also of both at once; a SYN/ACK; a SYN/ACK to a SYN nobody remembers.
TcpSegment TcpWalk::open(TcpHost& host, const TcpHost& other) {
    TcpSegment segment;
    segment.seq = host.has_opened ? host.next - 1 : host.next;
    segment.flags = kSyn;
    if (dice_.one_in(5)) segment.flags |= kEce | kCwr;
    const bool answers = host.has_heard || (other.has_opened && !dice_.one_in(8));
    if (answers) {
        segment.flags = kSyn | kAck;
        segment.ack = other.next;
        host.has_heard = true;
        host.heard = other.next;
    }
    segment.window = static_cast<std::uint16_t>(host.window);
    add_options(segment, host, other);
    if (dice_.one_in(40)) segment.payload.resize(dice_.below(20));
    if (!host.has_opened) host.next += length_of(segment);
    host.has_opened = true;
    return segment;
}

TcpSegment TcpWalk::talk(TcpHost& host, const TcpHost& other) {
    TcpSegment segment;
    segment.flags = kAck;
    segment.seq = host.next;
    segment.ack = host.heard;
    segment.window = static_cast<std::uint16_t>(host.window);
    const std::uint32_t draw = dice_.below(100);
    if (draw < 40 && !host.has_closed) {
        if (dice_.one_in(2)) segment.flags |= kPsh;
        if (dice_.one_in(30)) segment.flags |= kUrg;
        segment.payload.resize(dice_.small(1400));
    } else if (draw < 48) {  // a keepalive, with or without its byte
        segment.seq = host.next - 1;
        segment.payload.resize(dice_.below(2));
    } else if (draw < 53) {
        segment.window = 0;
    } else if (draw < 57) {
        host.window = dice_.pick<std::uint32_t>({500, 4000, 8192, 30000, 65535});
        segment.window = static_cast<std::uint16_t>(host.window);
    } else if (draw < 62 && !host.has_closed) {
        segment.flags |= kFin;
        if (dice_.one_in(4)) segment.payload.resize(dice_.small(100));
        host.has_closed = true;
    } else if (draw < 68) {  // from further back: sent again, cut differently
        const std::uint32_t back = dice_.small(3000);
        segment.seq = host.next - back;
        segment.payload.resize(dice_.below(back + 1));
    } else if (draw < 72) {  // an ACK of before
        segment.ack = host.heard - dice_.small(3000);
    } else if (draw < 75) {  // up to the right edge of the window, and over
        const std::uint32_t room = scaled_window(other) - (host.next - other.heard);
        segment.seq = host.next + room + dice_.below(5) - 3;
        segment.payload.resize(dice_.below(3));
    }
    add_options(segment, host, other);
    if (segment.seq == host.next) host.next += length_of(segment);
    return segment;
}

/// At, before and behind both edges; with and without ACK.
TcpSegment TcpWalk::reset(const TcpHost& host, const TcpHost& other) {
    TcpSegment segment;
    segment.flags = static_cast<std::uint8_t>(dice_.one_in(2) ? kRst : kRst | kAck);
    const std::uint32_t near = dice_.below(5) - 2;
    switch (dice_.below(5)) {
        case 0: segment.seq = host.next; break;
        case 1: segment.seq = other.heard + near; break;
        case 2: segment.seq = other.heard + scaled_window(other) + near; break;
        case 3: segment.seq = host.next + near; break;
        default: segment.seq = dice_.one_in(2) ? 0 : host.last.ack; break;
    }
    segment.ack = (segment.flags & kAck) != 0 || dice_.one_in(4) ? host.heard : 0;
    segment.window = static_cast<std::uint16_t>(dice_.one_in(2) ? 0 : host.window);
    if (dice_.one_in(10)) segment.payload.resize(dice_.below(4));
    return segment;
}

/// The other host takes in what it expects next.
void TcpWalk::listen(TcpHost& host, const TcpSegment& segment) {
    if ((segment.flags & kSyn) != 0) {
        host.has_heard = true;
        host.heard = segment.seq + length_of(segment);
    } else if (host.has_heard && segment.seq == host.heard && (segment.flags & kRst) == 0) {
        host.heard += length_of(segment);
    }
}

/// The same ports again, with numbers above, just at, or far below those of before.
void TcpWalk::reopen(TcpFlow& flow) {
    const bool is_turned = dice_.one_in(5);
    for (TcpHost& host : flow.hosts) {
        const std::uint32_t before = host.next;
        restart_host(host);
        if (host.window < 500) host.window = 4000;
        if (dice_.one_in(2)) host.next = before + dice_.below(4) - 1;
        if (dice_.one_in(4)) host.next = before + 100000;
    }
    if (is_turned) flow.hosts[0].has_heard = false;
}

// --- options -------------------------------------------------------------------------------------------------

void TcpWalk::add_sack(TcpSegment& segment, std::uint32_t from, std::uint32_t to) {
    const std::uint32_t blocks = 1 + dice_.below(dice_.one_in(3) ? 4 : 1);
    if (dice_.one_in(2)) segment.options.insert(segment.options.end(), {1, 1});
    segment.options.insert(segment.options.end(), {5, static_cast<std::uint8_t>(2 + 8 * blocks)});
    for (std::uint32_t i = 0; i < blocks; ++i) {
        const std::uint32_t left = from + dice_.below(std::max(to - from, 1U) % 5000 + 1);
        put32(segment.options, left);
        put32(segment.options, dice_.one_in(3) ? to : left + dice_.below(200));
    }
}

/// Kinds that nobody knows, lengths that lie, options twice.
void TcpWalk::add_nonsense(TcpSegment& segment) {
    switch (dice_.below(7)) {
        case 0: segment.options.insert(segment.options.end(), {3, 3, dice_.byte()}); break;
        case 1: segment.options.insert(segment.options.end(), {5, dice_.byte()}); break;
        case 2: segment.options.insert(segment.options.end(), {3, dice_.byte(), 4, 0}); break;
        case 3: segment.options.insert(segment.options.end(), {0, 5, 10}); break;
        case 4: segment.options.insert(segment.options.end(), {254, 4, 1, 2, 4, 2}); break;
        case 5: segment.options.insert(segment.options.end(), {5, 2, 5, 10, 0, 0}); break;
        default:
            for (unsigned i = 0; i < 8; ++i) {
                segment.options.push_back(static_cast<std::uint8_t>(dice_.below(12)));
            }
    }
}

void TcpWalk::add_options(TcpSegment& segment, const TcpHost& host, const TcpHost& other) {
    constexpr std::size_t kMost = 40;
    if ((segment.flags & kSyn) != 0) {
        if (dice_.one_in(2)) segment.options = {2, 4, 5, 0xb4};
        if (host.offers_scale) segment.options.insert(segment.options.end(), {1, 3, 3, host.scale});
        if (host.offers_sack) segment.options.insert(segment.options.end(), {1, 1, 4, 2});
    } else if (dice_.one_in(6)) {
        if (dice_.one_in(3)) {  // anywhere near the window
            const std::uint32_t right = other.next + nudge(other, host);
            add_sack(segment, right - dice_.below(100), right);
        } else {
            add_sack(segment, host.heard, other.next + (dice_.one_in(10) ? 1 : 0));
        }
    } else if (dice_.one_in(3)) {
        segment.options.insert(segment.options.end(), {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
        if (dice_.one_in(5)) add_sack(segment, host.heard, other.next);
    }
    if (dice_.one_in(40)) add_nonsense(segment);
    if (segment.options.size() > kMost) segment.options.resize(kMost);
}

}  // namespace keepstate::kernel
