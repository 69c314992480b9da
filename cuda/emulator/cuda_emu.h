// cuda_emu.h -- run CUDA kernels on the CPU, for tests: g++ -x c++ -include cuda_emu.h kernel.cu
// Blocks run one after another (CUDA_EMU_PARALLEL: one per OpenMP thread); the threads of a block are fibers on one OS thread.
// A fiber runs until it reaches a barrier or a warp collective; the scheduler then resolves it. It reports what CUDA leaves
// undefined: divergent barriers, shuffles over exited lanes, launches a real device would refuse.
#pragma once
#define CUDA_EMU 1
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <sys/mman.h>
#if !defined(__x86_64__) || defined(CUDA_EMU_UCONTEXT)
#include <ucontext.h>
#define EMU_UCTX 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define EMU_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define EMU_TSAN 1
#define EMU_QUIET __attribute__((no_sanitize("thread"), noinline))
#else
#define EMU_QUIET
#endif

// ---- vector types ----
#define EMU_V2(N, T, A) struct alignas(A) N { T x, y; }; static inline N make_##N(T x, T y) { return {x, y}; }
#define EMU_V4(N, T, A) struct alignas(A) N { T x, y, z, w; }; static inline N make_##N(T x, T y, T z, T w) { return {x, y, z, w}; }
EMU_V2(float2, float, 8) EMU_V4(float4, float, 16) EMU_V2(int2, int, 8) EMU_V4(int4, int, 16) EMU_V2(uint2, unsigned, 8) EMU_V4(uint4, unsigned, 16) EMU_V2(double2, double, 16)
struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {} };

namespace emu {
enum State : uint8_t { READY, BARRIER, WARP, DONE, FAILED };
enum Op : uint8_t { SHFL, SHFL_XOR, SHFL_DOWN, SHFL_UP, BALLOT, SYNCWARP };
struct Fiber {
    uint3 tid; int lane; State st; Op op; uint8_t parB, parW; int line; unsigned mask; int arg, width, pred;
    alignas(16) unsigned char in[16], out[16]; unsigned ballot;
#ifdef EMU_UCTX
    ucontext_t uc;
#else
    void *sp;
#endif
    char *stack; void *fake; void *tsan;
};
struct Block {                                     // one per OS thread that runs blocks
    Fiber host, *f, *cur; int n, cap; dim3 grid, block; uint3 bid; const std::function<void()> *body;
    unsigned char *dyn; size_t dynBytes; int barAcc, barOut; char err[480];
    char tokStart, tokEnd, tokBar[2], tokWarp[32][2]; const void *hostStack; size_t hostStackSize;
};
#ifdef CUDA_EMU_PARALLEL
#define EMU_TLS __thread
#else
#define EMU_TLS
#endif
extern EMU_TLS Block B;                            // defined where CUDA_EMU_MAIN is set
extern int order; extern unsigned seed;            // 0 forward, 1 reverse, 2 shuffled
static constexpr size_t STACK =
#if defined(EMU_ASAN) || defined(EMU_TSAN)
    256 << 10;
#else
    64 << 10;
#endif
#ifdef EMU_TSAN
#define EMU_REL(p) __tsan_release(p)
#define EMU_ACQ(p) __tsan_acquire(p)
#else
#define EMU_REL(p) ((void) 0)
#define EMU_ACQ(p) ((void) 0)
#endif
void yieldToHost();                                // called on a fiber
EMU_QUIET static inline void fail(const char *fmt, ...) {
    if (B.err[0]) return;
    va_list a; va_start(a, fmt); vsnprintf(B.err, sizeof B.err, fmt, a); va_end(a);
}
EMU_QUIET static inline int barrier(int kind, int pred, int line) {
    Fiber *me = B.cur; me->st = BARRIER; me->line = line;
    if (kind == 1) B.barAcc += pred != 0; else if (kind == 2) B.barAcc |= pred != 0; else if (kind == 3) B.barAcc |= pred == 0;
    [[maybe_unused]] char *tok = &B.tokBar[me->parB++ & 1]; EMU_REL(tok); yieldToHost(); EMU_ACQ(tok);
    return kind == 3 ? !B.barOut : B.barOut;
}
EMU_QUIET static inline void warpOp(Op op, unsigned mask, int arg, int width, const void *in, size_t nb, int line) {
    Fiber *me = B.cur; [[maybe_unused]] int w = int(me - B.f) >> 5;
    if (!(mask >> me->lane & 1)) { fail("line %d: lane %d calls a warp collective whose mask 0x%x leaves it out", line, me->lane, mask); me->st = FAILED; yieldToHost(); }
    me->op = op; me->mask = mask; me->arg = arg; me->width = width; me->line = line; me->st = WARP;
    if (in) std::memcpy(me->in, in, nb);
    [[maybe_unused]] char *tok = &B.tokWarp[w][me->parW++ & 1]; EMU_REL(tok); yieldToHost(); EMU_ACQ(tok);
}
template <class T> static inline T shfl(Op op, unsigned mask, T v, int arg, int width, int line) {
    static_assert(sizeof(T) <= 16, "shuffle of at most 16 bytes");
    warpOp(op, mask, arg, width, &v, sizeof v, line); T r; std::memcpy(&r, B.cur->out, sizeof r); return r;
}
static inline unsigned ballot(unsigned mask, int pred, int line) { warpOp(BALLOT, mask, pred != 0, 32, nullptr, 0, line); return B.cur->ballot; }
static inline void *dynShared() { return B.dyn; }

bool launch(const std::function<void()> &body, dim3 grid, dim3 block, size_t smem, std::string *err);

struct Kernel { std::function<void(void **)> call; std::vector<int> sizes; size_t maxDyn = 48 << 10; long launches = 0; };
std::map<std::string, Kernel> &registry();
template <class... A, size_t... I> static void unpack(void (*f)(A...), void **p, std::index_sequence<I...>) { (void) p; f(*reinterpret_cast<A *>(p[I])...); }
struct Reg {
    template <class... A> Reg(const char *name, void (*f)(A...)) {
        registry()[name] = Kernel{[f](void **p) { unpack(f, p, std::index_sequence_for<A...>{}); }, {int(sizeof(A))...}};
    }
};
}  // namespace emu
#define EMU_KERNEL(name) static emu::Reg emu_reg_##name(#name, &name);

