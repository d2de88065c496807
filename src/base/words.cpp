// Edit distance, for the "nearest known name" of every fault.   tested by: base/words_test.cpp.
#include "base/words.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace keepstate::base {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
    constexpr std::size_t kLongestWord = 64;  // keeps the cost of hostile input small
    std::string_view nearest;
    std::size_t least = static_cast<std::size_t>(-1);
    for (const std::string_view candidate : known) {
        const std::size_t distance = edit_distance(word.substr(0, kLongestWord), candidate);
        if (distance < least) {
            least = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace keepstate::base
