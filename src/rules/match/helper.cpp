// -m helper: packets of connections that a conntrack helper announced.
//
// It asks the helper of the *master*: the data connection of an FTP session matches, the session itself does not.
// source: man:iptables-extensions helper; kernel:net/netfilter/xt_helper.c.   Tested by: tests/rules/helper.t.
#include <array>
#include <cstring>

#include "ct/helper/helper.hpp"
#include "rules/module.hpp"
#include "rules/values.hpp"

namespace keepstate::rules::match {

namespace {

struct Form {
    struct Data {
        std::array<char, 30> name{};  ///< ends with a zero
        std::uint8_t inverted = 0;
        std::uint8_t padding = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "helper",
         .id = 0,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert | option_flag::kMust,
         .words = "the helper's name, ftp for instance; the empty name means any helper"},
    };
    static constexpr Traits kTraits{
        .name = "helper",
        .options = kOptions,
        .words = "Matches packets of connections that the named helper has announced.",
        .reads = "the helper of the master of the packet's entry",
        .differences = ""};

    static void parse(Data& data, const OptionUse& use, RuleReader&) {
        const std::size_t bytes = std::min(use.value.text.size(), data.name.size() - 1);
        std::memcpy(data.name.data(), use.value.text.data(), bytes);
        data.inverted = use.inverted;
    }
    static std::string_view name_of(const Data& data) { return data.name.data(); }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        out += data.inverted ? " ! --helper " : " --helper ";
        append_quoted(out, name_of(data));
    }
    static bool matches(Data& data, Context& context, Why why) {
        const ct::Entry* const entry = context.flow.entry;
        const ct::Helper* const helper = entry ? entry->rare().announced_by : nullptr;
        const std::string_view wanted = name_of(data);
        // The helper's name decides how much is compared: `ftp` is also what `ftp-2121` asks for.
        const bool fits = helper != nullptr && (wanted.empty() || wanted.starts_with(helper->name));
        if (fits != (data.inverted != 0)) return true;
        if (helper == nullptr) {
            return why.no("--helper {}: no helper announced the packet's connection", wanted);
        }
        return why.no("{}--helper {}: {} announced the packet's connection",
                      data.inverted != 0 ? "! " : "", wanted, helper->name);
    }
};

}  // namespace

extern const MatchModule k_helper;
const MatchModule k_helper = match_module<Form>();

}  // namespace keepstate::rules::match
