// The kernel's words; see log_words.hpp.
#include "ct/log_words.hpp"

#include <fmt/format.h>
#include <fmt/printf.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace keepstate::ct {

namespace {

/// The kernel numbers kinds of segments, directions and states as we do.
int number_of(SegmentKind kind) { return static_cast<int>(kind); }
int number_of(CtDirection direction) { return static_cast<int>(direction); }

/// kernel_words(), which are a format of printf, with the numbers of this packet.
template <typename... Numbers>
std::string words_with(Reason reason, const Numbers&... numbers) {
    return fmt::sprintf(kernel_words(reason), numbers...);
}

std::string window_words(const WindowCheck& window) {
    switch (window.reason) {
        case Reason::tcp_seq_over_window:
            if (window.ruling == WindowRuling::let_by) {
                return fmt::format("{} bytes more than expected", window.bytes_over);
            }
            return words_with(window.reason, window.data_upper.value());
        case Reason::tcp_ack_beyond_end: return words_with(window.reason, window.ack_upper.value());
        case Reason::tcp_end_under_window:
            return words_with(window.reason, window.data_lower.value());
        case Reason::tcp_ack_too_old: return words_with(window.reason, window.ack_lower.value());
        default: return {};
    }
}

/// A tag as the kernel prints it: the bytes of the wire read on a little-endian machine.
std::uint32_t swapped(std::uint32_t tag) { return __builtin_bswap32(tag); }

/// Which chunk was refused, and why: its length is printed as the wire's bytes read on a little-endian machine.
std::string chunk_words(base::ByteView sctp) {
    constexpr std::size_t kHeader = 12;
    constexpr std::uint8_t kInit = 1, kInitAck = 2, kCookieEcho = 10, kCookieAck = 11,
                           kShutdownComplete = 14;
    bool is_alone = false;
    int count = 0;
    for (std::size_t at = kHeader; sctp.has(at, 4); ++count) {
        const std::uint8_t type = sctp.u8(at);
        const std::uint16_t length = sctp.be16(at + 2);
        is_alone = is_alone || type == kInit || type == kInitAck || type == kShutdownComplete;
        const bool is_first_only = is_alone || type == kCookieAck || type == kCookieEcho;
        if ((is_first_only && count != 0) || length == 0) {
            return words_with(Reason::sctp_chunks, count, type, __builtin_bswap16(length),
                              is_alone ? 1 : 0);
        }
        at += (std::size_t{length} + 3) / 4 * 4;
    }
    return {};
}

/// %pI4 and %pI6: an IPv6 address in full.
std::string plain_address(const Address& address) {
    if (address.family == Family::ipv4) return text(address);
    std::string out;
    for (std::size_t i = 0; i < address.bytes.size(); i += 2) {
        out += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", address.bytes[i],
                           address.bytes[i + 1]);
    }
    return out;
}

}  // namespace

std::string tcp_log_words(const TcpMemory& before, const Segment& segment, CtDirection direction,
                          const TcpJudgement& judgement) {
    const int kind = number_of(segment.kind);
    const int side = number_of(direction);
    if (judgement.exception == "let by, not judged") {
        return fmt::format("packet (index {}) in dir {} ignored, state {}", kind, side,
                           text(before.state));
    }
    if (judgement.exception == "challenge ACK") return "challenge-ack ignored";
    if (judgement.reason == Reason::tcp_state) {
        return words_with(judgement.reason, kind, side, text(before.state));
    }
    if (judgement.reason == Reason::tcp_invalid_rst) return words_with(judgement.reason);
    if (!judgement.window.made || judgement.window.liberal) return {};
    return window_words(judgement.window);
}

std::string tcp_close_log_words(const TcpMemory& before, const Segment& segment,
                                CtDirection direction, const TcpJudgement& judgement) {
    constexpr std::uint64_t kTicksPerSecond = 250;
    if (!judgement.shorten_only || !judgement.timeout_s) return {};
    return fmt::format("packet (index {}, dir {}) response for index {} lower timeout to {}",
                       number_of(segment.kind), number_of(direction), number_of(before.last_kind),
                       *judgement.timeout_s * kTicksPerSecond);
}

std::string sctp_log_words(const SctpMemory& before, const SctpPacket& packet,
                           CtDirection direction, const SctpJudgement& judgement) {
    // The kernel has words for the packet's tag only, not for those that go with chunks.
    if (judgement.reason == Reason::sctp_vtag && judgement.step_count == 0) {
        return words_with(judgement.reason, swapped(packet.vtag),
                          swapped(before.vtag[static_cast<std::size_t>(direction)]),
                          number_of(direction));
    }
    if (judgement.reason != Reason::sctp_state || judgement.step_count == 0) return {};
    const std::size_t last = std::min(judgement.step_count, SctpJudgement::kSteps) - 1;
    const SctpStep& step = judgement.steps[last];
    return words_with(judgement.reason, static_cast<int>(step.before), number_of(direction),
                      type_of(step.chunk.kind));
}

std::string refusal_log_words(Reason reason, const wire::Packet& packet, const Entry* found,
                              CtDirection direction) {
    switch (reason) {
        case Reason::sctp_chunks:
            return packet.is_fragment ? std::string() : chunk_words(packet.transport());
        case Reason::icmp_error_wrong_destination:
            if (found == nullptr) return {};
            return fmt::format("outer daddr {} != inner {}", plain_address(packet.destination()),
                               plain_address(found->tuple(direction).destination));
        default: break;
    }
    // The rest of the words that hold numbers were said when the protocol judged.
    const std::string_view words = kernel_words(reason);
    const bool is_plain =
        kind(reason) == ReasonKind::invalid && words.find('%') == std::string::npos;
    return reason == Reason::tcp_invalid_rst || !is_plain ? std::string() : std::string(words);
}

}  // namespace keepstate::ct
