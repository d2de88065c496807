// -m rpfilter: whether an answer to this packet would leave by the device it came in by.
//
// The way back is looked up in the networks behind the devices (-i). Without devices there is one device and every
// packet passes.
// source: man:iptables-extensions rpfilter; kernel:net/ipv4/netfilter/ipt_rpfilter.c, net/ipv6/netfilter/ip6t_rpfilter.c.
// Tested by: tests/rules/rpfilter.t, tests/scenarios/rules/*reverse-path*.yaml.
#include <cstring>

#include "rules/device_name.hpp"
#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kLoose, kValidMark, kAcceptLocal, kInvert };

struct Form {
    struct Data {
        std::uint32_t flags = 0;  ///< bits by option id
    };
    static constexpr Option kOptions[] = {
        {.name = "loose",
         .id = kLoose,
         .words = "any way back will do, not only by the device it came by"},
        {.name = "validmark",
         .id = kValidMark,
         .words = "the packet's mark counts when routes are looked up"},
        {.name = "accept-local",
         .id = kAcceptLocal,
         .words =
             "packets from the network with one of the host's own addresses as source pass too"},
        {.name = "invert", .id = kInvert, .words = "matches what has failed the test"},
    };
    static constexpr Traits kTraits{
        .name = "rpfilter",
        .options = kOptions,
        .tables = table_bit(Table::raw) | table_bit(Table::mangle),
        .hooks = hook_bit(Hook::prerouting),
        .words = "Matches packets whose answer would leave by the device they came in by.",
        .reads = "the source address, the arrival device, the networks behind the devices",
        .differences =
            "an address in no known network has no way back; marks choose no routes "
            "(--validmark); broadcast addresses of networks are hosts like any other"};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.flags |= static_cast<std::uint32_t>(option_bit(use.id()));
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const Option& option : kOptions) {
            if (has(data, option.id)) out += fmt::format(" --{}", option.name);
        }
    }
    static bool has(const Data& data, unsigned id) { return (data.flags & option_bit(id)) != 0; }

    static bool passes(const Data& data, const Context& context, std::string_view& way) {
        const World* world = context.world;
        const Address source = context.packet->source();
        if (world == nullptr) return true;
        const bool is_v4 = source.family == Family::ipv4;
        if (is_v4 ? source.bytes[0] == 0 : source.is_unspecified()) {
            const Address to = context.packet->destination();
            const bool is_local_group = to.bytes[0] == 224 && to.bytes[1] == 0 && to.bytes[2] == 0;
            if (!is_v4 || is_local_group || to == Address::v4(255, 255, 255, 255)) return true;
        }
        const std::string_view in = device_name(context.in_device);
        switch (world->address_type(source, {})) {
            case AddressType::local:
                // The host's own packets come by the loopback device, which always passes.
                way = "this host itself";
                return world->is_own(source) || has(data, kAcceptLocal);
            case AddressType::unicast: break;
            default: return false;
        }
        // An IPv6 link-local address belongs to the link that the packet came by.
        if (!is_v4 && source.bytes[0] == 0xfe && (source.bytes[1] & 0xc0) == 0x80) return true;
        way = world->device_towards(source);
        return !way.empty() && (way == in || has(data, kLoose));
    }
    static bool matches(Data& data, Context& context, Why why) {
        std::string_view way;
        if (passes(data, context, way) != has(data, kInvert)) return true;
        return why ? why.no("the way back to {} is {}{}", text(context.packet->source()),
                            way.empty() ? "unknown" : "by ", way)
                   : false;
    }
};

}  // namespace

extern const MatchModule k_rpfilter;
const MatchModule k_rpfilter = match_module<Form>();

}  // namespace keepstate::rules::match
