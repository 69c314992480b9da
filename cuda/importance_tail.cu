// ImportanceKernels.tailIndex: Pareto-smoothed importance sampling (Vehtari et al. 2024). The tail of a row are
// its m largest log-weights; of equal ones the later is the larger. The fit (Zhang and Stephens 2009) is in double.
#include "rows.cuh"

#define GRID_MOST 512 // points of the grid of θ: 30 + √m, m < 2^17.1 for k < 2^31
#define FEWEST 5      // below, there is nothing to fit

typedef unsigned long long u64;

// Ordered as the log-weights are, then as their indices; unique.
__device__ __forceinline__ u64 key_of(float x, i64 i) {
    unsigned bits = (unsigned) __float_as_int(x);
    return (u64) (bits >> 31 ? ~bits : bits | 0x80000000u) << 32 | (unsigned) i;
}
__device__ __forceinline__ float value_of(u64 key) {
    unsigned bits = (unsigned) (key >> 32);
    return __int_as_float((int) (bits >> 31 ? bits & 0x7fffffffu : ~bits));
}

// The want-th largest key of x [k], digit by digit of 8 bits; every thread of the block gets it.
__device__ u64 select(const float *x, i64 k, i64 want) {
    __shared__ unsigned histogram[256];
    __shared__ int chosen;
    __shared__ i64 left;
    u64 prefix = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        histogram[threadIdx.x] = 0;
        __syncthreads();
        for (i64 i = threadIdx.x; i < k; i += THREADS) {
            u64 key = key_of(x[i], i);
            if (shift == 56 || key >> (shift + 8) == prefix) atomicAdd(&histogram[key >> shift & 255], 1u);
        }
        __syncthreads();
        i64 above = 0, here = histogram[threadIdx.x];
        for (int j = threadIdx.x + 1; j < 256; ++j) above += histogram[j];
        if (above < want && above + here >= want) chosen = threadIdx.x, left = want - above;
        __syncthreads();
        prefix = prefix << 8 | (unsigned) chosen;
        want = left;
    }
    return prefix;
}

// The want largest keys of x into keys [size], ascending, behind them the greatest possible; size a power of two.
__device__ void tail_of(const float *x, i64 k, i64 want, u64 *keys, i64 size) {
    __shared__ int found;
    u64 least = select(x, k, want);
    if (threadIdx.x == 0) found = 0;
    __syncthreads();
    for (i64 i = threadIdx.x; i < k; i += THREADS) {
        u64 key = key_of(x[i], i);
        if (key >= least) keys[atomicAdd(&found, 1)] = key; // in any order: they are sorted
    }
    for (i64 i = want + threadIdx.x; i < size; i += THREADS) keys[i] = ~0ull;
    __syncthreads();
    for (i64 run = 2; run <= size; run *= 2)
        for (i64 step = run / 2; step > 0; step /= 2) {
            for (i64 i = threadIdx.x; i < size / 2; i += THREADS) {
                i64 at = 2 * i - (i & (step - 1));
                u64 a = keys[at], b = keys[at + step];
                if ((a > b) == ((at & run) == 0)) keys[at] = b, keys[at + step] = a;
            }
            __syncthreads();
        }
}

// The most likely shape for θ, the mean of log1p(−θ·excess), by a warp.
__device__ __forceinline__ double shape_of(double theta, const double *excess, i64 m) {
    double sum = 0;
    for (i64 i = threadIdx.x % WARP; i < m; i += WARP) sum += log1p(-theta * excess[i]);
    return warp_sum(sum) / m;
}

// Point j of the grid, from 1 on: 1/largest + (1 − √(grid/(j − ½)))/(3·quartile)
__device__ __forceinline__ double theta_at(int j, int grid, double quartile, double largest) {
    return 1 / largest + (1 - sqrt(grid / (j - .5))) / (3 * quartile);
}

// The posterior mean of θ under the profile likelihood m·(log(−θ/shape) − shape − 1); every thread gets it.
__device__ double posterior_theta(const double *excess, i64 m, double quartile) {
    __shared__ double logLik[GRID_MOST];
    int grid = 30 + (int) sqrt((double) m), lane = threadIdx.x % WARP;
    double largest = excess[m - 1];
    for (int j = threadIdx.x / WARP; j < grid; j += THREADS / WARP) {
        double theta = theta_at(j + 1, grid, quartile, largest), shape = shape_of(theta, excess, m);
        if (lane == 0) logLik[j] = m * (log(-theta / shape) - shape - 1);
    }
    __syncthreads();
    double best = -INFINITY, sum = 0, mean = 0;
    for (int j = lane; j < grid; j += WARP) best = fmax(best, logLik[j]);
    best = warp_max(best);
    for (int j = lane; j < grid; j += WARP) {
        double w = exp(logLik[j] - best);
        sum += w;
        mean += w * theta_at(j + 1, grid, quartile, largest);
    }
    __syncthreads(); // the next row writes to logLik again
    return warp_sum(mean) / warp_sum(sum);
}

// The shape of the tail of one row, which replaces it in out unless that is null. keys, excess: this block's scratch.
__device__ double fit(const float *x, float *out, u64 *keys, double *excess, i64 k, i64 m, i64 size) {
    tail_of(x, k, m + 1, keys, size);
    double top = value_of(keys[m]), cut = exp(value_of(keys[0]) - top);
    if (fabs(top) == INFINITY) return INFINITY;
    for (i64 i = threadIdx.x; i < m; i += THREADS) excess[i] = exp(value_of(keys[i + 1]) - top) - cut;
    __syncthreads();
    double quartile = excess[(i64) (m / 4.0 + .5) - 1];
    if (!(quartile > 0)) return INFINITY;
    double theta = posterior_theta(excess, m, quartile), raw = shape_of(theta, excess, m);
    double shape = (m * raw + 5) / (m + 10), scale = -raw / theta;
    for (i64 i = threadIdx.x; out && i < m; i += THREADS) {
        double y = -log1p(-(i + .5) / m);
        double quantile = shape == 0 ? scale * y : scale * expm1(shape * y) / shape;
        double l = log(cut + quantile);
        out[keys[i + 1] & 0xffffffffu] = (float) (top + (l > 0 ? 0 : l));
    }
    return shape;
}

// kHat [b] and, unless null, smoothed [b,k] of logW [b,k]. A block takes every gridDim-th row;
// keys [blocks,size], excess [blocks,m] are scratch, size the power of two from m + 1 on.
KERNEL(importance_tail_index)(const float *logW, float *kHat, float *smoothed, u64 *keys, double *excess, i64 b, i64 k, i64 m, i64 size) {
    for (i64 row = blockIdx.x; row < b; row += gridDim.x) {
        const float *x = logW + row * k;
        float *out = smoothed ? smoothed + row * k : nullptr;
        int bad = 0;
        for (i64 i = threadIdx.x; i < k; i += THREADS) {
            bad |= x[i] != x[i];
            if (out) out[i] = x[i];
        }
        bad = __syncthreads_or(bad);
        double shape = bad ? NAN : m < FEWEST ? INFINITY : fit(x, out, keys + blockIdx.x * size, excess + blockIdx.x * m, k, m, size);
        if (threadIdx.x == 0) kHat[row] = (float) shape;
        __syncthreads(); // keys and excess serve the next row
    }
}
