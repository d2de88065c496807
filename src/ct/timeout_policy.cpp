// nfct's words -> TimeoutPolicy -> Settings; see timeout_policy.hpp.
#include "ct/timeout_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "base/words.hpp"
#include "ct/proto/protocol.hpp"

namespace keepstate {
namespace ct {
namespace {

struct PolicyState {
    std::string_view word;
    std::uint32_t Settings::*timeout;
};

constexpr std::array kTcpPolicy{
    PolicyState{"syn_sent", &Settings::tcp_timeout_syn_sent},
    PolicyState{"syn_recv", &Settings::tcp_timeout_syn_recv},
    PolicyState{"established", &Settings::tcp_timeout_established},
    PolicyState{"fin_wait", &Settings::tcp_timeout_fin_wait},
    PolicyState{"close_wait", &Settings::tcp_timeout_close_wait},
    PolicyState{"last_ack", &Settings::tcp_timeout_last_ack},
    PolicyState{"time_wait", &Settings::tcp_timeout_time_wait},
    PolicyState{"close", &Settings::tcp_timeout_close},
    PolicyState{"syn_sent2", &Settings::tcp_timeout_syn_sent2},
    PolicyState{"retrans", &Settings::tcp_timeout_max_retrans},
    PolicyState{"unacknowledged", &Settings::tcp_timeout_unacknowledged},
};
constexpr std::array kUdpPolicy{
    PolicyState{"unreplied", &Settings::udp_timeout},
    PolicyState{"replied", &Settings::udp_timeout_stream},
};
// Without heartbeat_sent: the kernel would take it, but nfct has no word for it.
constexpr std::array kSctpPolicy{
    PolicyState{"closed", &Settings::sctp_timeout_closed},
    PolicyState{"cookie_wait", &Settings::sctp_timeout_cookie_wait},
    PolicyState{"cookie_echoed", &Settings::sctp_timeout_cookie_echoed},
    PolicyState{"established", &Settings::sctp_timeout_established},
    PolicyState{"shutdown_sent", &Settings::sctp_timeout_shutdown_sent},
    PolicyState{"shutdown_recd", &Settings::sctp_timeout_shutdown_recd},
    PolicyState{"shutdown_ack_sent", &Settings::sctp_timeout_shutdown_ack_sent},
};
constexpr std::array kGrePolicy{
    PolicyState{"unreplied", &Settings::gre_timeout},
    PolicyState{"replied", &Settings::gre_timeout_stream},
};
constexpr std::array kIcmpPolicy{PolicyState{"timeout", &Settings::icmp_timeout}};
constexpr std::array kIcmpv6Policy{PolicyState{"timeout", &Settings::icmpv6_timeout}};
constexpr std::array kGenericPolicy{PolicyState{"timeout", &Settings::generic_timeout}};

struct PolicyProtocol {
    std::uint8_t number;
    std::string_view word;
    std::span<const PolicyState> states;
};
constexpr std::array kPolicyProtocols{
    PolicyProtocol{protocol::kTcp, "tcp", kTcpPolicy},
    PolicyProtocol{protocol::kUdp, "udp", kUdpPolicy},
    PolicyProtocol{protocol::kUdpLite, "udplite", kUdpPolicy},
    PolicyProtocol{protocol::kIcmp, "icmp", kIcmpPolicy},
    PolicyProtocol{protocol::kIcmpv6, "icmpv6", kIcmpv6Policy},
    PolicyProtocol{protocol::kIcmpv6, "ipv6-icmp", kIcmpv6Policy},
    PolicyProtocol{protocol::kSctp, "sctp", kSctpPolicy},
    PolicyProtocol{protocol::kGre, "gre", kGrePolicy},
    PolicyProtocol{TimeoutPolicy::kGeneric, "generic", kGenericPolicy},
};

const PolicyProtocol* find_policy_protocol(std::uint8_t number) {
    const auto found = std::find_if(kPolicyProtocols.begin(), kPolicyProtocols.end(),
                                    [number](const auto& row) { return row.number == number; });
    return found == kPolicyProtocols.end() ? nullptr : &*found;
}

const PolicyState* find_state(const PolicyProtocol& protocol, std::string_view word) {
    const auto found = std::find_if(protocol.states.begin(), protocol.states.end(),
                                    [word](const auto& row) { return row.word == word; });
    return found == protocol.states.end() ? nullptr : &*found;
}

std::string unknown_state(const PolicyProtocol& protocol, std::string_view word) {
    std::vector<std::string_view> known;
    for (const PolicyState& row : protocol.states) known.push_back(row.word);
    return fmt::format("`{}' is no timeout of {}; the nearest is {}", word, protocol.word,
                       base::nearest_word(word, known));
}

std::string in_small_letters(std::string_view word) {
    std::string small(word);
    for (char& c : small) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return small;
}

/// A word of a line and where it begins, from 1.
struct PlacedWord {
    std::string_view text;
    int column = 1;
};

std::vector<PlacedWord> words_of(std::string_view line) {
    line = line.substr(0, line.find('#'));
    std::vector<PlacedWord> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        words.push_back({line.substr(at, end - at), static_cast<int>(at) + 1});
        at = end;
    }
    return words;
}

class PolicyReader {
  public:
    explicit PolicyReader(std::string file) : file_(std::move(file)) {}

