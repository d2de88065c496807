// -m srh: the IPv6 segment routing header (routing header of type 4).
//
// The options on one number share one value, as the real tool keeps them: of `--srh-hdr-len-lt 8
// --srh-hdr-len-gt 4' both ask about 4. They print so, too.
// --srh-tag compares the header's bytes with the number as this machine stores it: on a little-endian host, which
// keepstate takes for granted, --srh-tag 256 matches the tag 1. Linux does so.
// source: man:ip6tables-extensions srh; kernel:net/ipv6/netfilter/ip6t_srh.c; RFC 8754 2.
// Tested by: tests/rules/srh.t, tests/scenarios/rules/segment-routing-headers-are-matched.yaml.
#include <array>

#include "rules/match/extension.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kNextHeader,
    kLengthEqual,
    kLengthOver,
    kLengthUnder,
    kSegmentsEqual,
    kSegmentsOver,
    kSegmentsUnder,
    kLastEqual,
    kLastOver,
    kLastUnder,
    kTag,
    kPrevious,
    kNext,
    kLastSegment,
};
constexpr std::uint8_t kType4 = 4;
constexpr std::size_t kFixed = 8;

constexpr Option number_option(std::string_view name, std::uint8_t id, std::string_view words,
                               std::uint64_t max = 255) {
    return {.name = name,
            .id = id,
            .arg = ArgKind::number,
            .flags = option_flag::kInvert,
            .max = max,
            .words = words};
}
constexpr Option segment_option(std::string_view name, std::uint8_t id, std::string_view words) {
    return {.name = name,
            .id = id,
            .arg = ArgKind::address_prefix,
            .flags = option_flag::kInvert,
            .words = words};
}

struct Form {
    struct Segment {
        AddressBytes address{};
        std::uint8_t bits = 128;
    };
    struct Data {
        std::uint16_t asked = 0;     ///< option bits
        std::uint16_t inverted = 0;  ///< option bits
        std::uint16_t tag = 0;
        std::uint8_t next_header = 0;
        std::uint8_t length = 0;
        std::uint8_t segments = 0;
        std::uint8_t last = 0;
        std::array<Segment, 3> segment{};  ///< previous, next, last
    };
    static constexpr Option kOptions[] = {
        number_option("srh-next-hdr", kNextHeader, "The header behind it is NUMBER"),
        number_option(
            "srh-hdr-len-eq", kLengthEqual,
            "The header extension length is NUMBER: units of 8 bytes, the first left out"),
        number_option("srh-hdr-len-gt", kLengthOver, "The header extension length is over NUMBER"),
        number_option("srh-hdr-len-lt", kLengthUnder,
                      "The header extension length is below NUMBER"),
        number_option("srh-segs-left-eq", kSegmentsEqual, "The segments left are NUMBER"),
        number_option("srh-segs-left-gt", kSegmentsOver, "The segments left are more than NUMBER"),
        number_option("srh-segs-left-lt", kSegmentsUnder,
                      "The segments left are fewer than NUMBER"),
        number_option("srh-last-entry-eq", kLastEqual, "The last entry's index is NUMBER"),
        number_option("srh-last-entry-gt", kLastOver, "The last entry's index is over NUMBER"),
        number_option("srh-last-entry-lt", kLastUnder, "The last entry's index is below NUMBER"),
        number_option(
            "srh-tag", kTag,
            "The tag is NUMBER with its two bytes exchanged, as in Linux on little-endian "
            "machines",
            65535),
        segment_option("srh-psid", kPrevious,
                       "The segment before the active one is ADDRESS, or in ADDRESS/BITS"),
        segment_option("srh-nsid", kNext,
                       "The segment behind the active one is ADDRESS, or in ADDRESS/BITS"),
        segment_option("srh-lsid", kLastSegment, "The last segment is ADDRESS, or in ADDRESS/BITS"),
    };
    static constexpr Traits kTraits{
        .name = "srh",
        .options = kOptions,
        .families = Families::ipv6,
        .words =
            "An IPv6 segment routing header, and what it says. A header that is cut, or has more "
            "segments left than it has, is no match, inverted or not.",
        .reads = "The first routing header in the chain of extension headers."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static bool is_inverted(const Data& data, unsigned id) {
        return (data.inverted & option_bit(id)) != 0;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked = static_cast<std::uint16_t>(data.asked | option_bit(use.id()));
        if (use.inverted) {
            data.inverted = static_cast<std::uint16_t>(data.inverted | option_bit(use.id()));
        }
        const auto number = static_cast<std::uint8_t>(use.value.low);
        switch (use.id()) {
            case kNextHeader: data.next_header = number; break;
            case kLengthEqual:
            case kLengthOver:
            case kLengthUnder: data.length = number; break;
            case kSegmentsEqual:
            case kSegmentsOver:
            case kSegmentsUnder: data.segments = number; break;
            case kLastEqual:
            case kLastOver:
            case kLastUnder: data.last = number; break;
            case kTag: data.tag = static_cast<std::uint16_t>(use.value.low); break;
            default: {
                Segment& segment = data.segment[use.id() - std::size_t{kPrevious}];
                segment.address = use.value.address.bytes;
                segment.bits = use.value.bits;
            }
        }
    }

    static std::string words(const Data& data, unsigned id) {
        std::string out =
            fmt::format("{}--{} ", is_inverted(data, id) ? "! " : "", kOptions[id].name);
        if (id >= kPrevious) {
            const Segment& segment = data.segment[id - kPrevious];
            return out + fmt::format("{}/{}", text(to_address(segment.address, Family::ipv6)),
                                     segment.bits);
        }
        const unsigned number = id == kNextHeader      ? data.next_header
                                : id == kTag           ? data.tag
                                : id <= kLengthUnder   ? data.length
                                : id <= kSegmentsUnder ? data.segments
                                                       : data.last;
        return out + fmt::format("{}", number);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const Option& option : kOptions) {
            if (asks(data, option.id)) out += " " + words(data, option.id);
        }
    }

