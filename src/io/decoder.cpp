// The three decoders: as it is, gzip by zlib, zstd by libzstd.
//
// gzip files may be several members one after the other (`cat a.gz b.gz`, bgzip, pigz -i), zstd files
// several frames; both are one stream here. Bytes behind the last gzip member that are no member are
// trailing garbage, which gzip passes over too.
#include "io/decoder.hpp"

#include <errno.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "io/system_text.hpp"

namespace keepstate::io {
namespace {

constexpr std::size_t kBlockBytes = 128 * 1024;

class PlainDecoder final : public Decoder {
  public:
    using Decoder::Decoder;
    std::size_t read(std::uint8_t* to, std::size_t size) override { return file_->read(to, size); }
};

class GzipDecoder final : public Decoder {
  public:
    explicit GzipDecoder(std::unique_ptr<RawFile> file)
        : Decoder(std::move(file)), block_(std::make_unique<std::uint8_t[]>(kBlockBytes)) {
        ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // 16: a gzip header is there
    }
    ~GzipDecoder() override {
        if (ready_) inflateEnd(&stream_);
    }

    std::size_t read(std::uint8_t* to, std::size_t size) override {
        if (!ready_) return fail(Trouble::system, "no memory for the gzip decoder");
        stream_.next_out = to;
        stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, UINT32_MAX));
        const uInt wanted = stream_.avail_out;
        while (stream_.avail_out == wanted && trouble_ == Trouble::none) {
            if (stream_.avail_in == 0 && !refill()) break;
            if (between_members_ && !begin_member()) break;
            step();
        }
        return wanted - stream_.avail_out;
    }

  private:
    bool refill() {
        const std::size_t got = file_->read(block_.get(), kBlockBytes);
        stream_.next_in = block_.get();
        stream_.avail_in = static_cast<uInt>(got);
        if (got == 0 && !between_members_ && file_->trouble() == Trouble::none) {
            fail(Trouble::cut_off, "the gzip stream is cut off");
        }
        return got != 0;
    }
    bool begin_member() {
        if (stream_.next_in[0] != 0x1f) {  // trailing garbage: nothing more is wanted
            stream_.avail_in = 0;
            while (file_->read(block_.get(), kBlockBytes) != 0) {
            }
            return false;
        }
        between_members_ = false;
        return inflateReset(&stream_) == Z_OK;
    }
    void step() {
        const int answer = inflate(&stream_, Z_NO_FLUSH);
        if (answer == Z_STREAM_END) {
            between_members_ = true;
        } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
            fail(Trouble::damaged,
                 std::string("the gzip stream is damaged") +
                     (stream_.msg != nullptr ? " (" + std::string(stream_.msg) + ")"
                                             : std::string()));
        }
    }

    z_stream stream_{};
    std::unique_ptr<std::uint8_t[]> block_;
    bool ready_ = false;
    bool between_members_ = false;
};

class ZstdDecoder final : public Decoder {
  public:
    explicit ZstdDecoder(std::unique_ptr<RawFile> file)
        : Decoder(std::move(file)),
          block_(std::make_unique<std::uint8_t[]>(kBlockBytes)),
          stream_(ZSTD_createDStream()) {}
    ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

    std::size_t read(std::uint8_t* to, std::size_t size) override {
        if (stream_ == nullptr) return fail(Trouble::system, "no memory for the zstd decoder");
        ZSTD_outBuffer out{to, size, 0};
        while (out.pos == 0 && trouble_ == Trouble::none) {
            const bool has_input = in_.pos < in_.size;
            if ((has_input || inside_frame_) && !step(out)) break;
            if (out.pos == 0 && in_.pos == in_.size && !refill()) break;
        }
        return out.pos;
    }

  private:
    /// One call of the library. Without input it gives what it had no room for the last time.
    bool step(ZSTD_outBuffer& out) {
        const std::size_t answer = ZSTD_decompressStream(stream_, &out, &in_);
        if (ZSTD_isError(answer) != 0) {
            fail(Trouble::damaged,
                 std::string("the zstd stream is damaged (") + ZSTD_getErrorName(answer) + ")");
            return false;
        }
        inside_frame_ = answer != 0;
        return true;
    }
    bool refill() {
        const std::size_t got = file_->read(block_.get(), kBlockBytes);
        in_ = {block_.get(), got, 0};
        if (got == 0 && inside_frame_ && file_->trouble() == Trouble::none) {
            fail(Trouble::cut_off, "the zstd stream is cut off");
        }
        return got != 0;
    }

    std::unique_ptr<std::uint8_t[]> block_;
    ZSTD_DStream* stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool inside_frame_ = false;
};

bool looks_like_gzip(std::span<const std::uint8_t> first) {
    return first.size() >= 2 && first[0] == 0x1f && first[1] == 0x8b;
}

bool looks_like_zstd(std::span<const std::uint8_t> first) {
    if (first.size() < 4) return false;
    const bool frame = first[0] == 0x28 && first[1] == 0xb5 && first[2] == 0x2f && first[3] == 0xfd;
    const bool skippable =
        (first[0] & 0xf0) == 0x50 && first[1] == 0x2a && first[2] == 0x4d && first[3] == 0x18;
    return frame || skippable;
}

}  // namespace

RawFile::~RawFile() {
    if (fd_ > 0) ::close(fd_);
}

std::size_t RawFile::read_fd(std::uint8_t* to, std::size_t size) {
    if (trouble_ != Trouble::none) return 0;
    for (;;) {
        const ssize_t got = ::read(fd_, to, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) {
            trouble_ = Trouble::system;
            words_ = system_words(errno);
            return 0;
        }
        if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) {
            trouble_ = Trouble::interrupted;
            words_ = "interrupted";
            return 0;
        }
    }
}

std::size_t RawFile::read(std::uint8_t* to, std::size_t size) {
    if (looked_begin_ < looked_end_) {
        const std::size_t given = std::min(size, looked_end_ - looked_begin_);
        std::memcpy(to, looked_.data() + looked_begin_, given);
        looked_begin_ += given;
        offset_ += given;
        return given;
    }
    const std::size_t got = read_fd(to, size);
    offset_ += got;
    return got;
}

std::span<const std::uint8_t> RawFile::look(std::size_t count) {
    count = std::min(count, looked_.size());
    while (looked_end_ < count) {
        const std::size_t got = read_fd(looked_.data() + looked_end_, count - looked_end_);
        if (got == 0) break;
        looked_end_ += got;
    }
    return {looked_.data(), looked_end_};
}

std::size_t Decoder::fail(Trouble trouble, std::string words) {
    trouble_ = trouble;
    words_ = std::move(words);
    return 0;
}

std::unique_ptr<Decoder> make_decoder(std::unique_ptr<RawFile> file) {
    const std::span<const std::uint8_t> first = file->look(4);
    if (looks_like_gzip(first)) return std::make_unique<GzipDecoder>(std::move(file));
    if (looks_like_zstd(first)) return std::make_unique<ZstdDecoder>(std::move(file));
    return std::make_unique<PlainDecoder>(std::move(file));
}

}  // namespace keepstate::io
