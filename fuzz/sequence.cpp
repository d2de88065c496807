// Any sequence of packets through a whole engine: nothing may crash, grow beyond its limits or contradict itself.
//
// Two bytes choose the settings and the rules. Then follows one command of 16 bytes a packet: it stands near what
// the flow would send next (so that the fuzzer gets deep into the machines), quotes, cuts or spoils an earlier
// packet, and lets time pass. The limits are small, so that the map is full soon. What must hold:
//  * there are never more entries than nf_conntrack_max;
//  * a packet has a direction if and only if it belongs to a flow;
//  * an entry's events are one NEW, then UPDATEs, then at most one DESTROY, and those without an end are the
//    entries that are left;
//  * what became of expectations adds up to those that are left, and there are never more than expect_max;
//  * each listing line is read back, and says the same again;
//  * the same packets in one batch are decided as one by one.
#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "keepstate/engine.hpp"
#include "wire/build.hpp"

namespace {

using namespace keepstate;
using namespace keepstate::wire;

constexpr std::size_t kCommand = 16;
constexpr std::size_t kMostPackets = 200;
constexpr std::uint32_t kMostEntries = 6;
constexpr std::uint32_t kMostExpectations = 3;

constexpr std::string_view kRules[] = {
    "",
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
    "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
    "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A PREROUTING -m mark --mark 0 -p udp -j CT --zone 7\n"
    "-A PREROUTING -p tcp --dport 81 -j CT --zone-orig 3\n"
    "-A PREROUTING -p icmp -j CT --notrack\nCOMMIT\n"
    "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    "-A FORWARD -j CONNMARK --set-xmark 0x5/0xffffffff\nCOMMIT\n",
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -p tcp -m conntrack --ctstate INVALID -j REJECT --reject-with tcp-reset\n"
    "-A FORWARD -p udp -m limit --limit 1/sec -j REJECT\n"
    "-A OUTPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n",
    "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A PREROUTING -p udp --dport 80 -j CT --helper tftp\n"
    "-A PREROUTING -p udp --dport 1001 -j CT --helper tftp --zone 3\n"
    "-A PREROUTING -p tcp --dport 80 -j CT --helper sip\nCOMMIT\n"
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A FORWARD -m conntrack --ctstate RELATED -m statistic --mode nth --every 2 --packet 0 "
    "-j DROP\n"
    "-A FORWARD -p udp -m helper --helper tftp -j ACCEPT\nCOMMIT\n",
};

EngineSetup make_setup(std::uint8_t switches, std::uint8_t choice) {
    EngineSetup setup;
    Settings& s = setup.settings;
    s.max = kMostEntries;
    s.expect_max = kMostExpectations;
    s.buckets = 8;
    s.frag6_low_thresh = s.frag6_high_thresh = 30'000;  // soon full, and quickly made
    s.checksum = (switches & 1) != 0;
    s.acct = s.timestamp = (switches & 2) != 0;
    s.tcp_be_liberal = (switches & 4) != 0;
    s.tcp_loose = (switches & 8) == 0;
    s.tcp_ignore_invalid_rst = (switches & 16) != 0;
    s.tcp_max_retrans = (switches & 32) != 0 ? 0 : 3;
    setup.completes_cut_frames = (switches & 64) != 0;
    setup.listen_events = true;
    const std::string_view rules = kRules[choice % std::size(kRules)];
    if (!rules.empty()) {
        auto rules4 = Ruleset::parse(rules, Family::ipv4, "fuzz");
        KS_ASSERT(rules4.has_value());
        setup.rules4 = std::move(*rules4);
    }
    if ((choice & 64) != 0) {
        setup.devices = {{"eth0", {*parse_prefix("10.0.1.0/24"), *parse_prefix("fd01::/16")}},
                         {"eth1", {*parse_prefix("10.0.2.0/24"), *parse_prefix("fd02::/16")}}};
    }
    if ((choice & 128) != 0) {
        setup.local = {*parse_address("10.0.2.1"), *parse_address("fd02::1")};
    }
    return setup;
}

/// What a flow's two sides would send next.
struct FlowMemory {
    std::array<std::uint32_t, 2> next{1000, 0xffffff00U};
    std::array<std::uint32_t, 2> vtag{11, 22};
};

class Sender {
  public:
    /// Appends the packet that `c` (kCommand bytes) asks for.
    void make(const std::uint8_t* c) {
        Bytes packet = draft(c);
        if (c[12] != 0 && !packet.empty())
            packet[std::min<std::size_t>(c[12], packet.size()) - 1] ^= c[13];
        if (c[15] != 0) packet.resize(packet.size() * (255U - c[15]) / 255U);
        now_ = now_ + std::int64_t{c[14]} * c[14] * c[14] * kNsPerSecond / 1000;
        packets.push_back(std::move(packet));
        times.push_back(now_);
    }

