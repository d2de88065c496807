// -j TCPOPTSTRIP: TCP options written over with NO-OPs (1), so that nothing moves. The checksum follows.
//
//     | kind | length | ........... |   ->   | 1 | 1 | 1 1 1 1 1 |      for each kind that was asked for
//
// An option that reaches past the header ends the walk; a length of 0 counts as 1. A packet too short for a
// TCP header, or one whose offset field says fewer than 20 bytes, is dropped, as in Linux.
// source: man:iptables-extensions TCPOPTSTRIP; kernel:net/netfilter/xt_TCPOPTSTRIP.c.
// Tested by: tests/rules/TCPOPTSTRIP.t, tests/scenarios/rules/tcp-options-are-stripped.yaml.
#include <array>

#include "rules/module.hpp"
#include "rules/nearest.hpp"
#include "rules/target/tcp_options.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

constexpr std::uint8_t kNoOp = 1;

struct OptionName {
    std::string_view name;
    std::uint8_t kind;
};
constexpr OptionName kNames[] = {{"wscale", 3}, {"mss", 2},       {"sack-permitted", 4},
                                 {"sack", 5},   {"timestamp", 8}, {"md5", 19}};

struct Form {
    struct Data {
        std::array<std::uint64_t, 4> kinds{};

        bool has(unsigned kind) const { return (kinds[kind / 64] >> (kind % 64) & 1) != 0; }
    };
    static constexpr Option kOptions[] = {
        {.name = "strip-options",
         .id = 0,
         .arg = ArgKind::text,
         .words = "a list of options, each a number from 2 to 255 or a name: `wscale`, `mss`, "
                  "`sack-permitted`, `sack`, `timestamp`, `md5`. Default: none"}};
    static constexpr Traits kTraits{
        .name = "TCPOPTSTRIP",
        .options = kOptions,
        .protocol = protocol::kTcp,
        .tables = table_bit(Table::mangle),
        .words =
            "Takes options out of a TCP segment: their bytes become NO-OPs, so nothing moves. "
            "The checksum follows. A segment too short for its header is dropped.",
        .reads = "the TCP header and its options"};

    static std::optional<unsigned> kind_of(std::string_view word) {
        for (const OptionName& row : kNames) {
            if (row.name == word) return row.kind;
        }
        const auto number = parse_number(word, 0, 255);
        return number ? std::optional<unsigned>(static_cast<unsigned>(*number)) : std::nullopt;
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        std::string_view list = use.value.text;
        for (;;) {
            const std::size_t comma = list.find(',');
            const std::string_view word = list.substr(0, comma);
            const auto kind = kind_of(word);
            if (!kind) {
                std::vector<std::string_view> known;
                for (const OptionName& row : kNames) known.push_back(row.name);
                reader.fault(fmt::format("`{}' is no TCP option: 2 to 255, or a name{}", word,
                                         did_you_mean(word, known)));
                return;
            }
            if (*kind < 2) {
                reader.fault("the options 0 (end) and 1 (no-op) cannot be stripped");
                return;
            }
            if (data.has(*kind)) {
                reader.fault(fmt::format("the option `{}' stands here twice", word));
                return;
            }
            data.kinds[*kind / 64] |= std::uint64_t{1} << (*kind % 64);
            if (comma == std::string_view::npos) return;
            list.remove_prefix(comma + 1);
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        const char* before = " --strip-options ";
        for (unsigned kind = 0; kind < 256; ++kind) {
            if (!data.has(kind)) continue;
            out += fmt::format("{}{}", before, kind);
            before = ",";
        }
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        const wire::Packet& packet = *context.packet;
        if (packet.rules_fragment_offset != 0 || context.editor == nullptr) return {};
        const std::optional<TcpOptions> options = find_tcp_options(packet);
        if (!options || !packet.ip.has(options->tcp, options->header_bytes)) {
            says.words("the TCP header is cut: the packet is dropped");
            return Ruling{.kind = Ruling::Kind::drop};
        }
        const std::size_t end = options->tcp + options->header_bytes;
        for (std::size_t at = options->first(); at + 1 < end;) {
            const std::size_t length = option_length(packet.ip, at);
            if (at + length > end) break;
            const std::uint8_t kind = packet.ip.u8(at);
            if (data.has(kind)) {
                write_no_ops(*context.editor, packet, at, length, options->checksum());
                says.words("TCP option {} is written over, {} bytes", kind, length);
            }
            at += length;
        }
        return {};
    }
    /// Two bytes at a time as the checksum sums them, counted from the TCP header.
    static void write_no_ops(wire::PacketEditor& editor, const wire::Packet& packet, std::size_t at,
                             std::size_t length, std::size_t checksum) {
        for (std::size_t i = at; i < at + length; ++i) {
            const bool is_high = (i ^ checksum) % 2 == 0;
            const std::size_t word = is_high ? i : i - 1;
            const std::uint16_t before = packet.ip.be16(word);
            const unsigned after =
                is_high ? (before & 0x00ffU) | kNoOp << 8 : (before & 0xff00U) | kNoOp;
            if (after != before) {
                editor.set_be16(word, static_cast<std::uint16_t>(after), checksum);
            }
        }
    }
};

}  // namespace

extern const TargetModule k_tcpoptstrip;
const TargetModule k_tcpoptstrip = target_module<Form>();

}  // namespace keepstate::rules::target
