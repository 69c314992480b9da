// ReduceKernels: from terms of examples to the scalar objective.
#include "totals.cuh"

// The first stage of a sum: part[block] = Σ x over the block's share; alone, a block is also the last stage:
// out += weight·Σ x. x [n]; part [blocks]; out [1]
KERNEL(reduce_add_sum)(const float *x, i64 n, float weight, float *part, float *out) {
    float sum = share_total<false>(x, n);
    if (threadIdx.x != 0) return;
    if (gridDim.x == 1) out[0] += weight * sum;
    else part[blockIdx.x] = sum;
}

// dx[i] += weight·dOut; dOut [1], dx [n]
KERNEL(reduce_add_sum_backward)(const float *dOut, float weight, float *dx, i64 n) {
    float g = weight * dOut[0], all[4] = {g, g, g, g};
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) add4(all, dx, i, n, aligned(dx) && i + 4 <= n);
}

// The sums of the columns of chunks of per rows, in double: x [rows,d], part [chunks,d]
KERNEL(reduce_column_sums)(const float *x, double *part, i64 rows, i64 d, i64 per) {
    i64 chunks = (rows + per - 1) / per;
    for (i64 i = flat_index(); i < chunks * d; i += flat_count()) {
        i64 chunk = i / d, end = (chunk + 1) * per < rows ? (chunk + 1) * per : rows;
        double sum = 0;
        for (i64 r = chunk * per; r < end; ++r) sum += x[r * d + i % d];
        part[i] = sum;
    }
}

// mean[j], to the same bits in both kernels below
__device__ __forceinline__ double column_mean(const double *part, i64 chunks, i64 rows, i64 d, i64 j) {
    double sum = 0;
    for (i64 chunk = 0; chunk < chunks; ++chunk) sum += part[chunk * d + j];
    return sum / rows;
}

// out += weight·Σ_d max(λ, mean[d]), one block; a NaN is above λ. part [chunks,d], out [1]
KERNEL(reduce_free_bits)(const double *part, i64 chunks, i64 rows, i64 d, float lambda, float weight, float *out) {
    double sum = 0;
    for (i64 j = threadIdx.x; j < d; j += THREADS) {
        double mean = column_mean(part, chunks, rows, d, j);
        sum += mean <= lambda ? lambda : mean;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) out[0] = (float) (out[0] + weight * sum);
}

// slope[j] = weight·dOut/rows where mean[j] > λ, else 0. part [chunks,d], dOut [1], slope [d]
KERNEL(reduce_free_bits_slope)(const double *part, i64 chunks, i64 rows, i64 d, float lambda, float weight, const float *dOut, float *slope) {
    for (i64 j = flat_index(); j < d; j += flat_count())
        slope[j] = column_mean(part, chunks, rows, d, j) <= lambda ? 0.f : weight * dOut[0] / rows;
}

// dKlPerDim[b,j] += slope[j]; dKlPerDim has size elements, slope d
KERNEL(reduce_free_bits_backward)(const float *slope, i64 d, float *dKlPerDim, i64 size) {
    for (i64 i = flat_index(); i < size; i += flat_count()) {
        float g = slope[i % d];
        if (g != 0.f) dKlPerDim[i] += g; // a NaN is not 0
    }
}
