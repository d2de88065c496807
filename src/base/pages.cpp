// Memory from the system; see pages.hpp.
#include "base/pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace keepstate::base {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// Below this a mapping of its own is not worth a system call.
constexpr std::size_t kLeastMapped = std::size_t{64} << 10;
constexpr std::align_val_t kAlignment{64};

bool is_mapped(std::size_t bytes) { return bytes >= kLeastMapped; }

std::size_t mapped_bytes(std::size_t bytes) {
    return (bytes + kHugePage - 1) / kHugePage * kHugePage;
}

/// Aligned to huge pages, so that the system can use them.
void* map(std::size_t bytes) {
    const std::size_t wanted = mapped_bytes(bytes);
    void* const at = mmap(nullptr, wanted + kHugePage, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    void* aligned = at;
    std::size_t room = wanted + kHugePage;
    std::align(kHugePage, wanted, aligned, room);
    const auto before =
        static_cast<std::size_t>(static_cast<char*>(aligned) - static_cast<char*>(at));
    if (before != 0) munmap(at, before);
    const std::size_t behind = kHugePage - before;
    if (behind != 0) munmap(static_cast<char*>(aligned) + wanted, behind);
    return aligned;
}

}  // namespace

Pages::Pages(std::size_t bytes, Touch touch) : bytes_(bytes) {
    if (bytes == 0) return;
    if (!is_mapped(bytes)) {
        at_ = ::operator new(bytes, kAlignment);
        std::memset(at_, 0, bytes);
        return;
    }
    at_ = map(bytes);
    if (touch == Touch::later) return;
    madvise(at_, mapped_bytes(bytes), MADV_HUGEPAGE);
    constexpr std::size_t kPage = 4096;
    for (std::size_t i = 0; i < bytes; i += kPage) static_cast<volatile char*>(at_)[i] = 0;
}

Pages::~Pages() {
    if (at_ == nullptr) return;
    if (is_mapped(bytes_)) {
        munmap(at_, mapped_bytes(bytes_));
    } else {
        ::operator delete(at_, kAlignment);
    }
}

}  // namespace keepstate::base
