// See scenario_text.hpp.
#include "differ/scenario_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <vector>

#include "cli/scenario.hpp"
#include "cli/scenario_wish.hpp"
#include "keepstate/packet.hpp"
#include "on_kernel.hpp"
#include "wire/parse.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
// A file that longer packets would make unreadable.
constexpr std::size_t kLineBytes = 100;

std::string hex(std::span<const std::uint8_t> bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::string flag_words(std::uint8_t flags) {
    constexpr std::array<std::string_view, 8> kNames{"fin", "syn", "rst", "psh",
                                                     "ack", "urg", "ece", "cwr"};
    std::string words;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if ((flags >> i & 1U) != 0)
            words += fmt::format("{}{}", words.empty() ? "" : ",", kNames[i]);
    }
    return words.empty() ? "none" : words;
}

std::string payload_words(std::span<const std::uint8_t> payload) {
    if (payload.empty()) return {};
    for (const std::uint8_t byte : payload) {
        if (byte != 0) return " hex " + hex(payload);
    }
    return fmt::format(" len {}", payload.size());
}

/// An address with a port.
std::string endpoint(const Address& address, unsigned port) {
    const bool is_v6 = address.family == Family::ipv6;
    return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", text(address), is_v6 ? "]" : "", port);
}

std::string ports_words(const wire::Packet& packet, std::span<const std::uint8_t> transport) {
    const auto u16 = [&](std::size_t at) { return transport[at] << 8 | transport[at + 1]; };
    return endpoint(packet.source(), static_cast<unsigned>(u16(0))) + " " +
           endpoint(packet.destination(), static_cast<unsigned>(u16(2)));
}

std::string tcp_words(const wire::Packet& packet, std::span<const std::uint8_t> transport) {
    const auto tcp = wire::parse_tcp(packet);
    const std::size_t header = static_cast<std::size_t>(transport[12] >> 4U) * 4;
    if (!tcp || header < 20 || header > transport.size()) return {};
    const auto u16 = [&](std::size_t at) {
        return static_cast<unsigned>(transport[at] << 8 | transport[at + 1]);
    };
    const auto u32 = [&](std::size_t at) { return u16(at) << 16 | u16(at + 2); };
    std::string words =
        fmt::format("tcp {} flags {} seq {} ack {} win {}", ports_words(packet, transport),
                    flag_words(transport[13]), u32(4), u32(8), u16(14));
    if (u16(18) != 0) words += fmt::format(" urg {}", u16(18));
    if (header > 20) words += " tcpopt " + hex(transport.subspan(20, header - 20));
    return words + payload_words(transport.subspan(header));
}

std::string udp_words(const wire::Packet& packet, std::span<const std::uint8_t> transport) {
    if (transport.size() < 8) return {};
    const bool has_no_sum = transport[6] == 0 && transport[7] == 0;
    return "udp " + ports_words(packet, transport) + (has_no_sum ? " nosum" : "") +
           payload_words(transport.subspan(8));
}

std::string icmp_words(const wire::Packet& packet, std::span<const std::uint8_t> transport) {
    if (transport.size() < 8) return {};
    const auto u16 = [&](std::size_t at) { return transport[at] << 8 | transport[at + 1]; };
    return fmt::format("{} {} {} {}/{} id {} seq {}{}",
                       packet.family == Family::ipv4 ? "icmp" : "icmp6", text(packet.source()),
                       text(packet.destination()), transport[0], transport[1], u16(4), u16(6),
                       payload_words(transport.subspan(8)));
}

/// Words that most likely mean the packet; the caller holds their bytes against it. Empty: no idea.
std::string likely_words(const wire::Packet& packet) {
    const std::span<const std::uint8_t> ip = packet.ip.span();
    if (packet.is_fragment || packet.transport_offset > ip.size()) return {};
    const auto transport = ip.subspan(packet.transport_offset);
    std::string words;
    if (packet.protocol == protocol::kTcp && transport.size() >= 20) {
        words = tcp_words(packet, transport);
    } else if (packet.protocol == protocol::kUdp) {
        words = udp_words(packet, transport);
    } else if (packet.protocol == protocol::kIcmp || packet.protocol == protocol::kIcmpv6) {
        words = icmp_words(packet, transport);
    } else {
        words = fmt::format("ip {} {} proto {}{}", text(packet.source()),
                            text(packet.destination()), packet.protocol, payload_words(transport));
    }
    if (words.empty()) return {};
    const bool is_v4 = packet.family == Family::ipv4;
    const unsigned ttl = is_v4 ? ip[8] : ip[7];
    const unsigned tos = is_v4 ? ip[1] : static_cast<unsigned>((ip[0] & 15) << 4 | ip[1] >> 4);
    words += fmt::format(" ttl {}", ttl);
    if (tos != 0) words += fmt::format(" tos {}", tos);
    if (!is_v4) return words;
    words += fmt::format(" ipid {}", ip[4] << 8 | ip[5]);
    if ((ip[6] & 0x40) != 0) words += " df";
    return words;
}

