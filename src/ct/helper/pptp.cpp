// PPTP: the control connection says which two GRE call ids are one tunnel.
//
//     | length 2 | type 2: 1 | cookie 4 | message 2 | 0 2 | body ... |        RFC 2637 2
//
//     client (PNS)                server (PAC)            session              call
//     Start request          ->                           requested
//                            <-   Start reply, ok         confirmed
//     Outgoing call request  ->                                                out_requested, client's call id
//                            <-   Outgoing call reply                          out_confirmed, both call ids: GRE
//                            <-   Incoming call request                        in_requested, server's call id
//     Incoming call reply    ->                                                in_replied, client's call id
//                            <-   Incoming call connected                      in_confirmed: GRE
//                            <-   Disconnect notify                            none: the tunnel's entries end
//
// Both directions of the tunnel are expected; whichever comes first makes the flow and takes the other one back.
// Call ids go into the key map, since a GRE packet says only the one of who gets it. The end of the master ends the
// tunnel too: also one with the call ids 0, if there was no call, which is where plain GRE between the two hosts stands.
//
// limits: who opened the connection is taken for the PNS; one call for each connection: a second one with other ids
// finds the key map taken, and nothing is expected any more. A message that a segment's end cuts is not seen.
// source: kernel:net/netfilter/nf_conntrack_pptp.c, RFC 2637.   Tested by: ct/helper/pptp_test.cpp,
// fuzz/helper_pptp.cpp, tests/kernel/differ/talk_pptp.cpp.
#include <array>
#include <optional>

#include "ct/helper/helper.hpp"
#include "ct/helper/payload.hpp"

