// See kernel_fingerprints.hpp.
#include "kernel_fingerprints.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <thread>

namespace keepstate::kernel {

namespace {

constexpr const char* kLock = "/run/lock/keepstate-tests-osf";
constexpr int kTries = 600;
constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

Result<KernelFingerprints> KernelFingerprints::load(const std::string& text) {
    Fd lock(open(kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.is_open()) return system_error(kLock);
    for (int i = 0; flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
        if (i == kTries) return system_error(std::string("wait for ") + kLock);
        std::this_thread::sleep_for(kPause);
    }
    // Made first: what was loaded is taken out, even if not all of it could be.
    KernelFingerprints loaded(std::move(lock), text);
    auto done = run_program_ok({"nfnl_osf", "-f", "/dev/stdin"}, text);
    if (!done) return Unexpected(done.error());
    return loaded;
}

KernelFingerprints::~KernelFingerprints() {
    if (!lock_.is_open()) return;  // moved from
    static_cast<void>(run_program({"nfnl_osf", "-d", "-f", "/dev/stdin"}, text_));
}

}  // namespace keepstate::kernel
