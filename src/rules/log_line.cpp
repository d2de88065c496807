// See log_line.hpp. One function a header; each says whether the line goes on behind it.
#include "rules/log_line.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <iterator>

namespace keepstate::rules {

namespace {

using base::ByteView;

constexpr std::uint8_t kAh = 51, kEsp = 50, kHopByHop = 0, kRouting = 43, kFragment = 44;
constexpr std::uint8_t kDestination = 60;

/// A line that stops at the kernel's buffer end: what would pass it is cut, and nothing follows.
class Line {
  public:
    Line(std::string& out, std::uint8_t flags) : out_(out), begin_(out.size()), flags_(flags) {}

    template <typename... Args>
    void add(fmt::format_string<Args...> words, Args&&... args) {
        if (is_full_) return;
        fmt::format_to(std::back_inserter(out_), words, std::forward<Args>(args)...);
        is_full_ = out_.size() - begin_ > kLongestLogLine;
        if (is_full_) out_.resize(begin_ + kLongestLogLine);
    }
    void add_hex(ByteView bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) add("{:02X}", bytes.u8(i));
    }
    /// How many bytes are there from `offset`, in 32 bits as the kernel counts them.
    void add_incomplete(ByteView ip, std::size_t offset, std::string_view behind = " ") {
        add("INCOMPLETE [{} bytes]{}", static_cast<std::uint32_t>(ip.size() - offset), behind);
    }
    bool wants(std::uint8_t flag) const { return (flags_ & flag) != 0; }

  private:
    std::string& out_;
    std::size_t begin_;
    std::uint8_t flags_;
    bool is_full_ = false;
};

std::string device_text(const char* name) {
    return name == nullptr ? std::string() : std::string(name, strnlen(name, 16));
}

void add_tcp_flags(Line& line, std::uint8_t offset_byte, std::uint8_t flags) {
    constexpr std::array<std::string_view, 8> kNames{"CWR ", "ECE ", "URG ", "ACK ",
                                                     "PSH ", "RST ", "SYN ", "FIN "};
    if (offset_byte & 1) line.add("AE ");
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (flags & (0x80U >> i)) line.add("{}", kNames[i]);
    }
}

bool add_tcp(Line& line, ByteView ip, std::size_t at, bool is_later_fragment) {
    constexpr std::size_t kFixed = 20;
    line.add("PROTO=TCP ");
    if (is_later_fragment) return true;
    if (!ip.has(at, kFixed)) {
        line.add_incomplete(ip, at);
        return false;
    }
    line.add("SPT={} DPT={} ", ip.be16(at), ip.be16(at + 2));
    if (line.wants(log_flag::kTcpSequence)) {
        line.add("SEQ={} ACK={} ", ip.be32(at + 4), ip.be32(at + 8));
    }
    line.add("WINDOW={} RES=0x{:02x} ", ip.be16(at + 14), (ip.u8(at + 12) & 0x0e) << 2);
    add_tcp_flags(line, ip.u8(at + 12), ip.u8(at + 13));
    line.add("URGP={} ", ip.be16(at + 18));
    const std::size_t header = std::size_t{ip.u8(at + 12)} / 16 * 4;
    if (!line.wants(log_flag::kTcpOptions) || header <= kFixed) return true;
    if (!ip.has(at + kFixed, header - kFixed)) {
        line.add("OPT (TRUNCATED)");
        return false;
    }
    line.add("OPT (");
    line.add_hex(ip.sub(at + kFixed, header - kFixed));
    line.add(") ");
    return true;
}

bool add_udp(Line& line, ByteView ip, std::size_t at, std::uint8_t number, bool is_later_fragment) {
    line.add("PROTO={} ", number == protocol::kUdp ? "UDP" : "UDPLITE");
    if (is_later_fragment) return true;
    if (!ip.has(at, 8)) {
        line.add_incomplete(ip, at);
        return false;
    }
    line.add("SPT={} DPT={} LEN={} ", ip.be16(at), ip.be16(at + 2), ip.be16(at + 4));
    return true;
}

