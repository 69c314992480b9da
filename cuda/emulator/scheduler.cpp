// Runs the blocks of a launch: switches between the threads of a block, and completes the barriers and warp collectives
// that they have come to.
#include "block.h"
#include "registry.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#ifndef EMU_UCONTEXT
// Keeps the registers of one fiber on its stack, and goes on where another one left its own.
extern "C" void emu_swap(void **from, void *to);
asm(R"(
    .text
    .p2align 4
    .globl emu_swap
    .type emu_swap,@function
emu_swap:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp,(%rdi)
    movq %rsi,%rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emu_swap,.-emu_swap
)");
#endif

namespace emu {
Block block = {};

std::map<std::string, Kernel> &registry() {
    static std::map<std::string, Kernel> kernels;
    return kernels;
}

namespace {
enum Order { FORWARD, REVERSED, SHUFFLED };
int order = FORWARD;
unsigned seed = 1;

// What a device refuses.
constexpr size_t MOST_THREADS = 1024, MOST_SHARED = 227 << 10;
constexpr unsigned MOST_Z = 64, MOST_BLOCKS_YZ = 65535;

#if defined(EMU_ASAN) || defined(EMU_TSAN)
constexpr size_t STACK = 256 << 10;
#else
constexpr size_t STACK = 64 << 10;
#endif

// ---- fibers ----

// dying: from never goes on.
EMU_QUIET inline void swap(Fiber *from, Fiber *to, bool dying) {
    (void) dying;
    block.running = to;
#ifdef EMU_ASAN
    if (to == &block.scheduler) __sanitizer_start_switch_fiber(dying ? nullptr : &from->fakeStack, block.hostStack, block.hostStackSize);
    else __sanitizer_start_switch_fiber(&from->fakeStack, to->stack, STACK);
#endif
#ifdef EMU_TSAN
    __tsan_switch_to_fiber(to->tsanFiber, 1 /* which orders nothing */);
#endif
#ifdef EMU_UCONTEXT
    swapcontext(&from->context, &to->context);
#else
    emu_swap(&from->stackPointer, to->stackPointer);
#endif
#ifdef EMU_ASAN
    bool host = from == &block.scheduler;
    __sanitizer_finish_switch_fiber(from->fakeStack, host ? nullptr : &block.hostStack, host ? nullptr : &block.hostStackSize);
#endif
}

// What a fiber runs, from its first instruction on.
EMU_QUIET void fiberMain() {
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &block.hostStack, &block.hostStackSize);
#endif
    EMU_ACQUIRE(&block.started);
    (*block.body)();
    EMU_RELEASE(&block.ended);
    block.running->state = DONE;
    swap(block.running, &block.scheduler, true);
    abort();
}

// Thread i of the block, at its beginning.
EMU_QUIET void prepare(int i) {
    Fiber *f = &block.fibers[i];
    f->index = {unsigned(i) % block.size.x, unsigned(i) / block.size.x % block.size.y, unsigned(i) / (block.size.x * block.size.y)};
    f->lane = i % LANES;
    f->warp = i / LANES;
    f->state = READY;
    f->barriers = f->collectives = 0;
    f->fakeStack = nullptr;
#ifdef EMU_ASAN
    __asan_unpoison_memory_region(f->stack, STACK);
#endif
#ifdef EMU_UCONTEXT
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK;
    f->context.uc_link = nullptr;
    makecontext(&f->context, fiberMain, 0);
#else
    void **top = reinterpret_cast<void **>(f->stack + STACK);
    *--top = nullptr;                               // where fiberMain would return to
    *--top = reinterpret_cast<void *>(fiberMain);   // where emu_swap returns to,
    f->stackPointer = top - 6;                      // once it has taken six registers
#endif
}

// Stacks stay for the launches that follow.
void haveFibers(size_t n) {
    size_t had = block.fibers.size();
    if (had >= n) return;
    block.fibers.resize(n);
    for (size_t i = had; i < n; ++i) {
        void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED) perror("cuda_emu: stack of a thread"), abort();
        block.fibers[i].stack = static_cast<char *>(stack);
#ifdef EMU_TSAN
        block.fibers[i].tsanFiber = __tsan_create_fiber(0);
#endif
    }
}

// ---- warp collectives ----

