// -j IDLETIMER: winds a named timer up again with each packet; when it runs out, nothing has passed for that long.
//
// On Linux its end is told through sysfs. Here an explanation says when it was wound up, and whether it had run out.
// source: man:iptables-extensions IDLETIMER; kernel:net/netfilter/xt_IDLETIMER.c.   Tested by: tests/rules/IDLETIMER.t.
#include <array>
#include <cstring>

#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kTimeout, kLabel, kAlarm };

constexpr std::uint32_t kMostSeconds = 0x7fffffffU / 1000;

struct Timer final : SharedObject {
    explicit Timer(bool alarm) : is_alarm(alarm) {}
    bool is_alarm;
    bool is_wound = false;
    Time ends;
};

struct Form {
    struct Data {
        Timer* timer = nullptr;
        std::uint32_t seconds = 0;
        std::array<char, 28> label{};  ///< ends with a zero
        std::uint8_t alarm = 0;
        std::array<std::uint8_t, 7> padding{};
    };
    static constexpr Option kOptions[] = {
        {.name = "timeout",
         .id = kTimeout,
         .arg = ArgKind::number,
         .flags = option_flag::kMust,
         .words = "seconds, 1 to 2147482"},
        {.name = "label",
         .id = kLabel,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "the timer's name, 27 bytes of it; rules with the same label share it"},
        {.name = "alarm", .id = kAlarm, .words = "the timer runs on while the host sleeps"},
    };
    static constexpr Traits kTraits{
        .name = "IDLETIMER",
        .options = kOptions,
        .words = "Winds a timer up again with each packet, to tell when a device has been idle.",
        .reads = "time",
        .differences = "nobody is told when a timer runs out"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        if (use.id() == kTimeout) {
            data.seconds = static_cast<std::uint32_t>(use.value.low);
        } else if (use.id() == kAlarm) {
            data.alarm = 1;
        } else {
            std::memcpy(data.label.data(), use.value.text.data(),
                        std::min(use.value.text.size(), data.label.size() - 1));
        }
    }
    static Complaint check(const Data& data, const CheckContext&) {
        const std::string_view label = data.label.data();
        if (data.seconds == 0 || data.seconds >= kMostSeconds) {
            return fmt::format("target `IDLETIMER': --timeout must be 1 to {} seconds",
                               kMostSeconds - 1);
        }
        if (label.empty() || label.find('/') != std::string_view::npos || label == "power" ||
            label == "subsystem" || label == "uevent") {
            return fmt::format("target `IDLETIMER': `{}' is no label", label);
        }
        return std::nullopt;
    }
    static Complaint bind(Data& data, BindContext& context) {
        data.timer =
            &context.objects.find_or_make<Timer>("IDLETIMER", data.label.data(), data.alarm != 0);
        if (data.timer->is_alarm == (data.alarm != 0)) return std::nullopt;
        return fmt::format("target `IDLETIMER': timer `{}' is used with and without --alarm",
                           data.label.data());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format(" --timeout {} --label {}{}", data.seconds, data.label.data(),
                           data.alarm ? " --alarm" : "");
    }
    static std::string_view remembers(const Data&) { return "remembers when the last packet came"; }
    static Ruling judge(Data& data, Context& context, Says says) {
        Timer& timer = *data.timer;
        const bool had_ended = timer.is_wound && timer.ends <= context.now;
        timer.is_wound = true;
        timer.ends = context.now + std::int64_t{data.seconds} * kNsPerSecond;
        says.words("timer `{}' {}: {} s", data.label.data(),
                   had_ended ? "had run out and is wound up again" : "is wound up", data.seconds);
        return {};
    }
};

}  // namespace

extern const TargetModule k_idletimer;
const TargetModule k_idletimer = target_module<Form>();

}  // namespace keepstate::rules::target
