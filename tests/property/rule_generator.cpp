#include "rule_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace keepstate::property {

using rules::ArgKind;
using rules::Option;

RuleGenerator::RuleGenerator(std::uint64_t seed, Family family, const std::string& folder)
    : dice_(seed), family_(family) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".t") read_values(entry.path());
    }
    for (auto& [name, values] : values_) {
        std::sort(values.begin(), values.end());
        values.erase(std::unique(values.begin(), values.end()), values.end());
    }
}

// The words behind each option up to the next one, as they stand: quotes too. Those of the other family as
// well: most tables are written for one, and what is not legal in this one is refused.
void RuleGenerator::read_values(const std::string& file) {
    std::ifstream in(file);
    bool mine = true;
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("@", 0) == 0) {
            mine = line.find("text") == std::string::npos;
        }
        const std::size_t end = line.find(" ; ok");
        if (!mine || line.rfind("-A ", 0) != 0 || end == std::string::npos) continue;
        std::istringstream words(line.substr(0, end));
        std::string option;
        std::string value;
        const auto keep = [&]() {
            if (!option.empty() && !value.empty()) values_[option].push_back(value);
            value.clear();
        };
        for (std::string word; words >> word;) {
            const bool in_quotes = std::count(value.begin(), value.end(), '"') % 2 != 0;
            if (!in_quotes && (word.front() == '-' || word == "!")) {
                keep();
                option = word;
            } else {
                value += (value.empty() ? "" : " ") + word;
            }
        }
        keep();
    }
}

std::uint64_t RuleGenerator::between(std::uint64_t low, std::uint64_t high) {
    const std::uint64_t count = high - low + 1;  // 0: all there are
    return count == 0 ? dice_() : low + dice_() % count;
}

std::string RuleGenerator::number(std::uint64_t low, std::uint64_t high) {
    std::uint64_t chosen = low;
    switch (below(4)) {
        case 0: break;
        case 1: chosen = high; break;
        case 2: chosen = low + dice_() % (std::min<std::uint64_t>(high - low, 8) + 1); break;
        default: chosen = between(low, high);
    }
    return below(4) == 0 ? fmt::format("{:#x}", chosen) : fmt::format("{}", chosen);
}

std::string RuleGenerator::address() {
    if (family_ == Family::ipv6) return fmt::format("2001:db8:{:x}::{:x}", below(3), below(65536));
    return fmt::format("10.{}.{}.{}", below(256), below(3), below(256));
}

std::string RuleGenerator::value(const rules::Traits& traits, const Option& option) {
    constexpr std::uint64_t kWord = 0xffffffff;
    const std::uint64_t high = option.max != 0 ? option.max : kWord;
    auto known = values_.find("--" + std::string(option.name));
    for (const Option& other : traits.options) {  // another spelling of it
        if (known != values_.end()) break;
        if (other.id == option.id) known = values_.find("--" + std::string(other.name));
    }
    if (known != values_.end() && (option.arg == ArgKind::text || below(2) == 0)) {
        return known->second[below(static_cast<unsigned>(known->second.size()))];
    }
    switch (option.arg) {
        case ArgKind::none: return {};
        case ArgKind::text: return fmt::format("w{}", below(1000));
        case ArgKind::number: return number(option.min, high);
        case ArgKind::number_range: {
            if (below(3) == 0) return number(option.min, high);
            const std::uint64_t low = between(option.min, high);
            return fmt::format("{}:{}", low, between(low, high));
        }
        case ArgKind::mark:
            return below(2) == 0 ? number(0, kWord) : number(0, kWord) + "/" + number(0, kWord);
        case ArgKind::port: return number(0, 65535);
        case ArgKind::port_range: {
            if (below(3) == 0) return number(0, 65535);
            const unsigned low = below(65536);
            return fmt::format("{}:{}", low, low + below(65536 - low));
        }
        case ArgKind::protocol: return number(0, 255);
        case ArgKind::address: return address();
        case ArgKind::address_prefix:
            return address() + fmt::format("/{}", below(family_ == Family::ipv6 ? 129 : 33));
        case ArgKind::log_level: return number(0, 7);
    }
    return {};
}

std::string RuleGenerator::options(const rules::Traits& traits) {
    std::vector<const Option*> chosen;
    std::uint64_t ids = 0;
    const auto add = [&](const Option& option) {
        const bool again = (ids & rules::option_bit(option.id)) != 0;
        const bool clash = std::any_of(chosen.begin(), chosen.end(), [&](const Option* other) {
            return (option.excludes & rules::option_bit(other->id)) != 0 ||
                   (other->excludes & rules::option_bit(option.id)) != 0;
        });
        if (again || clash) return;
        ids |= rules::option_bit(option.id);
        chosen.push_back(&option);
    };
    // What one option needs comes with it; what the module cannot do without, always.
    const auto add_with_needs = [&](const Option& option) {
        add(option);
        for (const Option& other : traits.options) {
            if ((option.needs & rules::option_bit(other.id)) != 0) add(other);
        }
    };
    if (!traits.options.empty()) {
        add_with_needs(traits.options[below(static_cast<unsigned>(traits.options.size()))]);
    }
    // Some modules want nearly all that they have.
    const bool takes_all = below(8) == 0;
    for (const Option& option : traits.options) {
        if ((option.flags & rules::option_flag::kMust) != 0 || takes_all || below(4) == 0) {
            add_with_needs(option);
        }
    }
    std::shuffle(chosen.begin(), chosen.end(), dice_);
    std::string out;
    for (const Option* option : chosen) {
        const bool inverted = (option->flags & rules::option_flag::kInvert) != 0 && below(3) == 0;
        out += fmt::format(" {}--{}", inverted ? "! " : "", option->name);
        if (option->arg != ArgKind::none) out += " " + value(traits, *option);
    }
    return out;
}

std::string RuleGenerator::protocol(const rules::Traits& traits) {
    return traits.protocol == 0 ? std::string() : fmt::format("-p {} ", traits.protocol);
}

std::string RuleGenerator::match(const rules::MatchModule& module) {
    return fmt::format("{}-m {}{}", protocol(*module.traits), module.name(),
                       options(*module.traits));
}

std::string RuleGenerator::target(const rules::TargetModule& module) {
    return fmt::format("{}-j {}{}", protocol(*module.traits), module.name(),
                       options(*module.traits));
}

std::string RuleGenerator::basics(Hook hook) {
    std::string out;
    const auto part = [&](const std::string& words) {
        if (below(4) == 0) out += fmt::format("{}{} ", below(3) == 0 ? "! " : "", words);
    };
    part(fmt::format("-s {}/{}", address(), below(family_ == Family::ipv6 ? 129 : 33)));
    part("-d " + address());
    if (hook != Hook::output && hook != Hook::postrouting)
        part(below(2) == 0 ? "-i eth0" : "-i eth+");
    if (hook != Hook::input && hook != Hook::prerouting) part(below(2) == 0 ? "-o eth1" : "-o e+");
    return out;
}

}  // namespace keepstate::property