    void read_line(std::string_view line) {
        ++line_number_;
        line_ = line;
        words_ = words_of(line);
        if (words_.empty()) return;
        at_ = words_.front().text == "nfct" ? 1 : 0;
        // `nfct timeout add' is the older order of the two words.
        const std::string_view first = peek(0);
        const std::string_view second = peek(1);
        const bool is_add =
            (first == "add" && second == "timeout") || (first == "timeout" && second == "add");
        if (!is_add)
            return fault(
                0, "`add timeout NAME inet|inet6 PROTOCOL STATE SECONDS ...' should stand here");
        at_ += 2;
        read_policy();
    }

    Result<std::vector<TimeoutPolicy>> take() {
        if (!faults_.empty()) return Unexpected(Error{ErrorKind::input, std::move(faults_)});
        return std::move(policies_);
    }

  private:
    std::string_view peek(std::size_t ahead) const {
        return at_ + ahead < words_.size() ? words_[at_ + ahead].text : std::string_view{};
    }
    /// At the word `ahead` of the next one, or behind the last.
    void fault(std::size_t ahead, std::string words) {
        const bool is_there = at_ + ahead < words_.size();
        const PlacedWord& last = words_.back();
        const int column = is_there ? words_[at_ + ahead].column
                                    : last.column + static_cast<int>(last.text.size());
        faults_.push_back({file_, line_number_, column, std::move(words), std::string(line_)});
    }

    void read_policy() {
        TimeoutPolicy policy;
        policy.name = peek(0);
        if (policy.name.empty()) return fault(0, "the policy's name is missing");
        if (policy.name.size() > TimeoutPolicy::kLongestName) {
            return fault(0, fmt::format("a policy's name has {} bytes at most",
                                        TimeoutPolicy::kLongestName));
        }
        const bool is_known =
            std::any_of(policies_.begin(), policies_.end(),
                        [&](const auto& other) { return other.name == policy.name; });
        if (is_known) return fault(0, fmt::format("there is a policy `{}' already", policy.name));
        const std::string_view family = peek(1);
        if (family != "inet" && family != "inet6")
            return fault(1, "`inet' or `inet6' should stand here");
        policy.family = family == "inet" ? Family::ipv4 : Family::ipv6;
        const std::string word = in_small_letters(peek(2));
        const auto protocol = std::find_if(kPolicyProtocols.begin(), kPolicyProtocols.end(),
                                           [&word](const auto& row) { return row.word == word; });
        if (protocol == kPolicyProtocols.end()) {
            return fault(2,
                         "tcp, udp, udplite, icmp, icmpv6, sctp, gre or generic should stand here");
        }
        policy.protocol = protocol->number;
        at_ += 3;
        if (at_ == words_.size())
            return fault(0, "a timeout should stand here: its name and seconds");
        for (; at_ < words_.size(); at_ += 2) read_timeout(*protocol, policy);
        policies_.push_back(std::move(policy));
    }

    void read_timeout(const PolicyProtocol& protocol, TimeoutPolicy& policy) {
        TimeoutPolicy::Timeout timeout{in_small_letters(peek(0)), 0};
        if (find_state(protocol, timeout.state) == nullptr) {
            fault(0, unknown_state(protocol, timeout.state));
        }
        const std::string_view digits = peek(1);
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), timeout.seconds);
        if (digits.empty() || failure != std::errc{} || end != digits.data() + digits.size() ||
            timeout.seconds > TimeoutPolicy::kLongestTimeout) {
            fault(1, fmt::format("a number of seconds should stand here, {} at most",
                                 TimeoutPolicy::kLongestTimeout));
        }
        policy.timeouts.push_back(std::move(timeout));
    }

    std::string file_;
    std::string_view line_;
    int line_number_ = 0;
    std::vector<PlacedWord> words_;
    std::size_t at_ = 0;
    std::vector<TimeoutPolicy> policies_;
    std::vector<Fault> faults_;
};

}  // namespace

Result<Settings> apply_policy(const TimeoutPolicy& policy, const Settings& settings) {
    const auto refused = [&policy](const std::string& words) {
        return Unexpected(Error::of(ErrorKind::usage,
                                    fmt::format("timeout policy `{}': {}", policy.name, words)));
    };
    if (policy.name.empty() || policy.name.size() > TimeoutPolicy::kLongestName) {
        return refused(
            fmt::format("its name must have 1 to {} bytes", TimeoutPolicy::kLongestName));
    }
    const PolicyProtocol* protocol = find_policy_protocol(policy.protocol);
    if (protocol == nullptr) {
        return refused(fmt::format("protocol {} has no policies of its own", policy.protocol));
    }
    if (policy.timeouts.empty()) return refused("it has no timeouts");
    Settings changed = settings;
    for (const TimeoutPolicy::Timeout& timeout : policy.timeouts) {
        const PolicyState* state = find_state(*protocol, timeout.state);
        if (state == nullptr) return refused(unknown_state(*protocol, timeout.state));
        if (timeout.seconds > TimeoutPolicy::kLongestTimeout) {
            return refused(
                fmt::format("{} is above {} s", timeout.state, TimeoutPolicy::kLongestTimeout));
        }
        changed.*(state->timeout) = timeout.seconds;
    }
    return changed;
}

std::uint8_t policy_protocol_of(std::uint8_t number) {
    return find_protocol(number).number == 0 ? TimeoutPolicy::kGeneric : number;
}

std::string_view policy_protocol_name(std::uint8_t number) {
    const PolicyProtocol* protocol = find_policy_protocol(number);
    return protocol == nullptr ? std::string_view("unknown") : protocol->word;
}

}  // namespace ct

Result<std::vector<TimeoutPolicy>> parse_timeout_policies(std::string_view text, std::string file) {
    ct::PolicyReader reader(std::move(file));
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        reader.read_line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.take();
}

}  // namespace keepstate
