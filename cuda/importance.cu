// ImportanceKernels: bounds on log p(x) from importance weights (KERNELS.md §6), β = 1 − α.
// A row has k log-weights. They go in segments of 256, a warp each, whose sums are taken in float32 and added up
// in double in the order of the segments: whole tensors and streams take the same sums and have the same bits.
#include "rows.cuh"

#define SEGMENT 256
#define EACH (SEGMENT / WARP)
#define NEAR_ONE .25f // of |β|: below, log1p(mean expm1) and not log(mean exp)

// extreme = the largest x (β > 0) or the smallest (β < 0); relative to it sum = Σ exp t, squares = Σ exp 2t,
// excess = Σ expm1 t, t = β(x − extreme). β = 0: sum = Σ x, squares = how many are −∞.
struct Totals {
    double extreme, sum, squares, excess;
};

// The samples of a row: those that waited in a stream, then those of a chunk.
struct Samples {
    const float *pending;
    i64 waiting;
    const float *chunk;
    __device__ __forceinline__ float operator[](i64 i) const { return i < waiting ? pending[i] : chunk[i - waiting]; }
};

__device__ __forceinline__ bool infinite(float x) { return fabsf(x) == INFINITY; }
__device__ __forceinline__ bool near_one(float beta) { return fabsf(beta) < NEAR_ONE; }

// β(x − extreme), at most 0; where 0·∞ or ∞ − ∞ is near: 0 for the extreme, −∞ for the others
__device__ __forceinline__ float exponent(float x, float beta, float extreme) {
    if (infinite(beta) || infinite(extreme)) return x == extreme ? 0.f : x != x ? x : -INFINITY;
    return beta * (x - extreme);
}

// The totals of samples [from, from + n), n <= SEGMENT; every lane of the warp gets them.
__device__ __forceinline__ Totals segment(const Samples &x, i64 from, int n, float beta) {
    int lane = threadIdx.x % WARP;
    float sign = beta < 0 ? -1.f : 1.f, v[EACH], top = -INFINITY;
#pragma unroll
    for (int j = 0; j < EACH; ++j) {
        v[j] = lane + WARP * j < n ? x[from + lane + WARP * j] : -sign * INFINITY;
        top = fmaxf(top, sign * v[j]);
    }
    if (beta == 0) {
        double sum = 0, nothing = 0;
#pragma unroll
        for (int j = 0; j < EACH; ++j)
            if (lane + WARP * j < n) sum += v[j], nothing += v[j] == -INFINITY;
        return Totals{0, warp_sum(sum), warp_sum(nothing), 0};
    }
    top = sign * warp_max(top);
    float sum = 0, squares = 0, excess = 0;
#pragma unroll
    for (int j = 0; j < EACH; ++j)
        if (lane + WARP * j < n) {
            float t = exponent(v[j], beta, top), e = expf(t);
            sum += e;
            squares = fmaf(e, e, squares);
            if (near_one(beta)) excess += expm1f(t);
        }
    return Totals{top, warp_sum(sum), warp_sum(squares), near_one(beta) ? warp_sum(excess) : 0.f};
}

// Adds the totals s of n samples to those of the before that were there.
__device__ __forceinline__ void fold(Totals &t, i64 before, const Totals &s, int n, float beta) {
    if (before == 0) {
        t = s;
        return;
    }
    double top = beta > 0 ? fmax(t.extreme, s.extreme) : fmin(t.extreme, s.extreme);
    double oldShift = beta == 0 || t.extreme == top ? 0 : beta * (t.extreme - top);
    double newShift = beta == 0 || s.extreme == top ? 0 : beta * (s.extreme - top);
    double oldFactor = oldShift == 0 ? 1 : exp(oldShift), newFactor = newShift == 0 ? 1 : exp(newShift);
    t.extreme = top;
    t.sum = t.sum * oldFactor + s.sum * newFactor;
    t.squares = t.squares * oldFactor * oldFactor + s.squares * newFactor * newFactor;
    if (near_one(beta)) t.excess = t.excess * oldFactor + before * expm1(oldShift) + s.excess * newFactor + n * expm1(newShift);
}

// Adds n samples to the totals; every thread of the row gets them, and is behind all reads of x.
template <int T>
__device__ __forceinline__ void add_samples(Totals &t, const Samples &x, i64 before, i64 n, float beta) {
    if (T == WARP) {
        for (i64 at = 0; at < n; at += SEGMENT) {
            int size = n - at < SEGMENT ? (int) (n - at) : SEGMENT;
            fold(t, before + at, segment(x, at, size, beta), size, beta);
        }
        __syncwarp();
        return;
    }
    const int warps = THREADS / WARP;
    __shared__ Totals part[warps], whole;
    int warp = threadIdx.x / WARP;
    for (i64 first = 0; first < n; first += warps * SEGMENT) {
        i64 mine = first + warp * SEGMENT;
        if (mine < n) {
            Totals s = segment(x, mine, n - mine < SEGMENT ? (int) (n - mine) : SEGMENT, beta);
            if (threadIdx.x % WARP == 0) part[warp] = s;
        }
        __syncthreads();
        if (warp == 0)
            for (i64 at = first; at < n && at < first + warps * SEGMENT; at += SEGMENT)
                fold(t, before + at, part[(at - first) / SEGMENT], n - at < SEGMENT ? (int) (n - at) : SEGMENT, beta);
        __syncthreads();
    }
    if (threadIdx.x == 0) whole = t;
    __syncthreads();
    t = whole;
}

