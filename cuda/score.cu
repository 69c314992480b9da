// ScoreKernels: pieces of score-function estimators (KERNELS.md §7). b data points, k samples each, r = point·k + sample.
#include "variables.cuh"

#define LOG_2PI 1.8378770664093453f

// logQ [r] = −½ Σ_d ( (z − mu)²·exp(−logVar) + logVar + log 2π ); z [r,d], mu, logVar [b,d]
template <int T>
__device__ __forceinline__ void score_gaussian_log_prob(const float *z, const float *mu, const float *logVar, float *logQ, i64 b, i64 k, i64 d) {
    Row<T> row;
    if (row.index >= b * k) return;
    i64 p = quotient(row.index, k);
    z += row.index * d, mu += p * d, logVar += p * d;
    bool wide = wide_rows(d, z, mu, logVar);
    float sum = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], m[4], l[4];
        load4(x, z, i, d, wide);
        load4(m, mu, i, d, wide);
        load4(l, logVar, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float distance = x[j] - m[j];
            if (i + j < d) sum += distance * expf(-l[j]) * distance + l[j] + LOG_2PI;
        }
    }
    sum = row.sum(sum);
    if (row.first()) logQ[row.index] = -.5f * sum;
}
ROW_KERNEL(score_gaussian_log_prob,
    (const float *z, const float *mu, const float *logVar, float *logQ, i64 b, i64 k, i64 d),
    (z, mu, logVar, logQ, b, k, d))

// t = dLogQ·(z − mu)·exp(−logVar): dZ −= t, dMu += Σ_k t, dLogVar += Σ_k ½(t·(z − mu) − dLogQ).
// See Chunk; dZ may be null, and dMu and dLogVar together.
template <int T>
__device__ __forceinline__ void score_gaussian_log_prob_backward(const float *z, const float *mu, const float *logVar, const float *dLogQ, float *dZ,
        float *dMu, float *dLogVar, i64 b, i64 k, i64 d, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    mu += chunk.point * d, logVar += chunk.point * d;
    float *toMu = chunk.target(dMu, b, d), *toLogVar = chunk.target(dLogVar, b, d);
    for (i64 i = row.lane; i < d; i += T) {
        float m = mu[i], rate = expf(-logVar[i]), sumMu = 0, sumLogVar = 0;
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            float g = dLogQ[r], distance = z[r * d + i] - m, t = g * distance * rate;
            if (dZ) dZ[r * d + i] -= t;
            sumMu += t;
            sumLogVar += .5f * (t * distance - g);
        }
        if (toMu) chunk.add(toMu, i, sumMu, chunk.first);
        if (toLogVar) chunk.add(toLogVar, i, sumLogVar, chunk.first);
    }
}
ROW_KERNEL(score_gaussian_log_prob_backward,
    (const float *z, const float *mu, const float *logVar, const float *dLogQ, float *dZ, float *dMu, float *dLogVar, i64 b, i64 k, i64 d, i64 chunks, i64 per),
    (z, mu, logVar, dLogQ, dZ, dMu, dLogVar, b, k, d, chunks, per))

// logQ [r] = Σ ( x·l − softplus(l) ) as l·(x − 1[l > 0]) − log1p(exp(−|l|)), 0·∞ = 0; x [r,n], logits [b,n]
template <int T>
__device__ __forceinline__ void score_bernoulli_log_prob(const float *x, const float *logits, float *logQ, i64 b, i64 k, i64 n) {
    Row<T> row;
    if (row.index >= b * k) return;
    x += row.index * n, logits += quotient(row.index, k) * n;
    bool wide = wide_rows(n, x, logits);
    float sum = 0;
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        float v[4], l[4];
        load4(v, x, i, n, wide);
        load4(l, logits, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float slope = v[j] - (l[j] > 0 ? 1.f : 0.f);
            if (i + j < n) sum += (slope == 0 && l[j] == l[j] ? 0.f : l[j] * slope) - log1pf(expf(-fabsf(l[j])));
        }
    }
    sum = row.sum(sum);
    if (row.first()) logQ[row.index] = sum;
}
ROW_KERNEL(score_bernoulli_log_prob, (const float *x, const float *logits, float *logQ, i64 b, i64 k, i64 n), (x, logits, logQ, b, k, n))

// dLogits += Σ_k dLogQ·(x − sigmoid(l)); see Chunk
template <int T>
__device__ __forceinline__ void score_bernoulli_log_prob_backward(const float *x, const float *logits, const float *dLogQ, float *dLogits, i64 b, i64 k,
        i64 n, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    float *target = chunk.target(dLogits, b, n);
    for (i64 i = row.lane; i < n; i += T) {
        float p = sigmoid(logits[chunk.point * n + i]), sum = 0;
        for (i64 r = chunk.first; r < chunk.end; ++r) sum += dLogQ[r] * (x[r * n + i] - p);
        chunk.add(target, i, sum, chunk.first);
    }
}
ROW_KERNEL(score_bernoulli_log_prob_backward,
    (const float *x, const float *logits, const float *dLogQ, float *dLogits, i64 b, i64 k, i64 n, i64 chunks, i64 per),
    (x, logits, dLogQ, dLogits, b, k, n, chunks, per))

