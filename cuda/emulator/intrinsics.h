// What a single thread does that C++ has no name for: atomics, loads with hints, bits, arithmetic. The fast versions of
// functions are as exact as the others here: what a kernel computes with them, a device computes less well.
#pragma once
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

// ---- atomics: real ones, so that ThreadSanitizer takes them for what they are ----
template <class T, class F>
static inline T emu_exchange(T *p, F change) {
    T old, changed;
    __atomic_load(p, &old, __ATOMIC_RELAXED);
    do changed = change(old);
    while (!__atomic_compare_exchange(p, &old, &changed, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old;
}
template <class T> static inline T atomicAdd(T *p, T v) { return emu_exchange(p, [v](T old) { return T(old + v); }); }
template <class T> static inline T atomicMax(T *p, T v) { return emu_exchange(p, [v](T old) { return std::max(old, v); }); }
template <class T> static inline T atomicMin(T *p, T v) { return emu_exchange(p, [v](T old) { return std::min(old, v); }); }
template <class T> static inline T atomicExch(T *p, T v) { return emu_exchange(p, [v](T) { return v; }); }
template <class T> static inline T atomicCAS(T *p, T is, T v) { return emu_exchange(p, [is, v](T old) { return old == is ? v : old; }); }

// ---- loads and stores with hints for the caches ----
template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T __ldcs(const T *p) { return *p; }
template <class T> static inline void __stcs(T *p, T v) { *p = v; }

// ---- bits ----
static inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __float_as_int(float f) {
    int i;
    std::memcpy(&i, &f, sizeof i);
    return i;
}
static inline float __int_as_float(int i) {
    float f;
    std::memcpy(&f, &i, sizeof f);
    return f;
}

// ---- arithmetic ----
static inline float rsqrtf(float x) { return 1.f / std::sqrt(x); }
static inline float normcdff(float x) { return .5f * std::erfc(-x * .70710678f); }
static inline void sincospif(float x, float *s, float *c) {
    double angle = 3.14159265358979323846 * std::remainder(double(x), 2.0);
    *s = float(std::sin(angle));
    *c = float(std::cos(angle));
}
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.f / a; }
static inline float __saturatef(float x) { return std::min(std::max(x, 0.f), 1.f); }
#define __expf(x) expf(x)  // macros, since glibc declares these names itself
#define __logf(x) logf(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __powf(x, y) powf(x, y)
using std::max;
using std::min;
