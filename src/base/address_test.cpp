// Addresses as text: the C library's inet_ntop and inet_pton are the measure.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "keepstate/address.hpp"

namespace keepstate {
namespace {

std::string text_by_libc(const Address& address) {
    char buffer[64];
    const int family = address.family == Family::ipv4 ? AF_INET : AF_INET6;
    return inet_ntop(family, address.bytes.data(), buffer, sizeof buffer);
}

TEST(Address, prints_as_inet_ntop_does_whatever_the_bits) {
    std::mt19937 random(1);
    for (int round = 0; round < 200'000; ++round) {
        Address address;
        address.family = round % 4 == 0 ? Family::ipv4 : Family::ipv6;
        const auto zero_words =
            static_cast<unsigned>(random());  // many zero words, so that every run occurs
        for (std::size_t i = 0; i < address.size(); ++i)
            address.bytes[i] = static_cast<std::uint8_t>((zero_words >> (i / 2) & 1) != 0 ? 0
                                                         : random() % 3 == 0              ? 0xff
                                                                             : random());
        ASSERT_EQ(text(address), text_by_libc(address));
        ASSERT_EQ(parse_address(text(address)), address);
    }
}

TEST(Address, accepts_and_refuses_what_inet_pton_does) {
    for (const char* words : {"1.2.3.4",
                              "1.2.3",
                              "1.2.3.4.5",
                              "256.1.1.1",
                              "01.2.3.4",
                              "1.2.3.04",
                              "1..2.3",
                              "",
                              "a",
                              "1.2.3.4 ",
                              "0.0.0.0",
                              "255.255.255.255",
                              "1.2.3.-4",
                              "1.2.3.1000",
                              "::",
                              ":",
                              ":::",
                              "::1",
                              "1::",
                              ":1",
                              "1:",
                              "1:2:3:4:5:6:7:8",
                              "1:2:3:4:5:6:7",
                              "1:2:3:4:5:6:7:8:9",
                              "1:2:3:4:5:6:7::",
                              "::2:3:4:5:6:7:8",
                              "1::3:4:5:6:7:8",
                              "1:2:3:4::5:6:7:8",
                              "1::2::3",
                              "12345::",
                              "fe80::1%eth0",
                              "::ffff:1.2.3.4",
                              "::1.2.3.4",
                              "1:2:3:4:5:6:1.2.3.4",
                              "1:2:3:4:5:6:7:1.2.3.4",
                              "1.2.3.4::",
                              "::1.2.3.4:1",
                              "::1.2.3",
                              "2001:DB8::Ab",
                              "g::"}) {
        std::uint8_t bytes[16];
        const bool is_v4 = inet_pton(AF_INET, words, bytes) == 1;
        const bool is_v6 = !is_v4 && inet_pton(AF_INET6, words, bytes) == 1;
        const auto address = parse_address(words);
        EXPECT_EQ(address.has_value(), is_v4 || is_v6) << words;
        if (address) {
            EXPECT_EQ(std::memcmp(address->bytes.data(), bytes, address->size()), 0) << words;
        }
    }
}

TEST(Prefix, clears_what_lies_beyond_its_length) {
    EXPECT_EQ(text(*parse_prefix("10.1.2.3/8")), "10.0.0.0/8");
    EXPECT_EQ(text(*parse_prefix("10.1.2.3")), "10.1.2.3/32");
    EXPECT_EQ(text(*parse_prefix("10.1.2.3/0")), "0.0.0.0/0");
    EXPECT_EQ(text(*parse_prefix("10.255.2.3/11")), "10.224.0.0/11");
    EXPECT_EQ(text(*parse_prefix("2001:db8:ffff::1/33")), "2001:db8:8000::/33");
    EXPECT_EQ(text(*parse_prefix("::1")), "::1/128");
    for (const char* bad :
         {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "/8"})
        EXPECT_FALSE(parse_prefix(bad)) << bad;
}

TEST(Prefix, contains_what_shares_its_leading_bits) {
    struct Row {
        const char* prefix;
        const char* address;
        bool inside;
    };
    for (const Row& row :
         {Row{"10.0.0.0/8", "10.255.255.255", true}, Row{"10.0.0.0/8", "11.0.0.0", false},
          Row{"0.0.0.0/0", "255.1.2.3", true}, Row{"0.0.0.0/0", "::", false},
          Row{"192.168.1.128/25", "192.168.1.127", false},
          Row{"192.168.1.128/25", "192.168.1.200", true}, Row{"1.2.3.4/32", "1.2.3.4", true},
          Row{"1.2.3.4/32", "1.2.3.5", false}, Row{"2001:db8::/127", "2001:db8::1", true},
          Row{"2001:db8::/127", "2001:db8::2", false}, Row{"::1/128", "::1", true}})
        EXPECT_EQ(parse_prefix(row.prefix)->contains(*parse_address(row.address)), row.inside)
            << row.prefix << " " << row.address;
}

}  // namespace
}  // namespace keepstate
