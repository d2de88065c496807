// Any conversation before the TFTP helper: nothing may crash, and wishes are bounded by what is said.
#include "helper_talk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace keepstate::ct;
    return test::fuzz_helper(add_tftp_helpers, true, data, size);
}
