// What the threads of a block or of a warp do together: barriers, shuffles, votes. Each takes the line it is called
// from, for messages.
#pragma once
#include "block.h"
#include <cstring>

namespace emu {
enum Vote : uint8_t { NONE, COUNT, ANY, ALL };

EMU_QUIET static inline int barrier(Vote vote, int predicate, int line) {
    Fiber *me = block.running;
    me->state = AT_BARRIER;
    me->line = line;
    switch (vote) {
        case NONE: break;
        case COUNT: block.votes += predicate != 0; break;
        case ANY: block.votes |= predicate != 0; break;
        case ALL: block.votes |= predicate == 0; break;  // whether one is against it
    }
    char *token = &block.barrier[me->barriers++ & 1];
    EMU_RELEASE(token);
    wait();
    EMU_ACQUIRE(token);
    return vote == ALL ? !block.outcome : block.outcome;
}

// Waits for the lanes of the mask; the scheduler fills in received and ballot.
EMU_QUIET static inline void collective(Collective what, unsigned mask, int argument, int width, const void *sent, size_t bytes, int line) {
    Fiber *me = block.running;
    if (!(mask >> me->lane & 1)) {
        fail("line %d: lane %d calls a warp collective whose mask 0x%x leaves it out", line, me->lane, mask);
        me->state = FAILED;
        wait();  // for ever
    }
    me->state = IN_COLLECTIVE;
    me->line = line;
    me->collective = what;
    me->mask = mask;
    me->argument = argument;
    me->width = width;
    if (sent) std::memcpy(me->sent, sent, bytes);
    char *token = &block.collective[me->warp][me->collectives++ & 1];
    EMU_RELEASE(token);
    wait();
    EMU_ACQUIRE(token);
}

template <class T>
static inline T shuffle(Collective what, unsigned mask, T value, int argument, int width, int line) {
    static_assert(sizeof(T) <= sizeof(Fiber::sent), "shuffle of at most 16 bytes");
    collective(what, mask, argument, width, &value, sizeof value, line);
    T received;
    std::memcpy(&received, block.running->received, sizeof received);
    return received;
}

static inline unsigned ballot(unsigned mask, int predicate, int line) {
    collective(BALLOT, mask, predicate != 0, LANES, nullptr, 0, line);
    return block.running->ballot;
}
}  // namespace emu

#define EMU_LINE int line = __builtin_LINE()
static inline void __syncthreads(EMU_LINE) { emu::barrier(emu::NONE, 0, line); }
static inline int __syncthreads_count(int p, EMU_LINE) { return emu::barrier(emu::COUNT, p, line); }
static inline int __syncthreads_or(int p, EMU_LINE) { return emu::barrier(emu::ANY, p, line); }
static inline int __syncthreads_and(int p, EMU_LINE) { return emu::barrier(emu::ALL, p, line); }
static inline void __syncwarp(unsigned mask = ~0u, EMU_LINE) { emu::collective(emu::SYNC, mask, 0, emu::LANES, nullptr, 0, line); }

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int lane, int width = emu::LANES, EMU_LINE) {
    return emu::shuffle(emu::SHUFFLE, mask, value, lane, width, line);
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = emu::LANES, EMU_LINE) {
    return emu::shuffle(emu::SHUFFLE_XOR, mask, value, bits, width, line);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = emu::LANES, EMU_LINE) {
    return emu::shuffle(emu::SHUFFLE_DOWN, mask, value, int(distance), width, line);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = emu::LANES, EMU_LINE) {
    return emu::shuffle(emu::SHUFFLE_UP, mask, value, int(distance), width, line);
}

static inline unsigned __ballot_sync(unsigned mask, int p, EMU_LINE) { return emu::ballot(mask, p, line); }
static inline int __any_sync(unsigned mask, int p, EMU_LINE) { return emu::ballot(mask, p, line) != 0; }
static inline int __all_sync(unsigned mask, int p, EMU_LINE) { return emu::ballot(mask, p, line) == mask; }

static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
#undef EMU_LINE
