// fast gives what walk gives: outcome, counters of every rule, marks, wishes and bytes, packet by packet; and a replayed
// path gives what another walk would.
//
// Four Programs are made of each ruleset. One is walked, one run, one noted and replayed whenever a packet of the same
// flow, direction, state and devices came before, one whenever a packet came that shows the same of what the way asked for. Rulesets: small ones over few values, so that rules meet and
// overlap in all ways, with matches that have effects before and behind those that have none; and large ones out of
// bench/rulesets.hpp. Packets: all states, odd ones too (later fragments, cut headers).
//
// And while rules come and go: all three Programs change alike, and a new Program, made of the rules as a model knows
// them, decides and counts as they do from then on.
//
// Whole engines are compared in fast_engine_property.cpp, and in lane_property.cpp while their rules change.
// KEEPSTATE_SEED and KEEPSTATE_RUNS choose others.
#include "rules/fast.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "rules/change.hpp"
#include "rules/walk.hpp"
#include "rulesets.hpp"

namespace keepstate::rules {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

// --- packets ----------------------------------------------------------------------------------------

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

void fill(Subject& out, const Shape& shape) {
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

// --- the four ---------------------------------------------------------------------------------------

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

// --- small rulesets over few values -----------------------------------------------------------------

class SmallRules {
  public:
    /// `remembers`: some rules keep something from packet to packet.
    SmallRules(std::mt19937_64& dice, bool is_v6, bool remembers = true)
        : dice_(dice), is_v6_(is_v6), remembers_(remembers) {}

    /// Without "-A CHAIN".
    std::string rule_for(const std::string& chain) {
        const bool is_user = chain[0] == 'u';
        const unsigned first = is_user ? static_cast<unsigned>(chain[1] - '0') + 1 : 0;
        std::string out = is_user && one_in(3) ? errand_rule() : rule(first, chain == "FORWARD");
        out.pop_back();
        return out;
    }

    /// Table mangle: built-in chains and user chains, which lead to later ones only.
    std::string text(unsigned rules_a_chain) {
        std::string out = "*mangle\n";
        for (unsigned i = 0; i < kUserChains; ++i) out += fmt::format(":u{} - [0:0]\n", i);
        for (unsigned i = 0; i < rules_a_chain; ++i) out += "-A FORWARD" + rule(0, true);
        for (unsigned i = 0; i < rules_a_chain; ++i) out += "-A INPUT" + rule(0, false);
        for (unsigned chain = 0; chain < kUserChains; ++chain) {
            const bool is_errand = one_in(3);
            for (unsigned i = below(is_errand ? 4 : rules_a_chain + 1); i > 0; --i) {
                out += fmt::format("-A u{}", chain);
                out += is_errand ? errand_rule() : rule(chain + 1, false);
            }
        }
        return out + "COMMIT\n";
    }

  private:
    static constexpr unsigned kUserChains = 5;

    unsigned below(unsigned bound) { return static_cast<unsigned>(dice_() % bound); }
    bool one_in(unsigned count) { return below(count) == 0; }
    std::string pick(const std::vector<std::string>& words) {
        return words[below(static_cast<unsigned>(words.size()))];
    }
    std::string maybe_not() { return one_in(6) ? " !" : ""; }
    std::string address() {
        if (is_v6_) {
            return pick({"2001:db8::/32", "2001:db8:0:1::/64", "2001:db8::/31", "2001:db8:0:2::/63",
                         "2001:db8:0:1::3/128", "2001:db8::5/128", "2001:db8:0:1::4/126", "::/0",
                         "2001:db8:0:1::/ffff:ffff:ffff:ffff::1"});
        }
        return pick({"10.0.0.0/8", "10.0.1.0/24", "10.0.2.0/23", "10.0.1.3/32", "10.0.2.5/32",
                     "10.0.1.4/30", "0.0.0.0/0", "10.0.0.3/255.0.0.255", "10.0.0.0/16"});
    }
    std::string port() { return std::to_string(below(6)); }
    std::string ports() {
        if (one_in(2)) return port();
        const unsigned low = below(5);
        return fmt::format("{}:{}", low, low + below(4));
    }
    std::string match_on_ports(const std::string& protocol) {
        if (one_in(3)) {
            return fmt::format(" -m multiport{} {} {}", maybe_not(),
                               pick({"--dports", "--sports", "--ports"}),
                               pick({"1,3", "2", "0:2", "4:5,1", "5,2:3"}));
        }
        std::string out = " -m " + protocol;
        if (one_in(2)) out += maybe_not() + " --dport " + ports();
        if (one_in(3)) out += maybe_not() + " --sport " + ports();
        if (protocol != "tcp") return out;
        if (one_in(4)) out += maybe_not() + " --syn";
        if (one_in(12)) out += maybe_not() + pick({" --tcp-option 2", " --tcp-option 5"});
        return out;
    }
    std::string any_match() {
        static unsigned unique = 0;
        const unsigned which = below(12);
        if (!remembers_ && ((which >= 5 && which <= 8) || which == 10)) return "";
        switch (which) {
            case 0: return " -m state" + maybe_not() + " --state " + states();
            case 1: return " -m conntrack" + maybe_not() + " --ctstate " + states();
            case 2: return " -m conntrack" + maybe_not() + " --ctstate DNAT,NEW";
            case 3: return " -m conntrack --ctdir " + pick({"ORIGINAL", "REPLY"});
            case 4: return " -m conntrack" + maybe_not() + " --ctstatus ASSURED";
            case 5: return " -m limit --limit 1/second --limit-burst 2";
            case 6: return " -m statistic --mode nth --every 3 --packet 1";
            case 7: return " -m statistic --mode random --probability 0.5";
            case 8: return fmt::format(" -m quota --quota {}", 100 + below(2000));
            case 9: return " -m mark" + maybe_not() + " --mark " + pick({"1", "0x2/0x2", "0"});
            case 10:
                return fmt::format(" -m recent --name r{} {}", below(2) + unique % 2,
                                   pick({"--set", "--rcheck", "--update"}));
            default: return " -m comment --comment words";
        }
    }
    std::string states() {
        return pick({"NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED,NEW"});
    }
    /// Every packet matches, and it goes on: a short chain of such is an errand.
    std::string errand_rule() {
        return pick({"", " -j MARK --xor-mark 3", " -j MARK --or-mark 2",
                     " -m comment --comment words -j MARK --set-xmark 0x5/0x4"}) +
               "\n";
    }
    std::string rule(unsigned first_chain, bool has_out) {
        std::string out;
        if (one_in(3)) out += maybe_not() + " -s " + address();
        if (one_in(3)) out += maybe_not() + " -d " + address();
        if (one_in(6)) out += maybe_not() + " -i " + pick({"eth0", "eth1", "eth+", "e+", "tun0"});
        if (has_out && one_in(6)) out += maybe_not() + " -o " + pick({"eth0", "eth1", "et+"});
        std::string matches;
        const std::string icmp = is_v6_ ? "ipv6-icmp" : "icmp";
        const std::string protocol = pick({"tcp", "udp", icmp, "sctp", "", "", "!"});
        if (protocol == "!") {
            out += " ! -p tcp";
        } else if (!protocol.empty()) {
            out += " -p " + protocol;
            if (one_in(3)) matches += any_match();
            if ((protocol == "tcp" || protocol == "udp") && !one_in(4)) {
                matches += match_on_ports(protocol);
            }
        }
        if (!is_v6_ && one_in(20)) out += maybe_not() + " -f";
        if (one_in(3)) matches += any_match();
        return out + matches + target(first_chain) + "\n";
    }
    std::string target(unsigned first_chain) {
        const unsigned which = below(12);
        if (which < 3 && first_chain < kUserChains) {
            return fmt::format("{} u{}", which == 0 ? " -g" : " -j",
                               first_chain + below(kUserChains - first_chain));
        }
        switch (which) {
            case 4: return " -j ACCEPT";
            case 5: return " -j DROP";
            case 6: return " -j RETURN";
            case 7: return pick({" -j MARK --set-mark 1", " -j MARK --or-mark 2"});
            case 8: return " -j CONNMARK --save-mark";
            case 9: return " -j MARK --xor-mark 3";
            default: return "";
        }
    }

    std::mt19937_64& dice_;
    bool is_v6_;
    bool remembers_ = true;
};

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

void compare_small(bool is_v6, unsigned rules_a_chain, std::uint64_t runs) {
    const std::uint64_t seed = from_environment("KEEPSTATE_SEED", 1);
    std::uint64_t replayed = 0, for_others = 0;
    for (std::uint64_t i = 0; i < from_environment("KEEPSTATE_RUNS", runs); ++i) {
        SCOPED_TRACE(fmt::format("KEEPSTATE_SEED={}", seed + i));
        std::mt19937_64 dice{seed + i};
        Quartet quartet(SmallRules(dice, is_v6).text(rules_a_chain),
                        is_v6 ? Family::ipv6 : Family::ipv4);
        if (!quartet.is_good()) return;
        PacketDraw packets(dice, is_v6);
        std::vector<Shape> flows;
        for (int n = 0; n < 12; ++n) flows.push_back(packets.few_values());
        for (int n = 0; n < 400; ++n) {
            const Shape shape = n % 3 == 0 ? packets.few_values() : flows[dice() % flows.size()];
            packets.send(quartet, shape, Table::mangle, n % 4 == 0 ? Hook::input : Hook::forward,
                         true);
            if (testing::Test::HasFatalFailure()) return;
        }
        quartet.compare_counters();
        if (testing::Test::HasFatalFailure()) return;
        replayed += quartet.replayed;
        for_others += quartet.replayed_for_others;
    }
    EXPECT_GT(replayed, 0U);
    // Among many rules somebody always asks who talks to whom.
    constexpr unsigned kFew = 10;
    EXPECT_TRUE(for_others != 0 || rules_a_chain >= kFew);
}

TEST(Fast, gives_what_walk_gives_for_few_rules) { compare_small(false, 6, 400); }
TEST(Fast, gives_what_walk_gives_for_few_rules_of_ipv6) { compare_small(true, 6, 400); }
TEST(Fast, gives_what_walk_gives_for_many_rules_over_few_values) {
    compare_small(false, 150, 40);
    compare_small(true, 150, 40);
}

TEST(Fast, gives_what_walk_gives_for_rulesets_of_the_benchmarks) {
    using bench::Style;
    const std::uint64_t seed = from_environment("KEEPSTATE_SEED", 1);
    for (const Style style :
         {Style::acl, Style::fw, Style::ipc, Style::kube, Style::established_last}) {
        for (const std::uint32_t rules : {1U, 9U, 60U, 300U, 5000U}) {
            SCOPED_TRACE(fmt::format("{} {} rules", bench::text(style), rules));
            Quartet quartet(bench::make_ruleset(style, rules, seed), Family::ipv4);
            ASSERT_TRUE(quartet.is_good());
            std::mt19937_64 dice{seed};
            PacketDraw packets(dice, false);
            const Table table = style == Style::kube ? Table::nat : Table::filter;
            const Hook hook = style == Style::kube ? Hook::prerouting : Hook::forward;
            for (const bench::Packet5& headers : bench::make_trace(style, rules, seed, 3000)) {
                Shape shape;
                shape.headers = headers;
                packets.send(quartet, shape, table, hook, dice() % 20 == 0);
                if (testing::Test::HasFatalFailure()) return;
            }
            quartet.compare_counters();
            EXPECT_TRUE(style == Style::kube || quartet.replayed > 0);
        }
    }
}

// --- while rules change -----------------------------------------------------------------------------

/// What the rules of table mangle should be.
class Model {
  public:
    struct Line {
        std::string rule;  ///< as iptables-save prints it, from behind the chain on
        std::string written;
        Counters counters;
    };
    explicit Model(Family family) : family_(family) {}

    std::vector<Line>& operator[](const std::string& chain) { return chains_[chain]; }
    const std::map<std::string, std::vector<Line>>& chains() const { return chains_; }

    void read(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.compare(0, 3, "-A ") != 0) continue;
            const std::size_t end = line.find(' ', 3);
            const std::string chain = line.substr(3, end == std::string::npos ? end : end - 3);
            const std::string rule = line.substr(3 + chain.size());
            chains_[chain].push_back({printed(chain, rule), rule, {}});
        }
    }
    std::string printed(const std::string& chain, const std::string& rule) const {
        const auto ruleset = Ruleset::parse(head() + "-A " + chain + rule + "\nCOMMIT\n", family_);
        if (!ruleset) return "?";
        const std::string text = ruleset->print(false);
        const std::size_t at = text.find("-A ");
        const std::size_t from = at + 3 + chain.size();
        return text.substr(from, text.find('\n', at) - from);
    }
    std::string text() const {
        std::string out = head();
        for (const auto& [chain, lines] : chains_) {
            for (const Line& line : lines) out += "-A " + chain + line.rule + "\n";
        }
        return out + "COMMIT\n";
    }

