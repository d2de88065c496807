// A ruleset four times over, and packets in every state for all four.
//
//     walked   run   noted and replayed for its flow   noted and replayed for all packets that show the same
//
// Each packet goes through all four, which must say the same; the first says what is right.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "keepstate/ruleset.hpp"
#include "rules/change.hpp"
#include "rules/fast.hpp"
#include "rules/walk.hpp"
#include "rulesets.hpp"

namespace keepstate::rules {

using Device = std::array<char, 16>;

/// Everything a Context points at. Four of them, made alike, go through the four Programs.
struct Subject {
    std::vector<std::uint8_t> bytes;
    wire::Packet packet;
    ct::Entry entry;
    Context context;

    Subject() = default;
    Subject(const Subject& other) { *this = other; }
    Subject& operator=(const Subject& other) {
        bytes = other.bytes;
        packet = other.packet;
        entry.status = other.entry.status;
        entry.mark = other.entry.mark;
        entry.set_original(other.entry.original());
        context = other.context;
        packet.ip = base::ByteView(bytes.data(), bytes.size());
        context.packet = &packet;
        if (other.context.flow.entry != nullptr) context.flow.entry = &entry;
        return *this;
    }
    std::string described() const {
        const ct::PacketFlow& flow = context.flow;
        return fmt::format("mark {} {} hotdrop {} entry {} {} state {} untracked {} zone {}",
                           context.mark, context.priority, context.hotdrop, entry.mark,
                           context.entry_mark_changed, text(flow.state), context.track.untracked,
                           context.track.zone);
    }
};

struct Shape {
    Family family = Family::ipv4;
    bench::Packet5 headers;  ///< IPv6: the addresses' last words, under 2001:db8:n::
    std::uint8_t flags = 2;
    std::size_t more = 0;  ///< bytes behind the headers
};

inline void fill(Subject& out, const Shape& shape) {
    const bool v4 = shape.family == Family::ipv4;
    const std::size_t head = v4 ? 20 : 40;
    out.bytes.assign(head + 40 + shape.more, 0);
    std::uint8_t* const at = out.bytes.data();
    if (v4) {
        at[0] = 0x45;
        at[8] = 64;
        at[9] = shape.headers.protocol;
        base::store_be32(at + 12, shape.headers.source);
        base::store_be32(at + 16, shape.headers.destination);
    } else {
        at[0] = 0x60;
        at[6] = shape.headers.protocol;
        at[7] = 64;
        for (const std::size_t where : {8, 24}) {
            base::store_be32(at + where, 0x20010db8);
            const std::uint32_t last =
                where == 8 ? shape.headers.source : shape.headers.destination;
            base::store_be32(at + where + 4, last >> 8 & 3);
            base::store_be32(at + where + 12, last & 0xff);
        }
    }
    base::store_be16(at + head, shape.headers.source_port);
    base::store_be16(at + head + 2, shape.headers.destination_port);
    at[head + 12] = 0x60;  // one option: MSS
    at[head + 13] = shape.flags;
    at[head + 20] = 2;
    at[head + 21] = 4;
    wire::Packet& packet = out.packet;
    packet.family = shape.family;
    packet.ip = base::ByteView(out.bytes.data(), out.bytes.size());
    packet.header_bytes = static_cast<std::uint16_t>(head);
    packet.has_transport = true;
    packet.protocol = packet.rules_protocol = shape.headers.protocol;
    packet.transport_offset = packet.rules_transport_offset = static_cast<std::uint16_t>(head);
    out.context.packet = &packet;
}

/// What a packet shows of itself for ways that go for other flows too; empty: nothing that counts.
struct Shown {
    std::string general;  ///< protocol, state, direction, devices
    std::string port;     ///< and destination port and flags
};

/// Walked, run, noted for its flow, and noted for all that show the same.
class Quartet {
  public:
    Quartet(const std::string& text, Family family) : text_(text) {
        const auto ruleset = Ruleset::parse(text, family);
        if (!ruleset) {
            ADD_FAILURE() << ruleset.error().faults.front().words << "\n" << text;
            return;
        }
        for (std::size_t i = 0; i < 4; ++i) {
            auto program = Program::make(*ruleset, objects_[i]);
            EXPECT_TRUE(program.has_value());
            if (program) programs_.push_back(std::move(*program));
        }
    }
    bool is_good() const { return programs_.size() == 4; }

