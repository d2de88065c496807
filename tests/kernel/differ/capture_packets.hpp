// The IP packets of captures, as KernelPackets.
//
// What keepstate's own readers make of a file is what both sides get: io reads the capture (any format,
// compression and link type that `keepstate replay` reads), wire strips the link header with its tags, and
// a packet that holds less than its header says is filled up with zeros, as a replay does it.
//
// Limits: the whole capture is held in memory.  Tested by: differ_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keepstate/address.hpp"
#include "kernel_run.hpp"

namespace keepstate::kernel {

struct CapturePackets {
    std::vector<KernelPacket> packets;
    std::vector<std::uint64_t>
        frames;                  ///< beside packets: the frame's number in its capture, from 1
    std::uint64_t left_out = 0;  ///< frames without an IP packet
    std::string trouble;         ///< where and how the capture broke; empty: it did not
};

/// Rules that count the packets of each state at INPUT, FORWARD and OUTPUT, let everything pass, and give the flows to
/// each helper's usual port that helper: iptables-save text.
std::string counting_rules(Family family);

/// Errors: no such file, not a capture. One that is cut off gives what stands before the cut.
Result<CapturePackets> read_capture(const std::string& name);

}  // namespace keepstate::kernel
