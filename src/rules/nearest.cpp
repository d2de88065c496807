// See nearest.hpp.
#include "rules/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/words.hpp"

namespace keepstate::rules {

std::string_view find_nearest(std::string_view wrong, const std::vector<std::string_view>& known) {
    constexpr std::size_t kLongestName = 64;  // nobody means a name by a longer word
    if (wrong.empty() || wrong.size() > kLongestName) return {};
    // Two neighbours swapped count as one slip.
    std::string swapped(wrong);
    for (std::size_t i = 0; i + 1 < swapped.size(); ++i) {
        std::swap(swapped[i], swapped[i + 1]);
        const auto found = std::find(known.begin(), known.end(), swapped);
        if (found != known.end()) return *found;
        std::swap(swapped[i], swapped[i + 1]);
    }
    std::string_view best;
    std::size_t fewest = std::max<std::size_t>(1, wrong.size() / 3) + 1;
    for (const std::string_view name : known) {
        const std::size_t count = base::edit_distance(wrong, name);
        if (count < fewest) {
            fewest = count;
            best = name;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known) {
    const std::string_view name = find_nearest(wrong, known);
    return name.empty() ? std::string{} : fmt::format("; did you mean `{}'?", name);
}

bool begins_in_any_case(std::string_view name, std::string_view beginning) {
    if (beginning.size() > name.size()) return false;
    for (std::size_t i = 0; i < beginning.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(name[i])) !=
            std::tolower(static_cast<unsigned char>(beginning[i]))) {
            return false;
        }
    }
    return true;
}

}  // namespace keepstate::rules
