// The words of wishes, read and compared; see scenario_wish.hpp.
#include "cli/scenario_wish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/words.hpp"
#include "keepstate/tuple.hpp"

namespace keepstate::cli {

namespace {

constexpr std::array<std::string_view, 6> kStates{"NEW",     "ESTABLISHED", "RELATED",
                                                  "INVALID", "UNTRACKED",   "unseen"};
constexpr std::array<std::string_view, 17> kProtocolStates{
    "NONE",           "SYN_SENT",         "SYN_RECV",      "ESTABLISHED",   "FIN_WAIT",
    "CLOSE_WAIT",     "LAST_ACK",         "TIME_WAIT",     "CLOSE",         "SYN_SENT2",
    "CLOSED",         "COOKIE_WAIT",      "COOKIE_ECHOED", "SHUTDOWN_SENT", "SHUTDOWN_RECD",
    "HEARTBEAT_SENT", "SHUTDOWN_ACK_SENT"};
constexpr std::array<std::string_view, 2> kDirections{"ORIGINAL", "REPLY"};
constexpr std::array<std::string_view, 6> kVerdicts{"ACCEPT", "DROP",   "REJECT",
                                                    "QUEUE",  "STOLEN", "HELD"};
constexpr std::array<std::string_view, 8> kKeys{"no-entry", "mark",   "connmark", "rule",
                                                "policy",   "reason", "answer",   "out"};
constexpr std::array<std::string_view, kReasons> kReasonWords{
#define KS_REASON_WORD(name, kind, sentence, kernel_words) #name,
    KS_REASONS(KS_REASON_WORD)
#undef KS_REASON_WORD
};
constexpr std::array<std::string_view, kTables> kTableNames{"raw", "mangle", "nat", "filter",
                                                            "security"};
constexpr std::uint32_t kStatusBits = 16;

bool is_one_of(std::string_view word, std::span<const std::string_view> known) {
    return std::find(known.begin(), known.end(), word) != known.end();
}

std::optional<std::uint32_t> find_status(std::string_view word) {
    for (std::uint32_t bit = 0; bit < kStatusBits; ++bit) {
        const std::vector<std::string_view> words = status_words(1U << bit);
        if (!words.empty() && words.front() == word) return 1U << bit;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> parse_number(std::string_view word) {
    int base = 10;
    if (word.substr(0, 2) == "0x") {
        base = 16;
        word.remove_prefix(2);
    }
    std::uint32_t number = 0;
    const auto [end, failure] =
        std::from_chars(word.data(), word.data() + word.size(), number, base);
    if (failure != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return number;
}

std::string nearest_of_all(std::string_view word) {
    std::vector<std::string_view> known;
    for (const auto list :
         {std::span<const std::string_view>(kStates),
          std::span<const std::string_view>(kProtocolStates),
          std::span<const std::string_view>(kDirections),
          std::span<const std::string_view>(kVerdicts), std::span<const std::string_view>(kKeys)}) {
        known.insert(known.end(), list.begin(), list.end());
    }
    for (std::uint32_t bit = 0; bit < kStatusBits; ++bit) {
        for (const std::string_view status : status_words(1U << bit)) known.push_back(status);
    }
    return std::string(base::nearest_word(word, known));
}

/// Reads one wish, word by word.
class WishReader {
  public:
    WishReader(std::string_view words, int column, std::vector<Fault>& faults)
        : words_(words), column_(column), faults_(faults) {}

    Wish read() {
        for (std::string_view word = take(); !word.empty(); word = take()) read_word(word);
        return std::move(wish_);
    }

  private:
    std::string_view take() {
        while (at_ < words_.size() && words_[at_] == ' ') ++at_;
        word_at_ = at_;
        while (at_ < words_.size() && words_[at_] != ' ') ++at_;
        return words_.substr(word_at_, at_ - word_at_);
    }
    void fault(std::string words) {
        faults_.push_back(Fault{{}, 0, column_ + static_cast<int>(word_at_), std::move(words), {}});
    }

    void read_word(std::string_view word) {
        if (wish_.state.empty() && !saw_state_ && is_one_of(word, kStates)) {
            wish_.state = word;
            saw_state_ = true;
        } else if (is_one_of(word, kProtocolStates)) {
            wish_.protocol_state = word;
        } else if (is_one_of(word, kDirections)) {
            wish_.direction = word;
        } else if (is_one_of(word, kVerdicts)) {
            wish_.verdict = word;
        } else if (is_one_of(word, kKeys)) {
            read_key(word);
        } else if (!read_status(word) && !read_timeout(word)) {
            fault(fmt::format("unknown word `{}' in what is wanted; the nearest is {}", word,
                              nearest_of_all(word)));
        }
    }

    bool read_status(std::string_view word) {
        const bool is_cleared = word.front() == '!';
        const auto bit = find_status(is_cleared ? word.substr(1) : word);
        if (bit) (is_cleared ? wish_.status_cleared : wish_.status_set) |= *bit;
        return bit.has_value();
    }

    bool read_timeout(std::string_view word) {
        if (word.back() != 's') return false;
        const auto seconds = parse_number(word.substr(0, word.size() - 1));
        if (seconds) wish_.timeout_s = *seconds;
        return seconds.has_value();
    }

    void read_key(std::string_view key) {
        if (key == "no-entry") wish_.no_entry = true;
        if (key == "mark") wish_.mark = take_number(key);
        if (key == "connmark") wish_.connmark = take_number(key);
        if (key == "out") wish_.out = take_needed("a device, or host");
        if (key == "answer") read_answer();
        if (key == "reason") {
            wish_.reason = take_known("reason", kReasonWords);
        }
        if (key == "rule" || key == "policy") {
            wish_.rule = take_known("table", kTableNames);
            wish_.rule += fmt::format(" {} ", take_needed("a chain"));
            wish_.rule += key == "policy" ? "policy" : std::to_string(take_number(key));
        }
    }

    void read_answer() {
        const std::string_view kind = take_needed("none, tcp, icmp or icmp6");
        if (kind == "none") {
            wish_.answer = "none";
        } else {
            wish_.answer = fmt::format("{} {}", kind, take_needed("what kind of answer"));
        }
    }

    std::string_view take_needed(std::string_view wanted) {
        const std::string_view word = take();
        if (word.empty()) fault(fmt::format("{} is missing", wanted));
        return word;
    }
    std::uint32_t take_number(std::string_view what) {
        const std::string_view word = take_needed("a number");
        const auto number = parse_number(word);
        if (!number && !word.empty()) fault(fmt::format("{}: `{}' is no number", what, word));
        return number.value_or(0);
    }
    std::string_view take_known(std::string_view what, std::span<const std::string_view> known) {
        const std::string_view word = take_needed(fmt::format("a {}", what));
        if (!word.empty() && !is_one_of(word, known)) {
            fault(fmt::format("unknown {} `{}'; the nearest is {}", what, word,
                              base::nearest_word(word, known)));
        }
        return word;
    }

    std::string_view words_;
    int column_;
    std::vector<Fault>& faults_;
    Wish wish_;
    std::size_t at_ = 0;
    std::size_t word_at_ = 0;
    bool saw_state_ = false;
};

std::string status_text(std::uint32_t bits) {
    const std::vector<std::string_view> words = status_words(bits);
    return words.empty() ? "none" : fmt::format("{}", fmt::join(words, " "));
}

std::string or_nothing(const std::string& words) { return words.empty() ? "nothing" : words; }

}  // namespace

Wish parse_wish(std::string_view words, int column, std::vector<Fault>& faults) {
    return WishReader(words, column, faults).read();
}

namespace {

std::string hex_of(std::span<const std::uint8_t> bytes) {
    std::string out;
    for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
    return out.empty() ? "nothing" : out;
}

/// IPv4: identification and header checksum zero; IPv6: flow label zero.
std::vector<std::uint8_t> without_id(std::vector<std::uint8_t> ip) {
    constexpr std::size_t kHeader = 20;
    if (ip.size() < kHeader) return ip;
    if (ip[0] >> 4 == 6) {
        ip[1] &= 0xf0;
        ip[2] = ip[3] = 0;
        return ip;
    }
    for (const std::size_t at : {4, 5, 10, 11}) ip[at] = 0;
    return ip;
}

void compare_bytes(std::string_view what, const std::vector<std::uint8_t>& wanted,
                   const std::vector<std::uint8_t>& got, bool any_id,
                   std::vector<Difference>& differences) {
    const bool same = any_id ? without_id(wanted) == without_id(got) : wanted == got;
    if (wanted.empty() || same) return;
    differences.push_back({std::string(what), hex_of(wanted), hex_of(got)});
}

}  // namespace

std::vector<Difference> compare(const Wish& wish, const Seen& seen, std::int64_t slack_s) {
    std::vector<Difference> differences;
    const auto differs = [&](std::string what, std::string wanted, std::string got) {
        differences.push_back({std::move(what), std::move(wanted), std::move(got)});
    };
    const auto words = [&](const char* what, const std::string& wanted, const std::string& got) {
        if (!wanted.empty() && wanted != got) differs(what, wanted, or_nothing(got));
    };
    words("state", wish.state, seen.state);
    words("direction", wish.direction, seen.direction);
    words("protocol state", wish.protocol_state, seen.protocol_state);
    words("verdict", wish.verdict, seen.verdict);
    words("rule", wish.rule, seen.rule);
    words("reason", wish.reason, seen.reason);
    words("answer", wish.answer, seen.answer);
    words("out", wish.out, seen.out);
    compare_bytes("left as", wish.leaves, seen.left_bytes, false, differences);
    compare_bytes("answered by", wish.answered, seen.answer_bytes, true, differences);
    if (wish.timeout_s) {
        const std::int64_t off = seen.timeout_s - *wish.timeout_s;
        if (!seen.has_entry || off > slack_s || off < -slack_s) {
            differs("timeout", fmt::format("{}s", *wish.timeout_s),
                    seen.has_entry ? fmt::format("{}s", seen.timeout_s) : "no entry");
        }
    }
    if (wish.mark && *wish.mark != seen.mark) {
        differs("mark", fmt::format("{:#x}", *wish.mark), fmt::format("{:#x}", seen.mark));
    }
    if (wish.connmark && *wish.connmark != seen.connmark) {
        differs("connmark", fmt::format("{:#x}", *wish.connmark),
                fmt::format("{:#x}", seen.connmark));
    }
    const std::uint32_t missing = wish.status_set & ~seen.status;
    const std::uint32_t surplus = wish.status_cleared & seen.status;
    if (missing != 0) differs("status", status_text(wish.status_set), status_text(seen.status));
    if (surplus != 0) differs("status", "not " + status_text(surplus), status_text(seen.status));
    if (wish.no_entry && seen.has_entry) differs("entry", "none", "one, " + print_seen(seen));
    return differences;
}

std::string print_seen(const Seen& seen) {
    std::string words = seen.state;
    const auto add = [&words](const std::string& word) {
        if (!word.empty()) words += " " + word;
    };
    add(seen.direction);
    if (seen.has_entry) {
        add(seen.protocol_state);
        constexpr std::uint32_t kShown = status::kAssured | status::kExpected;
        for (const std::string_view word : status_words(seen.status & kShown))
            add(std::string(word));
        add(fmt::format("{}s", seen.timeout_s));
        if (seen.connmark != 0) add(fmt::format("connmark {:#x}", seen.connmark));
    } else {
        add("no-entry");
    }
    add(seen.verdict);
    if (seen.mark != 0) add(fmt::format("mark {:#x}", seen.mark));
    if (seen.reason != "none") add("reason " + seen.reason);
    if (seen.answer != "none") add("answer " + seen.answer);
    return words;
}

std::string describe_answer(std::span<const std::uint8_t> ip) {
    if (ip.empty()) return "none";
    const bool is_v4 = ip[0] >> 4 == 4;
    const std::size_t header = is_v4 ? (ip[0] & 0x0fU) * 4U : 40U;
    constexpr std::size_t kLeast = 14;  // up to TCP's flags
    if (ip.size() < header + 8) return "too short";
    const std::uint8_t number = ip[is_v4 ? 9 : 6];
    const std::uint8_t* transport = ip.data() + header;
    if (number == protocol::kIcmp || number == protocol::kIcmpv6) {
        return fmt::format("{} {}/{}", is_v4 ? "icmp" : "icmp6", transport[0], transport[1]);
    }
    if (number != protocol::kTcp || ip.size() < header + kLeast) {
        return fmt::format("protocol {}", number);
    }
    constexpr std::array<std::string_view, 8> kFlags{"fin", "syn", "rst", "psh",
                                                     "ack", "urg", "ece", "cwr"};
    std::vector<std::string_view> flags;
    for (std::size_t bit = 0; bit < kFlags.size(); ++bit) {
        if (transport[13] & (1U << bit)) flags.push_back(kFlags[bit]);
    }
    return fmt::format("tcp {}", fmt::join(flags, ","));
}

Seen seen_of(const Decision& decision) {
    Seen seen;
    if (decision.state) seen.state = text(*decision.state);
    if (decision.direction) seen.direction = text(*decision.direction);
    seen.verdict = text(decision.verdict);
    if (decision.rule.is_set()) {
        const std::string number =
            decision.rule.number == 0 ? "policy" : std::to_string(decision.rule.number);
        seen.rule = fmt::format("{} {} {}", text(decision.rule.table), decision.rule.chain, number);
    }
    seen.reason = text(decision.reason);
    seen.answer = describe_answer(decision.reply_bytes);
    seen.out = decision.out_device.empty() ? std::string("host") : std::string(decision.out_device);
    seen.mark = decision.mark;
    seen.left_bytes.assign(decision.out_bytes.begin(), decision.out_bytes.end());
    seen.answer_bytes.assign(decision.reply_bytes.begin(), decision.reply_bytes.end());
    if (decision.entry && (decision.entry->status & status::kDying) == 0) {
        seen.has_entry = true;
        seen.status = decision.entry->status;
        seen.timeout_s = decision.entry->timeout_ns / kNsPerSecond;
        seen.connmark = decision.entry->mark;
        if (decision.entry->tcp_state) seen.protocol_state = text(*decision.entry->tcp_state);
        if (decision.entry->sctp_state) seen.protocol_state = text(*decision.entry->sctp_state);
    }
    return seen;
}

}  // namespace keepstate::cli
