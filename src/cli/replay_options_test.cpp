// The options of replay: what they become, and what is said of wrong ones.
#include "cli/replay_options.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keepstate::cli {
namespace {

using Arguments = std::vector<std::string>;

ReplayOptions good(const Arguments& arguments) {
    auto parsed = parse_replay_options(arguments);
    EXPECT_TRUE(parsed) << parsed.error().faults[0].words;
    if (!parsed) return {};
    return std::get<ReplayOptions>(*parsed);
}

std::string all_faults(const Arguments& arguments) {
    auto parsed = parse_replay_options(arguments);
    if (parsed) return "none";
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
    std::string words;
    for (const Fault& fault : parsed.error().faults) words += fault.words + "\n";
    return words;
}

TEST(ReplayOptions, TakesAllOfThemInAnyOrder) {
    const ReplayOptions options = good({"a.pcap",
                                        "-r",
                                        "4.rules",
                                        "-R",
                                        "6.rules",
                                        "-i",
                                        "eth0=10.0.0.0/8,2001:db8::/32",
                                        "b.pcap",
                                        "-i",
                                        "eth1=0.0.0.0/0",
                                        "-l",
                                        "10.0.0.1,::1",
                                        "--local",
                                        "10.0.0.2",
                                        "-s",
                                        "nf_conntrack_tcp_loose=0",
                                        "-f",
                                        "json",
                                        "-e",
                                        "--explain",
                                        "--only",
                                        "tcp",
                                        "--counters",
                                        "-",
                                        "--table",
                                        "t",
                                        "--table-format",
                                        "old-proc",
                                        "--expectations",
                                        "x",
                                        "--write",
                                        "w"});
    EXPECT_EQ(options.captures, (Arguments{"a.pcap", "b.pcap"}));
    EXPECT_EQ(options.rules, "4.rules");
    EXPECT_EQ(options.rules6, "6.rules");
    ASSERT_EQ(options.devices.size(), 2U);
    EXPECT_EQ(options.devices[0].name, "eth0");
    EXPECT_EQ(options.devices[0].networks.size(), 2U);
    EXPECT_EQ(options.local.size(), 3U);
    EXPECT_EQ(options.settings.tcp_loose, 0U);
    EXPECT_EQ(options.format, PacketFormat::json);
    EXPECT_TRUE(options.events && options.explain);
    EXPECT_EQ(options.only, "tcp");
    EXPECT_EQ(options.table_format, EntryFormat::old_proc);
}

TEST(ReplayOptions, ADeviceNamedTwiceHasAllItsNetworks) {
    const ReplayOptions options = good({"-i", "a=10.0.0.0/8", "-i", "a=11.0.0.0/8", "c"});
    ASSERT_EQ(options.devices.size(), 1U);
    EXPECT_EQ(options.devices[0].networks.size(), 2U);
}

TEST(ReplayOptions, ADeviceHasAnMtu) {
    const ReplayOptions options = good({"-i", "a=10.0.0.0/8,mtu=1400", "-i", "b=11.0.0.0/8", "c"});
    ASSERT_EQ(options.devices.size(), 2U);
    EXPECT_EQ(options.devices[0].networks.size(), 1U);
    EXPECT_EQ(options.devices[0].mtu, 1400U);
    EXPECT_EQ(options.devices[1].mtu, 1500U);
    for (const char* wrong : {"a=mtu=67", "a=mtu=65536", "a=mtu=", "a=mtu=1400x"}) {
        EXPECT_FALSE(parse_replay_options({"-i", wrong, "c"}).has_value()) << wrong;
    }
}

TEST(ReplayOptions, SaysAllThatIsWrong) {
    const std::string words = all_faults(
        {"-i", "eth0", "-i", "a-name-of-sixteen=1.2.3.4", "-i", "b=1.2.3.4/33", "-l", "fw,1.2.3.4",
         "-s", "tcp_loose", "-s", "tcp_lose=1", "-f", "yaml", "--table-format", "csv", "c"});
    for (const char* part :
         {"'eth0' is not NAME=", "'a-name-of-sixteen' is longer", "'1.2.3.4/33' is no prefix",
          "'fw' is no address", "'tcp_loose' is not KEY=VALUE", "tcp_loose", "'yaml' is none of",
          "'csv' is none of"}) {
        EXPECT_NE(words.find(part), std::string::npos) << part << " in\n" << words;
    }
}

TEST(ReplayOptions, RefusesWhatCannotBe) {
    EXPECT_NE(all_faults({}).find("CAPTURE"), std::string::npos);
    EXPECT_NE(all_faults({"--nonsense", "c"}).find("--nonsense"), std::string::npos);
    EXPECT_NE(all_faults({"-", "-"}).find("stdin"), std::string::npos);
    EXPECT_NE(all_faults({"-r", "-", "-"}).find("stdin"), std::string::npos);
    EXPECT_NE(all_faults({"c", "--write", "-"}).find("--write -"), std::string::npos);
    EXPECT_NE(all_faults({"c", "--table", "t", "--counters", "t"}).find("two outputs"),
              std::string::npos);
}

TEST(ReplayOptions, HasHelp) {
    auto parsed = parse_replay_options({"--help"});
    ASSERT_TRUE(parsed);
    const std::string text = std::get<HelpText>(*parsed).text;
    for (const char* option : {"--rules6", "--interface", "--table-format", "exit status"}) {
        EXPECT_NE(text.find(option), std::string::npos) << option;
    }
}

}  // namespace
}  // namespace keepstate::cli
