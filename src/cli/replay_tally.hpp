// What a replay counts for its summary and its hints.
//
// Tested by: tests/program.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keepstate/address.hpp"
#include "keepstate/reason.hpp"
#include "run/replay_loop.hpp"

namespace keepstate::cli {

class Tally {
  public:
    /// `watch_addresses`: find out whether one address is in every packet.
    explicit Tally(bool watch_addresses) : watching_(watch_addresses) {}

    void add(const run::Outcome& outcome);

    /// The summary: several lines, each ended. `entries`: those that are left.
    std::string print(const run::LoopTotals& totals, std::size_t captures,
                      std::uint32_t entries) const;
    /// What to tell the user beyond the numbers; each one line without an end.
    std::vector<std::string> hints() const;

  private:
    void watch(const run::Outcome& outcome);

    std::uint64_t frames_ = 0;
    std::uint64_t ip_packets_ = 0;
    std::uint64_t cut_ = 0;
    std::uint64_t would_translate_ = 0;
    std::array<std::uint64_t, 5> states_{};
    std::uint64_t stateless_ = 0;
    std::array<std::uint64_t, 6> verdicts_{};
    std::array<std::uint64_t, kReasons> reasons_{};
    std::map<LinkNumber, std::uint64_t> links_without_ip_;
    std::uint64_t connections_ = 0;
    bool watching_;
    std::optional<std::vector<Address>> in_every_packet_;  ///< absent before the first packet
    std::string summary_;                                  ///< reused
};

}  // namespace keepstate::cli
