// -m tcp: ports, flags and options of a TCP segment.
//
// Reads: the transport header of a first fragment. A fragment that begins 8 bytes into the packet drops
// it: nobody normal sends one, it would write over the flags. A header that is cut drops it too.
// source: man:iptables-extensions tcp; kernel:net/netfilter/xt_tcpudp.c.   Tested by: tests/rules/tcp.t.
#include "rules/match/tcp.hpp"

#include <cctype>

#include "rules/match/ports.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSourcePort, kDestinationPort, kSyn, kTcpFlags, kTcpOption };

struct FlagName {
    std::string_view name;
    std::uint8_t bits;
};
// ALL is what the tool calls all: not the two bits of ECN.
constexpr FlagName kFlagNames[] = {{"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04}, {"PSH", 0x08},
                                   {"ACK", 0x10}, {"URG", 0x20}, {"ALL", 0x3f}, {"NONE", 0x00}};

std::string flags_text(std::uint8_t bits) {
    std::string out;
    for (std::size_t i = 0; i < 6; ++i) {
        if ((bits & kFlagNames[i].bits) == 0) continue;
        if (!out.empty()) out += ',';
        out += kFlagNames[i].name;
    }
    return out.empty() ? std::string("NONE") : out;
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::toupper(static_cast<unsigned char>(a[i])) != b[i]) return false;
    }
    return true;
}

std::uint8_t parse_flags(std::string_view list, RuleReader& reader) {
    unsigned bits = 0;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view name = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        if (name.empty()) continue;
        bool known = false;
        for (const FlagName& row : kFlagNames) {
            if (!equal_in_any_case(name, row.name)) continue;
            bits |= row.bits;
            known = true;
        }
        if (!known) {
            reader.fault(
                fmt::format("`{}' is no TCP flag: SYN, ACK, FIN, RST, URG, PSH, ALL or "
                            "NONE",
                            name));
        }
    }
    return static_cast<std::uint8_t>(bits);
}

struct Tcp {
    struct Data {
        PortRange source;
        PortRange destination;
        std::uint8_t mask = 0;
        std::uint8_t compared = 0;
        std::uint8_t flags_inverted = 0;
        std::uint8_t option = 0;
        std::uint8_t option_inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "source-port",
         .id = kSourcePort,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the source port, number or service name, `N`, `N:M`, `N:` or `:M`"},
        {.name = "sport",
         .id = kSourcePort,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "another name of --source-port"},
        {.name = "destination-port",
         .id = kDestinationPort,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the destination port, likewise"},
        {.name = "dport",
         .id = kDestinationPort,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "another name of --destination-port"},
        {.name = "syn",
         .id = kSyn,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kTcpFlags),
         .words = "SYN is set, ACK, RST and FIN are not: the first segment of a connection"},
        {.name = "tcp-flags",
         .id = kTcpFlags,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "`MASK COMPARE`, two lists of `SYN`, `ACK`, `FIN`, `RST`, `URG`, `PSH`, or "
                  "`ALL`, `NONE`: of the flags in MASK just those of COMPARE are set"},
        {.name = "tcp-option",
         .id = kTcpOption,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "an option of this number, 1 to 255, is there"},
    };
    static constexpr Traits kTraits{
        .name = "tcp",
        .options = kOptions,
        .protocol = protocol::kTcp,
        .words =
            "Ports, flags and options of a TCP segment. A later fragment does not match; one that "
            "begins 8 bytes into the packet, and a header that is cut, drop it.",
        .reads = "the TCP header"};

