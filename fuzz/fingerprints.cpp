// Any bytes as lines of a pf.os file, up to a 0; what is behind it is a packet that is held against them. An answer, no
// crash, and faults with places where the text is refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "rules/fingerprints.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace keepstate;
    const std::string_view whole(reinterpret_cast<const char*>(data), size);
    const std::string_view text = whole.substr(0, whole.find('\0'));
    const std::size_t begin = std::min(text.size() + 1, size);
    const std::size_t bytes = size - begin;
    // A block of its own: a byte read beyond its end is found.
    const auto packet = std::make_unique<std::uint8_t[]>(bytes);
    std::copy(data + begin, data + size, packet.get());

    rules::Objects objects;
    const auto done = rules::parse_fingerprints(text, "fuzz", objects);
    if (!done) {
        if (done.error().faults.empty()) std::abort();
        for (const Fault& fault : done.error().faults) {
            if (fault.line <= 0 || fault.column <= 0 || fault.words.empty()) std::abort();
        }
    }
    const auto syn = rules::Syn::read(base::ByteView(packet.get(), bytes), 20);
    if (!syn) return 0;
    for (const rules::Fingerprint& each :
         rules::Fingerprints::of(objects).list(syn->dont_fragment)) {
        const bool fits_strictly = rules::fits(each, *syn, rules::TtlTest::same);
        if (fits_strictly && !rules::fits(each, *syn, rules::TtlTest::not_above)) std::abort();
    }
    return 0;
}
