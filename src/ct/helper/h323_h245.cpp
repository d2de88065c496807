// H.245, and what it shares with call signalling: TPKT and channels. See h323.hpp.
#include <algorithm>
#include <utility>

#include "ct/helper/h323.hpp"

namespace keepstate::ct::h323 {

H323Memory& memory_of(HelperMemory& memory) {
    if (H323Memory* h323 = std::get_if<H323Memory>(&memory)) return *h323;
    return memory.emplace<H323Memory>();
}

const Helper* find_helper(std::span<const Helper> helpers, std::string_view name) {
    for (const Helper& helper : helpers) {
        if (helper.name == name) return &helper;
    }
    return nullptr;
}

std::optional<Endpoint> read_endpoint(const Heard& heard, const Note& note) {
    const Family family = heard.c.tuple().source.family;
    Endpoint endpoint;
    endpoint.address.family = family;
    const std::size_t size = endpoint.address.size();
    if (note.address_bytes != size || !heard.bytes.has(note.value, size + 2)) return std::nullopt;
    const base::ByteView bytes = heard.bytes.sub(note.value, size + 2);
    std::copy_n(bytes.data(), size, endpoint.address.bytes.begin());
    endpoint.port = bytes.be16(size);
    return endpoint;
}

std::optional<Endpoint> read_own_endpoint(const Heard& heard, const Note& note) {
    std::optional<Endpoint> endpoint = read_endpoint(heard, note);
    if (!endpoint || endpoint->port == 0 || endpoint->address != heard.c.tuple().source) {
        return std::nullopt;
    }
    return endpoint;
}

Expectation expect_from_peer(const Heard& heard, std::uint8_t protocol, const Endpoint& to,
                             const Helper* helper, std::uint32_t flags) {
    Expectation wish = make_expectation(kClass, protocol, &heard.c.other_tuple().source, nullptr,
                                        to.address, to.port);
    wish.helper = helper;
    wish.flags = flags;
    return wish;
}

/// RTP has the even port, RTCP the odd one behind it, whichever of them is named. The destination is where the flow's
/// own answers go, which without translation is the address that is named.
bool Channels::expect_media(const Note& note) {
    const std::optional<Endpoint> endpoint = read_own_endpoint(heard_, note);
    if (!endpoint) return true;
    const Address& to = heard_.c.other_tuple().destination;
    const auto rtp = static_cast<std::uint16_t>(endpoint->port & ~1U);
    const auto rtcp = static_cast<std::uint16_t>(endpoint->port | 1U);
    Wishes& wishes = heard_.wishes;
    if (wishes.expect(expect_from_peer(heard_, protocol::kUdp, {to, rtp})) != Grant::granted) {
        return false;
    }
    if (wishes.expect(expect_from_peer(heard_, protocol::kUdp, {to, rtcp})) == Grant::granted) {
        return true;
    }
    wishes.take_back_last();
    return false;
}

bool Channels::expect_t120(const Note& note) {
    const std::optional<Endpoint> endpoint = read_own_endpoint(heard_, note);
    if (!endpoint) return true;
    const Endpoint to{heard_.c.other_tuple().destination, endpoint->port};
    return heard_.wishes.expect(expect_from_peer(heard_, protocol::kTcp, to, nullptr,
                                                 expectation_flag::kPermanent)) == Grant::granted;
}

bool Channels::hear(const Note& note) {
    constexpr std::uint32_t kSeparateLanStack = 10;  // of H.245's DataProtocolCapability
    switch (note.found) {
        case Found::open_channel: is_t120_ = false; return finish();
        case Found::acknowledgement: return finish();
        case Found::t120_protocol: is_t120_ = note.value == kSeparateLanStack; return true;
        case Found::media: return expect_media(note);
        case Found::channel_stack: return !is_t120_ || expect_t120(note);
        case Found::acknowledged_stack: acknowledged_stack_ = &note; return true;
        default: return true;
    }
}

bool Channels::finish() {
    const Note* stack = std::exchange(acknowledged_stack_, nullptr);
    return !stack || expect_t120(*stack);
}

/// The kernel reads the header as TCP's whatever the flow's protocol is: H.245 is registered for UDP.
Tpkts::Tpkts(const HelperCase& c, H323Memory& memory)
    : announced_bytes_(memory.tpkt_bytes[static_cast<std::size_t>(c.direction)]) {
    constexpr std::size_t kHeader = 20, kOffsetByte = 12, kMostBytes = 65535;
    const base::ByteView segment = c.packet.transport();
    if (!segment.has(0, kHeader)) return;
    is_segment_ = true;
    payload_ = segment.sub(std::size_t{segment.u8(kOffsetByte)} / 16 * 4, kMostBytes);
}

bool Tpkts::end() {
    announced_bytes_ = 0;
    return false;
}

bool Tpkts::next(base::ByteView& message) {
    if (!is_segment_) return false;
    if (payload_.size() == 0) return end();
    if (!has_begun_) return first(message);
    constexpr std::size_t kHeader = 4;
    if (payload_.size() - at_ <= kHeader) return end();
    if (payload_.be16(at_) != 0x0300) return end();
    return take(at_, message);
}

/// What does not begin with a header may be the message of a header that came alone. Otherwise such a header stays
/// remembered.
bool Tpkts::first(base::ByteView& message) {
    constexpr std::size_t kHeader = 4;
    has_begun_ = true;
    if (payload_.size() >= kHeader && payload_.be16(0) == 0x0300) return take(0, message);
    if (announced_bytes_ == 0) return false;
    if (announced_bytes_ > payload_.size()) return end();
    at_ = announced_bytes_;
    message = payload_.sub(0, at_);
    announced_bytes_ = 0;
    return true;
}

bool Tpkts::take(std::size_t at, base::ByteView& message) {
    constexpr std::size_t kHeader = 4;
    const std::size_t size = payload_.be16(at + 2);
    const std::size_t left = payload_.size() - at;
    if (size < kHeader) return end();
    if (size > left) {
        if (left != kHeader) return end();
        announced_bytes_ = static_cast<std::uint16_t>(size - kHeader);
        return false;
    }
    message = payload_.sub(at + kHeader, size - kHeader);
    at_ = at + size;
    announced_bytes_ = 0;
    return true;
}

HelperAnswer help_h245(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    if (c.state != CtState::established) return HelperAnswer::accept();
    Tpkts messages{c, memory_of(memory)};
    base::ByteView message;
    while (messages.next(message)) {
        Notes notes;
        if (!decode_h245(message, notes)) break;
        const Heard heard{c, wishes, message};
        Channels channels{heard};
        bool is_granted = true;
        for (const Note& note : notes.all()) is_granted = is_granted && channels.hear(note);
        if (!is_granted || !channels.finish()) {
            return HelperAnswer::drop("cannot process H.245 message");
        }
    }
    return HelperAnswer::accept();
}

}  // namespace keepstate::ct::h323
