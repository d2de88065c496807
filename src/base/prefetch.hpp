// Asking for a line of the cache that will be read or written.
//
// __builtin_prefetch(at, 1) asks only to read where compilers may not assume the instruction; a line that another core
// holds would then be asked for twice. On x86 it is there, or does nothing.
//
// g++ 12 takes a function that does nothing but __builtin_prefetch() for one without effect, and leaves out calls that it does not inline.
// An empty assembler statement, of which it knows nothing, keeps them.
#pragma once

namespace keepstate::base {

inline void prefetch_to_read(const void* at) {
    __builtin_prefetch(at);
    asm volatile("");
}

inline void prefetch_to_write(const void* at) {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(at)));
#else
    __builtin_prefetch(at, 1);
    asm volatile("");
#endif
}

}  // namespace keepstate::base
