// IRC: a client tells another one by the server where it listens, and the other one connects to it directly.
//
//     PRIVMSG nick :^ADCC SEND file 167772417 5000^A\r\n      ->  anybody may open 10.0.1.1:5000/tcp
//     ^ 8 bytes    ^^    ^ SEND, CHAT, MOVE, TSEND or SCHAT
//
// Only the client's own words count, and only the first announcement of a segment. The message begins at the first
// " :"; what stands there is an announcement or the segment is of no interest. The address must be the client's own.
// Lengths are asked for before the words are read, in the way that Linux does it, so that a very short announcement
// is not seen at all.
//
// limits: the first 4095 bytes of a segment; words cut by a segment's end are not put together again.
// source: kernel:net/netfilter/nf_conntrack_irc.c.   Tested by: ct/helper/irc_test.cpp, fuzz/helper_irc.cpp,
// tests/kernel/differ/talk_irc.cpp.
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "ct/helper/helper.hpp"
#include "ct/helper/payload.hpp"
#include "ct/helper/text.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint16_t kPort = 6667;
constexpr std::size_t kMostSearched = 4095;
constexpr std::string_view kCommand = "PRIVMSG ";
constexpr std::size_t kShortestCommand = 10;  // "PRIVMSG x "
constexpr std::size_t kShortestMessage = 26;  // " :^ADCC SEND t AAAAAAAA P^A\n", less one
constexpr std::size_t kShortestPlace = 12;    // "AAAAAAAA P^A\n", less one
constexpr std::string_view kBegin = " :";
constexpr std::string_view kDcc =
    "\1"
    "DCC ";
constexpr std::array<std::string_view, 5> kKinds{"SEND ", "CHAT ", "MOVE ", "TSEND ", "SCHAT "};

/// Where the parameter of PRIVMSG begins; nullopt for another command. What is too short to hold a command is let
/// by: it is too short for a message too.
std::optional<std::size_t> skip_command(std::string_view words) {
    std::size_t at = 0;
    while (at + kShortestCommand < words.size() &&
           (words[at] == ' ' || words[at] == '\r' || words[at] == '\n')) {
        ++at;
    }
    if (at + kShortestCommand >= words.size()) return at;
    if (!equals_ignoring_case(words.substr(at, kCommand.size()), kCommand)) return std::nullopt;
    return at + kCommand.size();
}

/// What follows "DCC SEND "; empty if there is no announcement.
std::string_view find_announcement(std::string_view words) {
    const std::optional<std::size_t> parameter = skip_command(words);
    if (!parameter) return {};
    std::size_t at = *parameter;
    while (at + kShortestMessage < words.size()) {
        if (!words.substr(at).starts_with(kBegin)) {
            ++at;
            continue;
        }
        at += kBegin.size();
        if (!words.substr(at).starts_with(kDcc)) return {};
        at += kDcc.size();
        for (const std::string_view kind : kKinds) {
            if (words.substr(at).starts_with(kind)) return words.substr(at + kind.size());
        }
    }
    return {};
}

struct Place {
    std::uint32_t address = 0;
    std::uint16_t port = 0;
};

/// "file 167772417 5000": the first word is stepped over, a line end must follow somewhere. Digits too many are cut
/// to the number's size, missing ones are 0.
std::optional<Place> read_place(std::string_view words) {
    std::size_t at = 0;
    while (at < words.size() && words[at++] != ' ') {
        if (at + kShortestPlace > words.size()) return std::nullopt;
    }
    words.remove_prefix(at);
    if (words.find('\n') == std::string_view::npos) return std::nullopt;
    const Number address = read_number(words);
    words.remove_prefix(address.digits);
    while (words.starts_with(' ')) words.remove_prefix(1);
    const Number port = read_number(words);
    return Place{static_cast<std::uint32_t>(address.value), static_cast<std::uint16_t>(port.value)};
}

HelperAnswer help_irc(const HelperCase& c, HelperMemory&, Wishes& wishes) {
    if (c.direction == CtDirection::reply || c.state != CtState::established) {
        return HelperAnswer::accept();
    }
    const std::string_view words = text_of(tcp_payload(c).sub(0, kMostSearched));
    const std::string_view announcement = find_announcement(words);
    if (announcement.empty()) return HelperAnswer::accept();
    const std::optional<Place> place = read_place(announcement);
    if (!place || place->port == 0) return HelperAnswer::accept();
    const auto is_at = [&](const Address& address) {
        return base::load_be32(address.bytes.data()) == place->address;
    };
    if (!is_at(c.tuple().source) && !is_at(c.other_tuple().destination)) {
        return HelperAnswer::accept();
    }
    const Expectation wish = make_expectation(0, protocol::kTcp, nullptr, nullptr,
                                              c.other_tuple().destination, place->port);
    if (wishes.expect(wish) != Grant::granted) return HelperAnswer::drop("cannot add expectation");
    return HelperAnswer::accept();
}

}  // namespace

void add_irc_helpers(const HelperSettings& settings, std::vector<Helper>& helpers) {
    unsigned number = 0;
    for (const std::uint16_t port : settings.irc_ports.all()) {
        Helper helper;
        // The place in the list makes the name, not the port: ports=6667,7000 are irc and irc-1.
        helper.name = port == kPort ? "irc" : "irc-" + std::to_string(number);
        helper.family = Family::ipv4;
        helper.protocol = protocol::kTcp;
        helper.port = port;
        helper.policies[0] = {"", settings.irc_max_dcc_channels, settings.irc_dcc_timeout};
        helper.help = help_irc;
        helpers.push_back(helper);
        ++number;
    }
}

}  // namespace keepstate::ct