// Whether all lanes of a mask wait in the same collective as one of them; their predicates, a bit a lane.
EMU_QUIET bool allWait(const Fiber *warp, int lanes, const Fiber *one, unsigned mask, unsigned *predicates) {
    *predicates = 0;
    for (int j = 0; j < LANES; ++j) {
        if (!(mask >> j & 1)) continue;
        if (j >= lanes || warp[j].state == DONE) {
            fail("line %d: warp collective names lane %d, which has exited", one->line, j);
            return false;
        }
        const Fiber *other = &warp[j];
        if (other->state != IN_COLLECTIVE || other->collective != one->collective || other->mask != one->mask) return false;
        *predicates |= unsigned(other->argument & 1) << j;
    }
    return true;
}

// The lane that lane j gets its number from: its own where that would be outside its group of width lanes.
EMU_QUIET int sourceOf(const Fiber *f, int j) {
    int first = j & ~(f->width - 1), in = j - first;
    switch (f->collective) {
        case SHUFFLE: return first + (f->argument & (f->width - 1));
        case SHUFFLE_XOR: return (in ^ f->argument) < f->width ? first + (in ^ f->argument) : j;
        case SHUFFLE_DOWN: return in + f->argument < f->width ? j + f->argument : j;
        case SHUFFLE_UP: return in >= f->argument ? j - f->argument : j;
        default: return j;
    }
}

// Completes the collectives whose lanes have all come; whether there were any.
EMU_QUIET bool completeCollectives(Fiber *warp, int lanes) {
    bool any = false;
    for (int i = 0; i < lanes; ++i) {
        if (warp[i].state != IN_COLLECTIVE) continue;
        unsigned mask = warp[i].mask, predicates;
        if (lanes < LANES && mask == ~0u) mask = (1u << lanes) - 1;  // the last warp of a block, which is not whole
        if (!allWait(warp, lanes, &warp[i], mask, &predicates)) {
            if (block.error[0]) return false;
            continue;
        }
        for (int j = 0; j < lanes; ++j) {
            if (!(mask >> j & 1)) continue;
            Fiber *f = &warp[j];
            f->ballot = predicates;
            int source = sourceOf(f, j);
            if (source < lanes && (mask >> source & 1)) std::memcpy(f->received, warp[source].sent, sizeof f->received);
            else std::memset(f->received, 0xff, sizeof f->received);  // undefined on a device; a NaN here
        }
        for (int j = 0; j < lanes; ++j)
            if (mask >> j & 1) warp[j].state = READY;
        any = true;
    }
    return any;
}

// ---- blocks ----

// Runs the threads of a warp until each is done or waits for other warps; false after an error.
EMU_QUIET bool runWarp(Fiber *warp, int lanes, uint64_t *random) {
    bool again;
    do {
        unsigned shift = 0;
        if (order == SHUFFLED) {
            *random = *random * 6364136223846793005ull + 1442695040888963407ull;
            shift = unsigned(*random >> 33);
        }
        for (int i = 0; i < lanes; ++i) {
            int j = i;
            if (order == REVERSED) j = lanes - 1 - i;
            else if (order == SHUFFLED) j = lanes < LANES ? int((i + shift) % lanes) : int((i * 7 + shift) % LANES);
            if (warp[j].state != READY) continue;
            swap(&block.scheduler, &warp[j], false);
            if (block.error[0]) return false;
        }
        again = completeCollectives(warp, lanes);
        if (block.error[0]) return false;
    } while (again);
    return true;
}

// Lets all threads pass the barrier at which they wait, unless they wait for different things.
EMU_QUIET bool passBarrier(int done) {
    int line = 0;
    for (int i = 0; i < block.threads; ++i) {
        const Fiber *f = &block.fibers[i];
        if (f->state == DONE) continue;
        if (f->state == IN_COLLECTIVE) {
            fail("line %d: thread (%u,%u,%u) waits in a warp collective (mask 0x%x) that its other lanes never reach", f->line, f->index.x,
                f->index.y, f->index.z, f->mask);
            return false;
        }
        if (line && f->line != line) {
            fail("divergent __syncthreads: lines %d and %d in one block", line, f->line);
            return false;
        }
        line = f->line;
    }
    if (done) {  // hardware tolerates it
        fail("line %d: __syncthreads after %d of %d threads have exited", line, done, block.threads);
        return false;
    }
    block.outcome = block.votes;
    block.votes = 0;
    for (int i = 0; i < block.threads; ++i) block.fibers[i].state = READY;
    return true;
}

