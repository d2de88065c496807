// A crew: threads that do the same job side by side and then wait for the next one.
//
//     caller = member 0      run(job) --> order ring --> member 1 .. N-1: work(member, job) --> report ring --> done
//
// The threads live as long as the crew. Orders and reports go through rings of one pusher and one popper each, so
// nobody locks; who waits looks again for a short while, then sleeps (base/spsc_ring.hpp). What was written before
// run() is seen by all members, and what they wrote is seen behind it.
//
// This is the one place of the library that starts threads; tools/layers.txt names it.
// Threads: one caller.  Cost: a hand-over, about a microsecond, a run.  Tested by: api/crew_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/spsc_ring.hpp"

namespace keepstate {

class Crew {
  public:
    class Work {
      public:
        /// Called by each member with its own number, on threads of their own.
        virtual void work(std::uint32_t member, std::uint32_t job) = 0;

      protected:
        ~Work() = default;
    };

    /// `members`: with the caller; 1: no thread is started. `pins`: each thread stays on a core of its own, the
    /// caller's aside, as far as there are cores. `work` outlives the crew.
    Crew(std::uint32_t members, Work& work, bool pins);
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// All members do the job, the caller its own part; returns when all are done. Not to be called from work().
    void run(std::uint32_t job);
    std::uint32_t members() const { return static_cast<std::uint32_t>(hands_.size()) + 1; }

  private:
    static constexpr std::uint32_t kStop = 0xffffffffU;
    struct Hand {
        base::SpscRing<std::uint32_t, 2> orders;
        base::SpscRing<std::uint32_t, 2> reports;
        std::thread thread;
    };
    void serve(std::uint32_t member);

    Work& work_;
    std::vector<std::unique_ptr<Hand>> hands_;
};

/// For who has waited long: lets another thread have the core.
void let_others_run();

}  // namespace keepstate
