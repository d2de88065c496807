// `keepstate replay`: captures through the engine.
//
//     options -> rulesets, engine -> captures opened -> outputs opened -> loop -> final files -> summary
//
// Whatever can be refused is found out before the first packet, in an order in which nothing is emptied
// that a later refusal would have spared.
// source: the command line's contract in docs/replay.md.   Tested by: tests/program.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/complain.hpp"
#include "cli/packet_text.hpp"
#include "cli/replay_options.hpp"
#include "cli/replay_outputs.hpp"
#include "cli/replay_tally.hpp"
#include "cli/verbs.hpp"
#include "io/capture.hpp"
#include "io/input.hpp"
#include "io/packet_filter.hpp"
#include "io/terminal.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/ruleset.hpp"
#include "keepstate/ruleset_hints.hpp"
#include "keepstate/sharded_engine.hpp"
#include "run/interrupt.hpp"
#include "run/progress.hpp"
#include "run/replay_loop.hpp"

namespace keepstate::cli {
namespace {

/// Reads one ruleset, and hints at rules that can match nothing. Returns false, with the complaint printed, if it
/// cannot be used.
bool read_rules(const std::string& file, Family family, const std::vector<LabelName>& labels,
                const Known& known, std::optional<Ruleset>& rules, int& status) {
    if (file.empty()) return true;
    Result<std::string> text = io::read_text_file(file);
    if (!text) {
        status = complain(text.error());
        return false;
    }
    Result<Ruleset> parsed = Ruleset::parse(*text, family, file, labels);
    if (!parsed) {
        status = complain(parsed.error());
        return false;
    }
    for (const Fault& fault : find_rules_that_never_match(*parsed, known)) {
        hint(fmt::format("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.words));
    }
    rules = std::move(*parsed);
    return true;
}

/// Reads a file by `parse`. Returns false, with the complaint printed, if it cannot be used.
template <typename Value, typename Parse>
bool read_parsed(const std::string& file, Parse parse, Value& to, int& status) {
    if (file.empty()) return true;
    Result<std::string> text = io::read_text_file(file);
    Result<Value> parsed = text ? parse(*text, file) : Unexpected(std::move(text.error()));
    if (parsed) {
        to = std::move(*parsed);
        return true;
    }
    status = complain(parsed.error());
    return false;
}

/// Reads a text that the engine understands, sets or fingerprints, and notes its name for faults.
bool read_for_engine(const std::string& file, std::string& to, std::string& name, int& status) {
    if (file.empty()) return true;
    Result<std::string> text = io::read_text_file(file);
    if (!text) {
        status = complain(text.error());
        return false;
    }
    to = std::move(*text);
    name = file;
    return true;
}

/// The engine that the options describe, or the exit status, with all complaints printed.
std::variant<ShardedEngine, int> make_engine(const ReplayOptions& options,
                                             const std::vector<LabelName>& labels) {
    EngineSetup setup;
    setup.settings = options.settings;
    setup.helpers = options.helpers;
    setup.devices = options.devices;
    setup.local = options.local;
    setup.listen_events = options.events || options.expectation_events;
    setup.completes_cut_frames = true;
    int status = kDone;
    const Known known{.has_sockets = !options.sockets.empty(),
                      .has_fingerprints = !options.fingerprints.empty()};
    const bool good4 = read_rules(options.rules, Family::ipv4, labels, known, setup.rules4, status);
    const bool good6 =
        read_rules(options.rules6, Family::ipv6, labels, known, setup.rules6, status);
    const bool has_sockets =
        read_parsed(options.sockets, parse_host_sockets, setup.sockets, status);
    const bool has_timeouts =
        read_parsed(options.timeouts, parse_timeout_policies, setup.timeout_policies, status);
    const bool has_sets =
        read_for_engine(options.ip_sets, setup.ip_sets, setup.ip_sets_file, status);
    const bool has_fingerprints =
        read_for_engine(options.fingerprints, setup.fingerprints, setup.fingerprints_file, status);
    if (!good4 || !good6 || !has_timeouts || !has_sets || !has_fingerprints || !has_sockets)
        return status;
    Result<ShardedEngine> engine = ShardedEngine::make(std::move(setup), {options.threads});
    if (!engine) return complain(engine.error());
    if (const std::optional<Fault>& why = engine->why_one()) {
        hint(fmt::format("--threads {}: all is judged on one thread, since {}:{}: {}: {}",
                         options.threads, why->file, why->line, why->words, why->source_line));
    }
    return std::move(*engine);
}

std::variant<io::CaptureMerge, int> open_captures(const ReplayOptions& options,
                                                  const std::atomic<bool>& stop) {
    std::vector<std::unique_ptr<io::CaptureReader>> readers;
    int status = kDone;
    for (const std::string& name : options.captures) {
        Result<std::unique_ptr<io::CaptureReader>> reader = io::CaptureReader::open(name, &stop);
        if (reader) {
            readers.push_back(std::move(*reader));
        } else {
            status = complain(reader.error());
        }
    }
    if (status != kDone) return status;
    return io::CaptureMerge(std::move(readers));
}

class CaptureSource final : public run::ArrivalSource {
  public:
    explicit CaptureSource(io::CaptureMerge& captures) : captures_(captures) {}

    bool next(run::Arrival& arrival) override {
        io::CapturedFrame frame;
        if (captures_.next(frame) != io::ReadStatus::frame) return false;
        arrival.frame.bytes = frame.bytes;
        arrival.frame.link = frame.link;
        arrival.frame.time = frame.time;
        arrival.number = frame.number;
        arrival.capture = frame.capture;
        arrival.finer_than_us = frame.finer_than_us;
        arrival.cut = frame.cut;
        return true;
    }

  private:
    io::CaptureMerge& captures_;
};

/// Where each packet's outcome goes: the tally, stdout, the capture that is written, the progress line.
class ReplaySink final : public run::OutcomeSink {
  public:
    ReplaySink(const ReplayOptions& options, const io::CaptureMerge& captures,
               ReplayOutputs& outputs, io::PacketFilter* filter,
               const std::vector<LabelName>& labels)
        : options_(options),
          captures_(captures),
          outputs_(outputs),
          filter_(filter),
          tally_(options.local.empty()),
          progress_(shows_progress(options), captures.file_size(),
                    io::terminal_columns(io::Stream::err)) {
        if (!options.labels.empty()) listing_.labels = &labels;
    }

    void take(const run::Outcome& outcome) override {
        tally_.add(outcome);
        if (!printer_) printer_ = make_printer(outcome.arrival.frame.time);
        if (!outcome.decision.is_ip) return;
        outputs_.write_packet(outcome, options_.captures.size() > 1);
        outputs_.write_log(outcome);
        if (options_.format == PacketFormat::none) return;
        if (filter_ != nullptr && !passes(outcome.arrival)) return;
        printer_->print(outcome, text_);
    }

    bool batch_done(std::uint64_t frames) override {
        outputs_.packets().write(text_);
        text_.clear();
        if (is_live_ && !outputs_.packets().flush()) return false;
        progress_.update(captures_.file_offset(), frames);
        return !outputs_.has_failed();
    }

    void end_progress() { progress_.clear(); }
    const Tally& tally() const { return tally_; }

  private:
    static bool shows_progress(const ReplayOptions& options) {
        const bool same_screen =
            options.format != PacketFormat::none && io::is_terminal(io::Stream::out);
        return io::is_terminal(io::Stream::err) && !same_screen;
    }

    std::unique_ptr<PacketPrinter> make_printer(Time begin) const {
        if (options_.format == PacketFormat::json) {
            return make_json_printer({options_.events, options_.expectation_events,
                                      options_.explain, options_.captures, listing_});
        }
        TextStyle style;
        style.colour = io::wants_colour(io::Stream::out);
        style.devices = !options_.devices.empty() || !options_.local.empty();
        style.events = options_.events;
        style.expectation_events = options_.expectation_events;
        style.explain = options_.explain;
        style.begin = begin;
        style.captures = options_.captures;
        style.listing = listing_;
        return make_text_printer(std::move(style));
    }

    bool passes(const run::Arrival& arrival) {
        io::CapturedFrame frame;
        frame.bytes = arrival.frame.bytes;
        frame.link = arrival.frame.link;
        return filter_->matches(frame);
    }

    const ReplayOptions& options_;
    const io::CaptureMerge& captures_;
    ReplayOutputs& outputs_;
    io::PacketFilter* filter_;
    Tally tally_;
    run::Progress progress_;
    std::unique_ptr<PacketPrinter> printer_;
    std::string text_;
    ListingOptions listing_;
    bool is_live_ = io::is_terminal(io::Stream::out);
};

/// Compiles --only for the link types that the captures begin with, to find its faults at once.
int prepare_filter(const ReplayOptions& options, io::CaptureMerge& captures,
                   std::optional<io::PacketFilter>& filter) {
    if (!options.only) return kDone;
    filter.emplace(*options.only);
    for (const LinkNumber link : captures.first_links()) {
        if (const Result<void> compiled = filter->compile(link); !compiled) {
            return complain(compiled.error());
        }
    }
    return kDone;
}

int report_breaks(const io::CaptureMerge& captures) {
    int status = kDone;
    for (Error trouble : captures.troubles()) {
        for (Fault& fault : trouble.faults) fault.words += "; what stands before it was replayed";
        status = complain(trouble);
    }
    return status;
}

int replay(const ReplayOptions& options) {
    const std::atomic<bool>& stop = run::watch_interrupts();
    int status = kDone;
    std::vector<LabelName> labels;
    if (!read_parsed(options.labels, parse_label_names, labels, status)) return status;
    std::variant<ShardedEngine, int> engine_or = make_engine(options, labels);
    if (const int* refused = std::get_if<int>(&engine_or)) return *refused;
    ShardedEngine& engine = std::get<ShardedEngine>(engine_or);
    std::variant<io::CaptureMerge, int> captures_or = open_captures(options, stop);
    if (const int* refused = std::get_if<int>(&captures_or)) return *refused;
    io::CaptureMerge& captures = std::get<io::CaptureMerge>(captures_or);
    std::optional<io::PacketFilter> filter;
    if (status = prepare_filter(options, captures, filter); status != kDone) return status;
    Result<ReplayOutputs> outputs = ReplayOutputs::open(options, captures);
    if (!outputs) return complain(outputs.error());

    CaptureSource source(captures);
    ReplaySink sink(options, captures, *outputs, filter ? &*filter : nullptr, labels);
    run::LoopOptions loop;
    loop.stories = options.explain && options.format != PacketFormat::none;
    loop.events = options.events || options.expectation_events;
    loop.logs = options.format == PacketFormat::json || !options.log.empty();
    loop.stop = &stop;
    if (engine.shards() > 1) loop.batch_frames = run::LoopOptions::kTogether;
    if (io::is_terminal(io::Stream::out) &&
        std::count(options.captures.begin(), options.captures.end(), "-")) {
        loop.batch_frames = 1;  // somebody watches a live capture
    }
    const run::LoopTotals totals = run::replay_all(engine, source, sink, loop);
    sink.end_progress();

    status = report_breaks(captures);
    const bool abandoned = outputs->packets().is_abandoned();
    const std::uint32_t entries = engine.entry_count();
    if (const Result<void> done = outputs->finish(options, labels, engine, totals.last_time);
        !done) {
        status = complain(done.error());
    }
    const std::string summary = sink.tally().print(totals, options.captures.size(), entries);
    std::fputs(summary.c_str(), stderr);
    for (const std::string& words : sink.tally().hints()) hint(words);
    if (const int signal = run::interrupt_signal(); signal != 0) {
        say(fmt::format("stopped after {} frames", totals.frames));
        return 128 + signal;
    }
    return status == kDone && abandoned ? kBrokenPipe : status;
}

}  // namespace

int run_replay(const std::vector<std::string>& arguments) {
    Result<std::variant<ReplayOptions, HelpText>> parsed = parse_replay_options(arguments);
    if (!parsed) return complain(parsed.error());
    if (const HelpText* help = std::get_if<HelpText>(&*parsed)) {
        std::fputs(help->text.c_str(), stdout);
        return kDone;
    }
    return replay(std::get<ReplayOptions>(*parsed));
}

}  // namespace keepstate::cli
