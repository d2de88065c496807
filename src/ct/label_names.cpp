// connlabel.conf: which labels have names.
//
//     # comment
//     0 eth0-in
//     17 dns reply        a name begins with a letter or digit and goes to the end of the line
//
// The real tools step over lines that they do not understand; here each is a fault, so that no name is missed.
// source: seen:iptables 1.8.9, conntrack 1.4.7.   Tested by: ct/label_names_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "keepstate/conntrack.hpp"

namespace keepstate {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view words) {
    const std::size_t begin = words.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return words.substr(begin, words.find_last_not_of(kBlanks) - begin + 1);
}

/// The label of one line, or what is wrong with it.
std::string read_label(std::string_view line, const std::vector<LabelName>& before,
                       LabelName& label) {
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    const std::string_view digits = line.substr(0, end);
    const bool is_hex = digits.starts_with("0x");
    unsigned number = 0;
    const char* first = digits.data() + (is_hex ? 2 : 0);
    const char* last = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(first, last, number, is_hex ? 16 : 10);
    if (failure != std::errc{} || stop != last || number > 127) {
        return fmt::format("`{}' is no label: 0 to 127 should stand here", digits);
    }
    label.bit = static_cast<std::uint8_t>(number);
    label.name = trimmed(line.substr(end));
    if (label.name.empty()) return "the label's name is missing";
    if (std::isalnum(static_cast<unsigned char>(label.name.front())) == 0) {
        return fmt::format("the name `{}' does not begin with a letter or digit", label.name);
    }
    if (label.name.size() > LabelName::kLongest) {
        return fmt::format("a label's name has {} bytes at most", LabelName::kLongest);
    }
    for (const LabelName& other : before) {
        if (other.name == label.name)
            return fmt::format("label {} has that name already", other.bit);
        if (other.bit == label.bit)
            return fmt::format("label {} is `{}' already", other.bit, other.name);
    }
    return {};
}

}  // namespace

Result<std::vector<LabelName>> parse_label_names(std::string_view text, const std::string& file) {
    std::vector<LabelName> labels;
    Error error;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view whole = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view line = trimmed(whole);
        if (line.empty() || line.front() == '#') continue;
        LabelName label;
        std::string fault = read_label(line, labels, label);
        if (fault.empty()) {
            labels.push_back(std::move(label));
        } else {
            const int column = static_cast<int>(line.data() - whole.data()) + 1;
            error.faults.push_back({file, number, column, std::move(fault), std::string(whole)});
        }
    }
    if (!error.faults.empty()) return Unexpected(std::move(error));
    std::sort(labels.begin(), labels.end(),
              [](const LabelName& a, const LabelName& b) { return a.bit < b.bit; });
    return labels;
}

}  // namespace keepstate
