// -m rateest: compares the rate that a RATEEST rule has estimated with a number or with another estimate.
//
//     absolute:  rate of --rateest                      < > =   --rateest-bps / -pps
//     relative:  rate of --rateest1                     < > =   rate of --rateest2
//     delta:     what a rate is below a given number takes the rate's place, on both sides
//
// Rates of bits are kept as bytes a second in 32 bits.
// source: man:iptables-extensions rateest; kernel:net/netfilter/xt_rateest.c; seen:tests/rules/rateest_match.t.
// Tested by: tests/rules/rateest_match.t, tests/scenarios/rules/*estimated*.yaml.
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "rules/module.hpp"
#include "rules/rate_estimator.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kFirst,
    kFirst1,
    kBps1,
    kPps1,
    kSecond,
    kBps2,
    kPps2,
    kDelta,
    kLess,
    kGreater,
    kEqual
};
enum : std::uint8_t { kNoMode, kIsEqual, kIsLess, kIsGreater };
enum : std::uint8_t {
    kInverted = 1,
    kAbsolute = 2,
    kRelative = 4,
    kByDelta = 8,
    kByBits = 16,
    kByPackets = 32
};

/// "5mbit" in bytes a second; what is over 32 bits is cut off.
std::optional<std::uint32_t> parse_bit_rate(std::string_view text) {
    struct Unit {
        std::string_view name;
        double bits;
    };
    constexpr Unit kUnits[] = {
        {"bit", 1.},
        {"kibit", 1024.},
        {"kbit", 1000.},
        {"mibit", 1024. * 1024.},
        {"mbit", 1e6},
        {"gibit", 1024. * 1024. * 1024.},
        {"gbit", 1e9},
        {"tibit", 1024. * 1024. * 1024. * 1024.},
        {"tbit", 1e12},
        {"bps", 8.},
        {"kibps", 8. * 1024.},
        {"kbps", 8e3},
        {"mibps", 8. * 1024. * 1024.},
        {"mbps", 8e6},
        {"gibps", 8. * 1024. * 1024. * 1024.},
        {"gbps", 8e9},
        {"tibps", 8. * 1024. * 1024. * 1024. * 1024.},
        {"tbps", 8e12},
        {"", 1.},
    };
    const std::string words(text);
    char* end = nullptr;
    const double number = std::strtod(words.c_str(), &end);
    if (end == words.c_str() || !(std::abs(number) < 1e18)) return std::nullopt;
    const std::string_view name(end);
    for (const Unit& unit : kUnits) {
        if (name.size() != unit.name.size() || !begins_in_any_case(unit.name, name)) continue;
        const double bytes = number * unit.bits / 8.;
        if (!(std::abs(bytes) < 9e18)) return std::nullopt;
        return static_cast<std::uint32_t>(static_cast<std::int64_t>(bytes));
    }
    return std::nullopt;
}

std::string bit_rate_text(std::uint32_t bytes) {
    const double bits = static_cast<double>(bytes) * 8.;
    if (bits >= 1000. * 1000000.) return fmt::format("{:.0f}Mbit", bits / 1000000.);
    if (bits >= 1000. * 1000.) return fmt::format("{:.0f}Kbit", bits / 1000.);
    return fmt::format("{:.0f}bit", bits);
}

using Name = std::array<char, 16>;

