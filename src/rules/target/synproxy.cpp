// -j SYNPROXY: this host makes the handshake in the server's stead, and only then speaks to the server.
//
//     SYN without ACK, FIN, RST     taken (STOLEN); Linux answers with a SYN/ACK whose number is a cookie
//     ACK without SYN, FIN, RST     taken if it acknowledges a cookie, else dropped: nobody here made one, so dropped
//     anything else                 goes on to the next rule
//
// A packet with a wrong checksum or a cut header is dropped.
// source: man:iptables-extensions SYNPROXY; kernel:net/netfilter/nf_synproxy_core.c, net/ipv4/netfilter/ipt_SYNPROXY.c.
// Tested by: tests/rules/SYNPROXY.t, tests/scenarios/rules/synproxy-takes-the-syn.yaml.
#include "rules/module.hpp"
#include "rules/target/tcp_options.hpp"
#include "wire/checksum.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kSack, kTimestamp, kScale, kMss, kEcn };

struct Form {
    struct Data {
        std::uint16_t mss = 0;
        std::uint8_t scale = 0;
        std::uint8_t given = 0;  ///< 1 << option id
    };
    static constexpr Option kOptions[] = {
        {.name = "sack-perm", .id = kSack, .words = "clients may use selective acknowledgement"},
        {.name = "timestamp", .id = kTimestamp, .words = "clients may use time stamps"},
        {.name = "wscale",
         .id = kScale,
         .arg = ArgKind::number,
         .words = "the window scale that clients are told; the lower eight bits count"},
        {.name = "mss",
         .id = kMss,
         .arg = ArgKind::number,
         .words = "the maximum segment size that clients are told, in bytes; the lower 16 bits "
                  "count"},
        {.name = "ecn", .id = kEcn, .words = "clients may use ECN"}};
    static constexpr Traits kTraits{
        .name = "SYNPROXY",
        .options = kOptions,
        .protocol = protocol::kTcp,
        .hooks = hook_bit(Hook::input) | hook_bit(Hook::forward),
        .words =
            "Makes the TCP handshake with the client in the server's stead, by SYN cookies, and "
            "speaks to the server only when the client has answered. A SYN is taken (STOLEN), "
            "an ACK that answers no cookie is dropped, other segments go on.",
        .reads = "the TCP header, its flags and checksum",
        .differences =
            "Cookies are neither made nor known: no SYN/ACK is sent, and every ACK that "
            "comes here is dropped, as Linux drops one whose cookie it did not make."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        data.given = static_cast<std::uint8_t>(data.given | 1U << use.id());
        if (use.id() == kScale) data.scale = static_cast<std::uint8_t>(use.value.low);
        if (use.id() == kMss) data.mss = static_cast<std::uint16_t>(use.value.low);
    }
    static bool has(const Data& data, unsigned id) { return (data.given >> id & 1) != 0; }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (has(data, kSack)) out += " --sack-perm";
        if (has(data, kTimestamp)) out += " --timestamp";
        if (has(data, kScale)) out += fmt::format(" --wscale {}", data.scale);
        if (has(data, kMss)) out += fmt::format(" --mss {}", data.mss);
        if (has(data, kEcn)) out += " --ecn";
    }
    static Ruling judge(Data&, Context& context, Says says) {
        using namespace wire::tcp_flag;
        const wire::Packet& packet = *context.packet;
        const std::optional<TcpOptions> options = find_tcp_options(packet);
        const bool is_whole = options && packet.ip.has(options->tcp, options->header_bytes);
        if (!is_whole || !wire::has_right_checksum(packet, protocol::kTcp)) {
            says.words("a cut header or a wrong checksum: the packet is dropped");
            return Ruling{.kind = Ruling::Kind::drop};
        }
        const std::uint8_t flags = packet.ip.u8(options->tcp + 13) & (kSyn | kAck | kFin | kRst);
        if (flags == kSyn) {
            says.words("the proxy takes the SYN and would answer it with a cookie");
            return Ruling{.kind = Ruling::Kind::stolen};
        }
        if (flags == kAck) {
            says.words("the ACK answers no cookie of this proxy: it is dropped");
            return Ruling{.kind = Ruling::Kind::drop};
        }
        says.words("no part of a handshake with the proxy");
        return {};
    }
};

}  // namespace

extern const TargetModule k_synproxy;
const TargetModule k_synproxy = target_module<Form>();

}  // namespace keepstate::rules::target
