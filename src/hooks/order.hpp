// THE ORDER: which step runs at which hook, by priority. Everything else follows this table.
//
// source: linux/netfilter_ipv4.h enum nf_ip_hook_priorities; seen:tests/kernel.
// tested by: hooks/order_test.cpp (priorities rise), tests/scenarios/hooks.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "keepstate/verdict.hpp"

namespace keepstate::hooks {

enum class Step : std::uint8_t {
    reassemble,
    raw,
    track,
    mangle,
    nat_destination,
    filter,
    security,
    nat_source,
    help,
    confirm,
};

struct OrderedStep {
    int priority;
    Step step;
};

inline constexpr int kLast = std::numeric_limits<int>::max();

// clang-format off
inline constexpr std::array kAtPrerouting{
    OrderedStep{-400,  Step::reassemble},
    OrderedStep{-300,  Step::raw},
    OrderedStep{-200,  Step::track},
    OrderedStep{-150,  Step::mangle},
    OrderedStep{-100,  Step::nat_destination},
};
inline constexpr std::array kAtInput{
    OrderedStep{-150,  Step::mangle},
    OrderedStep{0,     Step::filter},
    OrderedStep{50,    Step::security},
    OrderedStep{100,   Step::nat_source},
    OrderedStep{300,   Step::help},
    OrderedStep{kLast, Step::confirm},
};
inline constexpr std::array kAtForward{
    OrderedStep{-150,  Step::mangle},
    OrderedStep{0,     Step::filter},
    OrderedStep{50,    Step::security},
};
inline constexpr std::array kAtOutput{
    OrderedStep{-400,  Step::reassemble},
    OrderedStep{-300,  Step::raw},
    OrderedStep{-200,  Step::track},
    OrderedStep{-150,  Step::mangle},
    OrderedStep{-100,  Step::nat_destination},
    OrderedStep{0,     Step::filter},
    OrderedStep{50,    Step::security},
};
inline constexpr std::array kAtPostrouting{
    OrderedStep{-150,  Step::mangle},
    OrderedStep{100,   Step::nat_source},
    OrderedStep{300,   Step::help},
    OrderedStep{kLast, Step::confirm},
};
// clang-format on

constexpr std::span<const OrderedStep> steps_at(Hook hook) {
    switch (hook) {
        case Hook::prerouting: return kAtPrerouting;
        case Hook::input: return kAtInput;
        case Hook::forward: return kAtForward;
        case Hook::output: return kAtOutput;
        case Hook::postrouting: return kAtPostrouting;
    }
    return {};
}

}  // namespace keepstate::hooks
