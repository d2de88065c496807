// What -m hbh and -m dst share: the options that an IPv6 hop-by-hop or destination options header holds.
//
//     header:  next header | length | option, option, ...          option:  0  |  type, size, size bytes
//
// The wanted options are the header's first ones, in their order; what follows them does not count. A wanted
// size of 255 asks for any, as none does.
// source: man:iptables-extensions dst, hbh; kernel:net/ipv6/netfilter/ip6t_hbh.c; RFC 8200 4.2.
// Tested by: tests/rules/hbh.t, dst.t, tests/scenarios/rules/options-of-extension-headers-are-matched.yaml.
#pragma once

#include <array>
#include <limits>

#include "rules/match/extension.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

/// The number at the beginning of `words` as C's strtoul reads it: a `-' counts down from 2^64.
inline std::optional<NumberPrefix> parse_wrapping_number(std::string_view words) {
    std::size_t at = 0;
    while (at < words.size() && words[at] == ' ') ++at;
    if (at == words.size() || words[at] != '-') return parse_number_prefix(words);
    auto number = parse_number_prefix(words.substr(at + 1));
    const char after = at + 1 < words.size() ? words[at + 1] : '-';
    if (!number || after < '0' || after > '9') return std::nullopt;
    number->value = std::uint64_t{0} - number->value;
    number->bytes += at + 1;
    return number;
}

template <bool kIsHopByHop>
struct HeaderOptions {
    static constexpr std::size_t kMostOptions = 16;
    static constexpr std::uint8_t kAnySize = 0xff;
    enum : std::uint8_t { kLength, kOptionList };

    struct Wanted {
        std::uint8_t type = 0;
        std::uint8_t size = kAnySize;
    };
    struct Data {
        std::uint32_t length = 0;
        std::uint32_t length_inverted = 0;
        std::uint32_t asked = 0;  ///< option bits
        std::uint32_t count = 0;
        std::array<Wanted, kMostOptions> wanted{};
    };
    static constexpr std::string_view kLengthName = kIsHopByHop ? "hbh-len" : "dst-len";
    static constexpr std::string_view kListName = kIsHopByHop ? "hbh-opts" : "dst-opts";
    static constexpr std::string_view kHeaderName =
        kIsHopByHop ? "hop-by-hop options header" : "destination options header";
    static constexpr Option kOptions[] = {
        {.name = kLengthName,
         .id = kLength,
         .arg = ArgKind::number,
         .flags = option_flag::kInvert,
         .words = "The header has NUMBER bytes"},
        {.name = kListName,
         .id = kOptionList,
         .arg = ArgKind::text,
         .words =
             "The header's first options are these, in this order: TYPE or TYPE:SIZE, 1 to 16, "
             "parted by commas; SIZE in bytes of the option's data, 255 or none: any. Numbers "
             "are cut to 8 bits"},
    };
    static constexpr Traits kTraits{
        .name = kIsHopByHop ? "hbh" : "dst",
        .options = kOptions,
        .families = Families::ipv6,
        .words = kIsHopByHop
                     ? "A hop-by-hop options header, its length and the options in it. A packet "
                       "that ends within it is dropped."
                     : "A destination options header, its length and the options in it. A "
                       "packet that ends within it is dropped.",
        .reads = "The chain of extension headers."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }

    static std::optional<std::uint8_t> parse_number(std::string_view words, std::string_view what,
                                                    RuleReader& reader) {
        const auto number = parse_wrapping_number(words);
        if (!number || number->bytes != words.size()) {
            reader.fault(fmt::format("`{}' is no {} of an option", words, what));
            return std::nullopt;
        }
        return static_cast<std::uint8_t>(number->value);
    }
    static void parse_list(Data& data, std::string_view list, RuleReader& reader) {
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            if (data.count == kMostOptions) {
                reader.fault(fmt::format("more than {} options", kMostOptions));
                return;
            }
            const std::size_t colon = word.find(':');
            const auto type = parse_number(word.substr(0, colon), "type", reader);
            if (!type) return;
            std::optional<std::uint8_t> size = kAnySize;
            if (colon != std::string_view::npos) {
                size = parse_number(word.substr(colon + 1), "size", reader);
            }
            if (!size) return;
            data.wanted[data.count].type = *type;
            data.wanted[data.count++].size = *size;
            if (comma == std::string_view::npos) return;
            list.remove_prefix(comma + 1);
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked |= static_cast<std::uint32_t>(option_bit(use.id()));
        if (use.id() == kOptionList) {
            parse_list(data, use.value.text, reader);
            return;
        }
        data.length = static_cast<std::uint32_t>(use.value.low);
        data.length_inverted = use.inverted;
    }

    static std::string words(const Data& data, unsigned id) {
        if (id == kLength) {
            return fmt::format("{}--{} {}", data.length_inverted ? "! " : "", kLengthName,
                               data.length);
        }
        std::string out = fmt::format("--{} ", kListName);
        for (std::size_t i = 0; i < data.count; ++i) {
            const Wanted& wanted = data.wanted[i];
            out += fmt::format("{}{}", i == 0 ? "" : ",", wanted.type);
            if (wanted.size != kAnySize) out += fmt::format(":{}", wanted.size);
        }
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const unsigned id : {kLength, kOptionList}) {
            if (asks(data, id)) out += " " + words(data, id);
        }
    }

    // `header` is all there. The kernel reads a wanted option's type even if its size then passes the
    // header's end, and minds the end only if another is wanted behind it.
    static bool has_options(const Data& data, base::ByteView header, base::ByteView beyond) {
        std::size_t at = 2;
        for (std::size_t i = 0; i < data.count; ++i) {
            const Wanted& wanted = data.wanted[i];
            if (!header.has(at, 1) || header.u8(at) != wanted.type) return false;
            std::size_t bytes = 1;
            if (wanted.type != 0) {
                if (!header.has(at, 2)) return false;
                const std::uint8_t size = header.u8(at + 1);
                if (wanted.size != kAnySize && wanted.size != size) return false;
                bytes = size + 2U;
            }
            const bool passes = bytes > header.size() - at || !beyond.has(at, bytes);
            if (passes) return i + 1 == data.count;
            at += bytes;
        }
        return true;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const std::uint8_t wanted =
            kIsHopByHop ? protocol::kHopByHop : protocol::kDestinationOptions;
        const auto header = extension(context, wanted, 2, kHeaderName, why);
        if (!header) return false;
        const std::size_t length = header->header_bytes();
        if (length > header->bytes.size()) {
            context.hotdrop = true;
            return why.no("the packet ends within its {}: it is dropped", kHeaderName);
        }
        if (asks(data, kLength) && (data.length == length) == (data.length_inverted != 0)) {
            return why ? why.no("{}: the packet's is {}", words(data, kLength), length) : false;
        }
        if (!asks(data, kOptionList)) return true;
        if (has_options(data, header->bytes.sub(0, length), header->bytes)) return true;
        return why ? why.no("{}: the packet has others", words(data, kOptionList)) : false;
    }
};

}  // namespace keepstate::rules::match