void add_ipv4(Line& line, ByteView ip, std::size_t at);

/// How many bytes an ICMP message of the type must have; 0: any number.
std::size_t icmp_bytes_needed(std::uint8_t type) {
    switch (type) {
        case 0:
        case 8: return 4;
        case 3:
        case 4:
        case 5:
        case 11:
        case 12: return 28;
        case 13:
        case 14: return 20;
        case 17:
        case 18: return 12;
        default: return 0;
    }
}

void add_icmp(Line& line, ByteView ip, std::size_t at, bool is_quoted) {
    if (!ip.has(at, 8)) return line.add_incomplete(ip, at);
    const std::uint8_t type = ip.u8(at);
    line.add("TYPE={} CODE={} ", type, ip.u8(at + 1));
    const std::size_t needed = icmp_bytes_needed(type);
    if (needed != 0 && ip.size() - at < needed) return line.add_incomplete(ip, at);
    switch (type) {
        case 0:
        case 8: line.add("ID={} SEQ={} ", ip.be16(at + 4), ip.be16(at + 6)); return;
        case 12: line.add("PARAMETER={} ", ip.u8(at + 4)); return;
        case 3:
        case 4:
        case 5:
        case 11: break;
        default: return;
    }
    if (type == 5) {
        line.add("GATEWAY={}.{}.{}.{} ", ip.u8(at + 4), ip.u8(at + 5), ip.u8(at + 6),
                 ip.u8(at + 7));
    }
    if (!is_quoted) {
        line.add("[");
        add_ipv4(line, ip, at + 8);
        line.add("] ");
    }
    constexpr std::uint8_t kFragmentationNeeded = 4;
    if (type == 3 && ip.u8(at + 1) == kFragmentationNeeded) line.add("MTU={} ", ip.be16(at + 6));
}

void add_spi(Line& line, ByteView ip, std::size_t at, std::size_t header, std::size_t spi_at) {
    if (!ip.has(at, header)) return line.add_incomplete(ip, at);
    line.add("SPI=0x{:x} ", ip.be32(at + spi_at));
}

/// What follows the IPv4 header. False: the line ends here.
bool add_ipv4_payload(Line& line, ByteView ip, std::size_t at, std::uint8_t number,
                      bool is_later_fragment, bool is_quoted) {
    switch (number) {
        case protocol::kTcp: return add_tcp(line, ip, at, is_later_fragment);
        case protocol::kUdp:
        case protocol::kUdpLite: return add_udp(line, ip, at, number, is_later_fragment);
        case protocol::kIcmp:
            line.add("PROTO=ICMP ");
            if (!is_later_fragment) add_icmp(line, ip, at, is_quoted);
            return true;
        case kAh:
            if (is_later_fragment) return true;
            line.add("PROTO=AH ");
            add_spi(line, ip, at, 12, 4);
            return true;
        case kEsp:
            line.add("PROTO=ESP ");
            if (!is_later_fragment) add_spi(line, ip, at, 8, 0);
            return true;
        default: line.add("PROTO={} ", number); return true;
    }
}

void add_mark(Line& line, std::uint32_t mark) {
    if (mark != 0) line.add("MARK=0x{:x} ", mark);
}