// The sum of a row's other elements; where some are not finite they are in it unless they are x itself.
struct Others {
    double sum;      // of the finite ones
    float up, down, bad; // how many are +∞, −∞, NaN
    __device__ __forceinline__ double without(float x) const {
        float u = up - (x == INFINITY), l = down - (x == -INFINITY), n = bad - (x != x);
        if (n > 0 || (u > 0 && l > 0)) return NAN;
        return u > 0 ? INFINITY : l > 0 ? -INFINITY : sum - (fabsf(x) < INFINITY ? x : 0.f);
    }
};
template <int T>
__device__ __forceinline__ Others others(const Row<T> &row, const float *x, i64 k) {
    double sum = 0;
    float up = 0, down = 0, bad = 0;
    for (i64 i = row.lane; i < k; i += T) {
        float v = x[i];
        if (fabsf(v) < INFINITY) sum += v;
        up += v == INFINITY, down += v == -INFINITY, bad += v != v;
    }
    return Others{Row<T>::sum(sum), row.sum(up), row.sum(down), row.sum(bad)};
}

// baseline [b,k] = 1/(k − 1)·Σ_{j≠i} f_j
template <int T>
__device__ __forceinline__ void score_leave_one_out(const float *f, float *baseline, i64 b, i64 k) {
    Row<T> row;
    if (row.index >= b) return;
    f += row.index * k, baseline += row.index * k;
    Others all = others(row, f, k);
    double share = 1. / (double) (k - 1);
    for (i64 i = row.lane; i < k; i += T) baseline[i] = (float) (all.without(f[i]) * share);
}
ROW_KERNEL(score_leave_one_out, (const float *f, float *baseline, i64 b, i64 k), (f, baseline, b, k))

// bound [b] = logsumexp_k logW − log k; with m the mean of the others, other = logaddexp( logsumexp_{j≠i}, m ) − log k,
// signal [b,k] = bound − other, 0 for −∞ less −∞; NaN where a log-weight is +∞ or NaN. In double: a sum without its
// largest element is what is left of it. For the largest itself the sum is relative to the second largest.
template <int T>
__device__ __forceinline__ void score_vimco(const float *logW, float *bound, float *signal, i64 b, i64 k) {
    Row<T> row;
    if (row.index >= b) return;
    logW += row.index * k, signal += row.index * k;
    Others all = others(row, logW, k);
    bool bad = all.up > 0 || all.bad > 0;
    float top = -INFINITY;
    for (i64 i = row.lane; i < k; i += T) top = fmaxf(top, logW[i]);
    top = row.max(top);
    bool nothing = top == -INFINITY;
    float tops = 0, second = -INFINITY;
    for (i64 i = row.lane; i < k; i += T) {
        if (logW[i] == top) tops += 1;
        else second = fmaxf(second, logW[i]);
    }
    tops = row.sum(tops), second = row.max(second);
    double below = 0, behind = 0; // Σ exp over those less than the top, relative to it and to the second
    for (i64 i = row.lane; !nothing && i < k; i += T)
        if (logW[i] < top && logW[i] > -INFINITY) {
            below += exp((double) logW[i] - top);
            behind += exp((double) logW[i] - second);
        }
    below = Row<T>::sum(below), behind = Row<T>::sum(behind);
    double whole = nothing ? -INFINITY : top + log(tops + below), logK = log((double) k);
    if (bound && row.first()) bound[row.index] = bad ? (all.bad > 0 ? NAN : INFINITY) : (float) (whole - logK);
    for (i64 i = row.lane; i < k; i += T) {
        float x = logW[i];
        double mean = all.without(x) / (double) (k - 1), rest;
        if (nothing) rest = -INFINITY;
        else if (x < top) rest = top + log(tops + (below - exp((double) x - top)));
        else if (tops > 1) rest = top + log(tops - 1 + below);
        else rest = second == -INFINITY ? -INFINITY : second + log(behind);
        double most = fmax(rest, mean), least = fmin(rest, mean);
        double other = most == -INFINITY ? most : most + log1p(exp(least - most));
        signal[i] = bad ? NAN : whole == other ? 0.f : (float) (whole - other);
    }
}
ROW_KERNEL(score_vimco, (const float *logW, float *bound, float *signal, i64 b, i64 k), (logW, bound, signal, b, k))

// coefficient [b] = Σ_k (f − f̄)(h − h̄) / Σ_k (h − h̄)², 0 where h does not vary; controlled [b,k] = f − coefficient·h,
// which may be f itself, or null
template <int T>
__device__ __forceinline__ void score_control_variate(const float *f, const float *h, float *coefficient, float *controlled, i64 b, i64 k) {
    Row<T> row;
    if (row.index >= b) return;
    f += row.index * k, h += row.index * k;
    double sumF = 0, sumH = 0, covariance = 0, variance = 0;
    float differs = 0;
    for (i64 i = row.lane; i < k; i += T) {
        sumF += f[i], sumH += h[i];
        if (h[i] != h[0]) differs = 1;
    }
    double meanF = Row<T>::sum(sumF) / k, meanH = Row<T>::sum(sumH) / k;
    for (i64 i = row.lane; i < k; i += T) {
        double distance = h[i] - meanH;
        covariance += (f[i] - meanF) * distance;
        variance += distance * distance;
    }
    covariance = Row<T>::sum(covariance), variance = Row<T>::sum(variance);
    double factor = row.max(differs) > 0 ? covariance / variance : 0;
    if (row.first()) coefficient[row.index] = (float) factor;
    for (i64 i = row.lane; controlled && i < k; i += T) controlled[row.index * k + i] = (float) (f[i] - factor * h[i]);
}
ROW_KERNEL(score_control_variate, (const float *f, const float *h, float *coefficient, float *controlled, i64 b, i64 k), (f, h, coefficient, controlled, b, k))
