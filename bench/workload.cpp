// See workload.hpp. Offsets are those of Ethernet II, RFC 791, RFC 8200, RFC 9293 and RFC 768.
#include "bench/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace keepstate::bench {

namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kFewestBuffers = 64;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
/// What both sides offer; the handshake scales it by 2^7 from then on.
constexpr std::uint16_t kWindow = 65279;
/// Data starts over here, so that it stays within the window of the SYN/ACK, which is not scaled.
constexpr std::uint32_t kMostOutstanding = 60'000;
/// MSS 1460, SACK permitted, window scale 7, two bytes of end.
constexpr std::array<std::uint8_t, 12> kSynOptions = {2, 4, 0x05, 0xb4, 4, 2, 1, 3, 3, 7, 0, 0};

constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kPush = 0x08;
constexpr std::uint8_t kAck = 0x10;

void put16(std::uint8_t* at, std::uint32_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}

void put32(std::uint8_t* at, std::uint32_t value) {
    const std::uint32_t swapped = __builtin_bswap32(value);
    std::memcpy(at, &swapped, sizeof swapped);
}

std::uint32_t sum_of(const std::uint8_t* bytes, std::size_t count) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < count; i += 2) sum += bytes[i] << 8 | bytes[i + 1];
    if (count % 2 != 0) sum += bytes[count - 1] << 8;
    return sum;
}

std::uint32_t halves(std::uint32_t word) { return (word >> 16) + (word & 0xffff); }

std::uint32_t folded(std::uint32_t sum) {
    sum = halves(sum);
    return ~halves(sum) & 0xffff;
}

std::uint8_t payload_byte(std::size_t at) { return static_cast<std::uint8_t>('a' + at % 26); }

bool is_reply(Segment segment) {
    return segment == Segment::syn_ack || segment == Segment::reply_ack ||
           segment == Segment::reply_fin;
}

std::uint8_t flags_of(Segment segment) {
    switch (segment) {
        case Segment::syn: return kSyn;
        case Segment::syn_ack: return kSyn | kAck;
        case Segment::data: return kPush | kAck;
        case Segment::fin:
        case Segment::reply_fin: return kFin | kAck;
        case Segment::ack:
        case Segment::reply_ack:
        case Segment::last_ack: break;
    }
    return kAck;
}

/// Bytes of the sequence space that the sender and its peer have used before this segment, besides data.
struct Progress {
    std::uint32_t own;
    std::uint32_t peer;
};
Progress progress_of(Segment segment) {
    switch (segment) {
        case Segment::syn: return {0, 0};
        case Segment::syn_ack: return {0, 1};
        case Segment::reply_fin: return {1, 2};
        case Segment::last_ack: return {2, 2};
        default: return {1, 1};
    }
}

/// Has it the client's data before its sequence number, or the server's acknowledgement of it?
bool counts_data(Segment segment) {
    return segment == Segment::data || segment == Segment::fin || segment == Segment::reply_fin ||
           segment == Segment::last_ack;
}

std::uint32_t mix(std::uint32_t x) {  // a bijection; the constants are those of MurmurHash3's end
    x ^= x >> 16;
    x *= 0x85ebca6b;
    x ^= x >> 13;
    x *= 0xc2b2ae35;
    return x ^ x >> 16;
}

}  // namespace

Flow make_flow(std::uint32_t number) {
    const std::uint32_t mixed = mix(number + 1);
    Flow flow;
    flow.client = 0x0a000000 | (mixed & 0x3ffff);
    flow.client_port = static_cast<std::uint16_t>(0x8000 | mixed >> 18);
    flow.server = 0xac100000 | (mixed * 0x9e3779b1 >> 20);
    flow.server_port = 443;
    flow.client_sequence = mixed * 0x85ebca77;
    flow.server_sequence = mixed * 0xc2b2ae3d + 1;
    return flow;
}

