// What helpers remember of their master from packet to packet. All zero when the helper is assigned.
#pragma once

#include <array>
#include <cstdint>
#include <variant>

namespace keepstate::ct {

/// By CtDirection: where lines began lately.
struct FtpMemory {
    static constexpr std::size_t kRemembered = 2;
    std::array<std::array<std::uint32_t, kRemembered>, 2> after_newline{};
    std::array<std::uint8_t, 2> known{};  ///< how many of them are set
};

struct SaneMemory {
    bool is_start_requested = false;  ///< the next answer is one to NET_START
};

struct SipMemory {
    std::uint32_t register_cseq = 0;
    std::uint32_t invite_cseq = 0;
};

/// source: kernel:include/linux/netfilter/nf_conntrack_pptp.h.
struct PptpMemory {
    enum class Session : std::uint8_t { none, error, stop_requested, requested, confirmed };
    enum class Call : std::uint8_t {
        none,
        error,
        out_requested,
        out_confirmed,
        in_requested,
        in_replied,
        in_confirmed,
        clear_requested,
    };
    Session session = Session::none;
    Call call = Call::none;
    std::uint16_t pac_call_id = 0;
    std::uint16_t pns_call_id = 0;
};

struct H323Memory {
    std::array<std::uint16_t, 2> signal_port{};  ///< by CtDirection
    std::array<std::array<std::uint16_t, 2>, 4> rtp_ports{};
    std::uint32_t timeout_s = 0;                ///< of a registration
    std::array<std::uint16_t, 2> tpkt_bytes{};  ///< by CtDirection: a TPKT announced, not begun
};

using HelperMemory =
    std::variant<std::monostate, FtpMemory, SaneMemory, SipMemory, PptpMemory, H323Memory>;

}  // namespace keepstate::ct
