// -m string: whether some bytes stand in the packet.
//
//     packet   |<- IP header ... payload ->|         --from, --to count from the IP header's first byte
//              ^from         ^to                     found: all of it stands between from and to
//
// Two ways to look, with the same answer: bm (Boyer, Moore in Horspool's form: a shift for each byte) and kmp
// (Knuth, Morris, Pratt: no byte is looked at twice). The first place that holds the bytes is the one that counts.
// --icase compares in the kernel's upper case, which knows the letters of Latin-1.
// source: man:iptables-extensions string; kernel:net/netfilter/xt_string.c, net/core/skbuff.c skb_find_text,
// lib/ts_bm.c, lib/ts_kmp.c, lib/ctype.c.
// Tested by: tests/rules/string.t, tests/scenarios/rules/strings-are-found-in-packets.yaml, fuzz/matches.cpp.
#include <algorithm>
#include <array>

#include "rules/match/pattern.hpp"
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kAlgorithm, kFrom, kTo, kString, kHexString, kIgnoreCase };

struct Form {
    struct Data {
        Pattern pattern;
        std::uint16_t from = 0;
        std::uint16_t to = 0xffff;
        std::uint8_t inverted = 0;
        std::array<std::uint8_t, 3> unused{};
    };
    static constexpr Option kOptions[] = {
        {.name = "from",
         .id = kFrom,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "Look from byte NUMBER of the IP packet on; default 0"},
        {.name = "to",
         .id = kTo,
         .arg = ArgKind::number,
         .max = 0xffff,
         .words = "The bytes end before byte NUMBER of the IP packet; default 65535"},
        {.name = "algo",
         .id = kAlgorithm,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "How to look: bm or kmp"},
        {.name = "string",
         .id = kString,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kHexString),
         .words = "The bytes as they are, 1 to 128"},
        {.name = "hex-string",
         .id = kHexString,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kString),
         .words = "The bytes, those between two | in hexadecimal; a backslash takes the next one "
                  "as it is"},
        {.name = "icase", .id = kIgnoreCase, .words = "Upper and lower case are the same"},
    };
    static constexpr Traits kTraits{
        .name = "string",
        .options = kOptions,
        .words = "Whether some bytes stand in the packet.",
        .reads = "All bytes from the IP header on.",
        .differences =
            "Linux misses what lies across two pieces of a packet that is stored in pieces; "
            "here a packet is one piece."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kFrom: data.from = static_cast<std::uint16_t>(use.value.low); break;
            case kTo: data.to = static_cast<std::uint16_t>(use.value.low); break;
            case kIgnoreCase: data.pattern.ignores_case = 1; break;
            case kAlgorithm:
                data.pattern.is_kmp = use.value.text == "kmp";
                if (use.value.text != "bm" && use.value.text != "kmp") {
                    reader.fault(fmt::format("--algo: `{}' is neither bm nor kmp", use.value.text));
                }
                break;
            default: {
                data.inverted = use.inverted;
                const bool hex = use.id() == kHexString;
                if (Complaint complaint = data.pattern.read(use.value.text, hex)) {
                    reader.fault(std::move(*complaint));
                }
            }
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!reader.has_seen(option_bit(kString) | option_bit(kHexString))) {
            reader.fault("`string' needs --string or --hex-string");
        } else if (data.pattern.size == 0) {
            reader.fault("`string' cannot look for nothing");
        } else if (data.from > data.to) {
            reader.fault(fmt::format("--from {} lies behind --to {}", data.from, data.to));
        }
        data.pattern.prepare();
    }
    static std::string words(const Data& data) {
        return fmt::format("{}{}", data.inverted ? "! " : "", data.pattern.words());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" {} --algo {}", words(data), data.pattern.is_kmp ? "kmp" : "bm");
        if (data.from != 0) out += fmt::format(" --from {}", data.from);
        if (data.to != 0xffff) out += fmt::format(" --to {}", data.to);
        if (data.pattern.ignores_case) out += " --icase";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto at = data.pattern.find(context.packet->ip.sub(data.from));
        const std::size_t room = static_cast<std::size_t>(data.to) - data.from;
        const bool found = at && *at + data.pattern.size <= room;
        if (found != (data.inverted != 0)) return true;
        if (!why) return false;
        if (found) return why.no("{}: it stands at byte {}", words(data), data.from + *at);
        return why.no("{}: it is not there", words(data));
    }
};

}  // namespace

extern const MatchModule k_string;
const MatchModule k_string = match_module<Form>();

}  // namespace keepstate::rules::match