/// `about`, where it plays, and the rules.
std::string head_text(const KernelSetup& setup) {
    std::string out = "about: FILL IN the sentence that this proves.\n";
    if (setup.is_bump) out += "devices: none\n";
    if (!setup.devices.empty()) {
        out += "devices:\n";
        for (const KernelDevice& device : setup.devices) {
            out +=
                fmt::format("  {}: [\"{}\"]\n", device.name, fmt::join(device.prefixes, "\", \""));
        }
        out += setup.local_addresses.empty()
                   ? "local: []\n"
                   : fmt::format("local: [\"{}\"]\n", fmt::join(setup.local_addresses, "\", \""));
    }
    if (!setup.sysctls.empty()) out += "settings:\n";
    for (const auto& [key, value] : setup.sysctls) {
        out += fmt::format("  {}: {}\n", key.substr(key.rfind('.') + 1), value);
    }
    const auto block = [&out](std::string_view key, const std::string& rules) {
        if (rules.empty()) return;
        out += fmt::format("{}: |\n", key);
        std::istringstream lines(rules);
        for (std::string line; std::getline(lines, line);) out += "  " + line + "\n";
    };
    block("ipset", setup.ip_sets);
    block("rules", setup.rules4);
    block("rules6", setup.rules6);
    return out;
}

std::string packets_text(std::span<const KernelPacket> packets, const cli::Played* played) {
    std::string out = "packets:\n";
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const std::string words = packet_words(packets[i]);
        if (words.starts_with("raw ")) {
            std::string summary;
            print_summary(kLinkRaw, packets[i].ip_bytes, summary);
            out += "  # " + summary + "\n";
        }
        out += "  - ";
        const std::uint64_t wait_ms = packets[i].wait_before_ns / kNsPerMs;
        const std::string want =
            played == nullptr ? std::string{} : cli::print_seen(played->steps[i].seen);
        if (words.size() > kLineBytes) {
            out += "packet: " + words + "\n";
            if (wait_ms != 0) out += fmt::format("    after: {}ms\n", wait_ms);
            if (!want.empty()) out += "    want: " + want + "\n";
            continue;
        }
        if (wait_ms != 0) out += fmt::format("+{}ms ", wait_ms);
        out += words + (want.empty() ? "" : " => " + want) + "\n";
    }
    return out;
}

std::string end_text(const cli::Played& played) {
    std::string out;
    if (played.entries.empty()) {
        out += "entries: none\n";
    } else {
        out += "entries: |\n";
        std::istringstream lines(played.entries);
        for (std::string line; std::getline(lines, line);) out += "  " + line + "\n";
    }
    const auto counters = [&out](std::string_view key, const std::string& save) {
        std::istringstream lines(save);
        std::string kept;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('[') || line.starts_with('*')) kept += "  " + line + "\n";
        }
        if (kept.find('[') != std::string::npos) out += fmt::format("{}: |\n{}", key, kept);
    };
    counters("counters", played.counters4);
    counters("counters6", played.counters6);
    return out;
}

}  // namespace

std::string packet_words(const KernelPacket& packet) {
    const std::vector<std::uint8_t>& bytes = packet.ip_bytes;
    const std::string in = packet.in_device.empty() ? "" : " in " + packet.in_device;
    const bool is_v6 = !bytes.empty() && bytes[0] >> 4U == 6;
    wire::Packet parsed;
    const Reason reason = wire::parse_ip(is_v6 ? Family::ipv6 : Family::ipv4,
                                         {bytes.data(), bytes.size()}, false, parsed);
    if (reason == Reason::none) {
        const std::string words = likely_words(parsed);
        for (const char* last : {"", " badsum"}) {
            const Result<WrittenPacket> written = parse_packet_text(words + last);
            if (written && written->ip == bytes) return words + last + in;
        }
    }
    return "raw " + hex(bytes) + in;
}

std::string scenario_text(const KernelSetup& setup, std::span<const KernelPacket> packets) {
    const std::string head = head_text(setup);
    const std::string plain = head + packets_text(packets, nullptr);
    const Result<cli::Scenario> scenario = cli::parse_scenario(plain, "difference.yaml");
    if (!scenario) return plain + "# " + scenario.error().faults.front().words + "\n";
    const Result<cli::Played> played = scenarios::play_on_kernel(*scenario);
    if (!played) return plain + "# " + played.error().faults.front().words + "\n";
    return head + packets_text(packets, &*played) + end_text(*played);
}

}  // namespace keepstate::kernel
