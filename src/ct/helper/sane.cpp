// SANE, scanners in the network: a scan is started by an RPC, and its answer names the port of the image's flow.
//
//     -> 00000007 handle            NET_START, the segment holds these 8 bytes and nothing else
//     <- 00000000 0000 port ...     success: the client may open port/tcp at the scanner
//
// What is remembered is whether the next answer is one to NET_START. A request of another length changes nothing.
//
// source: kernel:net/netfilter/nf_conntrack_sane.c.   Tested by: ct/helper/sane_test.cpp, fuzz/helper_sane.cpp,
// tests/kernel/differ/talk_sane.cpp.
#include "ct/helper/helper.hpp"
#include "ct/helper/payload.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint16_t kPort = 6566;
constexpr std::uint32_t kNetStart = 7;
constexpr std::uint32_t kSuccess = 0;
constexpr std::size_t kRequestBytes = 8;
constexpr std::size_t kReplyBytes = 8;

HelperAnswer help_sane(const HelperCase& c, HelperMemory& memory, Wishes& wishes) {
    if (c.state != CtState::established) return HelperAnswer::accept();
    const base::ByteView payload = tcp_payload(c);
    if (payload.size() == 0) return HelperAnswer::accept();
    SaneMemory& remembered = own_memory<SaneMemory>(memory);
    if (c.direction == CtDirection::original) {
        if (payload.size() == kRequestBytes) {
            remembered.is_start_requested = payload.be32(0) == kNetStart;
        }
        return HelperAnswer::accept();
    }
    if (!remembered.is_start_requested) return HelperAnswer::accept();
    remembered.is_start_requested = false;
    if (!payload.has(0, kReplyBytes) || payload.be32(0) != kSuccess || payload.be16(4) != 0) {
        return HelperAnswer::accept();
    }
    const Tuple& original = c.other_tuple();
    const Expectation wish = make_expectation(0, protocol::kTcp, &original.source, nullptr,
                                              original.destination, payload.be16(6));
    if (wishes.expect(wish) != Grant::granted) return HelperAnswer::drop("cannot add expectation");
    return HelperAnswer::accept();
}

}  // namespace

void add_sane_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    constexpr std::uint32_t kTimeout = 300;
    for (const std::uint16_t port : settings.sane_ports.all()) {
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            Helper helper;
            helper.name = helper_name("sane", kPort, port);
            helper.family = family;
            helper.protocol = protocol::kTcp;
            helper.port = port;
            helper.policies[0] = {"", 1, kTimeout};
            helper.help = help_sane;
            helpers.push_back(helper);
        }
    }
}

}  // namespace keepstate::ct
