// -m set: whether the packet is an element of an IP set.
//
// source: man:iptables-extensions set; kernel:net/netfilter/xt_set.c.   Tested by: tests/rules/set_match.t,
// tests/scenarios/rules/*set*.yaml.
#include "rules/match/set_words.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kMatchSet,
    kReturnNomatch,
    kUpdateCounters,
    kUpdateSubcounters,
    kPacketsEqual,
    kPacketsLess,
    kPacketsGreater,
    kBytesEqual,
    kBytesLess,
    kBytesGreater
};

constexpr std::uint64_t kMost = ~std::uint64_t{0};
constexpr std::uint64_t kPackets =
    option_bit(kPacketsEqual) | option_bit(kPacketsLess) | option_bit(kPacketsGreater);
constexpr std::uint64_t kBytes =
    option_bit(kBytesEqual) | option_bit(kBytesLess) | option_bit(kBytesGreater);

constexpr Option counter(std::string_view name, std::uint8_t id, std::uint64_t rivals,
                         std::string_view words, std::uint8_t flags = 0) {
    return {.name = name,
            .id = id,
            .arg = ArgKind::number,
            .flags = flags,
            .excludes = rivals & ~option_bit(id),
            .max = kMost,
            .words = words};
}

struct Form {
    struct Data {
        SetReference reference;
        CounterTest packets;
        CounterTest bytes;
        std::uint8_t inverted = 0;
        std::uint8_t returns_nomatch = 0;
        std::uint8_t skips_counters = 0;
        std::uint8_t skips_subcounters = 0;
        std::uint32_t padding = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "match-set",
         .id = kMatchSet,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kRepeat,
         .words = "the set, and a word src or dst for each dimension of its elements"},
        {.name = "set",
         .id = kMatchSet,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kRepeat,
         .words = "the old name of --match-set"},
        {.name = "return-nomatch",
         .id = kReturnNomatch,
         .flags = option_flag::kRepeat,
         .words = "matches elements with the flag nomatch, and only those"},
        {.name = "update-counters",
         .id = kUpdateCounters,
         .flags = option_flag::kInvert | option_flag::kRepeat,
         .words = "inverted: the element's counters stay as they are"},
        {.name = "update-subcounters",
         .id = kUpdateSubcounters,
         .flags = option_flag::kInvert | option_flag::kRepeat,
         .words = "inverted: with list:set, the counters in its member sets stay as they are"},
        counter("packets-eq", kPacketsEqual, kPackets,
                "the element's packets, this one counted, are so many", option_flag::kInvert),
        counter("packets-lt", kPacketsLess, kPackets, "the element's packets are less"),
        counter("packets-gt", kPacketsGreater, kPackets, "the element's packets are more"),
        counter("bytes-eq", kBytesEqual, kBytes, "the element's bytes are so many",
                option_flag::kInvert),
        counter("bytes-lt", kBytesLess, kBytes, "the element's bytes are less"),
        counter("bytes-gt", kBytesGreater, kBytes, "the element's bytes are more"),
    };
    static constexpr Traits kTraits{
        .name = "set",
        .options = kOptions,
        .words = "Matches packets whose addresses, ports, ... are an element of an IP set.",
        .reads = "what the set's dimensions name: addresses, ports, MAC, mark, device",
        .differences =
            "sets are given as text (`ipset save'); their timeouts begin with the first packet"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kMatchSet:
                parse_set_reference(data.reference, use, reader);
                data.inverted = use.inverted;
                break;
            case kReturnNomatch: data.returns_nomatch = 1; break;
            case kUpdateCounters: data.skips_counters = use.inverted; break;
            case kUpdateSubcounters: data.skips_subcounters = use.inverted; break;
            default: parse_counter(data, use); break;
        }
    }
    static void parse_counter(Data& data, const OptionUse& use) {
        using Kind = CounterTest::Kind;
        CounterTest& test = use.id() >= kBytesEqual ? data.bytes : data.packets;
        test.value = use.value.low;
        const unsigned which = (use.id() - kPacketsEqual) % 3U;
        test.kind = which == 1     ? Kind::less
                    : which == 2   ? Kind::greater
                    : use.inverted ? Kind::different
                                   : Kind::equal;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.reference.is_given()) reader.fault("`set' needs --match-set");
    }
    static Complaint bind(Data& data, BindContext& context) {
        return bind_set_reference(data.reference, context);
    }
    static void print_counter(std::string& out, std::string_view name, const CounterTest& test) {
        using Kind = CounterTest::Kind;
        if (test.kind == Kind::none) return;
        out += fmt::format("{} --{}-{} {}", test.kind == Kind::different ? " !" : "", name,
                           test.kind == Kind::less      ? "lt"
                           : test.kind == Kind::greater ? "gt"
                                                        : "eq",
                           test.value);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --match-set {}", data.inverted ? " !" : "", data.reference.text());
        if (data.returns_nomatch) out += " --return-nomatch";
        if (data.skips_counters) out += " ! --update-counters";
        if (data.skips_subcounters) out += " ! --update-subcounters";
        print_counter(out, "packets", data.packets);
        print_counter(out, "bytes", data.bytes);
    }
    static std::string_view remembers(const Data& data) {
        return data.reference.set != nullptr && changes_by_itself(*data.reference.set)
                   ? "remembers what packets have done to the set's elements"
                   : std::string_view{};
    }
    static bool matches(Data& data, Context& context, Why why) {
        SetQuery query = data.reference.query();
        query.returns_nomatch = data.returns_nomatch != 0;
        query.skips_counters = data.skips_counters != 0;
        query.skips_member_counters = data.skips_subcounters != 0;
        query.packets = data.packets;
        query.bytes = data.bytes;
        const bool is_element = data.reference.set->match(context, query) != nullptr;
        if (is_element != (data.inverted != 0)) return true;
        return why ? why.no("{}--match-set {}: the packet is {} element", data.inverted ? "! " : "",
                            data.reference.text(), is_element ? "an" : "no")
                   : false;
    }
};

}  // namespace

extern const MatchModule k_set;
const MatchModule k_set = match_module<Form>();

}  // namespace keepstate::rules::match
