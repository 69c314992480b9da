// What the sanitizers must be told of fibers.
#pragma once
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define EMU_ASAN 1
#endif

// ThreadSanitizer takes each fiber for a thread of its own. The emulator's code is not looked at (EMU_QUIET): two
// threads of a block are ordered where CUDA orders them, by what one releases and the other acquires, and nowhere else.
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define EMU_TSAN 1
#define EMU_QUIET __attribute__((no_sanitize("thread"), noinline))
#define EMU_RELEASE(token) __tsan_release(token)
#define EMU_ACQUIRE(token) __tsan_acquire(token)
#else
#define EMU_QUIET
#define EMU_RELEASE(token) ((void) (token))
#define EMU_ACQUIRE(token) ((void) (token))
#endif
