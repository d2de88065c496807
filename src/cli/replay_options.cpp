// CLI11 takes the words apart; what they mean is checked here, and all that is wrong is said at once.
#include "cli/replay_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "keepstate/steering.hpp"

namespace keepstate::cli {
namespace {

/// The options as CLI11 fills them in.
struct Words {
    ReplayOptions options;
    std::vector<std::string> devices;
    std::vector<std::string> local;
    std::vector<std::string> sysctl;
    std::string format = "text";
    std::string table_format = "proc";
    std::string expectations_format = "proc";
    std::string only;
};

const std::map<std::string, PacketFormat> kPacketFormats{
    {"text", PacketFormat::text}, {"json", PacketFormat::json}, {"none", PacketFormat::none}};

const std::map<std::string, EntryFormat> kEntryFormats{{"proc", EntryFormat::proc},
                                                       {"old-proc", EntryFormat::old_proc},
                                                       {"conntrack", EntryFormat::conntrack},
                                                       {"extended", EntryFormat::extended},
                                                       {"xml", EntryFormat::xml},
                                                       {"json", EntryFormat::json},
                                                       {"save", EntryFormat::save}};

constexpr const char* kFooter =
    R"(captures: pcap and pcapng, also gzip or zstd; several are merged by time; '-' is stdin
link types: Ethernet (with VLAN tags), raw IP, Linux cooked 1 and 2, BSD null/loop, PPP
FILE may be '-': stdin for what is read, stdout for what is written

exit status: 0 replayed; 1 a ruleset has faults; 2 the call is wrong; 3 a file is missing, no
  capture, cut off (what was before the break has been replayed) or cannot be written;
  130 stopped by Ctrl-C (what was done until then has been written)

examples:
  keepstate replay office.pcap                                track only, every packet accepted
  keepstate replay -r rules.v4 -l 192.168.1.1 host.pcap       the firewall is 192.168.1.1 itself
  keepstate replay -r rules.v4 -i eth0=10.0.0.0/8 -i eth1=0.0.0.0/0 router.pcap.gz
  keepstate replay -f json -e office.pcap | jq 'select(.ctstate == "INVALID")'
  keepstate replay -f none --table - --counters - -r rules.v4 office.pcap
)";

void add_inputs(CLI::App& app, Words& words) {
    app.add_option("CAPTURE", words.options.captures, "captures to replay")
        ->type_name("")
        ->required();
    app.add_option("-r,--rules", words.options.rules, "IPv4 ruleset, iptables-save text")
        ->type_name("FILE");
    app.add_option("-R,--rules6", words.options.rules6, "IPv6 ruleset, ip6tables-save text")
        ->type_name("FILE");
    app.add_option("--timeouts", words.options.timeouts,
                   "timeout policies for -j CT --timeout NAME, in nfct's words:\nadd timeout NAME "
                   "inet|inet6 PROTOCOL STATE SECONDS ...")
        ->type_name("FILE");
    app.add_option("--labels", words.options.labels,
                   "names of connection labels, as /etc/xtables/connlabel.conf has them;\nlistings "
                   "then show labels, as conntrack -o labels does")
        ->type_name("FILE");
    app.add_option("--ipset", words.options.ip_sets,
                   "IP sets for -m set and -j SET, text of ipset save")
        ->type_name("FILE");
    app.add_option("--sockets", words.options.sockets,
                   "the host's sockets for -m owner, -m socket and -m cgroup, one a line:\n"
                   "PROTOCOL OWN:PORT [FAR:PORT] [uid N] [gid N] [cgroup PATH] ...")
        ->type_name("FILE");
    app.add_option(
           "--osf", words.options.fingerprints,
           "fingerprints of operating systems for -m osf, as nfnl_osf -f reads them (pf.os)")
        ->type_name("FILE");
    app.add_option(
           "-i,--interface", words.devices,
           "a device and the networks behind it; repeat. The longest prefix that\nholds the "
           "source names the arrival device, that holds the\ndestination the departure device. "
           "mtu=N in the list is the device's\nMTU, 1500 by default, for TCPMSS")
        ->type_name("NAME=PREFIX[,PREFIX...]")
        ->allow_extra_args(false);
    app.add_option("-l,--local", words.local,
                   "the firewall's own addresses: INPUT and OUTPUT instead of FORWARD")
        ->type_name("ADDR[,ADDR...]")
        ->allow_extra_args(false);
    app.add_option(
           "-s,--sysctl", words.sysctl,
           "a nf_conntrack_* setting, with or without net.netfilter., or a\nhelper module's "
           "parameter: nf_conntrack_ftp.ports=21,2121; repeat")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_running(CLI::App& app, Words& words) {
    app.add_option(
           "--threads", words.options.threads,
           "judge on N threads, this one among them; what comes out is the same\nfor every "
           "N. Rules that remember packets of other flows (limit,\nrecent, ...) keep all on "
           "one thread, and a hint names the first one")
        ->type_name("N")
        ->check(CLI::Range(1U, std::uint32_t{Steering::kMostShards}));
}

void add_outputs(CLI::App& app, Words& words) {
    app.add_option("-f,--format", words.format,
                   "per packet: a readable line (text), a JSON object (json), nothing (none)")
        ->type_name("text|json|none");
    app.add_flag("-e,--events", words.options.events,
                 "also conntrack -E lines (text) or an events array (json)");
    app.add_flag("--expect-events", words.options.expectation_events,
                 "also conntrack -E expect lines (text) or an\nexpect_events array (json)");
    app.add_flag("--explain", words.options.explain,
                 "under each packet, the whole way: each step, rule tried, window numbers");
    app.add_option("--only", words.only,
                   "show only packets that match a pcap filter (all are still tracked)")
        ->type_name("EXPR");
    app.add_option("--counters", words.options.counters,
                   "at the end, the IPv4 rules as iptables-save -c")
        ->type_name("FILE");
    app.add_option("--counters6", words.options.counters6,
                   "at the end, the IPv6 rules as ip6tables-save -c")
        ->type_name("FILE");
    app.add_option("--table", words.options.table,
                   "at the end, the entries as /proc/net/nf_conntrack")
        ->type_name("FILE");
    app.add_option("--table-format", words.table_format, "another form for --table")
        ->type_name("proc|old-proc|conntrack|extended|xml|json|save");
    app.add_option("--expectations", words.options.expectations,
                   "at the end, the expectations as /proc/net/nf_conntrack_expect")
        ->type_name("FILE");
    app.add_option(
           "--expectations-format", words.expectations_format,
           "another form for --expectations: conntrack (as conntrack -L\nexpect), xml, json")
        ->type_name("FORM");
    app.add_option("--stats", words.options.stats,
                   "at the end, the counters of tracking as conntrack -S")
        ->type_name("FILE");
    app.add_option("--write", words.options.write,
                   "pcapng of the packets that left the firewall, comments say why")
        ->type_name("FILE");
    app.add_option(
           "--log", words.options.log,
           "the lines that LOG, TRACE and nf_conntrack_log_invalid would have written to the "
           "kernel's log")
        ->type_name("FILE");
}

std::vector<std::string> split_commas(const std::string& words) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t comma = words.find(',', begin);
        parts.push_back(words.substr(begin, comma - begin));
        if (comma == std::string::npos) return parts;
        begin = comma + 1;
    }
}

