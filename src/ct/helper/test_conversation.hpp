// For tests and fuzzers of helpers: a master, what its two sides say, and what the helper wished for.
//
//     client 10.0.1.1:40000  2001:db8:1::1        server 10.0.2.1, 2001:db8:2::1, the helper's port
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "ct/helper/test_wishes.hpp"
#include "wire/build.hpp"
#include "wire/parse.hpp"

namespace keepstate::ct::test {

class Conversation {
  public:
    TestWishes wishes;
    HelperMemory memory;
    HelperSettings settings;
    std::array<Tuple, 2> tuples;
    std::array<std::uint32_t, 2> seq{};  ///< TCP: what each side sends next, by CtDirection
    bool is_from_host = false;
    std::optional<std::uint8_t> broadcast_bits;

    explicit Conversation(AddHelpers add, Family family = Family::ipv4,
                          const HelperSettings& given = {})
        : settings(given) {
        add(settings, helpers_);
        for (const Helper& helper : helpers_) {
            if (!helper_ && helper.family.value_or(family) == family) helper_ = &helper;
        }
        KS_ASSERT(helper_ != nullptr);
        const bool is_v6 = family == Family::ipv6;
        tuples[0] = {*parse_address(is_v6 ? "2001:db8:1::1" : "10.0.1.1"),
                     *parse_address(is_v6 ? "2001:db8:2::1" : "10.0.2.1"), helper_->protocol, 40000,
                     helper_->port};
        tuples[1] = {tuples[0].destination, tuples[0].source, helper_->protocol,
                     tuples[0].destination_key, tuples[0].source_key};
    }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    const Helper& helper() const { return *helper_; }
    HelperAnswer client(std::string_view words) { return say(CtDirection::original, words); }
    HelperAnswer server(std::string_view words) { return say(CtDirection::reply, words); }

    HelperAnswer say(CtDirection direction, std::string_view words,
                     CtState state = CtState::established) {
        const Tuple& from = tuples[static_cast<std::size_t>(direction)];
        wire::IpFields ip;
        ip.source = from.source;
        ip.destination = from.destination;
        wire::TcpFields tcp;
        tcp.source_port = from.source_key;
        tcp.destination_port = from.destination_key;
        tcp.flags = wire::tcp_flag::kAck;
        std::uint32_t& next = seq[static_cast<std::size_t>(direction)];
        tcp.seq = next;
        next += static_cast<std::uint32_t>(words.size());
        const wire::Bytes payload{words.begin(), words.end()};
        return hear(direction,
                    from.protocol == protocol::kTcp
                        ? wire::build_tcp(ip, tcp, payload)
                        : wire::build_udp(ip, from.source_key, from.destination_key, payload),
                    state);
    }

    /// Any bytes as an IP packet; nothing happens if they are none.
    HelperAnswer hear(CtDirection direction, const wire::Bytes& bytes,
                      CtState state = CtState::established) {
        wire::Packet packet;
        const Family family = tuples[0].source.family;
        if (wire::parse_ip(family, {bytes.data(), bytes.size()}, true, packet) != Reason::none) {
            return HelperAnswer::accept();
        }
        const HelperCase c{packet,   tuples,   direction,    state, *helper_,
                           helpers_, settings, is_from_host, false, broadcast_bits};
        return helper_->help(c, memory, wishes);
    }

    void end() {
        if (helper_->end) helper_->end(tuples, memory, wishes);
    }

    /// "tcp * > 10.0.1.1:5000, ..." in the order in which they were granted; `*`: any source, and no port: any.
    std::string expected() const {
        std::string words;
        for (const Expectation& e : wishes.granted) {
            if (!words.empty()) words += ", ";
            words += e.tuple.protocol == protocol::kTcp   ? "tcp "
                     : e.tuple.protocol == protocol::kUdp ? "udp "
                                                          : std::to_string(e.tuple.protocol) + " ";
            words += e.mask.address_bits == 0 ? "*" : text(e.tuple.source);
            if (e.mask.address_bits != 0 && e.mask.address_bits != e.tuple.source.size() * 8) {
                words += "/" + std::to_string(e.mask.address_bits);
            }
            if (e.mask.key) words += ":" + std::to_string(e.tuple.source_key);
            words +=
                " > " + text(e.tuple.destination) + ":" + std::to_string(e.tuple.destination_key);
            if ((e.flags & expectation_flag::kPermanent) != 0) words += " permanent";
        }
        return words;
    }

  private:
    std::vector<Helper> helpers_;
    const Helper* helper_ = nullptr;
};

}  // namespace keepstate::ct::test
