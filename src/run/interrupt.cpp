// sigaction with SA_RESETHAND (the second signal finds the default action) and without SA_RESTART (a
// read that waits for a pipe returns).
#include "run/interrupt.hpp"

#include <signal.h>

namespace keepstate::run {
namespace {

std::atomic<bool> stop_asked{false};
std::atomic<int> signal_seen{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void note_signal(int number) {
    signal_seen.store(number, std::memory_order_relaxed);
    stop_asked.store(true, std::memory_order_relaxed);
}

void watch(int number) {
    struct sigaction before {};
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(number, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& watch_interrupts() {
    watch(SIGINT);
    watch(SIGTERM);
    return stop_asked;
}

int interrupt_signal() { return signal_seen.load(std::memory_order_relaxed); }

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

}  // namespace keepstate::run