    std::vector<Bytes> packets;
    std::vector<Time> times;

  private:
    static Address address(bool is_v6, unsigned side) {
        static const std::array kAddresses{*parse_address("10.0.1.1"), *parse_address("10.0.2.1"),
                                           *parse_address("fd01::1"), *parse_address("fd02::1")};
        return kAddresses[(is_v6 ? 2 : 0) + side];
    }

    const Bytes* earlier(std::uint8_t which) const {
        return packets.empty() ? nullptr : &packets[packets.size() - 1 - which % packets.size()];
    }

    Bytes draft(const std::uint8_t* c) {
        const unsigned side = c[0] >> 3 & 1;
        const bool is_v6 = (c[0] & 16) != 0;
        IpFields ip;
        ip.source = address(is_v6, side);
        ip.destination = address(is_v6, 1 - side);
        ip.ttl = (c[0] & 32) != 0 ? 1 : 64;
        const std::array<std::uint16_t, 2> ports{static_cast<std::uint16_t>(1000 + (c[2] & 3)),
                                                 static_cast<std::uint16_t>(80 + (c[2] >> 2 & 1))};
        FlowMemory& flow = flows_[(c[2] & 7) | (is_v6 ? 8 : 0)];
        switch (c[0] & 7) {
            case 0:
            case 1: return tcp(c, ip, ports[side], ports[1 - side], flow, side);
            case 2: return sctp(c, ip, ports[side], ports[1 - side], flow, side);
            case 3: {
                Bytes payload(c[9]);
                if (payload.size() > 1) payload[0] = c[3], payload[1] = c[4];  // TFTP's request
                return build_udp(ip, ports[side], ports[1 - side], payload);
            }
            case 4: return build_icmp(ip, c[1], c[3], base::load_be16(c + 4) & 3, Bytes(c[9]));
            case 5: return quote(c, ip);
            case 6: return again(c);
            default: return build_ip(ip, c[1], Bytes(c[9], c[3]));
        }
    }

    static Bytes tcp(const std::uint8_t* c, const IpFields& ip, std::uint16_t from,
                     std::uint16_t to, FlowMemory& flow, unsigned side) {
        const auto delta = [](const std::uint8_t* at, unsigned scale) {
            return static_cast<std::uint32_t>(static_cast<std::int16_t>(base::load_be16(at)))
                   << scale;
        };
        TcpFields fields;
        fields.source_port = from;
        fields.destination_port = to;
        fields.flags = c[1];
        fields.seq = flow.next[side] + delta(c + 3, c[5] & 15);
        fields.ack = flow.next[1 - side] + delta(c + 6, c[5] >> 4);
        fields.window = static_cast<std::uint16_t>(c[8] << 8 | c[8]);
        if ((c[10] & 1) != 0) fields.options.insert(fields.options.end(), {3, 3, c[11], 1});
        if ((c[10] & 2) != 0) fields.options.insert(fields.options.end(), {4, 2, 1, 1});
        if ((c[10] & 4) != 0) {
            fields.options.insert(fields.options.end(), {5, 10, 0, 0, 0, 0, 0, 0, 0, 0});
            base::store_be32(fields.options.data() + fields.options.size() - 4, fields.ack + c[11]);
        }
        flow.next[side] = fields.seq + c[9] + ((c[1] & 2) != 0) + ((c[1] & 1) != 0);
        return build_tcp(ip, fields, Bytes(c[9]));
    }

    static Bytes sctp(const std::uint8_t* c, const IpFields& ip, std::uint16_t from,
                      std::uint16_t to, FlowMemory& flow, unsigned side) {
        Bytes chunks;
        for (const std::uint8_t type : {c[1], c[10]}) {
            if (type == 255) continue;
            Bytes chunk(20 + (c[9] & 7) * 4);
            chunk[0] = type & 31;
            chunk[1] = c[11];
            chunk[3] = static_cast<std::uint8_t>(chunk.size() + (c[8] & 3));
            base::store_be32(chunk.data() + 4, flow.vtag[side]);
            chunks.insert(chunks.end(), chunk.begin(), chunk.end());
        }
        const bool is_init = (c[1] & 31) == 1;
        const std::uint32_t tag = is_init ? 0 : flow.vtag[1 - side];
        return build_sctp(ip, from, to, tag + (c[5] & 1), chunks);
    }

    Bytes quote(const std::uint8_t* c, const IpFields& ip) const {
        const Bytes* quoted = earlier(c[3]);
        if (quoted == nullptr) return {};
        const std::size_t bytes = std::min<std::size_t>(quoted->size(), c[9]);
        return build_icmp(ip, c[1], c[4], 0, {quoted->data(), bytes});
    }

