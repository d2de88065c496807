// See shrink.hpp.
#include "differ/shrink.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace keepstate::kernel {

namespace {

/// Addresses of a packet, whichever way it goes; what is too short to have any has none.
std::set<std::vector<std::uint8_t>> ends_of(const KernelPacket& packet) {
    const std::vector<std::uint8_t>& ip = packet.ip_bytes;
    const bool is_v6 = !ip.empty() && ip[0] >> 4U == 6;
    const std::ptrdiff_t at = is_v6 ? 8 : 12;
    const std::ptrdiff_t size = is_v6 ? 16 : 4;
    if (static_cast<std::ptrdiff_t>(ip.size()) < at + 2 * size) return {};
    return {{ip.begin() + at, ip.begin() + at + size},
            {ip.begin() + at + size, ip.begin() + at + 2 * size}};
}

class Shrinker {
  public:
    Shrinker(KernelSetup setup, std::vector<KernelPacket> packets, std::string what,
             unsigned trials)
        : setup_(std::move(setup)),
          packets_(std::move(packets)),
          what_(std::move(what)),
          trials_(trials) {}

    Shrunk shrink(std::size_t first) {
        if (first < packets_.size()) {
            std::vector<KernelPacket> fewer(
                packets_.begin(), packets_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
            try_packets(std::move(fewer));
            keep_ends_of_last();
        }
        leave_out_packets();
        leave_out_settings();
        leave_out_rules(setup_.rules4);
        leave_out_rules(setup_.rules6);
        Shrunk shrunk{setup_, packets_, {}};
        if (Result<Comparison> result = compare(setup_, packets_)) {
            shrunk.differences = std::move(result->differences);
        }
        return shrunk;
    }

  private:
    bool differs(const KernelSetup& setup, std::vector<KernelPacket>& packets) {
        if (trials_ == 0) return false;
        --trials_;
        const Result<Comparison> result = compare(setup, packets);
        if (!result) return false;
        for (const Difference& difference : result->differences) {
            if (difference.what != what_) continue;
            if (difference.packet < packets.size()) packets.resize(difference.packet + 1);
            return true;
        }
        return false;
    }

    bool try_packets(std::vector<KernelPacket> fewer) {
        if (fewer.empty() || !differs(setup_, fewer)) return false;
        packets_ = std::move(fewer);
        return true;
    }

    void keep_ends_of_last() {
        const auto ends = ends_of(packets_.back());
        std::vector<KernelPacket> fewer;
        for (const KernelPacket& packet : packets_) {
            if (ends_of(packet) == ends) fewer.push_back(packet);
        }
        if (fewer.size() < packets_.size()) try_packets(std::move(fewer));
    }

    void leave_out_packets() {
        for (std::size_t piece = std::max<std::size_t>(packets_.size() / 2, 1);; piece /= 2) {
            for (std::size_t at = 0; at < packets_.size() && packets_.size() > 1;) {
                std::vector<KernelPacket> fewer = packets_;
                const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
                const std::size_t count = std::min(piece, fewer.size() - at);
                fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
                if (!try_packets(std::move(fewer))) at += piece;
            }
            if (piece <= 1 || trials_ == 0) return;
        }
    }

    void leave_out_settings() {
        for (std::size_t i = setup_.sysctls.size(); i-- > 0;) {
            KernelSetup fewer = setup_;
            fewer.sysctls.erase(fewer.sysctls.begin() + static_cast<std::ptrdiff_t>(i));
            try_setup(std::move(fewer));
        }
    }

    /// All of them, else each line that appends one.
    void leave_out_rules(std::string& rules) {
        if (rules.empty()) return;
        const std::string all = rules;
        rules.clear();
        if (differs(setup_, packets_)) return;
        rules = all;
        for (std::size_t i = 0;; ++i) {
            std::istringstream lines(rules);
            std::string fewer;
            std::size_t seen = 0;
            for (std::string line; std::getline(lines, line);) {
                if (line.find("-A ") == std::string::npos || seen++ != i) fewer += line + "\n";
            }
            if (i >= seen || trials_ == 0) return;
            const std::string before = std::exchange(rules, fewer);
            if (differs(setup_, packets_)) {
                --i;
            } else {
                rules = before;
            }
        }
    }

    void try_setup(KernelSetup fewer) {
        if (differs(fewer, packets_)) setup_ = std::move(fewer);
    }

    KernelSetup setup_;
    std::vector<KernelPacket> packets_;
    std::string what_;
    unsigned trials_;
};

}  // namespace

Shrunk shrink(const KernelSetup& setup, std::vector<KernelPacket> packets, const Difference& first,
              unsigned trials) {
    return Shrinker(setup, std::move(packets), first.what, trials).shrink(first.packet);
}

}  // namespace keepstate::kernel
