// Any line as a packet in words: a packet or faults with columns inside the line, nothing else.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "keepstate/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view words(reinterpret_cast<const char*>(data), size);
    const auto written = keepstate::parse_packet_text(words);
    if (written) {
        std::string line;
        keepstate::print_summary(keepstate::kLinkRaw, written->ip, line);
        return 0;
    }
    KS_ASSERT(!written.error().faults.empty());
    for (const keepstate::Fault& fault : written.error().faults) {
        KS_ASSERT(fault.column >= 1);
        KS_ASSERT(static_cast<std::size_t>(fault.column) <= size + 1);
        KS_ASSERT(!fault.words.empty());
    }
    return 0;
}
