// CorrelationKernels: the aggregated posterior of a minibatch (KERNELS.md §8). rows samples z, points posteriors, d
// dimensions; l = −½( (z − mu)²·exp(−logVar) + logVar + log 2π ). Pairs are visited and none is stored.
#include "rows.cuh"

#define LOG_2PI 1.8378770664093453f

// log W of any posterior, and where stratified of a sample's own and of the next one.
struct Weights {
    float any, own, next;
    int stratified;
    __device__ __forceinline__ float log(i64 r, i64 j, i64 points) const {
        return !stratified ? any : j == r ? own : j == (r + 1 == points ? 0 : r + 1) ? next : any;
    }
};

// The distance in standard deviations and l of sample and posterior; rate = exp(−½·logVar), which reaches further
// than its square.
__device__ __forceinline__ float density(float z, float mu, float logVar, float &scaled, float &rate) {
    rate = expf(-.5f * logVar);
    scaled = (z - mu) * rate;
    return -.5f * (scaled * scaled + logVar + LOG_2PI);
}

// Σ_d l of rows z, mu, logVar of d
__device__ __forceinline__ float joint(const float *z, const float *mu, const float *logVar, i64 d) {
    float sum = 0, scaled, rate;
    for (i64 i = 0; i < d; ++i) sum += density(z[i], mu[i], logVar[i], scaled, rate);
    return sum;
}

// log Σ exp of the terms so far: top + log(sum)
struct LogSum {
    float top, sum;
    __device__ __forceinline__ void add(float x) {
        if (x == -INFINITY) return;
        float e = expf(-fabsf(x - top));
        if (x > top) sum = sum * e + 1.f, top = x;
        else sum += e;
    }
    __device__ __forceinline__ void merge(float otherTop, float otherSum) {
        float most = fmaxf(top, otherTop);
        sum = sum * (top == most ? 1.f : expf(top - most)) + otherSum * (otherTop == most ? 1.f : expf(otherTop - most));
        top = most;
    }
    __device__ __forceinline__ void warp() {
        for (int o = WARP / 2; o > 0; o >>= 1) {
            float t = __shfl_xor_sync(ALL_LANES, top, o), s = __shfl_xor_sync(ALL_LANES, sum, o);
            merge(t, s);
        }
    }
    __device__ __forceinline__ float value() const { return top + logf(sum); }
};

// logQ [rows] = logsumexp_j( log W + Σ_d l ), logQPerDim [rows,d] = logsumexp_j( log W + l ). A block a row: its threads
// share the posteriors for logQ, then its warps the dimensions.
KERNEL(correlation_log_densities)(const float *z, const float *mu, const float *logVar, float any, float own, float next, int stratified, float *logQ,
        float *logQPerDim, i64 rows, i64 points, i64 d) {
    __shared__ float tops[THREADS / WARP], parts[THREADS / WARP];
    Weights weights{any, own, next, stratified};
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 r = blockIdx.x;
    z += r * d;
    LogSum whole = {-INFINITY, 0};
    for (i64 j = threadIdx.x; j < points; j += THREADS) whole.add(weights.log(r, j, points) + joint(z, mu + j * d, logVar + j * d, d));
    whole.warp();
    if (lane == 0) tops[warp] = whole.top, parts[warp] = whole.sum;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int w = 1; w < THREADS / WARP; ++w) whole.merge(tops[w], parts[w]);
        logQ[r] = whole.value();
    }
    for (i64 i = warp; i < d; i += THREADS / WARP) {
        LogSum one = {-INFINITY, 0};
        for (i64 j = lane; j < points; j += WARP) {
            float scaled, rate;
            one.add(weights.log(r, j, points) + density(z[i], mu[j * d + i], logVar[j * d + i], scaled, rate));
        }
        one.warp();
        if (lane == 0) logQPerDim[r * d + i] = one.value();
    }
}

