// Outputs: found unwritable at once, or at the write that fails, and told once.
#include "io/output.hpp"

#include <gtest/gtest.h>

#include "io/test_capture.hpp"

namespace keepstate::io {
namespace {

TEST(Output, WritesWhatItIsGiven) {
    const test::TemporaryFile file("old content that is longer");
    auto output = Output::open(file.name());
    ASSERT_TRUE(output);
    (*output)->write("new");
    (*output)->write(std::string(200'000, 'x'));
    EXPECT_TRUE((*output)->close());
    EXPECT_EQ(file.content(), "new" + std::string(200'000, 'x'));
}

TEST(Output, RefusesAPlaceThatCannotBeWritten) {
    const auto output = Output::open("/nowhere/file");
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().kind, ErrorKind::system);
    EXPECT_EQ(output.error().faults[0].file, "/nowhere/file");
}

TEST(Output, TellsOfAFullDeviceOnce) {
    auto output = Output::open("/dev/full");
    if (!output) GTEST_SKIP() << "no /dev/full";
    (*output)->write("x");
    const Result<void> flushed = (*output)->flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().faults[0].words, "No space left on device");
    EXPECT_TRUE((*output)->has_failed());
    EXPECT_FALSE((*output)->is_abandoned());
    (*output)->write("y");
    EXPECT_TRUE((*output)->close()) << "told already";
}

}  // namespace
}  // namespace keepstate::io
