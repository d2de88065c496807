// Amanda: the client of a backup answers a request with the ports at which the server shall fetch the data.
//
//     <- CONNECT DATA 1001 MESG 1002 INDEX 1003 STATE 1004\n      four TCP flows from the asking host to the answering
//
// Each of the four words is looked for by itself, in the order above, between the first CONNECT and the line end
// behind it. A port that is 0 ends the search. Every answer, of whatever content, lets the entry live for
// master_timeout: the estimates that are answered take long.
//
// limits: five digits of a port are read and cut to 16 bits. source: kernel:net/netfilter/nf_conntrack_amanda.c,
// kernel:net/core/skbuff.c skb_find_text.   Tested by: ct/helper/amanda_test.cpp, fuzz/helper_amanda.cpp,
// tests/kernel/differ/talk_amanda.cpp.
#include <array>
#include <string_view>

#include "ct/helper/helper.hpp"
#include "ct/helper/payload.hpp"

namespace keepstate::ct {

namespace {

constexpr std::uint16_t kPort = 10080;
constexpr std::string_view kConnect = "CONNECT ";
constexpr std::array<std::string_view, 4> kStreams{"DATA ", "MESG ", "INDEX ", "STATE "};
constexpr std::size_t kMostDigits = 5;

/// What stands between CONNECT and its line end; empty if one of them is missing.
std::string_view find_line(std::string_view words) {
    const std::size_t connect = words.find(kConnect);
    if (connect == std::string_view::npos) return {};
    words.remove_prefix(connect + kConnect.size());
    const std::size_t end = words.find('\n');
    return end == std::string_view::npos ? std::string_view{} : words.substr(0, end);
}

HelperAnswer help_amanda(const HelperCase& c, HelperMemory&, Wishes& wishes) {
    HelperAnswer answer = HelperAnswer::accept();
    if (c.direction == CtDirection::original) return answer;
    wishes.refresh_master(c.settings.amanda_master_timeout);
    const std::string_view line = find_line(text_of(udp_payload(c)));
    const Tuple& original = c.other_tuple();
    for (const std::string_view stream : kStreams) {
        const std::size_t at = line.find(stream);
        if (at == std::string_view::npos) continue;
        const Number number = read_number(line.substr(at + stream.size(), kMostDigits));
        const auto port = static_cast<std::uint16_t>(number.value);
        if (port == 0) break;
        const Expectation wish = make_expectation(0, protocol::kTcp, &original.source, nullptr,
                                                  original.destination, port);
        if (wishes.expect(wish) != Grant::granted) {
            answer = HelperAnswer::drop("cannot add expectation");
        }
    }
    return answer;
}

}  // namespace

void add_amanda_helpers(const HelperSettings&, std::vector<Helper>& helpers) {
    constexpr std::uint32_t kTimeout = 180;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        Helper helper;
        helper.name = "amanda";
        helper.family = family;
        helper.protocol = protocol::kUdp;
        helper.port = kPort;
        helper.policies[0] = {"", kStreams.size(), kTimeout};
        helper.help = help_amanda;
        helpers.push_back(helper);
    }
}

}  // namespace keepstate::ct
