// Any conversation before the helpers netbios-ns and snmp; the first byte chooses.
#include "helper_talk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace keepstate::ct;
    const AddHelpers add =
        size != 0 && (data[0] & 2) != 0 ? add_snmp_helpers : add_netbios_ns_helpers;
    return test::fuzz_helper(add, false, data, size);
}
