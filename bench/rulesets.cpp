// See rulesets.hpp.
#include "rulesets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/split_mix.hpp"

namespace keepstate::bench {

namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    std::uint32_t next() { return static_cast<std::uint32_t>(random_.next() >> 32); }
    /// 0 to bound - 1.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(std::uint64_t{next()} * bound >> 32);
    }
    bool percent(std::uint32_t share) { return below(100) < share; }
    /// 0 to bound - 1, the small ones much more often: the cube of an even throw.
    std::uint32_t skewed(std::uint32_t bound) {
        const std::uint64_t even = next();
        const std::uint64_t squared = even * even >> 32;
        return static_cast<std::uint32_t>((squared * even >> 32) * bound >> 32);
    }

  private:
    base::SplitMix64 random_;
};

struct Prefix {
    std::uint32_t value = 0;
    std::uint8_t bits = 0;
};
struct Ports {
    std::uint16_t low = 0;
    std::uint16_t high = 0xffff;
    bool is_any() const { return low == 0 && high == 0xffff; }
};
struct Box {
    Prefix source;
    Prefix destination;
    Ports source_ports;
    Ports destination_ports;
    std::uint8_t protocol = 0;  ///< 0: any
    bool accepts = false;
};

std::uint32_t mask_of(unsigned bits) { return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits); }

// One row: `percent` of the rules have a length from low to high.
struct LengthRow {
    std::uint8_t percent;
    std::uint8_t low;
    std::uint8_t high;
};
struct Shape {
    LengthRow source[4];
    LengthRow destination[4];
    std::uint8_t source_port_any;         ///< percent; the rest are ranges, half of them 1024:65535
    std::uint8_t destination_port_any;    ///< percent
    std::uint8_t destination_port_exact;  ///< percent; the rest are ranges
    std::uint8_t tcp;                     ///< percent
    std::uint8_t udp;
    std::uint8_t icmp;  ///< the rest asks for no protocol
};
// clang-format off
constexpr Shape kShapes[] = {
    {{{20, 0, 0}, {10, 8, 20}, {40, 21, 28}, {30, 29, 32}}, {{2, 0, 0}, {8, 16, 23}, {25, 24, 28}, {65, 29, 32}}, 97, 15, 65, 75, 17, 3},
    {{{40, 0, 0}, {10, 8, 20}, {20, 21, 28}, {30, 29, 32}}, {{30, 0, 0}, {10, 16, 23}, {20, 24, 28}, {40, 29, 32}}, 75, 20, 50, 65, 25, 5},
    {{{8, 0, 0}, {12, 8, 20}, {30, 21, 28}, {50, 29, 32}}, {{8, 0, 0}, {12, 8, 20}, {30, 21, 28}, {50, 29, 32}}, 85, 35, 50, 60, 25, 5},
};
constexpr std::uint16_t kServices[] = {80, 443, 22, 53, 25, 110, 143, 993, 995, 3306, 5432, 8080, 8443, 123, 161,
                                       389, 636, 1433, 1521, 3389, 5060, 6379, 9092, 9200, 27017, 179, 514, 21};
// clang-format on

class BoxMaker {
  public:
    BoxMaker(Style style, std::uint32_t rules, std::uint64_t seed)
        : dice_(seed * 8 + static_cast<std::uint64_t>(style) + 1),
          shape_(kShapes[style == Style::established_last ? 0 : static_cast<std::size_t>(style)]) {
        const std::uint32_t networks = 8 + rules / 24;
        for (std::uint32_t i = 0; i < networks; ++i) sources_.push_back(network());
        for (std::uint32_t i = 0; i < networks; ++i) destinations_.push_back(network());
    }

    std::vector<Box> boxes(std::uint32_t rules) {
        struct Placed {
            std::uint32_t place;
            Box box;
        };
        std::vector<Placed> placed;
        for (std::uint32_t i = 0; i < rules; ++i) {
            const Box box = draw();
            const unsigned asked = box.source.bits + box.destination.bits +
                                   (box.destination_ports.is_any() ? 0U : 12U);
            placed.push_back({76 - std::min(asked, 76U) + dice_.below(24), box});
        }
        std::stable_sort(placed.begin(), placed.end(),
                         [](const Placed& a, const Placed& b) { return a.place < b.place; });
        std::vector<Box> out;
        for (const Placed& each : placed) out.push_back(each.box);
        return out;
    }

