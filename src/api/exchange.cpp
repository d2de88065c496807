// An exchange: making it, and what it tells; see keepstate/exchange.hpp. How packets are judged: exchange_member.hpp.
#include "keepstate/exchange.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "api/exchange_member.hpp"
#include "api/several.hpp"
#include "api/steering.hpp"

namespace keepstate {

struct Exchange::Member::Parts {
    ExchangeMember member;
};

struct Exchange::Parts {
    std::vector<std::unique_ptr<HandOver>>
        hand_overs;  ///< from each to each, the asker's number first
    std::vector<std::unique_ptr<Member>> members;
    std::vector<const EngineParts*> engines;
    std::optional<Fault> why_one;
};

namespace {

std::optional<Fault> find_why_one(const EngineParts& engine, const EngineSetup& setup,
                                  const ct::HelperReach& reach) {
    if (auto rule = find_rule_for_order(engine, !reach.is_empty())) return rule;
    if (reach.is_empty()) return std::nullopt;
    return Fault{{},
                 0,
                 0,
                 setup.settings.helper != 0
                     ? "nf_conntrack_helper is 1: what helpers announce is known to one engine"
                     : "rules give flows a helper: what it announces is known to one engine",
                 {}};
}

Result<void> check_room(const ExchangeSetup& setup) {
    constexpr std::uint32_t kMost = 65536;
    if (Result<void> good = check_shards(setup.members); !good) return good;
    if (setup.most_in_flight >= 1 && setup.most_in_flight <= kMost) return {};
    return Unexpected(Error::of(
        ErrorKind::usage,
        fmt::format("{} packets under way: there may be 1 to {}", setup.most_in_flight, kMost)));
}

}  // namespace

Exchange::Member::Member(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Exchange::Member::~Member() = default;
bool Exchange::Member::submit(std::span<const Frame> batch) { return parts_->member.submit(batch); }
std::size_t Exchange::Member::serve() { return parts_->member.serve(); }
std::span<const Exchange::Answer> Exchange::Member::collect() { return parts_->member.collect(); }
std::span<const Exchange::Answer> Exchange::Member::wait() { return parts_->member.wait(); }
std::uint32_t Exchange::Member::in_flight() const { return parts_->member.in_flight; }
std::vector<Event> Exchange::Member::take_events() {
    return std::exchange(parts_->member.ledger.events, {});
}

Exchange::Exchange(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;

Result<Exchange> Exchange::make(EngineSetup setup, ExchangeSetup members) {
    if (Result<void> good = check_room(members); !good) return Unexpected(std::move(good.error()));
    auto parts = std::make_unique<Parts>();
    ct::Steering steering = make_steering(setup, members.members);
    const std::uint32_t places = ExchangeMember::places_for(members.most_in_flight);
    for (std::uint32_t i = 0; i < members.members; ++i) {
        Result<std::unique_ptr<EngineParts>> engine = EngineParts::make(setup);
        if (!engine) return Unexpected(std::move(engine.error()));
        if (i == 0 && members.members > 1) {
            parts->why_one = find_why_one(**engine, setup, steering.reach());
            if (parts->why_one) steering = make_steering(setup, 1);
        }
        parts->engines.push_back(engine->get());
        parts->members.push_back(std::unique_ptr<Member>(new Member(std::unique_ptr<Member::Parts>(
            new Member::Parts{{i, std::move(*engine), steering, members.most_in_flight}}))));
        const bool has_own_decisions = !parts->engines.back()->path->shares_decisions();
        for (std::uint32_t other = 0; other < members.members; ++other) {
            parts->hand_overs.push_back(
                other == i ? nullptr : std::make_unique<HandOver>(places, has_own_decisions));
        }
    }
    for (const auto& member : parts->members) {
        member->parts_->member.meet(parts->hand_overs, members.members);
    }
    return Exchange(std::move(parts));
}

std::uint32_t Exchange::members() const {
    return static_cast<std::uint32_t>(parts_->members.size());
}
Exchange::Member& Exchange::member(std::uint32_t number) { return *parts_->members.at(number); }
const std::optional<Fault>& Exchange::why_one() const { return parts_->why_one; }

Result<void> Exchange::change_rules(Family family, std::string_view command,
                                    std::span<const LabelName> labels) {
    std::vector<EngineParts*> engines;
    for (const auto& member : parts_->members) {
        const ExchangeMember& each = member->parts_->member;
        if (!each.is_idle()) {
            return Unexpected(Error::of(
                ErrorKind::usage,
                fmt::format("member {} has packets under way: rules change when every member has "
                            "collected and released all of its batches",
                            engines.size())));
        }
        engines.push_back(each.engine.get());
    }
    const bool judge_side_by_side = engines.size() > 1 && !parts_->why_one;
    const ct::HelperReach& reach = parts_->members[0]->parts_->member.reach();
    return keepstate::change_rules(engines, family, command, labels,
                                   judge_side_by_side ? &reach : nullptr);
}

void Exchange::for_each_entry(Time now, const EntryVisitor& visit) const {
    visit_entries(parts_->engines, now, visit);
}
/// Only one of them has helpers.
std::vector<ExpectationCopy> Exchange::expectations(Time now) const {
    return parts_->engines[0]->expectations(now);
}
std::string Exchange::print_counters(Family family) const {
    return keepstate::print_counters(parts_->engines, family);
}
Statistics Exchange::statistics() const { return sum_of_statistics(parts_->engines); }
std::array<std::uint64_t, kReasons> Exchange::reason_counts() const {
    return sum_of_reasons(parts_->engines);
}
std::vector<std::uint32_t> Exchange::entry_counts() const {
    std::vector<std::uint32_t> counts;
    for (const EngineParts* engine : parts_->engines) {
        counts.push_back(engine->tracker->entries().size());
    }
    return counts;
}

}  // namespace keepstate