  private:
    static std::string head() { return "*mangle\n:u0 -\n:u1 -\n:u2 -\n:u3 -\n:u4 -\n"; }

    Family family_;
    std::map<std::string, std::vector<Line>> chains_;
};

class ChangingRules {
  public:
    ChangingRules(std::mt19937_64& dice, bool is_v6, bool remembers, unsigned rules_a_chain)
        : dice_(dice),
          family_(is_v6 ? Family::ipv6 : Family::ipv4),
          rules_(dice, is_v6, remembers),
          model_(family_) {
        const std::string text = rules_.text(rules_a_chain);
        model_.read(text);
        quartet.emplace(text, family_);
    }

    std::optional<Quartet> quartet;

    void change() {
        const std::string chain =
            std::array{"FORWARD", "FORWARD", "INPUT", "u0", "u2"}[dice_() % 5];
        std::vector<Model::Line>& lines = model_[chain];
        const auto number = [&](std::size_t bound) { return dice_() % bound; };
        const std::size_t at = lines.empty() ? 0 : number(lines.size());
        const std::uint64_t kind = dice_() % 8;
        std::string command = "-t mangle ";
        if (kind < 4 || lines.empty()) {
            const std::string rule = rules_.rule_for(chain);
            const std::size_t to = kind == 0 ? lines.size() : number(lines.size() + 1);
            command += kind == 0 ? "-A " + chain : fmt::format("-I {} {}", chain, to + 1);
            command += rule;
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(to),
                         {model_.printed(chain, rule), rule, {}});
        } else if (kind < 6 || (kind == 6 && has_other_words(lines, lines[at]))) {
            command += fmt::format("-D {} {}", chain, at + 1);
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (kind == 6) {
            const std::string rule = lines[at].rule;
            command += "-D " + chain + lines[at].written;
            lines.erase(std::find_if(lines.begin(), lines.end(),
                                     [&](const auto& each) { return each.rule == rule; }));
        } else {
            const std::string rule = rules_.rule_for(chain);
            command += fmt::format("-R {} {}{}", chain, at + 1, rule);
            lines[at] = {model_.printed(chain, rule), rule, {}};
        }
        quartet->change(command);
    }

