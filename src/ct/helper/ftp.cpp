// ftp: data connections announced by PORT, EPRT, 227 and 229.
//
//     client  PORT 10,0,0,1,4,1        the server opens a connection to 10.0.0.1:1025        active
//             EPRT |2|fd00::1|1025|
//     server  227 ... (10,0,0,2,4,1).  the client opens one to 10.0.0.2:1025                 passive
//             229 ... (|||1025|)
//
// A line is read only where one begins: at a sequence number that followed a line's end, of which the last two are
// remembered for each side. One that is cut by the segment's end is dropped, so that it comes again whole.
//
// source: RFC 959, RFC 2428; kernel:net/netfilter/nf_conntrack_ftp.c.
// Tested by: ct/helper/ftp_test.cpp, fuzz/helper_ftp.cpp, tests/kernel/differ (talk_ftp).
#include <array>
#include <optional>

#include "ct/helper/helper.hpp"
#include "ct/helper/text.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint16_t kPort = 21;
constexpr std::uint32_t kTimeout_s = 300;

/// What a command announced: where the other side shall connect to.
struct Announced {
    Address address;
    std::uint16_t port = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// N numbers with `between` in between, and behind the last one `end` (0: anything that is no digit and not `between`).
/// Numbers are not bounded: they wrap as the kernel's do.
template <std::size_t N>
bool read_numbers(std::string_view text, char between, char end,
                  std::array<std::uint32_t, N>& numbers, std::size_t& length) {
    numbers = {};
    std::size_t which = 0;
    for (length = 0; length < text.size() && which < N; ++length) {
        const char c = text[length];
        if (is_digit(c)) {
            numbers[which] = numbers[which] * 10 + static_cast<std::uint32_t>(c - '0');
        } else if (c == between) {
            ++which;
        } else {
            return which == N - 1 && (end == 0 || c == end);
        }
    }
    return false;
}

Address ipv4_of(const std::uint32_t* numbers) {
    const std::uint32_t word = numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3];
    Address address;
    address.family = Family::ipv4;
    base::store_be32(address.bytes.data(), word);
    return address;
}

/// "10,0,0,1,4,1" and what ends it.
bool read_six_numbers(std::string_view text, char end, Announced& announced) {
    std::array<std::uint32_t, 6> numbers;
    std::size_t length = 0;
    if (!read_numbers(text, ',', end, numbers, length)) return false;
    announced.address = ipv4_of(numbers.data());
    announced.port = static_cast<std::uint16_t>(numbers[4] << 8 | numbers[5]);
    return true;
}

bool read_port_line(std::string_view text, Announced& announced) {
    return read_six_numbers(text, '\r', announced);
}

/// "Entering Passive Mode (10,0,0,2,4,1)": from the first digit on.
bool read_passive(std::string_view text, Announced& announced) {
    std::size_t first = 0;
    while (first < text.size() && !is_digit(text[first])) ++first;
    return first < text.size() && read_six_numbers(text.substr(first), 0, announced);
}

/// A port and the delimiter behind it. 0 is none; more than 16 bits wrap.
bool read_port(std::string_view text, char delimiter, std::uint16_t& port) {
    std::uint16_t number = 0;
    for (const char c : text) {
        if (c == delimiter) {
            port = number;
            return number != 0;
        }
        if (!is_digit(c)) return false;
        number = static_cast<std::uint16_t>(number * 10 + (c - '0'));
    }
    return false;
}

bool is_delimiter(char c) { return !is_digit(c) && c >= 33 && c <= 126; }

/// "|1|10.0.0.1|1025|" or "|2|fd00::1|1025|"
bool read_extended_port(std::string_view text, Announced& announced) {
    constexpr std::size_t kAddressAt = 3;
    if (text.size() <= kAddressAt) return false;
    const char delimiter = text[0];
    if (!is_delimiter(delimiter) || text[2] != delimiter) return false;
    const bool is_v4 = announced.address.family == Family::ipv4;
    if (text[1] != (is_v4 ? '1' : '2')) return false;
    std::size_t length = 0;
    if (is_v4) {
        std::array<std::uint32_t, 4> numbers;
        if (!read_numbers(text.substr(kAddressAt), '.', delimiter, numbers, length)) return false;
        announced.address = ipv4_of(numbers.data());
    } else {
        const std::optional<ReadAddress> read = read_ipv6_until(text.substr(kAddressAt), delimiter);
        if (!read) return false;
        announced.address = read->address;
        length = read->length;
    }
    const std::size_t port_at = kAddressAt + length + 1;
    return port_at <= text.size() && read_port(text.substr(port_at), delimiter, announced.port);
}

/// "|||1025|"
bool read_extended_passive(std::string_view text, Announced& announced) {
    if (text.size() <= 3) return false;
    const char delimiter = text[0];
    if (!is_delimiter(delimiter) || text[1] != delimiter || text[2] != delimiter) return false;
    return read_port(text.substr(3), delimiter, announced.port);
}

