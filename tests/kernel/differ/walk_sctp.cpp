// See walk_sctp.hpp.
#include "differ/walk_sctp.hpp"

#include <utility>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kFlows = 12;
constexpr std::uint16_t kServerPort = 5000;

// Chunk types, RFC 9260 3.2.
constexpr std::uint8_t kData = 0, kInit = 1, kInitAck = 2, kHeartbeat = 4, kHeartbeatAck = 5,
                       kAbort = 6, kShutdown = 7, kShutdownAck = 8, kError = 9, kCookieEcho = 10,
                       kCookieAck = 11, kShutdownComplete = 14;

}  // namespace

SctpWalk::SctpWalk(WalkGround& ground) : ground_(ground), dice_(ground.dice), flows_(kFlows) {}

void SctpWalk::begin(Flow& flow) {
    flow = Flow{};
    flow.port = next_port_++;
    flow.packets_left = 1 + dice_.below(dice_.one_in(2) ? 12 : 80);
    flow.ends = ground_.draw_ends(0);
}

/// What could come next, if all went well.
SctpWalk::Plan SctpWalk::draw_plan(const Flow& flow) {
    const unsigned side = dice_.below(2);
    switch (flow.phase) {
        case Phase::none:
            return dice_.pick<Plan>({{kInit, 0, Phase::cookie_wait},
                                     {kInit, 0, Phase::cookie_wait},
                                     {kInit, 0, Phase::cookie_wait},
                                     {kHeartbeat, 0, Phase::none},
                                     {kHeartbeatAck, 0, Phase::none},
                                     {kData, 0, Phase::none},
                                     {kShutdownAck, 0, Phase::none}});
        case Phase::cookie_wait:
            return dice_.pick<Plan>({{kInitAck, 1, Phase::cookie_wait},
                                     {kInitAck, 1, Phase::cookie_wait},
                                     {kCookieEcho, 0, Phase::cookie_echoed},
                                     {kInit, side, Phase::cookie_wait}});
        case Phase::cookie_echoed:
            return dice_.pick<Plan>({{kCookieAck, 1, Phase::established},
                                     {kCookieAck, 1, Phase::established},
                                     {kCookieEcho, 0, Phase::cookie_echoed},
                                     {kError, 1, Phase::none}});
        case Phase::established:
            return dice_.pick<Plan>({{kData, side, flow.phase},
                                     {kData, side, flow.phase},
                                     {3, side, flow.phase},
                                     {kHeartbeat, side, flow.phase},
                                     {kHeartbeatAck, side, flow.phase},
                                     {kInit, side, flow.phase},
                                     {kInitAck, side, flow.phase},
                                     {kShutdown, side, Phase::shutdown_sent}});
        case Phase::shutdown_sent:
            return dice_.pick<Plan>({{kShutdownAck, side, Phase::shutdown_ack_sent},
                                     {kData, side, flow.phase},
                                     {kShutdown, side, flow.phase},
                                     {kInit, side, flow.phase}});
        case Phase::shutdown_ack_sent:
            return dice_.pick<Plan>({{kShutdownComplete, side, Phase::over},
                                     {kShutdownAck, side, flow.phase},
                                     {kInit, side, flow.phase}});
        case Phase::over: break;
    }
    return dice_.pick<Plan>({{kHeartbeatAck, side, flow.phase},
                             {kHeartbeat, side, flow.phase},
                             {kInit, side, Phase::cookie_wait},
                             {kShutdownAck, side, flow.phase}});
}

std::uint32_t SctpWalk::foreign_tag() {
    return dice_.pick<std::uint32_t>({0, 1, 2, 3, 0xdeadbeef, dice_.word()});
}

std::uint32_t SctpWalk::draw_tag(const Flow& flow, const SctpChunk& first, unsigned side) {
    const std::uint32_t own = flow.tags[side];
    const std::uint32_t other = flow.tags[1 - side];
    if (first.type == kInit && dice_.percent(90)) return 0;
    const bool is_end = first.type == kAbort || first.type == kShutdownComplete;
    if (is_end && (first.flags & 1) != 0 && dice_.percent(80)) return other;
    if (dice_.percent(85)) return own;
    return dice_.percent(30) ? other : foreign_tag();
}

SctpChunk SctpWalk::make_chunk(const Flow& flow, std::uint8_t type, unsigned side) {
    SctpChunk chunk;
    chunk.type = type;
    chunk.flags = static_cast<std::uint8_t>(dice_.below(4));
    if (type == kInit || type == kInitAck) {
        // The tag that the other side will use: kept, or a new one (a restart).
        const std::uint32_t known = flow.tags[1 - side];
        chunk.body = init_body(dice_.percent(known != 0 ? 60 : 5) ? known : foreign_tag());
        if (dice_.percent(3)) chunk.body.resize(dice_.below(16));
    } else {
        chunk.body.assign(dice_.below(9), 0);
    }
    if (dice_.percent(2)) {
        chunk.length =
            dice_.pick<std::uint16_t>({0, 1, 3, 4, 5, 8, 9, 12, 16, 20, 40, 0xfffc, 0xffff});
    }
    return chunk;
}

void SctpWalk::learn(Flow& flow, const Plan& plan, const SctpChunk& chunk) {
    flow.phase = plan.after;
    if (chunk.type != kInit && chunk.type != kInitAck) return;
    if (chunk.body.size() < 4) return;
    std::uint32_t tag = 0;
    for (std::size_t i = 0; i < 4; ++i) tag = tag << 8U | chunk.body[i];
    flow.tags[1 - plan.side] = tag;
}

Bytes SctpWalk::next() {
    Flow& flow = flows_[dice_.below(kFlows)];
    if (flow.packets_left == 0 || flow.port == 0) begin(flow);
    --flow.packets_left;
    Plan plan = draw_plan(flow);
    const bool is_planned = dice_.percent(65);
    if (!is_planned) {
        plan.type = dice_.percent(3) ? dice_.byte() : static_cast<std::uint8_t>(dice_.below(16));
        plan.side = dice_.percent(flow.phase == Phase::none ? 10 : 50) ? 1 : 0;
        plan.after = flow.phase;
    }
    SctpSegment segment{flow.port, kServerPort, 0, {}};
    const unsigned count = dice_.percent(70) ? 1 : dice_.percent(3) ? 0 : 1 + dice_.below(4);
    for (unsigned i = 0; i < count; ++i) {
        const std::uint8_t type = i == 0 ? plan.type : static_cast<std::uint8_t>(dice_.below(16));
        segment.chunks.push_back(make_chunk(flow, type, plan.side));
    }
    const SctpChunk none;
    const SctpChunk& first = count != 0 ? segment.chunks[0] : none;
    segment.vtag = draw_tag(flow, first, plan.side);
    if (dice_.percent(3)) segment.tail.assign(1 + dice_.below(7), 0);
    if (dice_.percent(2)) segment.keep = dice_.below(40);
    if (dice_.percent(3)) segment.damage = 1U << dice_.below(32);
    if (is_planned && segment.damage == 0) learn(flow, plan, first);
    IpEnds ends = flow.ends;
    if (plan.side == 1) {
        std::swap(segment.source_port, segment.destination_port);
        std::swap(ends.source, ends.destination);
    }
    return make_sctp(ends, segment);
}

}  // namespace keepstate::kernel
