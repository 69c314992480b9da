// Reductions in double over a warp or a block, and the rows that elements of a flat grid belong to.
#pragma once
#include "common.cuh"

__device__ __forceinline__ double warp_sum(double v) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o >>= 1) v += __shfl_xor_sync(ALL_LANES, v, o);
    return v;
}

// NaN loses, as with fmax.
__device__ __forceinline__ double warp_max(double v) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o >>= 1) v = fmax(v, __shfl_xor_sync(ALL_LANES, v, o));
    return v;
}

__device__ __forceinline__ double block_sum(double v) {
    __shared__ double part[THREADS / WARP];
    v = warp_sum(v);
    if ((threadIdx.x & (WARP - 1)) == 0) part[threadIdx.x / WARP] = v;
    __syncthreads();
    double s = part[0];
#pragma unroll
    for (int w = 1; w < THREADS / WARP; ++w) s += part[w];
    __syncthreads(); // the next call writes to part again
    return s;
}

// Over the T threads of a row, see Row.
template <int T>
__device__ __forceinline__ double row_sum(double v) { return T == WARP ? warp_sum(v) : block_sum(v); }

// i / n for an element or a row of a tensor, of which there are fewer than 2^31: a division of 64 bits costs as much
// as a row's arithmetic.
__device__ __forceinline__ i64 quotient(i64 i, i64 n) { return (i64) ((unsigned) i / (unsigned) n); }
