// Conversations over IPv4 and IPv6, packet by packet, with what goes wrong on the way: Talk has few long ones, Lives many
// short ones that come and go.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "keepstate/address.hpp"
#include "wire/build.hpp"
#include "wire/packet.hpp"

namespace keepstate {

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

}  // namespace keepstate
