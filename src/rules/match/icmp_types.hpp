// What icmp and icmp6 share: types and codes in words, and the match itself.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "rules/match/ports.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

/// One name that --icmp-type knows.
struct IcmpName {
    std::string_view name;
    std::uint8_t type;
    std::uint8_t code_low;
    std::uint8_t code_high;
};

struct IcmpData {
    std::uint8_t type = 0;
    std::uint8_t code_low = 0;
    std::uint8_t code_high = 0xff;
    std::uint8_t inverted = 0;

    bool has_code() const { return code_low != 0 || code_high != 0xff; }
};

/// A name or its unambiguous beginning, or "type[/code[:code]]". Says the fault itself.
inline void parse_icmp(IcmpData& data, std::string_view words, std::span<const IcmpName> names,
                       RuleReader& reader) {
    const IcmpName* found = nullptr;
    for (const IcmpName& row : names) {
        if (!begins_in_any_case(row.name, words)) continue;
        if (found != nullptr) {
            reader.fault(fmt::format("`{}' may mean `{}' or `{}'", words, found->name, row.name));
            return;
        }
        found = &row;
    }
    if (found != nullptr) {
        data.type = found->type;
        data.code_low = found->code_low;
        data.code_high = found->code_high;
        return;
    }
    const std::size_t slash = words.find('/');
    const auto type = parse_number(words.substr(0, slash), 0, 255);
    if (!type) {
        std::vector<std::string_view> known;
        for (const IcmpName& row : names) known.push_back(row.name);
        reader.fault(fmt::format("`{}' is no ICMP type{}", words, did_you_mean(words, known)));
        return;
    }
    data.type = static_cast<std::uint8_t>(*type);
    if (slash == std::string_view::npos) return;
    const std::string_view codes = words.substr(slash + 1);
    const std::size_t colon = codes.find(':');
    const auto low = parse_number(codes.substr(0, colon), 0, 255);
    const auto high =
        colon == std::string_view::npos ? low : parse_number(codes.substr(colon + 1), 0, 255);
    if (!low || !high) {
        reader.fault(fmt::format("`{}' is no ICMP type and code", words));
        return;
    }
    data.code_low = static_cast<std::uint8_t>(*low);
    data.code_high = static_cast<std::uint8_t>(*high);
}

/// "8", "3/4": of a range of codes only the first is shown, as iptables does.
inline std::string icmp_text(const IcmpData& data) {
    return data.has_code() ? fmt::format("{}/{}", data.type, data.code_low)
                           : fmt::format("{}", data.type);
}

/// `any_type` 255 means every type; 256: no type does.
inline bool matches_icmp(const IcmpData& data, unsigned any_type, std::string_view option,
                         std::size_t header_bytes, Context& context, Why why) {
    const auto icmp = transport(context, header_bytes, why);
    if (!icmp) return false;
    const std::uint8_t type = icmp->u8(0);
    const std::uint8_t code = icmp->u8(1);
    const bool same = data.type == any_type ||
                      (type == data.type && code >= data.code_low && code <= data.code_high);
    if (same != (data.inverted != 0)) return true;
    return why ? why.no("{}--{} {}: the packet's is {}/{}", data.inverted ? "! " : "", option,
                        data.type == any_type ? "any" : icmp_text(data), type, code)
               : false;
}

}  // namespace keepstate::rules::match
