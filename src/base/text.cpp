// The words of every public enumeration, in one place: what listings, rules, JSON and explanations print.
//
// Each list stands in the order of its enumerators; the numbers of TCP and SCTP states and of the status
// bits are the kernel's, so a new one is appended, never put between. An enumerator without a word is a
// bug of ours and asserted.
//
// source: conntrack-tools 1.4.7 listings, iptables 1.8.9 chain and table names.   Tested by: base/text_test.cpp.
#include <array>

#include "base/assert.hpp"
#include "keepstate/reason.hpp"
#include "keepstate/state.hpp"
#include "keepstate/verdict.hpp"

namespace keepstate {
namespace {

using namespace std::string_view_literals;

template <typename Enum, std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& words, Enum value) {
    const auto index = static_cast<std::size_t>(value);
    KS_ASSERT(index < N);
    return words[index];
}

constexpr std::array kCtStateWords{"INVALID"sv, "NEW"sv, "ESTABLISHED"sv, "RELATED"sv,
                                   "UNTRACKED"sv};
constexpr std::array kCtDirectionWords{"ORIGINAL"sv, "REPLY"sv};
constexpr std::array kTcpStateWords{"NONE"sv,     "SYN_SENT"sv,   "SYN_RECV"sv, "ESTABLISHED"sv,
                                    "FIN_WAIT"sv, "CLOSE_WAIT"sv, "LAST_ACK"sv, "TIME_WAIT"sv,
                                    "CLOSE"sv,    "SYN_SENT2"sv};
constexpr std::array kSctpStateWords{
    "NONE"sv,          "CLOSED"sv,        "COOKIE_WAIT"sv,       "COOKIE_ECHOED"sv, "ESTABLISHED"sv,
    "SHUTDOWN_SENT"sv, "SHUTDOWN_RECD"sv, "SHUTDOWN_ACK_SENT"sv, "HEARTBEAT_SENT"sv};
constexpr std::array kHookWords{"PREROUTING"sv, "INPUT"sv, "FORWARD"sv, "OUTPUT"sv,
                                "POSTROUTING"sv};
constexpr std::array kTableWords{"raw"sv, "mangle"sv, "nat"sv, "filter"sv, "security"sv};
constexpr std::array kVerdictWords{"ACCEPT"sv, "DROP"sv,   "REJECT"sv,
                                   "QUEUE"sv,  "STOLEN"sv, "HELD"sv};
constexpr std::array kStatusWords{
    "EXPECTED"sv,     "SEEN_REPLY"sv, "ASSURED"sv,       "CONFIRMED"sv,
    "SRC_NAT"sv,      "DST_NAT"sv,    "SEQ_ADJUST"sv,    "SRC_NAT_DONE"sv,
    "DST_NAT_DONE"sv, "DYING"sv,      "FIXED_TIMEOUT"sv, "TEMPLATE"sv,
    "NAT_CLASH"sv,    "HELPER"sv,     "OFFLOAD"sv,       "HW_OFFLOAD"sv};

static_assert(kTcpStateWords.size() == kTcpStates);
static_assert(kSctpStateWords.size() == kSctpStates);
static_assert(kHookWords.size() == kHooks);
static_assert(kTableWords.size() == kTables);

struct ReasonRow {
    std::string_view word;
    ReasonKind kind;
    std::string_view sentence;
    std::string_view kernel_words;
};

constexpr std::array<ReasonRow, kReasons> kReasonRows{{
#define KS_REASON_ROW(name, kind, sentence, kernel_words) \
    ReasonRow{#name, ReasonKind::kind, sentence, kernel_words},
    KS_REASONS(KS_REASON_ROW)
#undef KS_REASON_ROW
}};

const ReasonRow& row_of(Reason reason) {
    const auto index = static_cast<std::size_t>(reason);
    KS_ASSERT(index < kReasons);
    return kReasonRows[index];
}

}  // namespace

std::string_view text(CtState state) { return word_of(kCtStateWords, state); }
std::string_view text(CtDirection direction) { return word_of(kCtDirectionWords, direction); }
std::string_view text(TcpState state) { return word_of(kTcpStateWords, state); }
std::string_view text(SctpState state) { return word_of(kSctpStateWords, state); }
std::string_view text(Hook hook) { return word_of(kHookWords, hook); }
std::string_view text(Table table) { return word_of(kTableWords, table); }
std::string_view text(Verdict verdict) { return word_of(kVerdictWords, verdict); }

std::vector<std::string_view> status_words(std::uint32_t bits) {
    std::vector<std::string_view> words;
    for (std::size_t bit = 0; bit < kStatusWords.size(); ++bit)
        if ((bits >> bit & 1U) != 0) words.push_back(kStatusWords[bit]);
    return words;
}

std::string_view text(Reason reason) { return row_of(reason).word; }
std::string_view sentence(Reason reason) { return row_of(reason).sentence; }
std::string_view kernel_words(Reason reason) { return row_of(reason).kernel_words; }
ReasonKind kind(Reason reason) { return row_of(reason).kind; }

}  // namespace keepstate
