// -j CT: how tracking shall look at this packet: not at all, in which zone, with which helper, telling
// which events.
//
// The kernel keeps one zone number; --zone-orig and --zone-reply only say for which direction it is
// meant, and both together mean --zone with the number that was given last.
// --timeout names a policy (EngineSetup::timeout_policies); that it is there and fits is looked at when the engine is
// made. --zone mark is the mark that the packet has when it is tracked, not when it passes the rule.
// source: man:iptables-extensions CT; kernel:net/netfilter/xt_CT.c.   Tested by: tests/rules/CT.t,
// tests/scenarios/zones, tests/scenarios/timeouts.
#include <algorithm>
#include <array>

#include "ct/timeout_policy.hpp"
#include "rules/module.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/target/track.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t {
    kNotrack,
    kHelper,
    kTimeout,
    kCtEvents,
    kExpEvents,
    kZone,
    kZoneOrig,
    kZoneReply
};

constexpr std::string_view kCtEventNames[] = {"new",        "related",   "destroy", "reply",
                                              "assured",    "protoinfo", "helper",  "mark",
                                              "natseqinfo", "secmark"};
constexpr std::string_view kExpEventNames[] = {"new"};

// Helpers that a kernel may have, and for which protocol.
struct HelperName {
    std::string_view name;
    std::uint8_t protocol;
    Families families;
};
constexpr HelperName kHelpers[] = {
    {"ftp", protocol::kTcp, Families::both},        {"tftp", protocol::kUdp, Families::both},
    {"sip", protocol::kTcp, Families::both},        {"sip", protocol::kUdp, Families::both},
    {"irc", protocol::kTcp, Families::ipv4},        {"pptp", protocol::kTcp, Families::ipv4},
    {"amanda", protocol::kUdp, Families::both},     {"sane", protocol::kTcp, Families::both},
    {"netbios-ns", protocol::kUdp, Families::ipv4}, {"snmp", protocol::kUdp, Families::ipv4},
    {"RAS", protocol::kUdp, Families::both},        {"Q.931", protocol::kTcp, Families::both},
    {"H.245", protocol::kUdp, Families::both},
};

/// What the rules behind a CT rule see of the packet until it is tracked: an entry of nobody, the same for every
/// packet that the rule takes.
struct Template : SharedObject {
    explicit Template(Family family) {
        Tuple nobody;
        nobody.source.family = nobody.destination.family = family;
        entry.set_original(nobody);
        entry.set(status::kTemplate | status::kConfirmed);
    }
    ct::Entry entry;
};

struct Ct {
    struct Data {
        Template* shown = nullptr;  ///< once the engine is made; null with --notrack
        std::array<char, 16> helper{};
        std::array<char, TimeoutPolicy::kLongestName + 1> timeout{};
        std::uint32_t ct_events = 0;
        std::uint32_t exp_events = 0;
        std::uint16_t zone = 0;
        std::uint8_t has_zone_original = 0;
        std::uint8_t has_zone_reply = 0;
        std::uint8_t zone_is_mark = 0;
        std::uint8_t notrack = 0;
        std::uint16_t policy = 0;  ///< number of the timeout policy, once the engine is made
    };
    static constexpr Option kOptions[] = {
        {.name = "notrack", .id = kNotrack, .words = "the packet is not tracked: UNTRACKED"},
        {.name = "helper",
         .id = kHelper,
         .arg = ArgKind::text,
         .words = "the connection gets this helper (`ftp`, `sip`, ...)"},
        {.name = "timeout",
         .id = kTimeout,
         .arg = ArgKind::text,
         .words = "a timeout policy by its name"},
        {.name = "ctevents",
         .id = kCtEvents,
         .arg = ArgKind::text,
         .words = "only these events are told, a list: `new`, `related`, `destroy`, `reply`, "
                  "`assured`, `protoinfo`, `helper`, `mark`, `natseqinfo`, `secmark`"},
        {.name = "expevents",
         .id = kExpEvents,
         .arg = ArgKind::text,
         .words = "only these events of expectations are told: `new`"},
        {.name = "zone-orig",
         .id = kZoneOrig,
         .arg = ArgKind::text,
         .words = "the zone for packets of the original direction: 0 to 65535, or `mark`"},
        {.name = "zone-reply",
         .id = kZoneReply,
         .arg = ArgKind::text,
         .words = "the zone for packets of the reply direction, likewise"},
        {.name = "zone",
         .id = kZone,
         .arg = ArgKind::text,
         .words = "the zone for both directions, likewise"},
    };
    static constexpr Traits kTraits{
        .name = "CT",
        .options = kOptions,
        .tables = table_bit(Table::raw),
        .words =
            "How connection tracking shall look at the packet: not at all, in which zone, with "
            "which helper, telling which events. The first NOTRACK or CT rule that applies is "
            "heard.",
        .reads = "the packet's mark, with `--zone mark`",
        .differences = ""};

