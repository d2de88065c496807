// Packets as text: the one-line language that scenario files and `keepstate explain` use, and the
// one-line summary that listings show.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"

namespace keepstate {

/// A packet made from words.
struct WrittenPacket {
    std::vector<std::uint8_t> ip;  ///< from the IP header on
    std::string in_device;         ///< empty if the words name none
};

/// "tcp 192.168.1.1:40000 192.168.3.1:80 flags syn seq 100 win 65535": see wire/build.hpp for the whole
/// grammar. Faults carry the column of the word that is wrong.
Result<WrittenPacket> parse_packet_text(std::string_view words);

/// Appends what tcpdump users expect to read of a frame on one line:
/// "192.168.3.1:80 > 192.168.1.1:40000 SYN,ACK seq 500 ack 101 win 65535 len 0".
void print_summary(LinkNumber link, std::span<const std::uint8_t> frame, std::string& out);

}  // namespace keepstate