  private:
    // A site's network: under one of few first bytes, and often under another site's.
    std::uint32_t network() {
        if (!sources_.empty() && dice_.percent(40)) {
            const std::uint32_t above =
                sources_[dice_.below(static_cast<std::uint32_t>(sources_.size()))];
            return (above & mask_of(16)) | (dice_.next() & ~mask_of(16));
        }
        return (1 + dice_.skewed(222)) << 24 | (dice_.next() & ~mask_of(8));
    }
    Prefix prefix(const LengthRow (&rows)[4], const std::vector<std::uint32_t>& networks) {
        std::uint32_t throw_ = dice_.below(100);
        const LengthRow* row = rows;
        while (throw_ >= row->percent) throw_ -= row++->percent;
        std::uint32_t bits =
            row->low + dice_.below(static_cast<std::uint32_t>(row->high - row->low + 1));
        if (row->high == 32 && dice_.percent(80)) bits = 32;
        const std::uint32_t base =
            networks[dice_.skewed(static_cast<std::uint32_t>(networks.size()))];
        const std::uint32_t value = (base & mask_of(20)) | (dice_.next() & ~mask_of(20));
        return {value & mask_of(bits), static_cast<std::uint8_t>(bits)};
    }
    Ports range() {
        if (dice_.percent(50)) return {1024, 0xffff};
        const std::uint32_t low = dice_.below(60000);
        const std::uint32_t width = 1 + (dice_.percent(60) ? dice_.below(100) : dice_.below(5000));
        return {static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(low + width)};
    }
    Ports exact() {
        const std::uint16_t port = dice_.percent(60)
                                       ? kServices[dice_.skewed(std::size(kServices))]
                                       : static_cast<std::uint16_t>(1 + dice_.below(65535));
        return {port, port};
    }
    Box draw() {
        Box box;
        box.source = prefix(shape_.source, sources_);
        box.destination = prefix(shape_.destination, destinations_);
        // Nobody writes many rules that ask for no address at all.
        if (box.source.bits + box.destination.bits == 0 && dice_.percent(95)) {
            box.destination =
                prefix({{0, 0, 0}, {0, 0, 0}, {50, 16, 28}, {50, 29, 32}}, destinations_);
        }
        const std::uint32_t which = dice_.below(100);
        if (which < shape_.tcp)
            box.protocol = kTcp;
        else if (which < std::uint32_t{shape_.tcp} + shape_.udp)
            box.protocol = kUdp;
        else if (which < std::uint32_t{shape_.tcp} + shape_.udp + shape_.icmp)
            box.protocol = kIcmp;
        if (box.protocol == kTcp || box.protocol == kUdp) {
            if (!dice_.percent(shape_.source_port_any)) box.source_ports = range();
            if (!dice_.percent(shape_.destination_port_any)) {
                const std::uint32_t share = dice_.below(100U - shape_.destination_port_any);
                box.destination_ports = share < shape_.destination_port_exact ? exact() : range();
            }
        }
        box.accepts = dice_.percent(60);
        return box;
    }

    Dice dice_;
    const Shape& shape_;
    std::vector<std::uint32_t> sources_;
    std::vector<std::uint32_t> destinations_;
};

void append_prefix(std::string& out, std::string_view option, const Prefix& prefix) {
    if (prefix.bits == 0) return;
    const std::uint32_t v = prefix.value;
    fmt::format_to(std::back_inserter(out), " {} {}.{}.{}.{}/{}", option, v >> 24, v >> 16 & 255,
                   v >> 8 & 255, v & 255, prefix.bits);
}
void append_ports(std::string& out, std::string_view option, const Ports& ports) {
    if (ports.is_any()) return;
    if (ports.low == ports.high) {
        fmt::format_to(std::back_inserter(out), " {} {}", option, ports.low);
    } else {
        fmt::format_to(std::back_inserter(out), " {} {}:{}", option, ports.low, ports.high);
    }
}

