// -m connlabel: one of the 128 labels of a connection, and --set to give it.
//
// A label is a number. A label file (connlabel.conf) may give it a name, which is then what is printed; a number is
// always taken as one, also where a label has that number as its name. With --set the label is given if it is not there,
// and the match says yes, or no if it is inverted; a packet of no connection has no labels.
//
// source: man:iptables-extensions connlabel; kernel:net/netfilter/xt_connlabel.c; seen:iptables 1.8.9.
// Tested by: tests/rules/connlabel.t, tests/scenarios/labels.
#include <algorithm>
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kLabel, kSet };

struct Connlabel {
    struct Data {
        std::array<char, LabelName::kLongest + 1> name{};  ///< what is printed; empty: the number
        std::uint8_t bit = 0;
        std::uint8_t inverted = 0;
        std::uint8_t sets = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "label",
         .id = kLabel,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "the label is set: its number, 0 to 127, or its name in the label file"},
        {.name = "set", .id = kSet, .words = "sets the label, and matches if that could be done"},
    };
    static constexpr Traits kTraits{
        .name = "connlabel",
        .options = kOptions,
        .words = "One of the 128 labels of the packet's connection.",
        .reads = "the entry",
        .differences =
            "every entry has room for labels, not only those made after the first such rule"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kSet) {
            data.sets = 1;
            return;
        }
        data.inverted = use.inverted;
        const std::string_view words = use.value.text;
        const auto& names = reader.labels();
        if (const auto number = parse_number(words, 0, 127)) {
            data.bit = static_cast<std::uint8_t>(*number);
        } else {
            const auto named = std::find_if(names.begin(), names.end(),
                                            [words](const auto& row) { return row.name == words; });
            if (named == names.end()) {
                std::vector<std::string_view> known;
                for (const LabelName& row : names) known.push_back(row.name);
                reader.fault(fmt::format("`{}' is no label: 0 to 127{}{}", words,
                                         known.empty() ? "" : ", or a name of the label file",
                                         did_you_mean(words, known)));
                return;
            }
            data.bit = named->bit;
        }
        const auto named = std::find_if(names.begin(), names.end(),
                                        [&data](const auto& row) { return row.bit == data.bit; });
        if (named == names.end()) return;
        const std::size_t size = std::min(named->name.size(), LabelName::kLongest);
        std::copy_n(named->name.begin(), size, data.name.begin());
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --label \"{}\"{}", data.inverted ? " !" : "", shown(data),
                           data.sets ? " --set" : "");
    }
    static bool matches(Data& data, Context& context, Why why) {
        ct::Entry* entry = context.flow.entry;
        const bool wanted = data.inverted == 0;
        if (entry == nullptr || entry->is_template()) {
            return !wanted || why.no("the packet belongs to no connection");
        }
        const std::size_t at = data.bit / 8U;
        const auto mask = static_cast<std::uint8_t>(1U << (data.bit % 8U));
        bool has_label = (entry->rare().labels[at] & mask) != 0;
        if (!has_label && data.sets != 0 && context.connections != nullptr) {
            context.connections->extra_of(*entry).labels[at] |= mask;
            entry->note(ct::event_bit::kLabel);
            has_label = true;
        }
        if (has_label == wanted) return true;
        return why.no("{}--label {}: the connection {}", data.inverted ? "! " : "", shown(data),
                      has_label ? "has it" : "has it not");
    }

  private:
    static std::string shown(const Data& data) {
        return data.name[0] != 0 ? std::string(data.name.data()) : std::to_string(data.bit);
    }
};

}  // namespace

extern const MatchModule k_connlabel;
const MatchModule k_connlabel = match_module<Connlabel>();

}  // namespace keepstate::rules::match