FrameWriter::FrameWriter(const WorkloadOptions& options)
    : options_(options),
      ip_at_(options.link == kLinkEthernet ? kEthernetBytes : 0),
      transport_at_(ip_at_ + (options.family == Family::ipv4 ? 20 : 40)) {
    options_.payload_bytes = std::min(options_.payload_bytes, kLongestPayload);
    for (std::size_t i = 0; i < kSegments; ++i) make_template(static_cast<Segment>(i));
}

std::size_t FrameWriter::frame_bytes_max() const {
    return std::max(templates_[0].frame_bytes,
                    templates_[static_cast<std::size_t>(Segment::data)].frame_bytes);
}

void FrameWriter::prepare(std::span<std::uint8_t> buffer) const {
    const std::size_t at = templates_[static_cast<std::size_t>(Segment::data)].header_bytes;
    for (std::size_t i = 0; at + i < buffer.size(); ++i) buffer[at + i] = payload_byte(i);
}

void FrameWriter::put_ip(Template& made, Segment segment, std::size_t transport_bytes) const {
    std::uint8_t* const ip = made.bytes.data() + ip_at_;
    const std::uint8_t protocol = options_.protocol == Protocol::tcp ? kTcp : kUdp;
    const bool is_ipv4 = options_.family == Family::ipv4;
    if (ip_at_ != 0) {
        std::uint8_t* const ethernet = made.bytes.data();
        ethernet[0] = ethernet[6] = 2;  // addresses of local meaning
        ethernet[5] = 1;
        ethernet[11] = 2;
        put16(ethernet + 12, is_ipv4 ? 0x0800 : 0x86dd);
    }
    if (is_ipv4) {
        ip[0] = 0x45;
        put16(ip + 2, static_cast<std::uint32_t>(20 + transport_bytes));
        ip[6] = 0x40;  // may not be fragmented
        ip[8] = 64;
        ip[9] = protocol;
        made.ip_sum = sum_of(ip, 20);
    } else {
        ip[0] = 0x60;
        put16(ip + 4, static_cast<std::uint32_t>(transport_bytes));
        ip[6] = protocol;
        ip[7] = 64;
        for (const std::size_t address : {8, 24}) put32(ip + address, 0x20010db8);
        // The clients are in 2001:db8:0:1::/64, the servers in 2001:db8:0:2::/64.
        ip[8 + 7] = is_reply(segment) ? 2 : 1;
        ip[24 + 7] = is_reply(segment) ? 1 : 2;
    }
    made.transport_sum += static_cast<std::uint32_t>(protocol + transport_bytes);
    if (!is_ipv4) made.transport_sum += sum_of(ip + 8, 32);
}

void FrameWriter::put_tcp(Template& made, Segment segment) const {
    std::uint8_t* const tcp = made.bytes.data() + transport_at_;
    const bool is_syn = segment == Segment::syn || segment == Segment::syn_ack;
    const std::size_t header = 20 + (is_syn ? kSynOptions.size() : 0);
    tcp[12] = static_cast<std::uint8_t>(header / 4 << 4);
    tcp[13] = flags_of(segment);
    put16(tcp + 14, kWindow);
    if (is_syn) std::memcpy(tcp + 20, kSynOptions.data(), kSynOptions.size());
    made.header_bytes = transport_at_ + header;
}

void FrameWriter::make_template(Segment segment) {
    Template& made = templates_[static_cast<std::size_t>(segment)];
    const bool is_udp = options_.protocol == Protocol::udp;
    const std::size_t payload = is_udp || segment == Segment::data ? options_.payload_bytes : 0;
    if (is_udp) {
        made.header_bytes = transport_at_ + 8;
        put16(made.bytes.data() + transport_at_ + 4, static_cast<std::uint32_t>(8 + payload));
    } else {
        put_tcp(made, segment);
    }
    made.frame_bytes = made.header_bytes + payload;
    put_ip(made, segment, made.frame_bytes - transport_at_);
    made.transport_sum +=
        sum_of(made.bytes.data() + transport_at_, made.header_bytes - transport_at_);
    std::vector<std::uint8_t> bytes(payload);
    for (std::size_t i = 0; i < payload; ++i) bytes[i] = payload_byte(i);
    made.transport_sum += sum_of(bytes.data(), bytes.size());
    // All of a template is copied each time, so what of the payload lies there belongs to it.
    std::copy_n(bytes.begin(), std::min(payload, kTemplateBytes - made.header_bytes),
                made.bytes.begin() + static_cast<std::ptrdiff_t>(made.header_bytes));
}

