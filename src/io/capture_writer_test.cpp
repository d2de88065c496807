// What is written is read back the same, by our reader and by libpcap; comments stand where Wireshark
// looks for them.
#include "io/capture_writer.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <string>
#include <vector>

#include "io/capture.hpp"
#include "io/test_capture.hpp"

namespace keepstate::io {
namespace {

using test::TemporaryFile;

void write_three(const std::string& name) {
    auto output = Output::open(name);
    ASSERT_TRUE(output);
    CaptureWriter writer(**output);
    const std::vector<std::uint8_t> a{1, 2, 3, 4, 5};
    const std::vector<std::uint8_t> b{9};
    writer.write(Time{1'700'000'000'123'456'789}, a, "packet 1: NEW, ACCEPT");
    writer.write(Time{1'700'000'001'000'000'000}, b, "");
    writer.write(Time{1'700'000'002'000'000'000}, {}, std::string(70'000, 'x'));
    EXPECT_TRUE((*output)->close());
}

TEST(CaptureWriter, IsReadBackTheSame) {
    const TemporaryFile file;
    write_three(file.name());
    auto reader = CaptureReader::open(file.name());
    ASSERT_TRUE(reader);
    CapturedFrame frame;
    ASSERT_EQ((*reader)->next(frame), ReadStatus::frame);
    EXPECT_EQ(frame.time.ns, 1'700'000'000'123'456'789);
    EXPECT_EQ(frame.link, kLinkRaw);
    EXPECT_EQ(std::vector(frame.bytes.begin(), frame.bytes.end()),
              (std::vector<std::uint8_t>{1, 2, 3, 4, 5}));
    ASSERT_EQ((*reader)->next(frame), ReadStatus::frame);
    EXPECT_EQ(frame.bytes.size(), 1U);
    ASSERT_EQ((*reader)->next(frame), ReadStatus::frame);
    EXPECT_EQ((*reader)->next(frame), ReadStatus::end);
}

TEST(CaptureWriter, IsReadByLibpcap) {
    const TemporaryFile file;
    write_three(file.name());
    char words[PCAP_ERRBUF_SIZE];
    pcap_t* pcap = pcap_open_offline(file.name().c_str(), words);
    ASSERT_NE(pcap, nullptr) << words;
    EXPECT_EQ(pcap_datalink(pcap), DLT_RAW);
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    int count = 0;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) ++count;
    EXPECT_EQ(count, 3) << pcap_geterr(pcap);
    pcap_close(pcap);
}

TEST(CaptureWriter, PutsTheCommentIntoOptionOne) {
    const TemporaryFile file;
    write_three(file.name());
    const std::string content = file.content();
    const std::string comment = "packet 1: NEW, ACCEPT";
    EXPECT_NE(content.find(test::Bytes()
                               .u16(1)
                               .u16(static_cast<std::uint32_t>(comment.size()))
                               .text(comment)
                               .all()),
              std::string::npos);
}

}  // namespace
}  // namespace keepstate::io
