// -m dccp: ports, packet type and options of a DCCP packet.
//
// The options begin behind the fixed header and what the packet type adds to it, and end where the data offset
// says. Sizes are the kernel's, which takes the acknowledgement fields for 8 bytes even with short sequence numbers.
// source: man:iptables-extensions dccp; kernel:net/netfilter/xt_dccp.c; RFC 4340 5.
// Tested by: tests/rules/dccp.t, tests/scenarios/rules/dccp-types-and-options-are-matched.yaml.
#include <algorithm>

#include "rules/match/ports.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSource, kDestination, kTypes, kOption };

/// By number; those beyond the last count as INVALID too.
constexpr std::string_view kTypeNames[] = {"REQUEST", "RESPONSE", "DATA",   "ACK",
                                           "DATAACK", "CLOSEREQ", "CLOSE",  "RESET",
                                           "SYNC",    "SYNCACK",  "INVALID"};
/// What each type adds to the header, in bytes; those beyond count as RESET.
constexpr std::uint8_t kTypeBytes[] = {4, 12, 0, 8, 8, 8, 8, 12, 8, 8};
constexpr std::size_t kFixed = 12;

struct Form {
    struct Data {
        PortRange source;
        PortRange destination;
        std::uint16_t types = 0;
        std::uint8_t asked = 0;     ///< option bits
        std::uint8_t inverted = 0;  ///< option bits
        std::uint8_t option = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "source-port",
         .id = kSource,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "The source port is N, or in N:M; numbers or names"},
        {.name = "sport",
         .id = kSource,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "another name of --source-port"},
        {.name = "destination-port",
         .id = kDestination,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "The destination port is N, or in N:M; numbers or names"},
        {.name = "dport",
         .id = kDestination,
         .arg = ArgKind::port_range,
         .flags = option_flag::kInvert,
         .words = "another name of --destination-port"},
        {.name = "dccp-types",
         .id = kTypes,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words =
             "The packet type is one of these, parted by commas: REQUEST RESPONSE DATA ACK DATAACK "
             "CLOSEREQ CLOSE RESET SYNC SYNCACK INVALID (all others)"},
        {.name = "dccp-option",
         .id = kOption,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .min = 1,
         .max = 255,
         .words = "An option of type NUMBER is there"},
    };
    static constexpr Traits kTraits{
        .name = "dccp",
        .options = kOptions,
        .protocol = protocol::kDccp,
        .words =
            "Ports, packet type and options of a DCCP packet. A packet that ends within its "
            "header, "
            "or within its options while one is looked for, is dropped.",
        .reads = "The transport header and its options."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static bool is_inverted(const Data& data, unsigned id) {
        return (data.inverted & option_bit(id)) != 0;
    }
    static std::uint16_t parse_types(std::string_view list, RuleReader& reader) {
        unsigned types = 0;
        while (!list.empty()) {
            const std::size_t comma = list.find(',');
            const std::string_view name = list.substr(0, comma);
            list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
            if (name.empty()) continue;
            unsigned found = 0;
            for (std::size_t i = 0; i < std::size(kTypeNames); ++i) {
                const std::string_view row = kTypeNames[i];
                if (row.size() == name.size() && begins_in_any_case(row, name)) found = 1U << i;
            }
            if (found == 0) {
                reader.fault(fmt::format(
                    "`{}' is no DCCP packet type{}", name,
                    did_you_mean(name, {std::begin(kTypeNames), std::end(kTypeNames)})));
            }
            types |= found;
        }
        return static_cast<std::uint16_t>(types);
    }
    static void read(PortRange& range, const OptionUse& use) {
        range.low = static_cast<std::uint16_t>(use.value.low);
        range.high = static_cast<std::uint16_t>(use.value.high);
        range.inverted = use.inverted;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted) {
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
        }
        switch (use.id()) {
            case kSource: read(data.source, use); break;
            case kDestination: read(data.destination, use); break;
            case kTypes: data.types = parse_types(use.value.text, reader); break;
            default: data.option = static_cast<std::uint8_t>(use.value.low);
        }
    }

    static std::string type_words(const Data& data) {
        std::string out = fmt::format("{}--dccp-types ", is_inverted(data, kTypes) ? "! " : "");
        const char* between = "";
        for (std::size_t i = 0; i < std::size(kTypeNames); ++i) {
            if ((data.types & 1U << i) == 0) continue;
            out += between;
            out += kTypeNames[i];
            between = ",";
        }
        return out;
    }
    static std::string option_words(const Data& data) {
        return fmt::format("{}--dccp-option {}", is_inverted(data, kOption) ? "! " : "",
                           data.option);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (asks(data, kSource)) out += " " + data.source.words("sport");
        if (asks(data, kDestination)) out += " " + data.destination.words("dport");
        if (asks(data, kTypes)) out += " " + type_words(data);
        if (asks(data, kOption)) out += " " + option_words(data);
    }

    // Of the 16 numbers those from 10 on are INVALID.
    static unsigned type_of(base::ByteView dccp) {
        return std::min<unsigned>((dccp.u8(8) >> 1) & 0xfU, std::size(kTypeNames) - 1);
    }

    // Nothing: the options are cut, or the data offset lies within the header.
    static std::optional<bool> has_option(const Data& data, base::ByteView dccp) {
        const unsigned type = type_of(dccp);
        const bool long_numbers = (dccp.u8(8) & 1U) != 0;
        const std::size_t header = kFixed + (long_numbers ? 4 : 0) +
                                   (type < std::size(kTypeBytes) ? kTypeBytes[type] : 12U);
        const std::size_t end = dccp.u8(4) * std::size_t{4};
        if (end < header) return std::nullopt;
        if (end == header) return false;
        if (!dccp.has(header, end - header)) return std::nullopt;
        const base::ByteView options = dccp.sub(header, end - header);
        for (std::size_t at = 0; at < options.size();) {
            const std::uint8_t kind = options.u8(at);
            if (kind == data.option) return true;
            if (kind < 2 || !options.has(at + 1, 1) || options.u8(at + 1) == 0) {
                ++at;
            } else {
                at += options.u8(at + 1);
            }
        }
        return false;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto dccp = transport(context, kFixed, why);
        if (!dccp) return false;
        if (asks(data, kSource) && !data.source.holds(dccp->be16(0))) {
            return why ? why.no("{}: the packet's is {}", data.source.words("sport"), dccp->be16(0))
                       : false;
        }
        if (asks(data, kDestination) && !data.destination.holds(dccp->be16(2))) {
            return why ? why.no("{}: the packet's is {}", data.destination.words("dport"),
                                dccp->be16(2))
                       : false;
        }
        const unsigned type = type_of(*dccp);
        if (asks(data, kTypes) && ((data.types >> type & 1U) != 0) == is_inverted(data, kTypes)) {
            return why ? why.no("{}: the packet's is {}", type_words(data), type) : false;
        }
        if (!asks(data, kOption)) return true;
        const auto found = has_option(data, *dccp);
        if (!found) context.hotdrop = true;
        if (found.value_or(false) != is_inverted(data, kOption)) return true;
        if (!found) return why.no("the DCCP options are cut: the packet is dropped");
        return why ? why.no("{}: the packet says otherwise", option_words(data)) : false;
    }
};

}  // namespace

extern const MatchModule k_dccp;
const MatchModule k_dccp = match_module<Form>();

}  // namespace keepstate::rules::match