/// The header at `at` and what follows it. False: the line ends here.
bool add_ipv4_header(Line& line, ByteView ip, std::size_t at, bool is_quoted) {
    constexpr std::size_t kFixed = 20;
    if (!ip.has(at, kFixed)) {
        line.add("TRUNCATED");
        return false;
    }
    const auto dotted = [&](std::string_view name, std::size_t from) {
        line.add("{}={}.{}.{}.{} ", name, ip.u8(from), ip.u8(from + 1), ip.u8(from + 2),
                 ip.u8(from + 3));
    };
    dotted("SRC", at + 12);
    dotted("DST", at + 16);
    const std::uint8_t tos = ip.u8(at + 1);
    line.add("LEN={} TOS=0x{:02X} PREC=0x{:02X} TTL={} ID={} ", ip.be16(at + 2), tos & 0x1e,
             tos & 0xe0, ip.u8(at + 8), ip.be16(at + 4));
    const std::uint16_t fragment = ip.be16(at + 6);
    const unsigned offset = fragment & 0x1fffU;
    if (fragment & 0x8000) line.add("CE ");
    if (fragment & 0x4000) line.add("DF ");
    if (fragment & 0x2000) line.add("MF ");
    if (offset != 0) line.add("FRAG:{} ", offset);
    const std::size_t header = (ip.u8(at) & 0x0fU) * std::size_t{4};
    if (line.wants(log_flag::kIpOptions) && header > kFixed) {
        if (!ip.has(at + kFixed, header - kFixed)) {
            line.add("TRUNCATED");
            return false;
        }
        line.add("OPT (");
        line.add_hex(ip.sub(at + kFixed, header - kFixed));
        line.add(") ");
    }
    return add_ipv4_payload(line, ip, at + header, ip.u8(at + 9), offset != 0, is_quoted);
}

void add_ipv4(Line& line, ByteView ip, std::size_t at) { add_ipv4_header(line, ip, at, true); }

// --- IPv6 ------------------------------------------------------------------------------------------------

bool add_ipv6(Line& line, ByteView ip, std::size_t at, bool is_quoted);

/// Where the chain of extension headers stands.
struct Chain {
    std::size_t at = 0;
    std::uint8_t next = 0;
    bool is_later_fragment = false;

    bool is_extension() const {
        return next == kHopByHop || next == kRouting || next == kFragment || next == kEsp ||
               next == kAh || next == kDestination;
    }
};

bool add_fragment_header(Line& line, ByteView ip, Chain& chain) {
    line.add("FRAG:");
    if (!ip.has(chain.at, 8)) {
        line.add("TRUNCATED ");
        return false;
    }
    const std::uint16_t offset = ip.be16(chain.at + 2);
    line.add("{} ", offset & 0xfff8);
    if (offset & 1) line.add("INCOMPLETE ");
    line.add("ID:{:08x} ", ip.be32(chain.at + 4));
    if (offset & 0xfff8) chain.is_later_fragment = true;
    return true;
}

/// AH and ESP, with --log-ip-options.
bool add_security_header(Line& line, ByteView ip, const Chain& chain) {
    const bool is_ah = chain.next == kAh;
    line.add("{} ", is_ah ? "AH" : "ESP");
    if (chain.is_later_fragment) {
        line.add(")");
        return false;
    }
    if (!ip.has(chain.at, is_ah ? 12 : 8)) {
        line.add_incomplete(ip, chain.at, " )");
        return false;
    }
    line.add("SPI=0x{:x} {}", ip.be32(chain.at + (is_ah ? 4 : 0)), is_ah ? "" : ")");
    return is_ah;
}

/// One extension header. False: the line ends here.
bool add_extension(Line& line, ByteView ip, Chain& chain) {
    if (!ip.has(chain.at, 2)) {
        line.add("TRUNCATED");
        return false;
    }
    const bool with_options = line.wants(log_flag::kIpOptions);
    if (with_options) line.add("OPT ( ");
    const std::uint8_t kind = chain.next;
    std::size_t bytes = 8;
    if (kind == kFragment) {
        if (!add_fragment_header(line, ip, chain)) return false;
    } else if (kind == kAh || kind == kEsp) {
        if (with_options && !add_security_header(line, ip, chain)) return false;
        if (kind == kEsp) return false;
        bytes = (ip.u8(chain.at + 1) + std::size_t{2}) * 4;
    } else {
        if (chain.is_later_fragment) {
            if (with_options) line.add(")");
            return false;
        }
        bytes = (ip.u8(chain.at + 1) + std::size_t{1}) * 8;
    }
    if (with_options) line.add(") ");
    chain.next = ip.u8(chain.at);
    chain.at += bytes;
    return true;
}

