// See capture_call.hpp and docs/kernel.md.
#include "differ/capture_call.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <utility>

#include "cli/replay_options.hpp"
#include "differ/capture_packets.hpp"
#include "differ/compare.hpp"
#include "differ/leave_out.hpp"
#include "differ/report.hpp"
#include "io/input.hpp"
#include "keepstate/conntrack.hpp"

namespace keepstate::kernel {

namespace {

struct Words {
    std::vector<std::string> captures, devices, local, sysctls;
    std::string rules, rules6;
    bool has_no_rules = false;
    bool has_no_checksum = false;
    bool is_quiet = false;
    ReportOptions report;
};

void add_options(CLI::App& app, Words& words) {
    app.add_option("FILE", words.captures, "captures; each is a run of its own")->required();
    app.add_option("-r,--rules", words.rules, "IPv4 ruleset, iptables-save text");
    app.add_option("-R,--rules6", words.rules6, "IPv6 ruleset, ip6tables-save text");
    app.add_flag("--no-rules", words.has_no_rules,
                 "no rules at all (default: rules that count each state and assign helpers)");
    app.add_option("-i,--interface", words.devices,
                   "NAME=PREFIX[,PREFIX...]: a device and the networks behind it; repeat. Without "
                   "any, the firewall is a bump in the wire (a bridge)")
        ->allow_extra_args(false);
    app.add_option("-l,--local", words.local,
                   "ADDR[,ADDR...]: the firewall's own addresses. Without -i, all networks are "
                   "behind eth0")
        ->allow_extra_args(false);
    app.add_option("-s,--sysctl", words.sysctls, "KEY=VALUE: a nf_conntrack_* setting; repeat")
        ->allow_extra_args(false);
    app.add_flag("--no-checksum", words.has_no_checksum, "the same as -s nf_conntrack_checksum=0");
    app.add_option("--show", words.report.differences, "differences printed of each capture (10)");
    app.add_flag("!--no-shrink", words.report.shrinks,
                 "do not look for the fewest packets that differ");
    app.add_flag("-q,--quiet", words.is_quiet, "no line for a capture that does not differ");
}

Result<void> set_sysctl(const std::string& words, KernelSetup& setup) {
    const std::size_t equals = words.find('=');
    if (equals == std::string::npos) {
        return Unexpected(Error::of(ErrorKind::usage, "KEY=VALUE is wanted, not " + words));
    }
    std::string key = words.substr(0, equals);
    const std::string value = words.substr(equals + 1);
    Settings settings;
    if (auto set = settings.set(key, value); !set) return set;
    key = key.substr(key.rfind('.') + 1);
    if (!key.starts_with("nf_conntrack_")) key = "nf_conntrack_" + key;
    setup.sysctls.emplace_back("net.netfilter." + key, value);
    return {};
}

Result<void> set_places(const Words& words, KernelSetup& setup) {
    std::vector<DeviceSetup> devices;
    for (const std::string& device : words.devices) {
        if (auto added = cli::add_device(device, devices); !added) return added;
    }
    for (const DeviceSetup& device : devices) {
        KernelDevice made{device.name, {}};
        for (const Prefix& network : device.networks) made.prefixes.push_back(text(network));
        setup.devices.push_back(std::move(made));
    }
    for (const std::string& list : words.local) {
        std::size_t begin = 0;
        while (begin <= list.size()) {
            const std::size_t end = std::min(list.find(',', begin), list.size());
            const auto address = parse_address(list.substr(begin, end - begin));
            if (!address) return Unexpected(Error::of(ErrorKind::usage, "no address: " + list));
            setup.local_addresses.push_back(text(*address));
            begin = end + 1;
        }
    }
    setup.is_bump = setup.devices.empty() && setup.local_addresses.empty();
    // A host of its own needs an IP stack, which a bridge does not lend: a router on one link does.
    if (setup.devices.empty() && !setup.is_bump) {
        setup.devices.push_back({kBumpDevice, {"0.0.0.0/0", "::/0"}});
    }
    return {};
}

Result<KernelSetup> make_setup(const Words& words) {
    KernelSetup setup;
    if (auto set = set_places(words, setup); !set) return Unexpected(set.error());
    for (const std::string& sysctl : words.sysctls) {
        if (auto set = set_sysctl(sysctl, setup); !set) return Unexpected(set.error());
    }
    if (words.has_no_checksum) {
        setup.sysctls.emplace_back("net.netfilter.nf_conntrack_checksum", "0");
    }
    const bool counts = !words.has_no_rules && words.rules.empty() && words.rules6.empty();
    if (counts) {
        setup.rules4 = counting_rules(Family::ipv4);
        setup.rules6 = counting_rules(Family::ipv6);
    }
    const auto load = [](const std::string& file, std::string& rules) -> Result<void> {
        if (file.empty()) return {};
        Result<std::string> text = io::read_text_file(file);
        if (!text) return Unexpected(text.error());
        rules = std::move(*text);
        return {};
    };
    if (auto loaded = load(words.rules, setup.rules4); !loaded) return Unexpected(loaded.error());
    if (auto loaded = load(words.rules6, setup.rules6); !loaded) return Unexpected(loaded.error());
    return setup;
}

struct Totals {
    std::uint64_t packets = 0, differences = 0, events = 0, entries = 0, counters = 0;
    std::map<std::string_view, std::uint64_t> left_out;  ///< by reason
    bool is_broken = false;
};

void leave_out(const KernelSetup& setup, CapturePackets& capture, Totals& totals) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < capture.packets.size(); ++i) {
        if (const auto reason = reason_to_leave_out(setup, capture.packets[i]); !reason.empty()) {
            ++totals.left_out[reason];
            continue;
        }
        if (kept != i) {
            capture.packets[kept] = std::move(capture.packets[i]);
            capture.frames[kept] = capture.frames[i];
        }
        ++kept;
    }
    capture.packets.resize(kept);
    capture.frames.resize(kept);
}

