// -m hashlimit: a rate for each group of packets: by addresses, by ports.
//
//     table `web' -> (srcip, dstport) -> Bucket{credit, ...}          for one rule: what -m limit does with one bucket
//
// A table belongs to its name and family. The first rule that names it decides which parts of a packet make a group,
// how the credit of a new group is computed, and when a group is forgotten; each rule then asks in its own unit.
// Credits are counted as the kernel counts them, tick for tick (hashlimit_rates.hpp).
//
// Limits: as many groups as --hashlimit-htable-max says; without it 65536, which is what a machine with 1 GB and more
// takes. When a group is needed beyond them the packet is dropped, as in Linux.
// source: man:iptables-extensions hashlimit; kernel:net/netfilter/xt_hashlimit.c.   Tested by: tests/rules/hashlimit.t,
// tests/scenarios/rules/*hashlimit*.yaml.
#include <array>
#include <cstring>

#include "rules/match/hashlimit_rates.hpp"
#include "rules/match/hashlimit_table.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kUpto,
    kAbove,
    kSourceMask,
    kDestinationMask,
    kBurst,
    kTableSize,
    kTableMax,
    kCollect,
    kExpire,
    kMode,
    kName,
    kRateMatch,
    kInterval
};

constexpr std::uint32_t kMostBuckets = 1048576;
constexpr std::uint64_t kMostBurst = 1000000;
constexpr std::uint32_t kByteExpireSeconds = 15;
constexpr std::uint32_t kByteBurstExpireSeconds = 60;
constexpr std::string_view kModeNames[] = {"srcip", "srcport", "dstip", "dstport"};
constexpr std::uint32_t kModeBits[] = {hash_mode::kSourceAddress, hash_mode::kSourcePort,
                                       hash_mode::kDestinationAddress, hash_mode::kDestinationPort};