void append_rule(std::string& out, const Box& box) {
    out += "-A FORWARD";
    append_prefix(out, "-s", box.source);
    append_prefix(out, "-d", box.destination);
    const char* const name = box.protocol == kTcp    ? "tcp"
                             : box.protocol == kUdp  ? "udp"
                             : box.protocol == kIcmp ? "icmp"
                                                     : nullptr;
    if (name) fmt::format_to(std::back_inserter(out), " -p {}", name);
    if (!box.source_ports.is_any() || !box.destination_ports.is_any()) {
        fmt::format_to(std::back_inserter(out), " -m {}", name);
        append_ports(out, "--sport", box.source_ports);
        append_ports(out, "--dport", box.destination_ports);
    }
    out += box.accepts ? " -j ACCEPT\n" : " -j DROP\n";
}

constexpr std::string_view kEstablished =
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

std::string make_plain(Style style, std::uint32_t rules, std::uint64_t seed, Established where) {
    if (style == Style::established_last) where = Established::last;
    const std::uint32_t boxes = rules - (where == Established::none || rules == 0 ? 0 : 1);
    std::string out = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
    if (where == Established::first) out += kEstablished;
    for (const Box& box : BoxMaker(style, rules, seed).boxes(boxes)) append_rule(out, box);
    if (where == Established::last) out += kEstablished;
    return out + "COMMIT\n";
}

// --- kube ---------------------------------------------------------------------------------------------

struct Service {
    std::uint32_t address = 0;
    std::uint16_t port = 0;
    std::uint8_t protocol = kTcp;
    std::uint8_t endpoints = 0;
    std::uint32_t first_endpoint = 0;
};
// Rules that stand whatever the number of services.
constexpr std::uint32_t kFrame = 5;

std::vector<Service> services_of(std::uint32_t rules, std::uint64_t seed) {
    Dice dice(seed * 4 + 99);
    std::vector<Service> services;
    std::uint32_t endpoints = 0;
    for (std::uint32_t used = kFrame; used < rules;) {
        Service service;
        service.address = 0x0a60'0000 | dice.below(1U << 20);  // 10.96.0.0/12
        service.port = kServices[dice.skewed(std::size(kServices))];
        service.protocol = dice.percent(90) ? kTcp : kUdp;
        service.endpoints = static_cast<std::uint8_t>(1 + dice.below(4));
        service.first_endpoint = endpoints;
        endpoints += service.endpoints;
        used += 2 + 3U * service.endpoints;
        services.push_back(service);
    }
    return services;
}

