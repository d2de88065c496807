// See values.hpp.
#include "rules/values.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

#include "rules/names.hpp"

namespace keepstate::rules {

namespace {

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

}  // namespace

std::optional<NumberPrefix> parse_number_prefix(std::string_view words) {
    std::size_t at = 0;
    while (at < words.size() && is_blank(words[at])) ++at;
    if (at < words.size() && words[at] == '+') ++at;
    unsigned base = 10;
    if (at + 2 < words.size() && words[at] == '0' && (words[at + 1] | 0x20) == 'x' &&
        digit(words[at + 2]) < 16) {
        base = 16;
        at += 2;
    } else if (at < words.size() && words[at] == '0') {
        base = 8;
    }
    const std::size_t first = at;
    std::uint64_t value = 0;
    for (; at < words.size() && digit(words[at]) < static_cast<int>(base); ++at) {
        const std::uint64_t add = static_cast<std::uint64_t>(digit(words[at]));
        if (value > (std::numeric_limits<std::uint64_t>::max() - add) / base) return std::nullopt;
        value = value * base + add;
    }
    if (at == first) return std::nullopt;
    return NumberPrefix{value, at};
}

std::optional<std::uint64_t> parse_number(std::string_view words, std::uint64_t min,
                                          std::uint64_t max) {
    const auto number = parse_number_prefix(words);
    if (!number || number->bytes != words.size()) return std::nullopt;
    if (number->value < min || number->value > max) return std::nullopt;
    return number->value;
}

std::optional<AddressBytes> parse_own_ipv4(std::string_view words, bool all_parts) {
    AddressBytes bytes{};
    for (std::size_t part = 0; part < 4; ++part) {
        const std::size_t dot = part == 3 ? std::string_view::npos : words.find('.');
        const auto number = parse_number(words.substr(0, dot), 0, 255);
        if (!number) return std::nullopt;
        bytes[part] = static_cast<std::uint8_t>(*number);
        if (dot == std::string_view::npos) {
            if (part < 3 && all_parts) return std::nullopt;
            return bytes;
        }
        words.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

AddressBytes mask_of(unsigned bits, Family family) {
    AddressBytes mask{};
    const unsigned most = family == Family::ipv4 ? 32 : 128;
    for (unsigned bit = 0; bit < std::min(bits, most); ++bit) {
        mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | (0x80U >> (bit % 8)));
    }
    return mask;
}

std::optional<unsigned> bits_of(const AddressBytes& mask, Family family) {
    const unsigned most = family == Family::ipv4 ? 32 : 128;
    unsigned bits = 0;
    while (bits < most && (mask[bits / 8] & (0x80U >> (bits % 8))) != 0) ++bits;
    if (mask != mask_of(bits, family)) return std::nullopt;
    return bits;
}

Address to_address(const AddressBytes& bytes, Family family) { return Address{family, bytes}; }

namespace {

std::optional<AddressBytes> parse_host(std::string_view words, Family family) {
    if (family == Family::ipv4) return parse_own_ipv4(words, false);
    const auto address = parse_address(words);
    if (!address || address->family != Family::ipv6) return std::nullopt;
    return address->bytes;
}

std::optional<AddressBytes> parse_mask(std::string_view words, Family family) {
    const unsigned most = family == Family::ipv4 ? 32 : 128;
    if (const auto bits = parse_number(words, 0, most)) {
        return mask_of(static_cast<unsigned>(*bits), family);
    }
    if (family == Family::ipv4) return parse_own_ipv4(words, true);
    return parse_host(words, family);
}

bool looks_like_name(std::string_view words) {
    return std::any_of(words.begin(), words.end(), [](char c) {
        return std::isalpha(static_cast<unsigned char>(c)) != 0 && c != 'x' && c != 'X';
    });
}

std::string not_a_host(std::string_view words, Family family) {
    if (words == "!") return "`!' stands before the option: `! -s ADDRESS', `! -d ADDRESS'";
    const auto other = parse_address(words);
    if (other && other->family != family) {
        return fmt::format("`{}' is an {} address in an {} ruleset", words,
                           other->family == Family::ipv4 ? "IPv4" : "IPv6",
                           family == Family::ipv4 ? "IPv4" : "IPv6");
    }
    if (looks_like_name(words) && words.find(':') == std::string_view::npos) {
        return fmt::format(
            "`{}' is a host name: rules take addresses only, since a name may mean "
            "another address tomorrow",
            words);
    }
    return fmt::format("`{}' is no {} address", words, family == Family::ipv4 ? "IPv4" : "IPv6");
}

}  // namespace

std::optional<AddressPart> parse_address_part(std::string_view words, Family family,
                                              std::string& fault) {
    AddressPart part;
    while (!words.empty() && is_blank(words.front())) words.remove_prefix(1);
    const std::size_t slash = words.rfind('/');
    if (slash == std::string_view::npos) {
        part.mask = mask_of(128, family);
    } else {
        const auto mask = parse_mask(words.substr(slash + 1), family);
        if (!mask) {
            fault = fmt::format("`{}' is no mask", words.substr(slash + 1));
            return std::nullopt;
        }
        part.mask = *mask;
        // With a mask of nothing the address does not count, and may be any word: "any/0".
        if (part.mask == AddressBytes{}) return part;
    }
    const std::string_view host = words.substr(0, slash);
    const auto address = parse_host(host, family);
    if (!address) {
        fault = not_a_host(host, family);
        return std::nullopt;
    }
    for (std::size_t i = 0; i < 16; ++i) part.address[i] = (*address)[i] & part.mask[i];
    return part;
}

std::string address_text(const AddressPart& part, Family family) {
    const std::string address = text(to_address(part.address, family));
    if (const auto bits = bits_of(part.mask, family)) return fmt::format("{}/{}", address, *bits);
    return fmt::format("{}/{}", address, text(to_address(part.mask, family)));
}

std::optional<std::uint8_t> parse_prefix_bits(std::string_view words, Family family) {
    const unsigned most = family == Family::ipv4 ? 32 : 128;
    if (const auto bits = parse_number(words, 0, 255)) {
        if (family == Family::ipv6 && *bits > most) return std::nullopt;
        return static_cast<std::uint8_t>(std::min<std::uint64_t>(*bits, most));
    }
    const auto mask = parse_mask(words, family);
    if (!mask) return std::nullopt;
    return static_cast<std::uint8_t>(bits_of(*mask, family).value_or(most));
}

std::optional<std::uint16_t> parse_port(std::string_view words, std::uint8_t protocol) {
    if (const auto number = parse_number(words, 0, 65535)) {
        return static_cast<std::uint16_t>(*number);
    }
    return find_service(words, protocol);
}

std::optional<std::uint8_t> parse_protocol(std::string_view words) {
    if (const auto number = parse_number(words, 0, 255)) return static_cast<std::uint8_t>(*number);
    std::string lower(words);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return find_protocol(lower);
}

std::optional<DevicePart> parse_device(std::string_view words, std::string& fault) {
    DevicePart part;
    if (words.empty()) {
        fault = "an empty device name; leave the option out to match every device";
        return std::nullopt;
    }
    if (words == "!") {
        fault = "`!' stands before the option: `! -i DEVICE', `! -o DEVICE'";
        return std::nullopt;
    }
    if (words.size() > 15) {
        fault = fmt::format("device name `{}' is longer than 15 bytes", words);
        return std::nullopt;
    }
    std::copy(words.begin(), words.end(), part.name.begin());
    const std::size_t counted = words.back() == '+' ? words.size() - 1 : words.size() + 1;
    std::fill_n(part.mask.begin(), counted, std::uint8_t{0xff});
    return part;
}

// --- options -----------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t kMost32 = 0xffffffffU;

std::uint64_t most(const Option& option) { return option.max != 0 ? option.max : kMost32; }

std::string bad_number(const Option& option, std::string_view words) {
    if (words == "!") {
        return fmt::format("`!' stands before the option: `! --{} VALUE'", option.name);
    }
    return fmt::format("--{}: `{}' is no number from {} to {}", option.name, words, option.min,
                       most(option));
}

// getaddrinfo's reading: decimal, cut to 16 bits; the empty word is 0; else a service of any protocol.
std::optional<std::uint16_t> parse_any_port(std::string_view words) {
    if (words.find_first_not_of("0123456789") == std::string_view::npos && words.size() < 19) {
        std::uint64_t number = 0;
        for (const char c : words) number = number * 10 + static_cast<std::uint64_t>(c - '0');
        return static_cast<std::uint16_t>(number);
    }
    return find_service(words, 0);
}

std::optional<std::uint64_t> parse_side(const Option& option, std::string_view words,
                                        std::uint64_t if_empty, std::string& fault) {
    const bool is_port = option.arg == ArgKind::port_range;
    if (words.empty()) return if_empty;
    std::optional<std::uint64_t> side;
    if (is_port) {
        if (const auto port = parse_any_port(words)) side = *port;
    } else {
        side = parse_number(words, option.min, most(option));
    }
    if (side) return side;
    fault = is_port && words != "!"
                ? fmt::format("--{}: `{}' is no port number and no known service{}", option.name,
                              words, did_you_mean_service(words))
                : bad_number(option, words);
    return std::nullopt;
}

bool parse_range(const Option& option, Value& value, std::string& fault) {
    const std::uint64_t top = option.arg == ArgKind::port_range ? 65535 : most(option);
    const std::size_t colon = value.text.find(':');
    value.has_second = colon != std::string_view::npos;
    const auto low = parse_side(option, value.text.substr(0, colon), 0, fault);
    if (!low) return false;
    value.low = value.high = *low;
    if (!value.has_second) return true;
    const auto high = parse_side(option, value.text.substr(colon + 1), top, fault);
    if (!high) return false;
    value.high = *high;
    return true;
}

bool parse_mark(const Option& option, Value& value, std::string& fault) {
    const std::size_t slash = value.text.find('/');
    value.has_second = slash != std::string_view::npos;
    const auto mark = parse_number(value.text.substr(0, slash), 0, kMost32);
    const auto mask = value.has_second ? parse_number(value.text.substr(slash + 1), 0, kMost32)
                                       : std::optional<std::uint64_t>(kMost32);
    if (!mark || !mask) {
        fault = fmt::format("--{}: `{}' is no mark, which is VALUE or VALUE/MASK of 32 bits",
                            option.name, value.text);
        return false;
    }
    value.low = *mark;
    value.high = *mask;
    return true;
}

// The C library's old reading of IPv4 words: the last part fills what is left ("10" is 0.0.0.10).
std::optional<Address> parse_loose_ipv4(std::string_view words) {
    std::uint64_t value = 0;
    for (unsigned part = 0; part < 4; ++part) {
        const std::size_t dot = words.find('.');
        const bool last = dot == std::string_view::npos;
        const std::uint64_t bound = last ? kMost32 >> (8 * part) : 255;
        const std::string_view digits = words.substr(0, dot);
        if (digits.empty() || digit(digits.front()) > 9) return std::nullopt;
        const auto number = parse_number(digits, 0, bound);
        if (!number) return std::nullopt;
        value = last ? value | *number : value | *number << (24 - 8 * part);
        if (last) {
            return Address::v4(
                static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value));
        }
        words.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

std::optional<Address> parse_option_host(std::string_view words, Family family) {
    if (family == Family::ipv4) return parse_loose_ipv4(words);
    const auto address = parse_address(words);
    if (!address || address->family != Family::ipv6) return std::nullopt;
    return address;
}

bool parse_prefix(const Option& option, Value& value, Family family, std::string& fault) {
    const unsigned most_bits = family == Family::ipv4 ? 32 : 128;
    const std::size_t slash =
        option.arg == ArgKind::address ? std::string_view::npos : value.text.find('/');
    value.has_second = slash != std::string_view::npos;
    value.bits = static_cast<std::uint8_t>(most_bits);
    const std::string_view host = value.text.substr(0, slash);
    const auto address = parse_option_host(host, family);
    if (!address) {
        fault = fmt::format("--{}: {}", option.name, not_a_host(host, family));
        return false;
    }
    value.address = *address;
    if (!value.has_second) return true;
    const std::string_view mask = value.text.substr(slash + 1);
    // An IPv4 length over 32 and a mask with holes mean all bits to the real tool.
    if (const auto bits = parse_number(mask, 0, kMost32);
        bits && (family == Family::ipv4 || *bits <= most_bits)) {
        value.bits = static_cast<std::uint8_t>(std::min<std::uint64_t>(*bits, most_bits));
        return true;
    }
    const auto bytes = parse_mask(mask, family);
    if (!bytes) {
        fault = fmt::format("--{}: `{}' is no mask", option.name, mask);
        return false;
    }
    value.bits = static_cast<std::uint8_t>(bits_of(*bytes, family).value_or(most_bits));
    return true;
}

bool parse_log_level(const Option& option, Value& value, std::string& fault) {
    struct Level {
        std::string_view name;
        std::uint8_t number;
    };
    constexpr Level kLevels[] = {{"alert", 1},  {"crit", 2},  {"debug", 7},
                                 {"emerg", 0},  {"error", 3}, {"info", 6},
                                 {"notice", 5}, {"panic", 0}, {"warning", 4}};
    if (const auto number = parse_number(value.text, 0, 7)) {
        value.low = *number;
        return true;
    }
    std::vector<std::string_view> names;
    for (const Level& level : kLevels) {
        if (level.name == value.text) {
            value.low = level.number;
            return true;
        }
        names.push_back(level.name);
    }
    fault = fmt::format("--{}: `{}' is no log level{}", option.name, value.text,
                        did_you_mean(value.text, names));
    return false;
}

bool parse_text(const Option& option, const Value& value, std::string& fault) {
    if (value.text.size() < option.min) {
        fault = fmt::format("--{} needs at least {} character{}", option.name, option.min,
                            option.min == 1 ? "" : "s");
        return false;
    }
    return true;
}

}  // namespace

std::optional<Value> parse_value(const Option& option, std::string_view words, Family family,
                                 std::string& fault) {
    Value value;
    value.text = words;
    bool good = true;
    switch (option.arg) {
        case ArgKind::none: break;
        case ArgKind::text: good = parse_text(option, value, fault); break;
        case ArgKind::number: {
            const auto number = parse_number(words, option.min, most(option));
            if (!number) fault = bad_number(option, words);
            good = number.has_value();
            value.low = value.high = number.value_or(0);
            break;
        }
        case ArgKind::number_range:
        case ArgKind::port_range: good = parse_range(option, value, fault); break;
        case ArgKind::port: {
            const auto port = parse_any_port(words);
            if (!port) {
                fault = fmt::format("--{}: `{}' is no port number and no known service{}",
                                    option.name, words, did_you_mean_service(words));
            }
            good = port.has_value();
            value.low = value.high = port.value_or(0);
            break;
        }
        case ArgKind::mark: good = parse_mark(option, value, fault); break;
        case ArgKind::protocol: {
            const auto protocol = parse_protocol(words);
            if (!protocol) {
                fault = fmt::format("--{}: `{}' is no protocol{}", option.name, words,
                                    did_you_mean(words, protocol_names()));
            }
            good = protocol.has_value();
            value.low = protocol.value_or(0);
            break;
        }
        case ArgKind::address:
        case ArgKind::address_prefix: good = parse_prefix(option, value, family, fault); break;
        case ArgKind::log_level: good = parse_log_level(option, value, fault); break;
    }
    if (!good) return std::nullopt;
    return value;
}

std::string did_you_mean_service(std::string_view words) {
    return did_you_mean(words, service_names());
}

void append_quoted(std::string& out, std::string_view words) {
    const bool bare = !words.empty() && std::all_of(words.begin(), words.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
    if (bare) {
        out += words;
        return;
    }
    out += '"';
    for (const char c : words) {
        if (c == '"' || c == '\\' || c == '\'') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace keepstate::rules
