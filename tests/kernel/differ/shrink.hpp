// The fewest packets, settings and rules that still show a difference.
//
// Packets first: those behind the first difference go; then those of other ends than the packet that
// differs; then halves, quarters, ... Then each setting and each rule is left out if the difference stays.
// "The difference stays" means that something of the same kind (Difference::what) differs: otherwise a
// search for one fault ends at another.
//
// Cost: a run of the kernel each trial, about a tenth of a second, and bounded.
// Tested by: differ_test.cpp.
#pragma once

#include <vector>

#include "differ/compare.hpp"

namespace keepstate::kernel {

struct Shrunk {
    KernelSetup setup;
    std::vector<KernelPacket> packets;
    std::vector<Difference> differences;  ///< what they show
};

/// `first`: the difference to keep. At most `trials` runs; what it returns has been run once more and
/// holds no differences if none showed again.
Shrunk shrink(const KernelSetup& setup, std::vector<KernelPacket> packets, const Difference& first,
              unsigned trials);

}  // namespace keepstate::kernel
