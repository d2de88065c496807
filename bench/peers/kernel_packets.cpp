// Sends the workload's packets through the kernel's own stack, and prints what they cost. Run by kernel.sh, inside its
// namespace; not a Google Benchmark, since the kernel must be set up anew between the rows.
//
//     kernel_packets packets OBJECT DEVICE FLOWS SEGMENT COUNT [drop]     nanoseconds a packet of this thread's time
//     kernel_packets rules STYLE RULES                                    a ruleset of bench/rulesets.hpp
//
// SEGMENT: 0 SYN, 1 SYN/ACK, 2 ACK of the flows 0 to COUNT - 1; 3 established packets of FLOWS flows. `drop`: made and
// thrown away by the program, so that only the making costs. The packets are taken up in the thread that runs the
// program, so its time is the stack's.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "bench/measure.hpp"
#include "bench/rulesets.hpp"

namespace {

using namespace keepstate::bench;

constexpr std::size_t kFrameBytes = 66;

// As in kernel_packets.bpf.c.
struct Order {
    std::uint32_t flows;
    std::uint32_t segment;
    std::uint32_t is_dropped;
    std::uint32_t sent;
    std::array<std::uint8_t, 8> destination;
};

int fail(const char* what) {
    std::perror(what);
    return 3;
}

int print_rules(std::string_view style_name, std::uint32_t rules) {
    for (const Style style : {Style::acl, Style::fw, Style::ipc, Style::kube}) {
        if (style_name != text(style)) continue;
        std::fputs(make_ruleset(style, rules, 1, Established::none).c_str(), stdout);
        return 0;
    }
    return 2;
}

bool read_address(const char* device, Order& order) {
    ifreq request{};
    std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    const int socket_number = socket(AF_INET, SOCK_DGRAM, 0);
    const bool is_read = ioctl(socket_number, SIOCGIFHWADDR, &request) == 0;
    close(socket_number);
    std::memcpy(order.destination.data(), request.ifr_hwaddr.sa_data, 6);
    return is_read;
}

int send_packets(const char* path, const char* device, Order order, std::uint32_t count) {
    if (!read_address(device, order)) return fail(device);
    bpf_object* const object = bpf_object__open_file(path, nullptr);
    if (object == nullptr || bpf_object__load(object) != 0) return fail(path);
    const int program = bpf_program__fd(bpf_object__find_program_by_name(object, "make_packet"));
    const int orders = bpf_object__find_map_fd_by_name(object, "orders");
    const std::uint32_t zero = 0;
    if (bpf_map_update_elem(orders, &zero, &order, BPF_ANY) != 0) return fail("order");
    std::array<std::uint8_t, kFrameBytes> frame{};
    std::memcpy(frame.data(), order.destination.data(), 6);
    frame[12] = 0x08;
    xdp_md context{};
    context.data_end = kFrameBytes;
    context.ingress_ifindex = if_nametoindex(device);
    bpf_test_run_opts run{};
    run.sz = sizeof run;
    run.data_in = frame.data();
    run.data_size_in = kFrameBytes;
    run.ctx_in = &context;
    run.ctx_size_in = sizeof context;
    run.repeat = static_cast<int>(count);
    run.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    run.batch_size = 64;
    const double begin = thread_ns();
    if (bpf_prog_test_run_opts(program, &run) != 0) return fail("run");
    const double spent = thread_ns() - begin;
    std::printf("%.2f\n", spent / count);
    bpf_object__close(object);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [argv](int i) {
        return static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10));
    };
    if (argc == 4 && std::string_view(argv[1]) == "rules") return print_rules(argv[2], number(3));
    if (argc < 7 || std::string_view(argv[1]) != "packets") {
        std::fputs("usage: see the top of bench/peers/kernel_packets.cpp\n", stderr);
        return 2;
    }
    const Order order{number(4), number(5), argc > 7 ? 1U : 0U, 0, {}};
    return send_packets(argv[2], argv[3], order, number(6));
}