std::span<const std::uint8_t> FrameWriter::write(const Flow& flow, Segment segment,
                                                 std::uint32_t offset,
                                                 std::span<std::uint8_t> buffer) const {
    const Template& form = templates_[static_cast<std::size_t>(segment)];
    const bool reply = is_reply(segment);
    const std::uint32_t source = reply ? flow.server : flow.client;
    const std::uint32_t destination = reply ? flow.client : flow.server;
    const std::uint32_t ports = reply ? std::uint32_t{flow.server_port} << 16 | flow.client_port
                                      : std::uint32_t{flow.client_port} << 16 | flow.server_port;
    std::memcpy(buffer.data(), form.bytes.data(), kTemplateBytes);
    std::uint8_t* const ip = buffer.data() + ip_at_;
    std::uint8_t* const transport = buffer.data() + transport_at_;
    const std::uint32_t addresses = halves(source) + halves(destination);
    const bool is_ipv4 = options_.family == Family::ipv4;
    put32(ip + (is_ipv4 ? 12 : 20), source);
    put32(ip + (is_ipv4 ? 16 : 36), destination);
    if (is_ipv4) put16(ip + 10, folded(form.ip_sum + addresses));
    put32(transport, ports);
    std::uint32_t sum = form.transport_sum + addresses + halves(ports);
    std::size_t checksum_at = 6;
    if (options_.protocol == Protocol::tcp) {
        const Progress progress = progress_of(segment);
        const std::uint32_t sent = counts_data(segment) ? offset : 0;
        std::uint32_t sequence = (reply ? flow.server_sequence : flow.client_sequence) +
                                 progress.own + (reply ? 0 : sent);
        std::uint32_t acknowledged = segment == Segment::syn
                                         ? 0
                                         : (reply ? flow.client_sequence : flow.server_sequence) +
                                               progress.peer + (reply ? sent : 0);
        put32(transport + 4, sequence);
        put32(transport + 8, acknowledged);
        sum += halves(sequence) + halves(acknowledged);
        checksum_at = 16;
    }
    if (options_.has_checksums) {
        const std::uint32_t checksum = folded(sum);
        // A UDP checksum of zero would mean that there is none.
        const bool is_none = checksum == 0 && options_.protocol == Protocol::udp;
        put16(transport + checksum_at, is_none ? 0xffff : checksum);
    }
    return {buffer.data(), form.frame_bytes};
}

Generator::Generator(const WorkloadOptions& options, std::uint32_t batch)
    : options_(options), writer_(options), random_(options.seed), frames_(batch) {
    // An odd number of lines from one buffer to the next, so that they do not compete for the same sets of the cache.
    const std::size_t bytes = std::max(writer_.frame_bytes_max(), FrameWriter::kTemplateBytes);
    const std::size_t lines = (bytes + kLineBytes - 1) / kLineBytes;
    buffer_bytes_ = (lines | 1) * kLineBytes;
    pool_.resize(buffer_bytes_ * std::max<std::size_t>(batch, kFewestBuffers));
    for (std::size_t at = 0; at < pool_.size(); at += buffer_bytes_) {
        writer_.prepare(std::span(pool_).subspan(at, buffer_bytes_));
    }
    for (Frame& frame : frames_) frame.link = options.link;
}

void Generator::put(std::size_t at, const Flow& flow, Segment segment, std::uint32_t offset) {
    const std::span<std::uint8_t> buffer(pool_.data() + at * buffer_bytes_, buffer_bytes_);
    frames_[at].bytes = writer_.write(flow, segment, offset, buffer);
    frames_[at].time = now_;
}

