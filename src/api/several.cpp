// See several.hpp.
#include "api/several.hpp"

#include <utility>
#include <vector>

#include "rules/sharing.hpp"

namespace keepstate {

namespace {

void add_to(Statistics& sum, const Statistics& more) {
    sum.found += more.found;
    sum.invalid += more.invalid;
    sum.insert += more.insert;
    sum.insert_failed += more.insert_failed;
    sum.drop += more.drop;
    sum.early_drop += more.early_drop;
    sum.error += more.error;
    sum.search_restart += more.search_restart;
    sum.clash_resolve += more.clash_resolve;
    sum.chain_too_long += more.chain_too_long;
    sum.expect_new += more.expect_new;
    sum.expect_create += more.expect_create;
    sum.expect_delete += more.expect_delete;
}
static_assert(sizeof(Statistics) == 13 * sizeof(std::uint64_t), "add_to() adds all of it");

}  // namespace

void visit_entries(EngineList engines, Time now, const EntryVisitor& visit) {
    std::vector<LivingEntry> living;
    for (const EngineParts* engine : engines) engine->add_living(now, living);
    EngineParts::visit_in_order(living, now, visit);
}

std::string print_counters(EngineList engines, Family family) {
    const rules::Program* const first = engines[0]->program(family);
    if (!first) return {};
    std::vector<const rules::Program*> others;
    for (const EngineParts* engine : engines.subspan(1)) others.push_back(engine->program(family));
    return first->print_counters_with(others);
}

Statistics sum_of_statistics(EngineList engines) {
    Statistics sum;
    for (const EngineParts* engine : engines) add_to(sum, engine->tracker->statistics());
    return sum;
}

std::array<std::uint64_t, kReasons> sum_of_reasons(EngineList engines) {
    std::array<std::uint64_t, kReasons> sum{};
    for (const EngineParts* engine : engines) {
        for (std::size_t i = 0; i < kReasons; ++i) sum[i] += engine->reasons[i];
    }
    return sum;
}

Result<void> change_rules(std::span<EngineParts* const> engines, Family family,
                          std::string_view command, std::span<const LabelName> labels,
                          const ct::HelperReach* reach) {
    EngineParts& first = *engines[0];
    rules::ChangeTerms terms;
    if (reach) {
        terms.why_not = [&](const rules::Program& program, const rules::RulePosition& at) {
            return rules::why_not_beside_others(program, at, first.helpers, *reach);
        };
    }
    Result<bool> changed = first.change_rules(family, command, labels, terms);
    if (!changed) return Unexpected(std::move(changed.error()));
    if (!*changed) return {};
    terms = {};
    terms.counts_from_zero = true;
    for (EngineParts* other : engines.subspan(1)) {
        const Result<bool> also = other->change_rules(family, command, labels, terms);
        KS_ASSERT(also && *also);
    }
    return {};
}

std::optional<Fault> find_rule_for_order(const EngineParts& engine, bool has_helpers) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const rules::Program* program = engine.program(family);
        if (!program) continue;
        if (auto found = rules::find_rule_for_order(*program, has_helpers)) return found;
    }
    return std::nullopt;
}

}  // namespace keepstate
