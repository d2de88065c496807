// Any packet before a fixed list of rules, one for each match and option that looks at headers or payload: nothing
// may crash or read past the end, and a match says the same whether somebody listens to its reasons or not.
//
// Each rule stands in a ruleset of its own, so that a packet that one rule drops as broken meets all the others. The
// first byte has what the packet does not say of itself: whether it came by Ethernet. The rest is the IP packet,
// copied to memory of exactly its size, so that the address sanitizer sees every byte that is read beyond it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "keepstate/ruleset.hpp"
#include "rules/program.hpp"
#include "rules/walk.hpp"
#include "wire/parse.hpp"

namespace {

using namespace keepstate;

constexpr std::string_view kBoth[] = {
    "-p esp -m esp --espspi 5:9",
    "-p ipcomp -m ipcomp ! --ipcompspi 5:9",
    "-p tcp -m tcp --dport 80 --tcp-flags ALL SYN",
    "-p tcp -m tcp --tcp-option 5",
    "-p tcp -m tcpmss --mss 500:600",
    "-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr --ecn-ip-ect 2",
    "-p tcp -m multiport --ports 1,2,5:9",
    "-p udp -m udp --sport 1:9 ! --dport 5",
    "-p dccp -m dccp --sport 1:9",
    "-p dccp -m dccp --dccp-types REQUEST,INVALID",
    "-p dccp -m dccp ! --dccp-option 32",
    "-p sctp -m sctp --dport 80:90",
    "-p sctp -m sctp --chunk-types any DATA:Ub,INIT,ABORT:T",
    "-p sctp -m sctp ! --chunk-types all DATA:U,SACK",
    "-p sctp -m sctp --chunk-types only DATA,SACK",
    "-m dscp --dscp-class EF",
    "-m tos ! --tos 8/0x3f",
    "-m length --length 40:60",
    "-m u32 --u32 \"6&0xFF=6&&0>>22&0x3C@12>>26&0x3C@8=1:5,7\"",
    "-m u32 ! --u32 \"0@0@0<<31@4294967295=0:4294967295\"",
    "-m string --algo bm --string abcab --from 20 --to 60",
    "-m string --algo bm --hex-string \"|e9df00|\" --icase",
    "-m string --algo kmp --string aabaabaaa --icase",
    "-m string --algo kmp ! --string a --from 60000",
    "-m bpf --bytecode \"8,177 0 0 0,72 0 0 2,7 0 0 0,64 0 0 4294967040,2 0 0 3,28 0 0 0,96 0 0 "
    "3,22 0 0 0\"",
    "-m bpf --bytecode \"4,128 0 0 0,32 0 0 4294963212,32 0 0 4294963252,22 0 0 0\"",
    "-m bpf --bytecode \"5,0 0 0 20,1 0 0 1,32 0 0 4294963216,60 0 0 0,22 0 0 0\"",
    "-m addrtype --src-type UNICAST --dst-type MULTICAST",
};
constexpr std::string_view kOnlyIpv4[] = {
    "-p ah -m ah ! --ahspi 5",
    "-p icmp -m icmp --icmp-type 3/1",
    "-m ttl --ttl-lt 9",
    "-p tcp -m osf --genre Linux",
    "-f",
};
constexpr std::string_view kOnlyIpv6[] = {
    "-m ah --ahspi 5:9 --ahlen 24 --ahres",
    "-p icmpv6 -m icmp6 --icmpv6-type 1/3",
    "-p mobility-header -m mh --mh-type 1:5",
    "-m frag --fragid 5 --fragres --fragfirst --fragmore",
    "-m frag --fraglast",
    "-m rt --rt-type 0 --rt-0-res --rt-0-addrs ::1,::2",
    "-m rt --rt-type 0 --rt-0-addrs ::1,::2 --rt-0-not-strict",
    "-m rt ! --rt-type 4 --rt-segsleft 1:3 ! --rt-len 8",
    "-m hbh --hbh-len 8 --hbh-opts 5:2,1:0",
    "-m hbh --hbh-opts 0,0,0,0,0,0,7",
    "-m dst ! --dst-len 8 --dst-opts 1,30:255",
    "-m ipv6header --header hop,route,prot",
    "-m ipv6header ! --header frag,none,esp --soft",
    "-m srh --srh-next-hdr 17 --srh-hdr-len-eq 4 --srh-segs-left-lt 9 --srh-last-entry-gt 0 "
    "--srh-tag 256",
    "-m srh --srh-psid a::/64",
    "-m srh --srh-nsid a::/64",
    "-m srh ! --srh-lsid a::/64",
    "-m eui64",
    "-m hl --hl-gt 9",
};

using Programs = std::vector<rules::Program>;

void add(Programs& programs, Family family, std::string_view rule) {
    static rules::Objects objects;
    std::string text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ";
    text += rule;
    const auto ruleset = Ruleset::parse(text + "\nCOMMIT\n", family, "fuzz");
    KS_ASSERT(ruleset.has_value());
    auto program = rules::Program::make(*ruleset, objects);
    KS_ASSERT(program.has_value());
    programs.push_back(std::move(*program));
}

Programs make_programs(Family family) {
    Programs programs;
    for (const std::string_view rule : kBoth) add(programs, family, rule);
    if (family == Family::ipv4) {
        for (const std::string_view rule : kOnlyIpv4) add(programs, family, rule);
    } else {
        for (const std::string_view rule : kOnlyIpv6) add(programs, family, rule);
    }
    return programs;
}

/// Takes what a match says; it must say something when it refuses.
class Listener final : public rules::Observer {
  public:
    void rule_tried(const rules::RuleTried& fact) override {
        KS_ASSERT(fact.matched || !fact.words.empty());
        matched = fact.matched;
        hotdrop = fact.hotdrop;
    }
    bool matched = false;
    bool hotdrop = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Programs programs[] = {make_programs(Family::ipv4), make_programs(Family::ipv6)};
    if (size < 2) return 0;
    const std::size_t bytes = size - 1;
    const auto copy = std::make_unique<std::uint8_t[]>(bytes);
    for (std::size_t i = 0; i < bytes; ++i) copy[i] = data[i + 1];
    const Family family = copy[0] >> 4 == 6 ? Family::ipv6 : Family::ipv4;
    wire::Packet packet;
    packet.family = family;
    if (wire::parse_ip(family, {copy.get(), bytes}, false, packet) != Reason::none) return 0;

    const std::array<char, 16> device{"eth0"};
    const std::array<std::uint8_t, 6> mac{2, 1, 2, 3, 4, 5};
    for (rules::Program& program : programs[family == Family::ipv4 ? 0 : 1]) {
        rules::Context context;
        context.packet = &packet;
        context.in_device = context.out_device = device.data();
        context.source_mac = (data[0] & 1) != 0 ? mac.data() : nullptr;
        Listener listener;
        walk(program, Table::filter, Hook::input, context, &listener);
        const auto before = program.counters(Table::filter, 0, 1).packets;
        const rules::Outcome outcome = walk(program, Table::filter, Hook::input, context, nullptr);
        const bool matched = program.counters(Table::filter, 0, 1).packets != before;
        KS_ASSERT(matched == listener.matched);
        KS_ASSERT(outcome.hotdrop == listener.hotdrop);
        KS_ASSERT(!outcome.hotdrop || outcome.verdict() == Verdict::drop);
    }
    return 0;
}
