// The four kinds of bytes of a pcapng block: numbers, options, padding, and the length twice.
// source: draft-ietf-opsawg-pcapng.
#include "io/capture_writer.hpp"

#include <algorithm>

#include "keepstate/engine.hpp"

namespace keepstate::io {
namespace {

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionComment = 1;
constexpr std::uint16_t kOptionApplication = 4;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOutbound = 2;  ///< the direction bits of the flags option
constexpr std::uint16_t kOptionFlags = 2;

void put16(std::string& out, std::uint32_t value) {
    out += static_cast<char>(value & 0xff);
    out += static_cast<char>(value >> 8 & 0xff);
}

void put32(std::string& out, std::uint32_t value) {
    put16(out, value);
    put16(out, value >> 16);
}

void pad(std::string& out) {
    while (out.size() % 4 != 0) out += '\0';
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
    value = value.substr(0, 0xffff);
    put16(out, code);
    put16(out, static_cast<std::uint32_t>(value.size()));
    out += value;
    pad(out);
}

void begin_block(std::string& block, std::uint32_t type) {
    block.clear();
    put32(block, type);
    put32(block, 0);
}

void end_block(std::string& block) {
    put16(block, kOptionEnd);
    put16(block, 0);
    const auto length = static_cast<std::uint32_t>(block.size() + 4);
    put32(block, length);
    for (std::size_t i = 0; i < 4; ++i) block[4 + i] = static_cast<char>(length >> 8 * i & 0xff);
}

}  // namespace

CaptureWriter::CaptureWriter(Output& output) : output_(output) {
    begin_block(block_, 0x0a0d0d0a);
    put32(block_, 0x1a2b3c4d);
    put16(block_, 1);
    put16(block_, 0);
    put32(block_, 0xffffffff);  // the section's length is not known
    put32(block_, 0xffffffff);
    put_option(block_, kOptionApplication, "keepstate replay");
    end_block(block_);
    output_.write(block_);
    begin_block(block_, 1);
    put16(block_, kLinkRaw);
    put16(block_, 0);
    put32(block_, 0);  // no snapshot length
    put_option(block_, kOptionResolution, "\x09");
    end_block(block_);
    output_.write(block_);
}

void CaptureWriter::write(Time time, std::span<const std::uint8_t> ip, std::string_view comment) {
    const auto stamp = static_cast<std::uint64_t>(std::max<std::int64_t>(time.ns, 0));
    begin_block(block_, 6);
    put32(block_, 0);  // the interface
    put32(block_, static_cast<std::uint32_t>(stamp >> 32));
    put32(block_, static_cast<std::uint32_t>(stamp));
    put32(block_, static_cast<std::uint32_t>(ip.size()));
    put32(block_, static_cast<std::uint32_t>(ip.size()));
    block_.append(ip.begin(), ip.end());
    pad(block_);
    std::string flags;
    put32(flags, kOutbound);
    put_option(block_, kOptionFlags, flags);
    if (!comment.empty()) put_option(block_, kOptionComment, comment);
    end_block(block_);
    output_.write(block_);
}

}  // namespace keepstate::io
