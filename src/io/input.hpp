// A file or stdin as a stream of bytes that is decompressed on the way.
//
//     open(name) -> peek / take / skip ... -> fewer bytes than asked: the end, or a break (trouble())
//
// What the stream is shows its first bytes, not its name: 1f 8b is gzip, 28 b5 2f fd (or a skippable
// frame) is zstd, anything else is taken as it is. So `zcat`, `ssh host tcpdump -w -` and a file with
// the wrong suffix all work. One window of the stream is kept in memory, so memory does not depend on
// the size of the input.
//
// Threads: one stream belongs to one thread; `stop` may be set by a signal.
// Tested by: io/input_test.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "keepstate/result.hpp"

namespace keepstate::io {

/// Why a stream ended before its end.
enum class Trouble : std::uint8_t {
    none,         ///< it did not: this is its end
    cut_off,      ///< compressed data that stops in the middle
    damaged,      ///< compressed data that contradicts itself
    system,       ///< read() failed
    interrupted,  ///< `stop` was set while waiting for bytes
};

class Decoder;

class Input {
  public:
    /// Opens a file, or stdin for "-". Errors: ErrorKind::system. `stop`, if not null, is looked at
    /// when a read is interrupted by a signal, and must outlive the Input.
    static Result<std::unique_ptr<Input>> open(const std::string& name,
                                               const std::atomic<bool>* stop = nullptr);
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    /// The next `count` bytes in one run, without consuming them; fewer only where the stream ends or
    /// breaks. Good until the next call. Cost: amortised one copy of at most `count` bytes a window.
    std::span<const std::uint8_t> peek(std::size_t count);
    /// The same, consumed.
    std::span<const std::uint8_t> take(std::size_t count);
    /// Passes over `count` bytes; false if the stream ended or broke before that.
    bool skip(std::uint64_t count);

    Trouble trouble() const { return trouble_; }
    /// One clause about the trouble: "the gzip stream is cut off". Empty without trouble.
    const std::string& trouble_words() const { return words_; }

    const std::string& name() const { return name_; }
    /// Bytes consumed so far, after decompression.
    std::uint64_t offset() const { return consumed_; }
    /// Bytes read from the file so far, before decompression.
    std::uint64_t file_offset() const;
    /// The file's size; 0 if it is no regular file.
    std::uint64_t file_size() const;
    /// Whether `other_name` is the same regular file as this one (two paths may name one file).
    bool is_same_file(const std::string& other_name) const;

  private:
    explicit Input(std::string name);
    void fill(std::size_t count);

    std::string name_;
    std::unique_ptr<Decoder> decoder_;
    std::unique_ptr<std::uint8_t[]> window_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  ///< first byte of the window that is not consumed
    std::size_t end_ = 0;    ///< behind its last byte
    std::uint64_t consumed_ = 0;
    Trouble trouble_ = Trouble::none;
    std::string words_;
    bool ended_ = false;
};

/// The whole of a file, or of stdin for "-", as text. Errors: ErrorKind::system. For rulesets; a
/// compressed file is decompressed.
Result<std::string> read_text_file(const std::string& name);

}  // namespace keepstate::io
