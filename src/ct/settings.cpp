// The settings by name, with the kernel's own bounds.
//
// source: kernel:net/netfilter/nf_conntrack_standalone.c nf_ct_sysctl_table (names, bounds), seen:tests/kernel.
// tested by: ct/settings_test.cpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>

#include "base/words.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate {

namespace {

struct SettingRow {
    SettingText words;
    std::uint32_t Settings::*member;
};

constexpr std::array kRows{
#define KS_SETTING_ROW(name, value, unit, words) \
    SettingRow{{#name, value, unit, words}, &Settings::name},
    KS_SETTINGS(KS_SETTING_ROW)
#undef KS_SETTING_ROW
};

constexpr auto kTexts = [] {
    std::array<SettingText, kRows.size()> texts{};
    for (std::size_t i = 0; i < kRows.size(); ++i) texts[i] = kRows[i].words;
    return texts;
}();

/// Timeouts are kept in ticks of 4 ms in a signed 32-bit number; more seconds than that are refused.
constexpr std::uint32_t kMostSeconds = 0x7fffffffU / 250;

std::uint32_t most_of(const SettingText& setting) {
    if (setting.unit == "0/1") return 1;
    if (setting.unit == "0/1/2") return 2;
    if (setting.unit == "s") return kMostSeconds;
    if (setting.name == "tcp_max_retrans" || setting.name == "log_invalid") return 255;
    return 0x7fffffffU;
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
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    const std::uint32_t most = most_of(row->words);
    if (failure != std::errc{} || end != value.data() + value.size() || number > most) {
        return Unexpected(Error::of(
            ErrorKind::usage,
            fmt::format("nf_conntrack_{}: `{}' is not a number from 0 to {}", name, value, most)));
    }
    this->*(row->member) = number;
    return {};
}

}  // namespace keepstate
