// The classic BPF machine that -m bpf runs: programs of 8-byte instructions on a packet.
//
//     A, X     32-bit registers, 0 at first        M[0..15]     32-bit memory, to be written before it is read
//
// check_bpf() is the kernel's look at a program when a rule is loaded: known instructions only, jumps forward and
// within, no constant division by zero, memory written on every way that reads it, a return at the end. A
// checked program is therefore done after at most as many steps as it has instructions. Whatever a program loads
// past the packet's end makes it return 0.
//
// Loads from the ancillary area (offsets 0xfffff000 on) ask about the packet; what keepstate does not know of it
// (link header, device number, device type without Ethernet) makes the program return 0 too.
// source: kernel:net/core/filter.c bpf_check_classic, bpf_convert_filter; S. McCanne, V. Jacobson, "The BSD Packet
// Filter", 1993.   Tested by: rules/match/bpf_machine_test.cpp, tests/rules/bpf.t, tests/scenarios/rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "rules/context.hpp"

namespace keepstate::rules::match {

struct BpfInstruction {
    std::uint16_t code = 0;
    std::uint8_t if_true = 0;
    std::uint8_t if_false = 0;
    std::uint32_t k = 0;
};

/// Why Linux would not load it, or nothing.
std::optional<std::string> check_bpf(std::span<const BpfInstruction> program);

/// Whether it may ask for a random number.
bool throws_dice(std::span<const BpfInstruction> program);

/// What the program returns; it has passed check_bpf(). Reads `context`, and throws its dice for a random number.
std::uint32_t run_bpf(std::span<const BpfInstruction> program, Context& context);

}  // namespace keepstate::rules::match
