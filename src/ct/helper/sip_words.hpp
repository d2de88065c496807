// What the SIP helper reads in a message: header lines with their addresses and numbers, and the lines of SDP.
//
//     REGISTER sip:10.0.1.1 SIP/2.0\r\n
//     Contact:\r\n                          a header may stand in several lines; those that go on begin with a blank
//       <sip:ann@10.0.0.1:5062>;expires=60\r\n
//     m: <sip:ann@10.0.0.1>\r\n             short names; what follows the name must not be a letter
//
// It guesses where a parser would be strict, exactly as Linux does: a line ends at CR, LF or both; the first line is never
// a header; nothing divides headers from what they carry, so that a header is also found in the body; behind an empty
// line that ends in LF alone the next line is not seen.
//
// A search finds nothing (absent), finds the header without what it should hold (bad), or both (found). Offsets count
// from the message's beginning.
//
// source: kernel:net/netfilter/nf_conntrack_sip.c ct_sip_get_header and those below it.
// Tested by: ct/helper/sip_words_test.cpp, fuzz/helper_sip.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "keepstate/address.hpp"

namespace keepstate::ct::sip {

inline constexpr std::uint16_t kSipPort = 5060;

/// One message of a packet.
struct Message {
    std::string_view packet;  ///< from the message's beginning to the packet's end
    std::size_t bytes = 0;    ///< the message's own
    Family family = Family::ipv4;

    std::string_view text() const { return packet.substr(0, bytes); }
};

enum class Header : std::uint8_t {
    cseq,
    from,
    to,
    contact,
    via_udp,
    via_tcp,
    expires,
    content_length,
};

enum class Look : std::uint8_t { absent, bad, found };

struct Spot {
    Look look = Look::absent;
    std::size_t offset = 0;  ///< bad: where to look on
    std::size_t bytes = 0;
};

struct Number {
    std::uint32_t value = 0;
    std::size_t bytes = 0;  ///< 0: no number, or one beyond 32 bits or eleven digits
};
/// The number that the text begins with.
Number read_number(std::string_view text);
/// A-Z, a-z and Latin-1's letters, which the kernel counts too.
bool is_letter(char c);
/// Whether the text begins so; capitals do not count.
bool begins_with(std::string_view text, std::string_view words);

/// The first such header behind `from`, which may be the middle of a line.
Spot find_header(const Message& message, Header header, std::size_t from = 0);

/// The addresses of all headers of a kind, one after the other; what has none is passed over.
class AddressWalk {
  public:
    struct Step {
        Address address;
        std::uint16_t port = 0;
        std::size_t end = 0;  ///< behind address and port
    };
    AddressWalk(const Message& message, Header header) : message_(message), header_(header) {}
    std::optional<Step> next();

  private:
    Spot next_in_list() const;

    const Message& message_;
    Header header_;
    std::size_t from_ = 0;
    bool in_list_ = false;  ///< a comma may bring another one
};

/// The protocol that ";transport=" behind `from` names; `usual` if it is not there, nothing for others than UDP and TCP.
std::optional<std::uint8_t> read_transport(const Message& message, std::size_t from,
                                           std::uint8_t usual);
/// The number behind `name`, as in "expires=", in the header's value that goes on at `from`.
struct Parameter {
    Look look = Look::absent;
    std::uint32_t value = 0;
};
Parameter read_parameter(const Message& message, std::size_t from, std::string_view name);

enum class SdpLine : std::uint8_t { version, connection, media };
/// The first such line behind `from`; `stops_at_media`: none behind the next `m=`.
Spot find_sdp(const Message& message, SdpLine line, std::size_t from, bool stops_at_media);
/// The address of the next `c=` before the next `m=`.
std::optional<Address> find_connection(const Message& message, std::size_t from);

}  // namespace keepstate::ct::sip
