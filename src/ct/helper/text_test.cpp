#include "ct/helper/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keepstate::ct {
namespace {

struct Row {
    std::string text;
    std::string address;  ///< empty: there is none
    std::size_t bytes = 0;
};

void check(Family family, const Row& row) {
    SCOPED_TRACE(row.text);
    const std::optional<ReadAddress> read = read_address_until(family, row.text, {});
    ASSERT_EQ(read.has_value(), !row.address.empty());
    if (!read) return;
    EXPECT_EQ(text(read->address), row.address);
    EXPECT_EQ(read->length, row.bytes == 0 ? row.text.size() : row.bytes);
}

TEST(HelperText, ipv4_is_read_until_something_that_cannot_belong_to_it) {
    const Row rows[] = {
        {"10.0.0.1", "10.0.0.1"},
        {"10.0.0.1:5060", "10.0.0.1", 8},
        {"10.0.0.1>", "10.0.0.1", 8},
        {"10.0.0.1 10.0.0.2", "10.0.0.1", 8},
        {std::string("10.0.0.1\0x", 10), "10.0.0.1", 8},
        {"10.0.0.1g", "10.0.0.1", 8},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"0010.000000000000000.0.08", "10.0.0.8"},
        {"10.0.0.1a", ""},
        {"10.0.0.1F", ""},
        {"10.0.0.1.", ""},
        {"10.0.0.1.2", ""},
        {"10.0.0.256", ""},
        {"10.0.0.", ""},
        {"10.0.0", ""},
        {"10.0.0:1", ""},
        {"10..0.1", ""},
        {".10.0.0.1", ""},
        {"a.0.0.1", ""},
        {" 10.0.0.1", ""},
        {"", ""},
    };
    for (const Row& row : rows) check(Family::ipv4, row);
}

TEST(HelperText, ipv6_is_read_until_something_that_cannot_belong_to_it) {
    const Row rows[] = {
        {"fd00::1", "fd00::1"},
        {"fd00::1]:5060", "fd00::1", 7},
        {"FD00::AB", "fd00::ab"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"::]", "::", 2},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"},
        {"1::7:8/64", "1::7:8", 6},
        {"000000000fd00::0000001", "fd00::1"},
        {"::10.0.0.1", "::10.0.0.1"},
        {"::ffff:10.0.0.1]", "::ffff:10.0.0.1", 15},
        {"1:2:3:4:5:6:10.0.0.1", "1:2:3:4:5:6:a00:1"},
        {"1:2:3:4:5::10.0.0.1", "1:2:3:4:5:0:a00:1"},
        {"::10.0.0.1:5060", "::10.0.0.1", 10},
        {"1:2:3:4::5:6:7:8", ""},
        {"1:2:3:4:5:6:7:8:9", ""},
        {"1:2:3:4:5:6:7:8::", ""},
        {"1:2:3:4:5:6:7", ""},
        {"1:2:3:4:5:6::10.0.0.1", ""},
        {"1:10.0.0.1", ""},
        {"1::2::3", ""},
        {"1:::2", ""},
        {":1::", ""},
        {"1:", ""},
        {"fd00::1:", ""},
        {"fd00::12345", ""},
        {"::10.0.0.256", ""},
        {"::.1.2.3", ""},
        {"::10.0.0.1.2", ""},
        {"10.0.0.1", ""},
        {":", ""},
        {"g::", ""},
        {"", ""},
    };
    for (const Row& row : rows) check(Family::ipv6, row);
}

TEST(HelperText, with_an_end_of_its_own_nothing_else_ends_an_address) {
    const auto is_read = [](Family family, std::string_view text) {
        return read_address_until(family, text, '|').has_value();
    };
    EXPECT_TRUE(is_read(Family::ipv4, "10.0.0.1|x"));
    EXPECT_TRUE(is_read(Family::ipv4, "10.0.0.1"));
    EXPECT_TRUE(is_read(Family::ipv4, "10.0.0.1:x"));
    EXPECT_FALSE(is_read(Family::ipv4, "10.0.0.1 "));
    EXPECT_TRUE(is_read(Family::ipv6, "fd00::1|x"));
    EXPECT_TRUE(is_read(Family::ipv6, "::10.0.0.1|x"));
    EXPECT_FALSE(is_read(Family::ipv6, "fd00::1]"));
    EXPECT_FALSE(is_read(Family::ipv6, "::10.0.0.1]"));
    EXPECT_FALSE(read_ipv6_until("1::2", ':').has_value());
    EXPECT_EQ(read_ipv4_until("10.0.0.123", '3')->length, 9U);
}

}  // namespace
}  // namespace keepstate::ct
