// docs/captures: captures made from packets in words, so that anybody can read what is in them and make them anew.
//
// docs/captures/NAME.yaml is a scenario file without wishes (docs/scenarios.md); NAME.pcap is made of it: raw IP, time in
// microseconds from 2026-01-01 00:00:00 UTC on, packets as far apart as the file says.
// Threads: pure.  Tested by: docs_test.cpp.
#pragma once

#include <string>

#include "cli/scenario.hpp"

namespace keepstate::docs {

/// The bytes of NAME.pcap.
std::string make_capture(const cli::Scenario& scenario);

}  // namespace keepstate::docs
