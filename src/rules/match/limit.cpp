// -m limit: a token bucket: at most so many packets in so much time, after a first burst.
//
// A packet costs `avg' credits, the bucket holds `burst' of them and fills with time, counted in the
// kernel's ticks. Each rule has a bucket of its own, full when the Program is made.
// source: man:iptables-extensions limit; kernel:net/netfilter/xt_limit.c.   Tested by: tests/rules/limit.t.
#include <cstdlib>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kRate, kBurst };

constexpr std::uint32_t kScale = 10000;  ///< avg is in 1/10000 s a packet
constexpr std::uint32_t kTicksPerSecond = 250;
constexpr std::uint32_t kCreditsPerTick = 128;
constexpr std::uint32_t kCreditsPerSecond = kTicksPerSecond * kCreditsPerTick;
constexpr std::int64_t kNsPerTick = kNsPerSecond / kTicksPerSecond;
constexpr std::uint32_t kDefaultBurst = 5;

struct Unit {
    std::string_view name;
    std::string_view printed;
    std::uint32_t seconds;
};
constexpr Unit kUnits[] = {
    {"day", "day", 86400}, {"hour", "hour", 3600}, {"minute", "min", 60}, {"second", "sec", 1}};

// In 32 bits, overflow included: what overflows is refused by check().
std::uint32_t credits(std::uint32_t user) {
    if (user > 0xffffffffU / kCreditsPerSecond) return (user / kScale) * kCreditsPerSecond;
    return user * kCreditsPerSecond / kScale;
}

struct Limit {
    struct Data {
        std::int64_t previous_tick = 0;
        std::uint32_t average = 0;
        std::uint32_t burst = 0;
        std::uint32_t credit = 0;
        std::uint32_t started = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "limit",
         .id = kRate,
         .arg = ArgKind::text,
         .words = "how often the rule may match, in the long run: `N/second`, `/minute`, `/hour`, "
                  "`/day`, cut short as one likes. Default: `3/hour`"},
        {.name = "limit-burst",
         .id = kBurst,
         .arg = ArgKind::number,
         .max = 10000,
         .words = "how many times it may match at once, when it has not for long. Default: 5"},
    };
    static constexpr Traits kTraits{
        .name = "limit",
        .options = kOptions,
        .words = "Matches only so often: a bucket of tokens, one a match, filled at a rate.",
        .reads = "the time, and how often the rule matched before",
        .differences =
            "The bucket is filled in virtual time. Linux counts in ticks of 4 ms, and so does "
            "this."};

    static void begin(Data& data) {
        data.average = kScale * 3600 / 3;
        data.burst = kDefaultBurst;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kBurst) {
            data.burst = static_cast<std::uint32_t>(use.value.low);
            return;
        }
        const std::string words(use.value.text);
        const std::size_t slash = words.find('/');
        std::uint32_t seconds = slash == std::string::npos ? 1 : 0;
        if (slash != std::string::npos && slash + 1 < words.size()) {
            for (const Unit& unit : kUnits) {
                if (begins_in_any_case(unit.name, words.substr(slash + 1))) seconds = unit.seconds;
            }
        }
        // The number is read as atoi does: what follows its digits does not count.
        const long rate = std::strtol(words.c_str(), nullptr, 10);
        if (seconds == 0 || rate == 0) {
            reader.fault(
                fmt::format("`{}' is no rate: NUMBER/second, /minute, /hour or /day", words));
            return;
        }
        if (rate < 0 || static_cast<std::uint64_t>(rate) > std::uint64_t{kScale} * seconds) {
            reader.fault(fmt::format("rate `{}' is too fast: {} a second at most", words, kScale));
            return;
        }
        data.average = static_cast<std::uint32_t>(std::uint64_t{kScale} * seconds /
                                                  static_cast<std::uint64_t>(rate));
    }
    static Complaint check(const Data& data, const CheckContext&) {
        if (data.burst == 0) return "match `limit' needs a burst of one packet at least";
        if (credits(data.average * data.burst) >= credits(data.average)) return std::nullopt;
        return "match `limit': this burst takes too long to fill again: a faster rate, or less "
               "burst";
    }
    static std::string rate_text(const Data& data) {
        const Unit* shown = &kUnits[0];
        for (const Unit& unit : kUnits) {
            const std::uint32_t whole = unit.seconds * kScale;
            if (data.average > whole || whole / data.average < whole % data.average) break;
            shown = &unit;
        }
        return fmt::format("{}/{}", shown->seconds * kScale / data.average, shown->printed);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " --limit " + rate_text(data);
        if (data.burst != kDefaultBurst) out += fmt::format(" --limit-burst {}", data.burst);
    }
    static std::string_view remembers(const Data&) {
        return "remembers how many packets have come";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::int64_t tick = context.now.ns / kNsPerTick;
        const std::uint32_t cost = credits(data.average);
        const std::uint32_t most = credits(data.average * data.burst);
        if (data.started == 0) {
            data.started = 1;
            data.credit = most;
            data.previous_tick = tick;
        }
        const std::int64_t passed = tick > data.previous_tick ? tick - data.previous_tick : 0;
        const std::int64_t room = (most - data.credit) / kCreditsPerTick + 1;
        const std::uint64_t filled =
            data.credit +
            static_cast<std::uint64_t>(passed < room ? passed : room) * kCreditsPerTick;
        data.credit = filled > most ? most : static_cast<std::uint32_t>(filled);
        data.previous_tick = tick > data.previous_tick ? tick : data.previous_tick;
        if (data.credit >= cost) {
            data.credit -= cost;
            return true;
        }
        return why ? why.no("--limit {}: the rate is used up, {} ms until the next",
                            rate_text(data),
                            (cost - data.credit) / kCreditsPerTick * (1000 / kTicksPerSecond))
                   : false;
    }
};

}  // namespace

extern const MatchModule k_limit;
const MatchModule k_limit = match_module<Limit>();

}  // namespace keepstate::rules::match
