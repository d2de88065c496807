// The real iptables-legacy-restore and -save, in fresh network namespaces.
#pragma once

#include <string>
#include <vector>

#include "keepstate/address.hpp"

/// What the real tools make of one text.
struct RealAnswer {
    bool taken = false;
    std::string saved;  ///< iptables-legacy-save afterwards, with its comment lines
    std::string words;  ///< what it complained
};

/// Empty if the real tools can be run here, else the reason.
std::string why_no_real_tools();

/// Runs all texts; `fresh_each`: every one in a namespace of its own, else one after the other in one.
/// `before`: shell commands done first in each namespace.
std::vector<RealAnswer> ask_real_tools(const std::vector<std::string>& texts,
                                       keepstate::Family family, bool fresh_each,
                                       const std::vector<std::string>& before = {});
