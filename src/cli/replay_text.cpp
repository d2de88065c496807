// One line a packet. What is of fixed width stands first, so that the eye can run down a column:
//
//     packet      time  verdict  state          tcp          packet                      decided by
//          2  0.000412  ACCEPT   ESTABLISHED <- SYN_RECV     192.168.3.1:80 > ... len 0  filter FORWARD 2  -A FORWARD ...
//          7  1.002000  DROP     INVALID                     192.168.3.1:80 > ... len 0  filter FORWARD policy  [tcp_ack_beyond_end]
//
// -> is the direction of the packet that made the entry, <- the reply's. The devices have a column only
// if there is something to tell apart. Colours repeat what the words say, never more.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/packet_text.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::cli {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kMagenta = "\x1b[35m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::size_t kSummaryColumns = 80;

std::string_view colour_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::accept: return kGreen;
        case Verdict::drop:
        case Verdict::reject: return kRed;
        case Verdict::queue:
        case Verdict::stolen:
        case Verdict::held: break;
    }
    return kYellow;
}

std::string_view colour_of(CtState state) {
    switch (state) {
        case CtState::invalid: return kMagenta;
        case CtState::new_: return kCyan;
        case CtState::related: return kYellow;
        case CtState::untracked: return kDim;
        case CtState::established: break;
    }
    return {};
}

class TextPrinter final : public PacketPrinter {
  public:
    explicit TextPrinter(TextStyle style) : style_(std::move(style)) {
        if (style_.captures.size() < 2) return;
        for (const std::string& name : style_.captures) {
            capture_columns_ = std::max(capture_columns_, name.size());
        }
    }

    void print(const run::Outcome& outcome, std::string& out) override {
        if (!header_done_) print_header(out);
        header_done_ = true;
        const Decision& decision = outcome.decision;
        print_number_and_time(outcome.arrival, out);
        if (style_.devices) {
            cell(fmt::format("{} > {}", decision.in_device.empty() ? "-" : decision.in_device,
                             decision.out_device.empty() ? "-" : decision.out_device),
                 kDevicesColumns, {}, out);
        }
        cell(text(decision.verdict), 7, colour_of(decision.verdict), out);
        print_state(decision, out);
        cell(decision.entry ? transport_state(*decision.entry) : std::string_view(), 11, {}, out);
        const std::size_t summary_begin = out.size();
        print_summary(outcome.arrival.frame.link, outcome.arrival.frame.bytes, out);
        print_decider(decision, out.size() - summary_begin, out);
        while (out.back() == ' ') out.pop_back();
        out += '\n';
        if (style_.explain) print_story(outcome.story, out);
        if (style_.events) {
            for (const Event& event : outcome.events) {
                print_event(event, out, EntryFormat::conntrack, style_.listing);
            }
        }
        if (!style_.expectation_events) return;
        for (const ExpectationEvent& event : outcome.expectation_events) {
            print_expectation_event(event.kind, event.expectation, out, EntryFormat::conntrack,
                                    style_.listing);
        }
    }

  private:
    static constexpr std::size_t kDevicesColumns = 13;

    void cell(std::string_view words, std::size_t columns, std::string_view colour,
              std::string& out) const {
        coloured(words, colour, out);
        out.append(columns > words.size() ? columns - words.size() : 0, ' ');
        out += "  ";
    }

    void coloured(std::string_view words, std::string_view colour, std::string& out) const {
        const bool paint = style_.colour && !colour.empty() && !words.empty();
        if (paint) out += colour;
        out += words;
        if (paint) out += kPlain;
    }

    void print_header(std::string& out) const {
        std::string line = fmt::format("{:>6}  {:>10}  ", "packet", "time");
        if (capture_columns_ > 0)
            line = fmt::format("{:<{}}  ", "capture", capture_columns_) + line;
        if (style_.devices) line += fmt::format("{:<{}}  ", "in > out", kDevicesColumns);
        line += fmt::format("{:<7}  {:<14}  {:<11}  {:<{}}  {}", "verdict", "state", "tcp state",
                            "summary", kSummaryColumns, "decided by");
        coloured(line, kBold, out);
        out += '\n';
    }

    void print_number_and_time(const run::Arrival& arrival, std::string& out) {
        if (capture_columns_ > 0) {
            out += fmt::format("{:<{}}  ", style_.captures[arrival.capture], capture_columns_);
        }
        cell_text_.clear();
        print_time(arrival.frame.time - style_.begin, arrival.finer_than_us, cell_text_);
        fmt::format_to(std::back_inserter(out), "{:>6}  {:>10}  ", arrival.number, cell_text_);
    }

    void print_state(const Decision& decision, std::string& out) const {
        const std::string_view arrow = !decision.direction                            ? ""
                                       : *decision.direction == CtDirection::original ? "->"
                                                                                      : "<-";
        if (!decision.state) {
            cell("-", 14, {}, out);
            return;
        }
        const std::string_view words = text(*decision.state);
        coloured(words, colour_of(*decision.state), out);
        out.append(12 - words.size(), ' ');
        out += arrow;
        out.append(2 - arrow.size() + 2, ' ');
    }

    void print_decider(const Decision& decision, std::size_t summary_columns,
                       std::string& out) const {
        if (!decision.rule.is_set() && decision.reason == Reason::none) return;
        if (summary_columns < kSummaryColumns) out.append(kSummaryColumns - summary_columns, ' ');
        out += "  ";
        if (decision.reason != Reason::none) {
            coloured(fmt::format("[{}]  ", text(decision.reason)), kMagenta, out);
        }
        if (!decision.rule.is_set()) return;
        out += fmt::format("{} {} ", text(decision.rule.table), decision.rule.chain);
        if (decision.rule.number == 0) {
            out += "policy";
        } else {
            out += fmt::format("{}  ", decision.rule.number);
            coloured(decision.rule.rule_text, kDim, out);
        }
    }

    void print_story(std::string_view story, std::string& out) const {
        while (!story.empty()) {
            const std::size_t end = story.find('\n');
            out += "        ";
            coloured(story.substr(0, end), kDim, out);
            out += '\n';
            story.remove_prefix(end == std::string_view::npos ? story.size() : end + 1);
        }
    }

    TextStyle style_;
    std::size_t capture_columns_ = 0;
    std::string cell_text_;  ///< reused
    bool header_done_ = false;
};

}  // namespace

std::unique_ptr<PacketPrinter> make_text_printer(TextStyle style) {
    return std::make_unique<TextPrinter>(std::move(style));
}

}  // namespace keepstate::cli
