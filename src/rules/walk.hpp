// walk: one packet through one table at one hook, rule by rule, as the kernel does it. The reference.
//
// Rules are tried in order; the first that matches acts and is counted (packets, and bytes of the IP
// packet). A jump remembers where it came from, a goto does not. RETURN and the end of a chain go back
// behind the last jump; if there is none, the built-in chain's policy decides, and its counter counts. A
// match may find the packet too broken to go on (hotdrop): then it is dropped by no rule's verdict.
//
// source: kernel:net/ipv4/netfilter/ip_tables.c ipt_do_table, ip6_tables.c ip6t_do_table.
// Tested by: rules/walk_test.cpp, tests/kernel.
#pragma once

#include "rules/context.hpp"
#include "rules/observer.hpp"
#include "rules/outcome.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

/// The caller has asked program.has_chain(table, hook); asserted. Sets context.table and context.hook; marks and
/// tracking wishes are left in `context`. Allocates nothing if `observer` is null. Cost: linear in the
/// rules tried. source: see above.
Outcome walk(Program& program, Table table, Hook hook, Context& context,
             Observer* observer = nullptr);

}  // namespace keepstate::rules
