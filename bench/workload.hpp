// The traffic that every benchmark measures with: many flows, opened by real handshakes, then packets of
// uniformly random flows in uniformly random directions, always in window.
//
//     flow number --mix--> client, server, ports, first sequence numbers      no memory a flow: nothing of the
//     FrameWriter          one frame of a flow into a buffer                  generator competes for the cache
//     Generator            batches of frames in a small pool of buffers       as after direct cache access
//
// Every flow has a tuple of its own: the mix is a bijection of 32 bits, of which the client's address takes 18
// and its port 14. After the handshake the client sends `payload_bytes` of data whose sequence number grows slowly
// and starts over before it leaves the window that the server offered in its SYN/ACK; the server sends bare ACKs of
// the handshake. So each packet is in window whatever came before, and the generator need not remember anything.
// What that leaves out: data that gets acknowledged, segments from both sides, SACK and timestamps after the handshake.
//
// Time is virtual: a batch bears one stamp, and the clock goes on by kTickNs for each packet.
//
// Threads: one owner.  Tested by: bench/workload_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/split_mix.hpp"
#include "keepstate/address.hpp"
#include "keepstate/engine.hpp"
#include "keepstate/time.hpp"

namespace keepstate::bench {

enum class Protocol : std::uint8_t { tcp, udp };

/// What a frame carries. `data` is the client's, `reply_ack` the server's; of UDP there are only these two.
enum class Segment : std::uint8_t {
    syn,
    syn_ack,
    ack,
    data,
    reply_ack,
    fin,
    reply_fin,
    last_ack,
};
inline constexpr std::size_t kSegments = 8;

struct WorkloadOptions {
    std::uint32_t flows = 1'000'000;  ///< at least 1
    Family family = Family::ipv4;
    Protocol protocol = Protocol::tcp;
    std::uint32_t payload_bytes = 10;  ///< of `data` and of UDP packets, at most kLongestPayload
    bool has_checksums =
        false;  ///< transport checksums are written; that of the IP header always is
    LinkNumber link = kLinkEthernet;
    std::uint64_t seed = 1;
};
inline constexpr std::uint32_t kLongestPayload = 1400;

/// Virtual nanoseconds from one packet to the next: a line of 20 million packets a second.
inline constexpr std::int64_t kTickNs = 50;

class Random {
  public:
    explicit Random(std::uint64_t seed) : random_(seed) {}
    std::uint64_t next() { return random_.next(); }
    /// Evenly from 0 to bound - 1.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
    }

  private:
    base::SplitMix64 random_;
};

/// Who talks to whom, in host order. IPv6 addresses differ in their last 32 bits only.
struct Flow {
    std::uint32_t client = 0;
    std::uint32_t server = 0;
    std::uint16_t client_port = 0;
    std::uint16_t server_port = 0;
    std::uint32_t client_sequence = 0;  ///< of the SYN
    std::uint32_t server_sequence = 0;  ///< of the SYN/ACK
};
/// No two numbers give the same tuple.
Flow make_flow(std::uint32_t number);

/// Writes frames. Cost: some ten nanoseconds a frame, whatever the payload: its bytes stand in the buffer already.
class FrameWriter {
  public:
    /// As many bytes are written each time, so a buffer has at least as many. The longest headers take 86.
    static constexpr std::size_t kTemplateBytes = 96;

    explicit FrameWriter(const WorkloadOptions& options);

    /// Bytes of the longest frame.
    std::size_t frame_bytes_max() const;
    /// Fills a buffer's payload, once for ever; write() only writes headers.
    void prepare(std::span<std::uint8_t> buffer) const;
    /// `offset`: how many bytes of data the client has sent before. Returns the frame, a part of `buffer`.
    std::span<const std::uint8_t> write(const Flow& flow, Segment segment, std::uint32_t offset,
                                        std::span<std::uint8_t> buffer) const;

  private:
    // All of a frame's headers that is the same for each flow, with the sums over it that its checksums begin with,
    // and the payload's first bytes.
    struct Template {
        std::array<std::uint8_t, kTemplateBytes> bytes{};
        std::size_t header_bytes = 0;
        std::size_t frame_bytes = 0;
        std::uint32_t ip_sum = 0;
        std::uint32_t transport_sum = 0;
    };
    void make_template(Segment segment);
    void put_ip(Template& made, Segment segment, std::size_t transport_bytes) const;
    void put_tcp(Template& made, Segment segment) const;

    WorkloadOptions options_;
    std::size_t ip_at_ = 0;
    std::size_t transport_at_ = 0;
    std::array<Template, kSegments> templates_;
};

/// Makes batches of frames. The frames of a batch are good until the next one is made.
class Generator {
  public:
    Generator(const WorkloadOptions& options, std::uint32_t batch);

    /// Random flows of all, in random directions: `data` or `reply_ack`.
    std::span<const Frame> established();
    /// The same, but of a hundred packets `new_percent` are SYNs of flows `next`, `next` + 1, ...
    std::span<const Frame> mixed(std::uint32_t new_percent, std::uint32_t& next);
    /// One segment of each flow from `first` on, at most a batch of them and at most up to `end`.
    std::span<const Frame> segments(std::uint32_t first, std::uint32_t end, Segment segment);
    /// One segment of each of these flows, at most a batch of them.
    std::span<const Frame> segments_of(std::span<const Flow> flows, Segment segment);

    /// Lets virtual time go on.
    void advance(std::int64_t span_ns) { now_ = now_ + span_ns; }
    Time now() const { return now_; }
    std::uint32_t batch() const { return static_cast<std::uint32_t>(frames_.size()); }
    const WorkloadOptions& options() const { return options_; }

  private:
    void put(std::size_t at, const Flow& flow, Segment segment, std::uint32_t offset);
    void put_established(std::size_t at);
    std::span<const Frame> done(std::size_t count);

    WorkloadOptions options_;
    FrameWriter writer_;
    Random random_;
    std::size_t buffer_bytes_;
    std::vector<std::uint8_t> pool_;
    std::vector<Frame> frames_;
    Time now_ = Time::from_s(1'000'000);
    std::uint64_t sent_ = 0;  // since the data last went on
    std::uint32_t offset_ = 0;
};

/// Opens the flows `first` to `end` - 1 in an engine: handshakes, or of UDP a packet each way. Returns how many of
/// its packets the engine did not accept.
std::uint64_t open_flows(Engine& engine, Generator& generator, std::uint32_t first,
                         std::uint32_t end);

/// The engine's settings and rules that a workload asks for: room for just its flows, as many buckets, checksums
/// tested if they are written, and the three rules that follow.
EngineSetup make_setup(const WorkloadOptions& options);
/// INVALID goes, ESTABLISHED and RELATED come in, NEW to port 443, all else is dropped.
std::string three_rules(Protocol protocol);

}  // namespace keepstate::bench
