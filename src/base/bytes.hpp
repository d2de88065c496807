// Bytes from strangers: a view that cannot be read past its end, and big-endian numbers.
//
// Every read of packet bytes in keepstate goes through a ByteView. A read past the end has no answer
// (std::nullopt, or a false from `has`), never a wrong one.
//
// Threads: plain values.  Tested by: base/bytes_test.cpp, fuzz/packet.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/assert.hpp"

namespace keepstate::base {

/// Loads in network byte order from bytes that the caller has checked.
constexpr std::uint16_t load_be16(const std::uint8_t* at) {
    return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
constexpr std::uint32_t load_be32(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           at[3];
}
constexpr void store_be16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
constexpr void store_be32(std::uint8_t* at, std::uint32_t value) {
    store_be16(at, static_cast<std::uint16_t>(value >> 16));
    store_be16(at + 2, static_cast<std::uint16_t>(value));
}

/// A read-only run of bytes. Offsets are from its beginning.
class ByteView {
  public:
    constexpr ByteView() = default;
    constexpr ByteView(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    constexpr ByteView(std::span<const std::uint8_t> bytes)
        : ByteView(bytes.data(), bytes.size()) {}

    constexpr const std::uint8_t* data() const { return data_; }
    constexpr std::size_t size() const { return size_; }
    constexpr std::span<const std::uint8_t> span() const { return {data_, size_}; }

    /// Whether bytes [offset, offset + count) are all there. Cannot overflow.
    constexpr bool has(std::size_t offset, std::size_t count) const {
        return offset <= size_ && count <= size_ - offset;
    }
    /// The bytes from `offset`, at most `count`; empty past the end.
    constexpr ByteView sub(std::size_t offset, std::size_t count = SIZE_MAX) const {
        if (offset >= size_) return {};
        const std::size_t left = size_ - offset;
        return {data_ + offset, count < left ? count : left};
    }
    /// The number at `offset`. The caller has asked `has` first; asserted.
    constexpr std::uint8_t u8(std::size_t offset) const {
        KS_ASSERT(has(offset, 1));
        return data_[offset];
    }
    constexpr std::uint16_t be16(std::size_t offset) const {
        KS_ASSERT(has(offset, 2));
        return load_be16(data_ + offset);
    }
    constexpr std::uint32_t be32(std::size_t offset) const {
        KS_ASSERT(has(offset, 4));
        return load_be32(data_ + offset);
    }

  private:
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace keepstate::base
