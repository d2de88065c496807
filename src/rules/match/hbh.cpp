// -m hbh: the IPv6 hop-by-hop options header. See header_options.hpp.
#include "rules/match/header_options.hpp"

namespace keepstate::rules::match {

extern const MatchModule k_hbh;
const MatchModule k_hbh = match_module<HeaderOptions<true>>();

}  // namespace keepstate::rules::match
