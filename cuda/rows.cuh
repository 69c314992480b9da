// A maximum in double, and the rows that elements of a flat grid belong to.
#pragma once
#include "common.cuh"

// NaN loses, as with fmax.
__device__ __forceinline__ double warp_max(double v) {
#pragma unroll
    for (int o = WARP / 2; o > 0; o >>= 1) v = fmax(v, __shfl_xor_sync(ALL_LANES, v, o));
    return v;
}

// i / n for an element or a row of a tensor, of which there are fewer than 2^31: a division of 64 bits costs as much
// as a row's arithmetic.
__device__ __forceinline__ i64 quotient(i64 i, i64 n) { return (i64) ((unsigned) i / (unsigned) n); }