std::string dotted(std::uint32_t v) {
    return fmt::format("{}.{}.{}.{}", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
}
std::uint32_t endpoint_address(std::uint32_t number) { return 0x0af4'0002 + number; }  // 10.244.0.2
// As kube-proxy's names are long: 16 letters behind the word.
std::string chain_name(std::string_view word, std::uint64_t number) {
    std::string name(word);
    std::uint64_t rest = (number + 1) * 0x9e3779b97f4a7c15ULL;
    for (int i = 0; i < 12; ++i, rest /= 32) name += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[rest % 32];
    return name + fmt::format("{:04}", number % 10000);
}

void append_service(std::string& out, std::size_t index, const Service& service) {
    const char* const protocol = service.protocol == kTcp ? "tcp" : "udp";
    const std::string chain = chain_name("KUBE-SVC-", index);
    const std::string asks = fmt::format(
        "-d {}/32 -p {} -m comment --comment \"default/service-{} cluster IP\" -m {} --dport {}",
        dotted(service.address), protocol, index, protocol, service.port);
    fmt::format_to(std::back_inserter(out), "-A KUBE-SERVICES {} -j {}\n", asks, chain);
    fmt::format_to(std::back_inserter(out), "-A {} ! -s 10.244.0.0/16 {} -j KUBE-MARK-MASQ\n",
                   chain, asks);
    for (std::uint32_t i = 0; i < service.endpoints; ++i) {
        const std::uint32_t number = service.first_endpoint + i;
        const std::string endpoint = chain_name("KUBE-SEP-", number);
        const std::uint32_t left = service.endpoints - i;
        const std::string dice =
            left == 1
                ? std::string()
                : fmt::format(" -m statistic --mode random --probability {:.11f}", 1.0 / left);
        fmt::format_to(std::back_inserter(out), "-A {}{} -j {}\n", chain, dice, endpoint);
        const std::string address = dotted(endpoint_address(number));
        fmt::format_to(std::back_inserter(out), "-A {} -s {}/32 -j KUBE-MARK-MASQ\n", endpoint,
                       address);
        fmt::format_to(std::back_inserter(out),
                       "-A {} -p {} -m {} -j DNAT --to-destination {}:{}\n", endpoint, protocol,
                       protocol, address, 8000 + number % 1000);
    }
}

std::string make_kube(std::uint32_t rules, std::uint64_t seed, Established where) {
    const std::vector<Service> services = services_of(rules, seed);
    std::string out =
        "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        ":POSTROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n"
        ":KUBE-POSTROUTING - [0:0]\n";
    for (std::size_t i = 0; i < services.size(); ++i) {
        out += fmt::format(":{} - [0:0]\n", chain_name("KUBE-SVC-", i));
        for (std::uint32_t e = 0; e < services[i].endpoints; ++e) {
            out += fmt::format(":{} - [0:0]\n",
                               chain_name("KUBE-SEP-", services[i].first_endpoint + e));
        }
    }
    out +=
        "-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n"
        "-A POSTROUTING -j KUBE-POSTROUTING\n-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000\n"
        "-A KUBE-POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE\n";
    for (std::size_t i = 0; i < services.size(); ++i) append_service(out, i, services[i]);
    out += "COMMIT\n";
    if (where == Established::none) return out;
    return out + "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" +
           std::string(kEstablished) + "COMMIT\n";
}

// --- traces -------------------------------------------------------------------------------------------

Packet5 any_packet(Dice& dice) {
    Packet5 packet{dice.next(), dice.next(), static_cast<std::uint16_t>(1024 + dice.below(64000)),
                   static_cast<std::uint16_t>(1 + dice.below(65535)), kTcp};
    if (dice.percent(25)) packet.protocol = kUdp;
    return packet;
}

std::uint16_t within(Dice& dice, const Ports& ports) {
    return static_cast<std::uint16_t>(
        ports.low + dice.below(static_cast<std::uint32_t>(ports.high - ports.low + 1)));
}

Packet5 within(Dice& dice, const Box& box) {
    Packet5 packet = any_packet(dice);
    packet.source = box.source.value | (packet.source & ~mask_of(box.source.bits));
    packet.destination =
        box.destination.value | (packet.destination & ~mask_of(box.destination.bits));
    if (box.protocol != 0) packet.protocol = box.protocol;
    if (!box.source_ports.is_any()) packet.source_port = within(dice, box.source_ports);
    if (!box.destination_ports.is_any())
        packet.destination_port = within(dice, box.destination_ports);
    return packet;
}

Box box_of(const Service& service) {
    Box box;
    box.destination = {service.address, 32};
    box.destination_ports = {service.port, service.port};
    box.protocol = service.protocol;
    return box;
}

}  // namespace

const char* text(Style style) {
    constexpr const char* kNames[] = {"acl", "fw", "ipc", "kube", "established_last"};
    return kNames[static_cast<std::size_t>(style)];
}

std::string make_ruleset(Style style, std::uint32_t rules, std::uint64_t seed, Established where) {
    return style == Style::kube ? make_kube(rules, seed, where)
                                : make_plain(style, rules, seed, where);
}

std::vector<Packet5> make_trace(Style style, std::uint32_t rules, std::uint64_t seed,
                                std::size_t packets) {
    std::vector<Box> boxes;
    if (style == Style::kube) {
        for (const Service& service : services_of(rules, seed)) boxes.push_back(box_of(service));
    } else {
        boxes = BoxMaker(style, rules, seed).boxes(rules);
    }
    Dice dice(seed + 7);
    // Which rule is hit most has nothing to do with its place in the chain.
    for (std::size_t i = boxes.size(); i > 1; --i) {
        std::swap(boxes[i - 1], boxes[dice.below(static_cast<std::uint32_t>(i))]);
    }
    std::vector<Packet5> trace;
    while (trace.size() < packets) {
        const bool is_anything = boxes.empty() || dice.percent(10);
        const Packet5 packet =
            is_anything
                ? any_packet(dice)
                : within(dice, boxes[dice.skewed(static_cast<std::uint32_t>(boxes.size()))]);
        const std::size_t times = std::min<std::size_t>(1 + dice.below(8), packets - trace.size());
        trace.insert(trace.end(), times, packet);
    }
    return trace;
}

}  // namespace keepstate::bench
