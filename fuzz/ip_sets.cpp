// Any bytes as the text of `ipset save': an answer, no crash, and faults with places where it is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/sets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    keepstate::rules::Objects objects;
    const auto done = keepstate::rules::parse_sets(text, "fuzz", objects);
    if (done) return 0;
    if (done.error().faults.empty()) std::abort();
    for (const keepstate::Fault& fault : done.error().faults) {
        if (fault.line <= 0 || fault.column <= 0 || fault.words.empty()) std::abort();
    }
    return 0;
}
