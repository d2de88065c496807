// See fast.hpp.
#include "rules/fast.hpp"

#include <optional>

#include "base/assert.hpp"
#include "rules/rule_test.hpp"
#include "rules/walk.hpp"

namespace keepstate::rules {

namespace {

/// Bytes that a match on ports wants of the transport header; 0: the protocol has no ports.
std::size_t wanted_bytes(std::uint8_t protocol) {
    switch (protocol) {
        case protocol::kTcp: return 20;
        case protocol::kUdp: return 8;
        case protocol::kUdpLite:
        case protocol::kSctp:
        case protocol::kDccp: return 4;
        default: return 0;
    }
}

RuleTest::Words device_words(const char* name) {
    RuleTest::Words words{};
    if (name != nullptr) std::memcpy(words.data(), name, sizeof(words));
    return words;
}

// All of a key that comes from the packet's bytes. False: a rule may find that a header is cut.
inline bool read_packet(const wire::Packet& packet, PacketKey& key) {
    const std::uint8_t* const ip = packet.ip.data();
    const bool v4 = packet.family == Family::ipv4;
    KS_ASSERT(packet.ip.has(0, v4 ? 20 : 40));
    if (v4) {
        key.point[kSourceWord] = base::load_be32(ip + 12);
        key.point[kDestinationWord] = base::load_be32(ip + 16);
    } else {
        if (packet.rules_chain_broken) return false;
        for (std::size_t i = 0; i < 4; ++i) {
            key.point[kSourceWord + i] = base::load_be32(ip + 8 + 4 * i);
            key.point[kDestinationWord + i] = base::load_be32(ip + 24 + 4 * i);
        }
    }
    const std::uint8_t protocol = packet.rules_protocol;
    key.point[kProtocol] = protocol;
    // A later fragment has no ports: rules that ask for them do not match. But see tcp's on offset 1.
    if (packet.rules_fragment_offset != 0) {
        return packet.rules_fragment_offset != 1 || protocol != protocol::kTcp;
    }
    const std::size_t wanted = wanted_bytes(protocol);
    if (wanted == 0) return true;
    const std::size_t at = packet.rules_transport_offset;
    if (!packet.ip.has(at, wanted)) return false;
    key.has_transport = true;
    key.point[kSourcePort] = base::load_be16(ip + at);
    key.point[kDestinationPort] = base::load_be16(ip + at + 2);
    if (protocol == protocol::kTcp) key.flags = ip[at + 13];
    return true;
}

inline bool make_key(const Context& context, FastTable& fast, PacketKey& key) {
    if (!read_packet(*context.packet, key)) return false;
    key.state = kStateBits[static_cast<std::size_t>(context.flow.state)];
    if (fast.devices.count() == 1) return true;
    key.point[kInDevice] = fast.devices.number(device_words(context.in_device));
    key.point[kOutDevice] = fast.devices.number(device_words(context.out_device));
    return true;
}

// kNotes: the way is remembered, and whether another packet would take it too.
template <bool kNotes>
class Run {
  public:
    Run(Program& program, Table table, Hook hook, Context& context, bool has_same_flags = false)
        : program_(program.table(table)),
          fast_(program_.fast),
          context_(context),
          hook_(hook),
          has_same_flags_(has_same_flags) {}

    /// False: walk() has to do it.
    bool prepare() {
        if (!fast_.is_usable || context_.traced || !make_key(context_, fast_, key_)) return false;
        const auto at = static_cast<std::size_t>(hook_);
        KS_ASSERT(program_.entry[at] >= 0);
        context_.hook = hook_;
        context_.hotdrop = false;
        if constexpr (kNotes) is_steady_ = is_plain(*context_.packet);
        frame_ = fast_.stack.data();
        enter(fast_.entry[at]);
        return true;
    }

    Outcome run() {
        for (;;) {
            const Candidate* const found = frame_->is_list ? seek_in_list() : seek();
            const ChainIndex& chain = *frame_->chain;
            const std::uint32_t rule = found == nullptr ? chain.rules : found->rule;
            if constexpr (kNotes) {
                if (frame_->unsteady < rule) is_steady_ = false;
            }
            Step& step = program_.steps[chain.first_step + rule];
            if (found == nullptr) {
                count(step);
                if (chain.end == Action::policy) return decide(step, {.kind = chain.policy});
                if (!leave()) return decide_by_policy(step);
                continue;
            }
            if (!found->has(candidate_bit::kWhole) && !matches(*found, step)) {
                if (context_.hotdrop) return decide(step, {.kind = Ruling::Kind::drop});
                continue;
            }
            count(step);
            switch (static_cast<Action>(found->action())) {
                case Action::accept: return decide(step, {.kind = Ruling::Kind::accept});
                case Action::drop: return decide(step, {.kind = Ruling::Kind::drop});
                case Action::queue: return decide(step, {.kind = Ruling::Kind::queue});
                case Action::jump:
                    ++frame_;
                    KS_ASSERT(frame_ < fast_.stack.data() + fast_.stack.size());
                    enter(step.jump);
                    break;
                case Action::go_to: enter(step.jump); break;
                case Action::target: {
                    const Ruling ruling = ask_target(step);
                    if (ruling.kind != Ruling::Kind::go_on) return decide(step, ruling);
                    break;
                }
                case Action::return_:
                    if (!leave()) return decide_by_policy(step);
                    break;
                default: break;
            }
            if (context_.hotdrop) return decide(step, {.kind = Ruling::Kind::drop});
        }
    }

