// Feeds every file of a corpus folder to a fuzz target, and its beginnings too: cut packets are where readers go
// too far. All beginnings while they are few, else as many as kMostCuts allows, spread evenly over all files: a
// corpus grows, the time of a test run may not. A missing or empty folder is a failure, so that a corpus cannot get
// lost unseen.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMostCuts = 4'000;

using Input = std::vector<std::uint8_t>;

std::vector<Input> read_folder(const char* folder) {
    std::vector<Input> inputs;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
        inputs.emplace_back(text.begin(), text.end());
    }
    return inputs;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
        return 2;
    }
    const std::vector<Input> inputs = read_folder(arguments[1]);
    std::size_t beginnings = 0;
    for (const Input& input : inputs) beginnings += input.size();
    const std::size_t stride = beginnings / kMostCuts + 1;
    std::size_t position = 0;  // counted over all files, so that each is cut at other places
    for (const Input& input : inputs) {
        LLVMFuzzerTestOneInput(input.data(), input.size());
        for (std::size_t cut = 0; cut < input.size(); ++cut) {
            if (position++ % stride != 0) continue;
            // A copy of its own: the sanitizer sees a read behind its end.
            const Input part(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(cut));
            LLVMFuzzerTestOneInput(part.data(), part.size());
        }
    }
    std::printf("%s: %zu inputs, every %zu. of their %zu beginnings\n", arguments[1], inputs.size(),
                stride, beginnings);
    return inputs.empty() ? 1 : 0;
}