EMU_QUIET bool runBlock() {
    uint64_t random = seed * 0x9E3779B97F4A7C15ull + block.index.x;
    block.votes = 0;
    block.error[0] = 0;
    for (int i = 0; i < block.threads; ++i) prepare(i);
    if (block.shared) std::memset(block.shared, 0xff, block.sharedBytes);  // reads as NaN until it is written
    EMU_RELEASE(&block.started);
    int warps = (block.threads + LANES - 1) / LANES;
    for (;;) {
        for (int i = 0; i < warps; ++i) {
            int first = LANES * (order == REVERSED ? warps - 1 - i : i);
            if (!runWarp(&block.fibers[first], std::min(LANES, block.threads - first), &random)) return false;
        }
        int done = 0;
        for (int i = 0; i < block.threads; ++i) done += block.fibers[i].state == DONE;
        if (done == block.threads) break;
        if (!passBarrier(done)) return false;
    }
    EMU_ACQUIRE(&block.ended);
    return true;
}

void haveShared(size_t bytes) {
    if (bytes == block.sharedBytes) return;
    free(block.shared);
    block.shared = bytes ? static_cast<unsigned char *>(aligned_alloc(16, (bytes + 15) & ~size_t(15))) : nullptr;
    block.sharedBytes = bytes;
}

bool launch(const std::function<void()> &body, dim3 grid, dim3 size, size_t shared, std::string *error) {
    size_t threads = size_t(size.x) * size.y * size.z, blocks = size_t(grid.x) * grid.y * grid.z;
    if (threads == 0 || blocks == 0 || threads > MOST_THREADS || size.z > MOST_Z || grid.y > MOST_BLOCKS_YZ || grid.z > MOST_BLOCKS_YZ
            || shared > MOST_SHARED) {
        *error = "launch a device would refuse (block, grid or shared memory size)";
        return false;
    }
    haveFibers(threads);
    haveShared(shared);
#ifdef EMU_TSAN
    block.scheduler.tsanFiber = __tsan_get_current_fiber();
#endif
    block.threads = int(threads);
    block.grid = grid;
    block.size = size;
    block.body = &body;
    for (size_t i = 0; i < blocks; ++i) {
        size_t b = order == REVERSED ? blocks - 1 - i : i;
        block.index = {unsigned(b % grid.x), unsigned(b / grid.x % grid.y), unsigned(b / (size_t(grid.x) * grid.y))};
        if (runBlock()) continue;
        char place[80];
        snprintf(place, sizeof place, "block (%u,%u,%u): ", block.index.x, block.index.y, block.index.z);
        *error = std::string(place) + block.error;
        return false;
    }
    return true;
}

thread_local std::string lastError;
}  // namespace

EMU_QUIET void wait() { swap(block.running, &block.scheduler, false); }
}  // namespace emu

#define API extern "C" __attribute__((visibility("default")))
API int emu_launch(const char *name, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes, void **arguments) {
    enum { SUCCESS = 0, INVALID_VALUE = 1, NOT_FOUND = 500, LAUNCH_FAILED = 719 };
    auto refuse = [](int code, const std::string &why) {
        emu::lastError = why;
        return code;
    };
    auto found = emu::registry().find(name);
    if (found == emu::registry().end()) return refuse(NOT_FOUND, std::string("no kernel ") + name);
    emu::Kernel &kernel = found->second;
    if (size_t(sharedBytes) > kernel.maxShared) return refuse(INVALID_VALUE, "dynamic shared memory above 48 KiB without opting in");
    for (size_t i = 0; i < kernel.sizes.size(); ++i)
        if (!arguments[i]) return refuse(INVALID_VALUE, "null kernel parameter");
    emu::lastError.clear();
    ++kernel.launches;
    bool done = emu::launch([&] { kernel.call(arguments); }, dim3(gridX, gridY, gridZ), dim3(blockX, blockY, blockZ), sharedBytes, &emu::lastError);
    return done ? SUCCESS : LAUNCH_FAILED;
}
API const char *emu_last_error() { return emu::lastError.c_str(); }
API void emu_set_order(int order, unsigned seed) {
    emu::order = order;
    emu::seed = seed;
}
API long emu_launches(const char *name) {
    auto found = emu::registry().find(name);
    return found == emu::registry().end() ? -1 : found->second.launches;
}
