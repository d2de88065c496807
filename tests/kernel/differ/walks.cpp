// See walks.hpp. Numbers are drawn by SplitMix64, so that a seed means the same everywhere.
#include "differ/walks.hpp"

#include <array>

#include "packets.hpp"

namespace keepstate::kernel {

namespace {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(next() % bound); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

  private:
    std::uint64_t state_;
};

constexpr std::uint8_t kUrg = 0x20, kEce = 0x40, kCwr = 0x80;

/// One side of a flow, as its own host sees it.
struct Host {
    std::uint32_t next = 0;    ///< next sequence number it would send
    std::uint32_t window = 0;  ///< what it offers, unscaled
    std::uint8_t scale = 0;
    bool offers_scale = false;
    bool offers_sack = false;
};

struct TcpFlow {
    std::uint16_t ports[2] = {0, 0};
    unsigned client = 0, server = 0;  ///< which addresses
    Host hosts[2];
    std::uint32_t last_sent[2] = {0, 0};  ///< the segment before, for retransmissions
    TcpSegment last[2];
};

std::string address(bool is_v6, unsigned side, unsigned number) {
    return (is_v6 ? (side == 0 ? "2001:db8:1::" : "2001:db8:2::")
                  : (side == 0 ? "10.0.1." : "10.0.2.")) +
           std::to_string(number + 1);
}

class TcpWalk {
  public:
    TcpWalk(Dice& dice, bool is_v6) : dice_(dice), is_v6_(is_v6), flows_(6) {
        for (TcpFlow& flow : flows_) restart(flow);
    }

    Bytes next() {
        TcpFlow& flow = flows_[dice_.below(static_cast<std::uint32_t>(flows_.size()))];
        if (dice_.one_in(40)) restart(flow);
        const unsigned side = dice_.below(2);
        TcpSegment segment =
            dice_.one_in(8) && flow.last[side].flags != 0 ? flow.last[side] : make(flow, side);
        flow.last[side] = segment;
        segment.source_port = flow.ports[side];
        segment.destination_port = flow.ports[1 - side];
        const IpEnds ends =
            side == 0 ? IpEnds{address(is_v6_, 0, flow.client), address(is_v6_, 1, flow.server)}
                      : IpEnds{address(is_v6_, 1, flow.server), address(is_v6_, 0, flow.client)};
        return make_tcp(ends, segment);
    }

  private:
    void restart(TcpFlow& flow) {
        flow.ports[0] = static_cast<std::uint16_t>(40000 + dice_.below(3));
        flow.ports[1] = dice_.one_in(2) ? 80 : 443;
        flow.client = dice_.below(2);
        flow.server = 0;
        for (Host& host : flow.hosts) {
            // Near the wrap-around as often as not; sometimes exactly zero.
            host.next = dice_.one_in(2) ? 0xffffff00U + dice_.below(512)
                                        : static_cast<std::uint32_t>(dice_.next());
            if (dice_.one_in(10)) host.next = 0;
            constexpr std::array<std::uint32_t, 7> kWindows{0, 1, 10, 500, 8192, 65535, 30000};
            host.window = kWindows[dice_.below(kWindows.size())];
            host.offers_scale = dice_.one_in(2);
            host.scale = static_cast<std::uint8_t>(dice_.below(16));
            host.offers_sack = dice_.one_in(2);
        }
        flow.last[0] = flow.last[1] = TcpSegment{};
    }

    std::uint8_t draw_flags() {
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
                                                       kSyn | kEce | kCwr,
                                                       kSyn | kAck | kEce,
                                                       kAck,
                                                       kAck};
        if (dice_.one_in(25)) return static_cast<std::uint8_t>(dice_.below(256));
        return kLikely[dice_.below(kLikely.size())];
    }

    /// Where a number may be off, and how far.
    std::uint32_t nudge(const Host& other) {
        const std::uint32_t window = other.window << (other.offers_scale ? other.scale % 15 : 0);
        switch (dice_.below(24)) {
            case 0: return 1;
            case 1: return 0xffffffffU;
            case 2: return window;
            case 3: return window + 1;
            case 4: return window - 1;
            case 5: return 0U - window;
            case 6: return 0U - window - 1;
            case 7: return 66000;
            case 8: return 0U - 66000;
            case 9: return 0U - 66001;
            case 10: return static_cast<std::uint32_t>(dice_.next());
            case 11: return dice_.below(3000);
            case 12: return 0U - dice_.below(3000);
            default: return 0;
        }
    }

