// All helpers, module by module.
//
// Tested by: ct/helper/helpers_test.cpp.
#include <array>

#include "ct/helper/helper.hpp"

namespace keepstate::ct {

std::vector<Helper> make_helpers(const HelperSettings& settings) {
    constexpr std::array kModules{add_ftp_helpers,    add_tftp_helpers, add_irc_helpers,
                                  add_amanda_helpers, add_sane_helpers, add_netbios_ns_helpers,
                                  add_snmp_helpers,   add_pptp_helpers, add_sip_helpers,
                                  add_h323_helpers};
    std::vector<Helper> helpers;
    for (const AddHelpers add : kModules) add(settings, helpers);
    return helpers;
}

std::string helper_name(std::string_view name, std::uint16_t usual_port, std::uint16_t port) {
    std::string whole{name};
    if (port != usual_port) whole += '-' + std::to_string(port);
    return whole;
}

}  // namespace keepstate::ct
