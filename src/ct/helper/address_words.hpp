// Addresses in running text, as the kernel reads them for its helpers: the longest beginning that is one, and what
// may stand behind it. keepstate/address.hpp reads a whole text instead.
//
//     "10.0.0.1:5060"   10.0.0.1, 8 bytes          "10.0.0.1.5"   none: the number would go on
//     "fd00::1]"        fd00::1, 7 bytes           "10.0.0.1a"    none: `a` is a hexadecimal digit
//
// Leading zeros mean nothing, however many, and are not octal.
//
// source: kernel:net/core/utils.c in4_pton, in6_pton with no delimiter of their own.
// Tested by: ct/helper/address_words_test.cpp, fuzz/helper_sip.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "keepstate/address.hpp"

namespace keepstate::ct {

struct AddressWords {
    Address address;
    std::size_t bytes = 0;  ///< how much of the text it takes
};

std::optional<AddressWords> read_ipv4_words(std::string_view text);
std::optional<AddressWords> read_ipv6_words(std::string_view text);
std::optional<AddressWords> read_address_words(Family family, std::string_view text);

}  // namespace keepstate::ct