// What both backward kernels read.
struct Pairs {
    const float *z, *mu, *logVar, *logQ, *logQPerDim, *dLogQ, *dLogQPerDim;
    i64 points, d;
    Weights weights;
    // dLogQ·exp( log W + Σ_d l − logQ )
    __device__ __forceinline__ float shared(i64 r, i64 j) const {
        if (!dLogQ) return 0;
        return dLogQ[r] * expf(weights.log(r, j, points) + joint(z + r * d, mu + j * d, logVar + j * d, d) - logQ[r]);
    }
    // G·(z − mu)·exp(−logVar) and G·½( (z − mu)²·exp(−logVar) − 1 ) of a dimension,
    // G = shared + dLogQPerDim·exp( log W + l − logQPerDim )
    __device__ __forceinline__ void gradient(i64 r, i64 j, i64 i, float shared, float &toMu, float &toLogVar) const {
        float scaled, rate, l = density(z[r * d + i], mu[j * d + i], logVar[j * d + i], scaled, rate), g = shared;
        if (dLogQPerDim) g += dLogQPerDim[r * d + i] * expf(weights.log(r, j, points) + l - logQPerDim[r * d + i]);
        toMu = g * scaled * rate;
        toLogVar = .5f * g * (scaled * scaled - 1.f);
    }
};

#define PAIRS_PARAMETERS                                                                                                          \
    const float *z, const float *mu, const float *logVar, const float *logQ, const float *logQPerDim, const float *dLogQ,          \
        const float *dLogQPerDim, float any, float own, float next, int stratified
#define PAIRS Pairs{z, mu, logVar, logQ, logQPerDim, dLogQ, dLogQPerDim, points, d, Weights{any, own, next, stratified}}

// dZ [rows,d] −= Σ_j G·(z − mu)·exp(−logVar). A block a sample: its threads take 256 posteriors, then its warps the
// dimensions. dLogQ or dLogQPerDim may be null.
KERNEL(correlation_backward_samples)(PAIRS_PARAMETERS, float *dZ, i64 rows, i64 points, i64 d) {
    __shared__ float shared[THREADS];
    Pairs pairs = PAIRS;
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 r = blockIdx.x;
    for (i64 first = 0; first < points; first += THREADS) {
        int n = points - first < THREADS ? (int) (points - first) : THREADS;
        if ((int) threadIdx.x < n) shared[threadIdx.x] = pairs.shared(r, first + threadIdx.x);
        __syncthreads();
        for (i64 i = warp; i < d; i += THREADS / WARP) {
            float sum = 0, toMu, toLogVar;
            for (int j = lane; j < n; j += WARP) {
                pairs.gradient(r, first + j, i, shared[j], toMu, toLogVar);
                sum += toMu;
            }
            sum = warp_sum(sum);
            if (lane == 0) dZ[r * d + i] -= sum;
        }
        __syncthreads();
    }
}

// dMu [points,d] += Σ_r G·(z − mu)·exp(−logVar), dLogVar += Σ_r G·½( (z − mu)²·exp(−logVar) − 1 ). A block a posterior.
KERNEL(correlation_backward_posteriors)(PAIRS_PARAMETERS, float *dMu, float *dLogVar, i64 rows, i64 points, i64 d) {
    __shared__ float shared[THREADS];
    Pairs pairs = PAIRS;
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 j = blockIdx.x;
    for (i64 first = 0; first < rows; first += THREADS) {
        int n = rows - first < THREADS ? (int) (rows - first) : THREADS;
        if ((int) threadIdx.x < n) shared[threadIdx.x] = pairs.shared(first + threadIdx.x, j);
        __syncthreads();
        for (i64 i = warp; i < d; i += THREADS / WARP) {
            float sumMu = 0, sumLogVar = 0, toMu, toLogVar;
            for (int r = lane; r < n; r += WARP) {
                pairs.gradient(first + r, j, i, shared[r], toMu, toLogVar);
                sumMu += toMu;
                sumLogVar += toLogVar;
            }
            sumMu = warp_sum(sumMu), sumLogVar = warp_sum(sumLogVar);
            if (lane == 0) dMu[j * d + i] += sumMu, dLogVar[j * d + i] += sumLogVar;
        }
        __syncthreads();
    }
}
