// GaussianKernels: the reparameterised diagonal Gaussian with its KL divergence (KERNELS.md §1).
// b data points, k samples each, rows r = p·k + sample of d latent dimensions; σ = exp(½·logVar).
#include "philox.cuh"

#define LOG_2PI 1.8378770664093453f

// ½(exp(x) − 1 − x), which is +∞ for +∞ and does not overflow before its result does
__device__ __forceinline__ float half_spread(float x) {
    if (x > 80.f) return x == INFINITY ? x : expf(x - 0.693147181f) - .5f - .5f * x;
    return .5f * (expf(x) - 1.f - x);
}

// z = mu + σ·eps; kl[p] = Σ ½(mu² + exp(logVar) − 1 − logVar); logQ = −½ Σ (eps² + log 2π + logVar);
// logP = −½ Σ (z² + log 2π). mu, logVar, klPerDim [b,d]; eps, z [b·k,d]; kl [b]; logQ, logP [b·k];
// what is null is not wanted. With k = 0 only the divergences. eps null: drawn, element r·d + i of noise.
template <int T, bool Drawn>
__device__ __forceinline__ void sample(const float *mu, const float *logVar, const float *eps, Noise noise, float *z, float *kl,
        float *klPerDim, float *logQ, float *logP, i64 b, i64 k, i64 d) {
    Row<T> row;
    if (row.index >= (k == 0 ? b : b * k)) return;
    i64 p = k == 0 ? row.index : row.index / k;
    bool diverges = (kl || klPerDim) && (k == 0 || row.index % k == 0);
    mu += p * d, logVar += p * d;
    eps = eps ? eps + row.index * d : eps;
    z = z ? z + row.index * d : z;
    float *perDim = klPerDim ? klPerDim + p * d : klPerDim;
    bool wide = wide_rows(d, mu, logVar, eps, z, perDim);
    float sumKl = 0, sumQ = 0, sumP = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float m[4], l[4], e[4], x[4], kls[4];
        load4(m, mu, i, d, wide);
        load4(l, logVar, i, d, wide);
        if (!Drawn && k > 0) load4(e, eps, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (i + j >= d) continue;
            if (Drawn) e[j] = normal_at(noise, row.index * d + i + j);
            if (k > 0) {
                x[j] = fmaf(expf(.5f * l[j]), e[j], m[j]);
                sumQ += e[j] * e[j] + LOG_2PI + l[j];
                sumP += .5f * x[j] * x[j] + .5f * LOG_2PI; // halved first: the square may overflow
            }
            kls[j] = .5f * m[j] * m[j] + half_spread(l[j]);
            sumKl += kls[j];
        }
        if (k > 0) store4(x, z, i, d, wide);
        if (diverges && klPerDim) store4(kls, perDim, i, d, wide);
    }
    if (diverges && kl) {
        sumKl = row.sum(sumKl);
        if (row.first()) kl[p] = sumKl;
    }
    if (logQ) {
        sumQ = row.sum(sumQ);
        if (row.first()) logQ[row.index] = -.5f * sumQ;
    }
    if (logP) {
        sumP = row.sum(sumP);
        if (row.first()) logP[row.index] = -sumP;
    }
}

template <int T>
__device__ __forceinline__ void gaussian_reparameterize(const float *mu, const float *logVar, const float *eps, float *z, float *kl, float *klPerDim,
        float *logQ, float *logP, i64 b, i64 k, i64 d) {
    sample<T, false>(mu, logVar, eps, Noise{}, z, kl, klPerDim, logQ, logP, b, k, d);
}
ROW_KERNEL(gaussian_reparameterize,
    (const float *mu, const float *logVar, const float *eps, float *z, float *kl, float *klPerDim, float *logQ, float *logP, i64 b, i64 k, i64 d),
    (mu, logVar, eps, z, kl, klPerDim, logQ, logP, b, k, d))

template <int T>
__device__ __forceinline__ void gaussian_reparameterize_drawn(const float *mu, const float *logVar, Noise noise, float *z, float *kl, float *klPerDim,
        float *logQ, float *logP, i64 b, i64 k, i64 d) {
    sample<T, true>(mu, logVar, nullptr, noise, z, kl, klPerDim, logQ, logP, b, k, d);
}
ROW_KERNEL(gaussian_reparameterize_drawn,
    (const float *mu, const float *logVar, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *z, float *kl,
        float *klPerDim, float *logQ, float *logP, i64 b, i64 k, i64 d),
    (mu, logVar, noise_key(seed, stream, step, clock), z, kl, klPerDim, logQ, logP, b, k, d))

