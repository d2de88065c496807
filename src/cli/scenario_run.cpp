// Scenario -> Engine -> Played; see scenario_run.hpp.
#include "cli/scenario_run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace keepstate::cli {

namespace {

/// Time begins here; any value but one near zero would do.
constexpr Time kBegin = Time::from_s(1'000'000'000);

/// What the engine says that faults of these blocks are in.
constexpr const char* kSetsBlock = "ipset";
constexpr const char* kFingerprintsBlock = "osf";

/// Moves faults of a block of text to where the block stands in the file.
void move_faults(std::vector<Fault>& faults, const TextBlock& block) {
    for (Fault& fault : faults) {
        if (fault.line > 0) fault.line += block.first_line - 1;
        if (fault.column > 0) fault.column += block.indent;
        if (!fault.source_line.empty()) {
            fault.source_line.insert(0, static_cast<std::size_t>(block.indent), ' ');
        }
    }
}

Result<EngineSetup> make_setup(const Scenario& scenario) {
    EngineSetup setup;
    setup.settings = scenario.settings;
    setup.helpers = scenario.helpers;
    setup.listen_events = scenario.events.has_value();
    setup.devices = scenario.devices;
    setup.local = scenario.local;
    setup.ip_sets = scenario.ip_sets.text;
    setup.ip_sets_file = kSetsBlock;
    setup.fingerprints = scenario.fingerprints.text;
    setup.fingerprints_file = kFingerprintsBlock;
    Error error;
    const auto take = [&](const TextBlock& block, auto parsed, auto& to) {
        if (parsed) {
            to = std::move(*parsed);
            return;
        }
        move_faults(parsed.error().faults, block);
        std::move(parsed.error().faults.begin(), parsed.error().faults.end(),
                  std::back_inserter(error.faults));
    };
    const auto read_rules = [&](const TextBlock& block, Family family, std::optional<Ruleset>& to) {
        if (block.text.empty()) return;
        take(block, Ruleset::parse(block.text, family, scenario.file), to);
    };
    read_rules(scenario.rules4, Family::ipv4, setup.rules4);
    read_rules(scenario.rules6, Family::ipv6, setup.rules6);
    take(scenario.timeouts, parse_timeout_policies(scenario.timeouts.text, scenario.file),
         setup.timeout_policies);
    take(scenario.sockets, parse_host_sockets(scenario.sockets.text, scenario.file), setup.sockets);
    if (!error.faults.empty()) return Unexpected(std::move(error));
    return setup;
}

std::uint16_t device_index(const Scenario& scenario, const std::string& name) {
    const auto found =
        std::find_if(scenario.devices.begin(), scenario.devices.end(),
                     [&name](const DeviceSetup& device) { return device.name == name; });
    if (name.empty() || found == scenario.devices.end()) return kAnyDevice;
    return static_cast<std::uint16_t>(found - scenario.devices.begin());
}

}  // namespace

Result<Played> run_scenario(const Scenario& scenario) {
    Result<EngineSetup> setup = make_setup(scenario);
    if (!setup) return Unexpected(std::move(setup.error()));
    Result<Engine> engine = Engine::make(std::move(*setup));
    if (!engine) {
        // The engine reads one block after the other, so all faults are of the same one.
        std::vector<Fault>& faults = engine.error().faults;
        const std::string block = faults.empty() ? std::string() : faults.front().file;
        if (block == kSetsBlock) move_faults(faults, scenario.ip_sets);
        if (block == kFingerprintsBlock) move_faults(faults, scenario.fingerprints);
        for (Fault& fault : faults) fault.file = scenario.file;
        return Unexpected(std::move(engine.error()));
    }

    Played played;
    Time now = kBegin;
    for (const Step& step : scenario.steps) {
        now = now + step.after_ns;
        const Frame frame{step.packet.ip, kLinkRaw, now,
                          device_index(scenario, step.packet.in_device)};
        Decision decision;
        PlayedStep done;
        engine->process({&frame, 1}, {&decision, 1}, &done.story);
        for (const Event& event : engine->take_events()) print_event(event, played.events);
        done.seen = seen_of(decision);
        done.differences = compare(step.wish, done.seen, 0);
        played.steps.push_back(std::move(done));
    }
    engine->for_each_entry(now, [&played](const EntryCopy& entry) {
        print_entry(entry, EntryFormat::proc, played.entries);
    });
    played.expectations = engine->print_expectations(now);
    if (!scenario.rules4.text.empty()) played.counters4 = engine->print_counters(Family::ipv4);
    if (!scenario.rules6.text.empty()) played.counters6 = engine->print_counters(Family::ipv6);
    print_statistics(engine->statistics(), played.statistics);
    compare_end(scenario, 0, played);
    return played;
}

}  // namespace keepstate::cli
