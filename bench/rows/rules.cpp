// What rules cost, by their number and by where the rule for ESTABLISHED stands.
//
//     new_through/STYLE/rules:N             the rules' own share of a flow's first packet. Every verdict is DROP, so no flow
//                                           ever comes to be and each packet is a first one: an engine with the rules and
//                                           one with a single rule, which no packet fits and each is asked, judge the same
//                                           packets in turns, and the difference is the row. `to_none`: the difference to an
//                                           engine without rules, which asks nothing. `all`: with parsing and tracking
//     established_through/STYLE/WHERE/rules:N   a packet of 1000 established flows, the rule that accepts it first or last
//     compile/STYLE/rules:N                 reading the text and making the engine, in nanoseconds of time a ruleset
//
// The rulesets are bench/rulesets.hpp's. A trace of kTrace headers goes around; its frames stay in the second cache.
#include "bench/rulesets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/rows/rows.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint32_t kBatch = 32;
constexpr std::size_t kTrace = 8192;
constexpr std::size_t kFrameBytes = 64;
constexpr std::uint64_t kSeed = 1;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
}

// Whatever decides, decides DROP: no flow is confirmed.
std::string all_dropping(std::string rules) {
    replace_all(rules, "-j ACCEPT", "-j DROP");
    replace_all(rules, ":FORWARD ACCEPT", ":FORWARD DROP");
    if (rules.find("*filter") == std::string::npos)
        rules += "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n";
    return rules;
}

Engine engine_with(const std::string& rules, const Settings& settings) {
    EngineSetup setup;
    setup.settings = settings;
    setup.seed = kSeed;
    Result<Ruleset> parsed = Ruleset::parse(rules, Family::ipv4);
    if (!parsed) {
        std::fprintf(stderr, "bench: %s\n", parsed.error().faults.front().words.c_str());
        std::exit(3);
    }
    setup.rules4 = std::move(*parsed);
    return make_engine(std::move(setup));
}

void put(std::uint8_t* at, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) at[i] = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i));
}

// An Ethernet frame of 60 bytes: a SYN, a UDP packet, an echo request, or 26 zeros of another protocol.
void write_header(const Packet5& header, std::uint8_t* frame) {
    std::memset(frame, 0, kFrameBytes);
    put(frame + 12, 0x0800, 2);
    std::uint8_t* const ip = frame + 14;
    ip[0] = 0x45;
    put(ip + 2, 46, 2);
    ip[8] = 64;
    ip[9] = header.protocol;
    put(ip + 12, header.source, 4);
    put(ip + 16, header.destination, 4);
    std::uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += ip[i] << 8 | ip[i + 1];
    sum = (sum >> 16) + (sum & 0xffff);
    put(ip + 10, ~(sum + (sum >> 16)) & 0xffff, 2);
    std::uint8_t* const transport = ip + 20;
    if (header.protocol == 6 || header.protocol == 17) {
        put(transport, header.source_port, 2);
        put(transport + 2, header.destination_port, 2);
    }
    if (header.protocol == 6) {
        put(transport + 4, header.source * 0x9e3779b1 | 1, 4);
        transport[12] = 5 << 4;
        transport[13] = 2;
        put(transport + 14, 65279, 2);
    } else if (header.protocol == 17) {
        put(transport + 4, 26, 2);
    } else if (header.protocol == 1) {
        transport[0] = 8;
        put(transport + 4, header.source_port | 1, 2);
    }
}

