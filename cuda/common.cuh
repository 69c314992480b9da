// What every kernel file shares: reductions, wide loads and stores, the accumulate rule, rows.
//
// Kernels are row-major over float32. Sizes are 64-bit where a product of two of them may pass 2^31.
// A result never comes from a floating-point atomic: sums run in a fixed order, so that the same
// arguments give the same bits, run after run.
#pragma once
#ifdef CUDA_EMU
#include "emulator/cuda_emu.h"
#else
#define DYN_SHARED(T, name) extern __shared__ T name[]
#endif

#define WARP 32
#define THREADS 256
#define ALL_LANES 0xffffffffu

// An entry point: KERNEL(name)(const float *a, ...) { ... }, or KERNEL(name, blocks) where registers must leave room
// for so many blocks on a multiprocessor.
#define KERNEL(name, ...) extern "C" __global__ void __launch_bounds__(THREADS, ##__VA_ARGS__) name

// Two entry points of the template name<T> over rows: name_warp with a warp a row, name_block with a block a
// row. Java's RowKernel takes the second for long rows.
#define ROW_KERNEL(name, parameters, arguments)        \
    KERNEL(name##_warp) parameters { name<WARP> arguments; } \
    KERNEL(name##_block) parameters { name<THREADS> arguments; }

typedef long long i64;

// Over G neighbouring lanes of a warp, a power of two; every lane of the mask calls it and gets its group's result.
template <int G, class V>
__device__ __forceinline__ V group_sum(V v, unsigned mask = ALL_LANES) {
#pragma unroll
    for (int o = G / 2; o > 0; o >>= 1) v += __shfl_xor_sync(mask, v, o);
    return v;
}
// NaN loses, as with fmaxf.
template <int G>
__device__ __forceinline__ float group_max(float v, unsigned mask = ALL_LANES) {
#pragma unroll
    for (int o = G / 2; o > 0; o >>= 1) v = fmaxf(v, __shfl_xor_sync(mask, v, o));
    return v;
}
template <class V>
__device__ __forceinline__ V warp_sum(V v) { return group_sum<WARP>(v); }
__device__ __forceinline__ float warp_max(float v) { return group_max<WARP>(v); }

// Over the THREADS threads of a block; every thread gets the result.
template <class V>
__device__ __forceinline__ V block_sum(V v) {
    __shared__ V part[THREADS / WARP];
    v = warp_sum(v);
    if ((threadIdx.x & (WARP - 1)) == 0) part[threadIdx.x / WARP] = v;
    __syncthreads();
    V s = part[0];
#pragma unroll
    for (int w = 1; w < THREADS / WARP; ++w) s += part[w];
    __syncthreads(); // the next call writes to part again
    return s;
}

__device__ __forceinline__ float block_max(float v) {
    __shared__ float part[THREADS / WARP];
    v = warp_max(v);
    if ((threadIdx.x & (WARP - 1)) == 0) part[threadIdx.x / WARP] = v;
    __syncthreads();
    float s = part[0];
#pragma unroll
    for (int w = 1; w < THREADS / WARP; ++w) s = fmaxf(s, part[w]);
    __syncthreads();
    return s;
}

// T threads a row: a warp (several rows a block) or the whole block. All threads of a row have the
// same index, so a whole warp or block leaves together when index is behind the last row.
template <int T>
struct Row {
    i64 index;
    int lane;
    __device__ __forceinline__ Row()
        : index(T == WARP ? (i64) blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP : (i64) blockIdx.x),
          lane(T == WARP ? threadIdx.x % WARP : threadIdx.x) {}
    __device__ __forceinline__ bool first() const { return lane == 0; }
    template <class V>
    static __device__ __forceinline__ V sum(V v) { return T == WARP ? warp_sum(v) : block_sum(v); }
    static __device__ __forceinline__ float max(float v) { return T == WARP ? warp_max(v) : block_max(v); }
};

// Index and number of threads of a flat grid: for (i64 i = flat_index(); i < n; i += flat_count())
__device__ __forceinline__ i64 flat_index() { return (i64) blockIdx.x * THREADS + threadIdx.x; }
__device__ __forceinline__ i64 flat_count() { return (i64) gridDim.x * THREADS; }

// Whether rows of n elements may be read 16 bytes at a time; a null pointer says nothing.
__device__ __forceinline__ bool aligned() { return true; }
template <class... P>
__device__ __forceinline__ bool aligned(const void *p, P... others) {
    return (reinterpret_cast<size_t>(p) & 15) == 0 && aligned(others...);
}
template <class... P>
__device__ __forceinline__ bool wide_rows(i64 n, P... pointers) {
    return (n & 3) == 0 && aligned(pointers...);
}

// Four elements of a row of n from i on; those behind its end read as 0 and are not written.
// wide: see wide_rows.
__device__ __forceinline__ void load4(float (&v)[4], const float *p, i64 i, i64 n, bool wide) {
    if (wide) {
        float4 q = *reinterpret_cast<const float4 *>(p + i);
        v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
    } else {
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] = i + j < n ? p[i + j] : 0.f;
    }
}
__device__ __forceinline__ void store4(const float (&v)[4], float *p, i64 i, i64 n, bool wide) {
    if (wide) {
        *reinterpret_cast<float4 *>(p + i) = make_float4(v[0], v[1], v[2], v[3]);
    } else {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j < n) p[i + j] = v[j];
    }
}
// Backward kernels accumulate: p += v.
__device__ __forceinline__ void add4(const float (&v)[4], float *p, i64 i, i64 n, bool wide) {
    float old[4];
    load4(old, p, i, n, wide);
#pragma unroll
    for (int j = 0; j < 4; ++j) old[j] += v[j];
    store4(old, p, i, n, wide);
}
