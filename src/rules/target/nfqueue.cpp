// -j NFQUEUE: the packet to userspace, which decides.
//
// Of several queues (--queue-balance) the first is named: which one the kernel takes depends on a hash.
//
// source: man:iptables-extensions NFQUEUE; kernel:net/netfilter/xt_NFQUEUE.c.   Tested by: tests/rules/NFQUEUE.t.
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kNumber, kBalance, kBypass, kFanout };

struct Form {
    struct Data {
        std::uint16_t first = 0;
        std::uint16_t last = 0;
        std::uint8_t balance = 0;
        std::uint8_t bypass = 0;
        std::uint8_t fanout = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "queue-num",
         .id = kNumber,
         .arg = ArgKind::number,
         .excludes = option_bit(kBalance),
         .max = 65535,
         .words = "the queue, 0 to 65535. Default: 0"},
        {.name = "queue-balance",
         .id = kBalance,
         .arg = ArgKind::number_range,
         .excludes = option_bit(kNumber),
         .max = 65535,
         .words = "`FIRST:LAST`: one of these queues, the same for all packets of a connection"},
        {.name = "queue-bypass",
         .id = kBypass,
         .words = "if nobody listens on the queue, the packet is accepted; without it, dropped"},
        {.name = "queue-cpu-fanout",
         .id = kFanout,
         .needs = option_bit(kBalance),
         .words = "the queue is chosen by the processor. Needs --queue-balance"},
    };
    static constexpr Traits kTraits{
        .name = "NFQUEUE",
        .options = kOptions,
        .words = "Gives the packet to a program, which decides.",
        .reads = "with --queue-balance the packet's addresses",
        .differences =
            "Nobody listens: with --queue-bypass the packet is accepted here, as Linux accepts it "
            "then; without it the decision is QUEUE. Which queue of a range Linux takes depends on "
            "a hash with a random key: the first one is named."};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        switch (use.id()) {
            case kBypass: data.bypass = 1; break;
            case kFanout: data.fanout = 1; break;
            case kBalance:
                data.balance = 1;
                if (!use.value.has_second || use.value.low >= use.value.high) {
                    reader.fault(
                        fmt::format("`{}' is no range of queues that goes up", use.value.text));
                } else if (use.value.high - use.value.low >= 0xffff) {
                    reader.fault(fmt::format("`{}' are more than 65535 queues", use.value.text));
                }
                [[fallthrough]];
            default:
                data.first = static_cast<std::uint16_t>(use.value.low);
                data.last = static_cast<std::uint16_t>(use.value.high);
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.balance ? fmt::format(" --queue-balance {}:{}", data.first, data.last)
                            : fmt::format(" --queue-num {}", data.first);
        if (data.bypass) out += " --queue-bypass";
        if (data.fanout) out += " --queue-cpu-fanout";
    }
    static Ruling judge(Data& data, Context&, Says says) {
        if (data.bypass) {
            says.words("nobody listens on queue {}: --queue-bypass accepts the packet", data.first);
            return Ruling{.kind = Ruling::Kind::accept};
        }
        says.words("to queue {}{}", data.first, data.balance ? ", or another of the range" : "");
        return Ruling{
            .kind = Ruling::Kind::queue, .queue = data.first, .queue_bypass = data.bypass != 0};
    }
};

}  // namespace

extern const TargetModule k_nfqueue;
const TargetModule k_nfqueue = target_module<Form>();

}  // namespace keepstate::rules::target
