// Lines of a listing read back: proc, old_proc, conntrack, extended and save.
//
// A line is words between blanks. The text forms begin with words that have a place (family, protocol, time left,
// state) and go on with key=value words; the second `src` begins the reply direction, and an `id` that no
// ICMP query has any more is ctnetlink's. save is options with one argument each, in any order.
//
// Input is not trusted: every number is read with its bounds, an unknown word is a fault that names its
// column, and what is missing in the end is one too.
//
// tested by: ct/listing_parse_test.cpp (parse(print(x)) = x).
#include <fmt/format.h>
#include <array>
#include <charconv>
#include <limits>

#include "ct/listing.hpp"
#include "ct/tuple.hpp"

namespace keepstate {
namespace ct {
namespace {

struct Word {
    std::string_view text;
    std::size_t column = 0;  // from 1
};

/// The words of a line, one after the other. Text in brackets is one word, blanks and all.
class Words {
  public:
    explicit Words(std::string_view line) : line_(line) {}

    bool next(Word& word) {
        while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
        if (at_ == line_.size()) return false;
        const std::size_t begin = at_;
        const bool is_bracket = line_[begin] == '[';
        while (at_ < line_.size() && (is_bracket ? line_[at_] != ']' : !is_blank(line_[at_]))) {
            ++at_;
        }
        if (is_bracket && at_ < line_.size()) ++at_;
        word = {line_.substr(begin, at_ - begin), begin + 1};
        return true;
    }
    Word peek() const {
        Words copy = *this;
        Word word{{}, line_.size() + 1};
        copy.next(word);
        return word;
    }

  private:
    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    std::string_view line_;
    std::size_t at_ = 0;
};

template <typename Number>
bool read_number(std::string_view words, Number& number) {
    int base = 10;
    if (words.substr(0, 2) == "0x") {
        words.remove_prefix(2);
        base = 16;
    }
    const char* const last = words.data() + words.size();
    const auto [end, failure] = std::from_chars(words.data(), last, number, base);
    return failure == std::errc{} && end == last;
}

bool read_seconds(std::string_view words, std::int64_t& ns) {
    std::uint32_t seconds = 0;  // more than 136 years is no timeout
    if (!read_number(words, seconds)) return false;
    ns = std::int64_t{seconds} * kNsPerSecond;
    return true;
}

template <typename State>
bool read_state(std::string_view word, std::size_t states, std::optional<State>& state) {
    for (std::size_t i = 0; i < states; ++i) {
        const State candidate = static_cast<State>(i);
        if (text(candidate) != word) continue;
        state = candidate;
        return true;
    }
    return false;
}

bool read_address(std::string_view words, Address& address) {
    const std::optional<Address> read = parse_address(words);
    if (read) address = *read;
    return read.has_value();
}

void set_icmp_type(Tuple& tuple, std::uint8_t type) {
    tuple.destination_key = static_cast<std::uint16_t>(type << 8 | tuple.icmp_code());
}
void set_icmp_code(Tuple& tuple, std::uint8_t code) {
    tuple.destination_key = static_cast<std::uint16_t>(tuple.icmp_type() << 8 | code);
}

/// What is being read, and which of the needed words were there.
struct Reading {
    EntryCopy entry;
    std::array<unsigned, 2> addresses{};  // kSource and kDestination read, by direction
    std::array<bool, 2> has_icmp_id{};    // by direction
    bool is_reply = false;
    bool has_protocol = false;

    static constexpr unsigned kSource = 1, kDestination = 2;

