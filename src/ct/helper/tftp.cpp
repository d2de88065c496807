// tftp: the server answers a request from a port of its own choice.
//
//     client:P -> server:69   RRQ or WRQ        server:any -> client:P is RELATED
//
// source: RFC 1350; kernel:net/netfilter/nf_conntrack_tftp.c.
// Tested by: ct/helper/tftp_test.cpp, fuzz/helper_tftp.cpp, tests/kernel/differ (talk_tftp).
#include "ct/helper/helper.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint16_t kPort = 69;
constexpr std::uint32_t kTimeout_s = 300;
constexpr std::size_t kUdpHeader = 8;
constexpr std::uint16_t kReadRequest = 1;
constexpr std::uint16_t kWriteRequest = 2;

HelperAnswer help_tftp(const HelperCase& c, HelperMemory&, Wishes& wishes) {
    const std::size_t at = c.packet.transport_offset + kUdpHeader;
    if (!c.packet.ip.has(at, 2)) return HelperAnswer::accept();
    const std::uint16_t opcode = c.packet.ip.be16(at);
    if (opcode != kReadRequest && opcode != kWriteRequest) return HelperAnswer::accept();
    const Tuple& reply = c.tuples[1];
    const Expectation wish = make_expectation(0, protocol::kUdp, &reply.source, nullptr,
                                              reply.destination, reply.destination_key);
    if (wishes.expect(wish) != Grant::granted) {
        return HelperAnswer::drop("cannot add expectation");
    }
    return HelperAnswer::accept();
}

}  // namespace

void add_tftp_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    unsigned number = 0;
    for (const std::uint16_t port : settings.tftp_ports.all()) {
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            Helper& helper = helpers.emplace_back();
            // The place in the list makes the name, not the port: ports=69,6969 are tftp and tftp-1.
            helper.name = port == kPort ? "tftp" : "tftp-" + std::to_string(number);
            helper.family = family;
            helper.protocol = protocol::kUdp;
            helper.port = port;
            helper.policies[0] = {"", 1, kTimeout_s};
            helper.help = help_tftp;
        }
        ++number;
    }
}

}  // namespace keepstate::ct
