// See command.hpp. This file: the options that make a rule, general and of modules.
#include <algorithm>
#include <cctype>

#include "rules/command_reader.hpp"
#include "rules/names.hpp"
#include "rules/values.hpp"

namespace keepstate::rules {

// `--dport ! 80', as very old rulesets have it. True if a fault was said; the argument is used up.
bool CommandReader::is_mistaken_not(const Argument& argument) {
    if (argument.value != "!" || argument.quoted_value || argument.attached) return false;
    const Word* value = arguments_.take_plain();
    fault_at(argument.value_column,
             fmt::format("`!' stands before the option, not behind it: write `! {} {}'",
                         argument.spelled, value != nullptr ? value->text : "..."));
    return true;
}

void CommandReader::take_protocol(const Argument& argument) {
    if (!claim('p', argument, true) || is_mistaken_not(argument)) return;
    Basics& basics = command_.rule.basics;
    protocol_word_ = general_value(argument);
    const auto protocol = parse_protocol(protocol_word_);
    if (!protocol) {
        fault_at(argument.value_column,
                 fmt::format("`{}' is no protocol{}", protocol_word_,
                             argument.attached ? "; the value stands in a word of its own: `-p tcp'"
                                               : did_you_mean(protocol_word_, protocol_names())));
        return;
    }
    basics.protocol = *protocol;
    basics.protocol_inverted = inverted_;
    if (*protocol == 0 && inverted_) {
        fault_at(not_column_, "a rule for no protocol at all would never match");
    }
}

void CommandReader::take_addresses(const Argument& argument, std::vector<AddressPart>& parts) {
    if (!claim(argument.letter, argument, true) || is_mistaken_not(argument)) return;
    std::string_view list = general_value(argument);
    const bool several = list.find(',') != std::string_view::npos;
    if (several && inverted_) {
        fault_at(not_column_,
                 "`!' does not go with a list of addresses: each gives a rule of its "
                 "own, and together they would match everything");
    }
    int column = argument.attached ? argument.column : argument.value_column;
    for (;;) {
        const std::size_t comma = list.find(',');
        std::string words;
        auto part = parse_address_part(list.substr(0, comma), place_.family, words);
        if (!part) {
            fault_at(column, std::move(words));
        } else {
            part->inverted = inverted_;
            parts.push_back(*part);
        }
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
        column += static_cast<int>(comma) + 1;
    }
}

void CommandReader::take_device(const Argument& argument, DevicePart& part) {
    if (!claim(argument.letter, argument, true) || is_mistaken_not(argument)) return;
    std::string words;
    const auto device = parse_device(general_value(argument), words);
    if (!device) {
        fault_at(argument.value_column, std::move(words));
        return;
    }
    part = *device;
    part.inverted = inverted_;
}

void CommandReader::take_counters(const Argument& argument) {
    if (!claim('c', argument, false)) return;
    std::string_view packets = argument.value;
    std::string_view bytes;
    const std::size_t comma = packets.find(',');
    if (comma != std::string_view::npos && comma != 0) {
        bytes = packets.substr(comma + 1);
        packets = packets.substr(0, comma);
    } else if (const Word* word = arguments_.take_plain()) {
        bytes = word->text;
    } else {
        fault_at(argument.column, "-c needs a packet and a byte counter");
        return;
    }
    const auto packet_count = parse_number(packets, 0, ~std::uint64_t{0});
    const auto byte_count = parse_number(bytes, 0, ~std::uint64_t{0});
    if (!packet_count) {
        fault_at(argument.value_column, fmt::format("packet counter `{}' is no number", packets));
    } else if (!byte_count) {
        fault_at(argument.value_column, fmt::format("byte counter `{}' is no number", bytes));
    } else {
        command_.rule.counters = Counters{*packet_count, *byte_count};
    }
}

void CommandReader::add_match(const MatchModule& module, int column) {
    MatchUse use;
    use.module = &module;
    use.data = Blob(module.bytes);
    use.column = column;
    module.begin(use.data.data());
    command_.rule.matches.push_back(std::move(use));
    OpenModule open;
    open.module = &module;
    open.set = arguments_.add_options(module.traits->options);
    open.match = command_.rule.matches.size() - 1;
    open.column = column;
    open_.push_back(open);
}

void CommandReader::take_match(const Argument& argument) {
    if (inverted_) {
        fault_at(not_column_, "`!' stands before the option that it inverts, not before -m");
    }
    if (argument.value == "!") {
        is_mistaken_not(argument);
        stopped_ = true;
        return;
    }
    if (const MatchModule* module = find_match(argument.value, place_.family)) {
        add_match(*module, argument.value_column);
        return;
    }
    lost_ = true;
    fault_at(argument.value_column,
             fmt::format("`{}' is no match{}", argument.value,
                         did_you_mean(argument.value, match_names(place_.family))));
}

void CommandReader::take_target(const Argument& argument, bool is_goto) {
    if (!claim('j', argument, false)) return;
    jump_ = is_goto ? argument.value : general_value(argument);
    jump_column_ = argument.attached && !is_goto ? argument.column : argument.value_column;
    TargetUse& target = command_.rule.target;
    target.is_goto = is_goto;
    target.column = jump_column_;
    if (jump_.empty() || jump_.size() > kLongestChainName ||
        std::any_of(jump_.begin(), jump_.end(), [](unsigned char c) { return c <= ' '; })) {
        fault_at(jump_column_, fmt::format("`{}' is no name of a target or chain: 1 to {} bytes, "
                                           "no blanks",
                                           jump_, kLongestChainName));
        return;
    }
    if (is_goto) return;
    const TargetModule* module = find_target(jump_, place_.family);
    if (module == nullptr) {
        // A verdict, a chain, or nothing known, which finish_target() tells.
        return;
    }
    target.module = module;
    target.data = Blob(module->bytes);
    module->begin(target.data.data());
    OpenModule open;
    open.module = module;
    open.set = arguments_.add_options(module->traits->options);
    open.match = kTarget;
    open.column = jump_column_;
    open_.push_back(open);
}

// The last -m or -j that brought these options: of two `-m tcp' the second is meant.
CommandReader::OpenModule* CommandReader::open_module(std::size_t set) {
    for (std::size_t i = open_.size(); i-- > 0;) {
        if (open_[i].set == set) return &open_[i];
    }
    return nullptr;
}

void* CommandReader::data_of(const OpenModule& open) {
    return open.match == kTarget ? command_.rule.target.data.data()
                                 : command_.rule.matches[open.match].data.data();
}

void CommandReader::take_module_option(const Argument& argument) {
    OpenModule* open = open_module(argument.set);
    const Option& option = *argument.option;
    const std::uint64_t bit = option_bit(option.id);
    const std::string_view module = open->module->name();
    if ((open->seen & bit) != 0 && (option.flags & option_flag::kRepeat) == 0) {
        fault_at(argument.column, fmt::format("--{} stands twice for `{}'", option.name, module));
        return;
    }
    for (const Option& other : open->module->traits->options) {
        const bool clash =
            (open->seen & option_bit(other.id)) != 0 && other.id != option.id &&
            ((option.excludes & option_bit(other.id)) != 0 || (other.excludes & bit) != 0);
        if (clash) {
            fault_at(argument.column,
                     fmt::format("--{} and --{} do not go together", other.name, option.name));
            return;
        }
    }
    if (inverted_ && (option.flags & option_flag::kInvert) == 0) {
        fault_at(not_column_, fmt::format("--{} cannot be inverted", option.name));
        return;
    }
    seen_now_ = open->seen;
    open->seen |= bit;
    if (option.arg != ArgKind::none && is_mistaken_not(argument)) return;
    OptionUse use;
    use.option = &option;
    use.inverted = inverted_;
    std::string words;
    const auto value = parse_value(option, argument.value, place_.family, words);
    if (!value) {
        fault_at(argument.value_column, std::move(words));
        return;
    }
    use.value = *value;
    module_column_ = option.arg == ArgKind::none ? argument.column : argument.value_column;
    open->module->parse(data_of(*open), use, *this);
}

// Behind an unknown module an abbreviation may be an option of its own: `--set' of `-m recent' is none of
// `--set-counters'.
bool CommandReader::belongs_to_the_unknown(const Argument& argument) const {
    if (!lost_ || argument.spelled.substr(0, 2) != "--") return false;
    const std::string_view name = argument.spelled.substr(2, argument.spelled.find('=') - 2);
    const auto general = general_options();
    return std::none_of(general.begin(), general.end(),
                        [&](const GeneralOption& row) { return row.name == name; });
}

// An option that nobody knows may belong to the match of the rule's protocol: `-p tcp --dport 80'. The match is
// looked for by the name as it is written (`mh', not its other name `mobility-header'), of a number by its own name.
bool CommandReader::load_protocol_match() {
    if (protocol_word_.empty() || protocol_loaded_) return false;
    const std::uint8_t protocol = command_.rule.basics.protocol;
    std::string name(protocol_word_);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (parse_number(name, 0, 255)) name = protocol_text(protocol);
    if (protocol == 58) name = "icmp6";
    const MatchModule* module = protocol != 0 ? find_match(name, place_.family) : nullptr;
    if (module == nullptr) return false;
    protocol_loaded_ = true;
    add_match(*module, arguments_.peek() != nullptr ? arguments_.peek()->column : command_column_);
    return true;
}

void CommandReader::take_unknown(const Argument& argument) {
    if (load_protocol_match()) {
        arguments_.step_back();
        return;
    }
    inverted_ = false;
    const TargetUse::Kind unknown = TargetUse::Kind::none;
    // Options of a target that nobody knows: finish_target() tells of it.
    const bool of_target = !jump_.empty() && command_.rule.target.module == nullptr &&
                           !chains_.has_chain(jump_) && command_.rule.target.kind == unknown;
    if (lost_) return;
    lost_ = true;
    if (of_target && find_verdict(jump_) == unknown && !command_.rule.target.is_goto) return;
    const std::string_view spelled = argument.spelled;
    if (argument.kind == Argument::Kind::no_value) {
        fault_at(argument.column, fmt::format("`{}' needs a value", spelled));
        return;
    }
    if (argument.kind == Argument::Kind::ambiguous) {
        fault_at(argument.column, fmt::format("`{}' may mean several options", spelled));
        return;
    }
    const std::size_t dashes = spelled.find_first_not_of('-');
    const std::string_view bare =
        dashes == std::string_view::npos ? std::string_view{} : spelled.substr(dashes);
    const std::string_view name = bare.substr(0, bare.find('='));
    const std::string_view near = find_nearest(name, arguments_.names());
    const std::string_view module = find_owner(name, place_.family);
    std::string hint;
    if (!module.empty()) {
        hint = fmt::format("; it belongs to `-m {}', which is not named before it", module);
    } else if (near == name && !near.empty()) {
        hint = "; it takes no value";
    } else if (!near.empty()) {
        hint = fmt::format("; did you mean `--{}'?", near);
    }
    fault_at(argument.column, fmt::format("unknown option `{}'{}", spelled, hint));
}

}  // namespace keepstate::rules
