// -m mac: the sender's Ethernet address, of packets that arrived by Ethernet.
//
// source: man:iptables-extensions mac; kernel:net/netfilter/xt_mac.c.   Tested by: tests/rules/mac.t.
#include <algorithm>
#include <array>
#include <charconv>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::array<std::uint8_t, 6> address{};
        std::uint8_t inverted = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "mac-source",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "the address, `XX:XX:XX:XX:XX:XX`"},
    };
    static constexpr Traits kTraits{
        .name = "mac",
        .options = kOptions,
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input) | hook_bit(Hook::forward),
        .words =
            "The Ethernet address that the frame came from. A packet that came by no Ethernet does "
            "not match.",
        .reads = "the frame's Ethernet header",
        .differences = "Cooked captures keep the source address too, and it is looked at."};

    // Two characters as C's strtoul reads them: one may be a blank or a sign, and none at all are 0.
    static std::optional<std::uint8_t> parse_byte(std::string_view part) {
        if (part.empty()) return std::uint8_t{0};
        if (part.size() > 2) return std::nullopt;
        const bool negative = part.front() == '-';
        if (negative || part.front() == '+' || part.front() == ' ') part.remove_prefix(1);
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), byte, 16);
        if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
        return static_cast<std::uint8_t>(negative ? 0U - byte : byte);
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.inverted = use.inverted;
        std::string_view words = use.value.text;
        for (std::size_t i = 0; i < 6; ++i) {
            const std::size_t colon = i == 5 ? std::string_view::npos : words.find(':');
            const std::string_view part = words.substr(0, colon);
            const auto byte = parse_byte(part);
            if (!byte || (i < 5 && colon == std::string_view::npos)) {
                reader.fault(fmt::format(
                    "`{}' is no Ethernet address: six hexadecimal bytes parted by colons",
                    use.value.text));
                return;
            }
            data.address[i] = *byte;
            words.remove_prefix(i == 5 ? words.size() : colon + 1);
        }
    }
    static std::string address_text(const std::uint8_t* at) {
        return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", at[0], at[1], at[2], at[3],
                           at[4], at[5]);
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += fmt::format("{} --mac-source {}", data.inverted ? " !" : "",
                           address_text(data.address.data()));
    }
    static bool matches(Data& data, Context& context, Why why) {
        if (context.source_mac == nullptr) return why.no("the packet came by no Ethernet");
        const bool same = std::equal(data.address.begin(), data.address.end(), context.source_mac);
        if (same != (data.inverted != 0)) return true;
        return why ? why.no("{}--mac-source {}: the packet's is {}", data.inverted ? "! " : "",
                            address_text(data.address.data()), address_text(context.source_mac))
                   : false;
    }
};

}  // namespace

extern const MatchModule k_mac;
const MatchModule k_mac = match_module<Form>();

}  // namespace keepstate::rules::match