// The packets of a trace, in batches, round and round.
class Trace {
  public:
    Trace(Style style, std::uint32_t rules) : bytes_(kTrace * kFrameBytes), frames_(kTrace) {
        const std::vector<Packet5> headers = make_trace(style, rules, kSeed, kTrace);
        for (std::size_t i = 0; i < kTrace; ++i) {
            write_header(headers[i], bytes_.data() + i * kFrameBytes);
            frames_[i].bytes = {bytes_.data() + i * kFrameBytes, 60};
            frames_[i].time = Time::from_s(1'000'000);
        }
    }
    std::span<const Frame> next(std::size_t& at) const {
        const std::span<const Frame> batch(frames_.data() + at, kBatch);
        at = (at + kBatch) % kTrace;
        return batch;
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::vector<Frame> frames_;
};

struct Through {
    Through(Style style, std::uint32_t rules)
        : with(engine_with(all_dropping(make_ruleset(style, rules, kSeed, Established::none)),
                           small())),
          with_one(engine_with("*filter\n:FORWARD DROP [0:0]\n"
                               "-A FORWARD -s 203.0.113.7/32 -d 203.0.113.8/32 -j DROP\nCOMMIT\n",
                               small())),
          without(engine_with("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", small())),
          trace(style, rules),
          decisions(kBatch) {}
    static Settings small() {
        Settings settings;
        settings.max = settings.buckets = 65536;
        settings.checksum = 0;
        return settings;
    }
    Engine with;
    Engine with_one;
    Engine without;
    Trace trace;
    std::vector<Decision> decisions;
    std::size_t at_with = 0;
    std::size_t at_with_one = 0;
    std::size_t at_without = 0;
};

void measure_through(benchmark::State& state, const Plan& plan, Style style, std::uint32_t rules) {
    Through& run = keep_one<Through>(fmt::format("new_through/{}/{}", text(style), rules),
                                     [&] { return new Through(style, rules); });
    std::uint64_t accepted = 0;
    const auto judge_next = [&run, &accepted](Engine& engine, std::size_t& at) {
        const std::span<const Frame> frames = run.trace.next(at);
        accepted += frames.size() - judge(engine, frames, run.decisions);
        return frames.size();
    };
    const auto judge_with_one = [&] { return judge_next(run.with_one, run.at_with_one); };
    const Pair pair = measure_pair(
        judge_with_one, [&] { return judge_next(run.with, run.at_with); }, plan.slice_s);
    const Pair single = measure_pair([&] { return judge_next(run.without, run.at_without); },
                                     judge_with_one, plan.slice_s / 2);
    if (accepted != 0 || run.with.entry_count() != 0) {
        state.SkipWithError("a packet was accepted");
        return;
    }
    finish(state, pair.second - pair.first);
    state.counters["to_none"] = pair.second - pair.first + single.second - single.first;
    state.counters["all"] = pair.second;
    state.counters["packets"] = static_cast<double>(pair.packets);
}

// --- established flows -----------------------------------------------------------------------------------------------

struct Settled {
    Settled(const WorkloadOptions& load, const std::string& rules)
        : engine(make_engine([&] {
              EngineSetup setup = make_setup(load);
              if (!rules.empty()) setup.rules4 = *Ruleset::parse(rules, Family::ipv4);
              return setup;
          }())),
          generator(load, kBatch),
          decisions(kBatch) {
        refused = open_flows(engine, generator, 0, load.flows);
    }
    Engine engine;
    Generator generator;
    std::vector<Decision> decisions;
    std::uint64_t refused = 0;
};
struct Both {
    Settled three;
    Settled many;
};

// The generated rules with a first one that lets the workload's flows in when they are new. None drops: some ask for
// so little that they match the workload too, before a rule for ESTABLISHED that is last.
std::string rules_with_door(Style style, std::uint32_t rules, Established where) {
    std::string text = make_ruleset(style, rules, kSeed, where);
    replace_all(text, "-j DROP", "-j ACCEPT");
    const std::string door =
        "-A FORWARD -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT\n";
    const std::size_t first = text.find("-A FORWARD");
    // Before the first of FORWARD; behind a rule for ESTABLISHED that is first.
    const bool is_behind = where == Established::first;
    text.insert(is_behind ? text.find('\n', first) + 1 : first, door);
    return text;
}

void measure_settled(benchmark::State& state, const Plan& plan, Style style, Established where,
                     std::uint32_t rules) {
    WorkloadOptions load;
    load.flows = 1000;
    Both& run = keep_one<Both>(
        fmt::format("established_through/{}/{}/{}", text(style), int(where), rules), [&] {
            return new Both{{load, {}}, {load, rules_with_door(style, rules, where)}};
        });
    // One after the other and not in turns: two tables and 100k rules would push each other out of the caches.
    const auto cost_of = [&plan](Settled& one) {
        const Cost cost = measure(
            one.engine, one.decisions, [&one] { return one.generator.established(); },
            plan.slice_s / 2);
        one.refused += cost.refused;
        return cost;
    };
    const Cost three = cost_of(run.three);
    const Cost many = cost_of(run.many);
    if (run.three.refused + run.many.refused != 0) {
        state.SkipWithError("packets were not accepted");
        return;
    }
    finish(state, many.engine);
    state.counters["with_three"] = three.engine;
    // A core that others slow down for one of the two has nothing to do with the rules.
    const bool are_calm = three.calm > 0 && many.calm > 0;
    state.counters["ratio"] = are_calm ? many.calm / three.calm : many.engine / three.engine;
}

// --- one rule of many --------------------------------------------------------------------------------------------------

// One rule put into the middle of the chain and another one taken away, over and over. What the packets that follow take
// longer than others is part of it: nothing is left to them unseen.
void measure_change(benchmark::State& state, const Plan& plan, Style style, std::uint32_t rules) {
    Through& run = keep_one<Through>(fmt::format("change/{}/{}", text(style), rules),
                                     [&] { return new Through(style, rules); });
    constexpr std::uint32_t kBatches = 8;
    const auto time_of = [](auto work) {
        const double begin = thread_ns();
        work();
        return thread_ns() - begin;
    };
    const auto packets = [&run] {
        for (std::uint32_t i = 0; i < kBatches; ++i) {
            judge(run.with, run.trace.next(run.at_with), run.decisions);
        }
    };
    double calls = 0, most = 0, after = 0, otherwise = 0;
    std::uint32_t changes = 0;
    const auto change = [&](const std::string& command) {
        const double call = time_of([&] {
            if (!run.with.change_rules(Family::ipv4, command)) std::exit(3);
        });
        calls += call;
        most = std::max(most, call);
        after += time_of(packets);
        otherwise += time_of(packets);
        ++changes;
    };
    const double end = thread_ns() + plan.slice_s * 1e9;
    for (std::uint32_t n = 0; thread_ns() < end; ++n) {
        const std::uint32_t number = rules / 2 + n % 100;
        change(fmt::format("-I FORWARD {} -s 10.{}.{}.0/24 -p tcp --dport {} -j DROP", number,
                           n % 256, n / 256 % 256, 1 + n % 1000));
        change(fmt::format("-D FORWARD {}", number + 1 + n * 37 % 1000));
    }
    finish(state, (calls + after - otherwise) / changes);
    state.counters["call"] = calls / changes;
    state.counters["most"] = most;
}

// --- a whole ruleset ---------------------------------------------------------------------------------------------------

void measure_compile(benchmark::State& state, Style style, std::uint32_t rules) {
    kept() = {};
    const std::string text = make_ruleset(style, rules, kSeed, Established::first);
    const double begin = thread_ns();
    Result<Ruleset> parsed = Ruleset::parse(text, Family::ipv4);
    const double between = thread_ns();
    if (!parsed) {
        state.SkipWithError("the generated ruleset has faults");
        return;
    }
    EngineSetup setup;
    setup.settings = Through::small();
    setup.rules4 = std::move(*parsed);
    const Engine engine = make_engine(std::move(setup));
    const double end = thread_ns();
    finish(state, end - begin);
    state.counters["parse"] = between - begin;
    state.counters["make"] = end - between;
}

}  // namespace

