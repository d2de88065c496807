// Chance for random rulesets and their packets: the same seed draws the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keepstate::kernel {

using Words = std::vector<std::string_view>;

inline Words split_words(std::string_view text, char at) {
    Words words;
    for (;;) {
        const std::size_t end = text.find(at);
        words.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return words;
        text.remove_prefix(end + 1);
    }
}

/// SplitMix64.
class Draw {
  public:
    explicit Draw(std::uint64_t seed) : state_(seed * 0x2545f4914f6cdd1dULL + 1) {}
    std::uint32_t below(std::uint32_t bound) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return static_cast<std::uint32_t>((z ^ (z >> 31)) % bound);
    }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    std::string one_of(std::string_view list) {
        const Words words = split_words(list, '|');
        return std::string{words[below(static_cast<std::uint32_t>(words.size()))]};
    }

  private:
    std::uint64_t state_;
};

}  // namespace keepstate::kernel
