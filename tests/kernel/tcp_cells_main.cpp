// Prints the kernel's TCP machine as two tables, and the kernel's words for each INVALID.
#include <cstdio>

#include "tcp_cells.hpp"

int main() {
    using namespace keepstate::kernel;
    for (const bool is_made : {true, false}) {
        auto cells = is_made ? probe_made_cells() : probe_walked_cells();
        if (!cells) {
            std::fprintf(stderr, "%s\n", cells.error().faults.front().words.c_str());
            return 3;
        }
        std::printf("%s\n%s\n",
                    is_made ? "entries made by ctnetlink" : "entries walked to by packets",
                    print_cells(*cells).c_str());
        for (std::size_t side = 0; side < 2; ++side) {
            for (std::size_t kind = 0; kind < kSegmentKinds; ++kind) {
                for (std::size_t state = 0; state < kTcpStates; ++state) {
                    const TcpCell& cell = (*cells)[side][kind][state];
                    if (cell.words.empty()) continue;
                    std::printf("%-8s %-6s %-11s %s\n", side == 0 ? "original" : "reply",
                                segment_kind_name(static_cast<SegmentKind>(kind)),
                                tcp_state_name(static_cast<KernelTcpState>(state)),
                                cell.words.c_str());
                }
            }
        }
        std::printf("\n");
    }
    return 0;
}
