// -m sctp: ports and chunks of an SCTP packet.
//
//     any    a wanted chunk is there, with the wanted flags
//     all    each wanted chunk type is there, with the wanted flags at least once
//     only   every chunk is a wanted one with the wanted flags
//
// The wanted set has a bit for each of the 256 chunk types; ALL fills it. Four types have flags that can be named.
// A packet that ends within its chunks drops, if the answer was not plain before.
// source: man:iptables-extensions sctp; kernel:net/netfilter/xt_sctp.c; RFC 9260 3.2, RFC 8260.
// Tested by: tests/rules/sctp.t, tests/scenarios/rules/sctp-chunks-are-matched.yaml.
#include <array>
#include <cctype>

#include "rules/match/ports.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t { kSource, kDestination, kChunks };
enum : std::uint8_t { kNone, kAny, kAll, kOnly };
constexpr std::string_view kHowNames[] = {"", "any", "all", "only"};

/// By number: the order in which they are printed. `flags`: names of bits 7 to 0.
struct ChunkName {
    std::uint8_t type;
    std::string_view name;
    std::string_view flags = "--------";
};
constexpr ChunkName kChunkNames[] = {
    {0, "DATA", "----IUBE"},
    {1, "INIT"},
    {2, "INIT_ACK"},
    {3, "SACK"},
    {4, "HEARTBEAT"},
    {5, "HEARTBEAT_ACK"},
    {6, "ABORT", "-------T"},
    {7, "SHUTDOWN"},
    {8, "SHUTDOWN_ACK"},
    {9, "ERROR"},
    {10, "COOKIE_ECHO"},
    {11, "COOKIE_ACK"},
    {12, "ECN_ECNE"},
    {13, "ECN_CWR"},
    {14, "SHUTDOWN_COMPLETE", "-------T"},
    {64, "I_DATA", "----IUBE"},
    {128, "ASCONF_ACK"},
    {130, "RE_CONFIG"},
    {132, "PAD"},
    {192, "FORWARD_TSN"},
    {193, "ASCONF"},
    {194, "I_FORWARD_TSN"},
};

// Beyond this type the real tool prints no flags, though it keeps them.
constexpr std::uint8_t kLastPrintedFlags = 14;

using ChunkSet = std::array<std::uint64_t, 4>;

void add(ChunkSet& set, std::uint8_t type) { set[type / 64] |= std::uint64_t{1} << (type % 64); }
void remove(ChunkSet& set, std::uint8_t type) {
    set[type / 64] &= ~(std::uint64_t{1} << (type % 64));
}
bool holds(const ChunkSet& set, std::uint8_t type) {
    return (set[type / 64] >> (type % 64) & 1) != 0;
}

constexpr ChunkSet kEveryChunk = {~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0},
                                  ~std::uint64_t{0}};
/// The kernel keeps no more.
constexpr std::size_t kMostFlags = 4;

bool is_word(std::string_view words, std::string_view upper) {
    return words.size() == upper.size() && begins_in_any_case(upper, words);
}

