// Scenario files: what is read, where faults are, how wishes are compared. How scenarios play: tests/scenarios.
#include "cli/scenario.hpp"

#include <gtest/gtest.h>

#include "cli/scenario_outcome.hpp"
#include "cli/scenario_run.hpp"

namespace keepstate::cli {
namespace {

std::string faults_of(std::string_view text) {
    const auto scenario = parse_scenario(text, "x.yaml");
    if (scenario) return "no fault";
    std::string out;
    for (const Fault& fault : scenario.error().faults) {
        out += std::to_string(fault.line) + ":" + std::to_string(fault.column) + " " + fault.words +
               "\n";
    }
    return out;
}

TEST(scenario, a_file_is_read) {
    const auto scenario = parse_scenario(
        "about: x\n"
        "names:\n"
        "  client: udp 10.0.0.1:1 10.0.1.1:2\n"
        "settings:\n"
        "  udp_timeout: 50\n"
        "packets:\n"
        "  - client len 4 => NEW 50s ACCEPT\n"
        "  - +3s client\n"
        "entries: none\n",
        "x.yaml");
    ASSERT_TRUE(scenario);
    ASSERT_EQ(scenario->steps.size(), 2U);
    EXPECT_EQ(scenario->steps[0].line, 7);
    EXPECT_EQ(scenario->steps[0].words, "client len 4");
    EXPECT_EQ(scenario->steps[0].packet.ip.size(), 32U);
    EXPECT_EQ(scenario->steps[0].wish.state, "NEW");
    EXPECT_EQ(scenario->steps[1].after_ns, 3 * kNsPerSecond);
    EXPECT_EQ(scenario->settings.udp_timeout, 50U);
    ASSERT_TRUE(scenario->entries);
    EXPECT_TRUE(scenario->entries->empty());
    EXPECT_EQ(scenario->devices.size(), 2U);
}

TEST(scenario, without_devices_there_are_no_addresses_either) {
    const auto scenario = parse_scenario(
        "about: x\ndevices: none\npackets:\n  - udp 10.0.0.1:1 10.0.1.1:2\n", "x.yaml");
    ASSERT_TRUE(scenario);
    EXPECT_TRUE(scenario->devices.empty());
    EXPECT_TRUE(scenario->local.empty());
    EXPECT_FALSE(parse_scenario("about: x\ndevices: some\npackets: []\n", "x.yaml"));
}

TEST(scenario, a_packet_may_be_a_map) {
    const auto scenario = parse_scenario(
        "about: x\npackets:\n  - packet: udp 10.0.0.1:1 10.0.1.1:2\n    after: 1500ms\n    want: "
        "NEW\n",
        "x.yaml");
    ASSERT_TRUE(scenario);
    EXPECT_EQ(scenario->steps[0].after_ns, 1'500'000'000);
    EXPECT_EQ(scenario->steps[0].wish.state, "NEW");
}

TEST(scenario, an_arrow_inside_quotes_of_yaml_is_found) {
    const auto scenario =
        parse_scenario("about: x\npackets:\n  - 'udp 10.0.0.1:1 10.0.1.1:2 => NEW'\n", "x.yaml");
    ASSERT_TRUE(scenario);
    EXPECT_EQ(scenario->steps[0].wish.state, "NEW");
}

TEST(scenario, a_block_knows_where_it_stands) {
    const auto scenario =
        parse_scenario("about: x\nrules: |\n    *filter\n    COMMIT\npackets: []\n", "x.yaml");
    ASSERT_TRUE(scenario);
    EXPECT_EQ(scenario->rules4.text, "*filter\nCOMMIT\n");
    EXPECT_EQ(scenario->rules4.first_line, 3);
    EXPECT_EQ(scenario->rules4.indent, 4);
}

TEST(scenario, all_faults_are_told_at_their_places) {
    EXPECT_EQ(faults_of("about: x\n"
                        "pakets: 1\n"
                        "settings:\n"
                        "  udp_timeuot: 50\n"
                        "local: [10.0.0.300]\n"
                        "packets:\n"
                        "  - udp 10.0.0.1:1 10.0.1.1:2 => NWE 30s\n"),
              "2:1 unknown key `pakets'; the nearest is packets\n"
              "5:9 `10.0.0.300' is no address\n"
              "4:3 unknown setting `udp_timeuot'; the nearest is nf_conntrack_udp_timeout\n"
              "7:34 unknown word `NWE' in what is wanted; the nearest is NEW\n");
}

/// "line:column words" of what the engine refuses.
std::string setup_faults_of(std::string_view text) {
    const auto scenario = parse_scenario(text, "x.yaml");
    if (!scenario) return "not read: " + scenario.error().faults.front().words;
    const auto played = run_scenario(*scenario);
    std::string out;
    if (played) return out;
    for (const Fault& fault : played.error().faults) {
        out += fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) +
               " " + fault.words.substr(0, fault.words.find(':')) + "\n";
    }
    return out;
}

TEST(scenario, faults_of_sets_and_fingerprints_are_told_where_they_stand_in_the_file) {
    const std::string packets = "packets: [udp 10.0.0.1:1 10.0.1.1:2]\n";
    EXPECT_EQ(setup_faults_of("about: x\n" + packets +
                              "osf: |\n"
                              "  # none\n"
                              "  1:300:1:40:.:A:::\n"
                              "  1:64:x:40:.:A:::\n"),
              "x.yaml:5:5 `300' is no TTL\nx.yaml:6:8 `x' is no don't-fragment\n");
    EXPECT_EQ(setup_faults_of("about: x\n" + packets +
                              "osf: |\n"
                              "  1:64:1:40:.:A:::\n"
                              "ipset: |\n"
                              "    create a hash:ip\n"
                              "    ad a 10.0.0.1\n"),
              "x.yaml:7:5 `ad' is neither create nor add; did you mean `add'?\n");
}

TEST(scenario, a_fault_behind_a_name_keeps_its_column) {
    const std::string faults = faults_of(
        "about: x\n"
        "names:\n"
        "  c: udp 10.0.0.1:1 10.0.1.1:2\n"
        "packets:\n"
        "  - c len 4 lne 5\n");
    EXPECT_EQ(faults.substr(0, 5), "5:13 ") << faults;
}

TEST(scenario, a_fault_inside_a_name_stands_at_the_name) {
    const std::string faults = faults_of(
        "about: x\n"
        "names:\n"
        "  c: udp 10.0.0.1:1 nowhere\n"
        "packets:\n"
        "  - c len 4\n");
    EXPECT_EQ(faults.substr(0, 4), "5:5 ") << faults;
}

TEST(scenario, text_that_is_no_yaml_is_a_fault) {
    EXPECT_EQ(faults_of("about: one: two\n"),
              "1:11 a value with `: ' inside must stand in quotes\n");
    EXPECT_NE(faults_of("about: [\n"), "no fault");
    EXPECT_NE(faults_of(""), "no fault");
    EXPECT_NE(faults_of("- 1\n"), "no fault");
}

TEST(scenario, a_key_that_stands_twice_is_a_fault) {
    EXPECT_EQ(faults_of("about: x\nabout: y\npackets: []\n"), "2:1 `about' stands here twice\n");
}

TEST(wish, the_second_state_word_is_the_protocols) {
    std::vector<Fault> faults;
    const Wish wish = parse_wish("ESTABLISHED REPLY ESTABLISHED ASSURED !CONFIRMED 12s", 1, faults);
    EXPECT_TRUE(faults.empty());
    EXPECT_EQ(wish.state, "ESTABLISHED");
    EXPECT_EQ(wish.protocol_state, "ESTABLISHED");
    EXPECT_EQ(wish.status_set, status::kAssured);
    EXPECT_EQ(wish.status_cleared, status::kConfirmed);
    EXPECT_EQ(wish.timeout_s, 12);
}

TEST(wish, keys_take_their_words) {
    std::vector<Fault> faults;
    const Wish wish = parse_wish(
        "rule filter FORWARD 2 mark 0x10 connmark 3 answer icmp 3/3 out eth1 reason tcp_flags", 1,
        faults);
    EXPECT_TRUE(faults.empty());
    EXPECT_EQ(wish.rule, "filter FORWARD 2");
    EXPECT_EQ(wish.mark, 16U);
    EXPECT_EQ(wish.connmark, 3U);
    EXPECT_EQ(wish.answer, "icmp 3/3");
    EXPECT_EQ(wish.out, "eth1");
    EXPECT_EQ(wish.reason, "tcp_flags");
}

TEST(wish, missing_and_unknown_words_are_faults) {
    for (const char* words : {"rule", "rule filter", "rule filtre FORWARD 1", "mark x",
                              "reason tcp_flag", "answer", "out", "12"}) {
        std::vector<Fault> faults;
        parse_wish(words, 1, faults);
        EXPECT_FALSE(faults.empty()) << words;
    }
}

TEST(wish, only_what_is_named_is_compared) {
    std::vector<Fault> faults;
    Seen seen;
    seen.state = "NEW";
    seen.has_entry = true;
    seen.timeout_s = 29;
    EXPECT_TRUE(compare(parse_wish("", 1, faults), seen, 0).empty());
    EXPECT_TRUE(compare(parse_wish("NEW 30s", 1, faults), seen, 1).empty());
    const auto differences = compare(parse_wish("NEW 30s no-entry", 1, faults), seen, 0);
    ASSERT_EQ(differences.size(), 2U);
    EXPECT_EQ(differences[0].what, "timeout");
    EXPECT_EQ(differences[1].what, "entry");
}

TEST(entry_lines, words_may_be_stars_or_left_out) {
    const char* line =
        "ipv4     2 tcp      6 119 SYN_SENT src=10.0.0.1 dst=10.0.1.1 sport=1 dport=2 [UNREPLIED] "
        "src=10.0.1.1 dst=10.0.0.1 sport=2 dport=1 mark=0 zone=0 use=2";
    const std::string rest =
        " SYN_SENT src=10.0.0.1 dst=10.0.1.1 sport=1 dport=2 [UNREPLIED] src=10.0.1.1 dst=10.0.0.1 "
        "sport=2 dport=1";
    EXPECT_TRUE(fits_entry("ipv4 2 tcp 6 *" + rest, line, 0));
    EXPECT_TRUE(fits_entry("ipv4 2 tcp 6 120" + rest, line, 1));
    EXPECT_FALSE(fits_entry("ipv4 2 tcp 6 120" + rest, line, 0));
    EXPECT_TRUE(fits_entry("ipv4 2 tcp 6 119" + rest + " mark=0", line, 0));
    EXPECT_FALSE(fits_entry("ipv4 2 tcp 6 119" + rest + " mark=1", line, 0));
    EXPECT_FALSE(fits_entry("ipv4 2 tcp 6 119" + rest + " [ASSURED]", line, 0));
}

}  // namespace
}  // namespace keepstate::cli