    /// From now on packets go through a new Program too.
    void begin(bool has_fresh) {
        quartet->fresh = nullptr;
        fresh_.reset();
        if (!has_fresh) return;
        const auto ruleset = Ruleset::parse(model_.text(), family_);
        ASSERT_TRUE(ruleset.has_value()) << model_.text();
        fresh_.emplace(std::move(*Program::make(*ruleset, objects_)));
        quartet->fresh = &*fresh_;
    }

    void compare() {
        quartet->compare_counters();
        const Program& program = quartet->program();
        for (std::uint32_t chain = 0; chain < program.chain_count(Table::mangle); ++chain) {
            const std::string name(program.chain_name(Table::mangle, chain));
            std::vector<Model::Line>& lines = model_[name];
            ASSERT_EQ(program.rule_count(Table::mangle, chain), lines.size()) << name;
            for (std::uint32_t i = 0; i < lines.size(); ++i) {
                ASSERT_EQ(program.rule_text(Table::mangle, chain, i + 1),
                          "-A " + name + lines[i].rule);
                const Counters now = program.counters(Table::mangle, chain, i + 1);
                if (fresh_) {
                    const Counters more = fresh_->counters(Table::mangle, chain, i + 1);
                    lines[i].counters.packets += more.packets;
                    lines[i].counters.bytes += more.bytes;
                    ASSERT_EQ(now, lines[i].counters) << name << " " << i + 1;
                }
                lines[i].counters = now;
            }
        }
    }

