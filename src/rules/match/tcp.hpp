// What other modules ask of `-m tcp'.
#pragma once

#include "rules/text.hpp"

namespace keepstate::rules::match {

/// Whether this is a `-m tcp' whose flags can only be those of a segment with SYN.
bool asks_for_syn(const MatchUse& use);

}  // namespace keepstate::rules::match
