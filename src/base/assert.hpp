// KS_ASSERT: our own bugs stop the program, in every build.
//
// Used for what cannot be wrong unless this code is: an entry in the map once instead of twice. Never
// for what a user or a packet can cause.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace keepstate::base {

/// Says where and what, then aborts. Does not return.
[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "keepstate: bug: %s:%d: %s\n", file, line, what);
    std::abort();
}

}  // namespace keepstate::base

#define KS_ASSERT(condition)            \
    ((condition) ? static_cast<void>(0) \
                 : ::keepstate::base::assertion_failed(#condition, __FILE__, __LINE__))
