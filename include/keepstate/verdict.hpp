// Hooks, tables and verdicts: the words of iptables.
#pragma once

#include <cstdint>
#include <string_view>

namespace keepstate {

/// Netfilter's five hooks, numbered as the kernel numbers them.
enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting };
inline constexpr std::size_t kHooks = 5;

/// "PREROUTING", "INPUT", ...: also the names of the built-in chains.
std::string_view text(Hook hook);

/// The five tables, in the order in which iptables-legacy-save prints them is not this one; this is
/// the order in which a packet meets them at one hook.
enum class Table : std::uint8_t { raw, mangle, nat, filter, security };
inline constexpr std::size_t kTables = 5;

/// "raw", "mangle", "nat", "filter", "security".
std::string_view text(Table table);

/// What became of a packet. `held`: a fragment that waits for the others; the packet that completes
/// them carries the whole datagram. `queue`: handed to userspace (NFQUEUE). `stolen`: taken by a target.
enum class Verdict : std::uint8_t { accept, drop, reject, queue, stolen, held };

/// "ACCEPT", "DROP", "REJECT", "QUEUE", "STOLEN", "HELD".
std::string_view text(Verdict verdict);

}  // namespace keepstate
