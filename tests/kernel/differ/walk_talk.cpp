// See walk_talk.hpp.
#include "differ/walk_talk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace keepstate::kernel {

extern const TalkKind k_talk_amanda;
extern const TalkKind k_talk_ftp;
extern const TalkKind k_talk_h245;
extern const TalkKind k_talk_irc;
extern const TalkKind k_talk_pptp;
extern const TalkKind k_talk_q931;
extern const TalkKind k_talk_ras;
extern const TalkKind k_talk_sane;
extern const TalkKind k_talk_sip_tcp;
extern const TalkKind k_talk_sip_udp;
extern const TalkKind k_talk_tftp;

namespace {

constexpr std::array kTalkKinds{&k_talk_amanda,  &k_talk_ftp,     &k_talk_h245, &k_talk_irc,
                                &k_talk_pptp,    &k_talk_q931,    &k_talk_ras,  &k_talk_sane,
                                &k_talk_sip_tcp, &k_talk_sip_udp, &k_talk_tftp};
constexpr std::size_t kMostTalks = 6;
constexpr std::size_t kMostAnnounced = 12;
constexpr std::uint8_t kGre = 47;

Bytes make_gre(const IpEnds& ends, std::uint16_t call_id, std::uint32_t seq) {
    Bytes bytes;
    put16(bytes, 0x3001);
    put16(bytes, 0x880b);
    put16(bytes, 4);
    put16(bytes, call_id);
    put32(bytes, seq);
    put32(bytes, 0xff03c021U);
    return make_ip(ends, kGre, bytes);
}

}  // namespace

std::span<const TalkKind* const> talk_kinds() { return kTalkKinds; }

std::string make_talk_rules(Dice& dice, bool is_v6) {
    std::string rules = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    for (const TalkKind* kind : kTalkKinds) {
        if (is_v6 && !kind->has_ipv6) continue;
        std::string target = fmt::format("--helper {}", kind->helper);
        if (dice.one_in(12)) target += " --zone 3";
        const bool chooses_entries = dice.one_in(12);
        if (chooses_entries) target += " --ctevents new,related,destroy";
        // The instrument learns of an entry by its NEW, or RELATED if the flow is itself expected.
        if (!chooses_entries && dice.one_in(12))
            target += " --ctevents new,related --expevents new";
        const bool is_tcp = kind->protocol == IPPROTO_TCP;
        const char* protocol = is_tcp ? "tcp" : "udp";
        rules += fmt::format("-A PREROUTING -p {} -m {} --dport {} -j CT {}\n", protocol, protocol,
                             kind->port, target);
        if (target.find("zone") != std::string::npos) {
            rules += "-A PREROUTING -j CT --zone 3\n";
        }
    }
    rules +=
        "COMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
        ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
    if (dice.one_in(2)) rules += "-A FORWARD -p tcp -j CONNMARK --set-xmark 0x5/0xffffffff\n";
    rules += "COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    for (const TalkKind* kind : kTalkKinds) {
        rules += fmt::format("-A FORWARD -m helper --helper \"{}\"\n", kind->helper);
    }
    rules +=
        "-A FORWARD -m helper --helper \"\"\n-A FORWARD -m helper ! --helper \"ftp\"\n"
        "-A FORWARD -m conntrack --ctstate RELATED\n"
        "-A FORWARD -m conntrack --ctstatus EXPECTED\n";
    if (dice.one_in(3)) {
        rules +=
            "-A FORWARD -m conntrack --ctstate RELATED -m statistic --mode nth --every 5 "
            "--packet 0 -j DROP\n";
    }
    if (dice.one_in(4)) {
        rules += "-A FORWARD -m statistic --mode nth --every 23 --packet 0 -j DROP\n";
    }
    return rules + "COMMIT\n";
}

TalkWalk::TalkWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice) {
    for (const TalkKind* kind : kTalkKinds) {
        if (!ground.is_v6 || kind->has_ipv6) kinds_.push_back(kind);
    }
}

Bytes TalkWalk::next() {
    while (packets_.empty()) {
        if (talks_.empty() || (talks_.size() < kMostTalks && dice_.one_in(8))) {
            open_talk();
        } else if (!announced_.empty() && dice_.one_in(4)) {
            begin_announced();
        } else {
            const std::size_t which = dice_.below(talks_.size());
            if (dice_.one_in(40)) {
                close(talks_[which]);
                talks_.erase(talks_.begin() + static_cast<std::ptrdiff_t>(which));
            } else {
                speak(talks_[which]);
            }
        }
    }
    Bytes packet = std::move(packets_.front());
    packets_.pop_front();
    if (dice_.one_in(30) && packet.size() > 40) {  // an error about it, from the other side
        IpEnds ends = kernel::ends_of(packet);
        std::swap(ends.source, ends.destination);
        Bytes quote(packet.begin(),
                    packet.begin() +
                        static_cast<std::ptrdiff_t>(std::min<std::size_t>(packet.size(), 120)));
        packets_.push_front(std::move(packet));
        return ground_.is_v6 ? make_icmp(ends, 1, 4, 0, quote) : make_icmp(ends, 3, 3, 0, quote);
    }
    return packet;
}

