// The engine: the layers put together; see keepstate/engine.hpp.
#include "keepstate/engine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <tuple>
#include <utility>

#include "api/engine_parts.hpp"
#include "ct/timeout_policy.hpp"
#include "explain/story.hpp"
#include "rules/change.hpp"
#include "rules/fingerprints.hpp"
#include "rules/host_sockets.hpp"
#include "rules/sets.hpp"

namespace keepstate {

namespace {

wire::ReassemblySettings reassembly_of(const EngineSetup& setup) {
    wire::ReassemblySettings settings;
    settings.ipv6_timeout_ns = std::int64_t{setup.settings.frag6_timeout} * kNsPerSecond;
    settings.ipv6_high_bytes = setup.settings.frag6_high_thresh;
    settings.seed = setup.seed;
    return settings;
}

}  // namespace

struct Engine::Parts {
    std::unique_ptr<EngineParts> engine;
};

EngineParts::EngineParts(const EngineSetup& setup)
    : objects(setup.seed),
      routing(setup.devices, setup.local),
      reassembler(reassembly_of(setup)),
      dice(setup.seed) {}

namespace {

std::size_t index_of(Family family) { return family == Family::ipv4 ? 0 : 1; }

Result<void> check_devices(const EngineSetup& setup) {
    constexpr std::size_t kLongestName = 15;
    for (const DeviceSetup& device : setup.devices) {
        if (!device.name.empty() && device.name.size() <= kLongestName) continue;
        return Unexpected(
            Error::of(ErrorKind::usage, fmt::format("device name `{}' must have 1 to {} characters",
                                                    device.name, kLongestName)));
    }
    return {};
}

/// The settings that hold for the flows of each policy, in their order.
Result<std::vector<Settings>> read_policies(const EngineSetup& setup) {
    constexpr std::size_t kMost = 65535;
    const auto& policies = setup.timeout_policies;
    std::vector<Settings> changed;
    Error error{ErrorKind::usage, {}};
    if (policies.size() > kMost) {
        return Unexpected(
            Error::of(ErrorKind::usage, fmt::format("more than {} timeout policies", kMost)));
    }
    for (std::size_t i = 0; i < policies.size(); ++i) {
        Result<Settings> settings = ct::apply_policy(policies[i], setup.settings);
        const auto end = policies.begin() + static_cast<std::ptrdiff_t>(i);
        const bool is_twice = std::any_of(policies.begin(), end, [&](const TimeoutPolicy& other) {
            return other.name == policies[i].name;
        });
        if (settings && !is_twice) {
            changed.push_back(*settings);
        } else if (settings) {
            error.faults.push_back(
                {{},
                 0,
                 0,
                 fmt::format("there are two timeout policies `{}'", policies[i].name),
                 {}});
        } else {
            error.faults.push_back(std::move(settings.error().faults.front()));
        }
    }
    if (!error.faults.empty()) return Unexpected(std::move(error));
    return changed;
}

}  // namespace

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Result<Engine> Engine::make(EngineSetup setup) {
    Result<std::unique_ptr<EngineParts>> parts = EngineParts::make(std::move(setup));
    if (!parts) return Unexpected(std::move(parts.error()));
    return Engine(std::make_unique<Parts>(Parts{std::move(*parts)}));
}

Result<std::unique_ptr<EngineParts>> EngineParts::make(EngineSetup setup) {
    if (Result<void> devices = check_devices(setup); !devices) {
        return Unexpected(std::move(devices.error()));
    }
    Result<std::vector<Settings>> policies = read_policies(setup);
    if (!policies) return Unexpected(std::move(policies.error()));
    auto parts = std::make_unique<EngineParts>(setup);
    parts->timeout_policies = setup.timeout_policies;
    parts->objects.timeout_policies = parts->timeout_policies;
    parts->objects.find_or_make<rules::HostSockets>(
        rules::HostSockets::kKind, rules::HostSockets::kName, std::move(setup.sockets));
    if (Result<void> sets = rules::parse_sets(setup.ip_sets, setup.ip_sets_file, parts->objects);
        !sets) {
        return Unexpected(std::move(sets.error()));
    }
    if (Result<void> known =
            rules::parse_fingerprints(setup.fingerprints, setup.fingerprints_file, parts->objects);
        !known) {
        return Unexpected(std::move(known.error()));
    }
    parts->helpers = ct::make_helpers(setup.helpers);
    parts->objects.helpers = parts->helpers;
    Error unbound;
    for (std::optional<Ruleset>* rules : {&setup.rules4, &setup.rules6}) {
        if (!*rules) continue;
        const std::size_t i = index_of((*rules)->family());
        Result<rules::Program> program = rules::Program::make(**rules, parts->objects);
        if (program) {
            parts->programs[i].emplace(std::move(*program));
            continue;
        }
        for (Fault& fault : program.error().faults) unbound.faults.push_back(std::move(fault));
    }
    if (!unbound.faults.empty()) return Unexpected(std::move(unbound));
    if (parts->objects.wants_accounting) setup.settings.acct = 1;
    const ct::TrackerRoom room{parts->objects.wants_two_places,
                               setup.prefault ? base::Touch::first : base::Touch::later,
                               setup.most_ended_a_packet};
    parts->tracker.emplace(setup.settings, std::move(*policies), setup.helpers, room, setup.seed,
                           setup.listen_events);
    const auto program_at = [&parts](std::size_t i) {
        return parts->programs[i] ? &*parts->programs[i] : nullptr;
    };
    parts->path.emplace(parts->routing, parts->reassembler, *parts->tracker, parts->arena,
                        parts->dice, program_at(0), program_at(1));
    parts->path->complete_cut_frames(setup.completes_cut_frames);
    parts->path->tell_entries(setup.tells_entries);
    parts->listens = setup.listen_events;
    return parts;
}

Result<bool> EngineParts::change_rules(Family family, std::string_view command,
                                       std::span<const LabelName> labels,
                                       const rules::ChangeTerms& terms) {
    std::optional<rules::Program>& program = programs[index_of(family)];
    if (!program) {
        return Unexpected(
            Error::of(ErrorKind::usage, fmt::format("the engine was made without rules for {}",
                                                    family == Family::ipv4 ? "IPv4" : "IPv6")));
    }
    path->settle_counters();
    Result<bool> changed = rules::apply_change(*program, command, {objects, labels, &terms});
    if (!changed || !*changed) return changed;
    if (objects.wants_accounting) tracker->switch_on_accounting();
    path->rules_changed();
    return changed;
}

void EngineParts::begin_batch() {
    arena.reset();
    event_ends.clear();
    expectation_event_ends.clear();
}

void EngineParts::look_ahead(std::span<const Frame> batch, std::size_t first) {
    const auto group = [&](std::size_t begin) {
        return std::span(sightings).subspan(begin % kSightedAtOnce,
                                            std::min(kGroup, batch.size() - begin));
    };
    // Before the first group its own stages, and the first ones of those behind it, come in turn.
    const std::size_t begin = first == 0 ? 0 : first + (kStages - 1) * kGroup;
    for (std::size_t at = begin; at <= first + (kStages - 1) * kGroup; at += kGroup) {
        if (at < batch.size()) {
            path->glance(batch.subspan(at, std::min(kGroup, batch.size() - at)), group(at));
        }
        if (at >= kGroup && at - kGroup < batch.size()) {
            further[(at - kGroup) / kGroup % kStages] = path->approach(group(at - kGroup));
        }
        if (at >= 2 * kGroup && at - 2 * kGroup < batch.size()) {
            const std::size_t before = at - 2 * kGroup;
            path->approach_further(group(before), further[before / kGroup % kStages]);
        }
    }
}

void EngineParts::look_at_few(std::span<const Frame> batch) {
    const std::span all = std::span(sightings).first(batch.size());
    path->glance_at_few(batch, all);
    path->approach_further(all, path->approach(all));
}

bool EngineParts::decide_alone(const Frame& frame, Decision& decision) {
    if (path->decide_alone(frame, sightings[0], latest, decision)) {
        ++reasons[static_cast<std::size_t>(Reason::none)];
        return true;
    }
    const std::span alone = std::span(sightings).first(1);
    path->approach_further(alone, path->approach(alone));
    return false;
}

void EngineParts::decide(const Frame& frame, Time now, Decision& decision, std::string* story,
                         std::string* log, const ct::Sighting* sighting,
                         const wire::Reassembled* reassembled) {
    const bool may_be_short =
        story == nullptr && log == nullptr && sighting != nullptr && reassembled == nullptr;
    if (may_be_short && path->decide_usual({&frame, 1}, {sighting, 1}, now, {&decision, 1}) != 0) {
        ++reasons[static_cast<std::size_t>(decision.reason)];
        return;
    }
    if (may_be_short) return decide_unusual(frame, *sighting, now, decision);
    if (story) {
        explain::Story told{*story};
        path->decide(frame, now, decision, &told, log, reassembled);
    } else {
        path->decide(frame, now, decision, nullptr, log, reassembled);
    }
    if (!path->strayed()) ++reasons[static_cast<std::size_t>(decision.reason)];
}

void EngineParts::decide_unusual(const Frame& frame, const ct::Sighting& sighting, Time now,
                                 Decision& decision) {
    if (!path->decide_plain(frame, sighting, now, decision)) {
        path->decide(frame, now, decision, nullptr);
    }
    if (!path->strayed()) ++reasons[static_cast<std::size_t>(decision.reason)];
}

std::size_t EngineParts::decide_usual(std::span<const Frame> batch, std::size_t first,
                                      std::size_t end, std::span<Decision> decisions) {
    const std::size_t done =
        path->decide_usual(batch.subspan(first, end - first),
                           std::span(sightings).subspan(first % kSightedAtOnce, end - first),
                           latest, decisions.subspan(first));
    if (routing.is_bump()) {
        reasons[static_cast<std::size_t>(Reason::none)] += done;
        return done;
    }
    for (const Decision& each : decisions.subspan(first, done)) {
        ++reasons[static_cast<std::size_t>(each.reason)];
    }
    return done;
}

std::size_t EngineParts::decide_usual(std::span<const Frame> frames,
                                      std::span<const ct::Sighting> seen,
                                      std::span<hooks::Told> told) {
    const std::size_t done = path->decide_usual(frames, seen, latest, told);
    if (routing.is_bump()) {
        reasons[static_cast<std::size_t>(Reason::none)] += done;
        return done;
    }
    for (const hooks::Told& each : told.first(done)) {
        ++reasons[static_cast<std::size_t>(each.decision().reason)];
    }
    return done;
}

void EngineParts::add_living(Time now, std::vector<LivingEntry>& living) const {
    tracker->entries().visit_all([&](const ct::Entry& entry) {
        if (entry.expires > now) living.push_back({&*tracker, &entry});
    });
}

void EngineParts::visit_in_order(std::vector<LivingEntry>& living, Time now,
                                 const EntryVisitor& visit) {
    std::sort(living.begin(), living.end(), [](const LivingEntry& a, const LivingEntry& b) {
        return a.entry->number() < b.entry->number();
    });
    for (const LivingEntry& each : living) visit(each.tracker->copy_of(*each.entry, now));
}

const rules::Program* EngineParts::program(Family family) const {
    path->settle_counters();
    const std::size_t i = index_of(family);
    return programs[i] ? &*programs[i] : nullptr;
}

void Engine::process(std::span<const Frame> batch, std::span<Decision> decisions,
                     std::string* stories, std::string* logs) {
    KS_ASSERT(decisions.size() >= batch.size());
    EngineParts& parts = *parts_->engine;
    parts.begin_batch();
    const bool is_silent = !parts.listens && stories == nullptr && logs == nullptr;
    std::size_t group_end = 0;
    if (is_silent && batch.size() == 1) {
        if (parts.decide_alone(batch[0], decisions[0])) return;
        group_end = 1;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (i == group_end) {
            if (batch.size() <= EngineParts::kFew) {
                parts.look_at_few(batch);
            } else {
                parts.look_ahead(batch, i);
            }
            group_end = std::min(i + EngineParts::kGroup, batch.size());
        }
        if (is_silent && parts.sighting_of(i).glance.is_usual()) {
            i += parts.decide_usual(batch, i, group_end, decisions);
            if (i == group_end) {
                --i;
                continue;
            }
        }
        parts.latest = std::max(parts.latest, batch[i].time);
        const ct::Sighting& sighting = parts.sighting_of(i);
        if (is_silent) {
            parts.decide_unusual(batch[i], sighting, parts.latest, decisions[i]);
            continue;
        }
        parts.decide(batch[i], parts.latest, decisions[i], stories ? &stories[i] : nullptr,
                     logs ? &logs[i] : nullptr, &sighting);
        if (!parts.listens) continue;
        parts.event_ends.push_back(static_cast<std::uint32_t>(parts.tracker->events().size()));
        parts.expectation_event_ends.push_back(
            static_cast<std::uint32_t>(parts.tracker->expectation_events().size()));
    }
}

Result<void> Engine::change_rules(Family family, std::string_view command,
                                  std::span<const LabelName> labels) {
    const Result<bool> changed = parts_->engine->change_rules(family, command, labels);
    if (!changed) return Unexpected(changed.error());
    return {};
}

std::vector<Event> Engine::take_events() {
    return std::exchange(parts_->engine->tracker->events(), {});
}

std::span<const std::uint32_t> Engine::event_ends() const { return parts_->engine->event_ends; }

void Engine::for_each_entry(Time now, const EntryVisitor& visit) const {
    std::vector<LivingEntry> living;
    parts_->engine->add_living(now, living);
    EngineParts::visit_in_order(living, now, visit);
}

std::vector<ExpectationEvent> Engine::take_expectation_events() {
    return std::exchange(parts_->engine->tracker->expectation_events(), {});
}

std::span<const std::uint32_t> Engine::expectation_event_ends() const {
    return parts_->engine->expectation_event_ends;
}

std::vector<ExpectationCopy> EngineParts::expectations(Time now) const {
    std::vector<ExpectationCopy> copies;
    tracker->expectations().visit_all([&](const ct::Expectation& e) {
        if (e.expires > now) copies.push_back(tracker->copy_of(e, now));
    });
    const auto key = [](const ExpectationCopy& e) {
        return std::tie(e.timeout_ns, e.tuple, e.master);
    };
    std::sort(
        copies.begin(), copies.end(),
        [&key](const ExpectationCopy& a, const ExpectationCopy& b) { return key(a) < key(b); });
    return copies;
}

std::vector<ExpectationCopy> Engine::expectations(Time now) const {
    return parts_->engine->expectations(now);
}

std::string Engine::print_expectations(Time now) const {
    std::string out;
    for (const ExpectationCopy& e : expectations(now)) print_expectation(e, EntryFormat::proc, out);
    return out;
}

std::string Engine::print_counters(Family family) const {
    const rules::Program* program = parts_->engine->program(family);
    return program ? program->print_counters() : std::string();
}

Statistics Engine::statistics() const { return parts_->engine->tracker->statistics(); }

const std::array<std::uint64_t, kReasons>& Engine::reason_counts() const {
    return parts_->engine->reasons;
}

std::uint32_t Engine::entry_count() const { return parts_->engine->tracker->entries().size(); }

}  // namespace keepstate
