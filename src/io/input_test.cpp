// Streams: what decompression gives, and where it breaks.
#include "io/input.hpp"

#include <gtest/gtest.h>

#include <string>

#include "io/test_capture.hpp"

namespace keepstate::io {
namespace {

using test::TemporaryFile;

std::string long_text() {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 100'003) + "\n";
    return text;
}

TEST(Input, GivesTheSameBytesPlainGzippedAndZstd) {
    const std::string text = long_text();
    for (const std::string& stored : {text, test::gzip(text), test::zstd(text)}) {
        const TemporaryFile file(stored);
        const Result<std::string> read = read_text_file(file.name());
        ASSERT_TRUE(read);
        EXPECT_TRUE(*read == text);
    }
}

TEST(Input, ReadsSeveralMembersAndFramesAsOneStream) {
    for (const std::string& stored :
         {test::gzip("one ") + test::gzip("two"), test::zstd("one ") + test::zstd("two")}) {
        const TemporaryFile file(stored);
        EXPECT_EQ(read_text_file(file.name()).value_or("fault"), "one two");
    }
}

TEST(Input, PassesOverGarbageBehindAGzipMember) {
    const TemporaryFile file(test::gzip("one") + std::string(700, '\0'));
    EXPECT_EQ(read_text_file(file.name()).value_or("fault"), "one");
}

TEST(Input, SaysThatACompressedStreamIsCutOffAfterWhatItHeld) {
    const std::string text = long_text();
    for (const std::string& stored : {test::gzip(text), test::zstd(text)}) {
        const TemporaryFile file(stored.substr(0, stored.size() / 2));
        auto input = Input::open(file.name());
        ASSERT_TRUE(input);
        std::uint64_t read = 0;
        for (std::size_t got; (got = (*input)->take(1000).size()) > 0;) read += got;
        EXPECT_GT(read, text.size() / 8);
        EXPECT_EQ((*input)->trouble(), Trouble::cut_off);
        EXPECT_NE((*input)->trouble_words().find("cut off"), std::string::npos);
    }
}

TEST(Input, SaysThatACompressedStreamIsDamaged) {
    for (std::string stored : {test::gzip(long_text()), test::zstd(long_text())}) {
        for (std::size_t i = 1000; i < 1100; ++i) stored[i] = static_cast<char>(~stored[i]);
        const TemporaryFile file(stored);
        auto input = Input::open(file.name());
        ASSERT_TRUE(input);
        while (!(*input)->take(1000).empty()) {
        }
        EXPECT_EQ((*input)->trouble(), Trouble::damaged);
    }
}

TEST(Input, GivesRunsLongerThanItsWindow) {
    const std::string text = long_text();
    const TemporaryFile file(text);
    auto input = Input::open(file.name());
    ASSERT_TRUE(input);
    EXPECT_EQ((*input)->take(3).size(), 3U);
    const auto run = (*input)->take(1'000'000);
    EXPECT_TRUE(std::string(run.begin(), run.end()) == text.substr(3, 1'000'000));
    EXPECT_EQ((*input)->offset(), 1'000'003U);
    EXPECT_TRUE((*input)->skip(10));
    EXPECT_FALSE((*input)->skip(10'000'000));
}

TEST(Input, RefusesWhatCannotBeOpened) {
    const auto missing = Input::open("/nowhere/at/all");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::system);
    EXPECT_EQ(missing.error().faults[0].words, "No such file or directory");
    const auto directory = Input::open("/tmp");
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().faults[0].words, "Is a directory");
}

TEST(Input, KnowsTheSameFileByAnotherName) {
    const TemporaryFile file("x");
    const TemporaryFile other("x");
    auto input = Input::open(file.name());
    ASSERT_TRUE(input);
    EXPECT_TRUE((*input)->is_same_file("/tmp/../" + file.name()));
    EXPECT_FALSE((*input)->is_same_file(other.name()));
    EXPECT_FALSE((*input)->is_same_file("/nowhere"));
}

}  // namespace
}  // namespace keepstate::io
