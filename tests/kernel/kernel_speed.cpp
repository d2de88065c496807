// How many packets a second go through a KernelRun: a forwarded TCP flow, many short flows, and the
// host's own UDP. Prints one line each. An argument gives the number of packets (default 100000).
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "kernel_run.hpp"
#include "packets.hpp"

namespace {

using namespace keepstate::kernel;

void measure(const char* name, const KernelSetup& setup, const std::vector<KernelPacket>& packets) {
    auto run = KernelRun::make(setup);
    if (!run) {
        std::fprintf(stderr, "%s\n", run.error().faults.front().words.c_str());
        std::exit(1);
    }
    const auto start = std::chrono::steady_clock::now();
    std::size_t delivered = 0;
    for (const KernelPacket& packet : packets) delivered += (*run)->inject(packet).delivered;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%-28s %8zu packets, %8zu delivered, %9.0f packets/s\n", name, packets.size(),
                delivered, static_cast<double>(packets.size()) / took.count());
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned count = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 100000U;
    KernelSetup setup;
    setup.rules4 =
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n";
    setup.devices = {{"eth0", {"192.168.1.0/24"}}, {"eth1", {"192.168.3.0/24"}}};
    setup.local_addresses = {"192.168.1.254"};

    std::vector<KernelPacket> one_flow;
    std::vector<KernelPacket> many_flows;
    std::vector<KernelPacket> sent;
    for (unsigned i = 0; i < count; ++i) {
        const auto port = static_cast<std::uint16_t>(1024 + i % 60000);
        TcpSegment segment{
            .source_port = 40000, .destination_port = 80, .seq = i, .ack = 1, .flags = kAck};
        segment.payload = {'x'};
        one_flow.push_back({make_tcp({"192.168.1.1", "192.168.3.1"}, segment), "eth0"});
        many_flows.push_back({make_udp({"192.168.1.1", "192.168.3.1"}, port, 53, {'x'}), "eth0"});
        sent.push_back({make_udp({"192.168.1.254", "192.168.3.1"}, port, 53, {'x'}), ""});
    }
    measure("one forwarded TCP flow", setup, one_flow);
    setup.reads_entries = false;
    measure("the same, no entries read", setup, one_flow);
    setup.reads_entries = true;
    measure("many forwarded UDP flows", setup, many_flows);
    measure("many UDP flows of the host", setup, sent);
    return 0;
}