bool add_icmpv6(Line& line, ByteView ip, const Chain& chain, bool is_quoted) {
    line.add("PROTO=ICMPv6 ");
    if (chain.is_later_fragment) return true;
    const std::size_t at = chain.at;
    if (!ip.has(at, 8)) {
        line.add_incomplete(ip, at);
        return false;
    }
    const std::uint8_t type = ip.u8(at);
    line.add("TYPE={} CODE={} ", type, ip.u8(at + 1));
    if (type == 128 || type == 129) line.add("ID={} SEQ={} ", ip.be16(at + 4), ip.be16(at + 6));
    if (type < 1 || type > 4) return true;
    if (type == 4) line.add("POINTER={:08x} ", ip.be32(at + 4));
    if (!is_quoted) {
        line.add("[");
        add_ipv6(line, ip, at + 8, true);
        line.add("] ");
    }
    if (type == 2) line.add("MTU={} ", ip.be32(at + 4));
    return true;
}

/// The header at `at` and what follows it. False: the line ends here.
bool add_ipv6(Line& line, ByteView ip, std::size_t at, bool is_quoted) {
    constexpr std::size_t kFixed = 40;
    if (!ip.has(at, kFixed)) {
        line.add("TRUNCATED");
        return false;
    }
    const auto groups = [&](std::string_view name, std::size_t from) {
        line.add("{}=", name);
        for (std::size_t i = 0; i < 8; ++i) {
            line.add("{:04x}{}", ip.be16(from + 2 * i), i < 7 ? ":" : " ");
        }
    };
    groups("SRC", at + 8);
    groups("DST", at + 24);
    const std::uint32_t first = ip.be32(at);
    line.add("LEN={} TC={} HOPLIMIT={} FLOWLBL={} ", ip.be16(at + 4) + kFixed, first >> 20 & 0xff,
             ip.u8(at + 7), first & 0xfffff);
    Chain chain{at + kFixed, ip.u8(at + 6)};
    while (chain.is_extension()) {
        if (!add_extension(line, ip, chain)) return false;
    }
    switch (chain.next) {
        case protocol::kTcp: return add_tcp(line, ip, chain.at, chain.is_later_fragment);
        case protocol::kUdp:
        case protocol::kUdpLite:
            return add_udp(line, ip, chain.at, chain.next, chain.is_later_fragment);
        case protocol::kIcmpv6: return add_icmpv6(line, ip, chain, is_quoted);
        default: line.add("PROTO={} ", chain.next); return true;
    }
}

/// What stands before the IP header, for a packet that came in by a device.
void add_link(Line& line, const Context& context) {
    const std::uint8_t* mac = context.ethernet;
    const unsigned type = context.packet->family == Family::ipv4 ? 0x0800 : 0x86dd;
    const auto address = [&](std::size_t from) {
        for (std::size_t i = from; i < from + 6; ++i) {
            line.add("{:02x}{}", mac[i], i == from + 5 ? "" : ":");
        }
    };
    if (mac == nullptr) {
        line.add("MAC= ");
    } else if (line.wants(log_flag::kMacDecode)) {
        line.add("MACSRC=");
        address(6);
        line.add(" MACDST=");
        address(0);
        line.add(" MACPROTO={:04x} ", type);
    } else {
        line.add("MAC=");
        address(0);
        line.add(":");
        address(6);
        line.add(":{:02x}:{:02x} ", type >> 8, type & 0xff);
    }
}

}  // namespace

void print_log_line(const Context& context, std::string_view prefix, std::uint8_t flags,
                    std::string& out) {
    Line line(out, flags);
    const std::string in = device_text(context.in_device);
    line.add("{}IN={} OUT={} ", prefix, in, device_text(context.out_device));
    if (!in.empty()) add_link(line, context);
    const ByteView ip = context.packet->ip;
    const bool goes_on = context.packet->family == Family::ipv4
                             ? add_ipv4_header(line, ip, 0, false)
                             : add_ipv6(line, ip, 0, false);
    if (goes_on) add_mark(line, context.mark);
}

}  // namespace keepstate::rules
