// The workload's frames for a C program: ovs_flows.c, which is compiled against Open vSwitch's headers.
#include <cstddef>
#include <cstdint>

#include "bench/measure.hpp"
#include "bench/workload.hpp"

namespace {

using namespace keepstate::bench;

constexpr std::size_t kBufferBytes = 128;

}  // namespace

extern "C" {

/// Writes a frame of at most 128 bytes; returns its length. `segment`: a Segment by its number.
std::size_t bench_write_frame(std::uint32_t flow, int segment, std::uint32_t offset,
                              std::uint8_t* buffer) {
    static const FrameWriter writer{WorkloadOptions{}};
    return writer
        .write(make_flow(flow), static_cast<Segment>(segment), offset, {buffer, kBufferBytes})
        .size();
}

std::uint64_t bench_random() {
    static Random random(1);
    return random.next();
}

double bench_thread_ns() { return thread_ns(); }

}  // extern "C"