class Faults {
  public:
    void add(std::string words) { error_.faults.push_back({{}, 0, 0, std::move(words), {}}); }
    void add(Result<void> result) {
        if (result) return;
        for (Fault& fault : result.error().faults) error_.faults.push_back(std::move(fault));
    }
    bool any() const { return !error_.faults.empty(); }
    Error take() { return std::move(error_); }

  private:
    Error error_{ErrorKind::usage, {}};
};

void read_locals(const Words& words, ReplayOptions& options, Faults& faults) {
    for (const std::string& list : words.local) {
        for (const std::string& part : split_commas(list)) {
            const std::optional<Address> address = parse_address(part);
            if (address) {
                options.local.push_back(*address);
            } else {
                faults.add(fmt::format("--local: '{}' is no address", part));
            }
        }
    }
}

void read_settings(const Words& words, ReplayOptions& options, Faults& faults) {
    for (const std::string& setting : words.sysctl) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos || equals == 0) {
            faults.add(fmt::format("--sysctl: '{}' is not KEY=VALUE", setting));
            continue;
        }
        const std::string key = setting.substr(0, equals);
        const std::string value = setting.substr(equals + 1);
        faults.add(HelperSettings::has(key) ? options.helpers.set(key, value)
                                            : options.settings.set(key, value));
    }
}

/// stdin can be read once, and a capture cannot share stdout with text.
void check_streams(const ReplayOptions& options, Faults& faults) {
    const auto inputs =
        std::count(options.captures.begin(), options.captures.end(), "-") + (options.rules == "-") +
        (options.rules6 == "-") + (options.timeouts == "-") + (options.labels == "-") +
        (options.ip_sets == "-") + (options.sockets == "-") + (options.fingerprints == "-");
    if (inputs > 1) faults.add("'-' (stdin) is given more than once");
    const bool text = options.format != PacketFormat::none || options.counters == "-" ||
                      options.counters6 == "-" || options.table == "-" ||
                      options.expectations == "-" || options.stats == "-" || options.log == "-";
    if (options.write == "-" && text) {
        faults.add(
            "--write - needs stdout for itself: add --format none, and no other output to '-'");
    }
    std::vector<std::string> files{options.counters,     options.counters6, options.table,
                                   options.expectations, options.stats,     options.write,
                                   options.log};
    std::erase_if(files, [](const std::string& file) { return file.empty() || file == "-"; });
    std::sort(files.begin(), files.end());
    const auto twice = std::adjacent_find(files.begin(), files.end());
    if (twice != files.end()) faults.add(fmt::format("two outputs go to '{}'", *twice));
}

