// See keepstate/steering.hpp; the steering itself is ct/steering's.
#include "keepstate/steering.hpp"

#include <fmt/format.h>

#include <utility>

#include "api/steering.hpp"

namespace keepstate {

ct::Steering make_steering(const EngineSetup& setup, std::uint32_t shards) {
    const std::vector<ct::Helper> helpers = ct::make_helpers(setup.helpers);
    ct::HelperReach reach;
    rules::add_reach_of_settings(setup.settings, helpers, reach);
    for (const std::optional<Ruleset>* rules : {&setup.rules4, &setup.rules6}) {
        if (*rules) rules::add_reach_of_rules((*rules)->ast(), helpers, reach);
    }
    return ct::Steering(shards, setup.seed, setup.completes_cut_frames, std::move(reach));
}

Result<void> check_shards(std::uint32_t shards) {
    if (shards >= 1 && shards <= ct::Steering::kMostShards) return {};
    return Unexpected(Error::of(ErrorKind::usage, fmt::format("{} shards: there may be 1 to {}",
                                                              shards, ct::Steering::kMostShards)));
}

struct Steering::Parts {
    ct::Steering steering;
};

static_assert(Steering::kMostShards == ct::Steering::kMostShards);

Steering::Steering(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Steering::~Steering() = default;
Steering::Steering(const Steering& other) : parts_(std::make_unique<Parts>(*other.parts_)) {}
Steering& Steering::operator=(const Steering& other) {
    parts_ = std::make_unique<Parts>(*other.parts_);
    return *this;
}
Steering::Steering(Steering&&) noexcept = default;
Steering& Steering::operator=(Steering&&) noexcept = default;

Result<Steering> Steering::make(const EngineSetup& setup, std::uint32_t shards) {
    if (Result<void> good = check_shards(shards); !good) {
        return Unexpected(std::move(good.error()));
    }
    return Steering(std::make_unique<Parts>(Parts{make_steering(setup, shards)}));
}

std::uint32_t Steering::shard_of(const Frame& frame) {
    const auto link = static_cast<wire::LinkType>(frame.link);
    const ct::Way way = parts_->steering.way_of(link, frame.bytes);
    if (way.kind != ct::Way::Kind::fragment) return way.shard;
    return parts_->steering.shard_of_fragment(link, frame.bytes);
}

}  // namespace keepstate
