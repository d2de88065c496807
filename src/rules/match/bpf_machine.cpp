// See bpf_machine.hpp.
#include "rules/match/bpf_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "keepstate/tuple.hpp"

namespace keepstate::rules::match {

namespace {

/// Fields of an instruction's code.
namespace code {
enum Class : unsigned { kLd = 0, kLdx, kSt, kStx, kAlu, kJmp, kRet, kMisc };
enum Size : unsigned { kWord = 0x00, kHalf = 0x08, kByte = 0x10 };
enum Mode : unsigned {
    kImm = 0x00,
    kAbs = 0x20,
    kInd = 0x40,
    kMem = 0x60,
    kLen = 0x80,
    kMsh = 0xa0
};
enum Jump : unsigned { kJa = 0x00, kJeq = 0x10, kJgt = 0x20, kJge = 0x30, kJset = 0x40 };
enum Alu : unsigned {
    kAdd = 0x00,
    kSub = 0x10,
    kMul = 0x20,
    kDiv = 0x30,
    kOr = 0x40,
    kAnd = 0x50,
    kLsh = 0x60,
    kRsh = 0x70,
    kNeg = 0x80,
    kMod = 0x90,
    kXor = 0xa0
};
constexpr unsigned kX = 0x08;      ///< operand: X, not k
constexpr unsigned kFromA = 0x10;  ///< return A, not k
constexpr unsigned kTxa = 0x80;
}  // namespace code

constexpr std::size_t kMemory = 16;

/// Offsets into the ancillary area, and where the areas begin.
enum Ancillary : std::uint32_t {
    kProtocol = 0,
    kPacketType = 4,
    kDevice = 8,
    kAttribute = 12,
    kNestedAttribute = 16,
    kMark = 20,
    kQueue = 24,
    kHardwareType = 28,
    kHash = 32,
    kCpu = 36,
    kXorX = 40,
    kVlanTag = 44,
    kVlanPresent = 48,
    kPayloadOffset = 52,
    kRandom = 56,
    kVlanProtocol = 60,
    kAncillaryEnd = 64,
};
constexpr std::uint32_t kAncillaryArea = 0xfffff000U;
constexpr std::uint32_t kNetworkArea = 0xfff00000U;

unsigned class_of(const BpfInstruction& each) { return each.code & 7U; }

bool is_load(const BpfInstruction& each, unsigned mode) {
    return class_of(each) == code::kLd && (each.code & 0xe0U) == mode;
}

bool is_known_load(unsigned rest, bool to_x) {
    const unsigned mode = rest & 0xe0U;
    const unsigned size = rest & 0x18U;
    if (mode == code::kMsh) return to_x && size == code::kByte;
    if (mode == code::kImm || mode == code::kMem || mode == code::kLen) return size == code::kWord;
    return !to_x && (mode == code::kAbs || mode == code::kInd) && size != 0x18U;
}

bool is_known(unsigned word) {
    if (word > 0xffU) return false;
    const unsigned rest = word & 0xf8U;
    const unsigned operation = rest & 0xf0U;
    switch (word & 7U) {
        case code::kLd: return is_known_load(rest, false);
        case code::kLdx: return is_known_load(rest, true);
        case code::kSt:
        case code::kStx: return rest == 0;
        case code::kAlu:
            return operation <= code::kXor && (operation != code::kNeg || (rest & code::kX) == 0);
        case code::kJmp:
            return operation <= code::kJset && (operation != code::kJa || (rest & code::kX) == 0);
        case code::kRet: return rest == 0 || rest == code::kFromA;
        default: return rest == 0 || rest == code::kTxa;
    }
}

bool uses_memory(const BpfInstruction& each) {
    const unsigned kind = class_of(each);
    const bool loads =
        (kind == code::kLd || kind == code::kLdx) && (each.code & 0xe0U) == code::kMem;
    return loads || kind == code::kSt || kind == code::kStx;
}

// What is wrong with one instruction by itself.
std::optional<std::string> check_one(const BpfInstruction& each, std::size_t left) {
    if (!is_known(each.code)) return fmt::format("there is no instruction {}", each.code);
    const unsigned operation = each.code & 0xf0U;
    const bool by_k = (each.code & code::kX) == 0;
    if (class_of(each) == code::kAlu && by_k) {
        if ((operation == code::kDiv || operation == code::kMod) && each.k == 0) {
            return "it divides by zero";
        }
        if ((operation == code::kLsh || operation == code::kRsh) && each.k >= 32) {
            return fmt::format("it shifts by {}", each.k);
        }
    }
    if (uses_memory(each) && each.k >= kMemory) {
        return fmt::format("it has no memory {}, only 0 to 15", each.k);
    }
    if (class_of(each) == code::kJmp) {
        const bool in_reach =
            operation == code::kJa ? each.k < left : each.if_true < left && each.if_false < left;
        if (!in_reach) return "it jumps past the end";
    }
    if (is_load(each, code::kAbs) && each.k >= kAncillaryArea) {
        const std::uint32_t what = each.k - kAncillaryArea;
        if (what % 4 != 0 || what >= kAncillaryEnd) return "it asks for what no kernel knows";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> check_bpf(std::span<const BpfInstruction> program) {
    // A bit for each word of memory that is written on every way to an instruction.
    std::array<std::uint16_t, 64> written{};
    if (program.empty() || program.size() > written.size()) return "1 to 64 instructions";
    written.fill(0xffff);
    unsigned now = 0;
    const auto meet = [&](std::size_t at, unsigned ways) {
        written[at] = static_cast<std::uint16_t>(written[at] & ways);
    };
    for (std::size_t i = 0; i < program.size(); ++i) {
        const BpfInstruction& each = program[i];
        if (auto fault = check_one(each, program.size() - i - 1)) {
            return fmt::format("instruction {}: {}", i, *fault);
        }
        now &= written[i];
        const unsigned kind = class_of(each);
        if (kind == code::kSt || kind == code::kStx) {
            now |= 1U << each.k;
        } else if (uses_memory(each) && (now >> each.k & 1U) == 0) {
            return fmt::format("instruction {}: memory {} was not written before", i, each.k);
        } else if (kind == code::kJmp) {
            if ((each.code & 0xf0U) == code::kJa) {
                meet(i + 1 + each.k, now);
            } else {
                meet(i + 1 + each.if_true, now);
                meet(i + 1 + each.if_false, now);
            }
            now = 0xffff;
        }
    }
    if (class_of(program.back()) != code::kRet) return "the last instruction is no return";
    return std::nullopt;
}

namespace {

class Machine {
  public:
    explicit Machine(Context& context) : context_(context), ip_(context.packet->ip) {}

    std::uint32_t run(std::span<const BpfInstruction> program) {
        for (std::size_t at = 0; at < program.size(); ++at) {
            const BpfInstruction& each = program[at];
            switch (class_of(each)) {
                case code::kLd:
                    if (!load(each)) return 0;
                    break;
                case code::kLdx:
                    if (!load_x(each)) return 0;
                    break;
                case code::kSt: memory_[each.k] = a_; break;
                case code::kStx: memory_[each.k] = x_; break;
                case code::kAlu:
                    if (!calculate(each)) return 0;
                    break;
                case code::kJmp: at += jump(each); break;
                case code::kRet: return (each.code & code::kFromA) != 0 ? a_ : each.k;
                default:
                    ((each.code & code::kTxa) != 0 ? a_ : x_) =
                        (each.code & code::kTxa) != 0 ? x_ : a_;
            }
        }
        return 0;
    }

  private:
    // Offsets below zero are counted from the network header, far below it; nothing else is there.
    std::optional<std::uint32_t> bytes_at(std::uint32_t offset, unsigned size) const {
        if (offset >= kNetworkArea) offset -= kNetworkArea;
        switch (size) {
            case code::kWord:
                if (ip_.has(offset, 4)) return ip_.be32(offset);
                break;
            case code::kHalf:
                if (ip_.has(offset, 2)) return ip_.be16(offset);
                break;
            default:
                if (ip_.has(offset, 1)) return ip_.u8(offset);
        }
        return std::nullopt;
    }
    bool load(const BpfInstruction& each) {
        const unsigned size = each.code & 0x18U;
        std::optional<std::uint32_t> value;
        switch (each.code & 0xe0U) {
            case code::kImm: value = each.k; break;
            case code::kMem: value = memory_[each.k]; break;
            case code::kLen: value = static_cast<std::uint32_t>(ip_.size()); break;
            case code::kInd: value = bytes_at(x_ + each.k, size); break;
            default:
                value = each.k >= kAncillaryArea ? ancillary(each.k - kAncillaryArea)
                                                 : bytes_at(each.k, size);
        }
        if (value) a_ = *value;
        return value.has_value();
    }
    bool load_x(const BpfInstruction& each) {
        switch (each.code & 0xe0U) {
            case code::kImm: x_ = each.k; return true;
            case code::kMem: x_ = memory_[each.k]; return true;
            case code::kLen: x_ = static_cast<std::uint32_t>(ip_.size()); return true;
            default: {
                const auto byte = bytes_at(each.k, code::kByte);
                if (byte) x_ = (*byte & 0xfU) * 4;
                return byte.has_value();
            }
        }
    }
    bool calculate(const BpfInstruction& each) {
        const std::uint32_t by = (each.code & code::kX) != 0 ? x_ : each.k;
        switch (each.code & 0xf0U) {
            case code::kAdd: a_ += by; break;
            case code::kSub: a_ -= by; break;
            case code::kMul: a_ *= by; break;
            case code::kOr: a_ |= by; break;
            case code::kAnd: a_ &= by; break;
            case code::kXor: a_ ^= by; break;
            case code::kLsh: a_ <<= by & 31U; break;
            case code::kRsh: a_ >>= by & 31U; break;
            case code::kNeg: a_ = 0U - a_; break;
            case code::kDiv:
                if (by == 0) return false;
                a_ /= by;
                break;
            default:
                if (by == 0) return false;
                a_ %= by;
        }
        return true;
    }
    std::size_t jump(const BpfInstruction& each) const {
        const std::uint32_t with = (each.code & code::kX) != 0 ? x_ : each.k;
        bool yes = false;
        switch (each.code & 0xf0U) {
            case code::kJa: return each.k;
            case code::kJeq: yes = a_ == with; break;
            case code::kJgt: yes = a_ > with; break;
            case code::kJge: yes = a_ >= with; break;
            default: yes = (a_ & with) != 0;
        }
        return yes ? each.if_true : each.if_false;
    }

    std::optional<std::uint32_t> ancillary(std::uint32_t what) {
        constexpr std::uint32_t kIpv4 = 0x0800;
        constexpr std::uint32_t kIpv6 = 0x86dd;
        constexpr std::uint32_t kEthernet = 1;
        switch (what) {
            case kProtocol: return context_.packet->family == Family::ipv4 ? kIpv4 : kIpv6;
            case kPacketType: return static_cast<std::uint32_t>(context_.link_type);
            case kAttribute: return find_attribute(a_, ip_.size());
            case kNestedAttribute: return find_nested_attribute();
            case kMark: return context_.mark;
            case kXorX: return a_ ^ x_;
            case kPayloadOffset: return payload_offset();
            case kRandom: return context_.dice != nullptr ? context_.dice->next() : 0;
            case kDevice: return std::nullopt;
            case kHardwareType:
                if (context_.source_mac == nullptr) return std::nullopt;
                return kEthernet;
            default: return 0;  // queue, hash, CPU, VLAN
        }
    }
    // Netlink attributes: two bytes of length, two of type, both as a little-endian machine stores them.
    std::uint32_t attribute_bytes(std::size_t at) const {
        return ip_.u8(at) | std::uint32_t{ip_.u8(at + 1)} << 8;
    }
    std::uint32_t find_attribute(std::size_t at, std::size_t end) const {
        constexpr std::size_t kHeader = 4;
        while (at <= end && end - at >= kHeader && ip_.has(at, kHeader)) {
            const std::uint32_t bytes = attribute_bytes(at);
            const std::uint32_t type =
                (ip_.u8(at + 2) | std::uint32_t{ip_.u8(at + 3)} << 8) & 0x3fffU;
            if (bytes < kHeader || bytes > end - at) return 0;
            if (type == x_) return static_cast<std::uint32_t>(at);
            at += (bytes + 3U) & ~3U;
        }
        return 0;
    }
    std::uint32_t find_nested_attribute() const {
        if (!ip_.has(a_, 4)) return 0;
        const std::size_t bytes = attribute_bytes(a_);
        if (bytes > ip_.size() - a_) return 0;
        return find_attribute(std::size_t{a_} + 4, std::size_t{a_} + bytes);
    }
    std::uint32_t payload_offset() const {
        const wire::Packet& packet = *context_.packet;
        const std::uint32_t at = packet.rules_transport_offset;
        if (packet.rules_fragment_offset != 0) return at;
        switch (packet.rules_protocol) {
            case protocol::kTcp: {
                if (!ip_.has(at + std::size_t{12}, 1)) return at;
                const std::uint32_t header = (ip_.u8(at + std::size_t{12}) & 0xf0U) >> 2;
                return at + (header < 20 ? 20 : header);
            }
            case protocol::kUdp:
            case protocol::kUdpLite:
            case protocol::kIcmp:
            case protocol::kIcmpv6:
            case protocol::kIgmp: return at + 8;
            case protocol::kDccp:
            case protocol::kSctp: return at + 12;
            default: return at;
        }
    }

    Context& context_;
    base::ByteView ip_;
    std::uint32_t a_ = 0;
    std::uint32_t x_ = 0;
    std::array<std::uint32_t, kMemory> memory_{};
};

}  // namespace

bool throws_dice(std::span<const BpfInstruction> program) {
    return std::any_of(program.begin(), program.end(), [](const BpfInstruction& each) {
        return each.k == kAncillaryArea + kRandom;
    });
}

std::uint32_t run_bpf(std::span<const BpfInstruction> program, Context& context) {
    return Machine(context).run(program);
}

}  // namespace keepstate::rules::match