    /// False if the address was read before.
    bool note(std::size_t direction, unsigned address) {
        const bool is_new = (addresses[direction] & address) == 0;
        addresses[direction] |= address;
        return is_new;
    }
    bool has_all_addresses() const {
        constexpr unsigned kBoth = kSource | kDestination;
        return addresses[0] == kBoth && addresses[1] == kBoth;
    }
    Tuple& tuple() { return is_reply ? entry.reply : entry.original; }
    std::size_t index() const { return is_reply ? 1 : 0; }
};

using Labels = std::vector<LabelName>;

bool read_labels(std::string_view list, EntryCopy& entry, const Labels* names) {
    while (names != nullptr && !list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view word = list.substr(0, comma);
        for (const LabelName& label : *names) {
            if (label.name == word && label.bit < 128) {
                entry.labels[label.bit / 8] |= static_cast<std::uint8_t>(1U << (label.bit % 8));
            }
        }
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return true;
}

/// Words that belong to one direction. `is_known` is false if the key is none of them.
bool read_direction_word(Reading& reading, std::string_view key, std::string_view value,
                         bool& is_known) {
    Tuple& tuple = reading.tuple();
    std::uint8_t small = 0;
    if (key == "src") {
        // The second one begins the reply.
        reading.is_reply = (reading.addresses[0] & Reading::kSource) != 0;
        return reading.note(reading.index(), Reading::kSource) &&
               read_address(value, reading.tuple().source);
    }
    if (key == "dst") {
        return reading.note(reading.index(), Reading::kDestination) &&
               read_address(value, tuple.destination);
    }
    if (key == "sport" || key == "srckey") return read_number(value, tuple.source_key);
    if (key == "dport" || key == "dstkey") return read_number(value, tuple.destination_key);
    if (key == "id" && is_icmp(tuple.protocol) && !reading.has_icmp_id[reading.index()]) {
        reading.has_icmp_id[reading.index()] = true;
        return read_number(value, tuple.source_key);
    }
    if (key == "type" || key == "code") {
        if (!read_number(value, small)) return false;
        key == "type" ? set_icmp_type(tuple, small) : set_icmp_code(tuple, small);
        return true;
    }
    if (key == "packets" || key == "bytes") {
        reading.entry.counted = true;
        auto& counters = key == "packets" ? reading.entry.packets : reading.entry.bytes;
        return read_number(value, counters[reading.index()]);
    }
    if (key == "zone-orig") return read_number(value, reading.entry.zone_original);
    if (key == "zone-reply") return read_number(value, reading.entry.zone_reply);
    is_known = false;
    return false;
}

bool read_age(std::string_view value, EntryCopy& entry) {
    std::int64_t ns = 0;
    if (!read_seconds(value, ns)) return false;
    entry.started = Time{};
    entry.copied = Time{ns};
    return true;
}

/// Words that belong to the entry as a whole.
bool read_entry_word(Reading& reading, std::string_view key, std::string_view value, bool is_proc,
                     const Labels* labels) {
    EntryCopy& entry = reading.entry;
    if (key == "mark") return read_number(value, entry.mark);
    if (key == "zone") {
        if (!read_number(value, entry.zone_original)) return false;
        entry.zone_reply = entry.zone_original;
        return true;
    }
    if (key == "delta-time") return read_age(value, entry);
    if (key == "helper") {
        entry.helper = value;
        return !value.empty();
    }
    if (key == "use") {
        if (!read_number(value, entry.use)) return false;
        if (is_proc && entry.use > 0) --entry.use;  // it counted its own reading
        return true;
    }
    if (key == "id") return read_number(value, entry.id);
    if (key == "labels") return read_labels(value, entry, labels);
    if (key == "secctx") return true;
    if (key == "timeout" && !value.empty() && value.back() == ',') {
        return read_number(value.substr(0, value.size() - 1), entry.gre_timeout_s);
    }
    if (key == "stream_timeout") return read_number(value, entry.gre_stream_timeout_s);
    return false;
}

bool read_bracket(std::string_view word, std::uint32_t& bits) {
    if (word == "[UNREPLIED]") {
        bits &= ~status::kSeenReply;
    } else if (word == "[ASSURED]") {
        bits |= status::kAssured;
    } else if (word == "[OFFLOAD]") {
        bits |= status::kOffload;
    } else if (word == "[HW_OFFLOAD]") {
        bits |= status::kHwOffload;
    } else {
        return word.substr(0, 7) == "[start=" || word.substr(0, 6) == "[stop=";
    }
    return true;
}

tl::unexpected<Error> fault_at(std::string_view line, std::size_t column, std::string words) {
    Error error = Error::of(ErrorKind::input, std::move(words));
    error.faults[0].column = static_cast<int>(column);
    error.faults[0].source_line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    return Unexpected(std::move(error));
}

tl::unexpected<Error> not_understood(std::string_view line, const Word& word) {
    if (word.text.empty()) return fault_at(line, word.column, "the line ends too early");
    return fault_at(line, word.column,
                    fmt::format("`{}' is not what stands here in a listing", word.text));
}

/// [family number] protocol number [seconds] [state].
bool read_beginning(Words& words, Reading& reading, bool has_family, Word& word) {
    std::uint8_t number = 0;
    if (has_family) {
        word = words.peek();
        if (!words.next(word) || (word.text != "ipv4" && word.text != "ipv6")) return false;
        const bool is_v4 = word.text == "ipv4";
        word = words.peek();
        if (!words.next(word) || word.text != (is_v4 ? "2" : "10")) return false;
    }
    word = words.peek();
    if (!words.next(word)) return false;
    const std::string_view name = word.text;
    word = words.peek();
    if (!words.next(word) || !read_number(word.text, number)) return false;
    const std::optional<std::uint8_t> named = parse_protocol_name(name);
    if (name != "unknown" && named != number) return false;
    reading.entry.original.protocol = reading.entry.reply.protocol = number;
    reading.has_protocol = true;
    EntryCopy& entry = reading.entry;
    if (read_seconds(words.peek().text, entry.timeout_ns)) words.next(word);
    if (number == protocol::kTcp) {
        if (read_state(words.peek().text, kTcpStates, entry.tcp_state)) words.next(word);
    } else if (number == protocol::kSctp) {
        if (read_state(words.peek().text, kSctpStates, entry.sctp_state)) words.next(word);
    }
    return true;
}

/// What no line of a listing can be without.
Result<EntryCopy> finished(std::string_view line, const Reading& reading) {
    const EntryCopy& entry = reading.entry;
    const std::size_t behind = line.size() + 1;
    if (!reading.has_protocol) return fault_at(line, behind, "no protocol is named");
    if (!reading.has_all_addresses()) {
        return fault_at(line, behind, "a source and a destination are needed for each direction");
    }
    const Family family = entry.original.source.family;
    if (entry.original.destination.family != family || entry.reply.source.family != family ||
        entry.reply.destination.family != family) {
        return fault_at(line, behind, "IPv4 and IPv6 addresses in one entry");
    }
    return entry;
}

Result<EntryCopy> parse_text(std::string_view line, EntryFormat format, const Labels* labels) {
    const bool is_proc = format == EntryFormat::proc;
    Reading reading;
    reading.entry.status = status::kConfirmed | status::kSeenReply;
    Words words{line};
    Word word;
    if (!read_beginning(words, reading, is_proc || format == EntryFormat::extended, word)) {
        return not_understood(line, word);
    }
    while (words.next(word)) {
        if (word.text[0] == '[') {
            if (!read_bracket(word.text, reading.entry.status)) return not_understood(line, word);
            continue;
        }
        const std::size_t equals = word.text.find('=');
        const std::string_view key = word.text.substr(0, equals);
        const std::string_view value =
            equals == std::string_view::npos ? "" : word.text.substr(equals + 1);
        bool is_known = true;
        if (read_direction_word(reading, key, value, is_known)) continue;
        if (is_known || !read_entry_word(reading, key, value, is_proc, labels)) {
            return not_understood(line, word);
        }
    }
    return finished(line, reading);
}

// --- save ------------------------------------------------------------------------------------------

bool read_status_list(std::string_view list, std::uint32_t& bits) {
    while (true) {
        const std::size_t comma = list.find(',');
        const std::string_view word = list.substr(0, comma);
        if (word == "EXPECTED") {
            bits |= status::kExpected;
        } else if (word == "SEEN_REPLY") {
            bits |= status::kSeenReply;
        } else if (word == "ASSURED") {
            bits |= status::kAssured;
        } else if (word == "FIXED_TIMEOUT") {
            bits |= status::kFixedTimeout;
        } else if (word != "UNSET") {
            return false;
        }
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
}

bool read_turned_vtag(std::string_view words, std::uint32_t& vtag) {
    std::uint32_t v = 0;
    if (!read_number(words, v)) return false;
    vtag = v << 24 | (v & 0xff00U) << 8 | (v >> 8 & 0xff00U) | v >> 24;
    return true;
}

bool read_save_state(std::string_view word, EntryCopy& entry) {
    if (entry.original.protocol == protocol::kTcp) {
        return read_state(word, kTcpStates, entry.tcp_state);
    }
    if (entry.original.protocol != protocol::kSctp) return false;
    if (word != "(null)") return read_state(word, kSctpStates, entry.sctp_state);
    entry.sctp_state = SctpState::heartbeat_sent;  // the tool has no word for it
    return true;
}

bool read_save_address(Reading& reading, char option, std::string_view value) {
    EntryCopy& entry = reading.entry;
    const auto read = [&reading, value](std::size_t direction, unsigned which, Address& address) {
        return reading.note(direction, which) && read_address(value, address);
    };
    switch (option) {
        case 's': return read(0, Reading::kSource, entry.original.source);
        case 'd': return read(0, Reading::kDestination, entry.original.destination);
        case 'g': entry.status |= status::kDstNat | status::kDstNatDone; [[fallthrough]];
        case 'r': return read(1, Reading::kSource, entry.reply.source);
        case 'n': entry.status |= status::kSrcNat | status::kSrcNatDone; [[fallthrough]];
        case 'q': return read(1, Reading::kDestination, entry.reply.destination);
        default: return false;
    }
}

bool read_save_protocol(Reading& reading, std::string_view value) {
    const std::optional<std::uint8_t> number = parse_protocol_name(value);
    if (!number) return false;
    reading.entry.original.protocol = reading.entry.reply.protocol = *number;
    reading.has_protocol = true;
    return true;
}

bool read_save_icmp(EntryCopy& entry, std::string_view option, std::string_view value) {
    std::uint8_t small = 0;
    if (option == "id") return read_number(value, entry.original.source_key);
    if (!read_number(value, small)) return false;
    if (option == "type") {
        set_icmp_type(entry.original, small);
    } else if (option == "code") {
        set_icmp_code(entry.original, small);
    } else {
        return false;
    }
    return true;
}

bool read_save_long(Reading& reading, std::string_view option, std::string_view value) {
    EntryCopy& entry = reading.entry;
    if (option == "sport" || option == "srckey") {
        return read_number(value, entry.original.source_key);
    }
    if (option == "dport" || option == "dstkey") {
        return read_number(value, entry.original.destination_key);
    }
    if (option == "reply-port-src" || option == "reply-key-src") {
        return read_number(value, entry.reply.source_key);
    }
    if (option == "reply-port-dst" || option == "reply-key-dst") {
        return read_number(value, entry.reply.destination_key);
    }
    if (option == "state") return read_save_state(value, entry);
    if (option == "orig-vtag") return read_turned_vtag(value, entry.sctp_vtags[0]);
    if (option == "reply-vtag") return read_turned_vtag(value, entry.sctp_vtags[1]);
    if (option == "orig-zone") return read_number(value, entry.zone_original);
    if (option == "reply-zone") return read_number(value, entry.zone_reply);
    if (option.substr(0, 5) == "icmp-") return read_save_icmp(entry, option.substr(5), value);
    if (option.substr(0, 7) == "icmpv6-") return read_save_icmp(entry, option.substr(7), value);
    return false;
}

bool read_save_option(Reading& reading, std::string_view option, std::string_view value) {
    EntryCopy& entry = reading.entry;
    if (option.substr(0, 2) == "--") return read_save_long(reading, option.substr(2), value);
    if (option.size() != 2 || option[0] != '-') return false;
    switch (option[1]) {
        case 't': return read_seconds(value, entry.timeout_ns);
        case 'u': return read_status_list(value, entry.status);
        case 'p': return read_save_protocol(reading, value);
        case 'w': {
            if (!read_number(value, entry.zone_original)) return false;
            entry.zone_reply = entry.zone_original;
            return true;
        }
        default: return read_save_address(reading, option[1], value);
    }
}

Result<EntryCopy> parse_save(std::string_view line) {
    Reading reading;
    reading.entry.status = status::kConfirmed;
    Words words{line};
    Word word = words.peek();
    words.next(word);
    if (word.text != "-A" && word.text != "-U" && word.text != "-D") {
        return not_understood(line, word);
    }
    while (words.next(word)) {
        const Word value = words.peek();
        Word skipped;
        if (!words.next(skipped)) {
            return fault_at(line, value.column, fmt::format("`{}' needs an argument", word.text));
        }
        if (!read_save_option(reading, word.text, value.text)) {
            return fault_at(
                line, word.column,
                fmt::format("`{} {}' is not an option of a saved listing", word.text, value.text));
        }
    }
    EntryCopy& entry = reading.entry;
    if (is_icmp(entry.original.protocol)) {
        const std::optional<Tuple> answer = inverse_of(entry.original);
        if (!answer) return fault_at(line, 1, "an ICMP message that nothing answers");
        entry.reply.source_key = answer->source_key;
        entry.reply.destination_key = answer->destination_key;
    }
    return finished(line, reading);
}

}  // namespace
}  // namespace ct

Result<EntryCopy> parse_entry(std::string_view line, EntryFormat format,
                              const std::vector<LabelName>* labels) {
    switch (format) {
        case EntryFormat::proc:
        case EntryFormat::old_proc:
        case EntryFormat::conntrack:
        case EntryFormat::extended: return ct::parse_text(line, format, labels);
        case EntryFormat::save: return ct::parse_save(line);
        case EntryFormat::xml:
        case EntryFormat::json: break;
    }
    return Unexpected(Error::of(ErrorKind::usage, "listings in XML and JSON are not read back"));
}

}  // namespace keepstate
