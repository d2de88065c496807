// A file or stdout that results are written to.
//
// Opened before the work begins, so that an unwritable place is found out at once and not after an hour.
// Writing never fails in the middle of something else: the first error is kept, later bytes are thrown
// away, and flush() or close() tell.
//
// Threads: one owner.  Tested by: io/output_test.cpp, tests/program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "keepstate/result.hpp"

namespace keepstate::io {

class Output {
  public:
    /// Creates or empties a file; "-" is stdout. Errors: ErrorKind::system.
    static Result<std::unique_ptr<Output>> open(const std::string& name);
    /// Closes without telling; call close() to know.
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// Appends. Cost: a copy; a system call each 64 KiB.
    void write(std::string_view text);
    void write(std::span<const std::uint8_t> bytes);
    /// Hands everything to the system. Errors: the first that any write had, told once.
    Result<void> flush();
    /// flush(), then closes (but for stdout), which on some file systems is when an error shows.
    Result<void> close();

    bool has_failed() const { return error_number_ != 0; }
    /// Whether it failed because nobody reads it any more (`| head`): no trouble worth a word.
    bool is_abandoned() const;
    const std::string& name() const { return name_; }

  private:
    Output(std::string name, int fd);
    void drain();

    std::string name_;
    int fd_;
    int error_number_ = 0;
    bool told_ = false;
    std::string buffer_;
};

}  // namespace keepstate::io
