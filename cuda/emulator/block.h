// The block of threads that is being run. Its threads are fibers: each has a stack of its own, and all run on the one
// OS thread that runs the block. A fiber goes on until it has to wait for others, at a barrier or in a warp collective;
// then the scheduler (scheduler.cpp) lets another one run, and completes what all have reached.
#pragma once
#include "sanitizers.h"
#include "types.h"
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>
#if !defined(__x86_64__) || defined(CUDA_EMU_UCONTEXT)
#include <ucontext.h>
#define EMU_UCONTEXT 1
#endif

namespace emu {
constexpr int LANES = 32;

enum State : uint8_t { READY, AT_BARRIER, IN_COLLECTIVE, DONE, FAILED };
enum Collective : uint8_t { SHUFFLE, SHUFFLE_XOR, SHUFFLE_DOWN, SHUFFLE_UP, BALLOT, SYNC };

// A thread of the block.
struct Fiber {
    uint3 index;                      // threadIdx
    int lane, warp;
    State state;
    int line;                         // of the source, where it waits

    // The warp collective that it waits in: what it asks for and sends, and what comes back.
    Collective collective;
    unsigned mask;
    int argument, width;              // lane, distance or predicate; lanes of a group
    alignas(16) unsigned char sent[16], received[16];
    unsigned ballot;

    uint8_t barriers, collectives;    // passed so far: which of the tokens in turn is the next (see Block)

    // Where it goes on.
    char *stack;
#ifdef EMU_UCONTEXT
    ucontext_t context;
#else
    void *stackPointer;
#endif
    void *fakeStack, *tsanFiber;      // the sanitizers' own
};

struct Block {
    dim3 grid, size;                  // gridDim, blockDim
    uint3 index;                      // blockIdx
    int threads;
    std::vector<Fiber> fibers;        // at least as many as there are threads: those of the largest block so far
    Fiber scheduler;                  // what runs between the fibers
    Fiber *running;
    const std::function<void()> *body;

    unsigned char *shared;            // dynamic shared memory
    size_t sharedBytes;

    int votes, outcome;               // of a barrier with a predicate: so far, and of the last one
    char error[480];                  // the first one, empty as long as there is none

    // Places that threads release when they come to a barrier or collective, and acquire when they leave it. Two of
    // each in turn: a thread may come to the next one before another has left the last.
    char started, ended, barrier[2], collective[LANES][2];

    const void *hostStack;            // the scheduler's, for AddressSanitizer
    size_t hostStackSize;
};
extern Block block;

// Lets the scheduler run, on a fiber that has written down what it waits for; returns when that has come.
void wait();

// Notes an error of the kernel; the scheduler ends the launch with the first one.
EMU_QUIET static inline void fail(const char *format, ...) {
    if (block.error[0]) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(block.error, sizeof block.error, format, arguments);
    va_end(arguments);
}
}  // namespace emu
