// pcap_open_dead, pcap_compile, pcap_offline_filter.
#include "io/packet_filter.hpp"

#include <pcap/pcap.h>

namespace keepstate::io {
namespace {

/// Link numbers of files and libpcap's numbers of this system differ only here, among those we read.
int to_dlt(LinkNumber link) { return link == kLinkRaw ? DLT_RAW : int{link}; }

}  // namespace

struct PacketFilter::Program {
    bpf_program code{};
    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() { pcap_freecode(&code); }
};

PacketFilter::PacketFilter(std::string expression) : expression_(std::move(expression)) {}
PacketFilter::~PacketFilter() = default;

Result<void> PacketFilter::compile(LinkNumber link) {
    if (programs_.contains(link)) return {};
    pcap_t* pcap = pcap_open_dead(to_dlt(link), static_cast<int>(kMaxFrameBytes));
    if (pcap == nullptr) return Unexpected(Error::of(ErrorKind::system, "no memory for a filter"));
    auto program = std::make_unique<Program>();
    const int answer =
        pcap_compile(pcap, &program->code, expression_.c_str(), 1, PCAP_NETMASK_UNKNOWN);
    std::string words = answer == 0 ? std::string() : std::string(pcap_geterr(pcap));
    pcap_close(pcap);
    if (answer != 0) {
        programs_.emplace(link, nullptr);
        return Unexpected(Error::of(ErrorKind::usage, "--only '" + expression_ + "': " + words +
                                                          " (link type " + link_text(link) + ")"));
    }
    programs_.emplace(link, std::move(program));
    return {};
}

bool PacketFilter::matches(const CapturedFrame& frame) {
    auto found = programs_.find(frame.link);
    if (found == programs_.end()) {
        if (!compile(frame.link)) return false;
        found = programs_.find(frame.link);
    }
    if (!found->second) return false;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(frame.bytes.size());
    header.len = header.caplen;
    return pcap_offline_filter(&found->second->code, &header, frame.bytes.data()) != 0;
}

std::string link_text(LinkNumber link) {
    const char* name = pcap_datalink_val_to_name(to_dlt(link));
    const char* words = pcap_datalink_val_to_description(to_dlt(link));
    if (name == nullptr || words == nullptr) return "number " + std::to_string(link);
    return std::string(name) + " (" + words + ")";
}

}  // namespace keepstate::io
