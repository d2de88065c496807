// -m multiport: up to 15 ports or ranges in one rule.
//
// A range takes two of the 15 places. The ports of tcp, udp, udplite, sctp and dccp stand in the same
// first four bytes, so one reading does for all.
// source: man:iptables-extensions multiport; kernel:net/netfilter/xt_multiport.c.
// Tested by: tests/rules/multiport.t.
#include <algorithm>
#include <array>

#include "rules/match/ports.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSource, kDestination, kEither };
constexpr std::size_t kMostPorts = 15;

constexpr std::uint8_t kProtocols[] = {protocol::kTcp, protocol::kUdp, protocol::kUdpLite,
                                       protocol::kSctp, protocol::kDccp};

constexpr std::uint64_t others(std::uint8_t id) { return 7U & ~option_bit(id); }
constexpr Option row(std::string_view name, std::uint8_t id, std::string_view words) {
    return {.name = name,
            .id = id,
            .arg = ArgKind::text,
            .flags = option_flag::kInvert,
            .excludes = others(id),
            .words = words};
}

struct Multiport {
    struct Data {
        std::array<std::uint16_t, kMostPorts> ports{};
        std::array<std::uint8_t, kMostPorts>
            begins_range{};  ///< this and the next port are a range
        std::uint8_t count = 0;
        std::uint8_t which = kSource;
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        row("source-ports", kSource,
            "up to 15 source ports, numbers, names or ranges `N:M` (which count twice)"),
        row("sports", kSource, "another name of --source-ports"),
        row("destination-ports", kDestination, "up to 15 destination ports, likewise"),
        row("dports", kDestination, "another name of --destination-ports"),
        row("ports", kEither, "source or destination port is one of these"),
    };
    static constexpr Traits kTraits{
        .name = "multiport",
        .options = kOptions,
        .words =
            "A list of ports in one rule. The rule needs `-p` tcp, udp, udplite, sctp or dccp. A "
            "later fragment does not match; a header that is cut drops the packet.",
        .reads = "the first four bytes of the transport header"};

    static std::uint8_t wanted_protocol(const RuleReader& reader) {
        const Basics& basics = reader.basics();
        const bool known =
            !basics.protocol_inverted && std::find(std::begin(kProtocols), std::end(kProtocols),
                                                   basics.protocol) != std::end(kProtocols);
        return known ? basics.protocol : std::uint8_t{0};
    }

    static bool add(Data& data, std::string_view words, std::uint8_t protocol, RuleReader& reader) {
        if (data.count >= kMostPorts) {
            reader.fault(fmt::format("more than {} ports; a range counts as two", kMostPorts));
            return false;
        }
        const auto port = parse_port(words, protocol);
        if (!port) {
            reader.fault(fmt::format("`{}' is no port number and no known service{}", words,
                                     did_you_mean_service(words)));
            return false;
        }
        data.ports[data.count++] = *port;
        return true;
    }

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::uint8_t protocol = wanted_protocol(reader);
        if (protocol == 0) {
            reader.fault(
                "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp' "
                "before it");
            return;
        }
        data.which = use.id();
        data.inverted = use.inverted;
        std::string_view list = use.value.text;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view item = list.substr(0, comma);
            const std::size_t colon = item.find(':');
            if (!add(data, item.substr(0, colon), protocol, reader)) return;
            if (colon != std::string_view::npos) {
                data.begins_range[data.count - 1U] = 1;
                if (!add(data, item.substr(colon + 1), protocol, reader)) return;
                if (data.ports[data.count - 2U] >= data.ports[data.count - 1U]) {
                    reader.fault(fmt::format("port range `{}' does not go up", item));
                    return;
                }
            }
            if (comma == std::string_view::npos) return;
            list.remove_prefix(comma + 1);
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.count == 0) reader.fault("`multiport' needs --sports, --dports or --ports");
    }
    static Complaint check(const Data&, const CheckContext& context) {
        if (!context.basics->protocol_inverted &&
            std::find(std::begin(kProtocols), std::end(kProtocols), context.basics->protocol) !=
                std::end(kProtocols)) {
            return std::nullopt;
        }
        return "match `multiport' needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'";
    }
    static std::string words(const Data& data) {
        constexpr std::string_view kNames[] = {"--sports", "--dports", "--ports"};
        std::string out = fmt::format("{}{} ", data.inverted ? "! " : "", kNames[data.which]);
        for (std::size_t i = 0; i < data.count; ++i) {
            if (i != 0) out += data.begins_range[i - 1] ? ':' : ',';
            out += fmt::format("{}", data.ports[i]);
        }
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += ' ';
        out += words(data);
    }
    static void narrow(const Data& data, RuleKey& key) {
        key.asks_transport = true;
        const bool is_range = data.count == 1 || (data.count == 2 && data.begins_range[0] != 0);
        if (data.inverted != 0 || data.which == kEither || !is_range) key.is_whole = false;
        if (data.inverted != 0 || data.which == kEither) return;
        const auto* const ports = data.ports.data();
        const auto [low, high] = std::minmax_element(ports, ports + data.count);
        key.narrow(data.which == kSource ? key.source_ports : key.destination_ports,
                   PortSpan{*low, *high});
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = transport(context, 4, why);
        if (!header) return false;
        const std::uint16_t source = header->be16(0);
        const std::uint16_t destination = header->be16(2);
        bool found = false;
        for (std::size_t i = 0; i < data.count && !found; ++i) {
            const std::uint16_t low = data.ports[i];
            const std::uint16_t high = data.begins_range[i] ? data.ports[++i] : low;
            const bool by_source = data.which != kDestination && source >= low && source <= high;
            const bool by_destination =
                data.which != kSource && destination >= low && destination <= high;
            found = by_source || by_destination;
        }
        if (found != (data.inverted != 0)) return true;
        return why ? why.no("{}: the packet's are {} and {}", words(data), source, destination)
                   : false;
    }
};

}  // namespace

extern const MatchModule k_multiport;
const MatchModule k_multiport = match_module<Multiport>();

}  // namespace keepstate::rules::match
