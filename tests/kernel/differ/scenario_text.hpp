// Packets and a setup as a scenario file (docs/scenarios.md), with the kernel's answers as its wishes.
//
// The scenario is written without wishes, played on the kernel by the player of tests/scenarios, and
// written again with what was seen: so it passes on the kernel by its making. Packets stand in the packet
// language where it can say them byte for byte, else as raw bytes with their meaning as a comment.
//
// Limits: a scenario knows no events, statistics or bytes that left; where only those differ, it shows the
// packets and both players agree on it. Tested by: differ_test.cpp.
#pragma once

#include <span>
#include <string>

#include "kernel_run.hpp"

namespace keepstate::kernel {

/// The file's text. If the kernel cannot be asked, the same without wishes.
std::string scenario_text(const KernelSetup& setup, std::span<const KernelPacket> packets);

/// One packet in the packet language (include/keepstate/packet.hpp), exactly these bytes.
std::string packet_words(const KernelPacket& packet);

}  // namespace keepstate::kernel
