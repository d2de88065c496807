// Outputs that go to stdout ("-") all share one Output, in the order counters, counters6, table,
// expectations, stats, behind the packets.
#include "cli/replay_outputs.hpp"

#include "cli/packet_text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace keepstate::cli {
namespace {

void append(Error& all, Error more) {
    for (Fault& fault : more.faults) all.faults.push_back(std::move(fault));
}

std::string decider(const RuleReference& rule) {
    if (!rule.is_set()) return {};
    const std::string place = fmt::format(" by {} {} ", text(rule.table), rule.chain);
    if (rule.number == 0) return place + "policy";
    return fmt::format("{}{} ({})", place, rule.number, rule.rule_text);
}

/// "packet 2: ESTABLISHED reply, ACCEPT by filter FORWARD 2 (-A FORWARD ...)".
std::string comment_on(const run::Outcome& outcome, bool several_captures) {
    const Decision& decision = outcome.decision;
    std::string comment = fmt::format("packet {}", outcome.arrival.number);
    if (several_captures) comment += fmt::format(" of capture {}", outcome.arrival.capture + 1);
    comment += ": ";
    comment += decision.state ? text(*decision.state) : std::string_view("no state");
    if (decision.direction) {
        comment += *decision.direction == CtDirection::original ? " original" : " reply";
    }
    if (decision.reason != Reason::none) comment += fmt::format(" ({})", text(decision.reason));
    return comment + ", " + std::string(text(decision.verdict)) + decider(decision.rule);
}

}  // namespace

Result<ReplayOutputs> ReplayOutputs::open(const ReplayOptions& options,
                                          const io::CaptureMerge& captures) {
    ReplayOutputs outputs;
    const std::array<std::pair<const std::string*, std::unique_ptr<io::Output>*>, 7> files{{
        {&options.counters, &outputs.counters_},
        {&options.counters6, &outputs.counters6_},
        {&options.table, &outputs.table_},
        {&options.expectations, &outputs.expectations_},
        {&options.stats, &outputs.stats_},
        {&options.write, &outputs.capture_},
        {&options.log, &outputs.log_},
    }};
    Error same{ErrorKind::usage, {}};
    for (const auto& [name, output] : files) {
        if (name->empty() || *name == "-") continue;
        for (const auto& reader : captures.readers()) {
            if (!reader->input().is_same_file(*name)) continue;
            append(same,
                   Error::of_file(ErrorKind::usage, *name, "is a capture that is to be read"));
        }
    }
    if (!same.faults.empty()) return Unexpected(std::move(same));
    Error refused{ErrorKind::system, {}};
    for (const auto& [name, output] : files) {
        if (name->empty() || *name == "-") continue;
        Result<std::unique_ptr<io::Output>> opened = io::Output::open(*name);
        if (opened) {
            *output = std::move(*opened);
        } else {
            append(refused, std::move(opened.error()));
        }
    }
    Result<std::unique_ptr<io::Output>> out = io::Output::open("-");
    if (!out) append(refused, std::move(out.error()));
    if (!refused.faults.empty()) return Unexpected(std::move(refused));
    outputs.stdout_ = std::move(*out);
    outputs.has_log_ = !options.log.empty();
    if (!options.write.empty()) {
        io::Output& capture = outputs.capture_ ? *outputs.capture_ : *outputs.stdout_;
        outputs.writer_ = std::make_unique<io::CaptureWriter>(capture);
    }
    return outputs;
}

bool ReplayOutputs::has_failed() const {
    return stdout_->has_failed() || (capture_ && capture_->has_failed()) ||
           (log_ && log_->has_failed());
}

void ReplayOutputs::write_packet(const run::Outcome& outcome, bool several_captures) {
    if (!writer_) return;
    const Decision& decision = outcome.decision;
    const Time time = outcome.arrival.frame.time;
    if (decision.verdict == Verdict::accept && !decision.out_device.empty() &&
        !decision.out_bytes.empty()) {
        writer_->write(
            time, decision.out_bytes,
            fmt::format("{}, out {}", comment_on(outcome, several_captures), decision.out_device));
    }
    if (!decision.reply_bytes.empty()) {
        writer_->write(time, decision.reply_bytes,
                       "the firewall's answer to " + comment_on(outcome, several_captures));
    }
}

void ReplayOutputs::write_log(const run::Outcome& outcome) {
    if (!has_log_ || outcome.log.empty()) return;
    std::string lines;
    for (std::string_view left = outcome.log; !left.empty();) {
        const std::size_t end = left.find('\n') + 1;
        lines += '[';
        print_time(outcome.arrival.frame.time.ns, outcome.arrival.finer_than_us, lines);
        lines += "] ";
        lines += left.substr(0, end);
        left.remove_prefix(end);
    }
    (log_ ? *log_ : *stdout_).write(lines);
}

Result<void> ReplayOutputs::finish(const ReplayOptions& options,
                                   const std::vector<LabelName>& labels,
                                   const ShardedEngine& engine, Time now) {
    ListingOptions listing;
    if (!options.labels.empty()) listing.labels = &labels;
    const auto place = [&](std::unique_ptr<io::Output>& output) -> io::Output& {
        return output ? *output : *stdout_;
    };
    if (!options.counters.empty()) place(counters_).write(engine.print_counters(Family::ipv4));
    if (!options.counters6.empty()) place(counters6_).write(engine.print_counters(Family::ipv6));
    if (!options.table.empty()) {
        io::Output& table = place(table_);
        std::string line;
        bool is_first = true;
        engine.for_each_entry(now, [&](const EntryCopy& entry) {
            line.clear();
            if (is_first) print_listing_head(options.table_format, line);
            is_first = false;
            print_entry(entry, options.table_format, line, listing);
            table.write(line);
        });
        line.clear();
        if (!is_first) print_listing_tail(options.table_format, line);
        table.write(line);
    }
    if (!options.expectations.empty()) {
        std::string lines;
        const std::vector<ExpectationCopy> expectations = engine.expectations(now);
        if (!expectations.empty()) print_expectations_head(options.expectations_format, lines);
        for (const ExpectationCopy& expectation : expectations) {
            print_expectation(expectation, options.expectations_format, lines);
        }
        if (!expectations.empty()) print_expectations_tail(options.expectations_format, lines);
        place(expectations_).write(lines);
    }
    if (!options.stats.empty()) {
        std::string line;
        print_statistics(engine.statistics(), line);
        place(stats_).write(line);
    }
    Error refused{ErrorKind::system, {}};
    for (auto* output :
         {&stdout_, &counters_, &counters6_, &table_, &expectations_, &stats_, &capture_, &log_}) {
        if (!*output) continue;
        Result<void> closed = (*output)->close();
        if (!closed && !(*output)->is_abandoned()) append(refused, std::move(closed.error()));
    }
    if (!refused.faults.empty()) return Unexpected(std::move(refused));
    return {};
}

}  // namespace keepstate::cli
