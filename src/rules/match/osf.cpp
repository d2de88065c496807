// -m osf: the operating system that sent a SYN, guessed from fingerprints.
//
// Here no fingerprints are known, as in Linux before nfnl_osf has loaded any: nothing matches, inverted or not.
// source: man:iptables-extensions osf; kernel:net/netfilter/nfnetlink_osf.c.   Tested by: tests/rules/osf.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <algorithm>
#include <array>

#include "keepstate/tuple.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kGenre, kTtl, kLog };
// What is longer is cut.
constexpr std::size_t kMostGenre = 31;

struct Form {
    struct Data {
        std::array<char, kMostGenre + 1> genre{};
        std::uint8_t asked = 0;  ///< option bits
        std::uint8_t inverted = 0;
        std::uint8_t ttl = 0;
        std::uint8_t log = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "genre",
         .id = kGenre,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "The system's name, cut to 31 bytes"},
        {.name = "ttl",
         .id = kTtl,
         .arg = ArgKind::number,
         .max = 2,
         .words = "How the TTL is compared: 0 as it is, 1 below the fingerprint's, 2 not at all"},
        {.name = "log",
         .id = kLog,
         .arg = ArgKind::number,
         .max = 2,
         .words = "What is logged: 0 all, 1 the first, 2 all that are known"},
    };
    static constexpr Traits kTraits{
        .name = "osf",
        .options = kOptions,
        .families = Families::ipv4,
        .protocol = protocol::kTcp,
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input) | hook_bit(Hook::forward),
        .words = "The operating system that sent a SYN, guessed from fingerprints.",
        .reads = "Nothing: no fingerprints are known here.",
        .differences =
            "No fingerprints can be loaded, so no packet matches, inverted or not, and nothing "
            "is logged; in Linux that is so until nfnl_osf has loaded some."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        const auto number = static_cast<std::uint8_t>(use.value.low);
        if (use.id() == kTtl) {
            data.ttl = number;
        } else if (use.id() == kLog) {
            data.log = number;
        } else {
            data.inverted = use.inverted;
            const std::string_view genre = use.value.text.substr(0, kMostGenre);
            std::copy(genre.begin(), genre.end(), data.genre.begin());
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --genre {}", data.inverted ? " !" : "", data.genre.data());
        if ((data.asked & option_bit(kTtl)) != 0) out += fmt::format(" --ttl {}", data.ttl);
        if ((data.asked & option_bit(kLog)) != 0) out += fmt::format(" --log {}", data.log);
    }
    static std::string_view never_known(const Data&) { return "no fingerprints are known"; }
    static bool matches(Data&, Context&, Why why) { return why.no("no fingerprints are known"); }
};

}  // namespace

extern const MatchModule k_osf;
const MatchModule k_osf = match_module<Form>();

}  // namespace keepstate::rules::match
