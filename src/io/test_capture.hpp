// For tests only: captures made in memory, and files that vanish with the test.
#pragma once

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace keepstate::io::test {

/// A file in a directory of its own, removed at the end.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& content = {}) {
        std::string pattern = "/tmp/keepstate-test-XXXXXX";
        const int fd = ::mkstemp(pattern.data());
        name_ = pattern;
        std::size_t done = 0;
        while (fd >= 0 && done < content.size()) {
            const ssize_t now = ::write(fd, content.data() + done, content.size() - done);
            if (now <= 0) break;
            done += static_cast<std::size_t>(now);
        }
        if (fd >= 0) ::close(fd);
    }
    ~TemporaryFile() { ::unlink(name_.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string& name() const { return name_; }
    std::string content() const {
        std::string all;
        std::FILE* file = std::fopen(name_.c_str(), "rb");
        char block[4096];
        for (std::size_t got;
             file != nullptr && (got = std::fread(block, 1, sizeof block, file)) > 0;) {
            all.append(block, got);
        }
        if (file != nullptr) std::fclose(file);
        return all;
    }

  private:
    std::string name_;
};

/// Bytes in either order.
class Bytes {
  public:
    explicit Bytes(bool big_endian = false) : big_endian_(big_endian) {}
    Bytes& u16(std::uint32_t value) { return number(value, 2); }
    Bytes& u32(std::uint64_t value) { return number(value, 4); }
    Bytes& text(const std::string& more) {
        all_ += more;
        return *this;
    }
    const std::string& all() const { return all_; }

  private:
    Bytes& number(std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i) {
            const int shift = 8 * (big_endian_ ? size - 1 - i : i);
            all_ += static_cast<char>(value >> shift & 0xff);
        }
        return *this;
    }
    bool big_endian_;
    std::string all_;
};

struct PcapShape {
    bool big_endian = false;
    std::uint32_t magic = 0xa1b2c3d4;
    std::uint32_t link = 1;
    std::uint32_t minor = 4;
};

inline std::string pcap_header(const PcapShape& shape = {}) {
    return Bytes(shape.big_endian)
        .u32(shape.magic)
        .u16(2)
        .u16(shape.minor)
        .u32(0)
        .u32(0)
        .u32(262144)
        .u32(shape.link)
        .all();
}

inline std::string pcap_record(const std::string& bytes, std::uint32_t seconds,
                               std::uint32_t fraction, const PcapShape& shape = {},
                               std::uint32_t original = 0) {
    Bytes record(shape.big_endian);
    record.u32(seconds)
        .u32(fraction)
        .u32(bytes.size())
        .u32(original != 0 ? original : bytes.size());
    if (shape.magic == 0xa1b2cd34) record.u32(0).u32(0);
    return record.text(bytes).all();
}

/// A pcapng block; the body is padded.
inline std::string ng_block(std::uint32_t type, std::string body, bool big_endian = false) {
    while (body.size() % 4 != 0) body += '\0';
    const std::size_t length = body.size() + 12;
    return Bytes(big_endian).u32(type).u32(length).text(body).u32(length).all();
}

inline std::string ng_section(bool big_endian = false) {
    return ng_block(
        0x0a0d0d0a,
        Bytes(big_endian).u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).all(),
        big_endian);
}

inline std::string ng_interface(std::uint32_t link, bool big_endian = false,
                                const std::string& options = {}) {
    return ng_block(1, Bytes(big_endian).u16(link).u16(0).u32(0).text(options).all(), big_endian);
}

inline std::string ng_packet(const std::string& bytes, std::uint32_t interface, std::uint64_t stamp,
                             bool big_endian = false) {
    return ng_block(6,
                    Bytes(big_endian)
                        .u32(interface)
                        .u32(stamp >> 32)
                        .u32(stamp & 0xffffffff)
                        .u32(bytes.size())
                        .u32(bytes.size())
                        .text(bytes)
                        .all(),
                    big_endian);
}

inline std::string gzip(const std::string& plain) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::vector<Bytef> input(plain.begin(), plain.end());
    std::string out(deflateBound(&stream, static_cast<uLong>(plain.size())) + 64, '\0');
    std::vector<Bytef> output(out.size());
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    deflate(&stream, Z_FINISH);
    const std::size_t size = output.size() - stream.avail_out;
    deflateEnd(&stream);
    return std::string(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(size));
}

/// With a checksum, as the program zstd writes it.
inline std::string zstd(const std::string& plain) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    std::string out(ZSTD_compressBound(plain.size()) + 8, '\0');
    out.resize(ZSTD_compress2(context, out.data(), out.size(), plain.data(), plain.size()));
    ZSTD_freeCCtx(context);
    return out;
}

}  // namespace keepstate::io::test
