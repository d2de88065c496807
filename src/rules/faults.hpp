// All faults of one text, as they are found. Nothing is printed here and nothing is thrown.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keepstate/result.hpp"

namespace keepstate::rules {

class Faults {
  public:
    explicit Faults(std::string file) : file_(std::move(file)) {}

    /// `source` is the line's text; its beginning is kept for the caret (512 bytes are enough for eyes).
    void add(int line, int column, std::string words, std::string_view source) {
        constexpr std::size_t kShown = 512;
        faults_.push_back(
            Fault{file_, line, column, std::move(words), std::string(source.substr(0, kShown))});
    }
    bool empty() const { return faults_.empty(); }
    std::size_t size() const { return faults_.size(); }
    /// In the order of their places. The list is empty afterwards.
    std::vector<Fault> take();

  private:
    std::string file_;
    std::vector<Fault> faults_;
};

}  // namespace keepstate::rules