struct Form {
    struct Flags {
        std::uint8_t type = 0;
        std::uint8_t mask = 0;
        std::uint8_t set = 0;
    };
    struct Data {
        PortRange source;
        PortRange destination;
        std::uint8_t asked = 0;  ///< option bits
        std::uint8_t how = kNone;
        std::uint8_t chunks_inverted = 0;
        std::uint8_t flag_count = 0;
        std::array<Flags, kMostFlags> flags{};
        ChunkSet chunks{};
    };
    static constexpr Option kOptions[] = {
        {.name = "source-port",
         .id = kSource,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The source port is N, or in N:M"},
        {.name = "sport",
         .id = kSource,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "another name of --source-port"},
        {.name = "destination-port",
         .id = kDestination,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "The destination port is N, or in N:M"},
        {.name = "dport",
         .id = kDestination,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "another name of --destination-port"},
        {.name = "chunk-types",
         .id = kChunks,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words =
             "any, all or only, then chunk types parted by commas, ALL or NONE; TYPE:FLAGS asks "
             "for "
             "flags of DATA and I_DATA (I U B E), ABORT and SHUTDOWN_COMPLETE (T): upper case set, "
             "lower case not set"},
    };
    static constexpr Traits kTraits{
        .name = "sctp",
        .options = kOptions,
        .protocol = protocol::kSctp,
        .words =
            "Ports and chunks of an SCTP packet. A packet that ends within its header, or within a "
            "chunk's header while chunks are looked for, is dropped.",
        .reads = "The transport header and the chunks behind it."};

    static bool asks(const Data& data, unsigned id) { return (data.asked & option_bit(id)) != 0; }

    // Numbers only: the real tool asks the services file for port names of "tcp" in a way that finds none.
    static void parse_ports(PortRange& range, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        const std::size_t colon = words.find(':');
        const bool has_colon = colon != std::string_view::npos;
        const std::string_view sides[] = {words.substr(0, colon),
                                          has_colon ? words.substr(colon + 1) : words};
        std::uint64_t ports[] = {0, 0xffff};
        for (std::size_t i = 0; i < 2; ++i) {
            if (has_colon && sides[i].empty()) continue;
            const auto port = parse_number(sides[i], 0, 0xffff);
            if (!port) {
                reader.fault(fmt::format("`{}' is no port number", sides[i]));
                return;
            }
            ports[i] = *port;
        }
        if (ports[0] > ports[1]) {
            reader.fault(fmt::format("port range `{}' ends before it begins", words));
        }
        range.low = static_cast<std::uint16_t>(ports[0]);
        range.high = static_cast<std::uint16_t>(ports[1]);
        range.inverted = use.inverted;
    }
    // The first row for a type is kept: a later one of the same type adds to it.
    static void add_flags(Data& data, const ChunkName& chunk, std::string_view letters,
                          RuleReader& reader) {
        std::size_t row = 0;
        while (row < data.flag_count && data.flags[row].type != chunk.type) ++row;
        if (row == kMostFlags) {
            reader.fault(fmt::format("more than {} chunk types with flags", kMostFlags));
            return;
        }
        if (row == data.flag_count) {
            data.flags[row].type = chunk.type;
            ++data.flag_count;
        }
        Flags& flags = data.flags[row];
        for (const char letter : letters) {
            const int upper = std::toupper(static_cast<unsigned char>(letter));
            const std::size_t at = chunk.flags.find(static_cast<char>(upper));
            if (at == std::string_view::npos) {
                reader.fault(fmt::format("`{}' is no flag of {}", letter, chunk.name));
                return;
            }
            const unsigned bit = 0x80U >> at;
            flags.mask = static_cast<std::uint8_t>(flags.mask | bit);
            if (std::isupper(static_cast<unsigned char>(letter)) != 0) {
                flags.set = static_cast<std::uint8_t>(flags.set | bit);
            }
        }
    }
    static void parse_chunks(Data& data, std::string_view list, RuleReader& reader) {
        if (is_word(list, "NONE")) return;
        if (is_word(list, "ALL")) {
            data.chunks = kEveryChunk;
            return;
        }
        while (!list.empty()) {
            const std::size_t comma = list.find(',');
            const std::string_view item = list.substr(0, comma);
            list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
            if (item.empty()) continue;
            const std::size_t colon = item.find(':');
            const std::string_view name = item.substr(0, colon);
            const ChunkName* chunk = nullptr;
            std::vector<std::string_view> names;
            for (const ChunkName& row : kChunkNames) {
                if (is_word(name, row.name)) chunk = &row;
                names.push_back(row.name);
            }
            if (chunk == nullptr) {
                reader.fault(
                    fmt::format("`{}' is no SCTP chunk type{}", name, did_you_mean(name, names)));
                return;
            }
            add(data.chunks, chunk->type);
            const bool has_flags = colon != std::string_view::npos && colon + 1 < item.size();
            if (has_flags) add_flags(data, *chunk, item.substr(colon + 1), reader);
        }
    }
    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        data.asked = static_cast<std::uint8_t>(data.asked | option_bit(use.id()));
        if (use.id() == kSource) return parse_ports(data.source, use, reader);
        if (use.id() == kDestination) return parse_ports(data.destination, use, reader);
        data.chunks_inverted = use.inverted;
        for (std::uint8_t how = kAny; how <= kOnly; ++how) {
            if (is_word(use.value.text, kHowNames[how])) data.how = how;
        }
        if (data.how == kNone) {
            reader.fault(fmt::format("`{}' is not any, all or only", use.value.text));
            return;
        }
        const auto list = reader.take_word();
        if (!list) {
            reader.fault("--chunk-types needs two words: any, all or only, and the chunk types");
            return;
        }
        parse_chunks(data, *list, reader);
    }

