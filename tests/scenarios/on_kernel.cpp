// KernelRun -> Seen; see on_kernel.hpp.
#include "on_kernel.hpp"

#include <algorithm>
#include <sstream>

#include "kernel_run.hpp"

namespace keepstate::scenarios {

namespace {

using cli::Played;
using cli::PlayedStep;
using cli::Scenario;
using cli::Seen;
using cli::Step;

std::string name_of(kernel::KernelState state) { return kernel::state_name(state); }

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

/// The lines of `timeouts` as calls of nfct.
std::vector<std::vector<std::string>> policy_commands(const std::string& text) {
    std::istringstream lines(text);
    std::vector<std::vector<std::string>> commands;
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> words = words_of(line.substr(0, line.find('#')));
        if (words.empty()) continue;
        if (words.front() != "nfct") words.insert(words.begin(), "nfct");
        commands.push_back(std::move(words));
    }
    return commands;
}

/// conntrack -S prints a line for each processor: all added up, in the form of one.
std::string add_up(const std::string& lines) {
    std::vector<std::pair<std::string, std::uint64_t>> sums;
    for (const std::string& word : words_of(lines)) {
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        if (name == "cpu" || equals == std::string::npos) continue;
        const std::uint64_t number = std::stoull(word.substr(equals + 1));
        const auto known = std::find_if(sums.begin(), sums.end(),
                                        [&name](const auto& sum) { return sum.first == name; });
        if (known == sums.end()) {
            sums.emplace_back(name, number);
        } else {
            known->second += number;
        }
    }
    std::string out;
    for (const auto& [name, number] : sums) out += name + "=" + std::to_string(number) + " ";
    return out;
}

kernel::KernelSetup make_setup(const Scenario& scenario) {
    kernel::KernelSetup setup;
    setup.rules4 = scenario.rules4.text;
    setup.rules6 = scenario.rules6.text;
    setup.ip_sets = scenario.ip_sets.text;
    if (const auto sockets = parse_host_sockets(scenario.sockets.text, scenario.file); sockets) {
        for (const HostSocket& socket : *sockets) {
            setup.sockets.push_back({socket.protocol, text(socket.local), socket.local_port,
                                     socket.remote ? text(*socket.remote) : std::string(),
                                     socket.remote_port, socket.mark, socket.is_transparent});
        }
    }
    setup.fingerprints = scenario.fingerprints.text;
    for (const DeviceSetup& device : scenario.devices) {
        kernel::KernelDevice there{device.name, {}, device.mtu};
        for (const Prefix& prefix : device.networks) there.prefixes.push_back(text(prefix));
        setup.devices.push_back(std::move(there));
    }
    for (const Address& address : scenario.local) setup.local_addresses.push_back(text(address));
    setup.sysctls = scenario.setting_texts;
    setup.is_bump = scenario.devices.empty();
    setup.commands = policy_commands(scenario.timeouts.text);
    return setup;
}

/// The packets counted by "filter FORWARD 2" or "filter FORWARD policy" in iptables-save -c text.
std::uint64_t packets_of(const std::string& save, const std::string& rule) {
    std::istringstream words(rule);
    std::string table, chain, number;
    words >> table >> chain >> number;
    std::istringstream lines(save);
    std::string current;
    unsigned long in_chain = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('*')) current = line.substr(1);
        if (current != table) continue;
        const std::size_t bracket = line.find('[');
        if (line.starts_with(":" + chain + " ") && number == "policy") {
            return std::stoull(line.substr(bracket + 1));
        }
        if (line.find("] -A " + chain + " ") == std::string::npos) continue;
        if (std::to_string(++in_chain) == number) return std::stoull(line.substr(bracket + 1));
    }
    return 0;
}

/// Whether the kernel logged what the reason's words say, up to the first thing that is filled in.
bool has_said(const std::vector<std::string>& said, std::string_view words) {
    const std::string_view fixed = words.substr(0, words.find('%'));
    return std::any_of(said.begin(), said.end(), [fixed](const std::string& line) {
        return line.find(fixed) != std::string::npos;
    });
}

std::string reason_seen(const std::string& wished, const kernel::KernelVerdict& verdict) {
    for (std::size_t i = 0; i < kReasons; ++i) {
        const Reason reason = static_cast<Reason>(i);
        if (text(reason) != wished) continue;
        const bool is_logged = kind(reason) == ReasonKind::invalid && !kernel_words(reason).empty();
        // Of malformed chunks only those that stand where they may not, or are empty, have words.
        const bool may_be_silent = reason == Reason::sctp_chunks && verdict.words.empty();
        if (!is_logged || may_be_silent || has_said(verdict.words, kernel_words(reason))) {
            return wished;
        }
    }
    std::string said = "the kernel says:";
    for (const std::string& line : verdict.words) said += " " + line;
    return said;
}

