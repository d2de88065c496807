// -m nfacct: counts packets into a named accounting object.
//
// On Linux the object is made beforehand with `nfacct add'; here it is made when a rule names it, without a quota, and so
// it always matches.
// source: man:iptables-extensions nfacct; kernel:net/netfilter/xt_nfacct.c.   Tested by: tests/rules/nfacct.t.
#include <array>
#include <cstring>

#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Account final : SharedObject {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

struct Form {
    struct Data {
        Account* account = nullptr;
        std::array<char, 32> name{};  ///< ends with a zero
    };
    static constexpr Option kOptions[] = {
        {.name = "nfacct-name",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kMust,
         .min = 1,
         .words = "the accounting object, at most 31 bytes"},
    };
    static constexpr Traits kTraits{
        .name = "nfacct",
        .options = kOptions,
        .words = "Counts packets and bytes into an accounting object. Always matches.",
        .reads = "the packet's length",
        .differences =
            "the object needs no `nfacct add' and has no quota, so the match is always true"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view name = use.value.text;
        if (name.size() >= data.name.size()) {
            reader.fault(fmt::format("--nfacct-name: `{}' is longer than 31 bytes", name));
        }
        std::memcpy(data.name.data(), name.data(), std::min(name.size(), data.name.size() - 1));
    }
    static Complaint bind(Data& data, BindContext& context) {
        data.account = &context.objects.find_or_make<Account>("nfacct", data.name.data());
        return std::nullopt;
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += " --nfacct-name  ";
        append_quoted(out, data.name.data());
    }
    static std::string_view remembers(const Data&) { return "remembers how much has come"; }
    static bool matches(Data& data, Context& context, Why) {
        data.account->packets += 1;
        data.account->bytes += context.packet->ip.size();
        return true;
    }
};

}  // namespace

extern const MatchModule k_nfacct;
const MatchModule k_nfacct = match_module<Form>();

}  // namespace keepstate::rules::match
