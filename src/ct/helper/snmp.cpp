// SNMP: the host asks all agents of its network at once. What the messages hold is not read.
//
// source: kernel:net/netfilter/nf_conntrack_snmp.c.   Tested by: ct/helper/broadcast_test.cpp,
// fuzz/helper_broadcast.cpp.
#include "ct/helper/broadcast.hpp"

namespace keepstate::ct {

namespace {

HelperAnswer help_snmp(const HelperCase& c, HelperMemory&, Wishes& wishes) {
    expect_broadcast_answers(c, wishes, c.settings.snmp_timeout);
    return HelperAnswer::accept();
}

}  // namespace

void add_snmp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    add_broadcast_helper("snmp", 161, settings.snmp_timeout, help_snmp, helpers);
}

}  // namespace keepstate::ct
