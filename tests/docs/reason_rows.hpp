// docs/reasons.yaml: for each reason of reason.hpp the pages it belongs to, its usual cause, what to do, and the scenario
// that reaches it. The words of the reason itself come from reason.hpp.
//
// Threads: pure.  Tested by: docs_test.cpp.
#pragma once

#include <string>
#include <vector>

namespace keepstate::docs {

struct ReasonRow {
    std::string reason;
    std::vector<std::string> pages;  ///< "tcp", "icmp", ...: whose table has it
    std::string cause;
    std::string cure;
    std::string scenario;     ///< below tests/scenarios, without .yaml; empty: none can reach it
    std::string no_scenario;  ///< why none can, then
};

/// Nothing but what stands in the file; faults go to `faults`.
std::vector<ReasonRow> read_reason_rows(const std::string& path, std::vector<std::string>& faults);

/// The rows of one page ("all": every row), in the order of reason.hpp. `to_root`: the way from the page's folder to that
/// of the project, such as "../..".
std::string print_reason_table(const std::vector<ReasonRow>& rows, const std::string& page,
                               const std::string& to_root);

}  // namespace keepstate::docs
