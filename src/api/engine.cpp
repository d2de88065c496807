// The engine: the layers put together; see keepstate/engine.hpp.
#include "keepstate/engine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <tuple>
#include <utility>

#include "base/arena.hpp"
#include "ct/timeout_policy.hpp"
#include "ct/tracker.hpp"
#include "explain/story.hpp"
#include "hooks/path.hpp"
#include "rules/fingerprints.hpp"
#include "rules/host_sockets.hpp"
#include "rules/program.hpp"
#include "rules/sets.hpp"

namespace keepstate {

namespace {

/// So many frames of a batch are looked at before the first of them is decided: as many requests as memory serves at
/// once, and more than it takes for the first to arrive.
constexpr std::size_t kSightedAtOnce = 32;

wire::ReassemblySettings reassembly_of(const EngineSetup& setup) {
    wire::ReassemblySettings settings;
    settings.ipv6_timeout_ns = std::int64_t{setup.settings.frag6_timeout} * kNsPerSecond;
    settings.ipv6_high_bytes = setup.settings.frag6_high_thresh;
    settings.seed = setup.seed;
    return settings;
}

}  // namespace

struct Engine::Parts {
    explicit Parts(const EngineSetup& setup)
        : objects(setup.seed),
          routing(setup.devices, setup.local),
          reassembler(reassembly_of(setup)),
          dice(setup.seed) {}

    rules::Objects objects;
    std::optional<rules::Program> programs[2];
    hooks::Routing routing;
    wire::Reassembler reassembler;
    std::optional<ct::Tracker> tracker;
    rules::Dice dice;
    base::Arena arena;
    std::optional<hooks::Path> path;
    std::array<ct::Sighting, kSightedAtOnce> sightings;
    std::array<std::uint64_t, kReasons> reasons{};
    std::vector<std::uint32_t> event_ends;
    std::vector<std::uint32_t> expectation_event_ends;
    bool listens = false;  ///< EngineSetup::listen_events
    Time latest{INT64_MIN};
};

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
    if (Result<void> devices = check_devices(setup); !devices) {
        return Unexpected(std::move(devices.error()));
    }
    Result<std::vector<Settings>> policies = read_policies(setup);
    if (!policies) return Unexpected(std::move(policies.error()));
    auto parts = std::make_unique<Parts>(setup);
    parts->objects.timeout_policies = setup.timeout_policies;
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
    const std::vector<ct::Helper> helpers = ct::make_helpers(setup.helpers);
    parts->objects.helpers = helpers;
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
    parts->objects.timeout_policies = {};
    parts->objects.helpers = {};
    if (parts->objects.wants_accounting) setup.settings.acct = 1;
    const ct::TrackerRoom room{parts->objects.wants_two_places,
                               setup.prefault ? base::Touch::first : base::Touch::later};
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
    return Engine(std::move(parts));
}

void Engine::process(std::span<const Frame> batch, std::span<Decision> decisions,
                     std::string* stories, std::string* logs) {
    KS_ASSERT(decisions.size() >= batch.size());
    Parts& parts = *parts_;
    parts.arena.reset();
    parts.event_ends.clear();
    parts.expectation_event_ends.clear();
    const bool is_heard = stories != nullptr || logs != nullptr;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        parts.latest = std::max(parts.latest, batch[i].time);
        const std::size_t round = i % kSightedAtOnce;
        if (round == 0) {
            parts.path->sight(batch.subspan(i, std::min(kSightedAtOnce, batch.size() - i)),
                              parts.sightings);
        }
        std::string* const log = logs ? &logs[i] : nullptr;
        if (stories) {
            explain::Story story{stories[i]};
            parts.path->decide(batch[i], parts.latest, decisions[i], &story, log);
        } else if (is_heard || !parts.path->decide_usual(batch[i], parts.sightings[round],
                                                         parts.latest, decisions[i])) {
            parts.path->decide(batch[i], parts.latest, decisions[i], nullptr, log);
        }
        ++parts.reasons[static_cast<std::size_t>(decisions[i].reason)];
        if (!parts.listens) continue;
        parts.event_ends.push_back(static_cast<std::uint32_t>(parts.tracker->events().size()));
        parts.expectation_event_ends.push_back(
            static_cast<std::uint32_t>(parts.tracker->expectation_events().size()));
    }
}

std::vector<Event> Engine::take_events() { return std::exchange(parts_->tracker->events(), {}); }

std::span<const std::uint32_t> Engine::event_ends() const { return parts_->event_ends; }

void Engine::for_each_entry(Time now, const EntryVisitor& visit) const {
    std::vector<const ct::Entry*> living;
    parts_->tracker->entries().visit_all([&living, now](const ct::Entry& entry) {
        if (entry.expires > now) living.push_back(&entry);
    });
    std::sort(living.begin(), living.end(),
              [](const ct::Entry* a, const ct::Entry* b) { return a->number() < b->number(); });
    for (const ct::Entry* entry : living) visit(parts_->tracker->copy_of(*entry, now));
}

std::vector<ExpectationEvent> Engine::take_expectation_events() {
    return std::exchange(parts_->tracker->expectation_events(), {});
}

std::span<const std::uint32_t> Engine::expectation_event_ends() const {
    return parts_->expectation_event_ends;
}

std::vector<ExpectationCopy> Engine::expectations(Time now) const {
    std::vector<ExpectationCopy> copies;
    parts_->tracker->expectations().visit_all([&](const ct::Expectation& e) {
        if (e.expires > now) copies.push_back(parts_->tracker->copy_of(e, now));
    });
    const auto key = [](const ExpectationCopy& e) {
        return std::tie(e.timeout_ns, e.tuple, e.master);
    };
    std::sort(
        copies.begin(), copies.end(),
        [&key](const ExpectationCopy& a, const ExpectationCopy& b) { return key(a) < key(b); });
    return copies;
}

std::string Engine::print_expectations(Time now) const {
    std::string out;
    for (const ExpectationCopy& e : expectations(now)) print_expectation(e, EntryFormat::proc, out);
    return out;
}

std::string Engine::print_counters(Family family) const {
    const std::size_t i = index_of(family);
    if (!parts_->programs[i]) return {};
    return parts_->programs[i]->print_counters();
}

Statistics Engine::statistics() const { return parts_->tracker->statistics(); }

const std::array<std::uint64_t, kReasons>& Engine::reason_counts() const { return parts_->reasons; }

std::uint32_t Engine::entry_count() const { return parts_->tracker->entries().size(); }

}  // namespace keepstate
