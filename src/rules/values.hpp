// Words into values, as iptables reads them: numbers, ports, marks, hosts and masks.
//
// iptables reads a number as C does: 0x is hexadecimal, a leading 0 octal, blanks and a `+' before it are
// nothing, a `-' is refused. Addresses of -s and -d are its own reading (`10.1' is 10.1.0.0), those of
// module options are getaddrinfo's (`10.1' is 10.0.0.1). Both are kept, because rulesets depend on them.
// Host names are refused: a ruleset must not mean something else when a name server answers otherwise.
//
// source: seen:tests/rules.   Tested by: tests/rules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keepstate/address.hpp"
#include "rules/module.hpp"
#include "rules/nearest.hpp"

namespace keepstate::rules {

/// A number at the beginning of `words`, and how many bytes it takes. Nothing if there is none, or if it
/// is over 2^64-1.
struct NumberPrefix {
    std::uint64_t value = 0;
    std::size_t bytes = 0;
};
std::optional<NumberPrefix> parse_number_prefix(std::string_view words);
/// The whole of `words` as a number between min and max.
std::optional<std::uint64_t> parse_number(std::string_view words, std::uint64_t min,
                                          std::uint64_t max);

/// An address or mask in network order, IPv4 in the first four bytes.
using AddressBytes = std::array<std::uint8_t, 16>;

/// The dotted words of -s and -d: one to four parts, the missing ones 0 ("10.1" is 10.1.0.0).
std::optional<AddressBytes> parse_own_ipv4(std::string_view words, bool all_parts);
/// -s and -d: one item of the list, "address[/mask]". The address is cut by the mask. Nothing: `fault`
/// says why.
std::optional<AddressPart> parse_address_part(std::string_view words, Family family,
                                              std::string& fault);
/// The mask of `bits` leading ones.
AddressBytes mask_of(unsigned bits, Family family);
/// A prefix length, or a mask, of options that ask for one: IPv4 reads a length over 32 and a mask with holes as all
/// bits. Nothing: it is neither.
std::optional<std::uint8_t> parse_prefix_bits(std::string_view words, Family family);
/// How many leading ones, if `mask` is of that form.
std::optional<unsigned> bits_of(const AddressBytes& mask, Family family);
/// "10.0.0.0/8", "10.0.0.1/255.0.0.255": always with a mask.
std::string address_text(const AddressPart& part, Family family);
Address to_address(const AddressBytes& bytes, Family family);

/// A port: number, or the name of a service for that protocol.
std::optional<std::uint16_t> parse_port(std::string_view words, std::uint8_t protocol);

/// "; did you mean `http'?", or nothing.
std::string did_you_mean_service(std::string_view words);

/// -p: number, or name in any case. Nothing: not known.
std::optional<std::uint8_t> parse_protocol(std::string_view words);

/// -i and -o. Nothing: `fault` says why.
std::optional<DevicePart> parse_device(std::string_view words, std::string& fault);

/// An option's argument by its kind. Nothing: `fault` says why.
std::optional<Value> parse_value(const Option& option, std::string_view words, Family family,
                                 std::string& fault);

/// `words' as iptables-save prints an argument: bare if only letters, digits, `_' and `-', else quoted.
void append_quoted(std::string& out, std::string_view words);

}  // namespace keepstate::rules