namespace keepstate::ct {

namespace {

using Session = PptpMemory::Session;
using Call = PptpMemory::Call;

constexpr std::uint16_t kPort = 1723;
constexpr std::uint16_t kControl = 1;
constexpr std::uint32_t kCookie = 0x1a2b3c4d;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::uint8_t kOk = 1;  // of all result codes

enum class Message : std::uint16_t {
    start_request = 1,
    start_reply,
    stop_request,
    stop_reply,
    echo_request,
    echo_reply,
    out_call_request,
    out_call_reply,
    in_call_request,
    in_call_reply,
    in_call_connected,
    call_clear_request,
    call_disconnect_notify,
    wan_error_notify,
    set_link_info,
};

/// The least bytes of each message's body, by its number.
constexpr std::array<std::size_t, 16> kBodyBytes{0,  144, 144, 4,  4, 0,   0,  156,
                                                 20, 208, 12,  16, 4, 136, 28, 12};

struct Control {
    Message message;
    base::ByteView body;
};

std::optional<Control> read_control(base::ByteView payload) {
    if (!payload.has(0, kHeaderBytes)) return std::nullopt;
    if (payload.be16(2) != kControl || payload.be32(4) != kCookie) return std::nullopt;
    const std::uint16_t number = payload.be16(8);
    if (number == 0 || number >= kBodyBytes.size()) return std::nullopt;
    const base::ByteView body = payload.sub(kHeaderBytes);
    if (body.size() < kBodyBytes[number]) return std::nullopt;
    return Control{static_cast<Message>(number), body};
}

/// The tuple of one direction's GRE packets, between the master's hosts.
Tuple gre_tuple(const Tuple& master, std::uint16_t source_key, std::uint16_t destination_key) {
    return {master.source, master.destination, protocol::kGre, source_key, destination_key};
}

/// Both directions' tuples. The packets carry the call id of who gets them.
std::array<Tuple, 2> tunnel_of(const std::array<Tuple, 2>& master, std::uint16_t pns_call_id,
                               std::uint16_t pac_call_id) {
    return {gre_tuple(master[0], pns_call_id, pac_call_id),
            gre_tuple(master[1], pac_call_id, pns_call_id)};
}

Expectation expect_gre(const Tuple& tuple) {
    Expectation wish = make_expectation(0, protocol::kGre, &tuple.source, &tuple.source_key,
                                        tuple.destination, tuple.destination_key);
    wish.when_met = WhenMet::pptp_gre;
    return wish;
}

void take_back(const Tuple& tuple, Wishes& wishes) {
    const Expectation* own =
        wishes.find_own([&tuple](const Expectation& other) { return other.tuple == tuple; });
    if (own) wishes.take_back(*own);
}

/// All of it or nothing: two expectations and two call keys.
void expect_tunnel(const std::array<Tuple, 2>& tunnel, Wishes& wishes) {
    if (wishes.expect(expect_gre(tunnel[0])) != Grant::granted) return;
    if (wishes.expect(expect_gre(tunnel[1])) != Grant::granted) {
        take_back(tunnel[0], wishes);
        return;
    }
    if (wishes.add_call_key(CtDirection::original, tunnel[0])) {
        if (wishes.add_call_key(CtDirection::reply, tunnel[1])) return;
        wishes.take_back_call_keys();
    }
    take_back(tunnel[1], wishes);
    take_back(tunnel[0], wishes);
}

void end_tunnel(const std::array<Tuple, 2>& master, const PptpMemory& memory, Wishes& wishes) {
    wishes.take_back_call_keys();
    for (const Tuple& tuple : tunnel_of(master, memory.pns_call_id, memory.pac_call_id)) {
        if (wishes.end_flow(tuple)) continue;
        if (const Expectation* expected = wishes.find(tuple)) wishes.take_back(*expected);
    }
}

void hear_client(const Control& control, PptpMemory& memory) {
    const base::ByteView body = control.body;
    switch (control.message) {
        case Message::start_request:
            if (memory.session == Session::none) memory.session = Session::requested;
            return;
        case Message::stop_request: memory.session = Session::stop_requested; return;
        case Message::out_call_request:
            if (memory.session != Session::confirmed) return;
            memory.call = Call::out_requested;
            memory.pns_call_id = body.be16(0);
            return;
        case Message::in_call_reply:
            if (memory.call != Call::in_requested && memory.call != Call::in_replied) return;
            if (body.be16(2) != memory.pac_call_id) return;
            if (body.u8(4) != kOk) {
                memory.call = Call::none;
                return;
            }
            memory.call = Call::in_replied;
            memory.pns_call_id = body.be16(0);
            return;
        case Message::call_clear_request:
            if (memory.session == Session::confirmed) memory.call = Call::clear_requested;
            return;
        default: return;
    }
}

void hear_call_answer(const HelperCase& c, base::ByteView body, PptpMemory& memory,
                      Wishes& wishes) {
    if (memory.session != Session::confirmed) return;
    if (memory.call != Call::out_requested && memory.call != Call::out_confirmed) return;
    if (body.be16(2) != memory.pns_call_id) return;
    if (body.u8(4) != kOk) {
        memory.call = Call::none;
        return;
    }
    memory.call = Call::out_confirmed;
    memory.pac_call_id = body.be16(0);
    expect_tunnel(tunnel_of(c.tuples, memory.pns_call_id, memory.pac_call_id), wishes);
}

void hear_call_connected(const HelperCase& c, base::ByteView body, PptpMemory& memory,
                         Wishes& wishes) {
    if (memory.session != Session::confirmed) return;
    if (memory.call != Call::in_replied && memory.call != Call::in_confirmed) return;
    if (body.be16(0) != memory.pns_call_id) return;
    memory.call = Call::in_confirmed;
    expect_tunnel(tunnel_of(c.tuples, memory.pns_call_id, memory.pac_call_id), wishes);
}

void hear_server(const HelperCase& c, const Control& control, PptpMemory& memory, Wishes& wishes) {
    const base::ByteView body = control.body;
    switch (control.message) {
        case Message::start_reply:
            if (memory.session < Session::requested) return;
            memory.session = body.u8(2) == kOk ? Session::confirmed : Session::error;
            return;
        case Message::stop_reply:
            if (memory.session > Session::stop_requested) return;
            memory.session = body.u8(0) == kOk ? Session::none : Session::error;
            return;
        case Message::out_call_reply: hear_call_answer(c, body, memory, wishes); return;
        case Message::in_call_request:
            if (memory.session != Session::confirmed) return;
            memory.call = Call::in_requested;
            memory.pac_call_id = body.be16(0);
            return;
        case Message::in_call_connected: hear_call_connected(c, body, memory, wishes); return;
        case Message::call_disconnect_notify:
            memory.call = Call::none;
            end_tunnel(c.tuples, memory, wishes);
            return;
        default: return;
    }
}

HelperAnswer help_pptp(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    if (c.state != CtState::established) return HelperAnswer::accept();
    const std::optional<Control> control = read_control(tcp_payload(c));
    if (!control) return HelperAnswer::accept();
    PptpMemory& remembered = own_memory<PptpMemory>(memory);
    if (c.direction == CtDirection::original) {
        hear_client(*control, remembered);
    } else {
        hear_server(c, *control, remembered, wishes);
    }
    return HelperAnswer::accept();
}

void end_pptp(const std::array<Tuple, 2>& tuples, HelperMemory& memory, Wishes& wishes) {
    end_tunnel(tuples, own_memory<PptpMemory>(memory), wishes);
}

}  // namespace

void add_pptp_helpers(const HelperSettings&, std::vector<Helper>& helpers) {
    constexpr std::uint32_t kTimeout = 300;
    Helper helper;
    helper.name = "pptp";
    helper.family = Family::ipv4;
    helper.protocol = protocol::kTcp;
    helper.port = kPort;
    helper.policies[0] = {"", 2, kTimeout};
    helper.help = help_pptp;
    helper.end = end_pptp;
    helpers.push_back(helper);
}

}  // namespace keepstate::ct
