// Captures: every variant of the two formats, every way to break, and the merge.
#include "io/capture.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <limits>
#include <string>
#include <vector>

#include "io/test_capture.hpp"

namespace keepstate::io {
namespace {

using test::Bytes;
using test::PcapShape;
using test::TemporaryFile;

struct Copy {
    std::string bytes;
    LinkNumber link;
    std::int64_t ns;
    bool cut;
    bool finer;
    std::uint64_t number;
    bool operator==(const Copy&) const = default;
};

struct Reading {
    std::vector<Copy> frames;
    ReadStatus last = ReadStatus::frame;
    std::string words;
};

Reading read_file(const std::string& name) {
    Reading reading;
    auto reader = CaptureReader::open(name);
    if (!reader) {
        reading.last = ReadStatus::broken;
        reading.words = reader.error().faults[0].words;
        return reading;
    }
    CapturedFrame frame;
    while ((reading.last = (*reader)->next(frame)) == ReadStatus::frame) {
        reading.frames.push_back({std::string(frame.bytes.begin(), frame.bytes.end()), frame.link,
                                  frame.time.ns, frame.cut, frame.finer_than_us, frame.number});
    }
    EXPECT_EQ((*reader)->next(frame), reading.last) << "the same answer again";
    if (reading.last == ReadStatus::broken) reading.words = (*reader)->trouble().faults[0].words;
    return reading;
}

Reading read(const std::string& content) {
    const TemporaryFile file(content);
    return read_file(file.name());
}

TEST(Capture, ReadsPcapInBothByteOrdersAndAllMagics) {
    for (const bool big_endian : {false, true}) {
        for (const std::uint32_t magic : {0xa1b2c3d4U, 0xa1b23c4dU, 0xa1b2cd34U}) {
            const PcapShape shape{big_endian, magic, 113, 4};
            const Reading reading = read(pcap_header(shape) + pcap_record("abc", 5, 7, shape) +
                                         pcap_record("defgh", 4'000'000'000U, 999, shape));
            const bool ns = magic == 0xa1b23c4d;
            EXPECT_EQ(reading.last, ReadStatus::end);
            ASSERT_EQ(reading.frames.size(), 2U);
            EXPECT_EQ(reading.frames[0],
                      (Copy{"abc", 113, 5'000'000'000 + (ns ? 7 : 7000), false, ns, 1}));
            EXPECT_EQ(reading.frames[1].ns, 4'000'000'000'000'000'000 + (ns ? 999 : 999'000));
            EXPECT_EQ(reading.frames[1].number, 2U);
        }
    }
}

TEST(Capture, FillsFramesThatTheSnapshotLengthCutWithZeros) {
    const Reading reading = read(test::pcap_header() + test::pcap_record("abc", 0, 0, {}, 6) +
                                 test::pcap_record("abc", 0, 0, {}, 4'000'000'000U));
    ASSERT_EQ(reading.frames.size(), 2U);
    EXPECT_TRUE(reading.frames[0].cut);
    EXPECT_EQ(reading.frames[0].bytes, std::string("abc\0\0\0", 6));
    EXPECT_EQ(reading.frames[1].bytes.size(), kMaxFrameBytes);
}

TEST(Capture, SwapsTheLengthsOfOldVersions) {
    const PcapShape old{false, 0xa1b2c3d4, 1, 2};
    const Reading reading =
        read(pcap_header(old) + Bytes().u32(1).u32(0).u32(9).u32(3).text("abc").all());
    ASSERT_EQ(reading.frames.size(), 1U);
    EXPECT_EQ(reading.frames[0].bytes, std::string("abc\0\0\0\0\0\0", 9));
}

TEST(Capture, TakesRawLinkNumbersOfBsdAsRaw) {
    for (const std::uint32_t link : {12U, 14U, 101U}) {
        const PcapShape shape{false, 0xa1b2c3d4, link, 4};
        EXPECT_EQ(read(pcap_header(shape) + test::pcap_record("a", 0, 0)).frames.at(0).link,
                  kLinkRaw);
    }
}

TEST(Capture, ReadsPcapngWithInterfacesOfDifferentLinkTypesAndResolutions) {
    for (const bool big : {false, true}) {
        const std::string ns = Bytes(big).u16(9).u16(1).text(std::string("\x09\0\0\0", 4)).all();
        const std::string binary =
            Bytes(big).u16(9).u16(1).text(std::string("\x8a\0\0\0", 4)).all();
        Bytes offset(big);
        offset.u16(14).u16(8);
        big ? offset.u32(0).u32(100) : offset.u32(100).u32(0);
        const Reading reading =
            read(test::ng_section(big) + test::ng_interface(1, big) +
                 test::ng_interface(0, big, ns) + test::ng_interface(101, big, binary) +
                 test::ng_interface(113, big, offset.all()) + test::ng_block(5, "statistics", big) +
                 test::ng_packet("a", 0, 1'000'001, big) + test::ng_packet("bc", 1, 3, big) +
                 test::ng_packet("d", 2, 1024 + 512, big) + test::ng_packet("e", 3, 5, big));
        EXPECT_EQ(reading.last, ReadStatus::end) << reading.words;
        ASSERT_EQ(reading.frames.size(), 4U);
        EXPECT_EQ(reading.frames[0], (Copy{"a", 1, 1'000'001'000, false, false, 1}));
        EXPECT_EQ(reading.frames[1], (Copy{"bc", 0, 3, false, true, 2}));
        EXPECT_EQ(reading.frames[2], (Copy{"d", 101, 1'500'000'000, false, false, 3}));
        EXPECT_EQ(reading.frames[3], (Copy{"e", 113, 100'000'005'000, false, false, 4}));
    }
}

TEST(Capture, ReadsSimpleAndOldPacketBlocksAndNewSections) {
    const std::string simple = test::ng_block(3, Bytes().u32(3).text("xyz").all());
    const std::string old =
        test::ng_block(2, Bytes().u16(0).u16(0).u32(0).u32(9).u32(2).u32(2).text("pq").all());
    const Reading reading =
        read(test::ng_section() + test::ng_interface(1) + old + simple + test::ng_section(true) +
             test::ng_interface(101, true) + test::ng_packet("r", 0, 8, true));
    ASSERT_EQ(reading.frames.size(), 3U) << reading.words;
    EXPECT_EQ(reading.frames[0], (Copy{"pq", 1, 9000, false, false, 1}));
    EXPECT_EQ(reading.frames[1], (Copy{"xyz", 1, 9000, false, false, 2}));
    EXPECT_EQ(reading.frames[2], (Copy{"r", 101, 8000, false, false, 3}));
}

TEST(Capture, NeverOverflowsATime) {
    const std::string coarse = Bytes().u16(9).u16(1).text(std::string(4, '\0')).all();
    const Reading reading =
        read(test::ng_section() + test::ng_interface(1, false, coarse) +
             test::ng_packet("a", 0, std::numeric_limits<std::uint64_t>::max()));
    ASSERT_EQ(reading.frames.size(), 1U);
    EXPECT_GT(reading.frames[0].ns, 0);
}

TEST(Capture, GivesAllFramesBeforeTheBreakAndSaysWhereItIs) {
    const std::string pcap =
        test::pcap_header() + test::pcap_record("abcd", 1, 0) + test::pcap_record("efgh", 2, 0);
    for (std::size_t size = 24 + 20 + 1; size < pcap.size(); ++size) {
        const Reading reading = read(pcap.substr(0, size));
        EXPECT_EQ(reading.frames.size(), 1U);
        EXPECT_EQ(reading.last, ReadStatus::broken);
        EXPECT_EQ(reading.words.find("packet 2, byte "), 0U) << reading.words;
    }
    EXPECT_EQ(read(pcap.substr(0, 10)).words, "packet 1, byte 10: the file header is cut off");
    const std::string ng = test::ng_section() + test::ng_interface(1);
    const std::string packet = test::ng_packet("abcd", 0, 1);
    for (std::size_t size = 1; size < packet.size(); ++size) {
        const Reading reading = read(ng + packet + packet.substr(0, size));
        EXPECT_EQ(reading.frames.size(), 1U);
        EXPECT_EQ(reading.last, ReadStatus::broken);
    }
}

TEST(Capture, SaysWhatIsDamaged) {
    const std::string ng = test::ng_section() + test::ng_interface(1);
    EXPECT_NE(read(ng + test::ng_packet("a", 7, 0)).words.find("interface 7"), std::string::npos);
    EXPECT_NE(read(ng + Bytes().u32(6).u32(13).u32(0).all()).words.find("claims 13"),
              std::string::npos);
    EXPECT_NE(
        read(ng + Bytes().u32(6).u32(0x7ffffffc).u32(0).all()).words.find("claims 2147483644"),
        std::string::npos);
    EXPECT_NE(read(test::pcap_header() + Bytes().u32(0).u32(0).u32(300'000).u32(1).all())
                  .words.find("claims 300000"),
              std::string::npos);
    const std::string packet = test::ng_packet("a", 0, 0);
    EXPECT_NE(read(ng + packet.substr(0, packet.size() - 1) + "\x01").words.find("lengths"),
              std::string::npos);
    EXPECT_NE(read(ng + test::ng_block(6, "short")).words.find("too short"), std::string::npos);
    EXPECT_NE(read(ng + test::ng_block(1, "shrt")).words.find("too short"), std::string::npos);
}

TEST(Capture, RefusesWhatIsNone) {
    EXPECT_EQ(read("").words, "the file is empty: no capture");
    EXPECT_EQ(read("ab").words, "too short to be a capture");
    EXPECT_EQ(read("*filter\n:INPUT ACCEPT\nCOMMIT\n").words,
              "not a capture: neither pcap nor pcapng");
    EXPECT_EQ(read(test::gzip("hello")).words, "not a capture: neither pcap nor pcapng");
    EXPECT_EQ(read(test::gzip("hello").substr(0, 5)).words, "the gzip stream is cut off");
}

TEST(Capture, ReadsOneWithoutPackets) {
    EXPECT_EQ(read(test::pcap_header()).last, ReadStatus::end);
    EXPECT_EQ(read(test::ng_section()).last, ReadStatus::end);
}

TEST(Capture, ReadsCompressedOnesAndSaysWhenTheCompressionBreaks) {
    std::string plain = test::pcap_header();
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        plain += test::pcap_record(std::to_string(i * 7919U), i, i % 997);
    }
    for (const std::string& stored : {test::gzip(plain), test::zstd(plain)}) {
        EXPECT_EQ(read(stored).frames.size(), 20'000U);
        const Reading half = read(stored.substr(0, stored.size() / 2));
        EXPECT_GT(half.frames.size(), 5'000U);
        EXPECT_EQ(half.last, ReadStatus::broken);
        EXPECT_NE(half.words.find("stream is cut off"), std::string::npos) << half.words;
    }
}

/// What libpcap says of the same file.
std::vector<Copy> read_by_libpcap(const std::string& name) {
    std::vector<Copy> frames;
    char words[PCAP_ERRBUF_SIZE];
    pcap_t* pcap =
        pcap_open_offline_with_tstamp_precision(name.c_str(), PCAP_TSTAMP_PRECISION_NANO, words);
    if (pcap == nullptr) return frames;
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        frames.push_back({std::string(bytes, bytes + header->caplen),
                          static_cast<LinkNumber>(pcap_datalink(pcap)),
                          header->ts.tv_sec * std::int64_t{1'000'000'000} + header->ts.tv_usec,
                          false, false, frames.size() + 1});
    }
    pcap_close(pcap);
    return frames;
}

TEST(Capture, AgreesWithLibpcap) {
    const PcapShape big{true, 0xa1b23c4d, 1, 4};
    const PcapShape old{false, 0xa1b2cd34, 113, 4};
    const std::string ns = Bytes().u16(9).u16(1).text(std::string("\x09\0\0\0", 4)).all();
    for (const std::string& content :
         {pcap_header(big) + pcap_record("abcdefgh", 7, 999'999'999, big),
          pcap_header(old) + pcap_record("abc", 1'700'000'000, 5, old) + pcap_record("", 2, 5, old),
          test::ng_section() + test::ng_interface(1, false, ns) +
              test::ng_packet("xy", 0, 1'700'000'000'123'456'789)}) {
        const TemporaryFile file(content);
        Reading mine = read_file(file.name());
        for (Copy& frame : mine.frames) frame.finer = false;
        EXPECT_EQ(mine.frames, read_by_libpcap(file.name()));
        EXPECT_FALSE(mine.frames.empty());
    }
}

std::string merged(const std::vector<std::string>& contents, std::size_t* troubles = nullptr) {
    std::vector<std::unique_ptr<TemporaryFile>> files;
    std::vector<std::unique_ptr<CaptureReader>> readers;
    for (const std::string& content : contents) {
        files.push_back(std::make_unique<TemporaryFile>(content));
        readers.push_back(std::move(*CaptureReader::open(files.back()->name())));
    }
    CaptureMerge merge(std::move(readers));
    std::string order;
    CapturedFrame frame;
    while (merge.next(frame) == ReadStatus::frame) {
        order += std::string(frame.bytes.begin(), frame.bytes.end()) +
                 std::to_string(frame.capture) + std::to_string(frame.number) + " ";
    }
    EXPECT_EQ(merge.next(frame), ReadStatus::end);
    if (troubles != nullptr) *troubles = merge.troubles().size();
    return order;
}

TEST(CaptureMerge, OrdersByTimeAndKeepsTheOrderOfTheCapturesAtTheSameTime) {
    const std::string a = test::pcap_header() + test::pcap_record("a", 1, 0) +
                          test::pcap_record("b", 3, 0) + test::pcap_record("c", 3, 0);
    const std::string b =
        test::pcap_header() + test::pcap_record("d", 2, 0) + test::pcap_record("e", 3, 0);
    EXPECT_EQ(merged({a, b}), "a01 d11 b02 c03 e12 ");
    EXPECT_EQ(merged({b, a, test::pcap_header()}), "a11 d01 e02 b12 c13 ");
}

TEST(CaptureMerge, NeverReordersOneCapture) {
    const std::string back = test::pcap_header() + test::pcap_record("a", 9, 0) +
                             test::pcap_record("b", 1, 0) + test::pcap_record("c", 5, 0);
    EXPECT_EQ(merged({back}), "a01 b02 c03 ");
    const std::string other = test::pcap_header() + test::pcap_record("d", 2, 0);
    EXPECT_EQ(merged({back, other}), "d11 a01 b02 c03 ");
}

TEST(CaptureMerge, GoesOnWithTheOthersWhenOneBreaks) {
    const std::string whole =
        test::pcap_header() + test::pcap_record("a", 1, 0) + test::pcap_record("b", 3, 0);
    const std::string broken = (test::pcap_header() + test::pcap_record("c", 2, 0)) + "xyz";
    std::size_t troubles = 0;
    EXPECT_EQ(merged({broken, whole}, &troubles), "a11 c01 b12 ");
    EXPECT_EQ(troubles, 1U);
}

}  // namespace
}  // namespace keepstate::io
