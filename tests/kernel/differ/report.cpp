// See report.hpp.
#include "differ/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "differ/scenario_text.hpp"
#include "differ/shrink.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::size_t kShownBytes = 2000;

std::string shortened(std::string words) {
    if (words.size() <= kShownBytes) return words;
    words.resize(kShownBytes);
    return words + " ...";
}

}  // namespace

bool report(const KernelSetup& setup, const std::vector<KernelPacket>& packets,
            const std::vector<std::uint64_t>& frames, const Comparison& comparison,
            std::string_view name, const ReportOptions& options) {
    if (comparison.differences.empty()) return true;
    fmt::print("{}: {} differences\n", name, comparison.differences.size());
    const std::size_t shown = std::min(options.differences, comparison.differences.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const Difference& difference = comparison.differences[i];
        if (difference.packet < frames.size()) {
            fmt::print("  frame {}, ", frames[difference.packet]);
        } else {
            fmt::print("  ");
        }
        fmt::print("{}\n", shortened(print_difference(difference)));
    }
    if (shown < comparison.differences.size()) {
        fmt::print("  and {} more\n", comparison.differences.size() - shown);
    }
    if (!options.shrinks) return false;

    const Shrunk shrunk = shrink(setup, packets, comparison.differences.front(), options.trials);
    fmt::print("the fewest packets that differ: {}\n", shrunk.packets.size());
    for (const Difference& difference : shrunk.differences) {
        fmt::print("  {}\n", shortened(print_difference(difference)));
    }
    if (shrunk.differences.empty()) fmt::print("  once more, they do not differ\n");
    fmt::print("as a scenario, with what the kernel said:\n\n{}\n",
               scenario_text(shrunk.setup, shrunk.packets));
    return false;
}

}  // namespace keepstate::kernel
