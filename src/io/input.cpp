// The window over a decoder's bytes.
//
//     window_  [ consumed | not yet consumed | free ]
//              0        begin_             end_     capacity_
//
// When a run is asked that the window does not hold, what is left moves to the front and the rest is
// filled. The window grows only for a run that is longer than it, and only up to that run.
#include "io/input.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "io/decoder.hpp"
#include "io/system_text.hpp"

namespace keepstate::io {
namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;

}  // namespace

Input::Input(std::string name)
    : name_(std::move(name)),
      window_(std::make_unique_for_overwrite<std::uint8_t[]>(kWindowBytes)),
      capacity_(kWindowBytes) {}

Input::~Input() = default;

Result<std::unique_ptr<Input>> Input::open(const std::string& name, const std::atomic<bool>* stop) {
    int fd = STDIN_FILENO;
    if (name != "-") {
        fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) return Unexpected(system_error(name, errno));
    }
    auto file = std::make_unique<RawFile>(fd, stop);
    file->look(4);  // finds out at once about a directory, for one
    if (file->trouble() == Trouble::system) {
        return Unexpected(Error::of_file(ErrorKind::system, name, file->words()));
    }
    std::unique_ptr<Input> input(new Input(name));
    input->decoder_ = make_decoder(std::move(file));
    return input;
}

void Input::fill(std::size_t count) {
    if (count > capacity_) {
        auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(count);
        std::memcpy(larger.get(), window_.get() + begin_, end_ - begin_);
        window_ = std::move(larger);
        capacity_ = count;
    } else {
        std::memmove(window_.get(), window_.get() + begin_, end_ - begin_);
    }
    end_ -= begin_;
    begin_ = 0;
    while (end_ < count && !ended_) {
        const std::size_t got = decoder_->read(window_.get() + end_, capacity_ - end_);
        end_ += got;
        if (got == 0) {
            ended_ = true;
            trouble_ = decoder_->trouble();
            words_ = decoder_->words();
        }
    }
}

std::span<const std::uint8_t> Input::peek(std::size_t count) {
    if (end_ - begin_ < count) fill(count);
    return {window_.get() + begin_, std::min(count, end_ - begin_)};
}

std::span<const std::uint8_t> Input::take(std::size_t count) {
    const std::span<const std::uint8_t> run = peek(count);
    begin_ += run.size();
    consumed_ += run.size();
    return run;
}

bool Input::skip(std::uint64_t count) {
    while (count > 0) {
        const std::size_t step =
            static_cast<std::size_t>(std::min<std::uint64_t>(count, kWindowBytes));
        if (take(step).size() < step) return false;
        count -= step;
    }
    return true;
}

std::uint64_t Input::file_offset() const { return decoder_->file().offset(); }

std::uint64_t Input::file_size() const {
    struct stat facts {};
    if (::fstat(decoder_->file().fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) return 0;
    return static_cast<std::uint64_t>(facts.st_size);
}

bool Input::is_same_file(const std::string& other_name) const {
    struct stat mine {};
    struct stat other {};
    if (::fstat(decoder_->file().fd(), &mine) != 0 || !S_ISREG(mine.st_mode)) return false;
    if (::stat(other_name.c_str(), &other) != 0) return false;
    return mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

Result<std::string> read_text_file(const std::string& name) {
    Result<std::unique_ptr<Input>> input = Input::open(name);
    if (!input) return Unexpected(std::move(input.error()));
    std::string text;
    for (;;) {
        const std::span<const std::uint8_t> run = (*input)->take(kWindowBytes);
        if (run.empty()) break;
        text.append(run.begin(), run.end());
    }
    if ((*input)->trouble() != Trouble::none) {
        return Unexpected(Error::of_file(ErrorKind::system, name, (*input)->trouble_words()));
    }
    return text;
}

}  // namespace keepstate::io