struct Form {
    struct Data {
        std::array<RateEstimator*, 2> estimators{};
        std::array<Name, 2> names{};
        std::array<std::uint32_t, 2> bytes{};
        std::array<std::uint32_t, 2> packets{};
        std::uint8_t flags = 0;
        std::uint8_t mode = kNoMode;
        std::array<std::uint8_t, 6> padding{};
    };
    static constexpr Option kOptions[] = {
        {.name = "rateest1",
         .id = kFirst,
         .arg = ArgKind::text,
         .words = "relative: the first estimator"},
        {.name = "rateest",
         .id = kFirst1,
         .arg = ArgKind::text,
         .words = "absolute: the estimator"},
        {.name = "rateest-bps1",
         .id = kBps1,
         .words = "delta: the rate the first one is taken from; 0 if no value"},
        {.name = "rateest-pps1", .id = kPps1, .words = "the same in packets a second"},
        {.name = "rateest2",
         .id = kSecond,
         .arg = ArgKind::text,
         .words = "relative: the second estimator"},
        {.name = "rateest-bps2",
         .id = kBps2,
         .words = "delta: the rate the second one is taken from; 0 if no value"},
        {.name = "rateest-bps",
         .id = kBps2,
         .words =
             "compares bytes; absolute: with this rate, as 8bit, 5kbit, 2.5mbit, 10KBps, 1MiBps"},
        {.name = "rateest-pps2", .id = kPps2, .words = "the same in packets a second"},
        {.name = "rateest-pps",
         .id = kPps2,
         .words = "compares packets; absolute: with so many a second"},
        {.name = "rateest-delta",
         .id = kDelta,
         .words = "compares what the rates leave of the given numbers"},
        {.name = "rateest-lt", .id = kLess, .flags = option_flag::kInvert, .words = "less"},
        {.name = "rateest-gt", .id = kGreater, .flags = option_flag::kInvert, .words = "greater"},
        {.name = "rateest-eq", .id = kEqual, .flags = option_flag::kInvert, .words = "equal"},
    };
    static constexpr Traits kTraits{
        .name = "rateest",
        .options = kOptions,
        .words = "Compares rates that RATEEST rules have estimated.",
        .reads = "estimators, time",
        .differences =
            "an estimator's intervals begin with the first packet that a rule of it sees"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kFirst:
            case kFirst1: parse_first(data, use, reader); break;
            case kSecond:
                set_name(data.names[1], use.value.text);
                data.flags |= kRelative;
                break;
            case kBps1: parse_bits(data, 0, reader); break;
            case kBps2: parse_bits(data, 1, reader); break;
            case kPps1: parse_packets(data, 0, reader); break;
            case kPps2: parse_packets(data, 1, reader); break;
            case kDelta: data.flags |= kByDelta; break;
            default:
                data.mode = use.id() == kLess      ? kIsLess
                            : use.id() == kGreater ? kIsGreater
                                                   : kIsEqual;
                if (use.inverted) data.flags |= kInverted;
                break;
        }
    }
    static void parse_first(Data& data, const OptionUse& use, RuleReader& reader) {
        if (reader.has_seen(option_bit(kFirst) | option_bit(kFirst1))) {
            reader.fault("--rateest and --rateest1 stand twice for `rateest'");
        }
        set_name(data.names[0], use.value.text);
    }
    static void set_name(Name& to, std::string_view name) {
        to.fill(0);
        std::memcpy(to.data(), name.data(), std::min(name.size(), to.size() - 1));
    }
    static void parse_bits(Data& data, std::size_t side, RuleReader& reader) {
        data.flags |= kByBits;
        const auto word = reader.take_word();
        if (!word) return;
        if (const auto bytes = parse_bit_rate(*word)) {
            data.bytes[side] = *bytes;
        } else {
            reader.fault(fmt::format("`{}' is no rate: 8bit, 5kbit, 2.5mbit, 10KBps", *word));
        }
    }
    static void parse_packets(Data& data, std::size_t side, RuleReader& reader) {
        data.flags |= kByPackets;
        const auto word = reader.take_word();
        if (!word) return;
        if (const auto packets = parse_number(*word, 0, 0xffffffffU)) {
            data.packets[side] = static_cast<std::uint32_t>(*packets);
        } else {
            reader.fault(fmt::format("`{}' is no number of packets", *word));
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if ((data.flags & kRelative) == 0) data.flags |= kAbsolute;
        if (data.names[0][0] == '\0') {
            reader.fault("`rateest' needs --rateest or --rateest1");
        } else if ((data.flags & (kByBits | kByPackets)) == 0) {
            reader.fault("`rateest' needs --rateest-bps or --rateest-pps");
        } else if (data.mode == kNoMode) {
            reader.fault("`rateest' needs --rateest-lt, --rateest-gt or --rateest-eq");
        }
    }
    static Complaint bind(Data& data, BindContext& context) {
        for (std::size_t i = 0; i < ((data.flags & kRelative) != 0 ? 2 : 1); ++i) {
            data.estimators[i] =
                context.objects.find<RateEstimator>(RateEstimator::kKind, data.names[i].data());
            if (data.estimators[i] == nullptr) {
                return fmt::format("match `rateest': no RATEEST rule before it has the name `{}'",
                                   data.names[i].data());
            }
        }
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        const bool is_delta = (data.flags & kByDelta) != 0;
        const bool is_absolute = (data.flags & kAbsolute) != 0;
        if (is_delta) out += " --rateest-delta";
        out += fmt::format(" --{} {}", is_absolute ? "rateest" : "rateest1", data.names[0].data());
        if ((data.flags & kByBits) != 0) {
            if (is_delta) out += " --rateest-bps1 " + bit_rate_text(data.bytes[0]);
            print_mode(data, out);
            if (is_absolute || is_delta) {
                out += fmt::format(" --rateest-bps{} {}", is_delta ? "2" : "",
                                   bit_rate_text(data.bytes[1]));
            } else {
                out += " --rateest-bps";
            }
        }
        if ((data.flags & kByPackets) != 0) {
            if (is_delta) out += fmt::format(" --rateest-pps1 {}", data.packets[0]);
            print_mode(data, out);
            if (is_absolute || is_delta) {
                out += fmt::format(" --rateest-pps{} {}", is_delta ? "2" : "", data.packets[1]);
            } else {
                out += " --rateest-pps";
            }
        }
        if (!is_absolute) out += fmt::format(" --rateest2 {}", data.names[1].data());
    }
    static void print_mode(const Data& data, std::string& out) {
        if ((data.flags & kInverted) != 0) out += " !";
        out += data.mode == kIsLess      ? " --rateest-lt"
               : data.mode == kIsGreater ? " --rateest-gt"
                                         : " --rateest-eq";
    }
    static bool holds(const Data& data, std::uint64_t left, std::uint64_t right) {
        return data.mode == kIsLess      ? left < right
               : data.mode == kIsGreater ? left > right
                                         : left == right;
    }
    /// What is compared of one side.
    static RateEstimator::Rates side(Data& data, std::size_t at, Time now) {
        RateEstimator::Rates rates{data.bytes[at], data.packets[at]};
        const bool is_number = at == 1 && (data.flags & kAbsolute) != 0;
        if (is_number) return rates;
        const RateEstimator::Rates seen = data.estimators[at]->rates(now);
        if ((data.flags & kByDelta) == 0) return seen;
        return {rates.bytes >= seen.bytes ? rates.bytes - seen.bytes : 0,
                rates.packets >= seen.packets ? rates.packets - seen.packets : 0};
    }
    static std::string_view remembers(const Data&) { return "remembers how much has come"; }
    static bool matches(Data& data, Context& context, Why why) {
        const RateEstimator::Rates left = side(data, 0, context.now);
        const RateEstimator::Rates right = side(data, 1, context.now);
        bool result = (data.flags & kInverted) != 0;
        if ((data.flags & kByBits) != 0) result ^= holds(data, left.bytes, right.bytes);
        if ((data.flags & kByPackets) != 0) result ^= holds(data, left.packets, right.packets);
        if (result) return true;
        return why.no("compared {} bytes and {} packets a second with {} and {}", left.bytes,
                      left.packets, right.bytes, right.packets);
    }
};

}  // namespace

extern const MatchModule k_rateest;
const MatchModule k_rateest = match_module<Form>();

}  // namespace keepstate::rules::match
