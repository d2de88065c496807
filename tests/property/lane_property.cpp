// The lane gives what the long way gives: the same decisions, entries, counters, statistics and events.
//
// Who asks for log lines gets the long way for every packet; who does not, the lane where it can be. So one engine of each kind is fed with the same
// conversations: handshakes, data with and without timestamps, acknowledgements early and late, segments outside of the
// window, resets, old duplicates, broken checksums, both families, now and then a second or an hour later. Once more while
// the rules of both engines change between the batches; then the other engine also explains, so that it walks its rules. And with many short
// lives: SYNs sent again, opened from both sides, closed from either, reset, opened again in TIME_WAIT, flags and options that
// make no sense, more of them than the table holds.
//
// How many segments take which way is counted by asking the engine's parts one by one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <random>
#include <string>
#include <vector>

#include "api/engine_parts.hpp"
#include "keepstate/engine.hpp"
#include "wire/build.hpp"
#include "wire/packet.hpp"

namespace keepstate {
namespace {

using Random = std::independent_bits_engine<std::mt19937, 32, std::uint32_t>;
using wire::Bytes;

struct Side {
    Address address;
    std::uint16_t port = 0;
    std::uint32_t next = 0;  ///< sequence number of its next byte
};
struct Conversation {
    std::array<Side, 2> sides;
    bool is_open = false;
    bool has_timestamps = false;
    bool is_udp = false;
};

class Talk {
  public:
    explicit Talk(std::uint32_t seed) : random_(seed) {
        for (std::uint16_t i = 0; i < 12; ++i) {
            Conversation talk;
            const bool is_v4 = i % 3 != 0;
            talk.sides[0].address = *parse_address(is_v4 ? "10.0.0.1" : "fd00::1");
            talk.sides[1].address = *parse_address(is_v4 ? "10.0.1.1" : "fd00::2");
            talk.sides[0].port = static_cast<std::uint16_t>(1000 + i);
            talk.sides[1].port = static_cast<std::uint16_t>(80 + i % 2);
            talk.has_timestamps = i % 2 == 0;
            talk.is_udp = i % 4 == 3;
            talks_.push_back(talk);
        }
    }

    Bytes next() {
        Conversation& talk = talks_[below(static_cast<std::uint32_t>(talks_.size()))];
        Bytes ip = talk.is_udp                      ? say(talk)
                   : talk.is_open && below(60) != 0 ? speak(talk)
                                                    : open(talk);
        if (below(40) == 0) flip(ip[below(static_cast<std::uint32_t>(ip.size()))]);
        if (below(100) == 0) ip.resize(below(static_cast<std::uint32_t>(ip.size())) + 1);
        return ip;
    }
    std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
    /// What is still to come of a handshake.
    std::vector<Bytes> pending;

