// Rows that go through several steps: T threads a row, each with its part of it in C times four registers, or,
// with C = 0, in memory. A thread has four neighbours of each 4·T elements.
#pragma once
#include "common.cuh"

// T threads that share a row: 8, a warp, or the whole block. All of them call sum and sync together.
template <int T>
struct Group {
    i64 index;
    int lane;
    unsigned mask;
    __device__ __forceinline__ Group()
        : index((i64) blockIdx.x * (THREADS / T) + threadIdx.x / T), lane(threadIdx.x % T),
          mask(T < WARP ? ((1u << (T & 31)) - 1u) << (threadIdx.x % WARP / T * T) : ALL_LANES) {}
    __device__ __forceinline__ bool first() const { return lane == 0; }
    __device__ __forceinline__ float sum(float v) const {
        if constexpr (T > WARP) return block_sum(v);
        else return group_sum<T>(v, mask);
    }
    // What one thread of the group has written, the others may read.
    __device__ __forceinline__ void sync() const {
        if (T > WARP) __syncthreads();
        else __syncwarp(mask);
    }
};

// One thread's part of a row of d elements. C = 0: the row is worked on where it was put.
template <int T, int C>
struct Slice {
    float v[C > 0 ? C : 1][4];
    float *place;
    i64 d;
    int lane;
    bool wide;

    __device__ __forceinline__ Slice(i64 d, int lane, bool wide) : place(nullptr), d(d), lane(lane), wide(wide) {}

    // f(i, x) for each four elements from i on; what it makes of them is kept, but behind the row's end zeros.
    template <class F>
    __device__ __forceinline__ void update(F f) {
        if (C > 0) {
#pragma unroll
            for (int c = 0; c < C; ++c) {
                i64 i = 4 * (lane + T * c);
                if (i >= d) continue;
                f(i, v[c]);
                if (!wide) {
#pragma unroll
                    for (int j = 0; j < 4; ++j) v[c][j] = i + j < d ? v[c][j] : 0.f;
                }
            }
        } else {
            for (i64 i = 4 * lane; i < d; i += 4 * T) {
                float x[4];
                load4(x, place, i, d, wide);
                f(i, x);
                store4(x, place, i, d, wide);
            }
        }
    }
    template <class F>
    __device__ __forceinline__ void visit(F f) const {
        if (C > 0) {
#pragma unroll
            for (int c = 0; c < C; ++c)
                if (4 * (lane + T * c) < d) f((i64) 4 * (lane + T * c), v[c]);
        } else {
            for (i64 i = 4 * lane; i < d; i += 4 * T) {
                float x[4];
                load4(x, place, i, d, wide);
                f(i, x);
            }
        }
    }

    // The row at from, zeros where from is null; work is the row's place where C = 0.
    __device__ __forceinline__ void read(const float *from, float *work) {
        place = work;
        update([&](i64 i, float (&x)[4]) {
            if (from) load4(x, from, i, d, wide);
            else x[0] = x[1] = x[2] = x[3] = 0;
        });
    }
    __device__ __forceinline__ void write(float *to) const {
        if (C == 0 && to == place) return;
        visit([&](i64 i, const float (&x)[4]) { store4(x, to, i, d, wide); });
    }
    __device__ __forceinline__ void add_to(float *to) const {
        visit([&](i64 i, const float (&x)[4]) { add4(x, to, i, d, wide); });
    }
    // Elements i to i + 3, i a multiple of four: the thread that has them takes x.
    __device__ __forceinline__ void set(i64 i, const float (&x)[4]) {
        if (C > 0) {
#pragma unroll
            for (int c = 0; c < C; ++c)
                if (4 * (lane + T * c) == i) {
#pragma unroll
                    for (int j = 0; j < 4; ++j) v[c][j] = i + j < d ? x[j] : 0.f;
                }
        } else if (i / 4 % T == lane) {
            store4(x, place, i, d, wide);
        }
    }
    // Elements i to i + 3 += x, by the thread that has them
    __device__ __forceinline__ void add_at(i64 i, const float (&x)[4]) {
        if (C > 0) {
#pragma unroll
            for (int c = 0; c < C; ++c)
                if (4 * (lane + T * c) == i) {
#pragma unroll
                    for (int j = 0; j < 4; ++j) v[c][j] += x[j];
                }
        } else {
            add4(x, place, i, d, wide);
        }
    }
    // Element i where this thread has it, elsewhere 0
    __device__ __forceinline__ float at(i64 i) const {
        if (i / 4 % T != lane) return 0;
        if (C == 0) return place[i];
        float x = 0;
#pragma unroll
        for (int c = 0; c < C; ++c)
#pragma unroll
            for (int j = 0; j < 4; ++j) x = 4 * (lane + T * c) + j == i ? v[c][j] : x;
        return x;
    }
    __device__ __forceinline__ void put(i64 i, float x) {
        if (i / 4 % T != lane) return;
        if (C == 0) place[i] = x;
#pragma unroll
        for (int c = 0; c < C; ++c)
#pragma unroll
            for (int j = 0; j < 4; ++j) v[c][j] = 4 * (lane + T * c) + j == i ? x : v[c][j];
    }
    // This thread's share of the product with the row p
    __device__ __forceinline__ float dot(const float *p) const {
        float s = 0;
        visit([&](i64 i, const float (&x)[4]) {
            float q[4];
            load4(q, p, i, d, wide);
#pragma unroll
            for (int j = 0; j < 4; ++j) s = fmaf(x[j], q[j], s);
        });
        return s;
    }
    // row += factor·p
    __device__ __forceinline__ void add(float factor, const float *p) {
        update([&](i64 i, float (&x)[4]) {
            float q[4];
            load4(q, p, i, d, wide);
#pragma unroll
            for (int j = 0; j < 4; ++j) x[j] = fmaf(factor, q[j], x[j]);
        });
    }
};

// The entry points of a template name<T, C> over rows, for rows of up to 32, 128 and 512 elements, and any.
#define SLICE_KERNEL(name, parameters, arguments)            \
    KERNEL(name##_32) parameters { name<8, 1> arguments; }   \
    KERNEL(name##_128) parameters { name<WARP, 1> arguments; } \
    KERNEL(name##_512) parameters { name<WARP, 4> arguments; } \
    KERNEL(name##_any) parameters { name<THREADS, 0> arguments; }

// The entry points of a template name<T> whose groups of T threads read a row once, for rows of up to 32 and 1,024
// elements, and any.
#define GROUP_KERNEL(name, parameters, arguments)           \
    KERNEL(name##_32) parameters { name<8> arguments; }     \
    KERNEL(name##_1024) parameters { name<WARP> arguments; } \
    KERNEL(name##_any) parameters { name<THREADS> arguments; }
