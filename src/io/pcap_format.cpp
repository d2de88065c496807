// The classic format: a file header of 24 bytes, then records.
//
//     file:    magic 4 | version 2+2 | zone 4 | accuracy 4 | snapshot length 4 | link type 4
//     record:  seconds 4 | fraction 4 | bytes captured 4 | bytes on the wire 4 | ... the bytes
//
// The magic tells the byte order and the unit of the fraction. a1b2cd34 is Kuznetzov's variant, which old
// Linux distributions wrote: 8 more bytes in each record header. Files before version 2.3 have the two
// lengths the other way round, those of 2.3 either way.
// source: draft-ietf-opsawg-pcap, pcap-savefile(5).
#include <utility>

#include "io/frame_format.hpp"

namespace keepstate::io {
namespace {

constexpr std::uint32_t kMagicUs = 0xa1b2c3d4;
constexpr std::uint32_t kMagicNs = 0xa1b23c4d;
constexpr std::uint32_t kMagicKuznetzov = 0xa1b2cd34;
constexpr std::size_t kFileHeaderBytes = 24;

class PcapFormat final : public FrameFormat {
  public:
    PcapFormat(Input& input, FileOrder order, std::uint32_t magic) : input_(input), order_(order) {
        nanoseconds_ = magic == kMagicNs;
        record_header_bytes_ = magic == kMagicKuznetzov ? 24 : 16;
        const std::span<const std::uint8_t> header = input.take(kFileHeaderBytes);
        complete_ = header.size() == kFileHeaderBytes;
        if (!complete_) return;
        minor_ = order.u16(header.data() + 6);
        link_ = clean_link(order.u32(header.data() + 20) & 0x03ffffff);
    }

    ReadStatus next(StoredFrame& frame) override {
        if (!complete_) return broken("the file header is cut off");
        const std::span<const std::uint8_t> header = input_.take(record_header_bytes_);
        if (header.empty()) return ReadStatus::end;
        if (header.size() < record_header_bytes_) return broken("the record header is cut off");
        const std::uint8_t* at = header.data();
        std::uint32_t captured = order_.u32(at + 8);
        std::uint32_t original = order_.u32(at + 12);
        if (minor_ < 3 || (minor_ == 3 && captured > original)) std::swap(captured, original);
        const std::int64_t fraction = order_.u32(at + 4);
        frame.time = Time::from_s(order_.u32(at)) + (nanoseconds_ ? fraction : fraction * 1000);
        frame.finer_than_us = nanoseconds_;
        frame.link = link_;
        frame.original_bytes = original;
        if (captured > kMaxFrameBytes) {
            return broken("the record claims " + std::to_string(captured) + " bytes");
        }
        frame.bytes = input_.take(captured);
        if (frame.bytes.size() < captured) return broken("the record is cut off");
        return ReadStatus::frame;
    }

  private:
    Input& input_;
    FileOrder order_;
    LinkNumber link_ = 0;
    std::size_t record_header_bytes_ = 16;
    std::uint16_t minor_ = 4;
    bool nanoseconds_ = false;
    bool complete_ = false;
};

}  // namespace

LinkNumber clean_link(std::uint32_t number) {
    // DLT_RAW is 12 on most systems and 14 on OpenBSD; some programs write it into files as it is.
    if (number == 12 || number == 14) return kLinkRaw;
    return number > 0xffff ? LinkNumber{0xffff} : static_cast<LinkNumber>(number);
}

std::unique_ptr<FrameFormat> make_pcap_format(Input& input) {
    const std::span<const std::uint8_t> first = input.peek(4);
    if (first.size() < 4) return nullptr;
    for (const bool big_endian : {false, true}) {
        const FileOrder order(big_endian);
        const std::uint32_t magic = order.u32(first.data());
        if (magic == kMagicUs || magic == kMagicNs || magic == kMagicKuznetzov) {
            return std::make_unique<PcapFormat>(input, order, magic);
        }
    }
    return nullptr;
}

}  // namespace keepstate::io
