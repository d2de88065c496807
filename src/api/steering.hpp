// A setup's steering, for the two who need one: keepstate::Steering and keepstate::ShardedEngine.
#pragma once

#include "ct/steering.hpp"
#include "keepstate/engine.hpp"
#include "rules/sharing.hpp"

namespace keepstate {

ct::Steering make_steering(const EngineSetup& setup, std::uint32_t shards);

/// Errors (usage): none, or more than there may be.
Result<void> check_shards(std::uint32_t shards);

}  // namespace keepstate
