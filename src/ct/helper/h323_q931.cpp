// Call signalling of H.323 (Q.931 messages with H.225.0 in their User-user element). See h323.hpp.
#include "ct/helper/h323.hpp"

namespace keepstate::ct::h323 {

namespace {

bool expect_h245(const Heard& heard, const Note& note) {
    const std::optional<Endpoint> endpoint = read_own_endpoint(heard, note);
    if (!endpoint) return true;
    const Endpoint to{heard.c.other_tuple().destination, endpoint->port};
    const Helper* helper = find_helper(heard.c.all_helpers, kH245Name);
    return heard.wishes.expect(expect_from_peer(heard, protocol::kTcp, to, helper)) ==
           Grant::granted;
}

/// The kernel asks its routes whether both are reached by the same gateway and device. Here every network is
/// directly connected, so that only an address and itself are.
bool has_same_way(const Address& a, const Address& b) { return a == b; }

bool expect_forwarded(const Heard& heard, const Note& note) {
    const std::optional<Endpoint> to = read_endpoint(heard, note);
    if (!to || to->port == 0) return true;
    if (heard.c.settings.h323_callforward_filter != 0 &&
        has_same_way(to->address, heard.c.other_tuple().source)) {
        return true;
    }
    const Helper* helper = find_helper(heard.c.all_helpers, kQ931Name);
    return heard.wishes.expect(expect_from_peer(heard, protocol::kTcp, *to, helper)) ==
           Grant::granted;
}

}  // namespace

/// A Facility that forwards the call says that alone, apart from tunnelled H.245.
bool hear_call(const Heard& heard, std::span<const Note> notes) {
    constexpr std::uint32_t kCallForwarded = 1;  // of H.225.0's FacilityReason
    Channels channels{heard};
    const Note* alternative = nullptr;
    bool is_forwarded = false;
    for (const Note& note : notes) {
        bool is_granted = true;
        switch (note.found) {
            case Found::alternative_address: alternative = &note; break;
            case Found::facility_reason:
                is_forwarded = note.value == kCallForwarded;
                if (is_forwarded && alternative) is_granted = expect_forwarded(heard, *alternative);
                break;
            case Found::h245_address:
                if (!is_forwarded) is_granted = expect_h245(heard, note);
                break;
            case Found::tunnelled: is_forwarded = false; break;
            default:
                if (!is_forwarded) is_granted = channels.hear(note);
                break;
        }
        if (!is_granted) return false;
    }
    return channels.finish();
}

HelperAnswer help_q931(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    if (c.state != CtState::established) return HelperAnswer::accept();
    Tpkts messages{c, memory_of(memory)};
    base::ByteView message;
    while (messages.next(message)) {
        Notes notes;
        if (!decode_q931(message, notes)) break;
        if (!hear_call({c, wishes, message}, notes.all())) {
            return HelperAnswer::drop("cannot process Q.931 message");
        }
    }
    return HelperAnswer::accept();
}

}  // namespace keepstate::ct::h323