  private:
    void flip(std::uint8_t& byte) { byte = static_cast<std::uint8_t>(byte ^ 1U << below(8)); }
    Bytes packet(const Conversation& talk, std::size_t from, int flags, std::uint32_t seq,
                 std::uint32_t ack, std::size_t bytes, Bytes options = {}) {
        wire::IpFields ip;
        ip.source = talk.sides[from].address;
        ip.destination = talk.sides[1 - from].address;
        ip.ttl = ttl_;
        wire::TcpFields tcp;
        tcp.source_port = talk.sides[from].port;
        tcp.destination_port = talk.sides[1 - from].port;
        tcp.flags = static_cast<std::uint8_t>(flags);
        tcp.seq = seq;
        tcp.ack = ack;
        tcp.window = static_cast<std::uint16_t>(below(10) == 0 ? below(3) : 2000 + below(500));
        tcp.options = std::move(options);
        return wire::build_tcp(ip, tcp, Bytes(bytes, 'x'));
    }
    Bytes open(Conversation& talk) {
        using namespace wire::tcp_flag;
        constexpr std::uint32_t kBegins[] = {1000, 0xfffffff0U, 0x7ffffff0U};
        const std::uint32_t client = kBegins[below(3)] + below(5), server = kBegins[below(3)];
        talk.is_open = true;
        ttl_ = below(10) == 0 ? static_cast<std::uint8_t>(below(3)) : std::uint8_t{64};
        talk.sides[0].next = client + 1;
        talk.sides[1].next = server + 1;
        const Bytes syn{2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 2, 1, 0};
        if (below(8) != 0) pending.push_back(packet(talk, 0, kSyn, client, 0, 0, syn));
        if (below(8) != 0)
            pending.push_back(packet(talk, 1, kSyn | kAck, server, client + 1, 0, syn));
        return packet(talk, 0, kAck, client + 1, server + 1, 0);
    }
    Bytes say(const Conversation& talk) {
        const std::size_t from = below(2);
        wire::IpFields ip;
        ip.source = talk.sides[from].address;
        ip.destination = talk.sides[1 - from].address;
        ip.ttl = ttl_;
        Bytes packet = wire::build_udp(ip, talk.sides[from].port, talk.sides[1 - from].port,
                                       Bytes(below(100), 'x'));
        constexpr std::size_t kUdpChecksum = 6;
        const std::size_t checksum =
            (talk.sides[0].address.family == Family::ipv4 ? 20 : 40) + kUdpChecksum;
        if (below(20) == 0) packet[checksum] = packet[checksum + 1] = 0;
        return packet;
    }
    Bytes speak(Conversation& talk) {
        using namespace wire::tcp_flag;
        const std::size_t from = below(2);
        Side& side = talk.sides[from];
        const std::uint32_t peer = talk.sides[1 - from].next;
        std::uint32_t seq = side.next, ack = peer;
        if (below(6) == 0) seq -= below(5000);  // again, or long ago
        if (below(12) == 0) seq += below(20'000);
        if (below(6) == 0) ack -= below(3000);
        if (below(20) == 0) ack += below(5);
        const std::size_t bytes = below(2) == 0 ? 0 : below(200);
        Bytes options;
        if (talk.has_timestamps) options = {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8};
        if (below(12) == 0) options = {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 4, 0};  // SACK
        int flags = kAck;
        if (below(3) == 0) flags |= kPsh;
        if (below(60) == 0) flags |= kFin;
        if (below(80) == 0) flags = kRst | (below(2) != 0 ? kAck : 0);
        if (seq == side.next) side.next += static_cast<std::uint32_t>(bytes);
        return packet(talk, from, flags, seq, ack, bytes, std::move(options));
    }

    Random random_;
    std::uint8_t ttl_ = 64;
    std::vector<Conversation> talks_;
};

/// Flows that come and go: each packet is the next of a life, or one that does not belong there.
class Lives {
  public:
    explicit Lives(std::uint32_t seed) : random_(seed) {
        for (std::uint16_t i = 0; i < 48; ++i) {
            Life life;
            const bool is_v4 = i % 4 != 0;
            life.sides[0].address =
                *parse_address((is_v4 ? "10.0.0." : "fd00::") + std::to_string(1 + i % 7));
            life.sides[1].address =
                *parse_address((is_v4 ? "10.0.1." : "fd00::1:") + std::to_string(1 + i % 3));
            life.sides[0].port = static_cast<std::uint16_t>(1000 + i);
            constexpr std::uint16_t kPorts[] = {80, 81, 21, 443};
            life.sides[1].port = kPorts[i / 4 % 4];
            lives_.push_back(life);
        }
    }

    Bytes next() {
        Life& life = lives_[below(static_cast<std::uint32_t>(lives_.size()))];
        Bytes ip = below(12) == 0 ? odd(life) : step(life);
        if (below(60) == 0) flip(ip[below(static_cast<std::uint32_t>(ip.size()))]);
        if (below(150) == 0) ip.resize(below(static_cast<std::uint32_t>(ip.size())) + 1);
        return ip;
    }
    std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
    std::vector<Bytes> pending;

  private:
    struct Life {
        std::array<Side, 2> sides;
        unsigned age = 0;         ///< steps done
        std::size_t closer = 0;   ///< who sends the first FIN
        unsigned data_until = 5;  ///< the step at which it does
    };

