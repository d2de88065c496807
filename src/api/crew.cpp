// See crew.hpp.
#include "api/crew.hpp"

#include <pthread.h>
#include <sched.h>

namespace keepstate {

namespace {

/// Pins a thread to the `which`-th of the cores that the process may use. Not granted is no fault: it then runs anywhere.
void pin(std::thread& thread, std::uint32_t which) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    const auto count = static_cast<std::uint32_t>(CPU_COUNT(&allowed));
    if (count == 0) return;
    std::uint32_t left = which % count;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (!CPU_ISSET(core, &allowed) || left-- != 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
        return;
    }
}

}  // namespace

void let_others_run() { sched_yield(); }

Crew::Crew(std::uint32_t members, Work& work, bool pins) : work_(work) {
    for (std::uint32_t i = 1; i < members; ++i) hands_.push_back(std::make_unique<Hand>());
    for (std::uint32_t i = 1; i < members; ++i) {
        Hand& hand = *hands_[i - 1];
        hand.thread = std::thread([this, i] { serve(i); });
        if (pins) pin(hand.thread, i);
    }
}

Crew::~Crew() {
    for (const auto& hand : hands_) hand->orders.push(kStop);
    for (const auto& hand : hands_) hand->thread.join();
}

void Crew::run(std::uint32_t job) {
    for (const auto& hand : hands_) hand->orders.push(job);
    work_.work(0, job);
    for (const auto& hand : hands_) hand->reports.pop();
}

void Crew::serve(std::uint32_t member) {
    Hand& hand = *hands_[member - 1];
    for (;;) {
        const std::uint32_t job = hand.orders.pop();
        if (job == kStop) return;
        work_.work(member, job);
        hand.reports.push(job);
    }
}

}  // namespace keepstate
