// H.323: registration, call signalling and control, drawn along the tables that keepstate reads them by.
//
// Every field of the standards that has to be known to find the wanted ones appears, so a wrong table shows as
// an announcement that one of the two does not hear. Addresses are mostly the sender's own. See talk.hpp.
#include <algorithm>

#include "ct/helper/test_h323.hpp"
#include "differ/talk.hpp"

namespace keepstate::kernel {

namespace {

using ct::h323::Found;
using ct::h323::Type;
using ct::test::H323Draw;
using ct::test::PerWriter;

constexpr std::uint8_t kTcp = IPPROTO_TCP, kUdp = IPPROTO_UDP;

/// One message and who is to be called after it.
class Speaker {
  public:
    Speaker(Dice& dice, const TalkPlace& place, unsigned side)
        : dice_(dice), place_(place), side_(side) {}

    Bytes make(const Type& type, Found found, std::vector<unsigned> choices) {
        H323Draw draw;
        draw.below = [this](std::uint32_t bound) { return dice_.below(bound); };
        draw.place_of = [this](Found what) { return place_of(what); };
        draw.choices = std::move(choices);
        return draw.make(type, found).out();
    }
    std::vector<Announced> announced;

  private:
    H323Draw::Place place_of(Found found);
    void announce(Found found, const std::string& to, std::uint16_t port);
    Bytes draw_control();

