// Shows what the live kernel makes of scenarios: for writing them. Each packet is printed with the words that
// could stand behind its `=>`, then what is not as wished, then the entries and counters at the end.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "on_kernel.hpp"

namespace {

using namespace keepstate;

void print_faults(const Error& error) {
    for (const Fault& fault : error.faults) {
        std::printf("%s:%d:%d: error: %s\n", fault.file.c_str(), fault.line, fault.column,
                    fault.words.c_str());
    }
}

bool show(const char* path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    const auto scenario = cli::parse_scenario(text.str(), path);
    if (!scenario) return print_faults(scenario.error()), false;
    const auto played = scenarios::play_on_kernel(*scenario);
    if (!played) return print_faults(played.error()), false;
    for (std::size_t i = 0; i < played->steps.size(); ++i) {
        std::printf("%s:%d: %s => %s\n", path, scenario->steps[i].line,
                    scenario->steps[i].words.c_str(),
                    cli::print_seen(played->steps[i].seen).c_str());
        std::printf("%s", played->steps[i].story.c_str());
    }
    std::printf("%s%s%s%s", played->entries.c_str(), played->expectations.c_str(),
                played->counters4.c_str(), played->counters6.c_str());
    std::printf("%s", played->events.c_str());
    if (!played->statistics.empty()) std::printf("%s\n", played->statistics.c_str());
    std::printf("%s", cli::print_failures(*scenario, *played).c_str());
    return played->is_as_wished();
}

}  // namespace

int main(int argc, char** argv) {
    bool is_good = argc > 1;
    if (!is_good) std::fprintf(stderr, "usage: %s SCENARIO...\n", argv[0]);
    for (int i = 1; i < argc; ++i) is_good = show(argv[i]) && is_good;
    return is_good ? 0 : 1;
}
