// All that a Decision says, in one line: two engines that decide alike say the same words.
#pragma once

#include <cstdint>
#include <string>

#include "keepstate/engine.hpp"

namespace keepstate {

/// Engines that number entries each by itself decide alike but for those numbers.
enum class EntryNumber : std::uint8_t { told, left_out };

std::string words_of(const Decision& decision, EntryNumber number = EntryNumber::told);

}  // namespace keepstate
