// -m ipvs: the connection of IP virtual server that the packet belongs to. Here there is no virtual server.
//
// `! --ipvs' alone matches every packet, everything else none. Any option beside --ipvs stands for it too, and then
// it is not printed.
// source: man:iptables-extensions ipvs; kernel:net/netfilter/xt_ipvs.c.
// Tested by: tests/rules/ipvs.t (not by the kernel where it has no such module).
#include <array>

#include "rules/module.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

/// In the order in which they are printed.
enum : std::uint8_t { kIpvs, kProtocol, kAddress, kPort, kDirection, kMethod, kControlPort };
constexpr std::string_view kMethods[] = {"GATE", "IPIP", "MASQ"};

bool is_word(std::string_view words, std::string_view full) {
    return words.size() == full.size() && begins_in_any_case(full, words);
}

struct Form {
    struct Data {
        AddressBytes address{};
        std::uint16_t port = 0;
        std::uint16_t control_port = 0;
        std::uint8_t asked = 0;     ///< option bits
        std::uint8_t inverted = 0;  ///< option bits
        std::uint8_t bits = 0;
        std::uint8_t protocol = 0;
        std::uint8_t method = 0;
        std::uint8_t is_reply = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "ipvs",
         .id = kIpvs,
         .flags = option_flag::kInvert,
         .words = "The packet belongs to a connection of the virtual server"},
        {.name = "vproto",
         .id = kProtocol,
         .arg = ArgKind::protocol,
         .flags = option_flag::kInvert,
         .words = "The virtual service's protocol, by number or name"},
        {.name = "vaddr",
         .id = kAddress,
         .arg = ArgKind::address_prefix,
         .flags = option_flag::kInvert,
         .words = "The virtual service's address is ADDRESS, or in ADDRESS/BITS"},
        {.name = "vport",
         .id = kPort,
         .arg = ArgKind::port,
         .flags = option_flag::kInvert,
         .words = "The virtual service's port, by number or name"},
        {.name = "vdir",
         .id = kDirection,
         .arg = ArgKind::text,
         .words = "The packet's direction: ORIGINAL or REPLY"},
        {.name = "vmethod",
         .id = kMethod,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "How the virtual server passes packets on: GATE, IPIP or MASQ"},
        {.name = "vportctl",
         .id = kControlPort,
         .arg = ArgKind::port,
         .flags = option_flag::kInvert,
         .words = "The virtual service's port of the controlling connection, by number or name"},
    };
    static constexpr Traits kTraits{
        .name = "ipvs",
        .options = kOptions,
        .words = "The connection of IP virtual server that the packet belongs to.",
        .reads = "Nothing: there is no virtual server here.",
        .differences =
            "There is no virtual server: `! --ipvs' alone matches every packet, all else none. "
            "What it takes and prints is held against the real tool, not against a kernel."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted) {
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
        }
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kProtocol: data.protocol = static_cast<std::uint8_t>(use.value.low); break;
            case kAddress:
                data.address = use.value.address.bytes;
                data.bits = use.value.bits;
                break;
            case kPort: data.port = static_cast<std::uint16_t>(use.value.low); break;
            case kControlPort: data.control_port = static_cast<std::uint16_t>(use.value.low); break;
            case kDirection:
                data.is_reply = is_word(words, "REPLY");
                if (!data.is_reply && !is_word(words, "ORIGINAL")) {
                    reader.fault(fmt::format("--vdir: `{}' is neither ORIGINAL nor REPLY", words));
                }
                break;
            case kMethod: {
                std::uint8_t method = 0;
                while (method < std::size(kMethods) && !is_word(words, kMethods[method])) ++method;
                if (method == std::size(kMethods)) {
                    reader.fault(
                        fmt::format("--vmethod: `{}' is neither GATE, IPIP nor MASQ", words));
                }
                data.method = method;
                break;
            }
            default: break;
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) reader.fault("`ipvs' needs at least one of its options");
    }
    static std::string words(const Data& data, unsigned id, Family family) {
        switch (id) {
            case kIpvs: return "--ipvs";
            case kProtocol: return fmt::format("--vproto {}", data.protocol);
            case kAddress: {
                const std::string address = text(to_address(data.address, family));
                if (data.bits == (family == Family::ipv4 ? 32 : 128)) return "--vaddr " + address;
                return fmt::format("--vaddr {}/{}", address, data.bits);
            }
            case kPort: return fmt::format("--vport {}", data.port);
            case kDirection: return data.is_reply ? "--vdir REPLY" : "--vdir ORIGINAL";
            case kMethod: return fmt::format("--vmethod {}", kMethods[data.method]);
            default: return fmt::format("--vportctl {}", data.control_port);
        }
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        for (unsigned id = kIpvs; id <= kControlPort; ++id) {
            if ((data.asked & option_bit(id)) == 0) continue;
            if (id == kIpvs && data.asked != option_bit(kIpvs)) continue;
            out += (data.inverted & option_bit(id)) != 0 ? " ! " : " ";
            out += words(data, id, context.family);
        }
    }
    static bool fits(const Data& data) {
        return data.asked == option_bit(kIpvs) && data.inverted != 0;
    }
    static std::string_view never_known(const Data& data) {
        if (fits(data)) return {};
        return "there is no IP virtual server";
    }
    static bool matches(Data& data, Context&, Why why) {
        if (fits(data)) return true;
        return why.no("there is no IP virtual server");
    }
};

}  // namespace

extern const MatchModule k_ipvs;
const MatchModule k_ipvs = match_module<Form>();

}  // namespace keepstate::rules::match