  private:
    /// Whether one that is printed alike is written in another way (`-s 0.0.0.0/0'): -D may tell them apart.
    static bool has_other_words(const std::vector<Model::Line>& lines, const Model::Line& line) {
        return std::any_of(lines.begin(), lines.end(), [&](const Model::Line& each) {
            return each.rule == line.rule && each.written != line.written;
        });
    }

    std::mt19937_64& dice_;
    Family family_;
    SmallRules rules_;
    Model model_;
    Objects objects_;
    std::optional<Program> fresh_;
};

void compare_changing(bool is_v6, unsigned rules_a_chain, unsigned changes, std::uint64_t runs) {
    const std::uint64_t seed = from_environment("KEEPSTATE_SEED", 1);
    for (std::uint64_t i = 0; i < from_environment("KEEPSTATE_RUNS", runs); ++i) {
        SCOPED_TRACE(fmt::format("KEEPSTATE_SEED={}", seed + i));
        std::mt19937_64 dice{seed + i};
        const bool remembers = i % 3 == 0;
        ChangingRules rules(dice, is_v6, remembers, rules_a_chain);
        ASSERT_TRUE(rules.quartet->is_good());
        PacketDraw packets(dice, is_v6);
        std::vector<Shape> flows;
        for (int n = 0; n < 12; ++n) flows.push_back(packets.few_values());
        for (int segment = 0; segment < 8; ++segment) {
            rules.begin(!remembers);
            for (int n = 0; n < 60; ++n) {
                const Shape shape =
                    n % 3 == 0 ? packets.few_values() : flows[dice() % flows.size()];
                packets.send(*rules.quartet, shape, Table::mangle,
                             n % 4 == 0 ? Hook::input : Hook::forward, true);
                if (testing::Test::HasFatalFailure()) return;
            }
            rules.compare();
            for (std::uint64_t n = dice() % changes; n > 0; --n) {
                rules.change();
                if (testing::Test::HasFatalFailure()) return;
            }
        }
    }
}

TEST(Fast, gives_what_a_new_table_gives_when_few_rules_change) {
    compare_changing(false, 6, 6, 150);
    compare_changing(true, 6, 6, 80);
}
TEST(Fast, gives_what_a_new_table_gives_when_one_of_many_rules_changes) {
    compare_changing(false, 200, 5, 12);
    compare_changing(true, 200, 5, 6);
}
TEST(Fast, gives_what_a_new_table_gives_when_many_rules_change) {
    compare_changing(false, 200, 400, 8);
}

TEST(Fast, paths_that_find_no_room_have_no_number) {
    Paths paths;
    EXPECT_EQ(paths.number_of(std::array{1U}, {}), 0U);
    paths.reserve(2);
    EXPECT_EQ(paths.number_of(std::array{1U, 2U}, {}), 1U);
    EXPECT_EQ(paths.number_of(std::array{1U}, {}), 2U);
    EXPECT_EQ(paths.number_of(std::array{3U}, {}), 0U);
    EXPECT_EQ(paths.number_of(std::array{1U, 2U}, {}), 1U);
}

}  // namespace
}  // namespace keepstate::rules
