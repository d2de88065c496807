// One packet as text and as JSON.
#include "cli/packet_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace keepstate::cli {
namespace {

const std::vector<std::uint8_t> kUdp{0x45, 0, 0,  28, 0, 0, 0, 0,  64, 17, 0x66, 0xcf, 10, 0,
                                     0,    1, 10, 0,  0, 2, 0, 53, 0,  54, 0,    8,    0,  0};

struct Example {
    run::Arrival arrival;
    Decision decision;
    std::vector<Event> events;
    std::string story;
    std::string log;

    Example() {
        arrival.frame.bytes = kUdp;
        arrival.frame.link = kLinkRaw;
        arrival.frame.time = Time{1'353'110'400'000'001'000};
        arrival.number = 2;
        decision.is_ip = true;
        decision.protocol = 17;
        decision.state = CtState::established;
        decision.direction = CtDirection::reply;
        decision.hook_count = 2;
        decision.hooks = {Hook::prerouting, Hook::input};
        decision.in_device = "eth1";
        decision.rule = {Table::filter, "INPUT", 3,
                         "-A INPUT -m comment --comment \"a\\b\xff\xc3\xbc\" -j ACCEPT"};
        decision.entry = EntryFacts{
            7, status::kSeenReply | status::kConfirmed, 59'999'999'999, 0, TcpState::syn_recv, {}};
    }
    run::Outcome outcome() const { return {arrival, decision, events, {}, story, log}; }
};

std::string json(const Example& example, JsonStyle style = {}) {
    std::string out;
    make_json_printer(std::move(style))->print(example.outcome(), out);
    return out;
}

std::string line(const Example& example, TextStyle style = {}) {
    std::string out;
    style.begin = Time{1'353'110'400'000'000'000};
    make_text_printer(std::move(style))->print(example.outcome(), out);
    return out;
}

TEST(PacketJson, HasTheContractsKeysInTheirOrder) {
    const auto object = nlohmann::ordered_json::parse(json(Example()));
    std::string keys;
    for (const auto& [key, value] : object.items()) keys += key + " ";
    EXPECT_EQ(keys,
              "packet time in out hooks family protocol summary ctstate ctdir reason connection "
              "tcp_state "
              "status timeout verdict table chain rule rule_text ");
    EXPECT_EQ(object["packet"], 2);
    EXPECT_EQ(object["time"], "1353110400.000001");
    EXPECT_EQ(object["in"], "eth1");
    EXPECT_TRUE(object["out"].is_null());
    EXPECT_EQ(object["hooks"].dump(), R"(["PREROUTING","INPUT"])");
    EXPECT_EQ(object["protocol"], "udp");
    EXPECT_EQ(object["ctstate"], "ESTABLISHED");
    EXPECT_EQ(object["ctdir"], "REPLY");
    EXPECT_EQ(object["connection"], 7);
    EXPECT_EQ(object["tcp_state"], "SYN_RECV");
    EXPECT_EQ(object["status"].dump(), R"(["SEEN_REPLY","CONFIRMED"])");
    EXPECT_EQ(object["timeout"], 59) << "whole seconds, as listings show them";
    EXPECT_EQ(object["rule"], 3);
    EXPECT_EQ(object["rule_text"],
              "-A INPUT -m comment --comment \"a\\b\xef\xbf\xbd\xc3\xbc\" -j ACCEPT");
}

TEST(PacketJson, SaysNullWhereThereIsNothing) {
    Example example;
    example.decision.entry.reset();
    example.decision.state = CtState::invalid;
    example.decision.direction.reset();
    example.decision.reason = Reason::tcp_flags;
    example.decision.rule = {Table::filter, "INPUT", 0, {}};
    example.decision.protocol = 200;
    auto object = nlohmann::json::parse(json(example));
    for (const char* key :
         {"ctdir", "connection", "tcp_state", "status", "timeout", "rule", "rule_text"}) {
        EXPECT_TRUE(object[key].is_null()) << key;
    }
    EXPECT_EQ(object["reason"], "tcp_flags");
    EXPECT_EQ(object["chain"], "INPUT");
    EXPECT_EQ(object["protocol"], "200");
    example.decision.rule = {};
    object = nlohmann::json::parse(json(example));
    EXPECT_TRUE(object["table"].is_null() && object["chain"].is_null());
}

TEST(PacketJson, AddsWhatWasAskedFor) {
    Example example;
    example.story = "parse: ok\ntrack: found \"it\"\n";
    EXPECT_FALSE(nlohmann::json::parse(json(example)).contains("log")) << "no rule wrote one";
    example.log = "p IN=eth0 \nq IN=eth0 \n";
    example.events.push_back({EventKind::update, {}});
    const auto object =
        nlohmann::json::parse(json(example, {true, true, true, {"a.pcap", "b.pcap"}}));
    EXPECT_EQ(object["capture"], "a.pcap");
    EXPECT_TRUE(object["expect_events"].empty());
    EXPECT_EQ(object["explanation"].dump(), R"(["parse: ok","track: found \"it\""])");
    EXPECT_EQ(object["log"].dump(), R"(["p IN=eth0 ","q IN=eth0 "])");
    EXPECT_EQ(object["events"][0]["event"], "UPDATE");
}

TEST(PacketText, ShowsVerdictStateAndRule) {
    const std::string both = line(Example());
    const std::string text = both.substr(both.find('\n') + 1);
    EXPECT_EQ(text.find("     2    0.000001  ACCEPT   ESTABLISHED <-  SYN_RECV     10.0.0.1"), 0U)
        << text;
    EXPECT_NE(text.find("filter INPUT 3  -A INPUT"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colour unless asked for";
    EXPECT_NE(both.find("decided by"), std::string::npos);
}

TEST(PacketText, ShowsReasonsPoliciesAndDevices) {
    Example example;
    example.decision.reason = Reason::tcp_flags;
    example.decision.verdict = Verdict::drop;
    example.decision.rule = {Table::filter, "INPUT", 0, {}};
    TextStyle style;
    style.devices = true;
    const std::string text = line(example, style);
    EXPECT_NE(text.find("eth1 > -"), std::string::npos);
    EXPECT_NE(text.find("[tcp_flags]  filter INPUT policy\n"), std::string::npos) << text;
    style.colour = true;
    EXPECT_NE(line(example, style).find("\x1b[31mDROP\x1b[0m"), std::string::npos);
}

TEST(PacketText, PrintsTheStoryBelow) {
    Example example;
    example.story = "one\ntwo\n";
    TextStyle style;
    style.explain = true;
    EXPECT_NE(line(example, style).find("\n        one\n        two\n"), std::string::npos);
}

TEST(PacketText, PrintsTimes) {
    const auto time = [](std::int64_t ns, bool finer) {
        std::string out;
        print_time(ns, finer, out);
        return out;
    };
    EXPECT_EQ(time(1'000'001'999, false), "1.000001");
    EXPECT_EQ(time(1'000'001'999, true), "1.000001999");
    EXPECT_EQ(time(-500'000'000, false), "-0.500000");
    EXPECT_EQ(time(0, false), "0.000000");
}

TEST(JsonString, EscapesAndRepairs) {
    const auto string = [](std::string_view text) {
        std::string out;
        print_json_string(text, out);
        return out;
    };
    EXPECT_EQ(string("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
    EXPECT_EQ(string("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"),
              "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"");
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc3"}) {
        EXPECT_TRUE(nlohmann::json::accept(string(bad))) << string(bad);
    }
}

}  // namespace
}  // namespace keepstate::cli