// g = dz − dlogP·z [− dlogQ·(z − mu)/σ², stick the landing]
// dMu += Σ_k g + dkl·mu; dLogVar += Σ_k (½·g·(z − mu) [− ½·dlogQ]) + dkl·½(exp(logVar) − 1)
// with dkl = dKl[p] + dKlPerDim[p,i]; a thread adds up the samples of its dimensions.
template <int T>
__device__ __forceinline__ void gaussian_reparameterize_backward(const float *mu, const float *logVar, const float *z, const float *dz, const float *dKl,
        const float *dKlPerDim, const float *dLogQ, const float *dLogP, int stick, float *dMu, float *dLogVar, i64 b, i64 k, i64 d) {
    Row<T> row;
    if (row.index >= b) return;
    i64 p = row.index;
    mu += p * d, logVar += p * d, dMu += p * d, dLogVar += p * d;
    const float *perDim = dKlPerDim ? dKlPerDim + p * d : dKlPerDim;
    bool wide = wide_rows(d, mu, logVar, dMu, dLogVar, perDim, z, dz);
    bool reached = dz || dLogP || (dLogQ && stick); // 0·∞ would be NaN
    bool diverges = dKl || dKlPerDim;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float m[4], l[4], gm[4] = {}, gl[4] = {};
        load4(m, mu, i, d, wide);
        load4(l, logVar, i, d, wide);
        for (i64 r = p * k; r < (p + 1) * k; ++r) {
            float x[4], g[4] = {};
            load4(x, z + r * d, i, d, wide);
            if (dz) load4(g, dz + r * d, i, d, wide);
            float q = dLogQ ? dLogQ[r] : 0.f, pr = dLogP ? dLogP[r] : 0.f;
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                if (dLogP) g[j] -= pr * x[j];
                if (dLogQ && stick) g[j] -= q * (x[j] - m[j]) * expf(-l[j]);
                if (dLogQ && !stick) gl[j] -= .5f * q;
                if (reached) {
                    gm[j] += g[j];
                    gl[j] += .5f * g[j] * (x[j] - m[j]);
                }
            }
        }
        if (diverges) {
            float g[4] = {};
            if (dKlPerDim) load4(g, perDim, i, d, wide);
            float whole = dKl ? dKl[p] : 0.f;
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                float dkl = g[j] + whole;
                gm[j] += dkl * m[j];
                gl[j] += dkl * .5f * (expf(l[j]) - 1.f);
            }
        }
        add4(gm, dMu, i, d, wide);
        add4(gl, dLogVar, i, d, wide);
    }
}
ROW_KERNEL(gaussian_reparameterize_backward,
    (const float *mu, const float *logVar, const float *z, const float *dz, const float *dKl, const float *dKlPerDim, const float *dLogQ,
        const float *dLogP, int stick, float *dMu, float *dLogVar, i64 b, i64 k, i64 d),
    (mu, logVar, z, dz, dKl, dKlPerDim, dLogQ, dLogP, stick, dMu, dLogVar, b, k, d))

// klPerDim = ½(logVar_p − logVar + (exp(logVar) + (mu − mu_p)²)/exp(logVar_p) − 1), kl its row sum;
// the prior has stride elements from one point to the next: d, or 0 where it is shared.
template <int T>
__device__ __forceinline__ void gaussian_kl_to_prior(const float *mu, const float *logVar, const float *priorMu, const float *priorLogVar, i64 stride,
        float *kl, float *klPerDim, i64 b, i64 d) {
    Row<T> row;
    if (row.index >= b) return;
    i64 p = row.index;
    mu += p * d, logVar += p * d, priorMu += p * stride, priorLogVar += p * stride;
    float *perDim = klPerDim ? klPerDim + p * d : klPerDim;
    bool wide = wide_rows(d, mu, logVar, priorMu, priorLogVar, perDim);
    float sum = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float m[4], l[4], pm[4], pl[4], v[4];
        load4(m, mu, i, d, wide);
        load4(l, logVar, i, d, wide);
        load4(pm, priorMu, i, d, wide);
        load4(pl, priorLogVar, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float scaled = (m[j] - pm[j]) * expf(-.5f * pl[j]);
            v[j] = half_spread(l[j] - pl[j]) + .5f * scaled * scaled;
            if (i + j < d) sum += v[j];
        }
        if (klPerDim) store4(v, perDim, i, d, wide);
    }
    if (kl) {
        sum = row.sum(sum);
        if (row.first()) kl[p] = sum;
    }
}
ROW_KERNEL(gaussian_kl_to_prior,
    (const float *mu, const float *logVar, const float *priorMu, const float *priorLogVar, i64 stride, float *kl, float *klPerDim, i64 b, i64 d),
    (mu, logVar, priorMu, priorLogVar, stride, kl, klPerDim, b, d))

