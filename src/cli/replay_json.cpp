// One JSON object a packet, by hand: a capture of a million packets must not wait for a JSON library.
//
// The keys and their order are the contract; all are always there, null where there is nothing to say.
// "capture" is added if there are several captures, "sctp_state" if there is one, "log" if a LOG or TRACE rule
// wrote something, "events" and "explanation" if they were asked for.
#include <array>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "cli/packet_text.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::cli {
namespace {

void print_number(std::uint64_t value, std::string& out) {
    std::array<char, 24> digits{};
    out.append(digits.data(),
               std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void print_signed(std::int64_t value, std::string& out) {
    if (value < 0) out += '-';
    print_number(
        value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value),
        out);
}

/// A word that needs no escapes, or null if it is empty.
void print_word(std::string_view word, std::string& out) {
    if (word.empty()) {
        out += "null";
        return;
    }
    out += '"';
    out += word;
    out += '"';
}

void print_text_or_null(std::string_view text, std::string& out) {
    if (text.empty()) {
        out += "null";
    } else {
        print_json_string(text, out);
    }
}

std::string_view event_word(EventKind kind) {
    switch (kind) {
        case EventKind::new_: return "NEW";
        case EventKind::update: return "UPDATE";
        case EventKind::destroy: break;
    }
    return "DESTROY";
}

class JsonPrinter final : public PacketPrinter {
  public:
    explicit JsonPrinter(JsonStyle style) : style_(std::move(style)) {}

    void print(const run::Outcome& outcome, std::string& out) override {
        const Decision& decision = outcome.decision;
        print_packet(outcome, out);
        out += ", \"ctstate\": ";
        print_word(decision.state ? text(*decision.state) : std::string_view(), out);
        out += ", \"ctdir\": ";
        print_word(decision.direction ? text(*decision.direction) : std::string_view(), out);
        out += ", \"reason\": ";
        print_word(decision.reason == Reason::none ? std::string_view() : text(decision.reason),
                   out);
        print_entry_facts(decision, out);
        out += ", \"verdict\": ";
        print_word(text(decision.verdict), out);
        print_rule(decision.rule, out);
        if (style_.events) print_events(outcome, out);
        if (style_.expectation_events) print_expectation_events(outcome, out);
        if (!outcome.log.empty()) print_lines("log", outcome.log, out);
        if (style_.explain) print_lines("explanation", outcome.story, out);
        out += "}\n";
    }

  private:
    void print_packet(const run::Outcome& outcome, std::string& out) {
        const run::Arrival& arrival = outcome.arrival;
        const Decision& decision = outcome.decision;
        out += "{\"packet\": ";
        print_number(arrival.number, out);
        if (style_.captures.size() > 1) {
            out += ", \"capture\": ";
            print_json_string(style_.captures[arrival.capture], out);
        }
        out += ", \"time\": \"";
        print_time(arrival.frame.time.ns, arrival.finer_than_us, out);
        out += "\", \"in\": ";
        print_text_or_null(decision.in_device, out);
        out += ", \"out\": ";
        print_text_or_null(decision.out_device, out);
        out += ", \"hooks\": [";
        for (std::size_t i = 0; i < decision.hook_count; ++i) {
            if (i > 0) out += ',';
            print_word(text(decision.hooks[i]), out);
        }
        out += "], \"family\": ";
        print_word(text(decision.family), out);
        out += ", \"protocol\": ";
        print_protocol(decision.protocol, out);
        out += ", \"summary\": ";
        summary_.clear();
        print_summary(arrival.frame.link, arrival.frame.bytes, summary_);
        print_text_or_null(summary_, out);
    }

    static void print_protocol(std::uint8_t number, std::string& out) {
        const std::string_view name = protocol_name(number);
        out += '"';
        if (name.empty()) {
            print_number(number, out);
        } else {
            out += name;
        }
        out += '"';
    }

    void print_entry_facts(const Decision& decision, std::string& out) {
        if (!decision.entry) {
            out +=
                ", \"connection\": null, \"tcp_state\": null, \"status\": null, \"timeout\": null";
            return;
        }
        const EntryFacts& entry = *decision.entry;
        out += ", \"connection\": ";
        if (entry.number == 0) {
            out += "null";
        } else {
            print_number(entry.number, out);
        }
        out += ", \"tcp_state\": ";
        print_word(entry.tcp_state ? text(*entry.tcp_state) : std::string_view(), out);
        if (entry.sctp_state) {
            out += ", \"sctp_state\": ";
            print_word(text(*entry.sctp_state), out);
        }
        out += ", \"status\": ";
        out += status_list(entry.status);
        out += ", \"timeout\": ";
        print_signed(entry.timeout_ns / kNsPerSecond, out);
    }

    /// The list for a set of bits, made once for each set that occurs.
    const std::string& status_list(std::uint32_t bits) {
        const auto found = status_lists_.find(bits);
        if (found != status_lists_.end()) return found->second;
        std::string list = "[";
        for (const std::string_view word : status_words(bits)) {
            if (list.size() > 1) list += ',';
            print_word(word, list);
        }
        list += ']';
        return status_lists_.emplace(bits, std::move(list)).first->second;
    }

    static void print_rule(const RuleReference& rule, std::string& out) {
        if (!rule.is_set()) {
            out += ", \"table\": null, \"chain\": null, \"rule\": null, \"rule_text\": null";
            return;
        }
        out += ", \"table\": ";
        print_word(text(rule.table), out);
        out += ", \"chain\": ";
        print_json_string(rule.chain, out);
        out += ", \"rule\": ";
        if (rule.number == 0) {
            out += "null";
        } else {
            print_number(rule.number, out);
        }
        out += ", \"rule_text\": ";
        print_text_or_null(rule.rule_text, out);
    }

    void print_expectation_events(const run::Outcome& outcome, std::string& out) {
        out += ", \"expect_events\": [";
        bool first = true;
        for (const ExpectationEvent& event : outcome.expectation_events) {
            if (!first) out += ", ";
            first = false;
            out += "{\"event\": ";
            print_word(event_word(event.kind), out);
            out += ", \"text\": ";
            summary_.clear();
            print_expectation_event(event.kind, event.expectation, summary_, EntryFormat::conntrack,
                                    style_.listing);
            if (!summary_.empty() && summary_.back() == '\n') summary_.pop_back();
            print_json_string(summary_, out);
            out += '}';
        }
        out += ']';
    }

    void print_events(const run::Outcome& outcome, std::string& out) {
        out += ", \"events\": [";
        bool first = true;
        for (const Event& event : outcome.events) {
            if (!first) out += ", ";
            first = false;
            out += "{\"event\": ";
            print_word(event_word(event.kind), out);
            out += ", \"connection\": ";
            print_number(event.entry.number, out);
            out += ", \"text\": ";
            summary_.clear();
            print_event(event, summary_, EntryFormat::conntrack, style_.listing);
            if (!summary_.empty() && summary_.back() == '\n') summary_.pop_back();
            print_json_string(summary_, out);
            out += '}';
        }
        out += ']';
    }

    static void print_lines(std::string_view key, std::string_view lines, std::string& out) {
        out += ", \"";
        out += key;
        out += "\": [";
        bool first = true;
        while (!lines.empty()) {
            const std::size_t end = lines.find('\n');
            if (!first) out += ", ";
            first = false;
            print_json_string(lines.substr(0, end), out);
            lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
        }
        out += ']';
    }

    JsonStyle style_;
    std::string summary_;  ///< reused
    std::unordered_map<std::uint32_t, std::string> status_lists_;
};

}  // namespace

std::unique_ptr<PacketPrinter> make_json_printer(JsonStyle style) {
    return std::make_unique<JsonPrinter>(std::move(style));
}

}  // namespace keepstate::cli
