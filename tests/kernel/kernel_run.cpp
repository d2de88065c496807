// One packet into the kernel and everything it causes back out. See kernel_run.hpp; how the namespace is
// made: kernel_setup.cpp.
#include "kernel_run.hpp"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace keepstate::kernel {

namespace {

constexpr std::size_t kIp4HeaderBytes = 20;
constexpr std::size_t kIp6HeaderBytes = 40;
constexpr auto kLoopbackPatience = std::chrono::milliseconds(3);

/// Addresses and protocol of the outermost header; family 0 if there is no whole header.
struct Ends {
    KernelAddress source;
    KernelAddress destination;
    std::uint8_t protocol = 0;
    bool operator==(const Ends&) const = default;
};

Ends read_ends(std::span<const std::uint8_t> bytes) {
    Ends ends;
    if (bytes.size() >= kIp4HeaderBytes && bytes[0] >> 4U == 4) {
        ends.source.family = ends.destination.family = AF_INET;
        std::copy_n(bytes.begin() + 12, 4, ends.source.bytes.begin());
        std::copy_n(bytes.begin() + 16, 4, ends.destination.bytes.begin());
        ends.protocol = bytes[9];
    } else if (bytes.size() >= kIp6HeaderBytes && bytes[0] >> 4U == 6) {
        ends.source.family = ends.destination.family = AF_INET6;
        std::copy_n(bytes.begin() + 8, 16, ends.source.bytes.begin());
        std::copy_n(bytes.begin() + 24, 16, ends.destination.bytes.begin());
        ends.protocol = bytes[6];
    }
    return ends;
}

std::uint16_t ethernet_type_of(const KernelPacket& packet) {
    if (packet.ethernet_type != 0) return packet.ethernet_type;
    const bool is_v6 = !packet.ip_bytes.empty() && packet.ip_bytes[0] >> 4U == 6;
    return is_v6 ? ETH_P_IPV6 : ETH_P_IP;
}

bool has_prefix(const KernelAddress& address, const KernelAddress& network, unsigned bits) {
    if (address.family != network.family) return false;
    for (unsigned bit = 0; bit < bits; ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if (((address.bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

}  // namespace

bool KernelRun::is_local(const KernelAddress& address) const {
    return std::find(locals_.begin(), locals_.end(), address) != locals_.end();
}

Tun* KernelRun::choose_device(const KernelPacket& packet) {
    if (!packet.in_device.empty()) {
        for (Tun& tun : tuns_) {
            if (tun.name() == packet.in_device) return &tun;
        }
        return nullptr;
    }
    const Ends ends = read_ends(packet.ip_bytes);
    for (const Route& route : routes_) {
        if (has_prefix(ends.source, route.network, route.bits)) return &tuns_[route.device];
    }
    return tuns_.empty() ? nullptr : &tuns_.front();
}

int KernelRun::send_from_host(std::span<const std::uint8_t> bytes) {
    const Ends ends = read_ends(bytes);
    ssize_t sent = 0;
    if (ends.source.family == AF_INET) {
        // What stands behind the datagram's own length is padding; the socket would make it part of it.
        const std::size_t total = static_cast<std::size_t>(bytes[2] << 8U | bytes[3]);
        const std::size_t size =
            total >= kIp4HeaderBytes ? std::min(total, bytes.size()) : bytes.size();
        const bool is_zero_id = bytes[4] == 0 && bytes[5] == 0;
        sockaddr_in to{};
        to.sin_family = AF_INET;
        std::memcpy(&to.sin_addr, ends.destination.bytes.data(), sizeof to.sin_addr);
        const void* where = &to;
        sent = sendto(is_zero_id ? raw4_zero_id_.get() : raw4_.get(), bytes.data(), size, 0,
                      static_cast<const sockaddr*>(where), sizeof to);
    } else {
        const std::size_t total =
            kIp6HeaderBytes + static_cast<std::size_t>(bytes[4] << 8U | bytes[5]);
        const std::size_t size = std::min(total, bytes.size());
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        std::memcpy(&to.sin6_addr, ends.destination.bytes.data(), sizeof to.sin6_addr);
        const void* where = &to;
        sent = sendto(raw6_.get(), bytes.data(), size, 0, static_cast<const sockaddr*>(where),
                      sizeof to);
    }
    return sent < 0 ? errno : 0;
}

void KernelRun::read_events(std::vector<KernelEvent>& events,
                            std::vector<KernelExpectationEvent>& expectation_events) {
    events_->receive_waiting([&](const nlmsghdr& message) {
        if (auto expectation = parse_expectation_event(message)) {
            expectation_events.push_back(std::move(*expectation));
            return;
        }
        auto event = parse_event(message);
        if (!event) return;
        const KernelEntry& entry = event->entry;
        if (event->kind == EventKind::destroy) {
            known_.erase(entry.id);
        } else {
            known_[entry.id] = {entry.tuples[0], entry.zone};
        }
        events.push_back(std::move(*event));
    });
}

void KernelRun::find_entry(KernelVerdict& verdict) {
    if (!verdict.entry_id || !reads_entries_) return;
    const auto known = known_.find(*verdict.entry_id);
    if (known == known_.end()) return;
    auto found = control_->find(known->second.original, known->second.zone);
    if (found && *found && (*found)->id == *verdict.entry_id) verdict.entry = std::move(**found);
}

// A device that comes up reports its multicast groups (MLDv2 to ff02::16), some before the probe stands.
bool is_group_report(const std::vector<std::uint8_t>& bytes) {
    constexpr std::size_t kIpv6Header = 40;
    return bytes.size() >= kIpv6Header && bytes[0] >> 4U == 6 && bytes[24] == 0xff &&
           bytes[25] == 0x02 && bytes[39] == 0x16;
}

void KernelRun::read_outputs(std::vector<KernelOutput>& outputs) {
    std::vector<std::uint8_t> bytes;
    for (Tun& tun : tuns_) {
        while (tun.read_packet(bytes)) {
            if (!is_group_report(bytes)) outputs.push_back({tun.name(), std::move(bytes)});
        }
    }
}

// A packet to the host itself passes lo, which the kernel may leave to another thread on a busy machine.
void KernelRun::wait_for_loopback() {
    const auto end = std::chrono::steady_clock::now() + kLoopbackPatience;
    while (true) {
        long open = 0;
        for (const KernelSight& sight : sights_) {
            const bool is_end = sight.place == KernelSight::Place::end;
            const bool is_start = sight.place == KernelSight::Place::state;
            if (is_end && sight.out_index == kLoopbackIndex) ++open;
            if (is_start && sight.in_index == kLoopbackIndex) --open;
        }
        if (open <= 0 || std::chrono::steady_clock::now() > end) return;
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        log_->read_waiting(sights_);
    }
}

// Tells sights of the packet itself from those of packets the kernel made because of it. An answer
// starts at OUTPUT; so does a sent packet, but that is the first sight of all.
void KernelRun::judge_sights(bool was_sent, KernelVerdict& verdict) {
    using Place = KernelSight::Place;
    of_reply_.assign(sights_.size(), false);
    bool is_first = true;
    bool last_through_loopback = false;  // was it an answer that went into lo last?
    bool in_reply = false;
    for (std::size_t i = 0; i < sights_.size(); ++i) {
        KernelSight& sight = sights_[i];
        if (sight.place == Place::words) {
            verdict.words.push_back(sight.words);
            continue;
        }
        if (sight.hook == KernelHook::output) {
            in_reply = !(was_sent && is_first);
        } else if (is_bump_) {
            in_reply = false;
        } else if (sight.hook == KernelHook::postrouting) {
            in_reply = was_sent ? in_reply : sight.in_index == 0;
            last_through_loopback = in_reply;
        } else {
            in_reply = sight.in_index == kLoopbackIndex && last_through_loopback;
        }
        is_first = false;
        of_reply_[i] = in_reply;
        if (in_reply) continue;
        // What the host sends to itself is tracked once more, by lo, if it was INVALID: the last word counts.
        if (sight.place == Place::state && (!verdict.state || was_sent)) {
            verdict.state = sight.state;
            verdict.direction = sight.direction;
        }
        if (sight.place != Place::end || sight.hook == KernelHook::postrouting) {
            verdict.hooks.push_back(sight.hook);
        }
        if (sight.place == Place::end && sight.hook == KernelHook::input) {
            verdict.delivered = true;
            verdict.outputs.push_back({"", sight.bytes});
        }
        if (sight.place == Place::end && sight.hook == KernelHook::postrouting) {
            if (is_bump_) verdict.outputs.push_back({kBumpDevice, sight.bytes});
            if (sight.out_index != kLoopbackIndex) verdict.was_let_out = true;
        }
        if (sight.place == Place::end) {
            verdict.mark = sight.mark;
            verdict.whole_bytes = sight.bytes;
        }
        if (sight.entry_id) verdict.entry_id = sight.entry_id;
    }
}

// A packet that left is an answer if its ends are those of an answer seen at POSTROUTING.
void KernelRun::sort_outputs(std::vector<KernelOutput> outputs, KernelVerdict& verdict) const {
    for (KernelOutput& output : outputs) {
        const Ends ends = read_ends(output.bytes);
        bool is_reply = false;
        for (std::size_t i = 0; i < sights_.size() && !is_reply; ++i) {
            is_reply = of_reply_[i] && sights_[i].place == KernelSight::Place::end &&
                       read_ends(sights_[i].bytes) == ends;
        }
        (is_reply ? verdict.replies : verdict.outputs).push_back(std::move(output));
    }
    for (std::size_t i = 0; i < sights_.size(); ++i) {
        if (!of_reply_[i]) continue;
        const KernelSight& sight = sights_[i];
        if (sight.place == KernelSight::Place::end && sight.hook == KernelHook::input) {
            verdict.replies.push_back({"", sight.bytes});
        }
        verdict.reply_sights.push_back(sight);
    }
    if (verdict.outputs.empty()) return;
    verdict.delivered = true;
    verdict.out_bytes = verdict.outputs.front().bytes;
    verdict.out_device = verdict.outputs.front().device;
}

// What the kernel sent by itself while nobody sent anything ("reassembly time exceeded") is no answer to
// the next packet. Returns whether there was any.
bool KernelRun::drop_what_came() {
    sights_.clear();
    log_->read_waiting(sights_);
    std::vector<KernelOutput> late;
    read_outputs(late);
    return !sights_.empty() || !late.empty();
}

KernelVerdict KernelRun::inject(const KernelPacket& packet) {
    KernelVerdict verdict;
    if (packet.wait_before_ns != 0) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(packet.wait_before_ns));
        verdict.has_spoken_before = drop_what_came();
    }
    read_events(verdict.events_before, verdict.expectation_events);
    verdict.expectation_events.clear();  // what ran out before it
    verdict.sent_ns = static_cast<std::uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
    const bool is_sent = !is_bump_ && is_local(read_ends(packet.ip_bytes).source);
    if (is_bump_) {
        verdict.error = tuns_.front().write_packet(packet.ip_bytes, ethernet_type_of(packet));
    } else if (is_sent) {
        verdict.error = send_from_host(packet.ip_bytes);
    } else if (Tun* tun = choose_device(packet); tun != nullptr) {
        verdict.error = tun->write_packet(packet.ip_bytes);
    } else {
        verdict.error = ENODEV;
    }
    sights_.clear();
    log_->read_waiting(sights_);
    wait_for_loopback();
    // A rule that drops what the host sends makes the send fail: that is a verdict, not a failure.
    if (verdict.error == EPERM || !sights_.empty()) verdict.error = 0;
    judge_sights(is_sent, verdict);
    std::vector<KernelOutput> outputs;
    if (!is_bump_) read_outputs(outputs);
    sort_outputs(std::move(outputs), verdict);
    read_events(verdict.events, verdict.expectation_events);
    find_entry(verdict);
    return verdict;
}

std::vector<KernelVerdict> KernelRun::inject_all(std::span<const KernelPacket> packets) {
    std::vector<KernelVerdict> verdicts;
    verdicts.reserve(packets.size());
    for (const KernelPacket& packet : packets) verdicts.push_back(inject(packet));
    return verdicts;
}

}  // namespace keepstate::kernel