    Bytes again(const std::uint8_t* c) const {
        const Bytes* packet = earlier(c[3]);
        if (packet == nullptr) return {};
        if ((c[1] & 1) == 0 || packet->empty()) return *packet;
        const std::uint8_t first = packet->front();
        const std::size_t header = first >> 4 == 4 ? (first & 0x0fU) * 4U : 40U;
        if (header < 20 || packet->size() < header) return *packet;  // cut short on purpose
        const FragmentFields fields{static_cast<std::uint16_t>(c[4] * 8), (c[1] & 2) != 0,
                                    c[5] & 3U};
        const std::size_t behind = packet->size() - header;
        const std::size_t begin = std::min<std::size_t>(fields.offset, behind);
        return cut_fragment(*packet, fields, begin,
                            std::min<std::size_t>(c[9] * 8, behind - begin));
    }

    std::array<FlowMemory, 16> flows_;
    Time now_ = Time::from_s(1'000'000);
};

/// Which entries the events say there are.
class Ledger {
  public:
    void take(const std::vector<Event>& events) {
        for (const Event& event : events) {
            std::string line;
            print_event(event, line);
            KS_ASSERT(!line.empty() && line.back() == '\n');
            switch (event.kind) {
                case EventKind::new_: KS_ASSERT(living_.insert(event.entry.number).second); break;
                case EventKind::update: KS_ASSERT(living_.contains(event.entry.number)); break;
                case EventKind::destroy: KS_ASSERT(living_.erase(event.entry.number) == 1); break;
            }
        }
    }
    const std::set<std::uint64_t>& living() const { return living_; }

  private:
    std::set<std::uint64_t> living_;
};

void check(const Decision& decision) {
    if (!decision.state) return;
    const bool belongs =
        *decision.state != CtState::invalid && *decision.state != CtState::untracked;
    KS_ASSERT(belongs == decision.direction.has_value());
    KS_ASSERT(belongs || decision.reason != Reason::none || *decision.state == CtState::untracked);
}

void check_listing(const Engine& engine, Time now, const Ledger& ledger) {
    std::set<std::uint64_t> listed;
    engine.for_each_entry(now, [&listed](const EntryCopy& entry) {
        KS_ASSERT(listed.insert(entry.number).second);
        for (const EntryFormat format : {EntryFormat::proc, EntryFormat::extended}) {
            std::string line, again;
            print_entry(entry, format, line);
            const Result<EntryCopy> read = parse_entry(line, format);
            KS_ASSERT(read.has_value());
            print_entry(*read, format, again);
            KS_ASSERT(line == again);
        }
    });
    for (const std::uint64_t number : listed) KS_ASSERT(ledger.living().contains(number));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 + kCommand) return 0;
    Result<Engine> alone = Engine::make(make_setup(data[0], data[1]));
    KS_ASSERT(alone.has_value());
    Sender sender;
    for (std::size_t at = 2; at + kCommand <= size && sender.packets.size() < kMostPackets;
         at += kCommand) {
        sender.make(data + at);
    }
    const std::size_t count = sender.packets.size();
    std::vector<std::unique_ptr<std::uint8_t[]>> exact;  // so that each byte beyond is seen
    std::vector<Frame> frames(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Bytes& bytes = sender.packets[i];
        exact.push_back(std::make_unique<std::uint8_t[]>(bytes.size()));
        std::copy(bytes.begin(), bytes.end(), exact.back().get());
        frames[i] = {{exact.back().get(), bytes.size()}, kLinkRaw, sender.times[i], kAnyDevice};
    }
    Ledger ledger;
    std::size_t expected = 0;
    std::vector<Decision> together(count);
    for (std::size_t i = 0; i < count; ++i) {
        Decision decision;
        alone->process({&frames[i], 1}, {&decision, 1});
        ledger.take(alone->take_events());
        check(decision);
        KS_ASSERT(alone->entry_count() <= kMostEntries);
        for (const ExpectationEvent& event : alone->take_expectation_events()) {
            KS_ASSERT(event.kind == EventKind::new_ || expected != 0);
            event.kind == EventKind::new_ ? ++expected : --expected;
        }
        KS_ASSERT(expected <= kMostExpectations);
        KS_ASSERT(expected >= alone->expectations(frames[i].time).size());
        together[i] = decision;
    }
    check_listing(*alone, sender.times.back(), ledger);
    if ((data[1] & 32) == 0) return 0;  // making an engine costs more than these packets
    Result<Engine> batched = Engine::make(make_setup(data[0], data[1]));
    KS_ASSERT(batched.has_value());
    std::vector<Decision> batch(count);
    batched->process(frames, batch);
    for (std::size_t i = 0; i < count; ++i) {
        KS_ASSERT(batch[i].verdict == together[i].verdict);
        KS_ASSERT(batch[i].state == together[i].state);
        KS_ASSERT(batch[i].reason == together[i].reason);
    }
    KS_ASSERT(batched->entry_count() == alone->entry_count());
    return 0;
}
