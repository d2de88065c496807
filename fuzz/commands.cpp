// Any bytes as the iptables commands of a script: an answer, no crash; and what is taken prints to a ruleset
// that is taken again and prints the same. The first byte chooses the family; the text begins behind
// "iptables ", so that most of it is commands.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "keepstate/ruleset.hpp"
#include "rules/print.hpp"
#include "rules/script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool six = data[0] == '6';
    const auto family = six ? keepstate::Family::ipv6 : keepstate::Family::ipv4;
    std::string text = six ? "ip6tables " : "iptables ";
    text.append(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string listed;
    const auto ruleset = keepstate::rules::parse_script(text, family, "fuzz", {}, &listed);
    if (!ruleset) {
        if (ruleset.error().faults.empty()) std::abort();
        for (const keepstate::Fault& fault : ruleset.error().faults) {
            if (fault.line < 1 || fault.column < 0) std::abort();
        }
        return 0;
    }
    const std::string printed = keepstate::rules::print(*ruleset, nullptr);
    // A shell's words may hold quotes, newlines and blanks where iptables-save has no way to print them.
    if (text.find_first_of("\"'\\") != std::string::npos) return 0;
    const auto again = keepstate::Ruleset::parse(printed, family, "again");
    if (!printed.empty() && !again) std::abort();
    return 0;
}
