// What the kernel would refuse of a table, once all of it is known. See check.cpp.
#pragma once

#include "rules/faults.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

/// Adds a fault for each rule that cannot stand where it stands. Cost: linear in rules and chains.
void check(const TableText& table, Family family, Faults& faults);
/// The same for one rule of a chain that these hooks (bits) reach; circles are not looked for.
void check(const Rule& rule, Table table, Family family, std::uint8_t hooks, Faults& faults);

}  // namespace keepstate::rules
