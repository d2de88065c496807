// The program keepstate. Nothing of ours throws; what the standard library or CLI11 throws ends here.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/verbs.hpp"

int main(int argc, char** argv) {
    try {
        return keepstate::cli::run_program(
            std::vector<std::string>(argv + (argc > 0), argv + argc));
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "keepstate: error: %s\n", exception.what());
        return keepstate::cli::kSystemRefused;
    }
}
