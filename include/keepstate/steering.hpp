// Steering for data planes that spread packets over cores by themselves, with one Engine a core.
//
//     Steering::make(setup, cores) -> Steering;  steering.shard_of(frame) -> core -> that core's Engine
//
// Both directions of a flow and the ICMP errors about it come to one core, by a keyed hash (EngineSetup::seed), just as
// ShardedEngine steers. Flows that a helper may read, by the ports of the rules that assign helpers, all go to
// core 0. Engines that are fed so know nothing of each other; what that costs, docs/shards.md says.
//
// Threads: one owner each; copies are independent and steer alike. Cost: one look at the headers and one hash, no
// allocation but for the first frame that a capture has cut.   Tested by: tests/property/shards_property.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "keepstate/engine.hpp"
#include "keepstate/result.hpp"

namespace keepstate {

class Steering {
  public:
    static constexpr std::uint32_t kMostShards = 64;

    /// `shards`: 1 to kMostShards. Errors (usage): another number.
    static Result<Steering> make(const EngineSetup& setup, std::uint32_t shards);
    ~Steering();
    Steering(const Steering& other);
    Steering& operator=(const Steering& other);
    Steering(Steering&&) noexcept;
    Steering& operator=(Steering&&) noexcept;

    /// 0 to shards - 1. Fragments of one datagram meet, but not at their flow's shard: put datagrams together before.
    /// What carries no IP goes to 0.
    std::uint32_t shard_of(const Frame& frame);

  private:
    struct Parts;
    explicit Steering(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace keepstate
