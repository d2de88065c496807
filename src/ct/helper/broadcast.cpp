// See broadcast.hpp. An answer comes from a host that was not asked by its own address, so it is no reply to the
// master; without the expectation it is NEW.
//
//     master    10.0.1.254:3333 -> 10.0.1.255:137
//     expected  10.0.1.0/24:137 -> 10.0.1.254:3333      the port is the helper's, whatever port was asked
//
// Tested by: ct/helper/broadcast_test.cpp, fuzz/helper_broadcast.cpp.
#include "ct/helper/broadcast.hpp"

namespace keepstate::ct {

void expect_broadcast_answers(const HelperCase& c, Wishes& wishes, std::uint32_t timeout_s) {
    if (!c.is_from_host || c.direction != CtDirection::original) return;
    if (!c.broadcast_bits || *c.broadcast_bits == 0) return;
    Expectation wish;
    wish.tuple = c.other_tuple();
    wish.tuple.source_key = c.helper.port;
    wish.mask = {*c.broadcast_bits, true};
    wish.flags = expectation_flag::kPermanent;
    // Whether it was granted changes nothing: the master's time is set in any case.
    wishes.expect(wish);
    wishes.refresh_master(timeout_s);
}

void add_broadcast_helper(std::string_view name, std::uint16_t port, std::uint32_t timeout_s,
                          Helper::Help help, std::vector<Helper>& helpers) {
    Helper helper;
    helper.name = name;
    helper.family = Family::ipv4;
    helper.protocol = protocol::kUdp;
    helper.port = port;
    helper.policies[0] = {"", 1, timeout_s};
    helper.help = help;
    helpers.push_back(helper);
}

}  // namespace keepstate::ct
