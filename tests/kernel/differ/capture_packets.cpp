// See capture_packets.hpp.
#include "differ/capture_packets.hpp"

#include <fmt/format.h>

#include "ct/helper/helper.hpp"
#include "io/capture.hpp"
#include "wire/parse.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::uint16_t kEthernetIpv4 = 0x0800;
constexpr std::uint16_t kEthernetIpv6 = 0x86dd;
constexpr std::size_t kIpv6Header = 40;

/// As the engine does it with EngineSetup::completes_cut_frames.
void complete(Family family, std::vector<std::uint8_t>& ip) {
    wire::Packet packet;
    const Reason reason = wire::parse_ip(family, {ip.data(), ip.size()}, false, packet);
    if (reason == Reason::ipv4_total_length_beyond) {
        ip.resize(static_cast<std::size_t>(ip[2]) << 8U | ip[3]);
    } else if (reason == Reason::ipv6_payload_beyond) {
        ip.resize(kIpv6Header + (static_cast<std::size_t>(ip[4]) << 8U | ip[5]));
    }
}

}  // namespace

std::string counting_rules(Family family) {
    std::string rules = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    for (const ct::Helper& helper : ct::make_helpers({})) {
        if (helper.port == 0 || helper.family.value_or(family) != family) continue;
        const char* protocol = helper.protocol == protocol::kTcp ? "tcp" : "udp";
        for (const char* chain : {"PREROUTING", "OUTPUT"}) {
            rules += fmt::format("-A {} -p {} -m {} --dport {} -j CT --helper {}\n", chain,
                                 protocol, protocol, helper.port, helper.name);
        }
    }
    rules += "COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    for (const char* chain : {"INPUT", "FORWARD", "OUTPUT"}) {
        for (const char* state : {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"}) {
            rules += std::string("-A ") + chain + " -m state --state " + state + "\n";
        }
    }
    return rules + "COMMIT\n";
}

Result<CapturePackets> read_capture(const std::string& name) {
    Result<std::unique_ptr<io::CaptureReader>> reader = io::CaptureReader::open(name);
    if (!reader) return Unexpected(reader.error());
    CapturePackets capture;
    io::CapturedFrame frame;
    io::ReadStatus status = io::ReadStatus::frame;
    while ((status = (*reader)->next(frame)) == io::ReadStatus::frame) {
        const wire::LinkPayload link =
            wire::parse_link(static_cast<wire::LinkType>(frame.link), frame.bytes);
        if (link.reason != Reason::none) {
            ++capture.left_out;
            continue;
        }
        KernelPacket packet;
        packet.ip_bytes.assign(link.ip.data(), link.ip.data() + link.ip.size());
        packet.ethernet_type = link.family == Family::ipv4 ? kEthernetIpv4 : kEthernetIpv6;
        complete(link.family, packet.ip_bytes);
        capture.packets.push_back(std::move(packet));
        capture.frames.push_back(frame.number);
    }
    if (status == io::ReadStatus::broken) {
        capture.trouble = (*reader)->trouble().faults.front().words;
    }
    return capture;
}

}  // namespace keepstate::kernel