    static void print_flags(const Data& data, const ChunkName& chunk, std::string& out) {
        if (chunk.type > kLastPrintedFlags) return;
        for (std::size_t i = 0; i < data.flag_count; ++i) {
            const Flags& flags = data.flags[i];
            if (flags.type != chunk.type) continue;
            out += ':';
            for (std::size_t at = 0; at < 8; ++at) {
                const unsigned bit = 0x80U >> at;
                if ((flags.mask & bit) == 0) continue;
                const char letter = chunk.flags[at];
                const bool set = (flags.set & bit) != 0;
                out += set ? letter
                           : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
            }
        }
    }
    static std::string chunk_words(const Data& data) {
        std::string out = fmt::format("{}--chunk-types {} ", data.chunks_inverted ? "! " : "",
                                      kHowNames[data.how]);
        if (data.chunks == kEveryChunk) return out + "ALL";
        if (data.chunks == ChunkSet{}) return out + "NONE";
        const char* between = "";
        for (const ChunkName& chunk : kChunkNames) {
            if (!holds(data.chunks, chunk.type)) continue;
            out += between;
            out += chunk.name;
            print_flags(data, chunk, out);
            between = ",";
        }
        return out;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (asks(data, kSource)) out += " " + data.source.words("sport");
        if (asks(data, kDestination)) out += " " + data.destination.words("dport");
        if (asks(data, kChunks)) out += " " + chunk_words(data);
    }

    static bool has_flags(const Data& data, std::uint8_t type, std::uint8_t flags) {
        for (std::size_t i = 0; i < data.flag_count; ++i) {
            const Flags& row = data.flags[i];
            if (row.type == type) return (flags & row.mask) == row.set;
        }
        return true;
    }
    // Nothing: the packet is broken and drops. The kernel looks at one chunk even behind the packet's end.
    static std::optional<bool> has_chunks(const Data& data, base::ByteView sctp) {
        ChunkSet missing = data.chunks;
        for (std::size_t at = 12;;) {
            if (!sctp.has(at, 4) || sctp.be16(at + 2) == 0) return std::nullopt;
            const std::uint8_t type = sctp.u8(at);
            const bool wanted = holds(data.chunks, type);
            const bool fits = wanted && has_flags(data, type, sctp.u8(at + 1));
            if (data.how == kAny && fits) return true;
            if (data.how == kAll && fits) remove(missing, type);
            if (data.how == kOnly && !fits) return false;
            at += (sctp.be16(at + 2) + 3U) & ~3U;
            if (at >= sctp.size()) break;
        }
        return data.how == kAll ? missing == ChunkSet{} : data.how == kOnly;
    }
    static bool matches(Data& data, Context& context, Why why) {
        const auto sctp = transport(context, 12, why);
        if (!sctp) return false;
        if (asks(data, kSource) && !data.source.holds(sctp->be16(0))) {
            return why ? why.no("{}: the packet's is {}", data.source.words("sport"), sctp->be16(0))
                       : false;
        }
        if (asks(data, kDestination) && !data.destination.holds(sctp->be16(2))) {
            return why ? why.no("{}: the packet's is {}", data.destination.words("dport"),
                                sctp->be16(2))
                       : false;
        }
        if (!asks(data, kChunks)) return true;
        const auto found = has_chunks(data, *sctp);
        if (!found) context.hotdrop = true;
        if (found.value_or(false) != (data.chunks_inverted != 0)) return true;
        if (!found) return why.no("the packet ends within its chunks: it is dropped");
        return why ? why.no("{}: the packet's chunks are others", chunk_words(data)) : false;
    }
};

}  // namespace

extern const MatchModule k_sctp;
const MatchModule k_sctp = match_module<Form>();

}  // namespace keepstate::rules::match
