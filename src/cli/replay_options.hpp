// The options of `keepstate replay`, from words to values. Nothing is opened here.
//
// Tested by: cli/replay_options_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "keepstate/conntrack.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"

namespace keepstate::cli {

enum class PacketFormat : unsigned char { text, json, none };

struct ReplayOptions {
    std::vector<std::string> captures;
    std::string rules;  ///< a file; empty: none. So for all files
    std::string rules6;
    std::string timeouts;
    std::string labels;
    std::string ip_sets;
    std::string sockets;
    std::string fingerprints;
    std::vector<DeviceSetup> devices;
    std::vector<Address> local;
    Settings settings;
    HelperSettings helpers;
    PacketFormat format = PacketFormat::text;
    bool events = false;
    bool expectation_events = false;
    bool explain = false;
    std::optional<std::string> only;
    std::string counters;
    std::string counters6;
    std::string table;
    EntryFormat table_format = EntryFormat::proc;
    EntryFormat expectations_format = EntryFormat::proc;  ///< proc, conntrack, xml or json
    std::string expectations;
    std::string stats;
    std::string write;
    std::string log;
    std::uint32_t threads = 1;
};

/// Text that was asked for by --help.
struct HelpText {
    std::string text;
};

/// Options, or the help if that was asked for, or all that is wrong (ErrorKind::usage).
Result<std::variant<ReplayOptions, HelpText>> parse_replay_options(
    const std::vector<std::string>& arguments);

/// "eth1=10.0.0.0/8,2001:db8::/32,mtu=1400". Adds to the device of that name if there is one.
Result<void> add_device(const std::string& words, std::vector<DeviceSetup>& devices);

}  // namespace keepstate::cli