// The gradients of one element: to mu, logVar, and those of the prior.
__device__ __forceinline__ void prior_gradient(float m, float l, float pm, float pl, float g, float &gm, float &gl, float &gpm, float &gpl) {
    float rate = expf(-.5f * pl), scaled = (m - pm) * rate, ratio = expf(l - pl);
    gm = g * scaled * rate;
    gpm = -gm;
    gl = g * .5f * (ratio - 1.f);
    gpl = g * .5f * (1.f - (ratio + scaled * scaled));
}

// dMu, dLogVar += [b,d]; the prior's gradients too where it has one row a point (they are null where shared).
KERNEL(gaussian_kl_to_prior_backward)(const float *mu, const float *logVar, const float *priorMu, const float *priorLogVar, i64 stride,
        const float *dKl, const float *dKlPerDim, float *dMu, float *dLogVar, float *dPriorMu, float *dPriorLogVar, i64 b, i64 d) {
    for (i64 i = flat_index(); i < b * d; i += flat_count()) {
        i64 q = stride ? i : i % d;
        float g = (dKl ? dKl[i / d] : 0.f) + (dKlPerDim ? dKlPerDim[i] : 0.f), gm, gl, gpm, gpl;
        prior_gradient(mu[i], logVar[i], priorMu[q], priorLogVar[q], g, gm, gl, gpm, gpl);
        dMu[i] += gm;
        dLogVar[i] += gl;
        if (dPriorMu) dPriorMu[i] += gpm;
        if (dPriorLogVar) dPriorLogVar[i] += gpl;
    }
}

// The gradients of a shared prior: for each chunk of per points, the sum over them, partMu and partLogVar [chunks,d].
KERNEL(gaussian_shared_prior_backward)(const float *mu, const float *logVar, const float *priorMu, const float *priorLogVar, const float *dKl,
        const float *dKlPerDim, float *partMu, float *partLogVar, i64 b, i64 d, i64 per) {
    i64 chunks = (b + per - 1) / per;
    for (i64 i = flat_index(); i < chunks * d; i += flat_count()) {
        i64 chunk = i / d, q = i % d, end = (chunk + 1) * per < b ? (chunk + 1) * per : b;
        float sumMu = 0, sumLogVar = 0;
        for (i64 p = chunk * per; p < end; ++p) {
            i64 at = p * d + q;
            float g = (dKl ? dKl[p] : 0.f) + (dKlPerDim ? dKlPerDim[at] : 0.f), gm, gl, gpm, gpl;
            prior_gradient(mu[at], logVar[at], priorMu[q], priorLogVar[q], g, gm, gl, gpm, gpl);
            sumMu += gpm;
            sumLogVar += gpl;
        }
        partMu[i] = sumMu;
        partLogVar[i] = sumLogVar;
    }
}

// bounded = min(max(raw, low), high); NaN stays
KERNEL(gaussian_clamp)(const float *raw, float low, float high, float *bounded, i64 n) {
    bool wide = aligned(raw, bounded);
    float v[4];
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        load4(v, raw, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] = v[j] < low ? low : v[j] > high ? high : v[j];
        store4(v, bounded, i, n, whole);
    }
}

// dRaw += dBounded where raw is within the bounds
KERNEL(gaussian_clamp_backward)(const float *raw, float low, float high, const float *dBounded, float *dRaw, i64 n) {
    bool wide = aligned(raw, dBounded, dRaw);
    float v[4], g[4], sum[4];
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        load4(v, raw, i, n, whole);
        load4(g, dBounded, i, n, whole);
        load4(sum, dRaw, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[j] = v[j] < low || v[j] > high ? sum[j] : sum[j] + g[j];
        store4(sum, dRaw, i, n, whole);
    }
}
