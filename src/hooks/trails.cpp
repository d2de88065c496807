// See trails.hpp.
#include "hooks/trails.hpp"

#include <algorithm>

namespace keepstate::hooks {

namespace {

std::uint64_t hash_of(const Trail& trail) {
    std::uint64_t hash = trail.count;
    for (std::uint32_t i = 0; i < trail.count; ++i) {
        hash = (hash ^ reinterpret_cast<std::uintptr_t>(trail.counters[i])) * 0x9e3779b97f4a7c15ULL;
    }
    return hash ^ hash >> 32;
}

/// The counters say which rules there were, so what those decided is the same too.
bool are_equal(const Trail& a, const Trail& b) {
    return a.in == b.in && a.out == b.out && a.decision.direction == b.decision.direction &&
           a.decision.family == b.decision.family && a.decision.protocol == b.decision.protocol &&
           a.decision.verdict == b.decision.verdict && a.count == b.count &&
           std::equal(a.counters.begin(), a.counters.begin() + a.count, b.counters.begin());
}

}  // namespace

Trails::Trails(std::size_t devices, bool keeps_flows)
    : devices_(devices),
      of_class_(devices <= kMostDevices ? devices * devices * kClasses : 0),
      of_first_(kFirsts),
      particular_(kFirsts) {
    if (!keeps_flows) return;
    of_flow_.reserve(kMostOfFlows);
    slots_.resize(2 * kMostOfFlows);
}

std::uint16_t Trails::keep(const Trail& trail) {
    if (slots_.empty()) return 0;
    std::size_t slot = hash_of(trail) % slots_.size();
    for (; slots_[slot] != 0; slot = (slot + 1) % slots_.size()) {
        if (are_equal(of_flow(slots_[slot]), trail)) return slots_[slot];
    }
    if (flow_count_ == kMostOfFlows) return 0;
    of_flow_.push_back(trail);
    ++flow_count_;
    return slots_[slot] = static_cast<std::uint16_t>(forgotten_ + flow_count_);
}

void Trails::settle() const {
    for (const Trail& trail : of_class_) trail.settle();
    for (const OfFirst& first : of_first_) first.trail.settle();
    for (const Trail& trail : of_flow_) trail.settle();
}

Trails::Numbers Trails::forget() {
    constexpr std::uint32_t kMostNumbers = 0xffff;
    for (Trail& trail : of_class_) trail.in = nullptr;
    for (OfFirst& first : of_first_) first.trail.in = nullptr;
    for (Particular& each : particular_) each = {};
    forgotten_ += flow_count_;
    if (flow_count_ != 0) std::fill(slots_.begin(), slots_.end(), std::uint16_t{0});
    of_flow_.clear();
    flow_count_ = 0;
    if (forgotten_ + kMostOfFlows <= kMostNumbers) return Numbers::go_on;
    forgotten_ = 0;
    return Numbers::used_up;
}

}  // namespace keepstate::hooks
