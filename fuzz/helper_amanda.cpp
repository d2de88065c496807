// Any conversation before the Amanda helper: nothing may crash, and wishes are bounded by what is said.
#include "helper_talk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace keepstate::ct;
    return test::fuzz_helper(add_amanda_helpers, true, data, size);
}
