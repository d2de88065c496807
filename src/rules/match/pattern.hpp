// The bytes that -m string looks for: reading them, printing them, finding them.
//
// Flat and of fixed size, so that it may live in a module's Data. prepare() fills the tables; find() then allocates
// nothing. Cost: kmp looks at each byte once; bm at fewer, but at up to size * bytes of a packet made to vex it.
// Tested by: tests/rules/string.t, rules/match/pattern_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace keepstate::rules::match {

struct Pattern {
    static constexpr std::size_t kMostBytes = 128;

    std::array<std::uint8_t, kMostBytes> bytes{};
    std::uint8_t size = 0;
    std::uint8_t is_kmp = 0;
    std::uint8_t ignores_case = 0;
    std::uint8_t unused = 0;
    /// prepare(): the bytes as they are compared.
    std::array<std::uint8_t, kMostBytes> compared{};
    /// prepare(), bm: how far to go on, by the last byte looked at.
    std::array<std::uint8_t, 256> shift{};
    /// prepare(), kmp: how much of the bytes is also their end, if they stop fitting behind each.
    std::array<std::uint8_t, kMostBytes> fallback{};

    /// Words of --string or --hex-string. What is wrong with them, or nothing.
    std::optional<std::string> read(std::string_view words, bool hex);
    void prepare();
    /// `--string "..."', or `--hex-string "|...|"' if a byte cannot be printed.
    std::string words() const;
    /// The first place where the bytes stand.
    std::optional<std::size_t> find(base::ByteView text) const;

  private:
    std::optional<std::string> read_hex(std::string_view words);
    std::optional<std::size_t> find_by_shifts(base::ByteView text) const;
    std::optional<std::size_t> find_by_prefixes(base::ByteView text) const;
};

}  // namespace keepstate::rules::match