std::span<const Frame> Generator::done(std::size_t count) {
    sent_ += count;
    // Each time that every flow has sent about once, all of them go on by one payload, until they start over.
    while (sent_ >= options_.flows) {
        const std::uint32_t step = std::max(options_.payload_bytes, 1U);
        sent_ -= options_.flows;
        offset_ = offset_ + step <= kMostOutstanding ? offset_ + step : 0;
    }
    now_ = now_ + static_cast<std::int64_t>(count) * kTickNs;
    return {frames_.data(), count};
}

void Generator::put_established(std::size_t at) {
    const std::uint64_t word = random_.next();
    const auto number = static_cast<std::uint32_t>(((word >> 32) * options_.flows) >> 32);
    const bool is_data = (word & 1) != 0;
    put(at, make_flow(number), is_data ? Segment::data : Segment::reply_ack, offset_);
}

std::span<const Frame> Generator::established() {
    for (std::size_t i = 0; i < frames_.size(); ++i) put_established(i);
    return done(frames_.size());
}

std::span<const Frame> Generator::mixed(std::uint32_t new_percent, std::uint32_t& next) {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        if (random_.below(100) < new_percent) {
            put(i, make_flow(next++), Segment::syn, 0);
        } else {
            put_established(i);
        }
    }
    return done(frames_.size());
}

std::span<const Frame> Generator::segments(std::uint32_t first, std::uint32_t end,
                                           Segment segment) {
    const std::size_t count = std::min<std::size_t>(frames_.size(), end - first);
    for (std::size_t i = 0; i < count; ++i) {
        put(i, make_flow(first + static_cast<std::uint32_t>(i)), segment, 0);
    }
    return done(count);
}

std::span<const Frame> Generator::segments_of(std::span<const Flow> flows, Segment segment) {
    const std::size_t count = std::min(frames_.size(), flows.size());
    for (std::size_t i = 0; i < count; ++i) put(i, flows[i], segment, 0);
    return done(count);
}

std::uint64_t open_flows(Engine& engine, Generator& generator, std::uint32_t first,
                         std::uint32_t end) {
    std::vector<Decision> decisions(generator.batch());
    std::uint64_t refused = 0;
    static constexpr Segment kHandshake[] = {Segment::syn, Segment::syn_ack, Segment::ack};
    static constexpr Segment kBothWays[] = {Segment::data, Segment::reply_ack};
    const bool is_tcp = generator.options().protocol == Protocol::tcp;
    const std::span<const Segment> opening =
        is_tcp ? std::span<const Segment>(kHandshake) : std::span<const Segment>(kBothWays);
    for (std::uint32_t at = first; at < end; at += generator.batch()) {
        for (const Segment segment : opening) {
            const auto frames = generator.segments(at, end, segment);
            engine.process(frames, std::span(decisions).first(frames.size()));
            refused += static_cast<std::uint64_t>(
                std::count_if(decisions.begin(), decisions.begin() + frames.size(),
                              [](const Decision& d) { return d.verdict != Verdict::accept; }));
        }
    }
    return refused;
}

std::string three_rules(Protocol protocol) {
    return fmt::format(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -p {0} -m {0} --dport 443 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
        protocol == Protocol::tcp ? "tcp" : "udp");
}

EngineSetup make_setup(const WorkloadOptions& options) {
    EngineSetup setup;
    setup.settings.max = options.flows;
    setup.settings.buckets = options.flows;
    setup.settings.checksum = options.has_checksums ? 1 : 0;
    setup.seed = options.seed;
    Ruleset rules = *Ruleset::parse(three_rules(options.protocol), options.family);
    (options.family == Family::ipv4 ? setup.rules4 : setup.rules6) = std::move(rules);
    setup.prefault = true;
    setup.most_ended_a_packet = 64;
    setup.tells_entries = false;  // what data planes do not ask for
    return setup;
}

}  // namespace keepstate::bench
