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
        enter(fast_.entry[at], 0);
        return true;
    }

    Outcome run() {
        for (;;) {
            const Candidate* const found = seek();
            const std::uint32_t rule = found == nullptr ? chain_->rules : found->rule;
            if constexpr (kNotes) {
                if (unsteady_ < rule) is_steady_ = false;
            }
            now_ = chain_->first_step + rule;
            from_ = rule + 1;
            if (found != nullptr && !found->has(candidate_bit::kWhole) && !matches(*found)) {
                if (context_.hotdrop) return decide(Ruling{.kind = Ruling::Kind::drop});
                continue;
            }
            count();
            const Ruling ruling =
                act(found == nullptr ? chain_->end : static_cast<Action>(found->action));
            if (ruling.kind != Ruling::Kind::go_on) return decide(ruling);
            if (context_.hotdrop) return decide(Ruling{.kind = Ruling::Kind::drop});
        }
    }

    std::uint32_t path_of(const Outcome& outcome) {
        if (!is_steady_) return 0;
        return fast_.paths.number_of({noted_.data(), noted_count_}, outcome);
    }

    bool is_general() const { return is_general_; }
    bool is_of_port() const { return is_of_port_; }

  private:
    void enter(std::uint32_t chain, std::uint32_t rule) {
        chain_ = &fast_.chains[chain];
        from_ = rule;
        open();
    }
    /// The trees of the chain for this packet; looked into when it comes to them.
    void open() {
        if constexpr (kNotes) unsteady_ = kNone;
        if (chain_->leaf != 0) {
            root_count_ = opened_ = 1;
            heads_[0] = &fast_.forest.candidates[chain_->leaf];
            return;
        }
        const auto state = static_cast<std::size_t>(context_.flow.state);
        const ChainIndex::Roots& roots = chain_->roots[state];
        roots_ = fast_.roots.data() + roots.first;
        root_count_ = roots.count;
        opened_ = 0;
    }

    /// The next candidate from from_ on, null at the chain's end. Each tree's list is read once from its beginning
    /// to its end, whatever the number of calls.
    const Candidate* seek() {
        const Root* const roots = roots_;
        const std::uint32_t count = root_count_;
        const std::uint32_t from = from_;
        std::uint32_t best = chain_->rules;
        const Candidate* found = nullptr;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (i == opened_) {
                if (roots[i].first_rule >= best) break;
                heads_[i] = fast_.forest.find(roots[i].link, key_.point);
                ++opened_;
            }
            const Candidate* at = heads_[i];
            while (at != nullptr && at->rule < best) {
                if (at->rule >= from && passes(*at)) {
                    best = at->rule;
                    found = at;
                    break;
                }
                at = at->has(candidate_bit::kLast) ? nullptr : at + 1;
            }
            heads_[i] = at;
        }
        return found;
    }

    bool passes(const Candidate& candidate) {
        if (!candidate.passes_steady(key_)) return false;
        if constexpr (kNotes) {
            if (candidate.flags_mask != 0 && !has_same_flags_) {
                unsteady_ = std::min(unsteady_, candidate.rule);
            }
        }
        return candidate.passes_flags(key_);
    }

    bool matches(const Candidate& candidate) {
        if constexpr (kNotes) {
            if (!candidate.has(candidate_bit::kSteady)) is_steady_ = false;
        }
        if (!test_) test_.emplace(context_);
        std::string_view part;
        return test_->matches<false>(program_, program_.steps[now_], part, Why());
    }

    void count() {
        Counters& counters = program_.counters[now_];
        counters.packets += 1;
        counters.bytes += context_.packet->ip.size();
        if constexpr (kNotes) {
            if (noted_count_ == noted_.size()) {
                is_steady_ = false;
            } else {
                noted_[noted_count_++] = now_;
            }
            const auto state = static_cast<std::size_t>(context_.flow.state);
            const auto chain = static_cast<std::size_t>(chain_ - fast_.chains.data());
            if (fast_.first_particular[chain][state] <= now_ - chain_->first_step) {
                is_general_ = false;
            }
            if (fast_.first_beyond_port[chain][state] <= now_ - chain_->first_step) {
                is_of_port_ = false;
            }
            // A rule that asks for flags and is passed would not be by the next packet.
            if (unsteady_ <= now_ - chain_->first_step) is_steady_ = false;
        }
    }

    Outcome decide(const Ruling& ruling) {
        Outcome outcome;
        outcome.kind = context_.hotdrop ? Ruling::Kind::drop : ruling.kind;
        outcome.reject = ruling.reject;
        outcome.queue = ruling.queue;
        outcome.queue_bypass = ruling.queue_bypass;
        outcome.hotdrop = context_.hotdrop;
        if (context_.hotdrop) {  // perhaps behind a jump: another chain is entered already
            outcome.chain = program_.steps[now_].chain;
            outcome.rule = program_.steps[now_].rule;
            return outcome;
        }
        // Of the chain's index, which is at hand; the step itself may be far away.
        const std::uint32_t rule = now_ - chain_->first_step;
        outcome.chain = static_cast<std::uint32_t>(chain_ - fast_.chains.data());
        outcome.rule = rule == chain_->rules ? 0 : rule + 1;
        return outcome;
    }

    // go_on means that chain_ and from_ stand at what comes next.
    Ruling act(Action action) {
        switch (action) {
            case Action::next: return {};
            case Action::accept: return Ruling{.kind = Ruling::Kind::accept};
            case Action::drop: return Ruling{.kind = Ruling::Kind::drop};
            case Action::queue: return Ruling{.kind = Ruling::Kind::queue};
            case Action::policy: return Ruling{.kind = chain_->policy};
            case Action::jump:
                KS_ASSERT(depth_ < fast_.stack.size());
                fast_.stack[depth_++] = {static_cast<std::uint32_t>(chain_ - fast_.chains.data()),
                                         from_};
                enter(fast_.jumps[now_], 0);
                return {};
            case Action::go_to: enter(fast_.jumps[now_], 0); return {};
            case Action::return_:
            case Action::chain_end: return leave();
            case Action::target: return ask_target();
        }
        return {};
    }

    Ruling leave() {
        if (depth_ != 0) {
            const FastTable::Return& to = fast_.stack[--depth_];
            enter(to.chain, to.rule);
            return {};
        }
        // What is dropped as broken is dropped by the rule that returns.
        if (context_.hotdrop) return {};
        chain_ = &fast_.chains[fast_.entry[static_cast<std::size_t>(hook_)]];
        now_ = chain_->first_step + chain_->rules;
        if constexpr (kNotes) unsteady_ = kNone;
        count();
        return Ruling{.kind = chain_->policy};
    }

    Ruling ask_target() {
        static const RuleSite kNowhere;
        if constexpr (kNotes) is_steady_ = false;
        const Step& step = program_.steps[now_];
        const Ruling ruling = step.target->judge(step.data, context_, Says(nullptr, kNowhere, {}));
        if (ruling.kind != Ruling::Kind::go_on) return ruling;
        // It may have written other addresses or ports, or given the packet another state.
        test_.reset();
        PacketKey key;
        make_key(context_, fast_, key);
        const bool is_same = key.point == key_.point && key.state == key_.state &&
                             key.flags == key_.flags && key.has_transport == key_.has_transport;
        if (is_same) return {};
        key_ = key;
        open();
        return {};
    }

    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    ProgramTable& program_;
    FastTable& fast_;
    Context& context_;
    Hook hook_;
    PacketKey key_;
    const ChainIndex* chain_ = nullptr;
    std::uint32_t from_ = 0;  ///< rules before it are done
    std::uint32_t now_ = 0;   ///< the step that is asked
    std::size_t depth_ = 0;
    const Root* roots_ = nullptr;
    std::uint32_t root_count_ = 0;
    std::uint32_t opened_ = 0;
    std::array<const Candidate*, kMostRoots> heads_;  ///< where each opened list is read next
    std::optional<RuleTest> test_;
    bool is_steady_ = true;
    bool is_general_ = true;  ///< and no rule on the way asked who talks to whom
    bool is_of_port_ = true;  ///< but perhaps for the destination port
    bool has_same_flags_;
    std::uint32_t unsteady_ =
        kNone;  ///< the first rule that would match but for the flags, or does
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
        in.counters[step].packets += 1;
        in.counters[step].bytes += context.packet->ip.size();
    }
    return taken.outcome;
}

void append_counters(Program& program, Table table, std::uint32_t path,
                     std::vector<Counters*>& counters) {
    ProgramTable& in = program.table(table);
    for (const std::uint32_t step : in.fast.paths.steps(in.fast.paths.path(path))) {
        counters.push_back(&in.counters[step]);
    }
}

}  // namespace keepstate::rules
