// TCP sequence numbers: a circle, so `<` does not compile.
//
// before(a, b) asks whether a comes earlier on the circle: the signed distance decides (RFC 9293 3.4).
// source: kernel:include/net/tcp.h before, after.   Tested by: wire/sequence_test.cpp.
#pragma once

#include <cstdint>

namespace keepstate::wire {

class SeqNumber {
  public:
    constexpr SeqNumber() = default;
    constexpr explicit SeqNumber(std::uint32_t value) : value_(value) {}

    constexpr std::uint32_t value() const { return value_; }
    constexpr bool operator==(const SeqNumber&) const = default;
    constexpr SeqNumber operator+(std::uint32_t bytes) const { return SeqNumber{value_ + bytes}; }
    constexpr SeqNumber operator-(std::uint32_t bytes) const { return SeqNumber{value_ - bytes}; }
    /// How many bytes from `earlier` to this, modulo 2^32.
    constexpr std::uint32_t operator-(SeqNumber earlier) const { return value_ - earlier.value_; }

  private:
    std::uint32_t value_ = 0;
};

constexpr bool before(SeqNumber a, SeqNumber b) {
    return static_cast<std::int32_t>(a.value() - b.value()) < 0;
}
constexpr bool after(SeqNumber a, SeqNumber b) { return before(b, a); }

}  // namespace keepstate::wire
