// The settings by name, with the kernel's own bounds.
//
// source: kernel:net/netfilter/nf_conntrack_standalone.c nf_ct_sysctl_table (names, bounds), seen:tests/kernel_listing.
// tested by: ct/settings_test.cpp, tests/kernel_listing.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>

#include "base/words.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate {

namespace {

/// Timeouts are kept in ticks of 4 ms in a signed 32-bit number; more seconds than that are refused.
constexpr std::uint32_t kMostSeconds = 0x7fffffffU / 250;
constexpr std::uint32_t kMostSigned = 0x7fffffffU;
constexpr std::uint32_t kMost = 0xffffffffU;

constexpr std::uint32_t least_of(std::string_view name) {
    return name == "buckets" || name == "expect_max" ? 1 : 0;
}

constexpr std::uint32_t most_of(std::string_view name, std::string_view unit) {
    if (unit == "0/1") return 1;
    if (unit == "0/1/2") return 2;
    if (unit == "s") return kMostSeconds;
    if (unit == "bytes") return kMost;
    return name == "tcp_max_retrans" || name == "log_invalid" ? 255 : kMostSigned;
}

struct SettingRow {
    SettingText words;
    std::uint32_t Settings::*member;
};

constexpr std::array kRows{
#define KS_SETTING_ROW(name, value, unit, words) \
    SettingRow{{#name, value, least_of(#name), most_of(#name, unit), unit, words}, &Settings::name},
    KS_SETTINGS(KS_SETTING_ROW)
#undef KS_SETTING_ROW
};

constexpr auto kTexts = [] {
    std::array<SettingText, kRows.size()> texts{};
    for (std::size_t i = 0; i < kRows.size(); ++i) texts[i] = kRows[i].words;
    return texts;
}();

struct Bounds {
    std::uint32_t least, most;
};

/// The two marks of the fragment memory bound each other.
Bounds bounds_of(const SettingText& setting, const Settings& settings) {
    if (setting.name == "frag6_high_thresh") return {settings.frag6_low_thresh, setting.most};
    if (setting.name == "frag6_low_thresh") return {setting.least, settings.frag6_high_thresh};
    return {setting.least, setting.most};
}

/// As sysctl's files take it: 10, 0x0a, 012.
bool read_number(std::string_view words, std::uint32_t& number) {
    int base = 10;
    if (words.size() > 2 && words[0] == '0' && (words[1] == 'x' || words[1] == 'X')) {
        base = 16;
        words.remove_prefix(2);
    } else if (words.size() > 1 && words[0] == '0') {
        base = 8;
    }
    const char* const last = words.data() + words.size();
    const auto [end, failure] = std::from_chars(words.data(), last, number, base);
    return failure == std::errc{} && end == last;
}

std::string_view short_name(std::string_view key) {
    for (const std::string_view prefix :
         {"net.netfilter.", "net/netfilter/", "net.", "nf_conntrack_"}) {
        if (key.substr(0, prefix.size()) == prefix) key.remove_prefix(prefix.size());
    }
    return key;
}

}  // namespace

std::span<const SettingText> setting_texts() { return kTexts; }

Result<void> Settings::set(std::string_view key, std::string_view value) {
    const std::string_view name = short_name(key);
    const auto row = std::find_if(kRows.begin(), kRows.end(),
                                  [name](const SettingRow& r) { return r.words.name == name; });
    if (row == kRows.end()) {
        std::vector<std::string_view> known;
        for (const SettingRow& r : kRows) known.push_back(r.words.name);
        return Unexpected(Error::of(
            ErrorKind::usage, fmt::format("unknown setting `{}'; the nearest is nf_conntrack_{}",
                                          key, base::nearest_word(name, known))));
    }
    std::uint32_t number = 0;
    const Bounds bounds = bounds_of(row->words, *this);
    if (!read_number(value, number) || number < bounds.least || number > bounds.most) {
        return Unexpected(Error::of(
            ErrorKind::usage, fmt::format("nf_conntrack_{}: `{}' is not a number from {} to {}",
                                          name, value, bounds.least, bounds.most)));
    }
    this->*(row->member) = number;
    return {};
}

}  // namespace keepstate