void run_one(const std::string& name, const KernelSetup& setup, const Words& words,
             Totals& totals) {
    const auto began = std::chrono::steady_clock::now();
    Result<CapturePackets> capture = read_capture(name);
    if (capture && !capture->trouble.empty()) {
        fmt::print(stderr, "{}: {}; what stands before goes through\n", name, capture->trouble);
    }
    if (capture) leave_out(setup, *capture, totals);
    Result<Comparison> comparison =
        capture ? compare(setup, capture->packets) : Unexpected(capture.error());
    if (!comparison) {
        fmt::print(stderr, "{}: {}\n", name, comparison.error().faults.front().words);
        totals.is_broken = true;
        return;
    }
    totals.packets += comparison->packets;
    totals.differences += comparison->differences.size();
    totals.events += comparison->events;
    totals.entries += comparison->entries;
    totals.counters += comparison->counters;
    const bool agrees =
        report(setup, capture->packets, capture->frames, *comparison, name, words.report);
    if (!agrees || words.is_quiet) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print(
        "{}: {} packets ({} reached tracking), {} events, {} entries, no difference, {:.2f} s\n",
        name, comparison->packets, comparison->with_state, comparison->events, comparison->entries,
        took.count());
}

}  // namespace

int run_capture(int argc, char** argv) {
    constexpr int kUsage = 2, kRefused = 3;
    Words words;
    CLI::App app("captures through keepstate and the live kernel, packet by packet",
                 "kernel_differ capture");
    add_options(app, words);
    try {
        app.parse(argc - 1, argv + 1);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsage;
    }
    const Result<KernelSetup> setup = make_setup(words);
    if (!setup) {
        const Fault& fault = setup.error().faults.front();
        fmt::print(stderr, "kernel_differ: {}{}{}\n", fault.file, fault.file.empty() ? "" : ": ",
                   fault.words);
        return setup.error().kind == ErrorKind::usage ? kUsage : kRefused;
    }
    if (const auto missing = missing_for_kernel_tests()) {
        fmt::print(stderr, "cannot run here: {}\n", *missing);
        return kRefused;
    }
    Totals totals;
    for (const std::string& name : words.captures) run_one(name, *setup, words, totals);
    for (const auto& [reason, count] : totals.left_out) {
        fmt::print("left out {} packets: {}\n", count, reason);
    }
    fmt::print("{} files, {} packets, {} differences ({} events, {} entries, {} counters)\n",
               words.captures.size(), totals.packets, totals.differences, totals.events,
               totals.entries, totals.counters);
    if (totals.differences != 0) return 1;
    return totals.is_broken ? kRefused : 0;
}

}  // namespace keepstate::kernel
