// -m frag: the IPv6 fragment header: identification, reserved bits, place in the datagram.
//
// Where connection tracking runs the fragments are put together before any rule sees them, so it matches
// little: what reassembly does not take.
// --fraglen is read and printed, and asks nothing: Linux looks at it no more.
// source: man:iptables-extensions frag; kernel:net/ipv6/netfilter/ip6t_frag.c; RFC 8200 4.5.
// Tested by: tests/rules/frag.t, rules/match/header_match_test.cpp,
// tests/scenarios/rules/no-rule-sees-a-fragment-header-behind-tracking.yaml.
#include "rules/match/extension.hpp"
#include "rules/match/number_range.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kId, kLength, kReserved, kFirst, kMore, kLast };

struct Form {
    struct Data {
        NumberRange ids;
        std::uint32_t length = 0;
        std::uint32_t length_inverted = 0;
        std::uint32_t asked = 0;  ///< option bits
    };
    static constexpr Option kOptions[] = {
        {.name = "fragid",
         .id = kId,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert,
         .words = "The identification is N, or in N:M; default all"},
        {.name = "fraglen",
         .id = kLength,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "Asks nothing of the packet, as in Linux"},
        {.name = "fragres", .id = kReserved, .words = "The reserved fields are zero"},
        {.name = "fragfirst", .id = kFirst, .words = "The datagram begins with this fragment"},
        {.name = "fragmore",
         .id = kMore,
         .excludes = option_bit(kLast),
         .words = "More fragments follow"},
        {.name = "fraglast", .id = kLast, .words = "No fragment follows"},
    };
    static constexpr Traits kTraits{
        .name = "frag",
        .options = kOptions,
        .families = Families::ipv6,
        .words =
            "A fragment header among the extension headers, and what it says. A packet that ends "
            "within it is dropped.",
        .reads =
            "The chain of extension headers. Fragments that tracking puts together are whole "
            "before any rule sees them."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked |= static_cast<std::uint32_t>(option_bit(use.id()));
        if (use.id() == kId) data.ids.read(use);
        if (use.id() != kLength) return;
        data.length = static_cast<std::uint32_t>(use.value.low);
        data.length_inverted = use.inverted;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        data.ids.print("fragid", out);
        if (asks(data, kLength)) {
            out += fmt::format("{} --fraglen {}", data.length_inverted ? " !" : "", data.length);
        }
        for (const Option& option : kOptions) {
            if (option.id >= kReserved && asks(data, option.id)) {
                out += fmt::format(" --{}", option.name);
            }
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto header = extension(context, protocol::kFragment, 8, "fragment header", why);
        if (!header) return false;
        const std::uint32_t id = header->bytes.be32(4);
        if (!data.ids.holds(id)) {
            return why ? why.no("{}: the packet's is {}", data.ids.words("fragid"), id) : false;
        }
        const std::uint16_t bits = header->bytes.be16(2);
        const unsigned offset = bits & 0xfff8U;
        const bool more = (bits & 1U) != 0;
        if (asks(data, kReserved) && (header->bytes.u8(1) != 0 || (bits & 6U) != 0)) {
            return why.no("--fragres: the packet's reserved fields are not zero");
        }
        if (asks(data, kFirst) && offset != 0) {
            return why.no("--fragfirst: the fragment stands at byte {}", offset);
        }
        if (asks(data, kMore) && !more) return why.no("--fragmore: it is the last fragment");
        if (asks(data, kLast) && more) return why.no("--fraglast: more fragments follow");
        return true;
    }
};

}  // namespace

extern const MatchModule k_frag;
const MatchModule k_frag = match_module<Form>();

}  // namespace keepstate::rules::match
