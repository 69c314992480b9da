// ConcreteKernels, binary variables: rows of n logits; u is element r·n + i of the uniforms of the noise.
#include "philox.cuh"
#include "variables.cuh"

// log τ + d − 2·softplus(d)
__device__ __forceinline__ float log_logistic(float logTau, float d) { return logTau - fabsf(d) - 2.f * log1pf(expf(-fabsf(d))); }

// logit = (logAlpha + log u − log(1 − u))/τ, y = sigmoid(logit), hard = 1[logit > 0], all [r,n];
// logQ [r] = Σ ( log τ + log u + log(1 − u) ), NaN where a logAlpha is infinite. y, hard, logQ may be null.
template <int T>
__device__ __forceinline__ void concrete_binary_sample(const float *logAlpha, float tau, Noise noise, float *logit, float *y, float *hard, float *logQ,
        i64 b, i64 k, i64 n) {
    Row<T> row;
    if (row.index >= b * k) return;
    logAlpha += quotient(row.index, k) * n;
    float logTau = logf(tau), inverse = 1.f / tau, density = 0;
    for (i64 i = row.lane; i < n; i += T) {
        i64 at = row.index * n + i;
        float u = uniform_at(noise, at), one = logf(u), zero = logf(1.f - u), l = (logAlpha[i] + (one - zero)) * inverse;
        logit[at] = l;
        if (y) y[at] = sigmoid(l);
        if (hard) hard[at] = l != l ? l : l > 0 ? 1.f : 0.f;
        density += logTau + one + zero + 0.f * logAlpha[i];
    }
    if (logQ) {
        density = row.sum(density);
        if (row.first()) logQ[row.index] = density;
    }
}
ROW_KERNEL(concrete_binary_sample,
    (const float *logAlpha, float tau, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *logit, float *y, float *hard,
        float *logQ, i64 b, i64 k, i64 n),
    (logAlpha, tau, noise_key(seed, stream, step, clock), logit, y, hard, logQ, b, k, n))

// logDensity [r] = Σ ( log τ + d − 2·softplus(d) [+ softplus(logit) + softplus(−logit), of y] ), d = logAlpha − τ·logit
template <int T>
__device__ __forceinline__ void concrete_binary_log_density(const float *logAlpha, float tau, const float *logit, int ofY, float *logDensity, i64 b,
        i64 k, i64 n) {
    Row<T> row;
    if (row.index >= b * k) return;
    logAlpha += quotient(row.index, k) * n;
    logit += row.index * n;
    float logTau = logf(tau), density = 0;
    for (i64 i = row.lane; i < n; i += T) {
        density += log_logistic(logTau, fmaf(-tau, logit[i], logAlpha[i]));
        if (ofY) density -= log_logistic(0.f, logit[i]);
    }
    density = row.sum(density);
    if (row.first()) logDensity[row.index] = density;
}
ROW_KERNEL(concrete_binary_log_density,
    (const float *logAlpha, float tau, const float *logit, int ofY, float *logDensity, i64 b, i64 k, i64 n),
    (logAlpha, tau, logit, ofY, logDensity, b, k, n))

// With g = dLogit + dY·y(1 − y) [− dLogQ·τ·(1 − 2·sigmoid d), stick the landing]: dLogAlpha += Σ_k g/τ,
// dTau −= Σ g·logit/τ [− Σ_r dLogQ·n/τ, not stick the landing]. See Chunk; gradients and tauPart may be null.
template <int T>
__device__ __forceinline__ void concrete_binary_sample_backward(const float *logAlpha, float tau, const float *logit, const float *dLogit,
        const float *dY, const float *dLogQ, int stick, float *dLogAlpha, float *tauPart, i64 b, i64 k, i64 n, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    logAlpha += chunk.point * n;
    float *target = chunk.target(dLogAlpha, b, n), inverse = 1.f / tau, toTau = 0;
    for (i64 i = row.lane; i < n; i += T)
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            float l = logit[r * n + i], q = dLogQ ? dLogQ[r] : 0.f, g = dLogit ? dLogit[r * n + i] : 0.f;
            if (dY) g += dY[r * n + i] * (sigmoid(l) * sigmoid(-l));
            if (dLogQ && stick) g -= q * tau * (1.f - 2.f * sigmoid(fmaf(-tau, l, logAlpha[i])));
            if (dLogQ && !stick) toTau += q * inverse;
            g *= inverse;
            if (target) chunk.add(target, i, g, r);
            toTau -= g * l;
        }
    if (tauPart) {
        toTau = row.sum(toTau);
        if (row.first()) tauPart[row.index] = toTau;
    }
}
ROW_KERNEL(concrete_binary_sample_backward,
    (const float *logAlpha, float tau, const float *logit, const float *dLogit, const float *dY, const float *dLogQ, int stick, float *dLogAlpha,
        float *tauPart, i64 b, i64 k, i64 n, i64 chunks, i64 per),
    (logAlpha, tau, logit, dLogit, dY, dLogQ, stick, dLogAlpha, tauPart, b, k, n, chunks, per))

// With h = dLogDensity·(1 − 2·sigmoid d): dLogAlpha += Σ_k h, dLogit −= τ·h [− dLogDensity·(2·sigmoid(logit) − 1), of y],
// dTau += Σ_r dLogDensity·n/τ − Σ h·logit. See Chunk; dLogAlpha, dLogit, tauPart may be null.
template <int T>
__device__ __forceinline__ void concrete_binary_log_density_backward(const float *logAlpha, float tau, const float *logit, int ofY,
        const float *dLogDensity, float *dLogAlpha, float *dLogit, float *tauPart, i64 b, i64 k, i64 n, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    logAlpha += chunk.point * n;
    float *target = chunk.target(dLogAlpha, b, n), inverse = 1.f / tau, toTau = 0;
    for (i64 i = row.lane; i < n; i += T)
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            float l = logit[r * n + i], g = dLogDensity[r], h = g * (1.f - 2.f * sigmoid(fmaf(-tau, l, logAlpha[i])));
            if (target) chunk.add(target, i, h, r);
            if (dLogit) dLogit[r * n + i] += (ofY ? g * (2.f * sigmoid(l) - 1.f) : 0.f) - tau * h;
            toTau += g * inverse - h * l;
        }
    if (tauPart) {
        toTau = row.sum(toTau);
        if (row.first()) tauPart[row.index] = toTau;
    }
}
ROW_KERNEL(concrete_binary_log_density_backward,
    (const float *logAlpha, float tau, const float *logit, int ofY, const float *dLogDensity, float *dLogAlpha, float *dLogit, float *tauPart, i64 b,
        i64 k, i64 n, i64 chunks, i64 per),
    (logAlpha, tau, logit, ofY, dLogDensity, dLogAlpha, dLogit, tauPart, b, k, n, chunks, per))