    std::uint32_t path_of(const Outcome& outcome) {
        if (!is_steady_) return 0;
        return fast_.paths.number_of({noted_.data(), noted_count_}, outcome);
    }

    bool is_general() const { return is_general_; }
    bool is_of_port() const { return is_of_port_; }

  private:
    /// The frame at hand becomes the chain's; its trees are looked into when it comes to them.
    void enter(std::uint32_t number) {
        const ChainIndex& chain = fast_.chains[number];
        ChainFrame& frame = *frame_;
        __builtin_prefetch(&program_.steps[chain.first_step], 1);
        frame.chain = &chain;
        frame.is_list = chain.leaf != 0;
        if constexpr (kNotes) frame.unsteady = kNone;
        if (frame.is_list) {
            frame.heads[0] = &fast_.forest.candidates[chain.leaf];
            return;
        }
        frame.from = 0;
        open(frame);
    }
    void open(ChainFrame& frame) {
        const auto state = static_cast<std::size_t>(context_.flow.state);
        const ChainIndex::Roots& roots = frame.chain->roots[state];
        frame.roots = fast_.roots.data() + roots.first;
        frame.root_count = roots.count;
        frame.opened = 0;
    }

    /// The next candidate that passes, null at the chain's end.
    const Candidate* seek_in_list() {
        const Candidate* at = frame_->heads[0];
        while (at != nullptr) {
            const Candidate* const next = at->has(candidate_bit::kLast) ? nullptr : at + 1;
            if (passes(*at)) {
                frame_->heads[0] = next;
                return at;
            }
            at = next;
        }
        frame_->heads[0] = nullptr;
        return nullptr;
    }

    /// The same of a chain with trees, from `from` on. Each tree's list is read once from its beginning to its end, whatever
    /// the number of calls.
    const Candidate* seek() {
        ChainFrame& frame = *frame_;
        const Root* const roots = frame.roots;
        const std::uint32_t count = frame.root_count;
        const std::uint32_t from = frame.from;
        std::uint32_t best = frame.chain->rules;
        const Candidate* found = nullptr;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (i == frame.opened) {
                if (roots[i].first_rule >= best) break;
                frame.heads[i] = fast_.forest.find(roots[i].link, key_.point);
                ++frame.opened;
            }
            const Candidate* at = frame.heads[i];
            while (at != nullptr && at->rule < best) {
                if (at->rule >= from && passes(*at)) {
                    best = at->rule;
                    found = at;
                    break;
                }
                at = at->has(candidate_bit::kLast) ? nullptr : at + 1;
            }
            frame.heads[i] = at;
        }
        frame.from = best + 1;
        return found;
    }

    bool passes(const Candidate& candidate) {
        if (candidate.asks_nothing()) return true;
        if (!candidate.passes_steady(key_)) return false;
        if constexpr (kNotes) {
            if (candidate.flags_mask != 0 && !has_same_flags_) {
                frame_->unsteady = std::min(frame_->unsteady, candidate.rule);
            }
        }
        return candidate.passes_flags(key_);
    }

    bool matches(const Candidate& candidate, const Step& step) {
        if constexpr (kNotes) {
            if (!candidate.has(candidate_bit::kSteady)) is_steady_ = false;
        }
        if (candidate.has(candidate_bit::kHeld)) {
            if (!step.asked.module->matches(step.asked.data, context_, Why())) return false;
            for (std::uint32_t i = step.asked_at + 1U; i < step.match_count; ++i) {
                const MatchStep& match = step.matches[i];
                if (!match.module->matches(match.data, context_, Why())) return false;
            }
            return true;
        }
        if (!test_) test_.emplace(context_);
        std::string_view part;
        const auto at = static_cast<std::size_t>(&step - program_.steps.data());
        return test_->matches<false>(program_.tests[at], step, part, Why());
    }

    void count(Step& step) {
        step.counters.packets += 1;
        step.counters.bytes += context_.packet->ip.size();
        if constexpr (kNotes) {
            const auto now = static_cast<std::uint32_t>(&step - program_.steps.data());
            if (noted_count_ == noted_.size()) {
                is_steady_ = false;
            } else {
                noted_[noted_count_++] = now;
            }
            const auto state = static_cast<std::size_t>(context_.flow.state);
            const ChainIndex& chain = *frame_->chain;
            const auto number = static_cast<std::size_t>(&chain - fast_.chains.data());
            const std::uint32_t rule = now - chain.first_step;
            if (fast_.first_particular[number][state] <= rule) is_general_ = false;
            if (fast_.first_beyond_port[number][state] <= rule) is_of_port_ = false;
            // A rule that asks for flags and is passed would not be by the next packet.
            if (frame_->unsteady <= rule) is_steady_ = false;
        }
    }

