// -m connbytes: how much a connection has carried so far, this packet included.
//
// Only entries made while accounting is on have counters; a rule with this match switches it on, as in Linux.
// source: man:iptables-extensions connbytes; kernel:net/netfilter/xt_connbytes.c.   Tested by: tests/rules/connbytes.t.
#include <utility>

#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kRange, kDirection, kMode };

constexpr std::uint64_t kMost = ~std::uint64_t{0};
constexpr std::string_view kDirections[] = {"original", "reply", "both"};
constexpr std::string_view kModes[] = {"packets", "bytes", "avgpkt"};
enum : std::uint8_t { kPackets, kBytes, kAverage };

struct Form {
    struct Data {
        std::uint64_t from = 0;
        std::uint64_t to = 0;  ///< below `from': inverted, from `to' to `from'
        std::uint32_t direction = 0;
        std::uint32_t mode = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "connbytes",
         .id = kRange,
         .arg = ArgKind::number_range,
         .flags = option_flag::kInvert | option_flag::kMust,
         .max = kMost,
         .words = "FROM:TO, both included; FROM alone has no upper end"},
        {.name = "connbytes-dir",
         .id = kDirection,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "whose packets count: original, reply or both"},
        {.name = "connbytes-mode",
         .id = kMode,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "what is counted: packets, bytes, or avgpkt, the average packet's bytes"},
    };
    static constexpr Traits kTraits{.name = "connbytes",
                                    .options = kOptions,
                                    .words =
                                        "Matches by how many packets or bytes the connection has "
                                        "carried, this packet included. "
                                        "A rule with it switches nf_conntrack_acct on.",
                                    .reads = "the counters of the packet's entry"};

    template <std::size_t kCount>
    static std::uint32_t parse_word(const std::string_view (&names)[kCount], const OptionUse& use,
                                    RuleReader& reader) {
        for (std::uint32_t i = 0; i < kCount; ++i) {
            if (names[i] == use.value.text) return i;
        }
        reader.fault(fmt::format("--{}: `{}' is none of {}, {}, {}{}", use.option->name,
                                 use.value.text, names[0], names[1], names[2],
                                 did_you_mean(use.value.text, {names, names + kCount})));
        return 0;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kDirection) {
            data.direction = parse_word(kDirections, use, reader);
        } else if (use.id() == kMode) {
            data.mode = parse_word(kModes, use, reader);
        } else {
            data.from = use.value.low;
            data.to = use.value.has_second ? use.value.high : kMost;
            if (data.from > data.to) {
                reader.fault(fmt::format("--connbytes: {} is over {}", data.from, data.to));
            }
            if (use.inverted) std::swap(data.from, data.to);
        }
    }
    static Complaint bind(Data&, BindContext& context) {
        context.objects.wants_accounting = true;
        return std::nullopt;
    }
    static std::string range_text(const Data& data) {
        std::string out = data.from > data.to ? "! --connbytes " : "--connbytes ";
        const auto [low, high] = std::minmax(data.from, data.to);
        out += std::to_string(low);
        if (high != kMost) out += fmt::format(":{}", high);
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" {} --connbytes-mode {} --connbytes-dir {}", range_text(data),
                           kModes[data.mode], kDirections[data.direction]);
    }
    static bool matches(Data& data, Context& context, Why why) {
        const ct::Entry* entry = context.flow.entry;
        if (entry == nullptr) return why.no("the packet belongs to no connection");
        const ct::EntryExtra& rare = entry->rare();
        if (!rare.counted) return why.no("the connection is older than accounting");
        const std::size_t at = data.direction == 1 ? 1 : 0;
        std::uint64_t packets = rare.packets[at];
        std::uint64_t bytes = rare.bytes[at];
        if (data.direction == 2) {
            packets += rare.packets[1];
            bytes += rare.bytes[1];
        }
        const std::uint64_t average = packets != 0 ? bytes / packets : 0;
        const std::uint64_t what = data.mode == kPackets ? packets
                                   : data.mode == kBytes ? bytes
                                                         : average;
        const bool is_match = data.to >= data.from ? what >= data.from && what <= data.to
                                                   : what < data.to || what > data.from;
        if (is_match) return true;
        return why ? why.no("{}: the connection has {} ({}, {})", range_text(data), what,
                            kModes[data.mode], kDirections[data.direction])
                   : false;
    }
};

}  // namespace

extern const MatchModule k_connbytes;
const MatchModule k_connbytes = match_module<Form>();

}  // namespace keepstate::rules::match