Result<ReplayOptions> check(Words words) {
    ReplayOptions options = std::move(words.options);
    Faults faults;
    for (const std::string& device : words.devices) faults.add(add_device(device, options.devices));
    read_locals(words, options, faults);
    read_settings(words, options, faults);
    if (const auto found = kPacketFormats.find(words.format); found != kPacketFormats.end()) {
        options.format = found->second;
    } else {
        faults.add(fmt::format("--format: '{}' is none of text, json, none", words.format));
    }
    const auto form = kEntryFormats.find(words.expectations_format);
    const bool is_form =
        form != kEntryFormats.end() &&
        (form->second == EntryFormat::proc || form->second == EntryFormat::conntrack ||
         form->second == EntryFormat::xml || form->second == EntryFormat::json);
    if (is_form) {
        options.expectations_format = form->second;
    } else {
        faults.add(fmt::format("--expectations-format: '{}' is none of proc, conntrack, xml, json",
                               words.expectations_format));
    }
    if (const auto found = kEntryFormats.find(words.table_format); found != kEntryFormats.end()) {
        options.table_format = found->second;
    } else {
        faults.add(
            fmt::format("--table-format: '{}' is none of proc, old-proc, conntrack, extended, "
                        "xml, json, save",
                        words.table_format));
    }
    check_streams(options, faults);
    if (faults.any()) return Unexpected(faults.take());
    return options;
}

constexpr std::uint32_t kSmallestMtu = 68;  // RFC 791: what every device carries
constexpr std::uint32_t kLargestMtu = 65535;

std::optional<std::uint32_t> parse_mtu(std::string_view digits) {
    std::uint32_t mtu = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), mtu);
    const bool is_number = failure == std::errc{} && end == digits.data() + digits.size();
    if (!is_number || mtu < kSmallestMtu || mtu > kLargestMtu) return std::nullopt;
    return mtu;
}

/// CLI11's words without line breaks.
std::string one_line(std::string words) {
    std::replace(words.begin(), words.end(), '\n', ' ');
    while (!words.empty() && words.back() == ' ') words.pop_back();
    return words;
}

}  // namespace

Result<void> add_device(const std::string& words, std::vector<DeviceSetup>& devices) {
    constexpr std::size_t kLongestName = 15;
    const std::size_t equals = words.find('=');
    const std::string name = words.substr(0, equals);
    if (equals == std::string::npos || name.empty()) {
        return Unexpected(
            Error::of(ErrorKind::usage,
                      fmt::format("--interface: '{}' is not NAME=PREFIX[,PREFIX...]", words)));
    }
    if (name.size() > kLongestName) {
        return Unexpected(
            Error::of(ErrorKind::usage,
                      fmt::format("--interface: '{}' is longer than a device name may be, {}", name,
                                  kLongestName)));
    }
    std::vector<Prefix> networks;
    std::optional<std::uint32_t> mtu;
    for (const std::string& part : split_commas(words.substr(equals + 1))) {
        if (part.starts_with("mtu=")) {
            mtu = parse_mtu(std::string_view(part).substr(4));
            if (mtu) continue;
            return Unexpected(Error::of(
                ErrorKind::usage, fmt::format("--interface {}: '{}' is no MTU: {} to {} bytes",
                                              name, part.substr(4), kSmallestMtu, kLargestMtu)));
        }
        const std::optional<Prefix> prefix = parse_prefix(part);
        if (!prefix) {
            return Unexpected(Error::of(
                ErrorKind::usage, fmt::format("--interface {}: '{}' is no prefix", name, part)));
        }
        networks.push_back(*prefix);
    }
    auto found = std::find_if(devices.begin(), devices.end(),
                              [&](const DeviceSetup& device) { return device.name == name; });
    if (found == devices.end()) found = devices.insert(devices.end(), DeviceSetup{name, {}});
    if (mtu) found->mtu = *mtu;
    found->networks.insert(found->networks.end(), networks.begin(), networks.end());
    return {};
}

Result<std::variant<ReplayOptions, HelpText>> parse_replay_options(
    const std::vector<std::string>& arguments) {
    Words words;
    CLI::App app{
        "Sends the packets of captures through connection tracking and a ruleset, at the\n"
        "captures' own time, and shows what becomes of each.\n",
        "keepstate replay"};
    app.footer(kFooter);
    app.get_formatter()->column_width(42);
    app.set_help_flag("-h,--help", "this text");
    add_inputs(app, words);
    add_outputs(app, words);
    add_running(app, words);
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return HelpText{app.help()};
    } catch (const CLI::ParseError& error) {
        return Unexpected(
            Error::of(ErrorKind::usage, one_line(error.what()) + "; see keepstate replay --help"));
    }
    if (app.count("--only") > 0) words.options.only = words.only;
    Result<ReplayOptions> options = check(std::move(words));
    if (!options) return Unexpected(std::move(options.error()));
    return std::move(*options);
}

}  // namespace keepstate::cli