void add_rule_rows(const Plan& plan) {
    std::vector<std::uint32_t> counts = {10, 100, 1000, 10'000, 100'000};
    std::vector<Style> styles = {Style::acl, Style::fw, Style::ipc, Style::kube};
    if (plan.is_quick) {
        counts = {10, 1000, 10'000};
        styles = {Style::acl, Style::kube};
    }
    for (const Style style : styles) {
        for (const std::uint32_t rules : counts) {
            add_row(plan, fmt::format("new_through/{}/rules:{}", text(style), rules),
                    [=](benchmark::State& state) { measure_through(state, plan, style, rules); });
        }
    }
    for (const Style style : {Style::acl, Style::fw}) {
        if (plan.is_quick && style == Style::fw) continue;
        for (const Established where : {Established::first, Established::last}) {
            for (const std::uint32_t rules : counts) {
                add_row(plan,
                        fmt::format("established_through/{}/{}/rules:{}", text(style),
                                    where == Established::first ? "first" : "last", rules),
                        [=](benchmark::State& state) {
                            measure_settled(state, plan, style, where, rules);
                        });
            }
        }
    }
    add_row(plan, "change/rules:10000",
            [=](benchmark::State& state) { measure_change(state, plan, Style::acl, 10'000); });
    for (const Style style : styles) {
        const std::uint32_t rules = plan.is_quick ? 10'000 : 100'000;
        add_row(
            plan, fmt::format("compile/{}/rules:{}", text(style), rules),
            [=](benchmark::State& state) { measure_compile(state, style, rules); }, 3);
    }
}

}  // namespace keepstate::bench
