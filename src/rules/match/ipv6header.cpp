// -m ipv6header: which extension headers a packet has.
//
//     without --soft   exactly these headers: set of the packet == set of the rule
//     with --soft      at least these; inverted: none of these
//
// The upper layer counts as one more header, `protocol'. What an ESP header hides is not looked at. A chain
// that is cut where a header should begin is no match; one whose header says more than there is ends there.
// source: man:iptables-extensions ipv6header; kernel:net/ipv6/netfilter/ip6t_ipv6header.c.
// Tested by: tests/rules/ipv6header.t, tests/scenarios/rules/sets-of-extension-headers-are-matched.yaml.
#include "rules/match/extension.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kHeader, kSoft };

/// By falling bit: the order in which they are printed.
struct HeaderName {
    std::uint8_t bit;
    std::uint8_t number;
    std::string_view printed;
    std::string_view other;
};
constexpr std::uint8_t kUpperBit = 0x01;
constexpr std::uint8_t kUpper = 255;
constexpr HeaderName kNames[] = {
    {0x80, protocol::kHopByHop, "hop-by-hop", "hop"},
    {0x40, protocol::kDestinationOptions, "ipv6-opts", "dst"},
    {0x20, protocol::kRouting, "ipv6-route", "route"},
    {0x10, protocol::kFragment, "ipv6-frag", "frag"},
    {0x08, protocol::kAh, "ah", "auth"},
    {0x04, protocol::kEsp, "esp", "esp"},
    {0x02, protocol::kNoNext, "ipv6-nonxt", "none"},
    {kUpperBit, kUpper, "protocol", "prot"},
};

std::string names_of(unsigned headers) {
    std::string out;
    for (const HeaderName& row : kNames) {
        if ((headers & row.bit) == 0) continue;
        if (!out.empty()) out += ',';
        out += row.printed;
    }
    return out.empty() ? std::string("none of them") : out;
}

struct Form {
    struct Data {
        std::uint8_t headers = 0;
        std::uint8_t inverted = 0;
        std::uint8_t soft = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "header",
         .id = kHeader,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words =
             "The headers, parted by commas: hop-by-hop or hop, dst, route, frag, auth, esp, none, "
             "prot (any upper layer), their names in /etc/protocols, or numbers"},
        {.name = "soft",
         .id = kSoft,
         .words = "The packet may have others too; without it, it has these and no others"},
    };
    static constexpr Traits kTraits{
        .name = "ipv6header",
        .options = kOptions,
        .families = Families::ipv6,
        .words = "Which IPv6 extension headers the packet has. A chain that is cut is no match.",
        .reads = "The chain of extension headers, up to ESP or the upper layer."};

    static unsigned parse_header(std::string_view word, RuleReader& reader) {
        const auto number = word.find_first_not_of("0123456789") == std::string_view::npos
                                ? parse_number(word, 0, 255)
                                : std::optional<std::uint64_t>();
        const auto named = word == "all" ? std::optional<std::uint8_t>() : find_protocol(word);
        for (const HeaderName& row : kNames) {
            if (word == row.printed || word == row.other || number == row.number ||
                (!number && named == row.number)) {
                return row.bit;
            }
        }
        std::vector<std::string_view> names;
        for (const HeaderName& row : kNames) {
            names.push_back(row.printed);
            names.push_back(row.other);
        }
        reader.fault(
            fmt::format("`{}' is no IPv6 extension header{}", word, did_you_mean(word, names)));
        return 0;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kSoft) {
            data.soft = 1;
            return;
        }
        data.inverted = use.inverted;
        std::string_view list = use.value.text;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            if (!word.empty()) {
                data.headers = static_cast<std::uint8_t>(data.headers | parse_header(word, reader));
            }
            if (comma == std::string_view::npos) break;
            list.remove_prefix(comma + 1);
        }
        if (use.value.text.find_first_not_of(',') == std::string_view::npos) {
            reader.fault("--header needs the name of a header");
        }
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--header {}{}", data.inverted ? "! " : "", names_of(data.headers),
                           data.soft ? " --soft" : "");
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }

    // The headers that there are. Nothing: the packet ends where a header should begin.
    static std::optional<unsigned> headers_of(base::ByteView ip) {
        unsigned headers = 0;
        std::size_t at = 40;
        for (std::uint8_t next = ip.u8(6);;) {
            if (next == protocol::kNoNext) return headers | 0x02U;
            if (next != protocol::kEsp && !wire::is_ipv6_extension(next)) break;
            if (!ip.has(at, 2)) return std::nullopt;
            if (next == protocol::kEsp) return headers | 0x04U;
            const std::size_t units = ip.u8(at + 1);
            const std::size_t bytes = next == protocol::kFragment ? 8
                                      : next == protocol::kAh     ? (units + 2) * 4
                                                                  : (units + 1) * 8;
            for (const HeaderName& row : kNames) {
                if (row.number == next) headers |= row.bit;
            }
            next = ip.u8(at);
            at += bytes;
            if (at > ip.size()) {
                if (next == protocol::kNoNext || next == protocol::kEsp) return headers;
                break;
            }
        }
        return headers | kUpperBit;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto there = headers_of(context.packet->ip);
        if (!there) return why.no("the packet ends where an extension header should begin");
        bool fits = false;
        if (data.soft) {
            fits = (*there & data.headers) == (data.inverted ? 0U : data.headers);
        } else {
            fits = (*there == data.headers) != (data.inverted != 0);
        }
        if (fits) return true;
        return why ? why.no("{}: the packet has {}", words(data), names_of(*there)) : false;
    }
};

}  // namespace

extern const MatchModule k_ipv6header;
const MatchModule k_ipv6header = match_module<Form>();

}  // namespace keepstate::rules::match
