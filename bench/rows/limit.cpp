// The memory limit alone, over footprints from what fits the second cache to what fits none.
#include <fmt/format.h>

#include "bench/memory_limit.hpp"
#include "bench/rows/rows.hpp"

namespace keepstate::bench {

void add_limit_rows(const Plan& plan) {
    std::vector<std::size_t> footprints = {96, 768};
    if (!plan.is_quick) footprints = {1, 8, 32, 64, 96, 128, 256, 512, 768, 1024};
    for (const std::size_t mebibytes : footprints) {
        for (const Pages pages : {Pages::huge, Pages::small}) {
            for (const std::uint32_t batch : {32U, 1U}) {
                const std::string name = fmt::format("limit/mib:{}/pages:{}/batch:{}", mebibytes,
                                                     pages == Pages::huge ? "2M" : "4k", batch);
                add_row(plan, name, [mebibytes, pages, batch](benchmark::State& state) {
                    const std::string key = fmt::format("limit/{}/{}", mebibytes, int(pages));
                    auto& limit = keep_one<MemoryLimit>(
                        key, [&] { return new MemoryLimit(mebibytes << 20, pages, 1); });
                    finish(state, limit.measure(batch, 2'000'000));
                });
            }
        }
    }
}

}  // namespace keepstate::bench
