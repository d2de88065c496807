// -m comment: words for people. Matches every packet.
//
// source: man:iptables-extensions comment.   Tested by: tests/rules/comment.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

constexpr std::size_t kLongestComment = 255;

struct Comment {
    struct Data {
        std::array<char, kLongestComment + 1> words{};
    };
    static constexpr Option kOptions[] = {
        {.name = "comment",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .words = "the words, at most 255 bytes"},
    };
    static constexpr Traits kTraits{
        .name = "comment",
        .options = kOptions,
        .words = "Says something to the reader of the rule. It always matches.",
        .reads = "nothing"};

    // The real tool cuts longer ones without a word, and so is it here: a comment decides nothing.
    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        const std::string_view words = use.value.text.substr(0, kLongestComment);
        std::copy(words.begin(), words.end(), data.words.begin());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " --comment ";
        append_quoted(out, data.words.data());
    }
    static void narrow(const Data&, RuleKey&) {}
    static bool matches(Data&, Context&, Why) { return true; }
};

}  // namespace

extern const MatchModule k_comment;
const MatchModule k_comment = match_module<Comment>();

}  // namespace keepstate::rules::match
