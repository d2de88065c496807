// Words that users type: the nearest known one to a mistyped one.
#pragma once

#include <span>
#include <string_view>

namespace keepstate::base {

/// How many letters must be changed, added or left out to make one word of the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word with the least distance, the first of equals; empty if none is known.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace keepstate::base
