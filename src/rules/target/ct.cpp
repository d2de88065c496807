// -j CT: how tracking shall look at this packet: not at all, in which zone, with which helper, telling
// which events.
//
// The kernel keeps one zone number; --zone-orig and --zone-reply only say for which direction it is
// meant, and both together mean --zone with the number that was given last.
// Limits: --timeout names a policy that nfct makes at run time; there is none here, so it is a fault.
// source: man:iptables-extensions CT; kernel:net/netfilter/xt_CT.c.   Tested by: tests/rules/CT.t.
#include <algorithm>
#include <array>

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
    {"H.245", protocol::kTcp, Families::both},
};

struct Ct {
    struct Data {
        std::array<char, 16> helper{};
        std::uint32_t ct_events = 0;
        std::uint32_t exp_events = 0;
        std::uint16_t zone = 0;
        std::uint8_t has_zone_original = 0;
        std::uint8_t has_zone_reply = 0;
        std::uint8_t zone_is_mark = 0;
        std::uint8_t notrack = 0;
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
        .differences =
            "Timeout policies, which nfct makes at run time, are not known: --timeout is a fault. "
            "A helper and lists of events are read and have no effect yet."};

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
                reader.fault(
                    "--timeout: there are no timeout policies here; give the timeout as a "
                    "setting");
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
        if (helper.empty()) return std::nullopt;
        const Basics& basics = *context.basics;
        if (basics.protocol == 0 || basics.protocol_inverted) {
            return "target `CT' with --helper needs a protocol: `-p tcp' or `-p udp'";
        }
        std::vector<std::string_view> known;
        for (const HelperName& row : kHelpers) {
            if (!has(row.families, context.family)) continue;
            known.push_back(row.name);
            if (row.name == helper && row.protocol == basics.protocol) return std::nullopt;
        }
        return fmt::format("`{}' is no helper for {}{}", helper, protocol_text(basics.protocol),
                           did_you_mean(helper, known));
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
        const auto zone = data.zone_is_mark ? static_cast<std::uint16_t>(context.mark) : data.zone;
        track.has_template = true;
        track.zone_original =
            data.has_zone_original || !data.has_zone_reply ? zone : std::uint16_t{0};
        track.zone_reply = data.has_zone_reply || !data.has_zone_original ? zone : std::uint16_t{0};
        track.helper = data.helper.data();
        track.ct_events = data.ct_events;
        track.exp_events = data.exp_events;
        context.flow.state = CtState::new_;
        says.words("zone {} original, {} reply{}{}", track.zone_original, track.zone_reply,
                   track.helper.empty() ? "" : ", helper ", track.helper);
        return {};
    }
};

}  // namespace

extern const TargetModule k_ct;
const TargetModule k_ct = target_module<Ct>();

}  // namespace keepstate::rules::target
