// -j TCPMSS: the maximum segment size that a SYN announces, lowered; never raised.
//
//     option there:    the number is lowered if it is higher
//     option missing:  it is put in as the first one, if nothing stands behind the header and there is room, with
//                      536 (IPv4) or 1220 (IPv6) at most: what a host without the option stands for
//
// --clamp-mss-to-pmtu takes the smaller MTU of the two ways, to the destination and back to the source, less 40
// (IPv4) or 60 (IPv6). A packet too short for its TCP header is dropped, and so is one whose way has an MTU that
// leaves nothing.
// source: man:iptables-extensions TCPMSS; kernel:net/netfilter/xt_TCPMSS.c; RFC 9293 3.7.1.
// Tested by: tests/rules/TCPMSS.t, tests/scenarios/rules/the-mss-of-a-syn-is-lowered.yaml.
#include <algorithm>

#include "rules/match/tcp.hpp"
#include "rules/module.hpp"
#include "rules/target/tcp_options.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSet, kClamp };
constexpr std::uint16_t kClampToPath = 0xffff;
constexpr std::uint8_t kMssKind = 2;
constexpr std::size_t kMssBytes = 4;
constexpr std::size_t kLongestHeader = 60;

struct Form {
    struct Data {
        std::uint16_t mss = 0;
        std::uint16_t given = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "set-mss",
         .id = kSet,
         .arg = ArgKind::number,
         .max = 65515,
         .words = "the highest MSS, in bytes; a lower one stays"},
        {.name = "clamp-mss-to-pmtu",
         .id = kClamp,
         .words =
             "the highest MSS is what the packet's way carries: the smaller MTU of the devices "
             "it came by and leaves by, less 40 bytes (IPv6: 60). Only where FORWARD, OUTPUT "
             "or POSTROUTING leads"},
    };
    static constexpr Traits kTraits{
        .name = "TCPMSS",
        .options = kOptions,
        .words =
            "Lowers the maximum segment size that a SYN announces, and adds the option if it is "
            "missing, with at most 536 (IPv6: 1220) bytes. The rule must ask for SYN: "
            "`-p tcp --syn` or such `--tcp-flags`. A segment too short for its header is "
            "dropped.",
        .reads = "the TCP header and its options; with --clamp-mss-to-pmtu the MTU of two devices",
        .differences =
            "A device's MTU is 1500 unless the setup says otherwise. Path MTUs that ICMP "
            "told Linux of are not known."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.mss = use.id() == kSet ? static_cast<std::uint16_t>(use.value.low) : kClampToPath;
        data.given = 1;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (!data.given) reader.fault("`TCPMSS' needs --set-mss or --clamp-mss-to-pmtu");
    }
    static Complaint check(const Data& data, const CheckContext& context) {
        constexpr std::uint8_t kLeaving =
            hook_bit(Hook::forward) | hook_bit(Hook::output) | hook_bit(Hook::postrouting);
        if (data.mss == kClampToPath && (context.hooks & ~kLeaving) != 0) {
            return "target `TCPMSS' with --clamp-mss-to-pmtu may stand only where FORWARD, OUTPUT "
                   "or POSTROUTING leads";
        }
        for (const MatchUse& use : context.rule->matches) {
            if (match::asks_for_syn(use)) return std::nullopt;
        }
        return "target `TCPMSS' works on SYN packets only: the rule needs `-p tcp --syn' or such "
               "--tcp-flags";
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.mss == kClampToPath ? " --clamp-mss-to-pmtu"
                                        : fmt::format(" --set-mss {}", data.mss);
    }

    /// The highest MSS that the packet's way carries; nothing: none at all.
    static std::optional<std::uint16_t> path_mss(const Context& context) {
        const wire::Packet& packet = *context.packet;
        const std::uint32_t headers = packet.family == Family::ipv4 ? 40 : 60;
        std::uint32_t mtu = World::kUsualMtu;
        if (context.world != nullptr) {
            mtu = std::min(context.world->mtu_to(packet.destination()),
                           context.world->mtu_to(packet.source()));
        }
        if (mtu <= headers) return std::nullopt;
        return static_cast<std::uint16_t>(mtu - headers);
    }
    static Ruling drop(Says says, std::string_view why) {
        says.words("{}: the packet is dropped", why);
        return Ruling{.kind = Ruling::Kind::drop};
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const wire::Packet& packet = *context.packet;
        if (packet.rules_fragment_offset != 0 || context.editor == nullptr) return {};
        const std::optional<TcpOptions> options = find_tcp_options(packet);
        if (!options || !packet.ip.has(options->tcp, options->header_bytes)) {
            return drop(says, "the TCP header is cut");
        }
        const auto most = data.mss == kClampToPath ? path_mss(context) : data.mss;
        if (!most) return drop(says, "the MTU of the packet's way leaves no room");
        const std::size_t end = options->tcp + options->header_bytes;
        for (std::size_t at = options->first(); at + kMssBytes <= end;) {
            if (packet.ip.u8(at) == kMssKind && packet.ip.u8(at + 1) == kMssBytes) {
                lower(*context.editor, packet, at + 2, options->checksum(), *most, says);
                return {};
            }
            at += option_length(packet.ip, at);
        }
        add(*context.editor, packet, *options, *most, says);
        return {};
    }
    static void lower(wire::PacketEditor& editor, const wire::Packet& packet, std::size_t at,
                      std::size_t checksum, std::uint16_t most, Says says) {
        const std::uint16_t before = packet.ip.be16(at);
        if (before <= most) {
            says.words("the MSS is {} and stays: the limit is {}", before, most);
            return;
        }
        // The number may stand at an odd place; Linux counts it in the checksum as if it did not, which
        // is then wrong. Such a packet is rare, and the same bytes leave here.
        editor.set_be16(at, most);
        editor.set_be16(checksum, wire::updated_checksum(packet.ip.be16(checksum), before, most));
        says.words("MSS {} -> {}", before, most);
    }
    /// Puts the option behind the fixed header. The checksum also covers the segment's length.
    static void add(wire::PacketEditor& editor, const wire::Packet& packet,
                    const TcpOptions& options, std::uint16_t most, Says says) {
        const std::size_t length = packet.ip.size() - options.tcp;
        if (length > options.header_bytes || options.header_bytes >= kLongestHeader) {
            says.words("the segment names no MSS and has no room for one: it stays as it is");
            return;
        }
        const std::uint16_t assumed = packet.family == Family::ipv4 ? 536 : 1220;
        const std::uint16_t mss = std::min(most, assumed);
        if (!editor.insert(options.first(), kMssBytes)) return;
        const std::uint16_t sum = packet.ip.be16(options.checksum());
        editor.set_be16(options.checksum(),
                        wire::updated_checksum(sum, static_cast<std::uint16_t>(length),
                                               static_cast<std::uint16_t>(length + kMssBytes)));
        editor.set_be16(options.first(), kMssKind << 8 | kMssBytes, options.checksum());
        editor.set_be16(options.first() + 2, mss, options.checksum());
        const std::uint16_t offset = packet.ip.be16(options.offset_word());
        editor.set_be16(options.offset_word(), static_cast<std::uint16_t>(offset + 0x1000),
                        options.checksum());
        says.words("the segment named no MSS: {} is put in", mss);
    }
};

}  // namespace

extern const TargetModule k_tcpmss;
const TargetModule k_tcpmss = target_module<Form>();

}  // namespace keepstate::rules::target
