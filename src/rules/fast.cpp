// See fast.hpp.
#include "rules/fast.hpp"

#include <optional>

#include "base/assert.hpp"
#include "base/inline.hpp"
#include "rules/rule_test.hpp"
#include "rules/target/marks.hpp"
#include "rules/walk.hpp"

namespace keepstate::rules {

namespace {

/// Bytes that a match on ports wants of the transport header; 0: the protocol has no ports.
std::size_t wanted_bytes(std::uint8_t protocol) {
    if (protocol == protocol::kTcp) return 20;
    switch (protocol) {
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
KS_INLINE bool read_packet(const wire::Packet& packet, PacketKey& key) {
    const std::uint8_t* const ip = packet.ip.data();
    const bool v4 = packet.family == Family::ipv4;
    KS_ASSERT(packet.ip.has(0, v4 ? 20 : 40));
    if (v4) {
        key.point = {base::load_be32(ip + 12), 0, 0, 0, base::load_be32(ip + 16)};
    } else {
        if (packet.rules_chain_broken) return false;
        for (std::size_t i = 0; i < 4; ++i) {
            key.point[kSourceWord + i] = base::load_be32(ip + 8 + 4 * i);
            key.point[kDestinationWord + i] = base::load_be32(ip + 24 + 4 * i);
        }
        for (std::size_t i = kSourcePort; i < kDimensions; ++i) key.point[i] = 0;
    }
    const std::uint8_t protocol = packet.rules_protocol;
    key.point[kProtocol] = protocol;
    key.flags = 0;
    key.has_transport = false;
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

KS_INLINE bool make_key(const Context& context, FastTable& fast, PacketKey& key) {
    if (!read_packet(*context.packet, key)) return false;
    key.state = kStateBits[static_cast<std::size_t>(context.flow.state)];
    if (fast.devices.count() != 1) {
        key.point[kInDevice] = fast.devices.number(device_words(context.in_device));
        key.point[kOutDevice] = fast.devices.number(device_words(context.out_device));
    }
    key.set_lanes();
    return true;
}

// What a run needs for few packets only. It is handed to code that is not inlined, so it stands beside the Run, whose own
// parts stay in registers.
struct Beside {
    PacketKey key;
    std::optional<RuleTest> test;
};

// Nobody hears what targets say. Made before all packets: written bit by bit and read at once it would hold the
// processor up.
const RuleSite kNowhere;
const Says kUnheard(nullptr, kNowhere, {});

// kNotes: the way is remembered, and whether another packet would take it too.
template <bool kNotes>
class Run {
  public:
    /// `beside` has the packet's key.
    Run(ProgramTable& table, Hook hook, Context& context, Beside& beside,
        bool has_same_flags = false)
        : program_(table),
          fast_(table.fast),
          context_(context),
          beside_(beside),
          steps_(table.steps.data()),
          candidates_(table.fast.forest.candidates.data()),
          bottom_(table.fast.stack.data()),
          end_(bottom_ + table.fast.stack.size()),
          frame_(bottom_),
          bytes_(context.packet->ip.size()),
          hook_(hook),
          has_same_flags_(has_same_flags) {
        if constexpr (kNotes) is_steady_ = is_plain(*context_.packet);
    }

    KS_INLINE Outcome run() {
        // What this chain's list goes on with; null: with nothing, or the chain is several trees.
        const Candidate* at = enter(fast_.entry[static_cast<std::size_t>(hook_)]);
        for (;;) {
            const Candidate* const found = at != nullptr     ? seek_in_list(at)
                                           : frame_->is_list ? nullptr
                                                             : seek();
            if constexpr (kNotes) note_unsteady(found);
            if (found == nullptr) {
                const ChainIndex& chain = *frame_->chain;
                Step& end = frame_->steps[chain.rules];
                count(end, chain.rules);
                if (chain.end == Action::policy) return plainly(end, 0, chain.policy);
                if (frame_ == bottom_) return decide_by_policy();
                at = behind((--frame_)->found);
                continue;
            }
            Step& step = frame_->steps[found->rule];
            at = behind(found);
            if (!found->has(candidate_bit::kWhole)) {
                const bool is_match = matches(*found, step);
                if (context_.hotdrop) return drop_broken(step, found->rule, is_match);
                if (!is_match) continue;
            }
            count(step, found->rule);
            switch (static_cast<Action>(found->action())) {
                case Action::accept: return plainly(step, found->rule + 1, Ruling::Kind::accept);
                case Action::drop: return plainly(step, found->rule + 1, Ruling::Kind::drop);
                case Action::queue: return plainly(step, found->rule + 1, Ruling::Kind::queue);
                case Action::jump:
                    if (run_errand(step.jump)) break;
                    frame_->found = found;
                    ++frame_;
                    KS_ASSERT(frame_ != end_);
                    at = enter(step.jump);
                    break;
                case Action::go_to: at = enter(step.jump); break;
                case Action::return_:
                    if (frame_ == bottom_) return decide_by_policy();
                    at = behind((--frame_)->found);
                    break;
                case Action::target: {
                    frame_->found = found;
                    const Ruling ruling = ask_target(step);
                    if (ruling.kind != Ruling::Kind::go_on || context_.hotdrop) {
                        return decide(step, found->rule + 1, ruling);
                    }
                    at = behind(found);
                    break;
                }
                case Action::translate:
                    if constexpr (kNotes) is_steady_ = false;
                    return plainly(step, found->rule + 1, Ruling::Kind::translate);
                case Action::write_mark:
                    if constexpr (kNotes) is_steady_ = false;
                    write_mark(step);
                    break;
                default: break;
            }
        }
    }

    std::uint32_t path_of(const Outcome& outcome) {
        if (!is_steady_) return 0;
        return fast_.paths.number_of({noted_.data(), noted_count_}, outcome);
    }

    bool is_general() const { return is_general_; }
    bool is_of_port() const { return is_of_port_; }

  private:
    /// The frame at hand becomes the chain's. Its first candidate, if it is one list for this packet; else null, and trees
    /// are looked into when it comes to them.
    KS_INLINE const Candidate* enter(std::uint32_t number) {
        const ChainIndex& chain = fast_.chains[number];
        ChainFrame& frame = *frame_;
        frame.chain = &chain;
        frame.steps = steps_ + chain.first_step;
        __builtin_prefetch(frame.steps, 1);
        if constexpr (kNotes) frame.unsteady = kNone;
        frame.is_list = true;
        if (chain.leaf != 0) return candidates_ + chain.leaf;
        return open(frame);
    }
    const Candidate* open(ChainFrame& frame) {
        const ChainIndex::Roots& roots =
            frame.chain->roots[static_cast<std::size_t>(context_.flow.state)];
        if (roots.count == 0) return nullptr;
        const Root* const first = fast_.roots.data() + roots.first;
        if (roots.count == 1) return fast_.forest.find(first->link, beside_.key.point);
        open_trees(frame, 0);
        return nullptr;
    }
    void open_trees(ChainFrame& frame, std::uint32_t from) {
        const ChainIndex::Roots& roots =
            frame.chain->roots[static_cast<std::size_t>(context_.flow.state)];
        frame.is_list = false;
        frame.from = from;
        frame.roots = fast_.roots.data() + roots.first;
        frame.root_count = roots.count;
        frame.opened = 0;
    }

    /// From `at` on the next candidate that passes, null at the chain's end.
    KS_INLINE const Candidate* seek_in_list(const Candidate* at) {
        for (; !passes(*at); ++at) {
            if (at->has(candidate_bit::kLast)) return nullptr;
        }
        return at;
    }
    KS_INLINE const Candidate* behind(const Candidate* found) const {
        return frame_->is_list && !found->has(candidate_bit::kLast) ? found + 1 : nullptr;
    }

    /// A jump to a chain that is but an errand: done without going there. False: it is none.
    KS_INLINE bool run_errand(std::uint32_t number) {
        const ChainIndex& chain = fast_.chains[number];
        if (kNotes || !chain.is_errand) return false;
        Step* step = steps_ + chain.first_step;
        for (std::uint32_t i = 0; i < chain.rules; ++i, ++step) {
            count(*step, i);
            const auto action = static_cast<Action>(candidates_[chain.leaf + i].action());
            if (action == Action::write_mark) write_mark(*step);
        }
        count(*step, chain.rules);
        return true;
    }
    KS_INLINE void write_mark(const Step& step) {
        const auto& data = *static_cast<const target::MarkData*>(step.data);
        context_.mark = data.change.of(context_.mark);
    }

    /// The same of a chain with several trees, from `from` on. Each tree's list is read once from its beginning to its
    /// end, whatever the number of calls.
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
                frame.heads[i] = fast_.forest.find(roots[i].link, beside_.key.point);
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

    KS_INLINE bool passes(const Candidate& candidate) {
        if constexpr (!kNotes) return candidate.passes(beside_.key);
        if (!candidate.passes_steady(beside_.key)) return false;
        if (candidate.asks_flags() && !has_same_flags_) {
            frame_->unsteady = std::min(frame_->unsteady, candidate.rule);
        }
        return candidate.passes_flags(beside_.key);
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
        if (!beside_.test) beside_.test.emplace(context_);
        std::string_view part;
        const auto at = static_cast<std::size_t>(&step - steps_);
        return beside_.test->matches<false>(program_.tests[at], step, part, Why());
    }

    /// A rule before what was found would have matched but for TCP's flags.
    void note_unsteady(const Candidate* found) {
        const std::uint32_t rule = found == nullptr ? frame_->chain->rules : found->rule;
        if (frame_->unsteady < rule) is_steady_ = false;
    }

    /// `rule`: of the chain at hand, from 0.
    KS_INLINE void count(Step& step, [[maybe_unused]] std::uint32_t rule) {
        step.counters.packets += 1;
        step.counters.bytes += bytes_;
        if constexpr (kNotes) {
            if (noted_count_ == noted_.size()) {
                is_steady_ = false;
            } else {
                noted_[noted_count_++] = static_cast<std::uint32_t>(&step - steps_);
            }
            const auto state = static_cast<std::size_t>(context_.flow.state);
            const auto chain = static_cast<std::size_t>(frame_->chain - fast_.chains.data());
            if (fast_.first_particular[chain][state] <= rule) is_general_ = false;
            if (fast_.first_beyond_port[chain][state] <= rule) is_of_port_ = false;
            // A rule that asks for flags and is passed would not be by the next packet.
            if (frame_->unsteady <= rule) is_steady_ = false;
        }
    }

    /// Nothing is broken, and there is no more to say than the kind. `rule`: from 1; 0: the policy.
    KS_INLINE static Outcome plainly(const Step& step, std::uint32_t rule, Ruling::Kind kind) {
        Outcome outcome;
        outcome.kind = kind;
        outcome.chain = step.chain;
        outcome.rule = rule;
        return outcome;
    }

    Outcome decide(const Step& step, std::uint32_t rule, const Ruling& ruling) {
        Outcome outcome = plainly(step, rule, ruling.kind);
        outcome.reject = ruling.reject;
        outcome.queue = ruling.queue;
        outcome.queue_bypass = ruling.queue_bypass;
        if (context_.hotdrop) {
            outcome.kind = Ruling::Kind::drop;
            outcome.hotdrop = true;
        }
        return outcome;
    }

    /// A match found the packet broken; if the rule matches nevertheless, it counts and does what it does.
    Outcome drop_broken(Step& step, std::uint32_t rule, bool is_match) {
        Ruling ruling;
        if (is_match) {
            count(step, rule);
            if (step.action == Action::target) ruling = ask_target(step);
        }
        return decide(step, rule + 1, ruling);
    }

    /// Behind a RETURN in a built-in chain, and behind what it went on to by a goto.
    Outcome decide_by_policy() {
        const ChainIndex& chain = fast_.chains[fast_.entry[static_cast<std::size_t>(hook_)]];
        frame_->chain = &chain;
        if constexpr (kNotes) frame_->unsteady = kNone;
        Step& policy = steps_[chain.first_step + chain.rules];
        count(policy, chain.rules);
        return plainly(policy, 0, chain.policy);
    }

    Ruling ask_target(const Step& step) {
        if constexpr (kNotes) is_steady_ = false;
        const Ruling ruling = step.target->judge(step.data, context_, kUnheard);
        bytes_ = context_.packet->ip.size();
        if (ruling.kind != Ruling::Kind::go_on || step.target->keeps_key) return ruling;
        // It may have written other addresses or ports, or given the packet another state.
        beside_.test.reset();
        const PacketKey before = beside_.key;
        PacketKey& key = beside_.key = PacketKey{};
        make_key(context_, fast_, key);
        const bool is_same = key.point == before.point && key.state == before.state &&
                             key.flags == before.flags && key.has_transport == before.has_transport;
        if (is_same) return {};
        for (ChainFrame* each = bottom_; each <= frame_; ++each) open_again(*each);
        return {};
    }

    /// For the key as it is now, behind the rules that are done.
    void open_again(ChainFrame& frame) {
        if (frame.chain->leaf != 0) return;
        open_trees(frame, frame.is_list ? frame.found->rule + 1 : frame.from);
    }

    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    ProgramTable& program_;
    FastTable& fast_;
    Context& context_;
    Beside& beside_;
    Step* const steps_;
    const Candidate* const candidates_;
    ChainFrame* const bottom_;
    ChainFrame* const end_;
    ChainFrame* frame_;
    std::uint64_t bytes_;  ///< of the packet
    Hook hook_;
    bool is_steady_ = true;
    bool is_general_ = true;  ///< and no rule on the way asked who talks to whom
    bool is_of_port_ = true;  ///< but perhaps for the destination port
    bool has_same_flags_;
    std::size_t noted_count_ = 0;
    std::array<std::uint32_t, kNotes ? Paths::kMostSteps : 0> noted_;
};

/// What all ways begin with. False: walk() has to do it.
KS_INLINE bool prepare(ProgramTable& table, Hook hook, Context& context, Beside& beside) {
    FastTable& fast = table.fast;
    if (!make_key(context, fast, beside.key)) return false;
    KS_ASSERT(table.entry[static_cast<std::size_t>(hook)] >= 0);
    context.hook = hook;
    context.hotdrop = false;
    return true;
}

/// A chain without rules: nothing is asked.
KS_INLINE Outcome pass_empty(ProgramTable& table, const ChainIndex& chain, Hook hook,
                             Context& context) {
    context.hook = hook;
    context.hotdrop = false;
    Step& policy = table.steps[chain.first_step];
    policy.counters.packets += 1;
    policy.counters.bytes += context.packet->ip.size();
    Outcome outcome;
    outcome.kind = chain.policy;
    outcome.chain = policy.chain;
    return outcome;
}

/// A call of its own: what only passes an empty chain need not save so many registers.
KS_NOINLINE Outcome run_rules(Program& program, Table table, Hook hook, Context& context) {
    ProgramTable& in = program.table(table);
    Beside beside;
    if (!prepare(in, hook, context, beside)) return walk(program, table, hook, context);
    return Run<false>(in, hook, context, beside).run();
}

}  // namespace

bool is_plain(const wire::Packet& packet) {
    if (packet.rules_fragment_offset != 0) return false;
    if (packet.family == Family::ipv6 && packet.rules_chain_broken) return false;
    const std::size_t wanted = wanted_bytes(packet.rules_protocol);
    return wanted == 0 || packet.ip.has(packet.rules_transport_offset, wanted);
}

Outcome run(Program& program, Table table, Hook hook, Context& context) {
    context.table = table;
    ProgramTable& in = program.table(table);
    if (!in.fast.is_usable || context.traced) return walk(program, table, hook, context);
    const ChainIndex& first = in.fast.chains[in.fast.entry[static_cast<std::size_t>(hook)]];
    if (first.rules == 0) return pass_empty(in, first, hook, context);
    return run_rules(program, table, hook, context);
}

PathResult run_and_note(Program& program, Table table, Hook hook, Context& context,
                        bool has_same_flags) {
    context.table = table;
    ProgramTable& in = program.table(table);
    Beside beside;
    if (!in.fast.is_usable || context.traced || !prepare(in, hook, context, beside)) {
        return {walk(program, table, hook, context), 0};
    }
    Run<true> run(in, hook, context, beside, has_same_flags);
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
