#include "real_tools.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

bool runs(const char* command) { return std::system(command) == 0; }

}  // namespace

std::string why_no_real_tools() {
    if (::geteuid() != 0) return "needs root";
    if (!runs("command -v iptables-legacy-restore >/dev/null 2>&1")) {
        return "needs iptables-legacy-restore";
    }
    if (!runs("iptables-legacy-restore --version 2>&1 | grep -q 'v1\\.8\\.9'")) {
        return "needs iptables 1.8.9";
    }
    if (!runs("command -v nfct >/dev/null 2>&1")) return "needs nfct";
    if (!runs("unshare -n iptables-legacy-save -t filter >/dev/null 2>&1")) {
        return "needs network namespaces and ip_tables in the kernel";
    }
    return {};
}

std::vector<RealAnswer> ask_real_tools(const std::vector<std::string>& texts,
                                       keepstate::Family family, bool fresh_each,
                                       const std::vector<std::string>& before) {
    std::array<char, 64> name{};
    const std::string pattern = (fs::temp_directory_path() / "keepstate-rules-XXXXXX").string();
    std::copy(pattern.begin(), pattern.end(), name.begin());
    const fs::path folder = ::mkdtemp(name.data());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::ofstream(folder / (std::to_string(i) + ".in"), std::ios::binary) << texts[i];
    }
    const std::string tool = family == keepstate::Family::ipv4 ? "iptables" : "ip6tables";
    std::ofstream script(folder / "one.sh");
    script << "nfct add timeout ttcp inet tcp established 60\n"
           << "nfct add timeout trst inet generic timeout 60\n";
    for (const std::string& command : before) script << command << " || exit 9\n";
    script << "for i in \"$@\"; do\n"
           << tool << "-legacy-restore < $i.in 2> $i.err > /dev/null; echo $? > $i.rc\n"
           << tool << "-legacy-save > $i.out\ndone\n";
    script.close();
    std::string command = "cd " + folder.string() + " && ";
    if (fresh_each) {
        command += "for i in $(seq 0 " + std::to_string(texts.size() - 1) +
                   "); do unshare -n sh one.sh $i; done";
    } else {
        command += "unshare -n sh one.sh $(seq 0 " + std::to_string(texts.size() - 1) + ")";
    }
    std::vector<RealAnswer> answers(texts.size());
    if (!texts.empty() && std::system(command.c_str()) == 0) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string stem = std::to_string(i);
            answers[i].taken = read_all(folder / (stem + ".rc")) == "0\n";
            answers[i].saved = read_all(folder / (stem + ".out"));
            answers[i].words = read_all(folder / (stem + ".err"));
        }
    }
    fs::remove_all(folder);
    return answers;
}
