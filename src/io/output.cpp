// write(2) behind a buffer.
#include "io/output.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "io/system_text.hpp"

namespace keepstate::io {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

}  // namespace

Output::Output(std::string name, int fd) : name_(std::move(name)), fd_(fd) {
    buffer_.reserve(kBufferBytes * 2);
}

Result<std::unique_ptr<Output>> Output::open(const std::string& name) {
    int fd = STDOUT_FILENO;
    if (name != "-") {
        fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0) return Unexpected(system_error(name, errno));
    }
    return std::unique_ptr<Output>(new Output(name, fd));
}

Output::~Output() {
    drain();
    if (fd_ > STDERR_FILENO) ::close(fd_);
}

void Output::drain() {
    const char* at = buffer_.data();
    std::size_t left = buffer_.size();
    while (left > 0 && error_number_ == 0) {
        const ssize_t done = ::write(fd_, at, left);
        if (done > 0) {
            at += done;
            left -= static_cast<std::size_t>(done);
        } else if (done < 0 && errno != EINTR) {
            error_number_ = errno;
        }
    }
    buffer_.clear();
}

void Output::write(std::string_view text) {
    if (error_number_ != 0) return;
    buffer_.append(text);
    if (buffer_.size() >= kBufferBytes) drain();
}

void Output::write(std::span<const std::uint8_t> bytes) {
    if (error_number_ != 0) return;
    buffer_.append(bytes.begin(), bytes.end());
    if (buffer_.size() >= kBufferBytes) drain();
}

Result<void> Output::flush() {
    drain();
    if (error_number_ == 0 || told_) return {};
    told_ = true;
    return Unexpected(system_error(name_ == "-" ? "standard output" : name_, error_number_));
}

Result<void> Output::close() {
    drain();
    if (fd_ > STDERR_FILENO) {
        if (::close(fd_) != 0 && error_number_ == 0) error_number_ = errno;
        fd_ = -1;
    }
    return flush();
}

bool Output::is_abandoned() const { return error_number_ == EPIPE; }

}  // namespace keepstate::io