    Dice& dice_;
    const TalkPlace& place_;
    unsigned side_;
};

H323Draw::Place Speaker::place_of(Found found) {
    const bool is_far = found == Found::alternative_address || found == Found::ras_address ||
                        (found == Found::call_address && dice_.one_in(2));
    std::string to = place_.addresses[side_];
    if (is_far || dice_.one_in(12)) {
        to = dice_.pick<std::string>({place_.addresses[side_], place_.addresses[1 - side_],
                                      place_.others[side_], place_.others[1 - side_]});
    }
    auto port = static_cast<std::uint16_t>(1024 + dice_.below(8));
    if (found == Found::call_address && dice_.one_in(2)) port = 1720;
    if (found == Found::ras_address && dice_.one_in(2)) port = place_.ports[side_];
    if (dice_.one_in(20)) port = static_cast<std::uint16_t>(dice_.below(2));
    announce(found, to, port);
    const KernelAddress address = make_address(to);
    const std::size_t size = place_.is_v6 ? 16 : 4;
    const auto begin = address.bytes.begin();
    return {{begin, begin + static_cast<std::ptrdiff_t>(size)}, port};
}

Bytes Speaker::draw_control() {
    Speaker peer{dice_, place_, 1 - side_};
    const std::vector<unsigned> choices =
        dice_.one_in(3) ? std::vector<unsigned>{1, 5} : std::vector<unsigned>{0, 3};
    return ct::test::make_tpkt(
        peer.make(ct::h323::kMultimediaSystemControlMessage, Found::nothing, choices));
}

void Speaker::announce(Found found, const std::string& to, std::uint16_t port) {
    const unsigned from = 1 - side_;
    switch (found) {
        case Found::media:
            announced.push_back({kUdp, from, to, port, 0});
            announced.push_back({kUdp, from, to, static_cast<std::uint16_t>(port ^ 1U), 0});
            break;
        case Found::h245_address:
            announced.push_back({kTcp, from, to, port, 0, draw_control()});
            break;
        case Found::ras_address: announced.push_back({kUdp, from, to, port, 0}); break;
        default: announced.push_back({kTcp, from, to, port, 0}); break;
    }
}

/// Several messages in one segment, a header alone, wrong headers and lengths.
Bytes draw_tpkts(Dice& dice, const std::vector<Bytes>& messages) {
    Bytes bytes;
    for (const Bytes& message : messages) {
        Bytes tpkt = ct::test::make_tpkt(message);
        if (dice.one_in(20)) tpkt[dice.below(4)] = static_cast<std::uint8_t>(dice.below(6));
        bytes.insert(bytes.end(), tpkt.begin(), tpkt.end());
    }
    if (dice.one_in(25)) bytes.push_back(3);
    return bytes;
}

std::vector<unsigned> draw_control_choices(Dice& dice) {
    if (dice.one_in(10)) return {};
    if (dice.one_in(3)) return {1, 5};
    return {0, 3};
}

Bytes draw_q931(Dice& dice, Speaker& speaker) {
    // Setup, call proceeding, connect, alerting, facility or progress; information and release complete.
    const unsigned body = dice.pick({0U, 0U, 1U, 2U, 3U, 6U, 6U, 7U, 4U, 5U});
    Bytes elements;
    if (dice.one_in(3)) elements = {0x04, 3, 0x88, 0x93, 0xa5, 0x28, 2, 'a', 'b'};
    if (dice.one_in(12)) elements.insert(elements.begin(), 0xa1);  // sending complete
    if (dice.one_in(20)) elements.push_back(dice.byte());
    Bytes message = ct::test::make_q931(
        speaker.make(ct::h323::kUserInformation, Found::nothing, {body}), elements);
    if (dice.one_in(20)) message[1] = dice.byte() & 3U;
    return message;
}

/// NetMeeting's way: the header in one segment, the message in the next. Remembered is by which seed it is drawn.
Said say_q931(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory& memory) {
    std::uint32_t& seed = memory.numbers[side];
    Said said;
    if (seed != 0 || dice.one_in(12)) {
        const bool is_header = seed == 0;
        if (is_header) seed = dice.word() | 1U;
        Dice same{seed};
        Speaker speaker{same, place, side};
        said.payload = draw_q931(same, speaker);
        if (is_header) {
            said.payload = ct::test::make_tpkt(said.payload);
            said.payload.resize(4);
        } else {
            said.announced = std::move(speaker.announced);
            seed = 0;
        }
        return said;
    }
    Speaker speaker{dice, place, side};
    std::vector<Bytes> messages;
    const std::uint32_t count = dice.one_in(4) ? 2 + dice.below(2) : 1;
    for (std::uint32_t i = 0; i < count; ++i) messages.push_back(draw_q931(dice, speaker));
    said.payload = draw_tpkts(dice, messages);
    said.announced = std::move(speaker.announced);
    return said;
}

Said say_ras(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Speaker speaker{dice, place, side};
    Said said;
    // GCF, RRQ, RCF, URQ, ACF, LCF, and now and then another one.
    const unsigned message =
        dice.one_in(12) ? dice.below(34) : dice.pick({1U, 3U, 3U, 3U, 4U, 4U, 6U, 10U, 19U});
    said.payload = speaker.make(ct::h323::kRasMessage, Found::message, {message});
    said.announced = std::move(speaker.announced);
    return said;
}

/// H.245 is registered for UDP, and its helper reads a TCP header there: eight bytes of it are UDP's, and what it
/// takes for the header's length is the fifth byte of the payload.
Said say_h245(Dice& dice, const TalkPlace& place, unsigned side, TalkMemory&) {
    Speaker speaker{dice, place, side};
    std::vector<Bytes> messages;
    for (std::uint32_t i = dice.small(3); i-- > 0;) {
        messages.push_back(speaker.make(ct::h323::kMultimediaSystemControlMessage, Found::nothing,
                                        draw_control_choices(dice)));
    }
    Said said;
    said.payload = Bytes(dice.one_in(8) ? dice.below(14) : 12);
    if (said.payload.size() > 4) said.payload[4] = dice.one_in(10) ? dice.byte() : 0x50;
    const Bytes tpkts = draw_tpkts(dice, messages);
    said.payload.insert(said.payload.end(), tpkts.begin(), tpkts.end());
    said.announced = std::move(speaker.announced);
    return said;
}

}  // namespace

extern const TalkKind k_talk_h245;
extern const TalkKind k_talk_q931;
extern const TalkKind k_talk_ras;
const TalkKind k_talk_h245{"H.245", IPPROTO_UDP, 1718, true, say_h245};
const TalkKind k_talk_q931{"Q.931", IPPROTO_TCP, 1720, true, say_q931};
const TalkKind k_talk_ras{"RAS", IPPROTO_UDP, 1719, true, say_ras};

}  // namespace keepstate::kernel