    Outcome decide(const Step& step, const Ruling& ruling) {
        Outcome outcome;
        outcome.kind = context_.hotdrop ? Ruling::Kind::drop : ruling.kind;
        outcome.reject = ruling.reject;
        outcome.queue = ruling.queue;
        outcome.queue_bypass = ruling.queue_bypass;
        outcome.hotdrop = context_.hotdrop;
        outcome.chain = step.chain;
        const auto at = static_cast<std::uint32_t>(&step - program_.steps.data());
        outcome.rule = step.is_end() ? 0 : at - fast_.chains[step.chain].first_step + 1;
        return outcome;
    }

    /// Back behind the last jump; false: there is none.
    bool leave() {
        if (frame_ == fast_.stack.data()) return false;
        --frame_;
        return true;
    }
    /// Behind a RETURN in a built-in chain, and behind what it went on to by a goto.
    Outcome decide_by_policy(const Step& step) {
        // What is dropped as broken is dropped by the rule that returns.
        if (context_.hotdrop) return decide(step, {.kind = Ruling::Kind::drop});
        const ChainIndex& chain = fast_.chains[fast_.entry[static_cast<std::size_t>(hook_)]];
        frame_->chain = &chain;
        if constexpr (kNotes) frame_->unsteady = kNone;
        Step& policy = program_.steps[chain.first_step + chain.rules];
        count(policy);
        return decide(policy, {.kind = chain.policy});
    }

    Ruling ask_target(const Step& step) {
        // Made once: written bit by bit and read at once it would hold the processor up.
        static const RuleSite kNowhere;
        static const Says kUnheard(nullptr, kNowhere, {});
        if constexpr (kNotes) is_steady_ = false;
        const Ruling ruling = step.target->judge(step.data, context_, kUnheard);
        if (ruling.kind != Ruling::Kind::go_on || step.target->keeps_key) return ruling;
        // It may have written other addresses or ports, or given the packet another state.
        test_.reset();
        PacketKey key;
        make_key(context_, fast_, key);
        const bool is_same = key.point == key_.point && key.state == key_.state &&
                             key.flags == key_.flags && key.has_transport == key_.has_transport;
        if (is_same) return {};
        key_ = key;
        for (ChainFrame* each = fast_.stack.data(); each <= frame_; ++each) {
            if (!each->is_list) open(*each);
        }
        return {};
    }

    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    ProgramTable& program_;
    FastTable& fast_;
    Context& context_;
    Hook hook_;
    PacketKey key_;
    ChainFrame* frame_ = nullptr;
    std::optional<RuleTest> test_;
    bool is_steady_ = true;
    bool is_general_ = true;  ///< and no rule on the way asked who talks to whom
    bool is_of_port_ = true;  ///< but perhaps for the destination port
    bool has_same_flags_;
    std::size_t noted_count_ = 0;
    std::array<std::uint32_t, Paths::kMostSteps> noted_;
};

}  // namespace

bool is_plain(const wire::Packet& packet) {
    if (packet.rules_fragment_offset != 0) return false;
    if (packet.family == Family::ipv6 && packet.rules_chain_broken) return false;
    const std::size_t wanted = wanted_bytes(packet.rules_protocol);
    return wanted == 0 || packet.ip.has(packet.rules_transport_offset, wanted);
}

Outcome run(Program& program, Table table, Hook hook, Context& context) {
    context.table = table;
    Run<false> run(program, table, hook, context);
    return run.prepare() ? run.run() : walk(program, table, hook, context);
}

PathResult run_and_note(Program& program, Table table, Hook hook, Context& context,
                        bool has_same_flags) {
    context.table = table;
    Run<true> run(program, table, hook, context, has_same_flags);
    if (!run.prepare()) return {walk(program, table, hook, context), 0};
    PathResult result;
    result.outcome = run.run();
    result.path = run.path_of(result.outcome);
    result.is_general = result.path != 0 && run.is_general();
    result.is_of_port = result.path != 0 && run.is_of_port();
    return result;
}

Outcome replay(Program& program, Table table, std::uint32_t path, const Context& context) {
    ProgramTable& in = program.table(table);
    const Paths::Path& taken = in.fast.paths.path(path);
    for (const std::uint32_t step : in.fast.paths.steps(taken)) {
        in.steps[step].counters.packets += 1;
        in.steps[step].counters.bytes += context.packet->ip.size();
    }
    return taken.outcome;
}

void append_counters(Program& program, Table table, std::uint32_t path,
                     std::vector<Counters*>& counters) {
    ProgramTable& in = program.table(table);
    for (const std::uint32_t step : in.fast.paths.steps(in.fast.paths.path(path))) {
        counters.push_back(&in.steps[step].counters);
    }
}

}  // namespace keepstate::rules
