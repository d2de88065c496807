// -m conntrack: all that tracking knows of a packet's flow.
//
// --ctstate looks at the packet; SNAT and DNAT, and everything else, at its entry. A packet without an
// entry (INVALID, UNTRACKED) matches only a rule that asks for --ctstate, and then nothing else of the
// rule's conntrack options is asked, as the kernel does. Ports compare the original's and the reply's keys,
// whatever the protocol keeps there.
// source: man:iptables-extensions conntrack; kernel:net/netfilter/xt_conntrack.c conntrack_mt.
// Tested by: tests/rules/conntrack.t, tests/rules.
#include <algorithm>
#include <array>

#include "rules/match/ct_states.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

// Ids are the bits by which Data remembers what was asked and what inverted.
enum : std::uint8_t {
    kState,
    kProto,
    kOrigSrc,
    kOrigDst,
    kReplSrc,
    kReplDst,
    kOrigSrcPort,
    kOrigDstPort,
    kReplSrcPort,
    kReplDstPort,
    kStatus,
    kExpire,
    kDir,
};
constexpr std::string_view kNames[] = {
    "ctstate",   "ctproto",       "ctorigsrc",     "ctorigdst",     "ctreplsrc",
    "ctrepldst", "ctorigsrcport", "ctorigdstport", "ctreplsrcport", "ctrepldstport",
    "ctstatus",  "ctexpire",      "ctdir",
};

struct StatusName {
    std::string_view name;
    std::uint32_t bits;
};
constexpr StatusName kStatuses[] = {{"NONE", 0},
                                    {"EXPECTED", status::kExpected},
                                    {"SEEN_REPLY", status::kSeenReply},
                                    {"ASSURED", status::kAssured},
                                    {"CONFIRMED", status::kConfirmed}};

std::string statuses_text(std::uint32_t bits) {
    std::string out;
    for (const StatusName& row : kStatuses) {
        if ((bits & row.bits) == 0) continue;
        if (!out.empty()) out += ',';
        out += row.name;
    }
    return out.empty() ? std::string("NONE") : out;
}

constexpr Option row(std::uint8_t id, ArgKind arg, std::string_view words) {
    return {.name = kNames[id],
            .id = id,
            .arg = arg,
            .flags = id == kDir ? std::uint8_t{0} : option_flag::kInvert,
            .words = words};
}

std::string range_text(std::uint32_t low, std::uint32_t high) {
    return low == high ? fmt::format("{}", low) : fmt::format("{}:{}", low, high);
}

struct Conntrack {
    struct Data {
        std::array<AddressBytes, 4> addresses{};  ///< by id - kOrigSrc
        std::array<std::uint8_t, 4> bits{};
        std::array<std::uint16_t, 4> ports_low{};  ///< by id - kOrigSrcPort
        std::array<std::uint16_t, 4> ports_high{};
        std::uint32_t expire_low = 0;
        std::uint32_t expire_high = 0;
        std::uint32_t statuses = 0;
        std::uint16_t states = 0;
        std::uint16_t asked = 0;
        std::uint16_t inverted = 0;
        std::uint8_t protocol = 0;
        CtDirection direction = CtDirection::original;
    };
    static constexpr Option kOptions[] = {
        row(kState, ArgKind::text,
            "what tracking says of the packet, a list of `NEW`, `ESTABLISHED`, `RELATED`, "
            "`INVALID`, `UNTRACKED`, `SNAT`, `DNAT`"),
        row(kProto, ArgKind::protocol, "the entry's protocol, number or name"),
        row(kOrigSrc, ArgKind::address_prefix,
            "source address of the original direction, `ADDRESS[/MASK]`"),
        row(kOrigDst, ArgKind::address_prefix, "destination address of the original direction"),
        row(kReplSrc, ArgKind::address_prefix, "source address of the reply direction"),
        row(kReplDst, ArgKind::address_prefix, "destination address of the reply direction"),
        row(kOrigSrcPort, ArgKind::port_range,
            "source port of the original direction, `N` or `N:M`"),
        row(kOrigDstPort, ArgKind::port_range, "destination port of the original direction"),
        row(kReplSrcPort, ArgKind::port_range, "source port of the reply direction"),
        row(kReplDstPort, ArgKind::port_range, "destination port of the reply direction"),
        row(kStatus, ArgKind::text,
            "a list of `NONE`, `EXPECTED`, `SEEN_REPLY`, `ASSURED`, `CONFIRMED`: one of these bits "
            "is set"),
        row(kExpire, ArgKind::number_range, "seconds that the entry has left, `N` or `N:M`"),
        row(kDir, ArgKind::text, "`ORIGINAL` or `REPLY`: the direction of the packet"),
    };
    static constexpr Traits kTraits{
        .name = "conntrack",
        .options = kOptions,
        .words =
            "What connection tracking knows: the packet's state and direction, and its entry's "
            "addresses, ports, status and time left. A packet without an entry matches by its "
            "state alone.",
        .reads = "the packet's state, its entry, the time"};

