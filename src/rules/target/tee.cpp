// -j TEE: a copy of the packet to another host of the local network; the packet itself goes on.
//
// source: man:iptables-extensions TEE; kernel:net/netfilter/xt_TEE.c.   Tested by: tests/rules/TEE.t.
#include <algorithm>
#include <array>

#include "rules/module.hpp"

namespace keepstate::rules::target {

namespace {

enum : std::uint8_t { kGateway, kOif };
constexpr std::size_t kLongestDevice = 15;

struct Form {
    struct Data {
        std::array<std::uint8_t, 16> gateway{};
        std::array<char, kLongestDevice + 1> device{};
    };
    static constexpr Option kOptions[] = {
        {.name = "gateway",
         .id = kGateway,
         .arg = ArgKind::address,
         .flags = option_flag::kMust,
         .words = "the host that gets the copy; not 0.0.0.0 or `::`"},
        {.name = "oif",
         .id = kOif,
         .arg = ArgKind::text,
         .words = "the device by which it is looked for; 15 bytes count"}};
    static constexpr Traits kTraits{
        .name = "TEE",
        .options = kOptions,
        .words =
            "Sends a copy of the packet to another host of the local network. The packet itself "
            "goes on to the next rule.",
        .reads = "nothing of the packet",
        .differences = "No copy is made; explanations say where it would go."};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        if (use.id() == kGateway) {
            data.gateway = use.value.address.bytes;
            return;
        }
        const std::string_view words = use.value.text.substr(0, kLongestDevice);
        std::copy(words.begin(), words.end(), data.device.begin());
    }
    static Complaint check(const Data& data, const CheckContext&) {
        if (data.gateway != std::array<std::uint8_t, 16>{}) return std::nullopt;
        return "target `TEE': a copy cannot be sent to the unspecified address";
    }
    static void print(const Data& data, const PrintContext& context, std::string& out) {
        out += fmt::format(" --gateway {}", text(Address{context.family, data.gateway}));
        if (data.device[0] != 0) out += fmt::format(" --oif {}", data.device.data());
    }
    static Ruling judge(Data& data, Context& context, Says says) {
        if (says) {
            says.words("a copy would be sent to {}",
                       text(Address{context.packet->family, data.gateway}));
        }
        return {};
    }
};

}  // namespace

extern const TargetModule k_tee;
const TargetModule k_tee = target_module<Form>();

}  // namespace keepstate::rules::target