// ---- language ----
#ifdef EMU_LIST
#define __global__ __emu_global__   /* the Makefile greps the preprocessed source for it */
#else
#define __global__
#endif
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#ifdef CUDA_EMU_PARALLEL
#define __shared__ static thread_local
#else
#define __shared__ static                           /* sequential blocks: a static has red zones under ASan */
#endif
#define DYN_SHARED(T, name) T *name = reinterpret_cast<T *>(emu::dynShared())
#define threadIdx (emu::B.cur->tid)
#define blockIdx (emu::B.bid)
#define blockDim (emu::B.block)
#define gridDim (emu::B.grid)
#define warpSize 32
// ---- barriers and warp collectives ----
#define EMU_L int line = __builtin_LINE()
static inline void __syncthreads(EMU_L) { emu::barrier(0, 0, line); }
static inline int __syncthreads_count(int p, EMU_L) { return emu::barrier(1, p, line); }
static inline int __syncthreads_or(int p, EMU_L) { return emu::barrier(2, p, line); }
static inline int __syncthreads_and(int p, EMU_L) { return emu::barrier(3, p, line); }
static inline void __syncwarp(unsigned m = ~0u, EMU_L) { emu::warpOp(emu::SYNCWARP, m, 0, 32, nullptr, 0, line); }
template <class T> static inline T __shfl_sync(unsigned m, T v, int src, int w = 32, EMU_L) { return emu::shfl(emu::SHFL, m, v, src, w, line); }
template <class T> static inline T __shfl_xor_sync(unsigned m, T v, int x, int w = 32, EMU_L) { return emu::shfl(emu::SHFL_XOR, m, v, x, w, line); }
template <class T> static inline T __shfl_down_sync(unsigned m, T v, unsigned d, int w = 32, EMU_L) { return emu::shfl(emu::SHFL_DOWN, m, v, int(d), w, line); }
template <class T> static inline T __shfl_up_sync(unsigned m, T v, unsigned d, int w = 32, EMU_L) { return emu::shfl(emu::SHFL_UP, m, v, int(d), w, line); }
static inline unsigned __ballot_sync(unsigned m, int p, EMU_L) { return emu::ballot(m, p, line); }
static inline int __any_sync(unsigned m, int p, EMU_L) { return emu::ballot(m, p, line) != 0; }
static inline int __all_sync(unsigned m, int p, EMU_L) { return emu::ballot(m, p, line) == m; }
static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
// ---- atomics ----
template <class T, class F> static inline T emu_rmw(T *p, F f) { T o, n; __atomic_load(p, &o, __ATOMIC_RELAXED); do n = f(o); while (!__atomic_compare_exchange(p, &o, &n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); return o; }
template <class T> static inline T atomicAdd(T *p, T v) { return emu_rmw(p, [v](T o) { return T(o + v); }); }
template <class T> static inline T atomicMax(T *p, T v) { return emu_rmw(p, [v](T o) { return std::max(o, v); }); }
template <class T> static inline T atomicMin(T *p, T v) { return emu_rmw(p, [v](T o) { return std::min(o, v); }); }
template <class T> static inline T atomicExch(T *p, T v) { return emu_rmw(p, [v](T) { return v; }); }
template <class T> static inline T atomicCAS(T *p, T c, T v) { return emu_rmw(p, [c, v](T o) { return o == c ? v : o; }); }
// ---- arithmetic ----
static inline float rsqrtf(float x) { return 1.f / std::sqrt(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T __ldcs(const T *p) { return *p; }
template <class T> static inline void __stcs(T *p, T v) { *p = v; }
static inline int __float_as_int(float f) { int i; std::memcpy(&i, &f, 4); return i; }
static inline float __int_as_float(int i) { float f; std::memcpy(&f, &i, 4); return f; }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.f / a; }
static inline float __saturatef(float x) { return std::min(std::max(x, 0.f), 1.f); }
static inline void sincospif(float x, float *s, float *c) { double a = 3.14159265358979323846 * std::remainder(double(x), 2.0); *s = float(std::sin(a)); *c = float(std::cos(a)); }
static inline float normcdff(float x) { return .5f * std::erfc(-x * .70710678f); }
#define __expf(x) expf(x)      /* glibc declares these names itself, so macros */
#define __logf(x) logf(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __powf(x, y) powf(x, y)
using std::max; using std::min;

#ifdef CUDA_EMU_MAIN           // exactly one translation unit
namespace emu {
EMU_TLS Block B = {}; int order = 0; unsigned seed = 1;
std::map<std::string, Kernel> &registry() { static std::map<std::string, Kernel> r; return r; }
static void fiberMain();
#ifndef EMU_UCTX
extern "C" void emu_swap(void **from, void *to);
asm(".text\n.p2align 4\n.globl emu_swap\n.type emu_swap,@function\nemu_swap:\n pushq %rbp\n pushq %rbx\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n"
    " movq %rsp,(%rdi)\n movq %rsi,%rsp\n popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbx\n popq %rbp\n ret\n.size emu_swap,.-emu_swap\n");
#endif
EMU_QUIET static inline void swap(Fiber *from, Fiber *to, bool dying) {
    (void) dying; B.cur = to;
#ifdef EMU_ASAN
    if (to == &B.host) __sanitizer_start_switch_fiber(dying ? nullptr : &from->fake, B.hostStack, B.hostStackSize);
    else __sanitizer_start_switch_fiber(&from->fake, to->stack, STACK);
#endif
#ifdef EMU_TSAN
    __tsan_switch_to_fiber(to->tsan, 1 /* no synchronisation */);
#endif
#ifdef EMU_UCTX
    swapcontext(&from->uc, &to->uc);
#else
    emu_swap(&from->sp, to->sp);
#endif
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(from->fake, from == &B.host ? nullptr : &B.hostStack, from == &B.host ? nullptr : &B.hostStackSize);
#endif
}
EMU_QUIET void yieldToHost() { swap(B.cur, &B.host, false); }
EMU_QUIET static void fiberMain() {
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &B.hostStack, &B.hostStackSize);
#endif
    EMU_ACQ(&B.tokStart);
    (*B.body)();
    EMU_REL(&B.tokEnd);
    B.cur->st = DONE; swap(B.cur, &B.host, true); abort();
}
EMU_QUIET static void prepare(Fiber *f) {
#ifdef EMU_ASAN
    __asan_unpoison_memory_region(f->stack, STACK);
#endif
#ifdef EMU_UCTX
    getcontext(&f->uc); f->uc.uc_stack.ss_sp = f->stack; f->uc.uc_stack.ss_size = STACK; f->uc.uc_link = nullptr; makecontext(&f->uc, fiberMain, 0);
#else
    void **s = reinterpret_cast<void **>(f->stack + STACK); *--s = nullptr; *--s = reinterpret_cast<void *>(fiberMain); s -= 6; f->sp = s;
#endif
    f->st = READY; f->fake = nullptr; f->parB = f->parW = 0;
}
// every lane named by a waiting lane's mask must wait with the same mask and operation; then the result is known
EMU_QUIET static bool resolveWarp(Fiber *w, int n) {
    bool any = false;
    for (int i = 0; i < n; ++i) {
        Fiber *a = &w[i]; if (a->st != WARP) continue;
        unsigned m = a->mask, bits = 0; bool ready = true;
        if (n < 32 && m == ~0u) m = (1u << n) - 1;           // a last, partial warp
        for (int j = 0; j < 32; ++j) if (m >> j & 1) {
            if (j >= n || w[j].st == DONE) { fail("line %d: warp collective names lane %d, which has exited", a->line, j); return false; }
            if (w[j].st != WARP || w[j].op != a->op || w[j].mask != a->mask) { ready = false; break; }
            bits |= unsigned(w[j].arg & 1) << j;
        }
        if (!ready) continue;
        for (int j = 0; j < n; ++j) if (m >> j & 1) {
            Fiber *b = &w[j]; int src = j, base = j & ~(b->width - 1), in = j - base;
            switch (b->op) {
                case SHFL: src = base + (b->arg & (b->width - 1)); break;
                case SHFL_XOR: src = (in ^ b->arg) < b->width ? base + (in ^ b->arg) : j; break;
                case SHFL_DOWN: src = in + b->arg < b->width ? j + b->arg : j; break;
                case SHFL_UP: src = in >= b->arg ? j - b->arg : j; break;
                default: b->ballot = bits & m;
            }
            if (src < n && (m >> src & 1)) std::memcpy(b->out, w[src].in, 16);
            else std::memset(b->out, 0xff, 16);              // undefined on a GPU: all ones, a NaN
        }
        for (int j = 0; j < n; ++j) if (m >> j & 1) w[j].st = READY;
        any = true;
    }
    return any;
}
EMU_QUIET static bool runBlock() {
    int n = B.n; B.barAcc = 0; static thread_local uint64_t rng; rng = seed * 0x9E3779B97F4A7C15ull + B.bid.x;
    for (int i = 0; i < n; ++i) {
        Fiber *f = &B.f[i]; f->tid = {unsigned(i) % B.block.x, unsigned(i) / B.block.x % B.block.y, unsigned(i) / (B.block.x * B.block.y)}; f->lane = i & 31; prepare(f);
    }
    if (B.dyn) std::memset(B.dyn, 0xff, B.dynBytes);         // unset shared memory reads as NaN
    EMU_REL(&B.tokStart);
    int nw = (n + 31) / 32;
    for (;;) {
        int done = 0, line = 0;
        for (int q = 0; q < nw; ++q) {
            int k = order == 1 ? nw - 1 - q : q, lo = k * 32, m = std::min(32, n - lo); Fiber *w = B.f + lo;
            bool again;
            do {
                unsigned off = 0; if (order == 2) { rng = rng * 6364136223846793005ull + 1442695040888963407ull; off = unsigned(rng >> 33); }
                for (int i = 0; i < m; ++i) {
                    int j = order == 1 ? m - 1 - i : order == 2 ? int((i * 7 + off) % 32) : i;
                    if (order == 2 && m < 32) j = int((i + off) % m);
                    if (w[j].st == READY) { swap(&B.host, &w[j], false); if (B.err[0]) return false; }
                }
                again = resolveWarp(w, m);
                if (B.err[0]) return false;
            } while (again);
        }
        for (int i = 0; i < n; ++i) {
            Fiber *f = &B.f[i];
            if (f->st == DONE) { ++done; continue; }
            if (f->st == WARP) { fail("line %d: thread (%u,%u,%u) waits in a warp collective (mask 0x%x) that its other lanes never reach", f->line, f->tid.x, f->tid.y, f->tid.z, f->mask); return false; }
            if (line && f->line != line) { fail("divergent __syncthreads: lines %d and %d in one block", line, f->line); return false; }
            line = f->line;
        }
        if (done == n) break;
        if (done) { fail("line %d: __syncthreads after %d of %d threads have exited", line, done, n); return false; }   // tolerated by hardware, flagged here
        B.barOut = B.barAcc; B.barAcc = 0;
        for (int i = 0; i < n; ++i) if (B.f[i].st == BARRIER) B.f[i].st = READY;
    }
    EMU_ACQ(&B.tokEnd);
    return true;
}
bool launch(const std::function<void()> &body, dim3 g, dim3 b, size_t smem, std::string *err) {
    size_t n = size_t(b.x) * b.y * b.z, blocks = size_t(g.x) * g.y * g.z;
    if (!n || !blocks || n > 1024 || b.z > 64 || g.y > 65535 || g.z > 65535 || smem > (227u << 10)) { *err = "launch a device would refuse (block, grid or shared memory size)"; return false; }
    bool ok = true;
#ifdef CUDA_EMU_PARALLEL
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
#endif
    for (size_t q = 0; q < blocks; ++q) {
        size_t i = order == 1 ? blocks - 1 - q : q;
        if (B.cap < int(n)) {
            Fiber *nf = static_cast<Fiber *>(aligned_alloc(64, (sizeof(Fiber) * n + 63) / 64 * 64));
            std::memset(static_cast<void *>(nf), 0, sizeof(Fiber) * n);
            if (B.f) { std::memcpy(static_cast<void *>(nf), B.f, sizeof(Fiber) * B.cap); free(B.f); }
            for (size_t k = B.cap; k < n; ++k) {
                nf[k].stack = static_cast<char *>(mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
#ifdef EMU_TSAN
                nf[k].tsan = __tsan_create_fiber(0);
#endif
            }
            B.f = nf; B.cap = int(n);
        }
#ifdef EMU_TSAN
        B.host.tsan = __tsan_get_current_fiber();
#endif
        if (smem != B.dynBytes || (smem && !B.dyn)) { free(B.dyn); B.dyn = smem ? static_cast<unsigned char *>(aligned_alloc(16, (smem + 15) & ~size_t(15))) : nullptr; B.dynBytes = smem; }
        B.n = int(n); B.grid = g; B.block = b; B.body = &body;
        B.bid = {unsigned(i % g.x), unsigned(i / g.x % g.y), unsigned(i / (size_t(g.x) * g.y))};
        B.err[0] = 0;
        if (ok && !runBlock()) {
            char t[80]; snprintf(t, sizeof t, "block (%u,%u,%u): ", B.bid.x, B.bid.y, B.bid.z);
#ifdef CUDA_EMU_PARALLEL
#pragma omp critical
#endif
            { *err = std::string(t) + B.err; ok = false; }
#ifndef CUDA_EMU_PARALLEL
            break;
#endif
        }
    }
    return ok;
}
}  // namespace emu
static thread_local std::string emu_err;
extern "C" __attribute__((visibility("default"))) int emu_launch(const char *name, int gx, int gy, int gz, int bx, int by, int bz, int smem, void **params) {
    auto it = emu::registry().find(name);
    if (it == emu::registry().end()) { emu_err = std::string("no kernel ") + name; return 500; }
    emu::Kernel &k = it->second;
    ++k.launches;
    if (size_t(smem) > k.maxDyn) { emu_err = "dynamic shared memory above 48 KiB without opting in"; return 1; }
    for (size_t i = 0; i < k.sizes.size(); ++i) if (!params[i]) { emu_err = "null kernel parameter"; return 1; }
    emu_err.clear();
    return emu::launch([&] { k.call(params); }, dim3(gx, gy, gz), dim3(bx, by, bz), smem, &emu_err) ? 0 : 719;
}
extern "C" __attribute__((visibility("default"))) const char *emu_last_error() { return emu_err.c_str(); }
extern "C" __attribute__((visibility("default"))) void emu_set_order(int o, unsigned s) { emu::order = o; emu::seed = s; }
extern "C" __attribute__((visibility("default"))) long emu_launches(const char *name) { auto it = emu::registry().find(name); return it == emu::registry().end() ? -1 : it->second.launches; }
#endif
