// -m policy: the IPsec policy by which the packet was, or will be, transformed.
//
// Here nothing is transformed: `--pol none' matches every packet and `--pol ipsec' none, as in Linux without IPsec.
// A policy has up to four elements; --next begins another one.
// source: man:iptables-extensions policy; kernel:net/netfilter/xt_policy.c.   Tested by: tests/rules/policy.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <array>

#include "keepstate/tuple.hpp"
#include "rules/module.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

/// Those of an element from kReqid on, in the order in which they are printed.
enum : std::uint8_t {
    kDirection,
    kPolicy,
    kStrict,
    kNext,
    kReqid,
    kSpi,
    kProtocol,
    kMode,
    kTunnelTo,
    kTunnelFrom,
};
enum : std::uint8_t { kUnsaid, kIn, kOut };
enum : std::uint8_t { kTransport, kTunnel };
constexpr std::size_t kMostElements = 4;
constexpr std::uint8_t kIpcomp = 108;

constexpr std::uint8_t kRepeated = option_flag::kInvert | option_flag::kRepeat;

struct Form {
    struct End {
        AddressBytes address{};
        std::uint8_t bits = 0;
    };
    struct Element {
        std::uint32_t reqid = 0;
        std::uint32_t spi = 0;
        std::uint16_t asked = 0;     ///< option bits
        std::uint16_t inverted = 0;  ///< option bits
        std::uint8_t protocol = 0;
        std::uint8_t mode = kTransport;
        End to;
        End from;
    };
    struct Data {
        std::array<Element, kMostElements> elements{};
        std::uint8_t count = 0;
        std::uint8_t direction = kUnsaid;
        std::uint8_t is_none = 0;
        std::uint8_t is_strict = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "dir",
         .id = kDirection,
         .arg = ArgKind::text,
         .words =
             "in: the policy by which the packet was unpacked; out: the one by which it will be "
             "packed. Must be given"},
        {.name = "pol",
         .id = kPolicy,
         .arg = ArgKind::text,
         .words = "none: the packet is not transformed; ipsec: it is; default ipsec"},
        {.name = "strict",
         .id = kStrict,
         .words = "The policy's elements are these and no others; without it, one of them is this"},
        {.name = "reqid",
         .id = kReqid,
         .arg = ArgKind::number,
         .flags = kRepeated,
         .words = "The element's reqid is NUMBER"},
        {.name = "spi",
         .id = kSpi,
         .arg = ArgKind::number,
         .flags = kRepeated,
         .words = "The element's SPI is NUMBER"},
        {.name = "tunnel-src",
         .id = kTunnelFrom,
         .arg = ArgKind::address_prefix,
         .flags = kRepeated,
         .words = "The tunnel begins at ADDRESS, or in ADDRESS/BITS"},
        {.name = "tunnel-dst",
         .id = kTunnelTo,
         .arg = ArgKind::address_prefix,
         .flags = kRepeated,
         .words = "The tunnel ends at ADDRESS, or in ADDRESS/BITS"},
        {.name = "proto",
         .id = kProtocol,
         .arg = ArgKind::text,
         .flags = kRepeated,
         .words = "The element's protocol is ah, esp or ipcomp"},
        {.name = "mode",
         .id = kMode,
         .arg = ArgKind::text,
         .flags = kRepeated,
         .words = "The element's mode is transport or tunnel"},
        {.name = "next",
         .id = kNext,
         .flags = option_flag::kRepeat,
         .needs = option_bit(kStrict),
         .words = "Begins the next element, of at most 4"},
    };
    static constexpr Traits kTraits{
        .name = "policy",
        .options = kOptions,
        .words = "The IPsec policy by which the packet was, or will be, transformed.",
        .reads = "Nothing: no packet is transformed here.",
        .differences =
            "No packet is transformed: --pol none matches every packet and --pol ipsec none, "
            "as in Linux without IPsec."};

    static bool asks(const Element& element, unsigned id) {
        return (element.asked & option_bit(id)) != 0;
    }
    static void parse_element(Data& data, const OptionUse& use, RuleReader& reader) {
        if (data.count == 0) data.count = 1;
        Element& element = data.elements[data.count - std::size_t{1}];
        if (asks(element, use.id())) {
            reader.fault(fmt::format("--{} stands twice in one element", use.option->name));
            return;
        }
        element.asked = static_cast<std::uint16_t>(element.asked | option_bit(use.id()));
        if (use.inverted) {
            element.inverted = static_cast<std::uint16_t>(element.inverted | option_bit(use.id()));
        }
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kReqid: element.reqid = static_cast<std::uint32_t>(use.value.low); break;
            case kSpi: element.spi = static_cast<std::uint32_t>(use.value.low); break;
            case kProtocol: {
                const auto number = parse_number(words, 0, 255);
                const auto protocol =
                    number ? static_cast<std::uint8_t>(*number) : find_protocol(words).value_or(0);
                if (protocol != protocol::kAh && protocol != protocol::kEsp &&
                    protocol != kIpcomp) {
                    reader.fault(fmt::format("`{}' is neither ah, esp nor ipcomp", words));
                }
                element.protocol = protocol;
                break;
            }
            case kMode:
                if (words != "tunnel" && words != "transport") {
                    reader.fault(fmt::format("`{}' is neither tunnel nor transport", words));
                }
                element.mode = words == "tunnel" ? kTunnel : kTransport;
                break;
            default: {
                End& end = use.id() == kTunnelTo ? element.to : element.from;
                end.address = use.value.address.bytes;
                end.bits = use.value.bits;
            }
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kDirection:
                data.direction = words == "in" ? kIn : words == "out" ? kOut : kUnsaid;
                if (data.direction == kUnsaid) {
                    reader.fault(fmt::format("`{}' is neither in nor out", words));
                }
                break;
            case kPolicy:
                data.is_none = words == "none";
                if (words != "none" && words != "ipsec") {
                    reader.fault(fmt::format("`{}' is neither none nor ipsec", words));
                }
                break;
            case kStrict: data.is_strict = 1; break;
            case kNext:
                if (data.count >= kMostElements) {
                    reader.fault(fmt::format("more than {} elements", kMostElements));
                    return;
                }
                data.count = static_cast<std::uint8_t>(data.count == 0 ? 2 : data.count + 1);
                break;
            default: parse_element(data, use, reader);
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.direction == kUnsaid) reader.fault("`policy' needs --dir in or --dir out");
        if (data.is_none && data.is_strict) reader.fault("--pol none has no elements: no --strict");
        if (data.is_strict && data.count == 0) data.count = 1;
        for (std::size_t i = 0; i < data.count; ++i) {
            const Element& element = data.elements[i];
            if (data.is_strict && element.asked == 0) {
                reader.fault(fmt::format("element {} of the policy is empty", i + 1));
            }
            const bool ends = asks(element, kTunnelTo) || asks(element, kTunnelFrom);
            const bool mode_inverted = (element.inverted & option_bit(kMode)) != 0;
            if (ends && (element.mode == kTunnel) == mode_inverted) {
                reader.fault("--tunnel-src and --tunnel-dst go only with --mode tunnel");
            }
        }
        if (data.is_none) {
            data.elements = {};
            data.count = 0;
        }
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        constexpr unsigned kEarly = hook_bit(Hook::prerouting) | hook_bit(Hook::input);
        constexpr unsigned kLate = hook_bit(Hook::output) | hook_bit(Hook::postrouting);
        if (data.direction == kOut && (context.hooks & kEarly) != 0) {
            return "match `policy' with --dir out may not stand where PREROUTING or INPUT leads";
        }
        if (data.direction == kIn && (context.hooks & kLate) != 0) {
            return "match `policy' with --dir in may not stand where OUTPUT or POSTROUTING leads";
        }
        return std::nullopt;
    }

    static void print_end(std::string_view name, const End& end, Family family, std::string& out) {
        out += fmt::format(" --{} {}", name, text(to_address(end.address, family)));
        if (end.bits != (family == Family::ipv4 ? 32 : 128)) out += fmt::format("/{}", end.bits);
    }
    static void print_element(const Element& element, Family family, std::string& out) {
        for (unsigned id = kReqid; id <= kTunnelFrom; ++id) {
            if (!asks(element, id)) continue;
            if ((element.inverted & option_bit(id)) != 0) out += " !";
            switch (id) {
                case kReqid: out += fmt::format(" --reqid {}", element.reqid); break;
                case kSpi: out += fmt::format(" --spi {:#x}", element.spi); break;
                case kProtocol:
                    out += fmt::format(" --proto {}", protocol_text(element.protocol));
                    break;
                case kMode:
                    out += element.mode == kTunnel ? " --mode tunnel" : " --mode transport";
                    break;
                case kTunnelTo: print_end("tunnel-dst", element.to, family, out); break;
                default: print_end("tunnel-src", element.from, family, out);
            }
        }
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        out += data.direction == kIn ? " --dir in" : " --dir out";
        out += data.is_none ? " --pol none" : " --pol ipsec";
        if (data.is_strict) out += " --strict";
        for (std::size_t i = 0; i < data.count; ++i) {
            if (i != 0) out += " --next";
            print_element(data.elements[i], context.family, out);
        }
    }
    static std::string_view never_known(const Data& data) {
        if (data.is_none) return {};
        return "no packet is transformed by IPsec";
    }
    static bool matches(Data& data, Context&, Why why) {
        if (data.is_none) return true;
        return why.no("--pol ipsec: no packet is transformed by IPsec");
    }
};

}  // namespace

extern const MatchModule k_policy;
const MatchModule k_policy = match_module<Form>();

}  // namespace keepstate::rules::match
