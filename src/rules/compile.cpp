// See compile.hpp.
#include "rules/compile.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "rules/print.hpp"

namespace keepstate::rules {

namespace {

template <typename Byte>
std::array<std::uint64_t, 2> words_of(const std::array<Byte, 16>& bytes) {
    static_assert(sizeof(bytes) == 16);
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), bytes.data(), 16);
    return words;
}

BasicTest compile_basics(const Basics& basics) {
    BasicTest test;
    test.source = words_of(basics.source.address);
    test.source_mask = words_of(basics.source.mask);
    test.destination = words_of(basics.destination.address);
    test.destination_mask = words_of(basics.destination.mask);
    test.in = words_of(basics.in.name);
    test.in_mask = words_of(basics.in.mask);
    test.out = words_of(basics.out.name);
    test.out_mask = words_of(basics.out.mask);
    for (std::size_t i = 0; i < 2; ++i) {
        test.in[i] &= test.in_mask[i];
        test.out[i] &= test.out_mask[i];
    }
    test.protocol = basics.protocol;
    test.source_inverted = basics.source.inverted;
    test.destination_inverted = basics.destination.inverted;
    test.in_inverted = basics.in.inverted;
    test.out_inverted = basics.out.inverted;
    test.protocol_inverted = basics.protocol_inverted;
    test.fragment = basics.fragment;
    test.fragment_inverted = basics.fragment_inverted;
    test.any = basics == Basics{};
    return test;
}

std::size_t units(std::size_t bytes) {
    return (bytes + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
}

class RuleCompiler {
  public:
    RuleCompiler(const Rule& rule, const RulePlace& place, Objects& objects,
                 std::vector<Fault>& faults)
        : rule_(rule), place_(place), objects_(objects), faults_(faults) {}

    CompiledRule run() {
        CompiledRule out;
        Step& step = out.step;
        out.test = compile_basics(rule_.basics);
        constexpr std::size_t kMostMatches = 0xffff;  // a line has fewer words
        KS_ASSERT(rule_.matches.size() <= kMostMatches);
        step.chain = place_.chain;
        step.matches = place_.matches;
        step.match_count = static_cast<std::uint16_t>(rule_.matches.size());
        for (std::size_t i = 0; i < rule_.matches.size(); ++i) {
            const MatchUse& use = rule_.matches[i];
            place_.matches[i] = {use.module, bound_copy(*use.module, use.data)};
        }
        switch (rule_.target.kind) {
            case TargetUse::Kind::none: step.action = Action::next; break;
            case TargetUse::Kind::accept: step.action = Action::accept; break;
            case TargetUse::Kind::drop: step.action = Action::drop; break;
            case TargetUse::Kind::queue: step.action = Action::queue; break;
            case TargetUse::Kind::return_: step.action = Action::return_; break;
            case TargetUse::Kind::chain:
                step.action = rule_.target.is_goto ? Action::go_to : Action::jump;
                step.jump = 0;
                break;
            case TargetUse::Kind::module:
                step.action = Action::target;
                step.target = rule_.target.module;
                step.data = bound_copy(*rule_.target.module, rule_.target.data);
                break;
        }
        return out;
    }

  private:
    /// The Program's own copy of a module's data, bound to what it shares.
    void* bound_copy(const Module& module, const Blob& blob) {
        void* at = place_.data + used_;
        if (blob.size() != 0) std::memcpy(at, blob.data(), blob.size());
        used_ += units(blob.size());
        if (module.bind == nullptr) return at;
        BindContext context{objects_, place_.ruleset.family, rule_};
        if (Complaint complaint = module.bind(at, context)) {
            std::string line;
            print_rule(rule_, place_.chain_name, place_.ruleset.family, line);
            faults_.push_back(
                Fault{place_.ruleset.file, rule_.line, 0, std::move(*complaint), std::move(line)});
        }
        return at;
    }

    const Rule& rule_;
    const RulePlace& place_;
    Objects& objects_;
    std::vector<Fault>& faults_;
    std::size_t used_ = 0;
};

}  // namespace

std::size_t data_units(const Rule& rule) {
    std::size_t sum = units(rule.target.data.size());
    for (const MatchUse& use : rule.matches) sum += units(use.data.size());
    return sum;
}

CompiledRule compile_rule(const Rule& rule, const RulePlace& place, Objects& objects,
                          std::vector<Fault>& faults) {
    return RuleCompiler(rule, place, objects, faults).run();
}

}  // namespace keepstate::rules
