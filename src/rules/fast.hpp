// fast: one packet through one table at one hook, as walk() does it, but without looking at rules that cannot match.
//
// The outcome, every counter, what targets and matches do and the order in which they do it are walk()'s: a rule is
// left out only if one of its parts that have no effect (addresses, devices, protocol, ports, state) says no.
// fast_table.hpp has what finds the others; a rule that asks more than a candidate holds is then asked in full, by the
// same code as in walk().
//
// walk() itself runs the table where that is simpler or the only way: TRACE is or can become on; a packet whose
// transport header is cut or whose chain of IPv6 extension headers is broken (rules that match on ports drop
// it). Such packets cost what walk() costs, linear in the rules. Who wants explanations calls walk().
//
// Cost: near constant for rules that people write, see classifier.hpp; each rule that matches and goes on adds its
// own work (some 50 instructions), each jump or return one lookup, which is some 20 if the chain is short. A chain that only
// counts and marks is done by the jump to it, a built-in chain without rules counts its policy. Allocates nothing.
// Tested by: tests/property/fast_property.cpp. Measured by: bench/rules_bench.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/context.hpp"
#include "rules/outcome.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

/// As walk() without an observer.
Outcome run(Program& program, Table table, Hook hook, Context& context);

struct PathResult {
    Outcome outcome;
    /// What replay() takes; 0: not to be replayed. Set if every rule that was asked, whether it matched or not, would
    /// answer the same to any packet of the same flow, direction and state that comes and goes by the same devices and
    /// is no fragment, and if no rule on the way had an effect but for its counters.
    std::uint32_t path = 0;
    /// With path: it would answer the same to packets of other flows too, of the same protocol and family.
    bool is_general = false;
    /// With path: likewise, of the same destination port too.
    bool is_of_port = false;
};
/// run(), which also says whether the next packet like this may take replay() instead. A little dearer than run().
/// `has_same_flags`: those packets will have the same flags of TCP; otherwise a way on which a rule asked for flags has no number.
PathResult run_and_note(Program& program, Table table, Hook hook, Context& context,
                        bool has_same_flags = false);

/// Counts context.packet on the way that `path` names and says what was decided there. `path` is not 0 and came from
/// this Program and table. The caller has seen to it that the packet is like the one that got the number
/// (see PathResult), that context.traced is not set and that its transport header is not cut (is_plain()).
/// Cost: that of the counters.
Outcome replay(Program& program, Table table, std::uint32_t path, const Context& context);

/// The counters that replay() raises, as long as the Program lives.
void append_counters(Program& program, Table table, std::uint32_t path,
                     std::vector<Counters*>& counters);

/// Whether the packet's headers are whole enough for fast: no later fragment, nothing cut.
bool is_plain(const wire::Packet& packet);

}  // namespace keepstate::rules
