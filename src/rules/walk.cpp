// See walk.hpp.
#include "rules/walk.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "rules/log_line.hpp"
#include "rules/print.hpp"
#include "rules/rule_test.hpp"

namespace keepstate::rules {

Verdict Outcome::verdict() const {
    switch (kind) {
        case Ruling::Kind::go_on:
        case Ruling::Kind::accept:
        case Ruling::Kind::translate: return Verdict::accept;
        case Ruling::Kind::drop: return Verdict::drop;
        case Ruling::Kind::reject: return Verdict::reject;
        case Ruling::Kind::queue: return Verdict::queue;
        case Ruling::Kind::stolen: return Verdict::stolen;
    }
    return Verdict::drop;
}

namespace {

// kHeard: somebody listens.
template <bool kHeard>
class Walk {
  public:
    Walk(Program& program, Table table, Hook hook, Context& context, Observer* observer)
        : program_(program),
          table_(program.table(table)),
          context_(context),
          packet_(*context.packet),
          test_(context),
          observer_(observer) {
        const std::size_t at = static_cast<std::size_t>(hook);
        KS_ASSERT(table_.entry[at] >= 0);
        context.table = table;
        context.hook = hook;
        context.hotdrop = false;
        const ProgramChain& chain = table_.chains[static_cast<std::size_t>(table_.entry[at])];
        policy_ = chain.end();
        now_ = chain.first;
    }

    Outcome run() {
        if constexpr (kHeard) {
            observer_->table_entered(context_.table, context_.hook);
            observer_->chain_entered(site(table_.steps[now_].chain, 0), RuleSite{}, false);
        }
        for (;;) {
            Step& step = table_.steps[now_];
            if (!try_step(step)) {
                if (context_.hotdrop) return decide(step, Ruling{.kind = Ruling::Kind::drop});
                ++now_;
                continue;
            }
            step.counters.packets += 1;
            step.counters.bytes += packet_.ip.size();
            if (context_.traced) trace(step);
            const Ruling ruling = act(step);
            if (ruling.kind != Ruling::Kind::go_on) return decide(step, ruling);
            if (context_.hotdrop) return decide(step, Ruling{.kind = Ruling::Kind::drop});
        }
    }

  private:
    /// That of now_, from 1.
    std::uint32_t rule() const { return table_.rule_of(now_); }
    RuleSite site(std::uint32_t chain, std::uint32_t rule) const {
        return RuleSite{&program_, context_.table, chain, rule, table_.chains[chain].name};
    }

    Outcome decide(const Step& step, const Ruling& ruling) {
        Outcome outcome;
        // A broken packet drops even if the rule matched, as an inverted match may.
        outcome.kind = context_.hotdrop ? Ruling::Kind::drop : ruling.kind;
        outcome.reject = ruling.reject;
        outcome.queue = ruling.queue;
        outcome.queue_bypass = ruling.queue_bypass;
        outcome.hotdrop = context_.hotdrop;
        outcome.chain = step.chain;
        // Of this step: a target that goes on has moved now_.
        outcome.rule = table_.rule_of(static_cast<std::uint32_t>(&step - table_.steps.data()));
        if constexpr (kHeard) observer_->decided(site(step.chain, outcome.rule), outcome);
        return outcome;
    }

    bool try_step(const Step& step) {
        if (step.is_end()) return true;
        const BasicTest& basics = table_.tests[now_];
        std::string_view part;
        if constexpr (!kHeard) return test_.template matches<false>(basics, step, part, Why());
        std::string words;
        const bool matched = test_.template matches<true>(basics, step, part, Why(&words));
        observer_->rule_tried(
            RuleTried{site(step.chain, rule()), matched, part, words, context_.hotdrop});
        return matched;
    }

    /// The line of TRACE. A rule without conditions that accepts, drops, queues or returns is called what ends a
    /// chain is called; the kernel tells the two apart by nothing else.
    void trace(const Step& step) {
        if (context_.log == nullptr && !kHeard) return;
        const ProgramChain& chain = table_.chains[step.chain];
        const bool ends = table_.tests[now_].any && step.match_count == 0 &&
                          (step.action == Action::policy || step.action == Action::chain_end ||
                           step.action == Action::accept || step.action == Action::drop ||
                           step.action == Action::queue || step.action == Action::return_);
        const std::string_view kind = !ends ? "rule" : chain.built_in ? "policy" : "return";
        const std::string prefix =
            fmt::format("TRACE: {}:{}:{}:{} ", text(context_.table), chain.name, kind,
                        step.is_end() ? chain.rules + 1 : rule());
        std::string line;
        print_log_line(context_, prefix, log_flag::kTrace, line);
        constexpr std::uint8_t kWarning = 4;
        if constexpr (kHeard) {
            observer_->logged(LogFact{site(step.chain, rule()), line, kWarning});
        }
        if (context_.log != nullptr) context_.log->append(line).push_back('\n');
    }

    // What the step does; go_on means that now_ stands at the next step.
    Ruling act(const Step& step) {
        switch (step.action) {
            case Action::translate:
            case Action::write_mark:
            case Action::next: break;
            case Action::accept: return Ruling{.kind = Ruling::Kind::accept};
            case Action::drop: return Ruling{.kind = Ruling::Kind::drop};
            case Action::queue: return Ruling{.kind = Ruling::Kind::queue};
            case Action::policy: return Ruling{.kind = table_.chains[step.chain].policy};
            case Action::jump:
            case Action::go_to: enter(step); return {};
            case Action::return_:
            case Action::chain_end: leave(step); return {};
            case Action::target: {
                const RuleSite here = site(step.chain, rule());
                const Ruling ruling = step.target->judge(
                    step.data, context_, Says(observer_, here, step.target->name()));
                if (ruling.kind != Ruling::Kind::go_on) return ruling;
                test_.load_addresses();  // the target may have written others
                break;
            }
        }
        ++now_;
        return {};
    }

    void enter(const Step& step) {
        const bool by_goto = step.action == Action::go_to;
        if (!by_goto) {
            KS_ASSERT(depth_ < table_.stack.size());
            table_.stack[depth_++] = now_;
        }
        [[maybe_unused]] const RuleSite from = site(step.chain, kHeard ? rule() : 0);
        now_ = table_.chains[step.jump].first;
        if constexpr (kHeard) observer_->chain_entered(site(step.jump, 0), from, by_goto);
    }

    void leave(const Step& step) {
        [[maybe_unused]] const RuleSite from = site(step.chain, kHeard ? rule() : 0);
        now_ = depth_ == 0 ? policy_ : table_.stack[--depth_] + 1;
        if constexpr (kHeard) {
            observer_->chain_left(from, site(table_.steps[now_].chain, rule()),
                                  step.action == Action::return_);
        }
    }

    Program& program_;
    ProgramTable& table_;
    Context& context_;
    const wire::Packet& packet_;
    RuleTest test_;
    Observer* observer_;
    std::uint32_t policy_ = 0;
    std::uint32_t now_ = 0;
    std::size_t depth_ = 0;
};

}  // namespace

Outcome walk(Program& program, Table table, Hook hook, Context& context, Observer* observer) {
    if (observer != nullptr) return Walk<true>(program, table, hook, context, observer).run();
    return Walk<false>(program, table, hook, context, nullptr).run();
}

}  // namespace keepstate::rules