    void flip(std::uint8_t& byte) { byte = static_cast<std::uint8_t>(byte ^ 1U << below(8)); }
    Bytes options() {
        switch (below(7)) {
            case 0: return {2, 4, 5, 0xb4};
            case 1: return {2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 0};
            case 2: return {1, 3, 3, 200, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0};
            case 3: return {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8};
            case 4: return {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 4, 0};
            case 5: {  // whatever
                Bytes bytes(4 * below(10));
                for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(below(12));
                return bytes;
            }
            default: return {};
        }
    }
    Bytes packet(const Life& life, std::size_t from, int flags, std::uint32_t seq,
                 std::uint32_t ack, std::size_t bytes = 0) {
        wire::IpFields ip;
        ip.source = life.sides[from].address;
        ip.destination = life.sides[1 - from].address;
        wire::TcpFields tcp;
        tcp.source_port = life.sides[from].port;
        tcp.destination_port = life.sides[1 - from].port;
        tcp.flags = static_cast<std::uint8_t>(flags);
        tcp.seq = seq;
        tcp.ack = ack;
        tcp.window = static_cast<std::uint16_t>(below(12) == 0 ? below(2) : 4000);
        tcp.options = options();
        return wire::build_tcp(ip, tcp, Bytes(bytes, 'x'));
    }
    /// `next` is what the sender sends first; SYN and FIN count.
    Bytes send(Life& life, std::size_t from, int flags, std::uint32_t bytes = 0) {
        using namespace wire::tcp_flag;
        Side& side = life.sides[from];
        const std::uint32_t ack = (flags & kAck) != 0 ? life.sides[1 - from].next : 0;
        const Bytes ip = packet(life, from, flags, side.next, ack, bytes);
        side.next += bytes + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
        return ip;
    }
    Bytes begin(Life& life) {
        using namespace wire::tcp_flag;
        life.age = 1;
        life.closer = below(2);
        life.data_until = 3 + below(4);
        const bool is_later = below(3) != 0;  // what a SYN in TIME_WAIT has to be
        for (Side& side : life.sides) side.next = is_later ? side.next + 90'000 : random_();
        Bytes syn = send(life, 0, kSyn);
        if (below(5) == 0) pending.push_back(syn);  // sent again
        if (below(8) == 0) pending.push_back(send(life, 1, kSyn));
        return syn;
    }
    Bytes step(Life& life) {
        using namespace wire::tcp_flag;
        const unsigned age = life.age++;
        if (age == 0) return begin(life);
        if (age == 1) return send(life, 1, kSyn | kAck);
        if (age < life.data_until)
            return send(life, age % 2, kAck | kPsh, age == 2 ? 0 : below(99));
        const std::size_t closer = life.closer;
        if (age == life.data_until) return send(life, closer, kFin | kAck);
        if (age == life.data_until + 1) {
            if (below(3) == 0) return send(life, 1 - closer, kAck);
            ++life.age;
        }
        if (age <= life.data_until + 2) return send(life, 1 - closer, kFin | kAck);
        if (below(4) != 0) life.age = 0;  // and again, mostly
        return send(life, closer, kAck);
    }
    /// Any flags, numbers near the right ones or not, from either side.
    Bytes odd(Life& life) {
        using namespace wire::tcp_flag;
        constexpr int kFlags[] = {kSyn,        kSyn | kAck,        kAck, kFin | kAck, kRst,
                                  kRst | kAck, kAck | kUrg | kPsh, kFin, 0,           kSyn | kFin,
                                  kAck | kEce, kSyn | kEce | kCwr};
        const std::size_t from = below(2);
        const int flags = below(6) == 0 ? static_cast<int>(below(256)) : kFlags[below(12)];
        std::uint32_t seq = life.sides[from].next, ack = life.sides[1 - from].next;
        if (below(2) == 0) seq += below(9000) - 4500;
        if (below(4) == 0) ack += below(9000) - 4500;
        if ((flags & kRst) != 0 && below(2) == 0) life.age = 0;
        return packet(life, from, flags, seq, ack, below(3) == 0 ? below(50) : 0);
    }

