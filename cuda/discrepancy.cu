// DiscrepancyKernels: the maximum mean discrepancy of x [n,d] and y [m,d] (KERNELS.md §8). k(s) of the squared distance
// s is a sum over scales c: exp(−s/(2c)), or c/(c + s) where inverse. No matrix of pairs.
#include "rows.cuh"

#define SCALES 8 // of one launch; sums over scales are sums over launches

struct Scales {
    float c[SCALES];
    int count, inverse;
    // Σ_c k(s)
    __device__ __forceinline__ float kernel(float s) const {
        float sum = 0;
#pragma unroll
        for (int i = 0; i < SCALES; ++i)
            if (i < count) sum += inverse ? c[i] / (c[i] + s) : expf(-.5f * (s / c[i]));
        return sum;
    }
    // Σ_c k'(s)
    __device__ __forceinline__ float slope(float s) const {
        float sum = 0;
#pragma unroll
        for (int i = 0; i < SCALES; ++i)
            if (i < count) sum -= inverse ? c[i] / (c[i] + s) / (c[i] + s) : .5f * (expf(-.5f * (s / c[i])) / c[i]);
        return sum;
    }
};

#define SCALES_PARAMETERS int inverse, int count, float c0, float c1, float c2, float c3, float c4, float c5, float c6, float c7
#define SCALES_OF Scales{{c0, c1, c2, c3, c4, c5, c6, c7}, count, inverse}

__device__ __forceinline__ float squared_distance(const float *a, const float *b, i64 d) {
    float sum = 0;
    for (i64 i = 0; i < d; ++i) sum = fmaf(a[i] - b[i], a[i] - b[i], sum);
    return sum;
}

// part [n] = Σ_j k(x_i,x_j)/pairs − Σ_j k(x_i,y_j)/(n·m), without i = j where unbiased; pairs = n(n − 1) or n². A block a point.
KERNEL(discrepancy_rows)(const float *x, const float *y, SCALES_PARAMETERS, int unbiased, double *part, i64 n, i64 m, i64 d) {
    Scales scales = SCALES_OF;
    i64 p = blockIdx.x;
    double own = 0, other = 0;
    for (i64 j = threadIdx.x; j < n; j += THREADS)
        if (!(unbiased && j == p)) own += scales.kernel(squared_distance(x + p * d, x + j * d, d));
    for (i64 j = threadIdx.x; j < m; j += THREADS) other += scales.kernel(squared_distance(x + p * d, y + j * d, d));
    own = block_sum(own), other = block_sum(other);
    if (threadIdx.x == 0) part[p] = own / ((double) n * (unbiased ? n - 1 : n)) - other / ((double) n * m);
}

// mmd[0] = Σ part [n], added to what is there where more; one block
KERNEL(discrepancy_mmd)(const double *part, int more, float *mmd, i64 n) {
    double sum = 0;
    for (i64 i = threadIdx.x; i < n; i += THREADS) sum += part[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) mmd[0] = more ? (float) (mmd[0] + sum) : (float) sum;
}

// dX [n,d] += factor·Σ_j k'(x_i,y_j)·(x_i − y_j) of one point and a set y [m,d], by a block: its threads take 256 pairs,
// then its warps the dimensions.
__device__ __forceinline__ void add_slopes(const float *x, const float *y, const Scales &scales, float factor, float *dX, i64 m, i64 d) {
    __shared__ float weights[THREADS];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    for (i64 first = 0; first < m; first += THREADS) {
        int n = m - first < THREADS ? (int) (m - first) : THREADS;
        if ((int) threadIdx.x < n) weights[threadIdx.x] = factor * scales.slope(squared_distance(x, y + (first + threadIdx.x) * d, d));
        __syncthreads();
        for (i64 i = warp; i < d; i += THREADS / WARP) {
            float sum = 0;
            for (int j = lane; j < n; j += WARP) sum += weights[j] * (x[i] - y[(first + j) * d + i]);
            sum = warp_sum(sum);
            if (lane == 0) dX[i] += sum;
        }
        __syncthreads();
    }
}

// dX [n,d] += g·( 4/pairs·Σ_j k'(x_i,x_j)·(x_i − x_j) − 4/(n·m)·Σ_j k'(x_i,y_j)·(x_i − y_j) ), g = dMmd[0]
KERNEL(discrepancy_backward)(const float *x, const float *y, SCALES_PARAMETERS, int unbiased, const float *dMmd, float *dX, i64 n, i64 m, i64 d) {
    Scales scales = SCALES_OF;
    const float *point = x + blockIdx.x * d;
    double g = 4. * dMmd[0];
    dX += blockIdx.x * d;
    add_slopes(point, x, scales, (float) (g / ((double) n * (unbiased ? n - 1 : n))), dX, n, d);
    add_slopes(point, y, scales, (float) (-g / ((double) n * m)), dX, m, d);
}