void TalkWalk::open_talk() {
    Talk talk;
    talk.kind = kinds_[dice_.below(kinds_.size())];
    const unsigned client = dice_.below(2);
    talk.place.is_v6 = ground_.is_v6;
    talk.place.addresses = {ground_.address(client, 1 + dice_.below(2)),
                            ground_.address(1 - client, 1)};
    talk.place.others = {ground_.address(client, 3), ground_.address(1 - client, 3)};
    // Few ports, so that flows meet again.
    talk.place.ports = {static_cast<std::uint16_t>(40000 + dice_.below(12)), talk.kind->port};
    talk.seq = {dice_.one_in(3) ? 0xffffff00U + dice_.below(256) : dice_.word(), dice_.word()};
    if (talk.kind->protocol == IPPROTO_TCP) {
        if (!dice_.one_in(10)) {
            packets_.push_back(segment(talk, 0, talk.seq[0] - 1, kSyn, {}));
            packets_.push_back(segment(talk, 1, talk.seq[1] - 1, kSyn | kAck, {}));
        }
        packets_.push_back(segment(talk, 0, talk.seq[0], kAck, {}));
        if (dice_.one_in(2)) say_over_tcp(talk, 1, {'h', 'i', '\r', '\n'});
        if (dice_.one_in(2)) say_over_tcp(talk, 0, {'h', 'o', '\r', '\n'});
    }
    talks_.push_back(std::move(talk));
}

void TalkWalk::speak(Talk& talk) {
    const unsigned side = dice_.below(2);
    Said said = talk.kind->say(dice_, talk.place, side, talk.memory);
    if (dice_.one_in(8)) spoil(said.payload);
    if (talk.kind->protocol == IPPROTO_TCP) {
        say_over_tcp(talk, side, said.payload);
    } else {
        say_over_udp(talk, side, said.payload);
    }
    for (const Announced& what : said.announced) {
        announced_.push_back({what, talk.place, talk.kind});
        if (announced_.size() > kMostAnnounced) announced_.pop_front();
    }
}

/// In one segment or in several, sometimes twice or the wrong way round.
void TalkWalk::say_over_tcp(Talk& talk, unsigned side, const Bytes& payload) {
    std::vector<Bytes> parts;
    std::size_t begin = 0;
    const bool is_split = payload.size() > 1 && dice_.one_in(6);
    while (begin < payload.size()) {
        const std::size_t left = payload.size() - begin;
        const std::size_t size = is_split ? 1 + dice_.below(left) : left;
        parts.emplace_back(payload.begin() + static_cast<std::ptrdiff_t>(begin),
                           payload.begin() + static_cast<std::ptrdiff_t>(begin + size));
        begin += size;
    }
    const std::size_t first = packets_.size();
    for (Bytes& part : parts) {
        const auto size = static_cast<std::uint32_t>(part.size());
        packets_.push_back(segment(talk, side, talk.seq[side], kAck | kPsh, part));
        if (dice_.one_in(10)) packets_.push_back(packets_.back());
        talk.seq[side] += size;
    }
    if (packets_.size() - first > 1 && dice_.one_in(6)) {
        std::swap(packets_[first], packets_[packets_.size() - 1]);
    }
    if (dice_.one_in(2)) packets_.push_back(segment(talk, 1 - side, talk.seq[1 - side], kAck, {}));
}

void TalkWalk::say_over_udp(const Talk& talk, unsigned side, const Bytes& payload) {
    packets_.push_back(
        make_udp(ends_of(talk, side), talk.place.ports[side], talk.place.ports[1 - side], payload));
    if (dice_.one_in(12)) packets_.push_back(packets_.back());
}