    Random random_;
    std::vector<Life> lives_;
};

struct Kind {
    const char* name;
    const char* rules;  ///< of both families
    std::uint32_t acct = 0;
    std::uint32_t checksum = 1;
    bool tells_entries = true;
    void (*set)(EngineSetup& setup) = nullptr;
    bool routes = false;  ///< between two devices, with an address of its own
};

constexpr const char* kStateful =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n";

constexpr Kind kKinds[] = {
    {"no rules", nullptr},
    {"stateful", kStateful},
    {"stateful, checksums not tested", kStateful, 0, 0},
    {"stateful, entries not told", kStateful, 0, 1, false},
    {"accounting", kStateful, 1},
    {"rules that look at the packet before its state",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -m length --length 0:60 -j MARK --set-mark 7\n"
     "-A POSTROUTING -m mark --mark 7 -j CONNMARK --save-mark\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n:few - [0:0]\n"
     "-A FORWARD -p tcp -m tcp --sport 81 -j few\n"
     "-A FORWARD -p tcp -m tcp --dport 1003 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT\n"
     "-A few -m conntrack --ctdir REPLY\n"
     "-A few -m statistic --mode nth --every 5 --packet 0 -j DROP\nCOMMIT\n"
     "*security\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connmark --mark 7\nCOMMIT\n"},
    {"rules that ask who talks to whom before its state",
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --sport 81\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n:few - [0:0]\n:fewer - [0:0]\n"
     "-A FORWARD -p tcp -m tcp --dport 81 -j few\n"
     "-A FORWARD -p tcp -m tcp --sport 1004 -m conntrack --ctstate ESTABLISHED -j DROP\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT\n"
     "-A few -p tcp -m tcp --sport 1000:1005 -j fewer\n-A few -p tcp -m tcp --sport 1007\n"
     "-A fewer -p tcp -m tcp --sport 1001 -j RETURN\n-A fewer -p tcp -m tcp --sport 1005 -j "
     "ACCEPT\n"
     "-A fewer -p udp -j DROP\nCOMMIT\n"},
    {"rules that ask who does not talk",
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD ! -s NEAR -p tcp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD ! -d NEAR -p tcp -j ACCEPT\n-A FORWARD -p tcp -m tcp --dport 80\nCOMMIT\n"},
    {"rules that ask for flags, options and ports",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --tcp-flags SYN,RST,ACK SYN -m tcp --tcp-option 3 -j MARK "
     "--set-mark 5\n"
     "-A PREROUTING -m connmark --mark 5 -j CONNMARK --restore-mark\n"
     "-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK FIN,ACK\n"
     "-A POSTROUTING -m mark --mark 5 -j CONNMARK --save-mark\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j "
     "DROP\n"
     "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 443 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -p tcp -m tcp --dport 80:82 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --sport 1000:1020 -j ACCEPT\nCOMMIT\n"},
    {"a nat table",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 80\n"
     "-A POSTROUTING -p tcp -m tcp --dport 80 -j MASQUERADE\n-A POSTROUTING -p tcp -j ACCEPT\n"
     "COMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "COMMIT\n"},
    {"chains of nat that throw dice, and ports decide behind them",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     ":services - [0:0]\n:one - [0:0]\n:two - [0:0]\n:mark - [0:0]\n:none - [0:0]\n"
     "-A PREROUTING -j services\n-A services -p tcp -m tcp --dport 80 -j one\n"
     "-A services ! -s NEAR -p tcp -m tcp --dport 81 -g two\n-A services -j none\n"
     "-A services -p tcp -m tcp --dport 21 -j CONNMARK --set-mark 4\n"
     "-A one -s NEAR -j mark\n-A one -m statistic --mode random --probability 0.5 -j two\n"
     "-A one -p tcp -j REDIRECT --to-ports 80\n-A two -p tcp -m tcp --sport 1000:1004 -j RETURN\n"
     "-A two -m statistic --mode nth --every 3 --packet 1 -j mark\n-A two -p tcp -j REDIRECT\n"
     "-A mark -j MARK --or-mark 8\n-A POSTROUTING -m mark --mark 8/8 -j MASQUERADE\nCOMMIT\n"
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 80\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 80:82 -j ACCEPT\n"
     "-A FORWARD -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n"},
    {"a nat table on a router, and marks that others ask for",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -i in0 -s NEAR -p tcp -m tcp --sport 1000:1004 -j MARK --set-mark 3\n"
     "-A POSTROUTING -o out0 -p tcp -m mark --mark 3 -j MASQUERADE\nCOMMIT\n"
     "*security\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport 81 -m mark --mark 3\n"
     "COMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
     "-A FORWARD -p tcp -m tcp --dport 21 -j DROP\nCOMMIT\n",
     0, 1, true, nullptr, true},
    {"nat and nothing else",
     "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -p tcp -m tcp --sport 1000:1004 -j ACCEPT\n"
     "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT\nCOMMIT\n"},
    {"ports decide",
     "*filter\n:FORWARD DROP [0:0]\n:new - [0:0]\n"
     "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -p tcp -m conntrack --ctstate NEW -j new\n"
     "-A new -p tcp -m tcp --dport 80 -j ACCEPT\n"
     "-A new -p tcp -m tcp --dport 81 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n"
     "-A new -p tcp -m tcp --dport 21 -j RETURN\n-A new -s NEAR -j ACCEPT\nCOMMIT\n",
     0, 1, true},
    {"few go with each packet", kStateful, 0, 1, true,
     [](EngineSetup& setup) { setup.most_ended_a_packet = 1; }},
    {"helpers, timestamps, no loose pick-up", nullptr, 0, 1, true,
     [](EngineSetup& setup) {
         setup.settings.helper = 1;
         setup.settings.timestamp = 1;
         setup.settings.tcp_loose = 0;
     }},
    {"liberal, and nobody listens", kStateful, 0, 1, true,
     [](EngineSetup& setup) {
         setup.settings.tcp_be_liberal = 1;
         setup.listen_events = false;
     }},
    {"zones and labels",
     "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --sport 1002 -j CT --zone 3\n"
     "-A PREROUTING -p tcp -m tcp --dport 1002 -j CT --zone 3\n"
     "-A PREROUTING -p tcp -m tcp --sport 1004 -j NOTRACK\nCOMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connlabel --label 5 --set\nCOMMIT\n"},
    {"router", kStateful, 0, 1, true, nullptr, true},
    {"router without rules", nullptr, 0, 1, false, nullptr, true},
    {"router whose rules ask for devices and lengths",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
     "-A PREROUTING -i in0 -p udp -m length --length 0:60 -j MARK --set-mark 7\n"
     "-A POSTROUTING -o out0 -m mark --mark 7\nCOMMIT\n"
     "*filter\n:FORWARD DROP [0:0]\n"
     "-A FORWARD -i in0 -o out0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -i out0 -p tcp -m tcp --sport 81 -j REJECT --reject-with tcp-reset\n"
     "-A FORWARD -i out0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
     "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
     0, 1, true, nullptr, true},
    {"rules of the raw table for others",
     "*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j NOTRACK\nCOMMIT\n"
     "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m connlabel --label 5 --set\nCOMMIT\n"},
};

Ruleset rules_of(const Kind& kind, Family family) {
    std::string text = kind.rules;
    const std::string near = "NEAR";
    for (std::size_t at = text.find(near); at != std::string::npos; at = text.find(near)) {
        text.replace(at, near.size(), family == Family::ipv4 ? "10.0.0.1/32" : "fd00::1/128");
    }
    auto rules = Ruleset::parse(text, family);
    if (rules) return std::move(*rules);
    ADD_FAILURE() << kind.name << ": " << rules.error().faults.front().words;
    return Ruleset::empty(family);
}

EngineSetup setup_of(const Kind& kind, std::uint32_t most, bool listens) {
    EngineSetup setup;
    setup.listen_events = listens;
    setup.tells_entries = kind.tells_entries;
    setup.settings.acct = kind.acct;
    setup.settings.checksum = kind.checksum;
    setup.settings.max = most;
    if (kind.routes) {
        DeviceSetup in, out;
        in.name = "in0";
        in.networks = {*parse_prefix("10.0.0.0/24"), *parse_prefix("fd00::1/128")};
        out.name = "out0";
        out.networks = {*parse_prefix("10.0.1.0/24")};
        setup.devices = {in, out};
        setup.local = {*parse_address("10.0.0.254")};
    }
    if (kind.rules != nullptr) {
        setup.rules4 = rules_of(kind, Family::ipv4);
        setup.rules6 = rules_of(kind, Family::ipv6);
    }
    if (kind.set != nullptr) kind.set(setup);
    return setup;
}

std::string describe(const Decision& d) {
    std::string words = fmt::format(
        "{} {} ip {} cut {} {} protocol {} {} {} in {} out {} mark {} translates {} rule {} {} {} "
        "{}",
        text(d.verdict), text(d.reason), d.is_ip, d.was_cut, text(d.family), d.protocol,
        d.state ? text(*d.state) : "-", d.direction ? text(*d.direction) : "-", d.in_device,
        d.out_device, d.mark, d.would_translate, text(d.rule.table), d.rule.chain, d.rule.number,
        d.rule.rule_text);
    for (std::size_t i = 0; i < d.hook_count; ++i) words += fmt::format(" {}", text(d.hooks[i]));
    if (d.entry) {
        words += fmt::format(" entry {} {:x} {} {:x} {}", d.entry->number, d.entry->status,
                             d.entry->timeout_ns, d.entry->mark,
                             d.entry->tcp_state ? text(*d.entry->tcp_state) : "-");
    }
    for (const auto& bytes : {d.out_bytes, d.reply_bytes}) {
        words += ' ';
        for (const std::uint8_t byte : bytes) words += fmt::format("{:02x}", byte);
    }
    return words;
}

std::string all_of(const Engine& engine, Time now) {
    std::string all = engine.print_counters(Family::ipv4) + engine.print_counters(Family::ipv6);
    engine.for_each_entry(
        now, [&all](const EntryCopy& entry) { print_entry(entry, EntryFormat::extended, all); });
    for (const std::uint64_t count : engine.reason_counts()) all += fmt::format(" {}", count);
    const Statistics s = engine.statistics();
    all += fmt::format(" {} {} {} {} {} {}", s.invalid, s.insert_failed, s.drop, s.early_drop,
                       s.error, engine.entry_count());
    return all;
}

std::string words_of(const std::vector<Event>& events) {
    std::string words;
    for (const Event& event : events) {
        words += fmt::format("{} ", static_cast<int>(event.kind));
        print_entry(event.entry, EntryFormat::extended, words);
    }
    return words;
}

class Lane : public testing::TestWithParam<Kind> {};

/// Some change of the rules, which may be refused.
template <typename Talker>
std::string next_change(Talker& talk) {
    const std::string port = std::to_string(1000 + talk.below(12));
    const std::string number = std::to_string(1 + talk.below(6));
    switch (talk.below(18)) {
        case 0: return "-I FORWARD " + number + " -p tcp --sport " + port;
        case 1:
            return "-I FORWARD 1 -p tcp --dport " + port + " -m conntrack --ctstate ESTABLISHED";
        case 2: return "-A FORWARD -j ACCEPT";
        case 3: return "-R FORWARD " + number + " -m conntrack --ctstate INVALID -j DROP";
        case 4: return "-t mangle -A FORWARD -p tcp --sport 1003 -j MARK --set-mark 9";
        case 5:
            return "-t mangle -I POSTROUTING -m connbytes --connbytes 0:900 --connbytes-dir both "
                   "--connbytes-mode bytes";
        case 6: return "-t raw -A PREROUTING -p tcp --sport " + port + " -j NOTRACK";
        case 7: return "-t raw -D PREROUTING 1";
        case 8: return "-t mangle -D FORWARD 1";
        case 9: return "-t security -I FORWARD -m length --length 0:100";
        case 10: return "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
        case 11: return "-A FORWARD -p tcp -m conntrack --ctstate NEW -j ACCEPT";
        case 12: return "-I FORWARD 1 -p tcp --sport " + port + " -j DROP";
        case 13: return "-t nat -I PREROUTING 1 -p tcp --sport " + port + " -j MARK --set-mark 9";
        case 14: return "-t nat -D PREROUTING 1";
        default: return "-D FORWARD " + number;
    }
}

struct Tally {
    std::uint32_t all = 0, fresh = 0, established = 0, changed = 0;
};

/// `most`: entries that there may be. `pause_s`: how long nothing comes, once in 300 packets. `changes`: so do the rules.
template <typename Talker>
void compare(const Kind& kind, std::uint32_t most, std::uint32_t pause_s, bool changes,
             Tally& tally) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        const bool listens = seed % 2 == 0;
        Engine quick = std::move(*Engine::make(setup_of(kind, most, listens)));
        Engine whole = std::move(*Engine::make(setup_of(kind, most, listens)));
        Talker talk(seed);
        Time now = Time::from_s(5000);
        for (unsigned round = 0; round < 40; ++round) {
            for (std::uint32_t n = changes ? talk.below(4) : 0; n > 0; --n) {
                const std::string command = next_change(talk);
                const Family family = talk.below(3) == 0 ? Family::ipv6 : Family::ipv4;
                const Result<void> done = quick.change_rules(family, command);
                ASSERT_EQ(done.has_value(), whole.change_rules(family, command).has_value());
                tally.changed += done.has_value();
            }
            std::vector<Bytes> packets;
            while (packets.size() < 1 + talk.below(100)) {
                Bytes last = talk.next();
                for (Bytes& each : talk.pending) packets.push_back(std::move(each));
                talk.pending.clear();
                packets.push_back(std::move(last));
            }
            std::vector<Frame> frames(packets.size());
            for (std::size_t i = 0; i < packets.size(); ++i) {
                if (talk.below(30) == 0) now = now + talk.below(3) * kNsPerSecond;
                if (talk.below(300) == 0) now = now + talk.below(pause_s) * kNsPerSecond;
                now = now + static_cast<std::int64_t>(talk.below(1'000'000));
                frames[i].bytes = packets[i];
                frames[i].link = kLinkRaw;
                if (talk.below(4) == 0)
                    frames[i].device = static_cast<std::uint16_t>(talk.below(3));
                frames[i].time = now;
            }
            std::vector<Decision> by_lane(frames.size()), by_way(frames.size());
            std::vector<std::string> logs(frames.size()), stories(frames.size());
            quick.process(frames, by_lane);
            whole.process(frames, by_way, changes ? stories.data() : nullptr, logs.data());
            for (std::size_t i = 0; i < frames.size(); ++i) {
                ASSERT_EQ(describe(by_lane[i]), describe(by_way[i]))
                    << kind.name << ", seed " << seed << ", round " << round << ", packet " << i;
                ++tally.all;
                if (by_way[i].state == CtState::established) ++tally.established;
                if (by_way[i].state == CtState::new_) ++tally.fresh;
            }
            ASSERT_EQ(words_of(quick.take_events()), words_of(whole.take_events()));
            ASSERT_TRUE(std::ranges::equal(quick.event_ends(), whole.event_ends()));
        }
        ASSERT_EQ(all_of(quick, now), all_of(whole, now));
    }
}

TEST_P(Lane, gives_what_the_long_way_gives) {
    Tally tally;
    compare<Talk>(GetParam(), 10, 200'000, false, tally);  // fewer entries than conversations
    EXPECT_GT(tally.established, tally.all / 4) << "else nothing was compared";
}

TEST_P(Lane, gives_what_the_long_way_gives_while_rules_change) {
    if (GetParam().rules == nullptr) return;
    Tally tally;
    compare<Talk>(GetParam(), 10, 200'000, true, tally);
    compare<Lives>(GetParam(), 100, 300, true, tally);
    EXPECT_GT(tally.established, tally.all / 20) << "else nothing was compared";
    EXPECT_GT(tally.changed, 0U) << "else nothing has changed";
}

TEST_P(Lane, gives_what_the_long_way_gives_to_short_lives) {
    for (const std::uint32_t most : {16U, 100U}) {  // too few for all, and enough
        Tally tally;
        compare<Lives>(GetParam(), most, 300, false, tally);
        EXPECT_GT(tally.established, tally.all / 10) << "else nothing was compared";
        EXPECT_GT(tally.fresh, tally.all / 20);
    }
}

/// Asks the parts as EngineParts::decide() does.
TEST(Lane, is_taken_by_most_segments) {
    std::uint32_t usual = 0, plain = 0, all = 0;
    const auto parts = std::move(*EngineParts::make(setup_of(kKinds[1], 100, false)));
    Lives talk(1);
    Time now = Time::from_s(5000);
    for (unsigned round = 0; round < 300; ++round) {
        std::vector<Bytes> packets;
        while (packets.size() < EngineParts::kSightedAtOnce) packets.push_back(talk.next());
        talk.pending.clear();
        std::vector<Frame> frames(packets.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            frames[i].bytes = packets[i];
            frames[i].link = kLinkRaw;
        }
        parts->begin_batch();
        for (std::size_t i = 0; i < frames.size(); i += EngineParts::kGroup) {
            parts->look_ahead(frames, i);
        }
        now = now + kNsPerSecond;
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const ct::Sighting& sighting = parts->sightings[i];
            Decision decision;
            ++all;
            if (parts->path->decide_usual({&frames[i], 1}, {&sighting, 1}, now, {&decision, 1}) !=
                0) {
                ++usual;
            } else if (parts->path->decide_plain(frames[i], sighting, now, decision)) {
                ++plain;
            } else {
                parts->path->decide(frames[i], now, decision, nullptr);
            }
        }
    }
    EXPECT_GT(usual, 0);
    EXPECT_GT(plain, all / 2);
    EXPECT_GT(usual + plain, all / 100 * 85) << "the rest is broken or makes no sense";
}

std::string name_of(const testing::TestParamInfo<Kind>& kind) {
    std::string name = kind.param.name;
    for (char& letter : name) {
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Lane, testing::ValuesIn(kKinds), name_of);

}  // namespace
}  // namespace keepstate
