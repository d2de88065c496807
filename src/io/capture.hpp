// Captures: pcap and pcapng files as a stream of frames, in the order in which they stand there.
//
//     CaptureReader::open(name) -> next(frame) ... -> end | broken (trouble())
//
// Both formats are read here and not by libpcap, because libpcap gives up at the first interface whose
// link type or snapshot length differs from that of the first, and those captures are common (loopback
// and Ethernet in one file). In exchange a frame carries its own link type, its time in nanoseconds and
// the resolution of its stamp. The tests hold this reader against libpcap on what both can read.
//
// A frame that the snapshot length cut is filled up to its original length with zeros, so that the
// lengths in its headers are true; its checksums are then wrong, of course. `cut` says so.
//
// Limits: a record of more than 262144 bytes (libpcap's limit too) or a pcapng block of more than
// 16 MiB that holds one is taken as damage. Memory is constant: one window of the input and one frame.
// source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.   Tested by: io/capture_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/input.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"
#include "keepstate/time.hpp"

namespace keepstate::io {

/// The longest frame that is read or that a cut one is filled up to.
inline constexpr std::uint32_t kMaxFrameBytes = 262144;

/// One frame as the capture has it.
struct CapturedFrame {
    std::span<const std::uint8_t>
        bytes;  ///< until the next call of next(); original length if `cut`
    LinkNumber link = kLinkEthernet;
    Time time;                   ///< since 1970-01-01 UTC
    std::uint64_t number = 0;    ///< in its own capture, from 1
    std::uint32_t capture = 0;   ///< which of several captures; set by CaptureMerge
    bool cut = false;            ///< the tail was not captured and is zeros
    bool finer_than_us = false;  ///< the stamp's resolution is finer than a microsecond
};

enum class ReadStatus : std::uint8_t {
    frame,        ///< here is one
    end,          ///< the capture ended where it should
    broken,       ///< it is cut off or damaged: trouble() says where
    interrupted,  ///< `stop` was set
};

class FrameFormat;

class CaptureReader {
  public:
    /// Opens a capture ("-": stdin) and reads its file header. Errors, all ErrorKind::system: no such
    /// file, not a capture, an empty file. `stop` as for Input::open.
    static Result<std::unique_ptr<CaptureReader>> open(const std::string& name,
                                                       const std::atomic<bool>* stop = nullptr);
    ~CaptureReader();
    CaptureReader(const CaptureReader&) = delete;
    CaptureReader& operator=(const CaptureReader&) = delete;

    /// The next frame. After anything but `frame` the same answer again.
    ReadStatus next(CapturedFrame& frame);

    /// Where and how the capture broke, after ReadStatus::broken.
    const Error& trouble() const { return trouble_; }
    const Input& input() const { return *input_; }
    std::uint64_t frames() const { return frames_; }

  private:
    explicit CaptureReader(std::unique_ptr<Input> input);
    ReadStatus stop_at(ReadStatus status);

    std::unique_ptr<Input> input_;
    std::unique_ptr<FrameFormat> format_;
    std::vector<std::uint8_t> filled_;  ///< room for a cut frame
    std::uint64_t frames_ = 0;
    ReadStatus last_ = ReadStatus::frame;
    Error trouble_;
};

/// Several captures as one, by time; frames of the same time in the order of the captures, those of one
/// capture always in their own order. One that breaks ends there, the others go on.
class CaptureMerge {
  public:
    explicit CaptureMerge(std::vector<std::unique_ptr<CaptureReader>> readers);

    /// The next frame of all, or end, or interrupted. Cost: log of the number of captures.
    ReadStatus next(CapturedFrame& frame);

    /// The link types of the first frames of all; reads them ahead.
    std::vector<LinkNumber> first_links();

    /// What broke so far.
    const std::vector<Error>& troubles() const { return troubles_; }
    const std::vector<std::unique_ptr<CaptureReader>>& readers() const { return readers_; }
    /// Bytes of the files read so far and in all; the latter 0 if it is not known of one.
    std::uint64_t file_offset() const;
    std::uint64_t file_size() const;

  private:
    bool is_later(std::uint32_t a, std::uint32_t b) const;
    void start();
    void pull(std::uint32_t index);

    std::vector<std::unique_ptr<CaptureReader>> readers_;
    std::vector<CapturedFrame> heads_;  ///< the next frame of each reader
    std::vector<std::uint32_t> heap_;   ///< readers that have a head; the earliest on top
    std::vector<Error> troubles_;
    std::uint32_t given_ = 0;  ///< whose head was given last, and is to be replaced
    bool has_given_ = false;
    bool started_ = false;
    bool interrupted_ = false;
};

}  // namespace keepstate::io
