// A rule as the index of its chain has it: a box and a candidate.
//
// Private to fast_table.cpp.   Tested by: tests/property/fast_property.cpp.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.hpp"
#include "rules/classifier.hpp"
#include "rules/program.hpp"

namespace keepstate::rules {

struct IndexedRule {
    Box box;
    Candidate candidate;
    bool is_general = false;  ///< it asks nothing but state, protocol and devices
    bool is_of_port = false;  ///< nothing but these, the destination port and TCP's flags
};

/// The rule with this index in its chain. Writes down in its step which match fast() asks first.
IndexedRule index_rule(ProgramTable& table, std::uint32_t chain, std::uint32_t rule);

/// 16 bytes as two big-endian numbers.
inline DeviceNumbers::Words as_numbers(const DeviceNumbers::Words& memory) {
    const auto* const at = reinterpret_cast<const std::uint8_t*>(memory.data());
    const auto load = [&](std::size_t i) { return std::uint64_t{base::load_be32(at + i)}; };
    return {load(0) << 32 | load(4), load(8) << 32 | load(12)};
}

/// How many bits the mask begins with; -1: they do not stand together at its beginning.
inline int prefix_bits(const DeviceNumbers::Words& mask) {
    const DeviceNumbers::Words numbers = as_numbers(mask);
    const int first = std::countl_one(numbers[0]);
    const int bits = first < 64 ? first : 64 + std::countl_one(numbers[1]);
    const int all = std::popcount(numbers[0]) + std::popcount(numbers[1]);
    return bits == all ? bits : -1;
}

}  // namespace keepstate::rules