    static std::uint32_t parse_events(std::string_view list,
                                      std::span<const std::string_view> names, RuleReader& reader) {
        std::uint32_t bits = 0;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            const auto found = std::find(names.begin(), names.end(), word);
            if (found == names.end()) {
                reader.fault(fmt::format("`{}' is no event{}", word,
                                         did_you_mean(word, {names.begin(), names.end()})));
            } else {
                bits |= 1U << (found - names.begin());
            }
            if (comma == std::string_view::npos) return bits;
            list.remove_prefix(comma + 1);
        }
    }
    static void parse_zone(Data& data, std::string_view words, RuleReader& reader) {
        if (words == "mark") {
            data.zone_is_mark = 1;
            return;
        }
        const auto zone = parse_number(words, 0, 65535);
        if (!zone) {
            reader.fault(fmt::format("`{}' is no zone: 0 to 65535, or `mark'", words));
            return;
        }
        data.zone = static_cast<std::uint16_t>(*zone);
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kNotrack: data.notrack = 1; break;
            case kHelper:
                if (words.size() >= data.helper.size()) {
                    reader.fault(fmt::format("helper name `{}' is longer than 15 bytes", words));
                    return;
                }
                std::copy(words.begin(), words.end(), data.helper.begin());
                break;
            case kTimeout:
                if (words.empty() || words.size() >= data.timeout.size()) {
                    reader.fault(fmt::format("a timeout policy's name has 1 to {} bytes",
                                             TimeoutPolicy::kLongestName));
                    return;
                }
                std::copy(words.begin(), words.end(), data.timeout.begin());
                break;
            case kCtEvents: data.ct_events = parse_events(words, kCtEventNames, reader); break;
            case kExpEvents: data.exp_events = parse_events(words, kExpEventNames, reader); break;
            default:
                data.has_zone_original |= use.id() == kZoneOrig;
                data.has_zone_reply |= use.id() == kZoneReply;
                parse_zone(data, words, reader);
        }
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        const std::string_view helper = data.helper.data();
        const Basics& basics = *context.basics;
        const bool names_protocol = basics.protocol != 0 && !basics.protocol_inverted;
        if (data.timeout[0] != 0 && !names_protocol) {
            return "target `CT' with --timeout needs a protocol: `-p tcp', `-p udp', ...";
        }
        if (helper.empty()) return std::nullopt;
        if (!names_protocol) {
            return "target `CT' with --helper needs a protocol: `-p tcp' or `-p udp'";
        }
        std::vector<std::string_view> known;
        for (const HelperName& row : kHelpers) {
            if (!has(row.families, context.family)) continue;
            known.push_back(row.name);
            if (row.protocol != basics.protocol) continue;
            if (row.name == helper || is_at_other_port(helper, row.name)) return std::nullopt;
        }
        return fmt::format("`{}' is no helper for {}{}", helper, protocol_text(basics.protocol),
                           did_you_mean(helper, known));
    }
    /// `ftp-2121`: whether the module was told of that port is known when the engine is made.
    static bool is_at_other_port(std::string_view helper, std::string_view name) {
        if (helper.size() <= name.size() + 1 || !helper.starts_with(name)) return false;
        helper.remove_prefix(name.size());
        return helper[0] == '-' &&
               helper.find_first_not_of("0123456789", 1) == std::string_view::npos;
    }
    static Complaint find_helper(std::string_view name, const BindContext& context) {
        std::vector<std::string_view> known;
        for (const ct::Helper& helper : context.objects.helpers) {
            const bool fits = !helper.family || *helper.family == context.family;
            if (!fits || helper.protocol != context.rule.basics.protocol) continue;
            if (helper.name == name) return std::nullopt;
            known.push_back(helper.name);
        }
        return fmt::format(
            "there is no helper `{}'{}; the ports of helpers are parameters, such "
            "as nf_conntrack_ftp.ports=21,2121",
            name, did_you_mean(name, known));
    }
    static Complaint bind(Data& data, BindContext& context) {
        if (data.helper[0] != 0) {
            if (Complaint fault = find_helper(data.helper.data(), context)) return fault;
        }
        if (data.has_zone_original != data.has_zone_reply) context.objects.wants_two_places = true;
        if (!data.notrack) data.shown = &context.objects.make<Template>("CT", context.family);
        const std::string_view name = data.timeout.data();
        if (name.empty()) return std::nullopt;
        std::vector<std::string_view> known;
        for (std::size_t i = 0; i < context.objects.timeout_policies.size(); ++i) {
            const TimeoutPolicy& policy = context.objects.timeout_policies[i];
            known.push_back(policy.name);
            if (policy.name != name) continue;
            const std::uint8_t wanted = ct::policy_protocol_of(context.rule.basics.protocol);
            if (policy.family != context.family) {
                return fmt::format("timeout policy `{}' is for {}", name, text(policy.family));
            }
            if (policy.protocol != wanted) {
                return fmt::format(
                    "timeout policy `{}' is for {}, the rule's packets need one for {}", name,
                    ct::policy_protocol_name(policy.protocol), ct::policy_protocol_name(wanted));
            }
            data.policy = static_cast<std::uint16_t>(i + 1);
            return std::nullopt;
        }
        return fmt::format("there is no timeout policy `{}'{}", name, did_you_mean(name, known));
    }
    static void print_events(std::string_view option, std::uint32_t bits,
                             std::span<const std::string_view> names, std::string& out) {
        if (bits == 0) return;
        out += fmt::format(" --{} ", option);
        const char* between = "";
        for (std::size_t i = 0; i < names.size(); ++i) {
            if ((bits & (1U << i)) == 0) continue;
            out += between;
            out += names[i];
            between = ",";
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.notrack) out += " --notrack";
        if (data.helper[0] != 0) out += fmt::format(" --helper {}", data.helper.data());
        if (data.timeout[0] != 0) out += fmt::format(" --timeout {}", data.timeout.data());
        print_events("ctevents", data.ct_events, kCtEventNames, out);
        print_events("expevents", data.exp_events, kExpEventNames, out);
        const bool original = data.has_zone_original && !data.has_zone_reply;
        const bool reply = data.has_zone_reply && !data.has_zone_original;
        const std::string_view name = original ? "zone-orig" : reply ? "zone-reply" : "zone";
        if (data.zone_is_mark) {
            out += fmt::format(" --{} mark", name);
        } else if (data.zone != 0) {
            out += fmt::format(" --{} {}", name, data.zone);
        }
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        if (!is_track_request_open(context)) return {};
        if (data.notrack) {
            request_no_tracking(context);
            says.words("the packet will not be tracked");
            return {};
        }
        TrackRequest& track = context.track;
        track.zone = data.zone;
        track.zone_is_mark = data.zone_is_mark != 0;
        track.zone_for_original = data.has_zone_original != 0;
        track.zone_for_reply = data.has_zone_reply != 0;
        track.policy = data.policy;
        track.helper = data.helper.data();
        track.ct_events = data.ct_events;
        track.exp_events = data.exp_events;
        context.flow = {&data.shown->entry, CtState::new_, CtDirection::original};
        const ct::Zones zones = track.zones(context.mark);
        says.words("zone {} original, {} reply{}{}{}{}", zones[0], zones[1],
                   track.helper.empty() ? "" : ", helper ", track.helper,
                   data.timeout[0] == 0 ? "" : ", timeouts ", data.timeout.data());
        return {};
    }
};

}  // namespace

extern const TargetModule k_ct;
const TargetModule k_ct = target_module<Ct>();

std::optional<CtWish> wish_of(const TargetUse& use) {
    if (use.module != &k_ct) return std::nullopt;
    const Ct::Data& data = *static_cast<const Ct::Data*>(use.data.data());
    CtWish wish;
    wish.helper = data.helper.data();
    wish.gives_zone = data.zone != 0 || data.zone_is_mark != 0;
    wish.shows_template = data.notrack == 0;
    return wish;
}

}  // namespace keepstate::rules::target
