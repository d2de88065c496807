// -m cpu: the processor that works on the packet. Here that is always 0: an engine belongs to one thread, and a
// replay must give the same result every time.
//
// source: man:iptables-extensions cpu; kernel:net/netfilter/xt_cpu.c.   Tested by: tests/rules/cpu.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::uint32_t number = 0;
        std::uint32_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "cpu",
         .id = 0,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "The processor is NUMBER"},
    };
    static constexpr Traits kTraits{
        .name = "cpu",
        .options = kOptions,
        .words = "The processor that works on the packet.",
        .reads = "Nothing: it is always 0.",
        .differences =
            "The processor is always 0; in Linux it depends on the machine and its load."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.number = static_cast<std::uint32_t>(use.value.low);
        data.inverted = use.inverted;
    }
    static std::string words(const Data& data) {
        return fmt::format("{}--cpu {}", data.inverted ? "! " : "", data.number);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " " + words(data);
    }
    static bool fits(const Data& data) { return (data.number == 0) != (data.inverted != 0); }
    static std::string_view never_known(const Data& data) {
        if (fits(data)) return {};
        return "every packet is worked on by processor 0";
    }
    static bool matches(Data& data, Context&, Why why) {
        if (fits(data)) return true;
        return why ? why.no("{}: it is 0", words(data)) : false;
    }
};

}  // namespace

extern const MatchModule k_cpu;
const MatchModule k_cpu = match_module<Form>();

}  // namespace keepstate::rules::match
