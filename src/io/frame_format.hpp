// One capture file format: bytes of an Input in, frames out. pcap_format.cpp and pcapng_format.cpp.
//
// Threads: one owner.  Tested by: io/capture_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/capture.hpp"

namespace keepstate::io {

/// A frame before CaptureReader counts it and fills it up.
struct StoredFrame {
    std::span<const std::uint8_t> bytes;  ///< those that were captured
    std::uint32_t original_bytes = 0;     ///< how long it was on the wire
    LinkNumber link = 0;
    Time time;
    bool finer_than_us = false;
};

/// Numbers in the byte order of the machine that wrote the file.
class FileOrder {
  public:
    explicit FileOrder(bool big_endian = false) : big_endian_(big_endian) {}
    std::uint16_t u16(const std::uint8_t* at) const {
        return static_cast<std::uint16_t>(big_endian_ ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
    }
    std::uint32_t u32(const std::uint8_t* at) const {
        return big_endian_ ? std::uint32_t{u16(at)} << 16 | u16(at + 2)
                           : std::uint32_t{u16(at + 2)} << 16 | u16(at);
    }
    std::uint64_t u64(const std::uint8_t* at) const {
        return big_endian_ ? std::uint64_t{u32(at)} << 32 | u32(at + 4)
                           : std::uint64_t{u32(at + 4)} << 32 | u32(at);
    }

  private:
    bool big_endian_;
};

class FrameFormat {
  public:
    virtual ~FrameFormat() = default;
    /// frame, end, or broken with words() set to one clause ("the record is cut off").
    virtual ReadStatus next(StoredFrame& frame) = 0;
    const std::string& words() const { return words_; }

  protected:
    ReadStatus broken(std::string words) {
        words_ = std::move(words);
        return ReadStatus::broken;
    }

  private:
    std::string words_;
};

/// Reads the file header. Null if the first bytes are not of this format; if they are but the header is
/// bad or cut off, a format whose next() says so.
std::unique_ptr<FrameFormat> make_pcap_format(Input& input);
std::unique_ptr<FrameFormat> make_pcapng_format(Input& input);

/// Link numbers that mean raw IP but were written with a BSD's own number become kLinkRaw.
LinkNumber clean_link(std::uint32_t number);

}  // namespace keepstate::io
