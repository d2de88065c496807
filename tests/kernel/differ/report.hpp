// A difference, for people: what it is, the fewest packets that show it, and a scenario file of them.
//
// Tested by: differ_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "differ/compare.hpp"

namespace keepstate::kernel {

/// How much of differences is told.
struct ReportOptions {
    std::size_t differences = 10;  ///< printed of one comparison
    bool shrinks = true;           ///< look for the fewest packets
    unsigned trials = 80;          ///< at most so many runs to find them
};

/// Prints to stdout; nothing if there is no difference. `frames`: beside packets, their numbers in their
/// capture; may be empty. Returns whether the two agree.
bool report(const KernelSetup& setup, const std::vector<KernelPacket>& packets,
            const std::vector<std::uint64_t>& frames, const Comparison& comparison,
            std::string_view name, const ReportOptions& options);

}  // namespace keepstate::kernel
