// KS_INLINE: a function that is called in one place, once a packet, and shall not cost a call.
//
// The library is position independent code, where compilers leave much uninlined that they could inline.
#pragma once

#if defined(__GNUC__)
#define KS_INLINE [[gnu::always_inline]] inline
#else
#define KS_INLINE inline
#endif
