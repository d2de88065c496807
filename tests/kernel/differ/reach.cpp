// See reach.hpp.
#include "differ/reach.hpp"

#include <fmt/format.h>

#include <string_view>

#include "differ/compare.hpp"
#include "keepstate/engine.hpp"

namespace keepstate::kernel {

namespace {

constexpr std::string_view kException = "exception: ";
constexpr std::string_view kAnswer = "answer sent: ";

/// "SYN_SENT + ACK from the reply side -> INVALID" and the like.
bool is_cell(std::string_view line) {
    const bool has_side = line.find(" from the ") != std::string_view::npos;
    return has_side && line.find(" + ") != std::string_view::npos &&
           line.find(" -> ") != std::string_view::npos;
}

void count_story(std::string_view story, Reach& reach) {
    while (!story.empty()) {
        const std::size_t end = story.find('\n');
        std::string_view line = story.substr(0, end);
        story = end == std::string_view::npos ? std::string_view{} : story.substr(end + 1);
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.starts_with(kException)) {
            ++reach.counts["exception"][std::string(line.substr(kException.size()))];
        } else if (line.starts_with(kAnswer)) {
            ++reach.counts["answer"][std::string(line.substr(kAnswer.size()))];
        } else if (is_cell(line)) {
            ++reach.counts["cell"][std::string(line)];
        }
    }
}

}  // namespace

Result<void> Reach::add(const Walk& walk) {
    Result<Engine> engine = make_engine(walk.setup);
    if (!engine) return Unexpected(engine.error());
    Time now = Time::from_s(1'000'000);
    for (const KernelPacket& packet : walk.packets) {
        now = now + static_cast<std::int64_t>(kPacketGapNs + packet.wait_before_ns);
        Frame frame;
        frame.bytes = packet.ip_bytes;
        frame.link = kLinkRaw;
        frame.time = now;
        Decision decision;
        std::string story;
        engine->process({&frame, 1}, {&decision, 1}, &story);
        ++counts["verdict"][std::string(text(decision.verdict))];
        ++counts["state"][decision.state ? std::string(text(*decision.state)) : "none"];
        if (decision.reason != Reason::none) ++counts["reason"][std::string(text(decision.reason))];
        count_story(story, *this);
    }
    return {};
}

std::string Reach::print() const {
    std::string out;
    for (const auto& [heading, names] : counts) {
        out += fmt::format("{} ({} kinds):\n", heading, names.size());
        for (const auto& [name, count] : names) out += fmt::format("  {:>9}  {}\n", count, name);
    }
    return out;
}

bool Reach::has(const std::string& heading, const std::string& name) const {
    const auto names = counts.find(heading);
    return names != counts.end() && names->second.contains(name);
}

}  // namespace keepstate::kernel
