// NetBIOS names: the host asks its network who has a name, and whoever has it answers.
//
// source: kernel:net/netfilter/nf_conntrack_netbios_ns.c.   Tested by: ct/helper/broadcast_test.cpp,
// fuzz/helper_broadcast.cpp.
#include "ct/helper/broadcast.hpp"

namespace keepstate::ct {

namespace {

HelperAnswer help_netbios_ns(const HelperCase& c, HelperMemory&, Wishes& wishes) {
    expect_broadcast_answers(c, wishes, c.settings.netbios_ns_timeout);
    return HelperAnswer::accept();
}

}  // namespace

void add_netbios_ns_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    add_broadcast_helper("netbios-ns", 137, settings.netbios_ns_timeout, help_netbios_ns, helpers);
}

}  // namespace keepstate::ct