struct Form {
    struct Data {
        HashTable* table = nullptr;
        HashConfig config;
        std::uint32_t unit_seconds = 1;  ///< of the rate, while it is read
        std::uint32_t padding = 0;
        std::array<char, 256> name{};  ///< ends with a zero
    };
    static constexpr Option kOptions[] = {
        {.name = "hashlimit-upto",
         .id = kUpto,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kAbove),
         .words =
             "matches up to this rate: NUMBER/second, /minute, /hour, /day, or bytes: 512kb/s"},
        {.name = "hashlimit",
         .id = kUpto,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kAbove),
         .words = "the old name of --hashlimit-upto"},
        {.name = "hashlimit-above",
         .id = kAbove,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .excludes = option_bit(kUpto),
         .words = "matches above this rate, written alike"},
        {.name = "hashlimit-srcmask",
         .id = kSourceMask,
         .arg = ArgKind::text,
         .words = "with srcip: the prefix length of a group; all bits if not given"},
        {.name = "hashlimit-dstmask",
         .id = kDestinationMask,
         .arg = ArgKind::text,
         .words = "with dstip: the prefix length of a group; all bits if not given"},
        {.name = "hashlimit-burst",
         .id = kBurst,
         .arg = ArgKind::text,
         .words = "packets at once before the rate counts, 5 if not given; with a rate of bytes: "
                  "bytes, also "
                  "as 10kb or 1mb"},
        {.name = "hashlimit-htable-size",
         .id = kTableSize,
         .arg = ArgKind::number,
         .words =
             "buckets of the hash table; 0 chooses. Here it only bounds --hashlimit-htable-max"},
        {.name = "hashlimit-htable-max",
         .id = kTableMax,
         .arg = ArgKind::number,
         .words = "groups at most; 0: eight times the buckets"},
        {.name = "hashlimit-htable-gcinterval",
         .id = kCollect,
         .arg = ArgKind::number,
         .words = "milliseconds between two looks for expired groups; 1000 if not given"},
        {.name = "hashlimit-htable-expire",
         .id = kExpire,
         .arg = ArgKind::number,
         .words = "milliseconds without a packet after which a group is forgotten; the rate's unit "
                  "if not "
                  "given"},
        {.name = "hashlimit-mode",
         .id = kMode,
         .arg = ArgKind::text,
         .words = "what makes a group: a list of srcip, srcport, dstip, dstport; without it there "
                  "is one group"},
        {.name = "hashlimit-name",
         .id = kName,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .min = 1,
         .words = "the table's name"},
        {.name = "hashlimit-rate-match",
         .id = kRateMatch,
         .words = "asks whether the group's rate is above, instead of limiting it"},
        {.name = "hashlimit-rate-interval",
         .id = kInterval,
         .arg = ArgKind::text,
         .words =
             "with --hashlimit-rate-match: seconds over which the rate is taken; 1 if not given"},
    };
    static constexpr Traits kTraits{
        .name = "hashlimit",
        .options = kOptions,
        .words =
            "Matches packets of a group up to a rate, or above it. What makes a group is chosen by "
            "--hashlimit-mode.",
        .reads = "addresses, ports and length of the packet, time",
        .differences =
            "expired groups are looked for every gcinterval from the table's first packet on; "
            "without htable-size and htable-max there is room for 65536 groups"};

    static void begin(Data& data) {
        data.config.burst = 5;
        data.config.collect_ms = 1000;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        HashConfig& config = data.config;
        const auto number = static_cast<std::uint32_t>(use.value.low);
        switch (use.id()) {
            case kUpto:
            case kAbove: parse_rate(data, use, reader); break;
            case kSourceMask: parse_bits(config.source_bits, use, reader); break;
            case kDestinationMask: parse_bits(config.destination_bits, use, reader); break;
            case kBurst: parse_burst(data, use, reader); break;
            case kTableSize: config.buckets = std::min(number, kMostBuckets); break;
            case kTableMax: config.most_groups = std::min(number, kMostBuckets); break;
            case kCollect: config.collect_ms = number; break;
            case kExpire: config.expire_ms = number; break;
            case kMode: parse_mode(data, use, reader); break;
            case kName: parse_name(data, use.value.text, reader); break;
            case kRateMatch: config.mode |= hash_mode::kRateMatch; break;
            default: parse_interval(data, use, reader); break;
        }
    }
    static void parse_rate(Data& data, const OptionUse& use, RuleReader& reader) {
        const HashRate rate = read_hash_rate(use.value.text);
        if (!rate.fault.empty()) {
            reader.fault(
                fmt::format("--{}: `{}' {}", use.option->name, use.value.text, rate.fault));
            return;
        }
        data.config.average = rate.average;
        data.unit_seconds = rate.unit_seconds;
        if (rate.is_bytes) data.config.mode |= hash_mode::kBytes;
        if ((use.id() == kAbove) != use.inverted) data.config.mode |= hash_mode::kInverted;
    }
    // Unlike elsewhere a length over 32 is handed on, and refused by check().
    static void parse_bits(std::uint8_t& bits, const OptionUse& use, RuleReader& reader) {
        if (const auto number = parse_number(use.value.text, 0, 255);
            number && reader.family() == Family::ipv4) {
            bits = static_cast<std::uint8_t>(*number);
        } else if (const auto mask = parse_prefix_bits(use.value.text, reader.family())) {
            bits = *mask;
        } else {
            reader.fault(fmt::format("--{}: `{}' is no prefix length and no mask", use.option->name,
                                     use.value.text));
        }
    }
    static void parse_burst(Data& data, const OptionUse& use, RuleReader& reader) {
        const auto number = parse_number_prefix(use.value.text);
        const std::string_view unit =
            number ? use.value.text.substr(number->bytes) : std::string_view{};
        if (!number || number->value < 1 || (unit.empty() && number->value > kMostBurst)) {
            reader.fault(fmt::format("--hashlimit-burst: `{}' is no number from 1 to {}",
                                     use.value.text, kMostBurst));
            return;
        }
        data.config.burst = number->value;
        if (unit.starts_with('k')) data.config.burst <<= 10;
        if (unit.starts_with('m')) data.config.burst <<= 20;
    }
    static void parse_mode(Data& data, const OptionUse& use, RuleReader& reader) {
        std::string_view list = use.value.text;
        while (!list.empty()) {
            const std::size_t comma = std::min(list.find(','), list.size());
            const std::string_view word = list.substr(0, comma);
            std::uint32_t bit = word.empty() ? 0 : ~0U;
            for (std::size_t i = 0; i < std::size(kModeNames); ++i) {
                if (kModeNames[i] == word) bit = kModeBits[i];
            }
            if (bit == ~0U) {
                reader.fault(fmt::format(
                    "--hashlimit-mode: `{}' is none of srcip, srcport, dstip, dstport", word));
                return;
            }
            data.config.mode |= bit;
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
    static void parse_name(Data& data, std::string_view name, RuleReader& reader) {
        if (name == "." || name == ".." || name.find('/') != std::string_view::npos) {
            reader.fault(fmt::format("--hashlimit-name: `{}' is no name of a table", name));
        }
        data.name.fill(0);
        std::memcpy(data.name.data(), name.data(), std::min<std::size_t>(name.size(), 254));
    }
    static void parse_interval(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string words(use.value.text);
        const long seconds = std::strtol(words.c_str(), nullptr, 10);
        if (seconds <= 0 || seconds > 0x7fffffff) {
            reader.fault(
                fmt::format("--hashlimit-rate-interval: `{}' is no number of seconds", words));
            return;
        }
        data.config.interval_seconds = static_cast<std::uint32_t>(seconds);
    }
    static void finish(Data& data, RuleReader& reader) {
        HashConfig& config = data.config;
        const std::uint8_t most_bits = reader.family() == Family::ipv4 ? 32 : 128;
        if (!reader.has_seen(option_bit(kSourceMask))) config.source_bits = most_bits;
        if (!reader.has_seen(option_bit(kDestinationMask))) config.destination_bits = most_bits;
        if (!reader.has_seen(option_bit(kUpto) | option_bit(kAbove))) {
            reader.fault("`hashlimit' needs --hashlimit-upto or --hashlimit-above");
            return;
        }
        const bool has_expire = reader.has_seen(option_bit(kExpire));
        if (!has_expire) config.expire_ms = data.unit_seconds * 1000;
        if (config.is_bytes()) {
            finish_bytes(data, reader, has_expire);
        } else if (config.burst > kMostBurst) {
            reader.fault(fmt::format("--hashlimit-burst: at most {} packets", kMostBurst));
        }
        if (config.is_rate_match()) {
            if (!config.is_bytes()) config.average /= data.unit_seconds;
            if (config.interval_seconds == 0) {
                config.interval_seconds = config.is_bytes() ? 1 : data.unit_seconds;
            }
        }
        data.unit_seconds = 0;
    }
    static void finish_bytes(Data& data, RuleReader& reader, bool has_expire) {
        HashConfig& config = data.config;
        if (!has_expire) config.expire_ms = kByteExpireSeconds * 1000;
        if (!reader.has_seen(option_bit(kBurst))) {
            config.burst = 0;
            return;
        }
        // The burst becomes a number of refills of what a second's rate allows, in 32 bits.
        const std::uint64_t rate = bytes_of_cost(config.average);
        if (config.burst < rate) {
            reader.fault(fmt::format("--hashlimit-burst: at least the rate's {} bytes", rate));
            return;
        }
        if (rate == 0) return;
        const auto bytes = config.burst;
        config.burst = static_cast<std::uint32_t>(static_cast<std::uint32_t>(bytes) / rate);
        if (bytes % rate != 0) ++config.burst;
        if (!has_expire) config.expire_ms = kByteBurstExpireSeconds * 1000;
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const HashConfig& config = data.config;
        const unsigned most_bits = context.family == Family::ipv4 ? 32 : 128;
        if (config.source_bits > most_bits || config.destination_bits > most_bits) {
            return fmt::format("match `hashlimit': a prefix length is {} at most", most_bits);
        }
        if (config.collect_ms == 0 || config.expire_ms == 0) {
            return "match `hashlimit': gcinterval and expire must not be 0";
        }
        if (config.is_rate_match()) {
            if (config.average != 0 && config.average <= 0xffffffffU) return std::nullopt;
            return "match `hashlimit': this rate cannot be matched";
        }
        if (config.is_bytes()) {
            if (credits_of_byte_cost(config.average) != 0) return std::nullopt;
            return "match `hashlimit': this rate of bytes is too fast";
        }
        if (config.burst != 0 &&
            credits_of(config.average * config.burst) >= credits_of(config.average)) {
            return std::nullopt;
        }
        return "match `hashlimit': this burst takes too long to fill again: a faster rate, or less "
               "burst";
    }
    static Complaint bind(Data& data, BindContext& context) {
        const std::string name =
            fmt::format("{} {}", context.family == Family::ipv4 ? 4 : 6, data.name.data());
        data.table = &context.objects.find_or_make<HashTable>("hashlimit", name, data.config,
                                                              context.objects.seed());
        if (data.table->config().is_rate_match() == data.config.is_rate_match())
            return std::nullopt;
        return fmt::format(
            "match `hashlimit': table `{}' is used with and without "
            "--hashlimit-rate-match",
            data.name.data());
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        const HashConfig& config = data.config;
        const bool is_above = (config.mode & hash_mode::kInverted) != 0;
        out += is_above ? " --hashlimit-above " : " --hashlimit-upto ";
        std::uint32_t usual_expire_ms = 0;
        if (config.is_bytes()) {
            out += byte_rate_text(config.average);
            if (config.burst != 0) {
                out += " --hashlimit-burst " +
                       byte_count_text(bytes_of_cost(config.average) * config.burst);
            }
            usual_expire_ms =
                (config.burst != 0 ? kByteBurstExpireSeconds : kByteExpireSeconds) * 1000;
        } else {
            std::uint32_t unit_seconds = 0;
            out += packet_rate_text(config.average, unit_seconds);
            out += fmt::format(" --hashlimit-burst {}", config.burst);
            usual_expire_ms = unit_seconds * 1000;
        }
        print_table(data, context, usual_expire_ms, out);
    }
    static void print_table(const Data& data, const PrintContext& context,
                            std::uint32_t usual_expire_ms, std::string& out) {
        const HashConfig& config = data.config;
        std::string_view before = " --hashlimit-mode ";
        for (std::size_t i = 0; i < std::size(kModeNames); ++i) {
            if ((config.mode & kModeBits[i]) == 0) continue;
            out += before;
            out += kModeNames[i];
            before = ",";
        }
        out += fmt::format(" --hashlimit-name {}", data.name.data());
        const auto option = [&out](std::string_view name, std::uint32_t value,
                                   std::uint32_t usual) {
            if (value != usual) out += fmt::format(" --hashlimit-{} {}", name, value);
        };
        option("htable-size", config.buckets, 0);
        option("htable-max", config.most_groups, 0);
        option("htable-gcinterval", config.collect_ms, 1000);
        option("htable-expire", config.expire_ms, usual_expire_ms);
        const std::uint32_t all_bits = context.family == Family::ipv4 ? 32 : 128;
        option("srcmask", config.source_bits, all_bits);
        option("dstmask", config.destination_bits, all_bits);
        if (config.is_rate_match()) {
            out += " --hashlimit-rate-match";
            option("rate-interval", config.interval_seconds, 1);
        }
    }
    static std::string_view remembers(const Data&) {
        return "remembers how many packets have come";
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::optional<HashTable::Key> key = data.table->key_of(*context.packet);
        HashBucket* bucket = key ? data.table->find_or_make(*key, context.now) : nullptr;
        if (bucket == nullptr) {
            context.hotdrop = true;
            return why.no("{}: the packet is dropped",
                          key ? "the table is full" : "the packet has no ports");
        }
        const bool is_above = (data.config.mode & hash_mode::kInverted) != 0;
        const bool is_within = bucket->take(data.config.mode, context.packet->ip.size());
        if (is_within != is_above) return true;
        return why ? why.no("--hashlimit-{}: the group's rate is {}", is_above ? "above" : "upto",
                            is_within ? "within the limit" : "above the limit")
                   : false;
    }
};

}  // namespace

extern const MatchModule k_hashlimit;
const MatchModule k_hashlimit = match_module<Form>();

}  // namespace keepstate::rules::match
