// -m osf: the operating system that sent a SYN, guessed from fingerprints.
//
// What Linux does and its manual does not say: `!' changes nothing; with --log any fingerprint matches, whatever the
// genre; a SYN/ACK is looked at as a SYN is.
// source: man:iptables-extensions osf; kernel:net/netfilter/nfnetlink_osf.c.   Tested by: tests/rules/osf.t,
// rules/fingerprints_test.cpp, tests/scenarios/rules/*fingerprint*.yaml, tests/kernel/log_lines_test.cpp.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "keepstate/tuple.hpp"
#include "rules/fingerprints.hpp"
#include "rules/log_line.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kGenre, kTtl, kLog };
constexpr std::uint8_t kLogFirst = 1;
/// Of the words that Linux puts before the packet's own line, in bytes.
constexpr std::size_t kMostPrefix = 127;

struct Form {
    struct Data {
        const Fingerprints* known = nullptr;  ///< set by bind()
        std::array<char, kMostGenreBytes + 1> genre{};
        std::uint8_t asked = 0;  ///< option bits
        std::uint8_t inverted = 0;
        std::uint8_t ttl = 0;
        std::uint8_t log = 0;
        std::uint32_t padding = 0;

        bool logs() const { return (asked & option_bit(kLog)) != 0; }
        TtlTest ttl_test() const { return static_cast<TtlTest>(ttl); }
    };
    static constexpr Option kOptions[] = {
        {.name = "genre",
         .id = kGenre,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "the system's name, cut to 31 bytes; `!` changes nothing"},
        {.name = "ttl",
         .id = kTtl,
         .arg = ArgKind::number,
         .max = 2,
         .words = "how the TTL is compared: 0 it is the fingerprint's, 1 it is not above it, 2 not "
                  "at all"},
        {.name = "log",
         .id = kLog,
         .arg = ArgKind::number,
         .max = 2,
         .words =
             "logs fingerprints that fit, 1 the first, 0 and 2 all, or that none does; any of them "
             "then matches, whatever its genre"},
    };
    static constexpr Traits kTraits{
        .name = "osf",
        .options = kOptions,
        .families = Families::ipv4,
        .protocol = protocol::kTcp,
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input) | hook_bit(Hook::forward),
        .words =
            "The operating system that sent a TCP segment with SYN, guessed from fingerprints "
            "(`--osf`).",
        .reads =
            "length, TTL and don't-fragment of the IP header; window and options of the TCP header",
        .differences =
            "Fingerprints are given as text, in the form that nfnl_osf loads; without any nothing "
            "matches, as in Linux. What nfnl_osf passes over in silence is a fault."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        const auto number = static_cast<std::uint8_t>(use.value.low);
        if (use.id() == kTtl) {
            data.ttl = number;
        } else if (use.id() == kLog) {
            data.log = number;
        } else {
            data.inverted = use.inverted;
            const std::string_view genre = use.value.text.substr(0, kMostGenreBytes);
            std::copy(genre.begin(), genre.end(), data.genre.begin());
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --genre {}", data.inverted ? " !" : "", data.genre.data());
        if ((data.asked & option_bit(kTtl)) != 0) out += fmt::format(" --ttl {}", data.ttl);
        if ((data.asked & option_bit(kLog)) != 0) out += fmt::format(" --log {}", data.log);
    }
    /// Without EngineSetup::fingerprints; with them find_rules_that_never_match() does not ask.
    static std::string_view never_known(const Data&) { return "no fingerprints are known"; }
    static Complaint bind(Data& data, BindContext& context) {
        data.known = &Fingerprints::of(context.objects);
        return std::nullopt;
    }
    /// The line that Linux writes: words, a newline, and the packet as LOG has it.
    static void log(const Context& context, const Syn& syn, const Fingerprint* fingerprint) {
        if (context.log == nullptr) return;
        const std::uint8_t* const ip = context.packet->ip.data();
        const auto end = [](const std::uint8_t* address, std::uint16_t port) {
            return fmt::format("{}.{}.{}.{}:{}", address[0], address[1], address[2], address[3],
                               port);
        };
        const std::string ends =
            end(ip + 12, syn.source_port) + " -> " + end(ip + 16, syn.destination_port);
        std::string prefix =
            fingerprint == nullptr
                ? fmt::format("Remote OS is not known: {}\n", ends)
                : fmt::format("{} [{}:{}] : {} hops={}\n", fingerprint->genre, fingerprint->version,
                              fingerprint->subtype, ends, int{fingerprint->ttl} - int{syn.ttl});
        prefix.resize(std::min(prefix.size(), kMostPrefix));
        // /dev/kmsg shows a newline inside a record like this.
        if (prefix.back() == '\n') prefix.replace(prefix.size() - 1, 1, "\\x0a");
        print_log_line(context, prefix, log_flag::kTrace, *context.log);
        context.log->push_back('\n');
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::optional<Syn> syn =
            Syn::read(context.packet->ip, context.packet->rules_transport_offset);
        if (!syn) return why.no("the segment is no SYN");
        const std::string_view genre = data.genre.data();
        bool has_one = false;
        for (const Fingerprint& each : data.known->list(syn->dont_fragment)) {
            if (!data.logs() && each.genre != genre) continue;
            if (!fits(each, *syn, data.ttl_test())) continue;
            has_one = true;
            if (!data.logs()) break;
            log(context, *syn, &each);
            if (data.log == kLogFirst) break;
        }
        if (!has_one && data.logs()) log(context, *syn, nullptr);
        if (has_one) return true;
        if (data.known->empty()) return why.no("no fingerprints are known");
        if (data.logs()) return why.no("--log: no fingerprint fits the SYN");
        return why ? why.no("--genre {}: no fingerprint of it fits the SYN", genre) : false;
    }
};

}  // namespace

extern const MatchModule k_osf;
const MatchModule k_osf = match_module<Form>();

}  // namespace keepstate::rules::match
