// What a walk reaches in keepstate: states, reasons, cells of the TCP and SCTP machines, their exceptions, answers.
//
// A walk that never comes near an edge agrees with the kernel for nothing. So keepstate plays the same packets once
// more, alone and with its story told, and the facts of the story are counted.
// Tested by: differ_test.cpp (each kind of walk reaches what it is for).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "differ/walks.hpp"

namespace keepstate::kernel {

struct Reach {
    /// By heading ("state", "reason", "verdict", "answer", "exception", "cell"), then by name.
    std::map<std::string, std::map<std::string, std::uint64_t>> counts;

    /// Errors: a setup that makes no engine.
    Result<void> add(const Walk& walk);
    /// A heading a paragraph, each name with its count.
    std::string print() const;
    bool has(const std::string& heading, const std::string& name) const;
};

}  // namespace keepstate::kernel
