#include "ct/helper/address_words.hpp"

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
    const std::optional<AddressWords> read = read_address_words(family, row.text);
    ASSERT_EQ(read.has_value(), !row.address.empty());
    if (!read) return;
    EXPECT_EQ(text(read->address), row.address);
    EXPECT_EQ(read->bytes, row.bytes == 0 ? row.text.size() : row.bytes);
}

TEST(AddressWords, ipv4_is_read_until_something_that_cannot_belong_to_it) {
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

TEST(AddressWords, ipv6_is_read_until_something_that_cannot_belong_to_it) {
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

}  // namespace
}  // namespace keepstate::ct