struct Command {
    std::string_view word;
    char skipped_to;  ///< what is read begins behind this; 0: right behind the word
    bool (*read)(std::string_view, Announced&);
    std::string_view drop_words;
};

/// By CtDirection.
constexpr std::array<std::array<Command, 2>, 2> kCommands{{
    {{{"PORT", ' ', read_port_line, "partial matching of `PORT'"},
      {"EPRT", ' ', read_extended_port, "partial matching of `EPRT'"}}},
    {{{"227 ", 0, read_passive, "partial matching of `227 '"},
      {"229 ", '(', read_extended_passive, "partial matching of `229 '"}}},
}};

enum class Match : std::uint8_t { no, partial, whole };

Match match(std::string_view text, const Command& command, Announced& announced) {
    const std::size_t size = command.word.size();
    const std::size_t common = text.size() <= size ? text.size() : size;
    if (!equals_ignoring_case(text.substr(0, common), command.word.substr(0, common))) {
        return Match::no;
    }
    if (text.size() <= size) return Match::partial;
    std::size_t begin = size;
    if (command.skipped_to != 0) {
        begin = text.find(command.skipped_to, size);
        // The skipped character as the last one is not found either.
        if (begin == std::string_view::npos) return Match::partial;
        ++begin;
    }
    return command.read(text.substr(begin), announced) ? Match::whole : Match::partial;
}

bool is_line_begin(const FtpMemory& memory, std::size_t side, std::uint32_t seq) {
    for (std::size_t i = 0; i < memory.known[side]; ++i) {
        if (memory.after_newline[side][i] == seq) return true;
    }
    return false;
}

void note_line_begin(FtpMemory& memory, std::size_t side, std::uint32_t seq) {
    if (is_line_begin(memory, side, seq)) return;
    auto& begins = memory.after_newline[side];
    if (memory.known[side] < FtpMemory::kRemembered) {
        begins[memory.known[side]++] = seq;
        return;
    }
    const auto is_before = [](std::uint32_t a, std::uint32_t b) {
        return static_cast<std::int32_t>(a - b) < 0;
    };
    const std::size_t oldest = is_before(begins[0], begins[1]) ? 0 : 1;
    if (is_before(begins[oldest], seq)) begins[oldest] = seq;
}

HelperAnswer announce(const HelperCase& c, const Announced& announced, Wishes& wishes) {
    const Tuple& reverse = c.other_tuple();
    const Address* to = &reverse.destination;
    if (announced.address != c.tuple().source) {
        // Another host than the speaker: nobody opens holes to it, unless asked to.
        if (c.settings.ftp_loose == 0) return HelperAnswer::accept();
        to = &announced.address;
    }
    const Expectation wish =
        make_expectation(0, protocol::kTcp, &reverse.source, nullptr, *to, announced.port);
    if (wishes.expect(wish) != Grant::granted) {
        return HelperAnswer::drop("cannot add expectation");
    }
    return HelperAnswer::accept();
}

HelperAnswer help_ftp(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    if (c.state != CtState::established) return HelperAnswer::accept();
    const std::optional<TcpPayload> tcp = find_tcp_payload(c.packet);
    if (!tcp || tcp->bytes.empty()) return HelperAnswer::accept();
    if (!std::holds_alternative<FtpMemory>(memory)) memory.emplace<FtpMemory>();
    FtpMemory& ftp = std::get<FtpMemory>(memory);
    const std::string_view text = tcp->bytes;
    const auto side = static_cast<std::size_t>(c.direction);
    const auto note_end = [&] {
        const auto end = static_cast<std::uint32_t>(tcp->seq + text.size());
        if (text.back() == '\n') note_line_begin(ftp, side, end);
    };
    if (!is_line_begin(ftp, side, tcp->seq)) {
        note_end();
        return HelperAnswer::accept();
    }
    Announced announced{c.tuple().source, 0};
    HelperAnswer answer;
    for (const Command& command : kCommands[side]) {
        const Match found = match(text, command, announced);
        if (found == Match::no) continue;
        if (found == Match::partial) return HelperAnswer::drop(command.drop_words);
        answer = announce(c, announced, wishes);
        break;
    }
    note_end();
    return answer;
}

}  // namespace

void add_ftp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    for (const std::uint16_t port : settings.ftp_ports.all()) {
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            Helper& helper = helpers.emplace_back();
            helper.name = helper_name("ftp", kPort, port);
            helper.family = family;
            helper.protocol = protocol::kTcp;
            helper.port = port;
            helper.policies[0] = {"", 1, kTimeout_s};
            helper.help = help_ftp;
        }
    }
}

}  // namespace keepstate::ct
