// See prefix_translation.hpp.
#include "rules/target/prefix_translation.hpp"

#include <algorithm>
#include <optional>

#include "base/bytes.hpp"
#include "rules/values.hpp"
#include "wire/checksum.hpp"

namespace keepstate::rules::target {

namespace {

constexpr unsigned kMostBits = 64;
constexpr std::size_t kIpv6Header = 40, kIcmpHeader = 8;
constexpr std::uint16_t kAllOnes = 0xffff;

std::uint16_t add(std::uint16_t a, std::uint16_t b) {
    const std::uint32_t sum = std::uint32_t{a} + b;
    return static_cast<std::uint16_t>(sum + (sum >> 16));
}

bool is_cut_clean(const std::array<std::uint8_t, 16>& address, unsigned bits) {
    const AddressBytes mask = mask_of(bits, Family::ipv6);
    for (std::size_t i = 0; i < address.size(); ++i) {
        if ((address[i] & ~mask[i]) != 0) return false;
    }
    return true;
}

/// The address under the new prefix; nothing if no word can take up the difference.
std::optional<std::array<std::uint8_t, 16>> mapped(const PrefixPair& pair,
                                                   const std::uint8_t* address) {
    std::array<std::uint8_t, 16> out{};
    const unsigned bits = std::max(pair.from_bits, pair.to_bits);
    const AddressBytes mask = mask_of(bits, Family::ipv6);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::uint8_t>((address[i] & ~mask[i]) | (pair.to[i] & mask[i]));
    }
    std::size_t word = 3;
    if (bits > 48) {
        word = 4;
        while (word < 8 && base::load_be16(out.data() + 2 * word) == kAllOnes) ++word;
        if (word == 8) return std::nullopt;
    }
    const std::uint16_t sum = add(base::load_be16(out.data() + 2 * word), pair.adjustment);
    base::store_be16(out.data() + 2 * word, sum == kAllOnes ? 0 : sum);
    return out;
}

bool has_prefix(const std::uint8_t* address, const std::array<std::uint8_t, 16>& prefix,
                unsigned bits) {
    const AddressBytes mask = mask_of(bits, Family::ipv6);
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if ((address[i] & mask[i]) != prefix[i]) return false;
    }
    return true;
}

}  // namespace

void parse_prefix_pair(PrefixPair& pair, const OptionUse& use, RuleReader&) {
    if (use.id() == kFromPrefix) {
        pair.from = use.value.address.bytes;
        pair.from_bits = use.value.bits;
    } else {
        pair.to = use.value.address.bytes;
        pair.to_bits = use.value.bits;
    }
    const std::uint16_t from = wire::sum16({pair.from.data(), pair.from.size()});
    const std::uint16_t to = wire::sum16({pair.to.data(), pair.to.size()});
    pair.adjustment = add(from, static_cast<std::uint16_t>(~to));
}

Complaint check_prefix_pair(const PrefixPair& pair, std::string_view target) {
    if (pair.from_bits > kMostBits || pair.to_bits > kMostBits) {
        return fmt::format(
            "target `{}' translates prefixes of at most {} bits: write PREFIX/LENGTH", target,
            kMostBits);
    }
    if (is_cut_clean(pair.from, pair.from_bits) && is_cut_clean(pair.to, pair.to_bits)) {
        return std::nullopt;
    }
    return fmt::format("target `{}': a prefix has bits behind its length", target);
}

void print_prefix_pair(const PrefixPair& pair, std::string& out) {
    const auto print = [&out](std::string_view name, const std::array<std::uint8_t, 16>& prefix,
                              unsigned bits) {
        if (prefix == std::array<std::uint8_t, 16>{}) return;
        out += fmt::format(" --{} {}/{}", name, text(Address{Family::ipv6, prefix}), bits);
    };
    print("src-pfx", pair.from, pair.from_bits);
    print("dst-pfx", pair.to, pair.to_bits);
}

Ruling translate_prefix(const PrefixPair& pair, AddressField field, Context& context, Says says) {
    if (context.editor == nullptr) return {};
    const wire::Packet& packet = *context.packet;
    const auto at = static_cast<std::size_t>(field);
    const auto to = mapped(pair, packet.ip.data() + at);
    if (!to) {
        says.words("no word of the address can take up the difference: the packet is dropped");
        return Ruling{.kind = Ruling::Kind::drop};
    }
    if (says) {
        const bool is_source = field == AddressField::source;
        says.words("{}: {} -> {}", is_source ? "source" : "destination",
                   text(is_source ? packet.source() : packet.destination()),
                   text(Address{Family::ipv6, *to}));
    }
    std::copy(to->begin(), to->end(), context.editor->bytes() + at);
    // The quoted packet went the other way: its address of the other kind is the one that is ours.
    constexpr std::size_t kNextHeader = 6, kFirstError = 1, kLastError = 4;
    const bool has_icmp = packet.ip.u8(kNextHeader) == protocol::kIcmpv6 &&
                          packet.ip.has(kIpv6Header, kIcmpHeader + kIpv6Header);
    const std::uint8_t type = has_icmp ? packet.ip.u8(kIpv6Header) : 0;
    const bool quotes = type >= kFirstError && type <= kLastError;
    if (!quotes) return {};
    const std::size_t other =
        kIpv6Header + kIcmpHeader +
        static_cast<std::size_t>(field == AddressField::source ? AddressField::destination
                                                               : AddressField::source);
    if (!has_prefix(packet.ip.data() + other, pair.from, pair.from_bits)) return {};
    if (const auto quoted = mapped(pair, packet.ip.data() + other)) {
        std::copy(quoted->begin(), quoted->end(), context.editor->bytes() + other);
        says.words("and so is the address in the packet that the error quotes");
    }
    return {};
}

}  // namespace keepstate::rules::target
