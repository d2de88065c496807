// pcapng: a run of blocks, of which those that matter here are
//
//     section header  0a0d0d0a   byte order of what follows; the interfaces begin anew
//     interface       1          link type, snapshot length, resolution and offset of the stamps
//     packet          6          interface, stamp, bytes captured, bytes on the wire, the bytes
//     simple packet   3          bytes on the wire, the bytes; no stamp: that of the packet before it
//     old packet      2          like 6, obsolete
//
// each as type 4 | length 4 | body | length 4. All others are passed over.
// source: draft-ietf-opsawg-pcapng.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "io/frame_format.hpp"

namespace keepstate::io {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kOldPacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kMaxBlockBytes = 16 * 1024 * 1024;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionOffset = 14;

__extension__ typedef unsigned __int128 Wide;

struct Interface {
    LinkNumber link = 0;
    std::uint32_t snapshot_bytes = 0;
    std::uint8_t resolution = 6;  ///< as written: 10^-n, or 2^-n with the top bit
    std::int64_t offset_s = 0;

    bool finer_than_us() const {
        return (resolution & 0x80) != 0 ? (resolution & 0x7f) > 20 : resolution > 6;
    }
};

/// A stamp in the interface's unit as nanoseconds; what does not fit becomes the last Time there is.
Time to_time(const Interface& interface, std::uint64_t stamp) {
    Wide ns = 0;
    const int exponent = interface.resolution & 0x7f;
    if ((interface.resolution & 0x80) != 0) {
        ns = exponent > 93 ? 0 : Wide{stamp} * 1'000'000'000 >> exponent;
    } else {
        ns = stamp;
        for (int i = exponent; i < 9; ++i) ns *= 10;
        for (int i = exponent; i > 9 && ns != 0; --i) ns /= 10;
    }
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max() / 2;
    const std::int64_t limited = ns > Wide{static_cast<std::uint64_t>(kLast)}
                                     ? kLast
                                     : static_cast<std::int64_t>(static_cast<std::uint64_t>(ns));
    const std::int64_t offset_s =
        std::clamp(interface.offset_s, -kLast / kNsPerSecond, kLast / kNsPerSecond);
    return Time{limited} + offset_s * kNsPerSecond;
}

class PcapngFormat final : public FrameFormat {
  public:
    explicit PcapngFormat(Input& input) : input_(input) {}

    ReadStatus next(StoredFrame& frame) override {
        for (;;) {
            const std::span<const std::uint8_t> head = input_.peek(12);
            if (head.empty()) return ReadStatus::end;
            if (head.size() < 12) return broken("the block header is cut off");
            if (FileOrder().u32(head.data()) == kSectionHeader && !begin_section(head.data() + 8)) {
                return broken("the section header is damaged");
            }
            const std::uint32_t type = order_.u32(head.data());
            const std::uint32_t length = order_.u32(head.data() + 4);
            if (length < 12 || length % 4 != 0) {
                return broken("the block claims " + std::to_string(length) + " bytes");
            }
            if (type != kInterface && type != kPacket && type != kSimplePacket &&
                type != kOldPacket) {
                if (!input_.skip(length)) return broken("the block is cut off");
                continue;
            }
            if (length > kMaxBlockBytes) {
                return broken("the block claims " + std::to_string(length) + " bytes");
            }
            const std::span<const std::uint8_t> block = input_.take(length);
            if (block.size() < length) return broken("the block is cut off");
            if (order_.u32(block.data() + length - 4) != length) {
                return broken("the two lengths of the block differ");
            }
            const std::span<const std::uint8_t> body = block.subspan(8, length - 12);
            if (type == kInterface) {
                if (!add_interface(body)) return broken("the interface block is too short");
                continue;
            }
            return read_packet(type, body, frame);
        }
    }

  private:
    bool begin_section(const std::uint8_t* magic) {
        order_ = FileOrder(FileOrder(true).u32(magic) == kByteOrderMagic);
        interfaces_.clear();
        return order_.u32(magic) == kByteOrderMagic;
    }

    bool add_interface(std::span<const std::uint8_t> body) {
        if (body.size() < 8) return false;
        Interface interface;
        interface.link = clean_link(order_.u16(body.data()));
        interface.snapshot_bytes = order_.u32(body.data() + 4);
        std::span<const std::uint8_t> options = body.subspan(8);
        while (options.size() >= 4) {
            const std::uint16_t code = order_.u16(options.data());
            const std::size_t length = order_.u16(options.data() + 2);
            const std::size_t padded = 4 + (length + 3) / 4 * 4;
            if (code == 0 || padded > options.size()) break;
            const std::uint8_t* value = options.data() + 4;
            if (code == kOptionResolution && length >= 1) interface.resolution = *value;
            if (code == kOptionOffset && length >= 8) {
                interface.offset_s = static_cast<std::int64_t>(order_.u64(value));
            }
            options = options.subspan(padded);
        }
        interfaces_.push_back(interface);
        return true;
    }

    ReadStatus read_packet(std::uint32_t type, std::span<const std::uint8_t> body,
                           StoredFrame& frame) {
        const std::size_t fixed = type == kSimplePacket ? 4 : 20;
        if (body.size() < fixed) return broken("the packet block is too short");
        const std::uint8_t* at = body.data();
        std::uint32_t index = 0;
        if (type == kPacket) index = order_.u32(at);
        if (type == kOldPacket) index = order_.u16(at);
        if (index >= interfaces_.size()) {
            return broken("the packet names interface " + std::to_string(index) +
                          ", which is not described");
        }
        const Interface& interface = interfaces_[index];
        std::uint32_t captured = 0;
        if (type == kSimplePacket) {
            frame.original_bytes = order_.u32(at);
            captured = frame.original_bytes;
            if (interface.snapshot_bytes != 0)
                captured = std::min(captured, interface.snapshot_bytes);
            captured = std::min(captured, static_cast<std::uint32_t>(body.size() - fixed));
        } else {
            const std::uint64_t stamp =
                std::uint64_t{order_.u32(at + 4)} << 32 | order_.u32(at + 8);
            last_time_ = to_time(interface, stamp);
            captured = order_.u32(at + 12);
            frame.original_bytes = order_.u32(at + 16);
        }
        if (captured > body.size() - fixed || captured > kMaxFrameBytes) {
            return broken("the packet claims " + std::to_string(captured) + " bytes");
        }
        frame.time = last_time_;
        frame.finer_than_us = interface.finer_than_us();
        frame.link = interface.link;
        frame.bytes = body.subspan(fixed, captured);
        return ReadStatus::frame;
    }

    Input& input_;
    FileOrder order_;
    std::vector<Interface> interfaces_;
    Time last_time_;
};

}  // namespace

std::unique_ptr<FrameFormat> make_pcapng_format(Input& input) {
    const std::span<const std::uint8_t> first = input.peek(12);
    if (first.size() < 4 || FileOrder().u32(first.data()) != kSectionHeader) return nullptr;
    // A section header without its byte-order magic could be anything; one that is cut off is a break.
    if (first.size() == 12 && FileOrder(false).u32(first.data() + 8) != kByteOrderMagic &&
        FileOrder(true).u32(first.data() + 8) != kByteOrderMagic) {
        return nullptr;
    }
    return std::make_unique<PcapngFormat>(input);
}

}  // namespace keepstate::io
