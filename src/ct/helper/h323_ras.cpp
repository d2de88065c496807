// RAS, between an endpoint and its gatekeeper: registration, admission and status. See h323.hpp.
//
//     RRQ   endpoint:   calls reach me at ...       calls from the gatekeeper (gkrouted_only=0: from anyone) to there
//     RCF   gatekeeper: registered, for so long     the flow lives so long; what RRQ announced too, if it was for anyone
//     URQ   either:     not any more                nothing is expected any more; 30 s for the answer
//     GCF   gatekeeper: my RAS address is ...       RAS from the endpoint to there
//     ACF   gatekeeper: the other one is at ...     calls from the endpoint to there
//     LCF   gatekeeper: likewise                    likewise
#include "ct/helper/h323.hpp"

namespace keepstate::ct {

namespace h323 {

namespace {

/// Numbers of H.225.0's RasMessage.
enum Message : std::uint32_t {
    kGatekeeperConfirm = 1,
    kRegistrationRequest = 3,
    kRegistrationConfirm = 4,
    kUnregistrationRequest = 6,
    kAdmissionConfirm = 10,
    kLocationConfirm = 19,
};

const Note* find_note(std::span<const Note> notes, Found found) {
    for (const Note& note : notes) {
        if (note.found == found) return &note;
    }
    return nullptr;
}

/// The first of the addresses that is the sender's own.
bool expect_calls(const Heard& heard, std::span<const Note> notes, H323Memory& memory) {
    const HelperCase& c = heard.c;
    for (const Note& note : notes) {
        if (note.found != Found::call_address) continue;
        const std::optional<Endpoint> endpoint = read_own_endpoint(heard, note);
        if (!endpoint) continue;
        const Endpoint to{c.other_tuple().destination, endpoint->port};
        Expectation wish =
            make_expectation(kClass, protocol::kTcp,
                             c.settings.h323_gkrouted_only != 0 ? &c.other_tuple().source : nullptr,
                             nullptr, to.address, to.port);
        wish.helper = find_helper(c.all_helpers, kQ931Name);
        wish.flags = expectation_flag::kPermanent;
        if (heard.wishes.expect(wish) != Grant::granted) return false;
        memory.signal_port[static_cast<std::size_t>(c.direction)] = endpoint->port;
        return true;
    }
    return true;
}

bool hear_registration(const Heard& heard, std::span<const Note> notes, H323Memory& memory) {
    if (!expect_calls(heard, notes, memory)) return false;
    const Note* time_to_live = find_note(notes, Found::time_to_live);
    memory.timeout_s = time_to_live ? time_to_live->value : heard.c.settings.h323_default_rrq_ttl;
    return true;
}

/// The kernel counts 250 ticks a second in 32 bits. An entry's are signed: what is more than 99 days is over at once.
constexpr std::uint32_t kTicksPerSecond = 250;

/// The expectation is looked for without a source, so that only one that is for anyone is found.
void hear_confirmation(const Heard& heard, std::span<const Note> notes, H323Memory& memory) {
    const HelperCase& c = heard.c;
    const Note* time_to_live = find_note(notes, Found::time_to_live);
    if (time_to_live) memory.timeout_s = time_to_live->value;
    if (memory.timeout_s == 0) return;
    const std::uint32_t ticks = memory.timeout_s * kTicksPerSecond;
    const std::uint32_t timeout_s = ticks / kTicksPerSecond;
    constexpr std::uint32_t kMostTicks = 0x7fffffff;
    heard.wishes.refresh_master(ticks > kMostTicks ? 0 : timeout_s);
    Tuple tuple;
    tuple.destination = c.tuple().destination;
    tuple.source.family = tuple.destination.family;
    tuple.protocol = protocol::kTcp;
    tuple.destination_key = memory.signal_port[1 - static_cast<std::size_t>(c.direction)];
    const Expectation* expectation = heard.wishes.find(tuple);
    if (expectation && heard.wishes.is_own(*expectation)) {
        heard.wishes.renew(*expectation, timeout_s, expectation->flags);
    }
}

void hear_end(const Heard& heard, H323Memory& memory) {
    constexpr std::uint32_t kForTheAnswer_s = 30;
    const auto any = [](const Expectation&) { return true; };
    while (const Expectation* expectation = heard.wishes.find_own(any)) {
        heard.wishes.take_back(*expectation);
    }
    memory.signal_port = {};
    heard.wishes.refresh_master(kForTheAnswer_s);
}

/// Discovery is answered once: in a flow that was itself announced it says nothing new.
bool hear_discovery(const Heard& heard, std::span<const Note> notes) {
    const Note* note = find_note(notes, Found::ras_address);
    const std::optional<Endpoint> to = note ? read_endpoint(heard, *note) : std::nullopt;
    const Tuple& tuple = heard.c.tuple();
    if (!to || (to->address == tuple.source && to->port == tuple.source_key)) return true;
    if (heard.c.is_expected) return true;
    const Helper* helper = find_helper(heard.c.all_helpers, kRasName);
    return heard.wishes.expect(expect_from_peer(heard, protocol::kUdp, *to, helper)) ==
           Grant::granted;
}

bool expect_call_to(const Heard& heard, std::span<const Note> notes, bool may_be_peer) {
    const Note* note = find_note(notes, Found::call_address);
    const std::optional<Endpoint> to = note ? read_endpoint(heard, *note) : std::nullopt;
    if (!to || (!may_be_peer && to->address == heard.c.tuple().destination)) return true;
    const Helper* helper = find_helper(heard.c.all_helpers, kQ931Name);
    return heard.wishes.expect(expect_from_peer(heard, protocol::kTcp, *to, helper,
                                                expectation_flag::kPermanent)) == Grant::granted;
}

bool hear_ras(const Heard& heard, std::span<const Note> notes, H323Memory& memory) {
    if (notes.empty() || notes[0].found != Found::message) return true;
    switch (notes[0].value) {
        case kGatekeeperConfirm: return hear_discovery(heard, notes);
        case kRegistrationRequest: return hear_registration(heard, notes, memory);
        case kRegistrationConfirm: hear_confirmation(heard, notes, memory); return true;
        case kUnregistrationRequest: hear_end(heard, memory); return true;
        case kAdmissionConfirm: return expect_call_to(heard, notes, false);
        case kLocationConfirm: return expect_call_to(heard, notes, true);
        default: return true;
    }
}

}  // namespace

HelperAnswer help_ras(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    constexpr std::size_t kUdpHeader = 8;
    const base::ByteView message = c.packet.transport().sub(kUdpHeader);
    Notes notes;
    if (message.size() == 0 || !decode_ras(message, notes)) return HelperAnswer::accept();
    return hear_ras({c, wishes, message}, notes.all(), memory_of(memory))
               ? HelperAnswer::accept()
               : HelperAnswer::drop("cannot process RAS message");
}

}  // namespace h323

/// source: kernel: nf_conntrack_h323_init. H.245 has no port: flows get it by being announced.
void add_h323_helpers(const HelperSettings&, std::vector<Helper>& helpers) {
    constexpr std::uint16_t kQ931Port = 1720, kRasPort = 1719;
    const auto add = [&helpers](std::string_view name, std::optional<Family> family,
                                std::uint8_t protocol, std::uint16_t port, std::uint32_t most,
                                Helper::Help help) {
        Helper& helper = helpers.emplace_back();
        helper.name = name;
        helper.family = family;
        helper.protocol = protocol;
        helper.port = port;
        helper.policies[h323::kClass] = {.name = {}, .most = most, .timeout_s = 240};
        helper.help = help;
    };
    // Four channels of each direction with two flows each, T.120, and for a call H.245.
    add(h323::kH245Name, std::nullopt, protocol::kUdp, 0, 18, h323::help_h245);
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        add(h323::kQ931Name, family, protocol::kTcp, kQ931Port, 20, h323::help_q931);
    }
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        add(h323::kRasName, family, protocol::kUdp, kRasPort, 32, h323::help_ras);
    }
}

}  // namespace keepstate::ct
