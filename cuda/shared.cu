// What several families launch after a kernel of their own.
#include "rows.cuh"

// out[i] (+)= Σ_rows part[row,i]: the second stage of a sum over rows, part [rows,n]. A block takes 32 columns,
// its warps every eighth row each; the eight sums are added in order.
KERNEL(shared_add_columns)(const float *part, i64 rows, i64 n, int add, float *out) {
    __shared__ float sums[THREADS / WARP][WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 column = (i64) blockIdx.x * WARP + lane;
    float s = 0;
    if (column < n)
        for (i64 r = warp; r < rows; r += THREADS / WARP) s += part[r * n + column];
    sums[warp][lane] = s;
    __syncthreads();
    if (warp == 0 && column < n) {
        for (int w = 1; w < THREADS / WARP; ++w) s += sums[w][lane];
        out[column] = add ? out[column] + s : s;
    }
}

// out[0] += Σ part [n], by one block
KERNEL(shared_add_all)(const float *part, i64 n, float *out) {
    double s = 0;
    for (i64 i = threadIdx.x; i < n; i += THREADS) s += part[i];
    s = block_sum(s);
    if (threadIdx.x == 0) out[0] += (float) s;
}
