// -m statistic: packets by chance (random) or by counting (nth).
//
// `nth' is exact: with --every N --packet P the packet after P others is the first to match, and then each Nth. `random' throws the engine's dice: the same seed and packets give the same throws.
// source: man:iptables-extensions statistic; kernel:net/netfilter/xt_statistic.c.   Tested by: tests/rules/statistic.t.
#include <cmath>
#include <cstdlib>

#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kMode, kProbability, kEvery, kPacket };
enum : std::uint8_t { kNoMode, kRandom, kNth };

constexpr std::uint32_t kCertain = 0x80000000U;  ///< the dice show 31 bits

struct Form {
    struct Data {
        std::uint32_t probability = 0;  ///< of kCertain
        std::uint32_t every = 0;
        std::uint32_t packet = 0;
        std::uint32_t count = 0;  ///< packets since the last match
        std::uint8_t mode = kNoMode;
        std::uint8_t inverted = 0;
        std::uint16_t padding = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "mode",
         .id = kMode,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "random: packets are chosen by chance; nth: one packet in so many"},
        {.name = "probability",
         .id = kProbability,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kEvery) | option_bit(kPacket),
         .words = "random: the chance of a packet to match, 0 to 1, in steps of 1/2147483648"},
        {.name = "every",
         .id = kEvery,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .needs = option_bit(kPacket),
         .min = 1,
         .words = "nth: one packet of so many matches"},
        {.name = "packet",
         .id = kPacket,
         .arg = ArgKind::number,
         .words = "nth: how many packets pass before the first match, 0 to one less than --every"},
    };
    static constexpr Traits kTraits{
        .name = "statistic",
        .options = kOptions,
        .words = "Matches packets by chance or every nth packet. Each rule counts for itself.",
        .reads = "nothing of the packet",
        .differences =
            "random: the dice are seeded (EngineSetup::seed), so that a run can be repeated"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kMode:
                if (use.value.text == "random") {
                    data.mode = kRandom;
                } else if (use.value.text == "nth") {
                    data.mode = kNth;
                } else {
                    reader.fault(
                        fmt::format("--mode: `{}' is neither random nor nth", use.value.text));
                }
                break;
            case kProbability: parse_probability(data, use, reader); break;
            case kEvery:
                data.every = static_cast<std::uint32_t>(use.value.low);
                data.inverted = use.inverted;
                break;
            default: data.packet = static_cast<std::uint32_t>(use.value.low); break;
        }
    }
    // Whatever the C library reads as a number, "not a number" (which is 0) included.
    static void parse_probability(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string words(use.value.text);
        char* end = nullptr;
        const double chance = std::strtod(words.c_str(), &end);
        if (words.empty() || *end != '\0' || chance < 0 || chance > 1) {
            reader.fault(fmt::format("--probability: `{}' is no number from 0 to 1", words));
            return;
        }
        data.probability =
            std::isnan(chance) ? 0 : static_cast<std::uint32_t>(std::llround(chance * kCertain));
        data.inverted = use.inverted;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.mode == kRandom && !reader.has_seen(option_bit(kProbability))) {
            reader.fault("`--mode random' needs --probability");
        } else if (data.mode == kNth && !reader.has_seen(option_bit(kEvery))) {
            reader.fault("`--mode nth' needs --every and --packet");
        } else if (data.mode == kNth && data.packet >= data.every) {
            reader.fault(
                fmt::format("--packet {} must be below --every {}", data.packet, data.every));
        }
        // The packet of number --packet, counted from 0, is the first to match.
        data.count = data.every - 1 - data.packet;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        const char* inverted = data.inverted ? " !" : "";
        if (data.mode == kRandom) {
            out += fmt::format(" --mode random{} --probability {:.11f}", inverted,
                               static_cast<double>(data.probability) / kCertain);
        } else {
            out += fmt::format(" --mode nth{} --every {} --packet {}", inverted, data.every,
                               data.packet);
        }
    }
    static std::string_view remembers(const Data&) { return "counts packets, or throws dice"; }
    static bool matches(Data& data, Context& context, Why why) {
        const bool inverted = data.inverted != 0;
        if (data.mode == kRandom) {
            const std::uint32_t thrown =
                (context.dice != nullptr ? context.dice->next() : 0) & (kCertain - 1);
            if ((thrown < data.probability) != inverted) return true;
            return why ? why.no("--probability {:.6f}: the dice showed {:.6f}",
                                static_cast<double>(data.probability) / kCertain,
                                static_cast<double>(thrown) / kCertain)
                       : false;
        }
        const std::uint32_t shown = data.count + 1;
        data.count = data.count == data.every - 1 ? 0 : data.count + 1;
        if ((data.count == 0) != inverted) return true;
        return why.no("{}--every {}: this packet is number {}", inverted ? "! " : "", data.every,
                      shown);
    }
};

}  // namespace

extern const MatchModule k_statistic;
const MatchModule k_statistic = match_module<Form>();

}  // namespace keepstate::rules::match
