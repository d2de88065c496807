// KS_INLINE: a function that is called in one place, once a packet, and shall not cost a call.
//
// KS_NOINLINE: a loop that is called once for several packets, and has the registers for itself.
//
// The library is position independent code, where compilers leave much uninlined that they could inline.
#pragma once

#if defined(__GNUC__)
#define KS_INLINE [[gnu::always_inline]] inline
#define KS_NOINLINE [[gnu::noinline]]
#else
#define KS_INLINE inline
#define KS_NOINLINE
#endif