    void add_options(TcpSegment& segment, const Host& host, const Host& other) {
        if (segment.flags & kSyn) {
            if (host.offers_scale)
                segment.options.insert(segment.options.end(), {1, 3, 3, host.scale});
            if (host.offers_sack) segment.options.insert(segment.options.end(), {1, 1, 4, 2});
        } else if (dice_.one_in(6)) {
            segment.options.insert(segment.options.end(), {1, 1, 5, 10});
            const std::uint32_t right = other.next + nudge(host);
            put32(segment.options, right - dice_.below(100));
            put32(segment.options, right);
        } else if (dice_.one_in(6)) {
            segment.options.insert(segment.options.end(), {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
        }
        if (dice_.one_in(60)) {
            for (unsigned i = 0; i < 4; ++i) {
                segment.options.push_back(static_cast<std::uint8_t>(dice_.below(8)));
            }
        }
    }

    TcpSegment make(TcpFlow& flow, unsigned side) {
        Host& host = flow.hosts[side];
        Host& other = flow.hosts[1 - side];
        TcpSegment segment;
        segment.flags = draw_flags();
        segment.seq = host.next + nudge(other);
        segment.ack = other.next + nudge(host);
        if (dice_.one_in(12)) segment.seq = 0;
        if (dice_.one_in(12)) segment.ack = 0;
        segment.window =
            static_cast<std::uint16_t>(dice_.one_in(12) ? dice_.below(65536) : host.window);
        add_options(segment, host, other);
        const bool has_data = (segment.flags & (kPsh | kFin)) != 0 && !dice_.one_in(3);
        if (has_data || dice_.one_in(20))
            segment.payload.resize(dice_.below(dice_.one_in(5) ? 1400 : 40));
        const std::uint32_t length = static_cast<std::uint32_t>(segment.payload.size()) +
                                     ((segment.flags & kSyn) ? 1U : 0U) +
                                     ((segment.flags & kFin) ? 1U : 0U);
        if (!dice_.one_in(4) && (segment.flags & kRst) == 0) host.next = segment.seq + length;
        return segment;
    }

    Dice& dice_;
    bool is_v6_;
    std::vector<TcpFlow> flows_;
};

/// Datagrams, queries, errors and everything else: each packet may answer, quote or spoil an earlier one.
class OtherWalk {
  public:
    OtherWalk(Dice& dice, bool is_v6) : dice_(dice), is_v6_(is_v6) {}

    Bytes udp() {
        const unsigned side = dice_.below(2);
        const IpEnds ends = draw_ends(side);
        const std::uint16_t near = static_cast<std::uint16_t>(5000 + dice_.below(3));
        const std::uint16_t far = static_cast<std::uint16_t>(53 + dice_.below(2));
        Bytes payload(dice_.below(60));
        Bytes bytes = make_udp(ends, side == 0 ? near : far, side == 0 ? far : near, payload);
        const std::size_t header = header_bytes();
        if (dice_.one_in(12)) set16(bytes, header + 4, dice_.below(80));     // length
        if (dice_.one_in(12)) set16(bytes, header + 6, dice_.below(65536));  // checksum
        if (dice_.one_in(12)) set16(bytes, header + 6, 0);
        if (dice_.one_in(10)) set_protocol(bytes, 136);  // as UDP-Lite: coverage, other checksum
        return keep(std::move(bytes));
    }

    Bytes icmp() {
        if (!kept_.empty() && dice_.one_in(3)) return error();
        constexpr std::array<std::uint8_t, 12> kTypes4{8, 8, 8, 0, 0, 13, 14, 15, 16, 17, 18, 3};
        constexpr std::array<std::uint8_t, 12> kTypes6{128, 128, 128, 129, 129, 139,
                                                       140, 135, 136, 143, 1,   137};
        std::uint8_t type = (is_v6_ ? kTypes6 : kTypes4)[dice_.below(12)];
        if (dice_.one_in(10)) type = static_cast<std::uint8_t>(dice_.below(256));
        const std::uint8_t code = dice_.one_in(8) ? 1 : 0;
        Bytes bytes = make_icmp(draw_ends(dice_.below(2)), type, code,
                                dice_.below(3) << 16 | dice_.below(4), Bytes(dice_.below(40)));
        return keep(std::move(bytes));
    }

    Bytes other() {
        constexpr std::array<std::uint8_t, 8> kProtocols{47, 47, 47, 50, 51, 103, 4, 253};
        Bytes payload(dice_.below(40));
        for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(dice_.below(4));
        if (dice_.one_in(3)) payload = {0x20, 0x01, 0x88, 0x0b, 0, 0, 0, 7};  // enhanced GRE
        return keep(make_ip(draw_ends(dice_.below(2)), kProtocols[dice_.below(8)], payload));
    }

    /// A packet that errors may quote.
    Bytes keep(Bytes bytes) {
        if (kept_.size() < 64) {
            kept_.push_back(bytes);
        } else {
            kept_[dice_.below(64)] = bytes;
        }
        if (dice_.one_in(30)) bytes.resize(header_bytes() + dice_.below(12)), repair_length(bytes);
        return bytes;
    }

  private:
    std::size_t header_bytes() const { return is_v6_ ? 40 : 20; }

    IpEnds draw_ends(unsigned side) {
        const std::string near = address(is_v6_, 0, dice_.below(2));
        const std::string far = address(is_v6_, 1, 0);
        return side == 0 ? IpEnds{near, far} : IpEnds{far, near};
    }

    void repair_length(Bytes& bytes) const {
        if (is_v6_) {
            set16(bytes, 4, static_cast<unsigned>(bytes.size() - 40));
            return;
        }
        set16(bytes, 2, static_cast<unsigned>(bytes.size()));
        set16(bytes, 10, 0);
        set16(bytes, 10, checksum({bytes.data(), 20}));
    }

    void set_protocol(Bytes& bytes, std::uint8_t protocol) const {
        bytes[is_v6_ ? 6 : 9] = protocol;
        repair_length(bytes);
    }

    Bytes error() {
        const Bytes& quoted = kept_[dice_.below(static_cast<std::uint32_t>(kept_.size()))];
        Bytes quote = quoted;
        if (dice_.one_in(4))
            quote.resize(dice_.below(static_cast<std::uint32_t>(quote.size() + 1)));
        if (dice_.one_in(10) && !quote.empty()) {
            quote[dice_.below(static_cast<std::uint32_t>(quote.size()))] ^= 1;
        }
        // To the quoted packet's sender, which is what an error does; sometimes to somebody else.
        const bool to_near = quoted[is_v6_ ? 13 : 14] == 1;
        const unsigned near = quoted[to_near ? (is_v6_ ? 23 : 15) : (is_v6_ ? 39 : 19)] - 1U;
        IpEnds ends = to_near ? IpEnds{address(is_v6_, 1, 0), address(is_v6_, 0, near & 1)}
                              : IpEnds{address(is_v6_, 0, near & 1), address(is_v6_, 1, 0)};
        if (dice_.one_in(8)) ends = draw_ends(dice_.below(2));
        constexpr std::array<std::uint8_t, 5> kErrors4{3, 4, 5, 11, 12};
        const std::uint8_t type =
            is_v6_ ? static_cast<std::uint8_t>(1 + dice_.below(4)) : kErrors4[dice_.below(5)];
        Bytes bytes = make_icmp(ends, type, static_cast<std::uint8_t>(dice_.below(5)), 0, quote);
        return dice_.one_in(6) ? keep(std::move(bytes)) : bytes;
    }

    Dice& dice_;
    bool is_v6_;
    std::vector<Bytes> kept_;
};

}  // namespace

std::string text(WalkKind kind) {
    constexpr std::array kNames{"tcp", "udp", "icmp", "mixed"};
    return kNames[static_cast<std::size_t>(kind)];
}

Walk make_walk(WalkKind kind, bool is_v6, std::uint64_t seed, std::size_t packets) {
    Walk walk;
    Dice dice{seed};
    walk.setup.devices = {{"eth0", {"10.0.1.0/24", "2001:db8:1::/64"}},
                          {"eth1", {"10.0.2.0/24", "2001:db8:2::/64"}}};
    constexpr std::array<const char*, 4> kKeys{"net.netfilter.nf_conntrack_tcp_be_liberal",
                                               "net.netfilter.nf_conntrack_tcp_loose",
                                               "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst",
                                               "net.netfilter.nf_conntrack_tcp_max_retrans"};
    if (dice.one_in(6)) walk.setup.sysctls.emplace_back(kKeys[0], "1");
    if (dice.one_in(6)) walk.setup.sysctls.emplace_back(kKeys[1], "0");
    if (dice.one_in(6)) walk.setup.sysctls.emplace_back(kKeys[2], "1");
    if (dice.one_in(6)) walk.setup.sysctls.emplace_back(kKeys[3], dice.one_in(2) ? "1" : "2");
    const std::string rules =
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -m state --state INVALID\n"
        "-A FORWARD -m state --state NEW -p tcp --tcp-flags ACK ACK -j DROP\nCOMMIT\n";
    if (!getenv("NORULES") && dice.one_in(3))
        (is_v6 ? walk.setup.rules6 : walk.setup.rules4) = rules;
    TcpWalk tcp{dice, is_v6};
    OtherWalk other{dice, is_v6};
    for (std::size_t i = 0; i < packets; ++i) {
        const std::uint32_t draw = kind == WalkKind::mixed ? dice.below(8) : 0;
        Bytes bytes;
        if (kind == WalkKind::tcp || (kind == WalkKind::mixed && draw < 3)) {
            bytes = kind == WalkKind::mixed ? other.keep(tcp.next()) : tcp.next();
        } else if (kind == WalkKind::udp || draw == 3) {
            bytes = other.udp();
        } else if (kind == WalkKind::mixed && draw == 4) {
            bytes = other.other();
        } else {
            bytes = dice.one_in(3) ? other.udp() : other.icmp();
        }
        walk.packets.push_back({std::move(bytes), {}, 0});
    }
    return walk;
}

}  // namespace keepstate::kernel
