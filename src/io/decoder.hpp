// Where an Input's bytes come from: a file descriptor, and what stands between it and the bytes.
//
//     fd -> RawFile -> PlainDecoder | GzipDecoder | ZstdDecoder -> Input's window
//
// A decoder never buffers more than one block of compressed bytes. It reports a break once, by its
// trouble, and then gives no more bytes.
//
// Threads: one owner.  Tested by: io/input_test.cpp.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/input.hpp"

namespace keepstate::io {

/// A file descriptor that is read in blocks. Owns it, but for stdin.
class RawFile {
  public:
    RawFile(int fd, const std::atomic<bool>* stop) : fd_(fd), stop_(stop) {}
    ~RawFile();
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    /// Up to `size` bytes; 0 at the end and at trouble.
    std::size_t read(std::uint8_t* to, std::size_t size);
    /// The bytes that were read to find out what the stream is; they are given again by read().
    std::span<const std::uint8_t> look(std::size_t count);

    int fd() const { return fd_; }
    std::uint64_t offset() const { return offset_; }
    Trouble trouble() const { return trouble_; }
    const std::string& words() const { return words_; }

  private:
    std::size_t read_fd(std::uint8_t* to, std::size_t size);

    int fd_;
    const std::atomic<bool>* stop_;
    std::array<std::uint8_t, 8> looked_{};
    std::size_t looked_begin_ = 0;
    std::size_t looked_end_ = 0;
    std::uint64_t offset_ = 0;
    Trouble trouble_ = Trouble::none;
    std::string words_;
};

class Decoder {
  public:
    explicit Decoder(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Up to `size` bytes; 0 at the end and at trouble.
    virtual std::size_t read(std::uint8_t* to, std::size_t size) = 0;

    const RawFile& file() const { return *file_; }
    Trouble trouble() const { return trouble_ != Trouble::none ? trouble_ : file_->trouble(); }
    const std::string& words() const { return trouble_ != Trouble::none ? words_ : file_->words(); }

  protected:
    std::size_t fail(Trouble trouble, std::string words);

    std::unique_ptr<RawFile> file_;
    Trouble trouble_ = Trouble::none;
    std::string words_;
};

/// The decoder that fits the stream's first bytes. Null only if a library has no memory.
std::unique_ptr<Decoder> make_decoder(std::unique_ptr<RawFile> file);

}  // namespace keepstate::io
