// Feeds every file of a corpus folder to a fuzz target, and each of its beginnings too: cut packets are where
// readers go too far. A missing or empty folder is a failure, so that a corpus cannot get lost unseen.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
        return 2;
    }
    constexpr std::size_t kMostCuts = 2048;
    int files = 0;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1], failed)) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
        std::vector<std::uint8_t> bytes(text.begin(), text.end());
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        for (std::size_t cut = 0; cut < bytes.size() && cut < kMostCuts; ++cut) {
            const std::vector<std::uint8_t> part(bytes.begin(),
                                                 bytes.begin() + static_cast<std::ptrdiff_t>(cut));
            LLVMFuzzerTestOneInput(part.data(), part.size());
        }
        ++files;
    }
    std::printf("%s: %d inputs\n", arguments[1], files);
    return files > 0 ? 0 : 1;
}