    /// `flow` names what replay() may rely on; empty: the packet is not to be replayed.
    void send(const Subject& subject, Table table, Hook hook, const std::string& flow,
              const Shown& shown) {
        Subject walked = subject;
        Subject ran = subject;
        Subject noted = subject;
        walked.context.dice = &dice_[0];
        ran.context.dice = &dice_[1];
        noted.context.dice = &dice_[2];
        const Outcome wanted = walk(programs_[0], table, hook, walked.context);
        const std::string words = describe(wanted, walked);
        if (fresh != nullptr) {
            Subject again = subject;
            again.context.dice = &dice_[4];
            ASSERT_EQ(describe(walk(*fresh, table, hook, again.context), again), words);
        }
        ASSERT_EQ(describe(run(programs_[1], table, hook, ran.context), ran), words) << text_;
        ASSERT_EQ(walked.bytes, ran.bytes) << text_;
        send_shown(subject, table, hook, shown, words);
        const auto known = paths_.find(flow);
        if (!flow.empty() && known != paths_.end() && known->second != 0) {
            ++replayed;
            // What replay() leaves alone must be what the walk left alone.
            ASSERT_EQ(describe(replay(programs_[2], table, known->second, noted.context), noted),
                      words)
                << "replayed " << flow << "\n"
                << text_;
        } else {
            const PathResult result = run_and_note(programs_[2], table, hook, noted.context);
            ASSERT_EQ(describe(result.outcome, noted), words) << "noted\n" << text_;
            if (!flow.empty()) paths_[flow] = result.path;
        }
    }

    void compare_counters() {
        ASSERT_EQ(programs_[1].print_counters(), programs_[0].print_counters());
        ASSERT_EQ(programs_[2].print_counters(), programs_[0].print_counters());
        ASSERT_EQ(programs_[3].print_counters(), programs_[0].print_counters());
    }

    void change(const std::string& command) {
        paths_.clear();
        shown_.clear();
        for (std::size_t i = 0; i < programs_.size(); ++i) {
            const auto done = apply_change(programs_[i], command, {objects_[i]});
            ASSERT_TRUE(done.has_value()) << "program " << i << ": " << command << ": "
                                          << done.error().faults.front().words << "\n"
                                          << programs_[i].print_counters();
            ASSERT_TRUE(*done) << command;
        }
    }
    const Program& program() const { return programs_[0]; }

    std::uint64_t replayed = 0;
    Program* fresh = nullptr;  ///< another one to be walked
    std::uint64_t replayed_for_others = 0;

  private:
    void send_shown(const Subject& subject, Table table, Hook hook, const Shown& shown,
                    const std::string& words) {
        Subject noted = subject;
        noted.context.dice = &dice_[3];
        for (const std::string& name : {shown.general, shown.port}) {
            const auto known = shown_.find(name);
            if (name.empty() || known == shown_.end()) continue;
            ++replayed_for_others;
            ASSERT_EQ(describe(replay(programs_[3], table, known->second, noted.context), noted),
                      words)
                << "replayed for all like " << name << "\n"
                << text_;
            return;
        }
        const PathResult result = run_and_note(programs_[3], table, hook, noted.context, true);
        ASSERT_EQ(describe(result.outcome, noted), words) << text_;
        if (result.is_general && !shown.general.empty()) shown_[shown.general] = result.path;
        if (result.is_of_port && !shown.port.empty()) shown_[shown.port] = result.path;
    }
    static std::string describe(const Outcome& outcome, const Subject& subject) {
        return fmt::format("{} chain {} rule {} hotdrop {} reject {} queue {}: {}",
                           static_cast<int>(outcome.kind), outcome.chain, outcome.rule,
                           outcome.hotdrop, text(outcome.reject), outcome.queue,
                           subject.described());
    }