    static std::uint32_t parse_statuses(std::string_view list, RuleReader& reader) {
        std::uint32_t bits = 0;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            const auto* found = std::find_if(
                std::begin(kStatuses), std::end(kStatuses),
                [&](const StatusName& each) { return begins_in_any_case(each.name, word); });
            if (word.empty() || found == std::end(kStatuses)) {
                reader.fault(
                    fmt::format("`{}' is no connection status: NONE, EXPECTED, "
                                "SEEN_REPLY, ASSURED or CONFIRMED",
                                word));
            } else {
                bits |= found->bits;
            }
            if (comma == std::string_view::npos) return bits;
            list.remove_prefix(comma + 1);
        }
    }

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::uint8_t id = use.id();
        data.asked = static_cast<std::uint16_t>(data.asked | option_bit(id));
        if (use.inverted) {
            data.inverted = static_cast<std::uint16_t>(data.inverted | option_bit(id));
        }
        if (id == kState) {
            data.states = parse_ct_states(use.value.text, true, reader);
        } else if (id == kProto) {
            data.protocol = static_cast<std::uint8_t>(use.value.low);
        } else if (id <= kReplDst) {
            data.addresses[id - kOrigSrc] = use.value.address.bytes;
            data.bits[id - kOrigSrc] = use.value.bits;
        } else if (id <= kReplDstPort) {
            data.ports_low[id - kOrigSrcPort] = static_cast<std::uint16_t>(use.value.low);
            data.ports_high[id - kOrigSrcPort] = static_cast<std::uint16_t>(use.value.high);
        } else if (id == kStatus) {
            data.statuses = parse_statuses(use.value.text, reader);
        } else if (id == kExpire) {
            data.expire_low = static_cast<std::uint32_t>(use.value.low);
            data.expire_high = static_cast<std::uint32_t>(use.value.high);
        } else if (use.value.text.size() == 8 && begins_in_any_case("ORIGINAL", use.value.text)) {
            data.direction = CtDirection::original;
        } else if (use.value.text.size() == 5 && begins_in_any_case("REPLY", use.value.text)) {
            data.direction = CtDirection::reply;
        } else {
            reader.fault(fmt::format("`{}' is no direction: ORIGINAL or REPLY", use.value.text));
        }
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.asked == 0) reader.fault("`conntrack' needs at least one option");
    }

    static std::string value_text(const Data& data, std::uint8_t id, Family family) {
        if (id == kState) return ct_states_text(data.states);
        if (id == kProto) return fmt::format("{}", data.protocol);
        if (id <= kReplDst) {
            const std::size_t i = id - kOrigSrc;
            const std::string address = text(Address{family, data.addresses[i]});
            return data.bits[i] == (family == Family::ipv4 ? 32 : 128)
                       ? address
                       : fmt::format("{}/{}", address, data.bits[i]);
        }
        if (id <= kReplDstPort) {
            return range_text(data.ports_low[id - kOrigSrcPort],
                              data.ports_high[id - kOrigSrcPort]);
        }
        if (id == kStatus) return statuses_text(data.statuses);
        if (id == kExpire) return range_text(data.expire_low, data.expire_high);
        return std::string(text(data.direction));
    }
    static std::string words(const Data& data, std::uint8_t id, Family family) {
        return fmt::format("{}--{} {}", (data.inverted & option_bit(id)) != 0 ? "! " : "",
                           kNames[id], value_text(data, id, family));
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        for (std::uint8_t id = kState; id <= kDir; ++id) {
            if ((data.asked & option_bit(id)) != 0) out += " " + words(data, id, context.family);
        }
    }

    // What the flow has for one option: whether it fits before inversion, and in words.
    static bool fits(const Data& data, std::uint8_t id, const Context& context) {
        const ct::Entry& entry = *context.flow.entry;
        const Tuple original = entry.original();
        const Tuple reply = entry.reply();
        if (id <= kReplDst && id >= kOrigSrc) {
            const Address* const theirs[] = {&original.source, &original.destination, &reply.source,
                                             &reply.destination};
            const std::size_t i = id - kOrigSrc;
            const AddressBytes mask = mask_of(data.bits[i], theirs[i]->family);
            for (std::size_t byte = 0; byte < 16; ++byte) {
                if (((theirs[i]->bytes[byte] ^ data.addresses[i][byte]) & mask[byte]) != 0) {
                    return false;
                }
            }
            return true;
        }
        if (id <= kReplDstPort && id >= kOrigSrcPort) {
            const std::uint16_t keys[] = {original.source_key, original.destination_key,
                                          reply.source_key, reply.destination_key};
            const std::size_t i = id - kOrigSrcPort;
            return keys[i] >= data.ports_low[i] && keys[i] <= data.ports_high[i];
        }
        if (id == kProto) return entry.protocol() == data.protocol;
        if (id == kStatus) return (entry.status & data.statuses) != 0;
        if (id == kDir) return context.flow.direction == data.direction;
        const std::uint32_t left = seconds_left(context);
        return left >= data.expire_low && left <= data.expire_high;
    }
    // An entry that is not confirmed yet counts as one that has run out.
    static std::uint32_t seconds_left(const Context& context) {
        const ct::Entry& entry = *context.flow.entry;
        if (!entry.has(status::kConfirmed)) return 0;
        const std::int64_t left = entry.expires - context.now;
        return left <= 0 ? 0 : static_cast<std::uint32_t>(left / kNsPerSecond);
    }
    static std::string theirs_text(std::uint8_t id, const Context& context) {
        const ct::Entry& entry = *context.flow.entry;
        const Tuple original = entry.original();
        const Tuple reply = entry.reply();
        switch (id) {
            case kProto: return protocol_text(entry.protocol());
            case kOrigSrc: return text(original.source);
            case kOrigDst: return text(original.destination);
            case kReplSrc: return text(reply.source);
            case kReplDst: return text(reply.destination);
            case kOrigSrcPort: return fmt::format("{}", original.source_key);
            case kOrigDstPort: return fmt::format("{}", original.destination_key);
            case kReplSrcPort: return fmt::format("{}", reply.source_key);
            case kReplDstPort: return fmt::format("{}", reply.destination_key);
            case kStatus: return statuses_text(entry.status);
            case kExpire: return fmt::format("{}", seconds_left(context));
            default: return std::string(text(context.flow.direction));
        }
    }

    // SNAT and DNAT beside states: any of them will do.
    static void narrow(const Data& data, RuleKey& key) {
        const bool asks_nat = (data.states & (ct_bit::kSnat | ct_bit::kDnat)) != 0;
        if (data.asked != option_bit(kState) || asks_nat) key.is_whole = false;
        if (asks_nat || (data.asked & (option_bit(kStatus) | option_bit(kExpire))) != 0) {
            key.is_steady = false;
        }
        if ((data.asked & option_bit(kState)) == 0) return;
        const bool inverted = (data.inverted & option_bit(kState)) != 0;
        if (asks_nat && !inverted) return;
        const unsigned states = inverted ? ~unsigned{data.states} : data.states;
        key.states = static_cast<std::uint8_t>(key.states & states);
    }

    static bool matches(Data& data, Context& context, Why why) {
        const Family family = context.packet->family;
        if ((data.asked & option_bit(kState)) != 0) {
            const std::uint16_t is = ct_state_bits(context, true);
            const bool inverted = (data.inverted & option_bit(kState)) != 0;
            if (((data.states & is) != 0) == inverted) {
                return why ? why.no("{}: the packet is {}", words(data, kState, family),
                                    ct_states_text(is))
                           : false;
            }
        }
        if (context.flow.entry == nullptr) {
            if ((data.asked & option_bit(kState)) != 0) return true;
            return why.no("the packet belongs to no connection");
        }
        // The kernel's order: direction, addresses, protocol and ports, status, expiry.
        constexpr std::uint8_t kOrder[] = {kDir,         kOrigSrc,     kOrigDst,     kReplSrc,
                                           kReplDst,     kProto,       kOrigSrcPort, kOrigDstPort,
                                           kReplSrcPort, kReplDstPort, kStatus,      kExpire};
        for (const std::uint8_t id : kOrder) {
            if ((data.asked & option_bit(id)) == 0) continue;
            if (fits(data, id, context) != ((data.inverted & option_bit(id)) != 0)) continue;
            return why ? why.no("{}: the connection's is {}", words(data, id, family),
                                theirs_text(id, context))
                       : false;
        }
        return true;
    }
};

}  // namespace

extern const MatchModule k_conntrack;
const MatchModule k_conntrack = match_module<Conntrack>();

}  // namespace keepstate::rules::match