void TalkWalk::begin_announced() {
    const std::size_t which = dice_.below(announced_.size());
    const Waiting waiting = announced_[which];
    const auto& [what, place, kind] = waiting;
    if (!dice_.one_in(4)) {
        announced_.erase(announced_.begin() + static_cast<std::ptrdiff_t>(which));
    }
    IpEnds ends;
    ends.source = place.addresses[what.from];
    ends.destination = what.to;
    if (ends.source == ends.destination || !ground_.is_plain(ends.destination)) return;
    std::uint16_t to = what.port;
    if (dice_.one_in(10)) ++to;
    if (dice_.one_in(10)) ends.source = place.others[what.from];
    const std::uint16_t from = what.source_port != 0 ? what.source_port : next_port_++;
    const IpEnds back{ends.destination, ends.source};
    if (what.talks && dice_.one_in(3)) {
        begin_talk(waiting, ends, from, to);
    } else if (what.protocol == IPPROTO_TCP) {
        begin_tcp(ends, from, to, what.words);
    } else if (what.protocol == kGre) {
        packets_.push_back(make_gre(ends, to, dice_.word()));
        if (dice_.one_in(2)) packets_.push_back(make_gre(back, from, dice_.word()));
    } else {
        packets_.push_back(make_udp(ends, from, to, Bytes(dice_.below(30))));
        if (dice_.one_in(2)) packets_.push_back(make_udp(back, to, from, Bytes(4)));
    }
}

void TalkWalk::begin_talk(const Waiting& waiting, const IpEnds& ends, std::uint16_t from,
                          std::uint16_t to) {
    const unsigned side = waiting.what.from;
    Talk talk;
    talk.kind = waiting.kind;
    talk.place.is_v6 = ground_.is_v6;
    talk.place.addresses = {ends.source, ends.destination};
    talk.place.others = {waiting.place.others[side], waiting.place.others[1 - side]};
    talk.place.ports = {from, to};
    talk.seq = {dice_.word(), dice_.word()};
    if (talk.kind->protocol == IPPROTO_TCP) {
        packets_.push_back(segment(talk, 0, talk.seq[0] - 1, kSyn, {}));
        packets_.push_back(segment(talk, 1, talk.seq[1] - 1, kSyn | kAck, {}));
    }
    if (talks_.size() >= kMostTalks) talks_.erase(talks_.begin());
    speak(talk);
    talks_.push_back(std::move(talk));
}

void TalkWalk::begin_tcp(const IpEnds& ends, std::uint16_t from, std::uint16_t to,
                         const Bytes& words) {
    const IpEnds back{ends.destination, ends.source};
    const std::uint32_t seq = dice_.word(), ack = dice_.word();
    packets_.push_back(
        make_tcp(ends, {.source_port = from, .destination_port = to, .seq = seq, .flags = kSyn}));
    if (dice_.one_in(3)) return;
    packets_.push_back(make_tcp(back, {.source_port = to,
                                       .destination_port = from,
                                       .seq = ack,
                                       .ack = seq + 1,
                                       .flags = kSyn | kAck}));
    packets_.push_back(make_tcp(ends, {.source_port = from,
                                       .destination_port = to,
                                       .seq = seq + 1,
                                       .ack = ack + 1,
                                       .flags = kAck,
                                       .payload = words.empty() ? Bytes(10) : words}));
}

void TalkWalk::spoil(Bytes& payload) {
    if (payload.empty()) return;
    const std::size_t at = dice_.below(payload.size());
    const auto place = payload.begin() + static_cast<std::ptrdiff_t>(at);
    switch (dice_.below(5)) {
        case 0: payload[at] = dice_.byte(); break;
        case 1: payload.erase(place); break;
        case 2:
            payload.insert(place, dice_.pick<std::uint8_t>({' ', '\r', '\n', ',', '0', '9'}));
            break;
        case 3: payload.resize(at); break;
        default: payload.insert(payload.end(), payload.begin(), place); break;
    }
}

void TalkWalk::close(Talk& talk) {
    if (talk.kind->protocol != IPPROTO_TCP) return;
    const unsigned side = dice_.below(2);
    packets_.push_back(
        segment(talk, side, talk.seq[side], dice_.one_in(2) ? kRst : kFin | kAck, {}));
    // Opened again at once, the flow ends and another one begins.
    if (dice_.one_in(2)) {
        packets_.push_back(segment(talk, 0, talk.seq[0] + (1U << 20U), kSyn, {}));
    }
}

IpEnds TalkWalk::ends_of(const Talk& talk, unsigned side) const {
    return {talk.place.addresses[side], talk.place.addresses[1 - side]};
}

Bytes TalkWalk::segment(const Talk& talk, unsigned side, std::uint32_t seq, std::uint8_t flags,
                        Bytes payload) const {
    TcpSegment made;
    made.source_port = talk.place.ports[side];
    made.destination_port = talk.place.ports[1 - side];
    made.seq = seq;
    made.ack = (flags & kAck) != 0 ? talk.seq[1 - side] : 0;
    made.flags = flags;
    made.payload = std::move(payload);
    return make_tcp(ends_of(talk, side), made);
}

}  // namespace keepstate::kernel
