// The packet language: which words there are and what each one sets.
//
// One table, a row a word: its name, the kinds of packet that know it, and the function that reads what follows
// it. A new word is a new row. The grammar for users stands at parse_packet_text in keepstate/packet.hpp.
//
// Tested by: wire/packet_text_test.cpp, fuzz/packet_text.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/words.hpp"
#include "keepstate/packet.hpp"
#include "keepstate/tuple.hpp"
#include "wire/icmp_names.hpp"
#include "wire/packet.hpp"
#include "wire/packet_draft.hpp"
#include "wire/packet_words.hpp"
#include "wire/sctp_chunks.hpp"

namespace keepstate::wire {
namespace {

constexpr int kDeepestQuote = 6;
constexpr std::uint32_t kMostPayload = 65535;

Bytes parse_packet(std::string_view line, int column, int depth, std::vector<Fault>& faults,
                   std::string* in_device);

struct Reading {
    WordReader& words;
    Draft& draft;
    std::vector<Fault>& faults;
    int depth;

    std::uint8_t u8(std::string_view wanted) {
        return static_cast<std::uint8_t>(words.take_number(wanted, 255));
    }
    std::uint16_t u16(std::string_view wanted) {
        return static_cast<std::uint16_t>(words.take_number(wanted, 65535));
    }
    std::uint32_t u32(std::string_view wanted) { return words.take_number(wanted, 0xffffffffU); }
    void tcp_option(std::uint8_t kind, const Bytes& value) {
        Bytes& options = draft.tcp.options;
        options.push_back(kind);
        options.push_back(static_cast<std::uint8_t>(value.size() + 2));
        options.insert(options.end(), value.begin(), value.end());
    }
};

Bytes be32(std::initializer_list<std::uint32_t> values) {
    Bytes bytes(values.size() * 4);
    std::uint8_t* at = bytes.data();
    for (const std::uint32_t value : values) {
        base::store_be32(at, value);
        at += 4;
    }
    return bytes;
}

template <typename Row, std::size_t N>
std::vector<std::string_view> names_of(const std::array<Row, N>& rows) {
    std::vector<std::string_view> names;
    for (const Row& row : rows) names.push_back(row.name);
    return names;
}

void unknown_word(Reading& r, const Word& word, std::string_view what,
                  const std::vector<std::string_view>& known) {
    r.words.fault(word, fmt::format("unknown {} '{}'; the nearest known is '{}'", what, word.text,
                                    base::nearest_word(word.text, known)));
}

// --- words that need more than one line -------------------------------------------------------------

struct NamedByte {
    std::string_view name;
    std::uint8_t value;
};

constexpr std::array kFlagNames{NamedByte{"fin", 1},  NamedByte{"syn", 2},   NamedByte{"rst", 4},
                                NamedByte{"psh", 8},  NamedByte{"ack", 16},  NamedByte{"urg", 32},
                                NamedByte{"ece", 64}, NamedByte{"cwr", 128}, NamedByte{"none", 0}};
constexpr std::array kExtensionNames{NamedByte{"hop", 0}, NamedByte{"dst", 60},
                                     NamedByte{"routing", 43}, NamedByte{"ah", 51}};
constexpr std::array kProtocolNames{
    NamedByte{"icmp", 1},   NamedByte{"igmp", 2},     NamedByte{"ipip", 4},   NamedByte{"tcp", 6},
    NamedByte{"udp", 17},   NamedByte{"dccp", 33},    NamedByte{"ipv6", 41},  NamedByte{"gre", 47},
    NamedByte{"esp", 50},   NamedByte{"ah", 51},      NamedByte{"icmp6", 58}, NamedByte{"ospf", 89},
    NamedByte{"sctp", 132}, NamedByte{"udplite", 136}};

template <std::size_t N>
std::uint8_t named_byte(Reading& r, const Word& word, std::string_view what,
                        const std::array<NamedByte, N>& names) {
    for (const NamedByte& row : names)
        if (row.name == word.text) return row.value;
    if (const auto number = parse_count(word.text, 255)) return static_cast<std::uint8_t>(*number);
    unknown_word(r, word, what, names_of(names));
    return 0;
}

void read_flags(Reading& r) {
    r.draft.tcp.flags = 0;
    r.words.take_list("TCP flags", [&](const Word& word) {
        r.draft.tcp.flags |= named_byte(r, word, "TCP flag", kFlagNames);
    });
}

void read_extensions(Reading& r) {
    r.draft.extensions.clear();
    r.words.take_list("extension headers", [&](const Word& word) {
        r.draft.extensions.push_back(named_byte(r, word, "extension header", kExtensionNames));
    });
}

void read_protocol(Reading& r) {
    const Word word = r.words.take("a protocol");
    r.draft.protocol = named_byte(r, word, "protocol", kProtocolNames);
}

void read_sack(Reading& r) {
    Bytes value;
    r.words.take_list("SACK ranges", [&](const Word& word) {
        const std::size_t dash = std::min(word.text.find('-'), word.text.size());
        const std::size_t after = std::min(dash + 1, word.text.size());
        const Bytes range = be32(
            {r.words.number_of(word.text.substr(0, dash), word.column, "left edge", 0xffffffffU),
             r.words.number_of(word.text.substr(after), word.column + static_cast<int>(after),
                               "right edge", 0xffffffffU)});
        value.insert(value.end(), range.begin(), range.end());
    });
    if (value.size() > 32) return r.words.fault(r.words.last(), "more than four SACK ranges");
    r.tcp_option(5, value);
}

void read_timestamps(Reading& r) {
    const std::uint32_t value = r.u32("timestamp");
    const std::uint32_t echo = r.u32("echoed timestamp");
    r.tcp_option(8, be32({value, echo}));
}

void read_fragment(Reading& r) {
    const Word word = r.words.take("a fragment offset");
    std::string_view text = word.text;
    DraftFragment cut;
    cut.more = text.ends_with('+');
    if (cut.more) text.remove_suffix(1);
    const std::size_t colon = text.find(':');
    cut.offset = static_cast<std::uint16_t>(
        r.words.number_of(text.substr(0, colon), word.column, "fragment offset", 65528));
    if (cut.offset % 8 != 0) r.words.fault(word, "a fragment offset must be a multiple of 8");
    if (colon != std::string_view::npos)
        cut.bytes =
            r.words.number_of(text.substr(colon + 1), word.column + static_cast<int>(colon) + 1,
                              "number of bytes", 65535);
    r.draft.fragment = cut;
}

void read_chunks(Reading& r) {
    r.draft.sctp_chunks.clear();
    r.words.take_list("SCTP chunks", [&](const Word& word) {
        for (const SctpChunkName& known : kSctpChunkNames)
            if (known.name == word.text) return r.draft.sctp_chunks.push_back(known.type);
        if (const auto number = parse_count(word.text, 255))
            return r.draft.sctp_chunks.push_back(static_cast<std::uint8_t>(*number));
        unknown_word(r, word, "SCTP chunk", names_of(kSctpChunkNames));
    });
}

void read_quote(Reading& r) {
    const Word word = r.words.take("the quoted packet");
    if (!word.is_quoted)
        return r.words.fault(word, "the quoted packet must stand in quotes or parentheses");
    if (r.depth >= kDeepestQuote) return r.words.fault(word, "too many quotes within quotes");
    r.draft.quote = parse_packet(word.text, word.column, r.depth + 1, r.faults, nullptr);
}

void read_target(Reading& r) {
    const Address target = r.words.take_address();
    if (target.family != r.draft.ip.source.family)
        r.words.fault(r.words.last(), "this address is of the other family");
    r.draft.icmp_target = target;
}

void read_id(Reading& r) {
    const std::uint32_t most = r.draft.ip.source.family == Family::ipv4 ? 65535 : 0xffffffffU;
    r.draft.fragment_id = r.words.take_number("IP id", most);
    r.draft.ip.id = static_cast<std::uint16_t>(r.draft.fragment_id);
}

// --- the table --------------------------------------------------------------------------------------

constexpr unsigned bit(DraftKind kind) { return 1U << static_cast<unsigned>(kind); }
constexpr unsigned kAll = 0xffff;
constexpr unsigned kTcp = bit(DraftKind::tcp);
constexpr unsigned kUdp = bit(DraftKind::udp);
constexpr unsigned kUdpLite = bit(DraftKind::udplite);
constexpr unsigned kIcmp = bit(DraftKind::icmp) | bit(DraftKind::icmp6);
constexpr unsigned kSctp = bit(DraftKind::sctp);
constexpr unsigned kGre = bit(DraftKind::gre);
constexpr unsigned kEsp = bit(DraftKind::esp);
constexpr unsigned kIp = bit(DraftKind::ip);

struct WordRow {
    std::string_view name;
    unsigned kinds;
    void (*read)(Reading&);
};

// clang-format off
constexpr std::array kWords{
    WordRow{"ttl", kAll, [](Reading& r) { r.draft.ip.ttl = r.u8("TTL"); }},
    WordRow{"tos", kAll, [](Reading& r) { r.draft.ip.tos = r.u8("TOS"); }},
    WordRow{"ipid", kAll, read_id},
    WordRow{"id", kAll & ~kIcmp, read_id},
    WordRow{"df", kAll, [](Reading& r) { r.draft.ip.dont_fragment = true; }},
    WordRow{"badsum", kTcp | kUdp | kUdpLite | kIcmp | kSctp, [](Reading& r) { r.draft.has_bad_checksum = true; }},
    WordRow{"in", kAll, [](Reading& r) { r.draft.in_device = r.words.take("a device").text; }},
    WordRow{"options", kAll, [](Reading& r) { r.draft.ip.ipv4_options = r.words.take_hex(); }},
    WordRow{"ext", kAll, read_extensions},
    WordRow{"len", kAll, [](Reading& r) { r.draft.payload.assign(r.words.take_number("length", kMostPayload), 0); }},
    WordRow{"hex", kAll, [](Reading& r) { r.draft.payload = r.words.take_hex(); }},
    WordRow{"data", kAll, [](Reading& r) { r.draft.payload = r.words.take_text(); }},
    WordRow{"frag", kAll, read_fragment},
    WordRow{"flags", kTcp, read_flags},
    WordRow{"seq", kTcp, [](Reading& r) { r.draft.tcp.seq = r.u32("sequence number"); }},
    WordRow{"ack", kTcp, [](Reading& r) { r.draft.tcp.ack = r.u32("acknowledgement"); }},
    WordRow{"win", kTcp, [](Reading& r) { r.draft.tcp.window = r.u16("window"); }},
    WordRow{"urg", kTcp, [](Reading& r) { r.draft.tcp.urgent = r.u16("urgent pointer"); }},
    WordRow{"doff", kTcp, [](Reading& r) { r.draft.tcp_header_bytes = static_cast<std::uint8_t>(r.words.take_number("data offset", 60)); }},
    WordRow{"mss", kTcp, [](Reading& r) { const auto v = r.u16("MSS"); r.tcp_option(2, {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}); }},
    WordRow{"wscale", kTcp, [](Reading& r) { r.tcp_option(3, {r.u8("window scale")}); }},
    WordRow{"sackok", kTcp, [](Reading& r) { r.tcp_option(4, {}); }},
    WordRow{"sack", kTcp, read_sack},
    WordRow{"ts", kTcp, read_timestamps},
    WordRow{"tcpopt", kTcp, [](Reading& r) { const Bytes b = r.words.take_hex(); r.draft.tcp.options.insert(r.draft.tcp.options.end(), b.begin(), b.end()); }},
    WordRow{"ulen", kUdp, [](Reading& r) { r.draft.udp_length = r.u16("UDP length"); }},
    WordRow{"nosum", kUdp | kUdpLite, [](Reading& r) { r.draft.has_no_checksum = true; }},
    WordRow{"coverage", kUdpLite, [](Reading& r) { r.draft.udplite_coverage = r.u16("coverage"); }},
    WordRow{"id", kIcmp, [](Reading& r) { r.draft.icmp_rest = (r.draft.icmp_rest & 0xffff) | std::uint32_t{r.u16("id")} << 16; }},
    WordRow{"seq", kIcmp, [](Reading& r) { r.draft.icmp_rest = (r.draft.icmp_rest & 0xffff0000) | r.u16("sequence number"); }},
    WordRow{"mtu", kIcmp, [](Reading& r) { r.draft.icmp_rest = r.u32("mtu"); }},
    WordRow{"gateway", kIcmp, read_target},
    WordRow{"target", kIcmp, read_target},
    WordRow{"quote", kIcmp, read_quote},
    WordRow{"cut", kIcmp, [](Reading& r) { r.draft.quote_bytes = r.u16("number of bytes"); }},
    WordRow{"vtag", kSctp, [](Reading& r) { r.draft.sctp_tag = r.u32("verification tag"); }},
    WordRow{"itag", kSctp, [](Reading& r) { r.draft.sctp_init_tag = r.u32("initiate tag"); }},
    WordRow{"chunks", kSctp, read_chunks},
    WordRow{"key", kGre, [](Reading& r) { r.draft.gre_key = r.u32("key"); }},
    WordRow{"callid", kGre, [](Reading& r) { r.draft.gre_call_id = r.u16("call id"); }},
    WordRow{"spi", kEsp, [](Reading& r) { r.draft.esp_spi = r.u32("SPI"); }},
    WordRow{"seq", kEsp, [](Reading& r) { r.draft.esp_seq = r.u32("sequence number"); }},
    WordRow{"proto", kIp, read_protocol},
};
// clang-format on

struct KindRow {
    std::string_view name;
    DraftKind kind;
    std::uint8_t protocol;
    bool has_ports;
};

constexpr std::array kKinds{KindRow{"tcp", DraftKind::tcp, protocol::kTcp, true},
                            KindRow{"udp", DraftKind::udp, protocol::kUdp, true},
                            KindRow{"udplite", DraftKind::udplite, protocol::kUdpLite, true},
                            KindRow{"sctp", DraftKind::sctp, protocol::kSctp, true},
                            KindRow{"icmp", DraftKind::icmp, protocol::kIcmp, false},
                            KindRow{"icmp6", DraftKind::icmp6, protocol::kIcmpv6, false},
                            KindRow{"gre", DraftKind::gre, protocol::kGre, false},
                            KindRow{"esp", DraftKind::esp, protocol::kEsp, false},
                            KindRow{"ip", DraftKind::ip, 0, false}};

void read_addresses(Reading& r, bool has_ports) {
    IpFields& ip = r.draft.ip;
    if (has_ports) {
        const Endpoint source = r.words.take_endpoint();
        const Endpoint destination = r.words.take_endpoint();
        ip.source = source.address;
        ip.destination = destination.address;
        r.draft.source_port = source.port;
        r.draft.destination_port = destination.port;
    } else {
        ip.source = r.words.take_address();
        ip.destination = r.words.take_address();
    }
    if (ip.source.family != ip.destination.family)
        r.words.fault(r.words.last(), "source and destination are of different families");
    else if (r.faults.empty() && r.draft.kind == DraftKind::icmp6 &&
             ip.source.family == Family::ipv4)
        r.words.fault(r.words.last(),
                      "icmp6 needs IPv6 addresses (icmp inside IPv6: ip A A proto 1)");
    else if (r.faults.empty() && r.draft.kind == DraftKind::icmp &&
             ip.source.family == Family::ipv6)
        r.words.fault(r.words.last(), "icmp needs IPv4 addresses (for IPv6: icmp6)");
}

/// "port-unreachable", "type 3/3", "3/3", "3".
void read_icmp_type(Reading& r) {
    Word word = r.words.take("an ICMP type");
    const Family family = r.draft.kind == DraftKind::icmp ? Family::ipv4 : Family::ipv6;
    if (word.text == "type") word = r.words.take("an ICMP type");
    if (const auto known = find_icmp_name(family, word.text)) {
        r.draft.icmp_type = known->type;
        r.draft.icmp_code = known->code_first;
        return;
    }
    const std::size_t slash = std::min(word.text.find('/'), word.text.size());
    const auto type = parse_count(word.text.substr(0, slash), 255);
    const auto code =
        slash == word.text.size() ? 0U : parse_count(word.text.substr(slash + 1), 255);
    if (type && code) {
        r.draft.icmp_type = static_cast<std::uint8_t>(*type);
        r.draft.icmp_code = static_cast<std::uint8_t>(*code);
        return;
    }
    if (word.text.empty()) return;  // said already
    std::vector<std::string_view> names;
    for (const IcmpName& known : icmp_names(family)) names.push_back(known.name);
    unknown_word(r, word, "ICMP type", names);
}

void read_words(Reading& r, std::string_view kind_name) {
    while (!r.words.is_at_end()) {
        const Word word = r.words.take("a word");
        const auto row = std::find_if(kWords.begin(), kWords.end(), [&](const WordRow& known) {
            return known.name == word.text && (known.kinds & bit(r.draft.kind)) != 0;
        });
        if (row != kWords.end() && !word.is_quoted) {
            row->read(r);
            continue;
        }
        std::vector<std::string_view> names;
        for (const WordRow& known : kWords)
            if ((known.kinds & bit(r.draft.kind)) != 0) names.push_back(known.name);
        unknown_word(r, word, fmt::format("word of {}", kind_name), names);
    }
}

Bytes read_raw(Reading& r) {
    const Bytes bytes = r.words.take_hex();
    if (r.words.peek().text == "in") {
        r.words.take("in");
        r.draft.in_device = r.words.take("a device").text;
    }
    if (!r.words.is_at_end()) {
        r.words.fault(r.words.peek(), "only `in DEVICE' may follow the bytes of raw");
    }
    return bytes;
}

/// What no word alone can tell.
void check_whole(const Draft& draft, const Word& first, WordReader& words) {
    if (draft.tcp.options.size() > 40) words.fault(first, "more than 40 bytes of TCP options");
    if (draft.ip.ipv4_options.size() > 40) words.fault(first, "more than 40 bytes of IPv4 options");
    const bool is_ipv4 = draft.ip.source.family == Family::ipv4;
    if (is_ipv4 && !draft.extensions.empty()) words.fault(first, "IPv4 has no extension headers");
    if (!is_ipv4 && !draft.ip.ipv4_options.empty())
        words.fault(first, "IPv6 has no options of IPv4");
}

Bytes parse_packet(std::string_view line, int column, int depth, std::vector<Fault>& faults,
                   std::string* in_device) {
    WordReader words(line, column, faults);
    Draft draft;
    Reading r{words, draft, faults, depth};
    const Word first = words.take("the kind of packet");
    if (first.text.empty()) return {};
    if (first.text == "raw") {
        Bytes bytes = read_raw(r);
        if (in_device != nullptr) *in_device = draft.in_device;
        return bytes;
    }
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const KindRow& known) { return known.name == first.text; });
    if (kind == kKinds.end()) {
        auto names = names_of(kKinds);
        names.push_back("raw");
        unknown_word(r, first, "kind of packet", names);
        return {};
    }
    draft.kind = kind->kind;
    draft.protocol = kind->protocol;
    draft.tcp.flags = tcp_flag::kSyn;
    draft.sctp_chunks = {1};
    read_addresses(r, kind->has_ports);
    if (draft.kind == DraftKind::icmp || draft.kind == DraftKind::icmp6) read_icmp_type(r);
    read_words(r, kind->name);
    if (!faults.empty()) return {};
    if (in_device != nullptr) *in_device = draft.in_device;
    check_whole(draft, first, words);
    if (!faults.empty()) return {};
    Bytes packet = build_draft(draft);
    if (packet.empty()) words.fault(first, "the packet would be longer than 65535 bytes");
    return packet;
}

}  // namespace
}  // namespace keepstate::wire

namespace keepstate {

Result<WrittenPacket> parse_packet_text(std::string_view words) {
    std::vector<Fault> faults;
    WrittenPacket packet;
    packet.ip = wire::parse_packet(words, 1, 0, faults, &packet.in_device);
    if (faults.empty()) return packet;
    for (Fault& fault : faults) fault.source_line = std::string(words);
    return Unexpected(Error{ErrorKind::input, std::move(faults)});
}

}  // namespace keepstate