    static bool is_in(base::ByteView address, const Segment& segment) {
        const AddressBytes mask = mask_of(segment.bits, Family::ipv6);
        for (std::size_t i = 0; i < 16; ++i) {
            if (((address.u8(i) ^ segment.address[i]) & mask[i]) != 0) return false;
        }
        return true;
    }
    // The segment in question; nothing: there is none such, or it passes the packet's end.
    static std::optional<base::ByteView> segment_of(base::ByteView header, unsigned id) {
        const unsigned left = header.u8(3);
        std::size_t index = 0;
        if (id == kPrevious) {
            if (left == header.u8(4)) return std::nullopt;
            index = left + 1U;
        } else if (id == kNext) {
            if (left == 0) return std::nullopt;
            index = left - 1U;
        }
        const std::size_t at = kFixed + index * 16;
        if (!header.has(at, 16)) return std::nullopt;
        return header.sub(at, 16);
    }
    static bool holds(const Data& data, base::ByteView header, unsigned id) {
        const unsigned tag = unsigned{header.u8(7)} << 8 | header.u8(6);
        switch (id) {
            case kNextHeader: return header.u8(0) == data.next_header;
            case kLengthEqual: return header.u8(1) == data.length;
            case kLengthOver: return header.u8(1) > data.length;
            case kLengthUnder: return header.u8(1) < data.length;
            case kSegmentsEqual: return header.u8(3) == data.segments;
            case kSegmentsOver: return header.u8(3) > data.segments;
            case kSegmentsUnder: return header.u8(3) < data.segments;
            case kLastEqual: return header.u8(4) == data.last;
            case kLastOver: return header.u8(4) > data.last;
            case kLastUnder: return header.u8(4) < data.last;
            default: return tag == data.tag;
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        std::size_t at = 0;
        const base::ByteView ip = context.packet->ip;
        if (find_extension(ip, protocol::kRouting, at) != Chain::found || !ip.has(at, kFixed)) {
            return why.no("the packet has no whole routing header");
        }
        const base::ByteView header = ip.sub(at);
        if ((header.u8(1) + 1U) * 8U > header.size()) {
            return why.no("the packet ends within its routing header");
        }
        if (header.u8(2) != kType4) {
            return why.no("the packet's routing header is of type {}", header.u8(2));
        }
        if (header.u8(3) > header.u8(4)) {
            return why.no("{} segments are left, and the last one is {}", header.u8(3),
                          header.u8(4));
        }
        for (const Option& option : kOptions) {
            if (!asks(data, option.id)) continue;
            bool fits = false;
            if (option.id >= kPrevious) {
                const auto segment = segment_of(header, option.id);
                if (!segment) return why.no("there is no segment that --{} asks for", option.name);
                fits = is_in(*segment, data.segment[option.id - std::size_t{kPrevious}]);
            } else {
                fits = holds(data, header, option.id);
            }
            if (fits != is_inverted(data, option.id)) continue;
            return why ? why.no("{}: the packet says otherwise", words(data, option.id)) : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_srh;
const MatchModule k_srh = match_module<Form>();

}  // namespace keepstate::rules::match
