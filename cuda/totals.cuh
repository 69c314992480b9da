// Sums over a whole buffer: blocks as many as its size says take shares of it, and one block adds up their sums.
#pragma once
#include "common.cuh"

// Σ x, or Σ x², over the block's share of n elements: every gridDim.x-th run of 4·THREADS of them.
template <bool SQUARED>
__device__ __forceinline__ float share_total(const float *x, i64 n) {
    bool wide = aligned(x);
    float sums[4] = {};
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        float v[4];
        load4(v, x, i, n, wide && i + 4 <= n);
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[j] += SQUARED ? v[j] * v[j] : v[j];
    }
    return block_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
