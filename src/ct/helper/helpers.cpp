// All helpers, module by module.
//
// Tested by: ct/helper/helpers_test.cpp.
#include <array>

#include "ct/helper/helper.hpp"

namespace keepstate::ct {

std::vector<Helper> make_helpers(const HelperSettings& settings) {
    constexpr std::array<AddHelpers, 3> kModules{add_ftp_helpers, add_h323_helpers,
                                                 add_tftp_helpers};
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
