// A packet as its words describe it, before it becomes bytes. For wire's own files only.
//
//     words --(packet_text.cpp)--> Draft --(packet_draft.cpp)--> bytes
//
// Tested by: wire/packet_text_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/build.hpp"

namespace keepstate::wire {

enum class DraftKind : std::uint8_t { tcp, udp, udplite, icmp, icmp6, sctp, gre, esp, ip };

struct DraftFragment {
    std::uint16_t offset = 0;
    std::optional<std::uint32_t>
        bytes;  ///< cut of the datagram that is written; nullopt: all of it, moved
    bool more = false;
};

struct Draft {
    DraftKind kind = DraftKind::ip;
    IpFields ip;
    std::uint8_t protocol = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::string in_device;
    Bytes payload;
    Bytes extensions;  ///< protocol numbers of IPv6 extension headers, in order
    std::optional<DraftFragment> fragment;
    std::uint32_t fragment_id = 0;
    bool has_bad_checksum = false;
    bool has_no_checksum = false;
    TcpFields tcp;
    std::optional<std::uint8_t> tcp_header_bytes;
    std::optional<std::uint16_t> udp_length;
    std::uint16_t udplite_coverage = 0;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint32_t icmp_rest = 0;
    std::optional<Address> icmp_target;
    std::optional<Bytes> quote;
    std::uint32_t quote_bytes = 65535;
    std::uint32_t sctp_tag = 0;
    std::uint32_t sctp_init_tag = 1;
    std::vector<std::uint8_t> sctp_chunks;
    std::optional<std::uint32_t> gre_key;
    std::optional<std::uint16_t> gre_call_id;
    std::uint32_t esp_spi = 0x100;
    std::uint32_t esp_seq = 1;
};

/// The packet's bytes, checksums set; empty if it would be longer than 65535 bytes.
Bytes build_draft(const Draft& draft);

}  // namespace keepstate::wire
