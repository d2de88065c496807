// What several engines of one firewall hold together: for ShardedEngine and Exchange.
//
// Threads: while none of the engines is at work.   Tested by: tests/property/shards_property.cpp, exchange_property.cpp.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "api/engine_parts.hpp"
#include "ct/steering.hpp"

namespace keepstate {

using EngineList = std::span<const EngineParts* const>;

/// In order of creation.
void visit_entries(EngineList engines, Time now, const EntryVisitor& visit);
/// The ruleset with the counters of all added up; empty if there are no rules of the family.
std::string print_counters(EngineList engines, Family family);
Statistics sum_of_statistics(EngineList engines);
std::array<std::uint64_t, kReasons> sum_of_reasons(EngineList engines);

/// As Engine::change_rules in each of them: all change, or none. `reach`: which flows may have helpers, where the engines judge side
/// by side and some rules cannot be taken; null: one judges all packets.
Result<void> change_rules(std::span<EngineParts* const> engines, Family family,
                          std::string_view command, std::span<const LabelName> labels,
                          const ct::HelperReach* reach);

/// The first rule because of which all packets must be judged by one Program; nothing if there is none.
std::optional<Fault> find_rule_for_order(const EngineParts& engine, bool has_helpers);

}  // namespace keepstate