// extreme + log(sum/count)/β
__device__ __forceinline__ float bound_of(const Totals &t, float beta, i64 count) {
    double mean = t.sum / count, excess = t.excess / count;
    if (beta == 0) return (float) mean;
    double logMean = near_one(beta) && excess > -.5 ? log1p(excess) : log(mean);
    return (float) (t.extreme + logMean / beta);
}

// Where an infinite log-weight decides the bound: 0 if all are −∞, NaN if not.
__device__ __forceinline__ bool decided(const Totals &t, float beta) { return beta != 0 && fabs(t.extreme) == INFINITY; }
__device__ __forceinline__ float undefined(const Totals &t, i64 count) { return t.extreme < 0 && t.sum == count ? 0.f : NAN; }

// sum²/squares
__device__ __forceinline__ float ess_of(const Totals &t, float beta, i64 count) {
    if (beta == 0) return t.sum != t.sum ? NAN : t.squares == count ? 0.f : (float) count;
    return decided(t, beta) ? undefined(t, count) : (float) (t.sum * t.sum / t.squares);
}

// weights = exp(β(x − extreme))/sum; row [k]
template <int T>
__device__ __forceinline__ void normalise(const float *x, const Totals &t, float beta, float *weights, i64 k, int lane) {
    bool same = beta == 0 || decided(t, beta);
    float all = beta != 0 ? undefined(t, k) : t.sum != t.sum ? NAN : t.squares == k ? 0.f : 1.f / k;
    float extreme = (float) t.extreme, factor = (float) (1 / t.sum);
    bool wide = wide_rows(k, x, weights);
    for (i64 i = 4 * lane; i < k; i += 4 * T) {
        float v[4];
        load4(v, x, i, k, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] = same ? all : expf(exponent(v[j], beta, extreme)) * factor;
        store4(v, weights, i, k, wide);
    }
}

// bound = 1/β·(logsumexp_k β·logW − log k), weights = softmax_k β·logW, ess = 1/Σ weights² and their limits.
// logW, weights [b,k]; bound, ess [b]; null is not wanted.
template <int T>
__device__ __forceinline__ void importance_bound(const float *logW, float beta, float *bound, float *weights, float *ess, i64 b, i64 k) {
    Row<T> row;
    if (row.index >= b) return;
    const float *x = logW + row.index * k;
    Totals t = {};
    add_samples<T>(t, Samples{nullptr, 0, x}, 0, k, beta);
    if (row.first()) {
        bound[row.index] = bound_of(t, beta, k);
        if (ess) ess[row.index] = ess_of(t, beta, k);
    }
    if (weights) normalise<T>(x, t, beta, weights + row.index * k, k, row.lane);
}
ROW_KERNEL(importance_bound, (const float *logW, float beta, float *bound, float *weights, float *ess, i64 b, i64 k),
    (logW, beta, bound, weights, ess, b, k))

// Adds the k samples logW [b,k] to a stream: totals [b], pending [b,SEGMENT] with waiting samples each; before
// is how many the totals have.
template <int T>
__device__ __forceinline__ void importance_push(const float *logW, float beta, Totals *totals, float *pending, i64 before, i64 waiting, i64 b, i64 k) {
    Row<T> row;
    if (row.index >= b) return;
    const float *x = logW + row.index * k;
    pending += row.index * SEGMENT;
    Totals t = totals[row.index];
    i64 whole = (waiting + k) / SEGMENT * SEGMENT;
    add_samples<T>(t, Samples{pending, waiting, x}, before, whole, beta);
    if (row.first() && whole > 0) totals[row.index] = t;
    for (i64 i = (whole > waiting ? whole : waiting) + row.lane; i < waiting + k; i += T) pending[i - whole] = x[i - waiting];
}
ROW_KERNEL(importance_push, (const float *logW, float beta, Totals *totals, float *pending, i64 before, i64 waiting, i64 b, i64 k),
    (logW, beta, totals, pending, before, waiting, b, k))

// bound, ess [b] of all samples of a stream, those that wait included; ess may be null. A warp a row.
KERNEL(importance_finish)(const Totals *totals, const float *pending, float beta, i64 before, i64 waiting, float *bound, float *ess, i64 b) {
    Row<WARP> row;
    if (row.index >= b) return;
    Totals t = totals[row.index];
    add_samples<WARP>(t, Samples{pending + row.index * SEGMENT, waiting, nullptr}, before, waiting, beta);
    if (!row.first()) return;
    bound[row.index] = bound_of(t, beta, before + waiting);
    if (ess) ess[row.index] = ess_of(t, beta, before + waiting);
}

// dLogW[i] += dBound[i/k]·weights[i]; weights, dLogW of n elements
KERNEL(importance_bound_backward)(const float *weights, const float *dBound, float *dLogW, i64 n, i64 k) {
    for (i64 i = flat_index(); i < n; i += flat_count()) dLogW[i] = fmaf(weights[i], dBound[quotient(i, k)], dLogW[i]);
}

// dz[i] += (α + (1 − α)·weights[i/d])·dPath[i], for infinite α dPath[i]; dPath, dz of n elements
KERNEL(importance_doubly_reparameterized_backward)(const float *weights, float alpha, const float *dPath, float *dz, i64 n, i64 d) {
    for (i64 i = flat_index(); i < n; i += flat_count()) {
        float factor = infinite(alpha) ? 1.f : fmaf(weights[quotient(i, d)], 1 - alpha, alpha);
        dz[i] = fmaf(dPath[i], factor, dz[i]);
    }
}
