// -j LED: a light blinks. The packet goes on.
//
// source: man:iptables-extensions LED; kernel:net/netfilter/xt_LED.c.   Tested by: tests/rules/LED.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kId, kDelay, kAlways };
constexpr std::size_t kLongestId = 16;
constexpr std::uint32_t kForEver = 0xffffffffU;

struct Form {
    struct Data {
        std::array<char, kLongestId + 1> id{};
        std::uint32_t delay_ms = 0;
        std::uint8_t always = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "led-trigger-id",
         .id = kId,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "the trigger's name, which Linux puts `netfilter-` before; at most 16 bytes"},
        {.name = "led-delay",
         .id = kDelay,
         .arg = ArgKind::text,
         .words = "how long the light stays on after a packet, in milliseconds, or `inf`. Default: "
                  "0"},
        {.name = "led-always-blink", .id = kAlways, .words = "it also blinks if it is on already"}};
    static constexpr Traits kTraits{
        .name = "LED",
        .options = kOptions,
        .words = "Makes a light of the machine blink. The packet goes on to the next rule.",
        .reads = "nothing of the packet",
        .differences = "There is no light; explanations say that one would blink."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        if (use.id() == kAlways) {
            data.always = 1;
        } else if (use.id() == kId) {
            if (words.size() > kLongestId) {
                reader.fault(fmt::format("--led-trigger-id: longer than {} bytes", kLongestId));
                return;
            }
            std::copy(words.begin(), words.end(), data.id.begin());
        } else if (begins_in_any_case(words, "inf")) {
            data.delay_ms = kForEver;
        } else if (const auto delay = parse_number(words, 0, 0xffffffffU)) {
            data.delay_ms = static_cast<std::uint32_t>(*delay);
        } else {
            reader.fault(
                fmt::format("--led-delay: `{}' is no time in milliseconds, nor `inf'", words));
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --led-trigger-id \"{}\"", data.id.data());
        if (data.delay_ms == kForEver) {
            out += " --led-delay inf";
        } else if (data.delay_ms != 0) {
            out += fmt::format(" --led-delay {}", data.delay_ms);
        }
        if (data.always) out += " --led-always-blink";
    }
    static Ruling judge(Data& data, Context&, Says says) {
        says.words("the light netfilter-{} would blink", data.id.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_led;
const TargetModule k_led = target_module<Form>();

}  // namespace keepstate::rules::target
