// docs/modules: a page for each match and target, written from its own tables.
//
//     Traits, Option rows ─> page_of ─> docs/modules/NAME.md (matches), NAME-target.md (targets), README.md
//
// The pages in the tree are compared with what the tables say, so they cannot grow stale; nor can a module or an
// option be without words. `KEEPSTATE_WRITE_DOCS=1 build/test_rules --gtest_filter='ModulePages.*'` writes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "rules/modules.hpp"
#include "rules/names.hpp"

namespace keepstate::rules {
namespace {

struct Page {
    std::string title;  ///< "-m ttl"
    std::string first_words;
    std::string text;
};
using Pages = std::map<std::string, Page>;  ///< by file name

std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
    return fmt::format("{}", fmt::join(words, between));
}

std::string families_text(Families families) {
    return families == Families::both ? "IPv4, IPv6" : families == Families::ipv4 ? "IPv4" : "IPv6";
}

std::string tables_text(std::uint8_t tables) {
    if (tables == kAnyTable) return "all";
    std::vector<std::string> names;
    for (unsigned i = 0; i < kTables; ++i) {
        if (tables & 1U << i) names.emplace_back(text(static_cast<Table>(i)));
    }
    return joined(names);
}

std::string hooks_text(std::uint8_t hooks) {
    if (hooks == kAnyHook) return "all";
    std::vector<std::string> names;
    for (unsigned i = 0; i < kHooks; ++i) {
        if (hooks & 1U << i) names.emplace_back(text(static_cast<Hook>(i)));
    }
    return joined(names) + ", and chains that only these lead to";
}

std::string bounds_text(const Option& option) {
    const std::uint64_t most = option.max != 0 ? option.max : 0xffffffffU;
    return fmt::format("{} to {}", option.min, most);
}

std::string argument_text(const Option& option) {
    switch (option.arg) {
        case ArgKind::none: return "none";
        case ArgKind::text: return "words";
        case ArgKind::number: return "number, " + bounds_text(option);
        case ArgKind::number_range: return "number or range `N:M`, " + bounds_text(option);
        case ArgKind::mark: return "`VALUE[/MASK]`, 32 bits";
        case ArgKind::port: return "port, number or service";
        case ArgKind::port_range: return "port or range `N:M`";
        case ArgKind::protocol: return "protocol, number or name";
        case ArgKind::address: return "address";
        case ArgKind::address_prefix: return "`ADDRESS[/MASK]`";
        case ArgKind::log_level: return "log level";
        default: return "see its words";
    }
}

/// The names of the options of these ids, first spellings only.
std::string names_of(std::span<const Option> options, std::uint64_t ids, const Option& but) {
    std::vector<std::string> names;
    std::set<std::uint8_t> seen{but.id};
    for (const Option& option : options) {
        if ((ids & option_bit(option.id)) != 0 && seen.insert(option.id).second) {
            names.push_back(fmt::format("`--{}`", option.name));
        }
    }
    return joined(names);
}

/// "may be inverted; must be there; not with `--ttl-lt`".
std::string terms_text(std::span<const Option> options, const Option& option) {
    std::vector<std::string> terms;
    if (option.flags & option_flag::kInvert) terms.emplace_back("`!` before it inverts");
    if (option.flags & option_flag::kMust) terms.emplace_back("must be there");
    if (option.flags & option_flag::kRepeat) terms.emplace_back("may be repeated");
    std::uint64_t excludes = option.excludes;
    for (const Option& other : options) {
        if (other.excludes & option_bit(option.id)) excludes |= option_bit(other.id);
    }
    const std::string others = names_of(options, excludes, option);
    if (!others.empty()) terms.push_back("not with " + others);
    const std::string needed = names_of(options, option.needs, option);
    if (!needed.empty()) terms.push_back("only with " + needed);
    return joined(terms, "; ");
}

/// A `|` would end a table's cell.
std::string cell(std::string_view words) {
    std::string out;
    for (const char c : words) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string section_of(const Traits& traits, std::string_view source) {
    std::ostringstream out;
    out << traits.words << "\n\n| | |\n|---|---|\n| families | " << families_text(traits.families)
        << " |\n| tables | " << tables_text(traits.tables) << " |\n| chains | "
        << hooks_text(traits.hooks) << " |\n";
    if (traits.protocol != 0) {
        out << "| protocol | the rule must say `-p " << protocol_text(traits.protocol) << "` |\n";
    }
    if (!traits.other_name.empty()) out << "| other name | `" << traits.other_name << "` |\n";
    out << "| reads | " << cell(traits.reads) << " |\n| source | `" << source << "` |\n";
    if (!traits.options.empty()) {
        out << "\n| option | argument | terms | what it asks |\n|---|---|---|---|\n";
        for (const Option& option : traits.options) {
            out << "| `--" << option.name << "` | " << cell(argument_text(option)) << " | "
                << terms_text(traits.options, option) << " | " << cell(option.words) << " |\n";
        }
    }
    out << "\nDifferences from Linux: "
        << (traits.differences.empty() ? "none known." : traits.differences) << "\n";
    return out.str();
}

template <typename ModuleKind>
void add_pages(std::span<const ModuleKind* const> modules, bool is_target, Pages& pages) {
    for (const ModuleKind* module : modules) {
        const Traits& traits = *module->traits;
        const std::string name(traits.name);
        Page& page = pages[name + (is_target ? "-target.md" : ".md")];
        std::string file = name;
        std::transform(file.begin(), file.end(), file.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        const std::string source =
            fmt::format("src/rules/{}/{}.cpp", is_target ? "target" : "match", file);
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::path{KEEPSTATE_SOURCE} / source))
            << source;
        if (page.text.empty()) {
            page.title = fmt::format("{} {}", is_target ? "-j" : "-m", name);
            page.first_words = traits.words.substr(0, traits.words.find(". ") + 1);
            if (page.first_words.empty()) page.first_words = traits.words;
            page.text = "# " + page.title + "\n";
        }
        page.text += "\n" + section_of(traits, source);
    }
}

std::string index_of_pages(const Pages& pages) {
    std::ostringstream out;
    out << "# Matches and targets\n\n"
           "A page for each module that rules may use, with its options, where it may stand, what "
           "it "
           "reads and where it\ndiffers from Linux on purpose. `ACCEPT`, `DROP`, `RETURN`, `QUEUE` "
           "and the names of chains are no modules.\n\n"
           "These pages are written from the modules' own tables: change those, then run\n"
           "`KEEPSTATE_WRITE_DOCS=1 build/test_rules --gtest_filter='ModulePages.*'`.\n";
    for (const bool is_target : {false, true}) {
        out << "\n## " << (is_target ? "Targets" : "Matches") << "\n\n| | |\n|---|---|\n";
        for (const auto& [file, page] : pages) {
            if (page.title.starts_with("-j") != is_target) continue;
            out << "| [`" << page.title << "`](" << file << ") | " << cell(page.first_words)
                << " |\n";
        }
    }
    return out.str();
}

Pages all_pages() {
    Pages pages;
    add_pages(matches(), false, pages);
    add_pages(targets(), true, pages);
    Page index;
    index.text = index_of_pages(pages);
    pages["README.md"] = index;
    return pages;
}

template <typename ModuleKind>
void expect_words(std::span<const ModuleKind* const> modules) {
    for (const ModuleKind* module : modules) {
        const Traits& traits = *module->traits;
        EXPECT_FALSE(traits.words.empty()) << traits.name << ": Traits::words is empty";
        EXPECT_FALSE(traits.reads.empty()) << traits.name << ": Traits::reads is empty";
        for (const Option& option : traits.options) {
            EXPECT_FALSE(option.words.empty())
                << traits.name << " --" << option.name << ": its words are empty";
        }
    }
}

TEST(ModulePages, every_module_and_option_has_words) {
    expect_words(matches());
    expect_words(targets());
}

TEST(ModulePages, say_what_the_tables_say) {
    const std::filesystem::path folder =
        std::filesystem::path{KEEPSTATE_SOURCE} / "docs" / "modules";
    const Pages pages = all_pages();
    if (std::getenv("KEEPSTATE_WRITE_DOCS") != nullptr) {
        std::filesystem::create_directories(folder);
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (!pages.contains(entry.path().filename().string())) {
                std::filesystem::remove(entry.path());
            }
        }
        for (const auto& [file, page] : pages) std::ofstream{folder / file} << page.text;
    }
    for (const auto& [file, page] : pages) {
        std::ifstream in{folder / file};
        std::ostringstream got;
        got << in.rdbuf();
        EXPECT_EQ(got.str(), page.text)
            << "docs/modules/" << file
            << " is not what the module says; KEEPSTATE_WRITE_DOCS=1 writes it anew";
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        EXPECT_TRUE(pages.contains(entry.path().filename().string()))
            << entry.path() << " belongs to no module";
    }
}

}  // namespace
}  // namespace keepstate::rules
