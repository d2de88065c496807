// Pages: a large piece of zeroed memory that costs nothing before it is touched.
//
// What is sized by a limit (nf_conntrack_max) is asked for once, at the making, and never moved or grown: nobody ever
// waits for a rehash. The system gives pages as they are first touched. `Touch::first` takes them all at once, and asks for
// huge pages (they are asked for, not needed): for those whose packets must not wait for the system either.
//
// Threads: as plain memory.  Errors: std::bad_alloc at the making.  Tested by: base/pages_test.cpp.
#pragma once

#include <cstddef>
#include <utility>

namespace keepstate::base {

/// When memory is taken from the system.
enum class Touch : unsigned char {
    later,  ///< as it is used: small engines stay small
    first,  ///< at the making
};

class Pages {
  public:
    Pages() = default;
    /// `bytes` of zeros, aligned to 64 bytes at least.
    explicit Pages(std::size_t bytes, Touch touch = Touch::later);
    ~Pages();
    Pages(Pages&& other) noexcept
        : at_(std::exchange(other.at_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Pages& operator=(Pages&& other) noexcept {
        std::swap(at_, other.at_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    void* data() const { return at_; }
    std::size_t size() const { return bytes_; }

  private:
    void* at_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace keepstate::base
