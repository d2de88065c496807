// See capture.hpp.
#include "capture.hpp"

#include "io/test_capture.hpp"

namespace keepstate::docs {

std::string make_capture(const cli::Scenario& scenario) {
    constexpr std::int64_t begin_us = 1'767'225'600'000'000;  // 2026-01-01 00:00:00 UTC
    constexpr std::int64_t us_per_s = 1'000'000;
    const io::test::PcapShape raw_ip{false, 0xa1b2c3d4, 101, 4};
    std::string bytes = io::test::pcap_header(raw_ip);
    std::int64_t time_us = begin_us;
    for (const cli::Step& step : scenario.steps) {
        time_us += step.after_ns / 1000;
        const std::string packet(step.packet.ip.begin(), step.packet.ip.end());
        bytes += io::test::pcap_record(packet, static_cast<std::uint32_t>(time_us / us_per_s),
                                       static_cast<std::uint32_t>(time_us % us_per_s), raw_ip);
    }
    return bytes;
}

}  // namespace keepstate::docs
