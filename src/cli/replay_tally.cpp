// Counting, and saying what the counts mean.
//
// Whether one address is in every packet is asked of the packets' summaries, because the addresses of a
// dropped packet are nowhere else in a Decision. It is asked only until the answer is no, which in most
// captures is after a handful of packets; and where the header of an accepted packet shows the addresses
// that are left, its summary is not needed.
#include "cli/replay_tally.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/packet_filter.hpp"
#include "keepstate/packet.hpp"

namespace keepstate::cli {
namespace {

/// "192.168.1.1:40000" -> "192.168.1.1", "[2001:db8::1]:80" or "2001:db8::1.80" -> the address; what is
/// no address gives nothing.
std::optional<Address> address_of(std::string_view word) {
    if (!word.empty() && word.front() == '[') {
        const std::size_t end = word.find(']');
        return end == std::string_view::npos ? std::nullopt
                                             : parse_address(word.substr(1, end - 1));
    }
    if (const std::optional<Address> address = parse_address(word)) return address;
    return parse_address(word.substr(0, word.rfind(':')));
}

/// The source and destination that a summary begins with: "a > b ...".
std::vector<Address> addresses_of(std::string_view summary) {
    const std::size_t arrow = summary.find(" > ");
    if (arrow == std::string_view::npos) return {};
    const std::string_view behind = summary.substr(arrow + 3);
    std::vector<Address> found;
    for (const std::string_view word :
         {summary.substr(0, arrow), behind.substr(0, behind.find_first_of(" ,"))}) {
        if (const std::optional<Address> address = address_of(word)) found.push_back(*address);
    }
    return found;
}

/// Whether an IP header has the address as its source or destination.
bool header_has(std::span<const std::uint8_t> ip, const Address& address) {
    const std::size_t size = address.size();
    const std::size_t offset = address.family == Family::ipv4 ? 12 : 8;
    if (ip.size() < offset + 2 * size || ip[0] >> 4 != static_cast<int>(address.family))
        return false;
    return std::equal(address.bytes.begin(), address.bytes.begin() + size, ip.begin() + offset) ||
           std::equal(address.bytes.begin(), address.bytes.begin() + size,
                      ip.begin() + offset + size);
}

std::string join(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += all.empty() ? part : ", " + part;
    return all;
}

std::string plural(std::uint64_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace

void Tally::watch(const run::Outcome& outcome) {
    if (in_every_packet_ && std::all_of(in_every_packet_->begin(), in_every_packet_->end(),
                                        [&](const Address& address) {
                                            return header_has(outcome.decision.out_bytes, address);
                                        })) {
        return;
    }
    summary_.clear();
    print_summary(outcome.arrival.frame.link, outcome.arrival.frame.bytes, summary_);
    const std::vector<Address> here = addresses_of(summary_);
    if (here.empty()) return;
    if (!in_every_packet_) {
        in_every_packet_ = here;
    } else {
        std::erase_if(*in_every_packet_, [&](const Address& address) {
            return std::find(here.begin(), here.end(), address) == here.end();
        });
    }
    if (in_every_packet_->empty()) watching_ = false;
}

void Tally::add(const run::Outcome& outcome) {
    const Decision& decision = outcome.decision;
    ++frames_;
    if (outcome.arrival.cut || decision.was_cut) ++cut_;
    if (decision.reason != Reason::none) ++reasons_[static_cast<std::size_t>(decision.reason)];
    if (!decision.is_ip) {
        ++links_without_ip_[outcome.arrival.frame.link];
        return;
    }
    ++ip_packets_;
    ++verdicts_[static_cast<std::size_t>(decision.verdict)];
    if (decision.would_translate) ++would_translate_;
    if (decision.state) {
        ++states_[static_cast<std::size_t>(*decision.state)];
    } else {
        ++stateless_;
    }
    if (decision.entry) connections_ = std::max(connections_, decision.entry->number);
    if (watching_) watch(outcome);
}

std::string Tally::print(const run::LoopTotals& totals, std::size_t captures,
                         std::uint32_t entries) const {
    std::string out = fmt::format("replayed {} of {} in {:.2f} s", plural(totals.frames, "frame"),
                                  plural(captures, "capture"), totals.elapsed_s);
    if (totals.elapsed_s > 0.1) {
        out += fmt::format(" ({:.0f} a second)",
                           static_cast<double>(totals.frames) / totals.elapsed_s);
    }
    out += '\n';
    std::vector<std::string> states;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (states_[i] == 0) continue;
        states.push_back(fmt::format("{} {}", text(static_cast<CtState>(i)), states_[i]));
    }
    if (stateless_ > 0) states.push_back(fmt::format("none {}", stateless_));
    if (!states.empty()) out += fmt::format("  states    {}\n", join(states));
    std::vector<std::string> verdicts;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        if (verdicts_[i] == 0) continue;
        verdicts.push_back(fmt::format("{} {}", text(static_cast<Verdict>(i)), verdicts_[i]));
    }
    if (!verdicts.empty()) out += fmt::format("  verdicts  {}\n", join(verdicts));
    for (std::size_t i = 1; i < reasons_.size(); ++i) {
        const auto reason = static_cast<Reason>(i);
        if (reasons_[i] == 0 || reason == Reason::frame_no_ip) continue;
        out += fmt::format("  reason    {} {}: {}\n", text(reason), reasons_[i], sentence(reason));
    }
    if (frames_ > ip_packets_) {
        out += fmt::format("  left out  {} without IP\n", plural(frames_ - ip_packets_, "frame"));
    }
    out += fmt::format("  entries   {} made, {} left\n", connections_, entries);
    return out;
}

std::vector<std::string> Tally::hints() const {
    std::vector<std::string> hints;
    if (frames_ == 0) hints.emplace_back("there was no packet");
    if (frames_ > 0 && ip_packets_ == 0) {
        std::vector<std::string> links;
        for (const auto& [link, count] : links_without_ip_) links.push_back(io::link_text(link));
        hints.push_back("no frame carries IP; link type " + join(links));
    }
    if (cut_ > 0) {
        hints.push_back(
            fmt::format("{} cut off by the snapshot length and filled up with zeros; if their "
                        "checksums make them "
                        "INVALID, say --sysctl nf_conntrack_checksum=0",
                        plural(cut_, "frame") + (cut_ == 1 ? " was" : " were")));
    }
    if (would_translate_ > 0) {
        hints.push_back(
            fmt::format("{} met a rule of the nat table; addresses are not translated in "
                        "this version",
                        plural(would_translate_, "packet")));
    }
    if (watching_ && in_every_packet_) {
        const std::string first = text(in_every_packet_->front());
        const bool both = in_every_packet_->size() > 1;
        hints.push_back(fmt::format(
            "every packet is to or from {}{}; if that is the firewall itself, say --local {} "
            "(INPUT and "
            "OUTPUT instead of FORWARD)",
            first, both ? " (and " + text(in_every_packet_->back()) + ")" : std::string(), first));
    }
    return hints;
}

}  // namespace keepstate::cli
