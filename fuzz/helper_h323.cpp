// Any conversation before one of the H.323 helpers, which the first byte's second and third bit choose.
//
// A channel of 20 bytes announces media and control, RTP and RTCP of each: five bytes a wish. H.245 is heard over UDP,
// as it is registered, so that its TPKT stands behind 12 bytes of which the fifth is 0x50.
#include <algorithm>

#include "helper_talk.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::ct;

/// The wanted ones first, for the conversation is held with the first that fits.
void add_named(const HelperSettings& settings, std::vector<Helper>& helpers,
               std::string_view name) {
    add_h323_helpers(settings, helpers);
    std::stable_partition(helpers.begin(), helpers.end(),
                          [name](const Helper& helper) { return helper.name == name; });
}
void add_h245(const HelperSettings& settings, std::vector<Helper>& helpers) {
    add_named(settings, helpers, "H.245");
}
void add_q931(const HelperSettings& settings, std::vector<Helper>& helpers) {
    add_named(settings, helpers, "Q.931");
}
void add_ras(const HelperSettings& settings, std::vector<Helper>& helpers) {
    add_named(settings, helpers, "RAS");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLeastAnnouncement = 4;
    constexpr AddHelpers kHelpers[] = {add_q931, add_ras, add_h245, add_q931};
    if (size == 0) return 0;
    return test::fuzz_helper(kHelpers[data[0] >> 1 & 3], true, data, size, kLeastAnnouncement);
}
