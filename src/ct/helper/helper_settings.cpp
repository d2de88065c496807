// The parameters of the helper modules by name. See keepstate/helper_settings.hpp.
//
// Tested by: ct/helper/helpers_test.cpp.
#include "keepstate/helper_settings.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/words.hpp"

namespace keepstate {

namespace {

struct NumberRow {
    HelperSettingText words;
    std::uint32_t HelperSettings::*member;
};
constexpr std::array kNumbers{
#define KS_HELPER_ROW(module, name, value, least, most, unit, words) \
    NumberRow{{#module, #name, value, least, most, unit, words}, &HelperSettings::module##_##name},
    KS_HELPER_NUMBERS(KS_HELPER_ROW)
#undef KS_HELPER_ROW
};

struct PortsRow {
    std::string_view module;
    HelperPorts HelperSettings::*member;
};
constexpr std::array kPorts{
#define KS_HELPER_ROW(module, port) PortsRow{#module, &HelperSettings::module##_ports},
    KS_HELPER_PORTS(KS_HELPER_ROW)
#undef KS_HELPER_ROW
};

constexpr auto kTexts = [] {
    std::array<HelperSettingText, kNumbers.size()> texts{};
    for (std::size_t i = 0; i < kNumbers.size(); ++i) texts[i] = kNumbers[i].words;
    return texts;
}();

struct Key {
    std::string_view module;
    std::string_view name;
};

/// "nf_conntrack_ftp.loose" or "ftp.loose".
std::optional<Key> split(std::string_view key) {
    constexpr std::string_view kPrefix = "nf_conntrack_";
    if (key.starts_with(kPrefix)) key.remove_prefix(kPrefix.size());
    const std::size_t point = key.find('.');
    if (point == std::string_view::npos) return std::nullopt;
    return Key{key.substr(0, point), key.substr(point + 1)};
}

bool is_module(std::string_view name) {
    const auto is_it = [name](const auto& text) { return text.module == name; };
    return std::any_of(kTexts.begin(), kTexts.end(), is_it) ||
           std::any_of(kPorts.begin(), kPorts.end(), is_it);
}

std::optional<std::uint32_t> read_number(std::string_view words) {
    std::uint32_t number = 0;
    const char* const last = words.data() + words.size();
    const auto [end, failure] = std::from_chars(words.data(), last, number);
    if (failure != std::errc{} || end != last) return std::nullopt;
    return number;
}

std::optional<HelperPorts> read_ports(std::string_view words) {
    HelperPorts ports;
    for (;;) {
        const std::size_t comma = words.find(',');
        const std::optional<std::uint32_t> port = read_number(words.substr(0, comma));
        if (!port || *port > 0xffff || ports.count == HelperPorts::kMost) return std::nullopt;
        ports.numbers[ports.count++] = static_cast<std::uint16_t>(*port);
        if (comma == std::string_view::npos) return ports;
        words.remove_prefix(comma + 1);
    }
}

Result<void> fault(std::string words) {
    return Unexpected(Error::of(ErrorKind::usage, std::move(words)));
}

Result<void> unknown(std::string_view key, const Key& wanted) {
    std::vector<std::string> names;
    for (const NumberRow& row : kNumbers) {
        names.push_back(fmt::format("{}.{}", row.words.module, row.words.name));
    }
    for (const PortsRow& row : kPorts) names.push_back(fmt::format("{}.ports", row.module));
    const std::vector<std::string_view> known(names.begin(), names.end());
    return fault(
        fmt::format("unknown helper parameter `{}'; the nearest is nf_conntrack_{}", key,
                    base::nearest_word(fmt::format("{}.{}", wanted.module, wanted.name), known)));
}

}  // namespace

std::span<const HelperSettingText> helper_setting_texts() { return kTexts; }

bool HelperSettings::has(std::string_view key) {
    const std::optional<Key> parts = split(key);
    return parts && is_module(parts->module);
}

Result<void> HelperSettings::set(std::string_view key, std::string_view value) {
    const Key parts = split(key).value_or(Key{key, {}});
    if (parts.name == "ports") {
        for (const PortsRow& row : kPorts) {
            if (row.module != parts.module) continue;
            const std::optional<HelperPorts> ports = read_ports(value);
            if (!ports) {
                return fault(fmt::format(
                    "nf_conntrack_{}.ports: `{}' is not up to {} port numbers with commas between",
                    row.module, value, HelperPorts::kMost));
            }
            this->*(row.member) = *ports;
            return {};
        }
    }
    for (const NumberRow& row : kNumbers) {
        if (row.words.module != parts.module || row.words.name != parts.name) continue;
        const std::optional<std::uint32_t> number = read_number(value);
        if (!number || *number < row.words.least || *number > row.words.most) {
            return fault(fmt::format("nf_conntrack_{}.{}: `{}' is not a number from {} to {}",
                                     parts.module, parts.name, value, row.words.least,
                                     row.words.most));
        }
        this->*(row.member) = *number;
        return {};
    }
    return unknown(key, parts);
}

}  // namespace keepstate
