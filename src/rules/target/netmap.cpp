// -j NETMAP: a whole network of addresses to another, host part kept: destination where a packet arrives or is
// made (PREROUTING, OUTPUT), source where it leaves or has arrived (POSTROUTING, INPUT).
//
// Parsed, checked and printed; a packet it applies to is told as one that would be translated.
// source: man:iptables-extensions NETMAP; kernel:net/netfilter/xt_NETMAP.c.   Tested by: tests/rules/NETMAP.t.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

struct Form {
    struct Data {
        std::array<std::uint8_t, 16> address{};
        std::uint8_t bits = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "to",
         .id = 0,
         .arg = ArgKind::address_prefix,
         .flags = option_flag::kMust,
         .words = "the network that addresses are mapped to; without a mask a single address. Bits "
                  "behind the mask are taken from the packet"}};
    static constexpr Traits kTraits{
        .name = "NETMAP",
        .options = kOptions,
        .tables = table_bit(Table::nat),
        .hooks = hook_bit(Hook::prerouting) | hook_bit(Hook::input) | hook_bit(Hook::output) |
                 hook_bit(Hook::postrouting),
        .words =
            "Maps a whole network of addresses to another, the host part kept: the destination "
            "in PREROUTING and OUTPUT, the source in POSTROUTING and INPUT.",
        .reads = "the packet's addresses; only the first packet of a connection comes here",
        .differences =
            "The packet passes untranslated; explanations and `Decision::would_translate` "
            "say so."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        const std::size_t slash = words.find('/');
        // IPv6 lengths are bounded, IPv4's count as 32 at most: the real tool's difference.
        const bool is_long = reader.family() == Family::ipv6 && use.value.has_second &&
                             parse_number(words.substr(slash + 1), 129, 0xffffffffU).has_value();
        if (is_long) {
            reader.fault(fmt::format("--to: `{}' is no mask: a length goes up to 128",
                                     words.substr(slash + 1)));
            return;
        }
        data.bits = use.value.bits;
        const AddressBytes mask = mask_of(data.bits, reader.family());
        for (std::size_t i = 0; i < data.address.size(); ++i) {
            data.address[i] = use.value.address.bytes[i] & mask[i];
        }
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        out += fmt::format(" --to {}/{}", text(Address{context.family, data.address}), data.bits);
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        if (says) {
            says.words("the packet would be translated into {}/{}",
                       text(Address{context.packet->family, data.address}), data.bits);
        }
        return Ruling{.kind = Ruling::Kind::translate};
    }
};

}  // namespace

extern const TargetModule k_netmap;
const TargetModule k_netmap = target_module<Form>();

}  // namespace keepstate::rules::target