    std::string text_;
    std::array<Objects, 4> objects_;
    std::vector<Program> programs_;
    std::array<Dice, 5> dice_{Dice{1}, Dice{1}, Dice{1}, Dice{1},
                              Dice{1}};  ///< the last: of `fresh`
    std::map<std::string, std::uint32_t> paths_;
    std::map<std::string, std::uint32_t> shown_;
};

/// Packets over few values, in some state, sometimes odd.
class PacketDraw {
  public:
    PacketDraw(std::mt19937_64& dice, bool is_v6) : dice_(dice), is_v6_(is_v6) {}

    Shape few_values() {
        Shape shape;
        shape.family = is_v6_ ? Family::ipv6 : Family::ipv4;
        const std::uint8_t icmp = is_v6_ ? protocol::kIcmpv6 : protocol::kIcmp;
        const std::uint8_t protocols[] = {protocol::kTcp, protocol::kTcp, protocol::kUdp, icmp,
                                          protocol::kSctp};
        const std::uint32_t base = one_in(10) ? 0xc0a80000 : 0x0a000000;
        shape.headers = {base | below(4) << 8 | below(7), 0x0a000000 | below(4) << 8 | below(7),
                         static_cast<std::uint16_t>(below(6)), static_cast<std::uint16_t>(below(6)),
                         protocols[below(5)]};
        return shape;
    }

    /// Sends the packet in some state; what is odd about it too, if it is.
    void send(Quartet& quartet, Shape shape, Table table, Hook hook, bool may_be_odd) {
        constexpr std::uint8_t kFlags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x00};
        shape.flags = kFlags[below(7)];
        shape.more = below(100);
        Subject subject;
        fill(subject, shape);
        const unsigned state = below(5);
        const bool is_reply = one_in(2);
        Context& context = subject.context;
        context.flow.state = static_cast<CtState>(state);
        if (context.flow.state != CtState::invalid && context.flow.state != CtState::untracked) {
            context.flow.entry = &subject.entry;
            context.flow.direction = is_reply ? CtDirection::reply : CtDirection::original;
            if (one_in(2)) subject.entry.set(status::kAssured);
            if (one_in(4)) subject.entry.set(status::kDstNat);
        }
        context.mark = below(4);
        context.now = now_ = now_ + static_cast<std::int64_t>(below(400)) * 1'000'000;
        const unsigned in = below(3);
        const unsigned out = below(2);
        context.in_device = kDevices[in].data();
        context.out_device = hook == Hook::forward ? kDevices[out].data() : kDevices[3].data();
        context.tracking_done = true;
        if (may_be_odd && one_in(8)) make_odd(subject);
        const bench::Packet5& h = shape.headers;
        const bool is_known = context.flow.entry != nullptr && is_plain(subject.packet);
        const std::string flow =
            is_known ? fmt::format("{} {} {} {} {} {} {} {} {} {}", h.source, h.destination,
                                   h.source_port, h.destination_port, h.protocol, state, is_reply,
                                   in, out, static_cast<int>(hook))
                     : std::string();
        Shown shown;
        if (is_known) {
            shown.general = fmt::format("{} {} {} {} {} {}", h.protocol, state, is_reply, in, out,
                                        static_cast<int>(hook));
            shown.port =
                fmt::format("{} port {} flags {}", shown.general, h.destination_port, shape.flags);
        }
        quartet.send(subject, table, hook, flow, shown);
    }

  private:
    unsigned below(unsigned bound) { return static_cast<unsigned>(dice_() % bound); }
    bool one_in(unsigned count) { return below(count) == 0; }

    void make_odd(Subject& subject) {
        wire::Packet& packet = subject.packet;
        switch (below(3)) {
            case 0:
                packet.is_fragment = true;
                packet.rules_fragment_offset = static_cast<std::uint16_t>(1 + below(3));
                break;
            case 1:
                subject.bytes.resize(packet.rules_transport_offset + below(21));
                packet.ip = base::ByteView(subject.bytes.data(), subject.bytes.size());
                break;
            default:
                if (is_v6_) packet.rules_chain_broken = true;
                break;
        }
    }

    static constexpr std::array<Device, 4> kDevices{Device{"eth0"}, Device{"eth1"}, Device{"tun0"},
                                                    Device{}};
    std::mt19937_64& dice_;
    bool is_v6_;
    Time now_ = Time::from_s(1000);
};

}  // namespace keepstate::rules