/// What the kernel sent because of the packet: multicast listener reports come when they like.
const kernel::KernelOutput* answer_seen(const kernel::KernelVerdict& verdict) {
    constexpr std::size_t kIpv6Destination = 24;
    for (const kernel::KernelOutput& reply : verdict.replies) {
        const bool is_v6 = reply.bytes.size() > kIpv6Destination && reply.bytes[0] >> 4 == 6;
        const bool is_multicast = is_v6 && reply.bytes[kIpv6Destination] == 0xff;
        if (!is_multicast) return &reply;
    }
    return nullptr;
}

Seen seen_of(const Step& step, const kernel::KernelVerdict& verdict) {
    Seen seen;
    if (verdict.state) seen.state = name_of(*verdict.state);
    if (verdict.direction) {
        seen.direction = *verdict.direction == kernel::Direction::original ? "ORIGINAL" : "REPLY";
    }
    const bool wants_out = step.wish.verdict.empty() || step.wish.verdict == "ACCEPT";
    seen.verdict = verdict.delivered ? "ACCEPT" : (wants_out ? "DROP" : step.wish.verdict);
    if (!step.wish.reason.empty()) seen.reason = reason_seen(step.wish.reason, verdict);
    if (const kernel::KernelOutput* answer = answer_seen(verdict)) {
        seen.answer = cli::describe_answer(answer->bytes);
        seen.answer_bytes = answer->bytes;
    }
    if (!verdict.outputs.empty()) seen.left_bytes = verdict.outputs.front().bytes;
    if (verdict.delivered) seen.out = verdict.out_device.empty() ? "host" : verdict.out_device;
    seen.mark = verdict.mark;
    if (!verdict.entry) return seen;
    seen.has_entry = true;
    seen.status = verdict.entry->status;
    seen.timeout_s = verdict.entry->timeout_s;
    seen.connmark = verdict.entry->mark;
    if (verdict.entry->tcp) seen.protocol_state = kernel::tcp_state_name(verdict.entry->tcp->state);
    if (verdict.entry->sctp_state) {
        seen.protocol_state = text(static_cast<SctpState>(*verdict.entry->sctp_state));
    }
    return seen;
}

/// `conntrack -E` beside the run. A message is read soon after it was sent, but not at once.
class Listener {
  public:
    explicit Listener(kernel::KernelRun& run) : run_(run) {
        const auto started = run.run_inside(
            {"sh", "-c",
             "f=$(mktemp); conntrack -E >$f 2>/dev/null </dev/null & echo $! $f; sleep 0.3"},
            {});
        std::istringstream words(started ? *started : std::string());
        words >> process_ >> file_;
    }
    std::string stop() {
        auto text = run_.run_inside(
            {"sh", "-c",
             "sleep 0.3; kill " + process_ + "; sleep 0.1; cat " + file_ + "; rm -f " + file_},
            {});
        return text ? *text : "conntrack -E could not be read";
    }

  private:
    kernel::KernelRun& run_;
    std::string process_;
    std::string file_;
};

std::string counters_of(kernel::KernelRun& run, const Step& step) {
    if (step.wish.rule.empty()) return {};
    const bool is_v6 = !step.packet.ip.empty() && step.packet.ip[0] >> 4 == 6;
    auto save = run.counters(is_v6);
    return save ? *save : std::string();
}

}  // namespace

Result<Played> play_on_kernel(const Scenario& scenario) {
    auto run = kernel::KernelRun::make(make_setup(scenario));
    if (!run) return Unexpected(std::move(run.error()));
    Played played;
    std::optional<Listener> listener;
    if (scenario.events) listener.emplace(**run);
    for (const Step& step : scenario.steps) {
        const std::string before = counters_of(**run, step);
        const kernel::KernelVerdict verdict = (*run)->inject(
            {step.packet.ip, step.packet.in_device, static_cast<std::uint64_t>(step.after_ns)});
        PlayedStep done;
        done.seen = seen_of(step, verdict);
        const std::string after = counters_of(**run, step);
        if (packets_of(after, step.wish.rule) > packets_of(before, step.wish.rule)) {
            done.seen.rule = step.wish.rule;
        }
        for (const std::string& said : verdict.words) done.story += "    kernel: " + said + "\n";
        done.differences = cli::compare(step.wish, done.seen, kSlackSeconds);
        if (verdict.error != 0) {
            done.differences.push_back(
                {"sending", "possible", "errno " + std::to_string(verdict.error)});
        }
        played.steps.push_back(std::move(done));
    }
    if (listener) played.events = listener->stop();
    if (!scenario.statistics.empty()) {
        auto lines = (*run)->run_inside({"conntrack", "-S"}, {});
        if (!lines) return Unexpected(std::move(lines.error()));
        played.statistics = add_up(*lines);
    }
    auto end = (*run)->end();
    if (!end) return Unexpected(std::move(end.error()));
    if (end->lost_messages != 0) {
        return Unexpected(Error::of(ErrorKind::system, "messages of the kernel were lost"));
    }
    played.entries = std::move(end->entries);
    played.expectations = std::move(end->expectations);
    played.counters4 = std::move(end->counters4);
    played.counters6 = std::move(end->counters6);
    compare_end(scenario, kSlackSeconds, played);
    return played;
}

}  // namespace keepstate::scenarios
