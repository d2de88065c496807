// Names of services and protocols: see names.cpp for where they come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keepstate::rules {

/// The port of a service, for a protocol number or for any (0). Exact spelling, as getservbyname.
std::optional<std::uint16_t> find_service(std::string_view name, std::uint8_t protocol);
/// The number of a protocol; "all" is 0. Exact spelling: `-p` lowers the case before it asks.
std::optional<std::uint8_t> find_protocol(std::string_view name);
/// The name that iptables-save prints for a number, or the number itself.
std::string protocol_text(std::uint8_t number);

/// All of them, for "did you mean".
std::vector<std::string_view> protocol_names();
std::vector<std::string_view> service_names();

}  // namespace keepstate::rules
