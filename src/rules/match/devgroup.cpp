// -m devgroup: the group of the device by which the packet came or leaves.
//
// source: man:iptables-extensions devgroup; kernel:net/netfilter/xt_devgroup.c.   Tested by: tests/rules/devgroup.t,
// tests/scenarios/rules/what-nobody-set-up-has-its-default.yaml.
#include <cstring>

#include "rules/match/named_number.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kIn, kOut };
constexpr std::string_view kZero = "default";
constexpr std::string_view kNames[] = {"src-group", "dst-group"};

struct Form {
    struct Data {
        NamedNumber group[2];
        std::uint32_t asked = 0;  ///< option bits
    };
    static constexpr Option kOptions[] = {
        {.name = "src-group",
         .id = kIn,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words =
             "The group of the incoming device under MASK is VALUE: VALUE, VALUE/MASK or the name "
             "`default' (0)"},
        {.name = "dst-group",
         .id = kOut,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The group of the outgoing device, likewise"},
    };
    static constexpr Traits kTraits{
        .name = "devgroup",
        .options = kOptions,
        .words = "The group (`ip link set DEVICE group N') of the packet's devices.",
        .reads = "The packet's devices. Their groups are what the engine's setup says, 0 without.",
        .differences = "Names of groups other than `default' are not known."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked |= static_cast<std::uint32_t>(option_bit(use.id()));
        data.group[use.id()].read(use, kZero, reader);
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) reader.fault("`devgroup' needs --src-group or --dst-group");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        constexpr unsigned kNoIn = hook_bit(Hook::output) | hook_bit(Hook::postrouting);
        constexpr unsigned kNoOut = hook_bit(Hook::prerouting) | hook_bit(Hook::input);
        if (asks(data, kIn) && (context.hooks & kNoIn) != 0) {
            return "match `devgroup' with --src-group may not stand where OUTPUT or POSTROUTING "
                   "leads";
        }
        if (asks(data, kOut) && (context.hooks & kNoOut) != 0) {
            return "match `devgroup' with --dst-group may not stand where PREROUTING or INPUT "
                   "leads";
        }
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const unsigned id : {kIn, kOut}) {
            if (asks(data, id)) out += " " + data.group[id].words(kNames[id], kZero);
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        for (const unsigned id : {kIn, kOut}) {
            if (!asks(data, id)) continue;
            const char* device = id == kIn ? context.in_device : context.out_device;
            std::uint32_t group = 0;
            if (context.world != nullptr) {
                group = context.world->device_group({device, strnlen(device, 16)});
            }
            if (data.group[id].holds(group)) continue;
            return why ? why.no("{}: the device's is {:#x}",
                                data.group[id].words(kNames[id], kZero), group)
                       : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_devgroup;
const MatchModule k_devgroup = match_module<Form>();

}  // namespace keepstate::rules::match
