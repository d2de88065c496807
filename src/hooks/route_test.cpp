// See route.hpp.
#include "hooks/route.hpp"

#include <gtest/gtest.h>

namespace keepstate::hooks {
namespace {

TEST(Route, a_device_name_of_any_length_is_told_without_its_padding) {
    const std::string letters =
        "enp0s31f6u1\x80\xff"
        "23";
    for (std::size_t bytes = 0; bytes <= letters.size(); ++bytes) {
        const std::string name = letters.substr(0, bytes);
        EXPECT_EQ(text(make_device_name(name)), name);
    }
    DeviceName full;
    full.fill('x');
    EXPECT_EQ(text(full), std::string(16, 'x'));
    DeviceName early{'a', '\0', '\x01', 'b', '\0', '\0', '\0', '\0', 'c'};
    EXPECT_EQ(text(early), "a") << "what stands behind the first zero is no part of it";
}

}  // namespace
}  // namespace keepstate::hooks
