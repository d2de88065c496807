// -m owner: who made the packet: user, group, or whether a socket did.
//
// Which socket sent a packet the user states (EngineSetup::sockets). Packets that none sent match if everything that
// the rule asks is inverted, as in the kernel. Users and groups are numbers: names mean others on another host, only `root'
// is 0 everywhere.
//
// source: man:iptables-extensions owner; kernel:net/netfilter/xt_owner.c.   Tested by: tests/rules/owner.t,
// tests/scenarios/rules/whose-socket-sent-it.yaml.
#include <algorithm>
#include <array>

#include "rules/host_sockets.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kUid, kGid, kSocket, kSupplementary };
constexpr std::string_view kNames[] = {"uid-owner", "gid-owner", "socket-exists"};
constexpr std::uint64_t kMostId = 0xfffffffeU;

struct Form {
    struct Data {
        std::array<std::uint32_t, 2> low{};
        std::array<std::uint32_t, 2> high{};
        std::uint8_t asked = 0;
        std::uint8_t inverted = 0;
        std::uint8_t supplementary = 0;
        const HostSockets* sockets = nullptr;  ///< once the engine is made
    };
    static constexpr Option kOptions[] = {
        {.name = "uid-owner",
         .id = kUid,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the socket belongs to this user, or one of a range `N-M`"},
        {.name = "gid-owner",
         .id = kGid,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "the socket belongs to this group, or one of a range `N-M`"},
        {.name = "socket-exists",
         .id = kSocket,
         .flags = option_flag::kInvert,
         .words = "the packet belongs to a socket"},
        {.name = "suppl-groups",
         .id = kSupplementary,
         .words = "--gid-owner also looks at the user's other groups"},
    };
    static constexpr Traits kTraits{
        .name = "owner",
        .options = kOptions,
        .hooks = hook_bit(Hook::output) | hook_bit(Hook::postrouting),
        .words = "Whose socket sent the packet. Only packets that this host sends can match.",
        .reads = "the socket that sent the packet",
        .differences =
            "Sockets are those that the user states (`replay --sockets`). What the "
            "firewall itself sends in answer belongs to none."};

    static void parse_ids(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        if (words == "root") return;
        const std::size_t dash = words.find('-');
        const auto low = parse_number(words.substr(0, dash), 0, kMostId);
        const auto high =
            dash == std::string_view::npos ? low : parse_number(words.substr(dash + 1), 0, kMostId);
        if (!low || !high) {
            reader.fault(fmt::format(
                "`{}' is no number or range of {}: give numbers, names mean others on another host",
                words, use.id() == kUid ? "users" : "groups"));
            return;
        }
        data.low[use.id()] = static_cast<std::uint32_t>(*low);
        data.high[use.id()] = static_cast<std::uint32_t>(*high);
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        if (use.id() == kSupplementary) {
            if (!reader.has_seen(option_bit(kGid)))
                reader.fault("--suppl-groups goes behind --gid-owner");
            data.supplementary = 1;
            return;
        }
        if (use.id() != kSocket) parse_ids(data, use, reader);
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.inverted)
            data.inverted = static_cast<std::uint8_t>(data.inverted | option_bit(use.id()));
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0)
            reader.fault("`owner' needs --uid-owner, --gid-owner or --socket-exists");
    }
    static Complaint check(const Data& data, const CheckContext&) {
        for (std::size_t i = 0; i < 2; ++i) {
            if (data.low[i] > data.high[i])
                return fmt::format("match `owner': the range of --{} ends before it begins",
                                   kNames[i]);
        }
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        for (const std::uint8_t id : {kSocket, kUid, kGid}) {
            if ((data.asked & option_bit(id)) == 0) continue;
            out += fmt::format("{} --{}", (data.inverted & option_bit(id)) != 0 ? " !" : "",
                               kNames[id]);
            if (id == kSocket) continue;
            out += fmt::format(" {}", data.low[id]);
            if (data.high[id] != data.low[id]) out += fmt::format("-{}", data.high[id]);
        }
        if (data.supplementary) out += " --suppl-groups";
    }
    static std::string_view never_known(const Data& data) {
        return data.asked == data.inverted ? std::string_view() : "no sockets are stated";
    }
    static Complaint bind(Data& data, BindContext& context) {
        data.sockets = context.objects.find<HostSockets>(HostSockets::kKind, HostSockets::kName);
        return std::nullopt;
    }
    static bool is_in(const Data& data, std::uint8_t id, std::uint32_t number) {
        return number >= data.low[id] && number <= data.high[id];
    }
    static bool matches(Data& data, Context& context, Why why) {
        const HostSocket* const socket = data.sockets != nullptr && context.is_from_host
                                             ? data.sockets->find_sender(*context.packet)
                                             : nullptr;
        if (socket == nullptr) {
            if (data.asked == data.inverted) return true;
            return why.no("no socket of this host is known for the packet");
        }
        const auto asks = [&data](std::uint8_t id) { return (data.asked & option_bit(id)) != 0; };
        const auto inverts = [&data](std::uint8_t id) {
            return (data.inverted & option_bit(id)) != 0;
        };
        if (asks(kSocket) && inverts(kSocket)) return why.no("the packet has a socket");
        if (asks(kUid) && is_in(data, kUid, socket->user) == inverts(kUid)) {
            return why.no("the socket's user is {}", socket->user);
        }
        if (!asks(kGid)) return true;
        const bool has_other =
            data.supplementary != 0 &&
            std::any_of(socket->other_groups.begin(), socket->other_groups.end(),
                        [&data](std::uint32_t group) { return is_in(data, kGid, group); });
        if ((is_in(data, kGid, socket->group) || has_other) != inverts(kGid)) return true;
        return why.no("the socket's group is {}", socket->group);
    }
};

}  // namespace

extern const MatchModule k_owner;
const MatchModule k_owner = match_module<Form>();

}  // namespace keepstate::rules::match
