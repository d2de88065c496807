// Any bytes as a ruleset: an answer, no crash; and what is taken prints to something that is taken again
// and prints the same. The first byte chooses the family.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "keepstate/ruleset.hpp"
#include "rules/program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto family = data[0] == '6' ? keepstate::Family::ipv6 : keepstate::Family::ipv4;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto ruleset = keepstate::Ruleset::parse(text, family, "fuzz");
    if (!ruleset) {
        if (ruleset.error().faults.empty()) std::abort();
        return 0;
    }
    keepstate::rules::Objects objects;
    const auto program = keepstate::rules::Program::make(*ruleset, objects);
    if (!program && program.error().faults.empty()) std::abort();
    const std::string printed = ruleset->print(true);
    if (program && program->print_counters().size() > printed.size()) std::abort();
    // A newline inside of quotes, a blank in a device name, a device or chain name with a quote print as the
    // real tool prints them, which nobody reads back.
    if (text.find('"') != std::string_view::npos) return 0;
    // Of `--ipcompspi :' and an empty list of types nothing is printed, which is read as something else.
    if (text.find("ipcompspi") != std::string_view::npos) return 0;
    if (text.find("dccp-types") != std::string_view::npos) return 0;
    // So do an empty list of days, four thousand million seconds, a rate of no bytes, and a rateest with two rates.
    for (const std::string_view word : {"days", "seconds", "b/s", "rateest"}) {
        if (text.find(word) != std::string_view::npos) return 0;
    }
    // So do a translated prefix of no bits, which is not printed, and a backslash in an LED's name.
    if (text.find("::/0") != std::string_view::npos) return 0;
    if (text.find('\\') != std::string_view::npos) return 0;
    const auto again = keepstate::Ruleset::parse(printed, family, "again");
    if (!again) std::abort();
    const auto third = keepstate::Ruleset::parse(again->print(true), family, "third");
    if (!third || third->print(true) != printed) std::abort();
    return 0;
}
