// -m dst: the IPv6 destination options header. See header_options.hpp.
#include "rules/match/header_options.hpp"

namespace keepstate::rules::match {

extern const MatchModule k_dst;
const MatchModule k_dst = match_module<HeaderOptions<false>>();

}  // namespace keepstate::rules::match
