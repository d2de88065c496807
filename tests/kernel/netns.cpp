// See netns.hpp. Everything that forks, reads /proc or changes the thread's namespace is here.
#include "netns.hpp"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

extern char** environ;

namespace keepstate::kernel {

namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

// A descriptor in memory that holds `text` and stands at its start: a child can use it as stdin or
// stdout without any pipe that could fill up.
Fd make_memory_file(std::string_view text) {
    Fd file(memfd_create("keepstate", MFD_CLOEXEC));
    while (file.is_open() && !text.empty()) {
        const ssize_t written = write(file.get(), text.data(), text.size());
        if (written <= 0) return Fd();
        text.remove_prefix(static_cast<size_t>(written));
    }
    if (file.is_open()) lseek(file.get(), 0, SEEK_SET);
    return file;
}

std::string read_all(int fd) {
    std::string text;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(got));
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) close(fd_);
        fd_ = other.release();
    }
    return *this;
}

Fd::~Fd() {
    if (fd_ >= 0) close(fd_);
}

int Fd::release() { return std::exchange(fd_, -1); }

Unexpected system_error(std::string_view words) {
    const int number = errno;
    return Unexpected(
        Error::of(ErrorKind::system, std::string(words) + ": " + std::strerror(number)));
}

Result<NetNamespace> NetNamespace::make() {
    const Fd home(open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
    if (!home.is_open()) return system_error("open own network namespace");
    if (unshare(CLONE_NEWNET) != 0) return system_error("unshare network namespace");
    Fd there(open(kOwnNamespace, O_RDONLY | O_CLOEXEC));
    if (setns(home.get(), CLONE_NEWNET) != 0) std::abort();
    if (!there.is_open()) return system_error("open new network namespace");
    return NetNamespace(std::move(there));
}

Inside::Inside(const NetNamespace& there) : home_(open(kOwnNamespace, O_RDONLY | O_CLOEXEC)) {
    if (!home_.is_open() || setns(there.fd(), CLONE_NEWNET) != 0) {
        std::perror("enter network namespace");
        std::abort();
    }
}

Inside::~Inside() {
    if (setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

Result<ProgramOutput> run_program(const std::vector<std::string>& words, std::string_view input) {
    const Fd in = make_memory_file(input);
    const Fd out = make_memory_file({});
    const Fd err = make_memory_file({});
    if (!in.is_open() || !out.is_open() || !err.is_open()) return system_error("memfd_create");
    std::vector<std::string> copy = words;
    std::vector<char*> arguments;
    for (auto& word : copy) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
    pid_t child = 0;
    errno = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno != 0) return system_error("run " + words.front());

    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return system_error("wait for " + words.front());
    }
    lseek(out.get(), 0, SEEK_SET);
    lseek(err.get(), 0, SEEK_SET);
    ProgramOutput output{0, read_all(out.get()), read_all(err.get())};
    output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
}

Result<std::string> run_program_ok(const std::vector<std::string>& words, std::string_view input) {
    auto output = run_program(words, input);
    if (!output) return Unexpected(output.error());
    if (output->status != 0) {
        return Unexpected(Error::of(ErrorKind::system, joined(words) + ": exit status " +
                                                           std::to_string(output->status) + ": " +
                                                           output->err));
    }
    return std::move(output->out);
}

Result<std::string> read_file(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return system_error("open " + path);
    return read_all(file.get());
}

Result<void> write_file(const std::string& path, std::string_view text) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open()) return system_error("open " + path);
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return system_error("write " + path);
    }
    return {};
}

Result<void> set_sysctl(const std::string& name, const std::string& value) {
    std::string path = name;
    if (path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
    return write_file("/proc/sys/" + path, value);
}

}  // namespace keepstate::kernel
