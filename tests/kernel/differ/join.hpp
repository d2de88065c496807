// What leaves the kernel side in pieces, put together again for the comparison.
//
// Linux cuts a datagram that it has put together for tracking into fragments again when it sends it; keepstate
// lets it go as one packet (docs/differences.md). So the pieces are joined, and then the bytes must be equal.
// Tested by: every walk with fragments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernel_run.hpp"

namespace keepstate::kernel {

/// The one packet that the outputs are fragments of, without_fragment_marks; if they are not fragments, the
/// bytes of all, one after another.
std::vector<std::uint8_t> join_fragments(const std::vector<KernelOutput>& outputs);

/// IPv4 without "do not fragment", which does not survive being cut; others as they are.
std::vector<std::uint8_t> without_fragment_marks(std::span<const std::uint8_t> packet);

/// What no rule, only the host's own stack sends.
bool is_icmpv6_parameter_problem(std::span<const std::uint8_t> packet);

}  // namespace keepstate::kernel