    static void parse_ports(PortRange& range, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        const std::size_t colon = words.find(':');
        const std::string_view sides[] = {words.substr(0, colon), colon == std::string_view::npos
                                                                      ? words
                                                                      : words.substr(colon + 1)};
        std::uint16_t ports[] = {0, 0xffff};
        for (std::size_t i = 0; i < 2; ++i) {
            if (colon != std::string_view::npos && sides[i].empty()) continue;
            const auto port = parse_port(sides[i], protocol::kTcp);
            if (!port) {
                reader.fault(fmt::format("`{}' is no port number and no TCP service{}", sides[i],
                                         did_you_mean_service(sides[i])));
                return;
            }
            ports[i] = *port;
        }
        if (ports[0] > ports[1]) {
            reader.fault(fmt::format("port range `{}' ends before it begins", words));
        }
        range = PortRange{ports[0], ports[1], static_cast<std::uint8_t>(use.inverted), 0};
    }

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kSourcePort: parse_ports(data.source, use, reader); break;
            case kDestinationPort: parse_ports(data.destination, use, reader); break;
            case kSyn:
                data.mask = 0x17;
                data.compared = 0x02;
                data.flags_inverted = use.inverted;
                break;
            case kTcpFlags: {
                data.mask = parse_flags(use.value.text, reader);
                const auto compared = reader.take_word();
                if (!compared) {
                    reader.fault(
                        "--tcp-flags needs two words: the flags to look at, and those that "
                        "must be set");
                    return;
                }
                data.compared = parse_flags(*compared, reader);
                data.flags_inverted = use.inverted;
                break;
            }
            default: {
                const auto option = parse_number(use.value.text, 1, 255);
                if (!option) {
                    reader.fault(
                        fmt::format("`{}' is no TCP option number from 1 to 255", use.value.text));
                }
                data.option = static_cast<std::uint8_t>(option.value_or(0));
                data.option_inverted = use.inverted;
            }
        }
    }

    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.source.print("sport", out);
        data.destination.print("dport", out);
        if (data.option != 0 || data.option_inverted != 0) {
            out += fmt::format("{} --tcp-option {}", data.option_inverted ? " !" : "", data.option);
        }
        if (data.mask != 0 || data.flags_inverted != 0) {
            out += fmt::format("{} --tcp-flags {} {}", data.flags_inverted ? " !" : "",
                               flags_text(data.mask), flags_text(data.compared));
        }
    }

    // Whether the wanted option stands among the header's; the kernel's way through the list, which trusts
    // no length of zero.
    static bool has_option(const Data& data, base::ByteView options) {
        for (std::size_t at = 0; at < options.size();) {
            const std::uint8_t kind = options.u8(at);
            if (kind == data.option) return data.option_inverted == 0;
            const std::uint8_t length =
                kind < 2 || !options.has(at + 1, 1) ? std::uint8_t{1} : options.u8(at + 1);
            at += length == 0 ? 1 : length;
        }
        return data.option_inverted != 0;
    }

    static void narrow(const Data& data, RuleKey& key) {
        key.asks_transport = true;
        data.source.narrow(key.source_ports, key);
        data.destination.narrow(key.destination_ports, key);
        if (data.flags_inverted != 0) {
            key.is_whole = key.is_steady = false;
        } else if (data.mask != 0 || data.compared != 0) {
            key.narrow_flags(data.mask, data.compared);
        }
        if (data.option == 0) return;
        key.is_whole = key.is_steady = false;
        key.is_closed = true;  // options that are cut drop the packet
    }

    static bool matches(Data& data, Context& context, Why why) {
        if (context.packet->rules_fragment_offset == 1) {
            context.hotdrop = true;
            return why.no("a fragment that begins 8 bytes into a TCP packet: it is dropped");
        }
        const auto tcp = transport(context, 20, why);
        if (!tcp) return false;
        const std::uint16_t source = tcp->be16(0);
        const std::uint16_t destination = tcp->be16(2);
        const std::uint8_t flags = tcp->u8(13);
        if (!data.source.holds(source)) {
            return why.no("{}: the packet's is {}", data.source.words("sport"), source);
        }
        if (!data.destination.holds(destination)) {
            return why.no("{}: the packet's is {}", data.destination.words("dport"), destination);
        }
        if (((flags & data.mask) == data.compared) == (data.flags_inverted != 0)) {
            return why.no("{}--tcp-flags {} {}: the packet has {}", data.flags_inverted ? "! " : "",
                          flags_text(data.mask), flags_text(data.compared), flags_text(flags));
        }
        if (data.option == 0) return true;
        const std::size_t header = static_cast<std::size_t>(tcp->u8(12) >> 4) * 4;
        if (header < 20 || !tcp->has(0, header)) {
            context.hotdrop = true;
            return why.no("the TCP options are cut: the packet is dropped");
        }
        if (has_option(data, tcp->sub(20, header - 20))) return true;
        return why.no("{}--tcp-option {}: the segment says otherwise",
                      data.option_inverted ? "! " : "", data.option);
    }
};

}  // namespace

extern const MatchModule k_tcp;
const MatchModule k_tcp = match_module<Tcp>();

const PortRange* tcp_destination_of(const MatchUse& use) {
    if (use.module != &k_tcp) return nullptr;
    return &static_cast<const Tcp::Data*>(use.data.data())->destination;
}

bool asks_for_syn(const MatchUse& use) {
    if (use.module != &k_tcp) return false;
    const auto& data = *static_cast<const Tcp::Data*>(use.data.data());
    return (data.compared & wire::tcp_flag::kSyn) != 0 && data.flags_inverted == 0;
}

}  // namespace keepstate::rules::match
