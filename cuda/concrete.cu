// ConcreteKernels: Gumbel-max and Concrete samples (KERNELS.md §7). Rows of n variables of c categories; u is
// element r·n·c + i of the uniforms of the noise, G = −log(−log u). Binary ones: concrete_binary.cu.
#include "philox.cuh"
#include "variables.cuh"

// The largest z of a variable and its category, the first of equals; NaN where a z is NaN or +∞, or all are −∞.
struct Best {
    float z, index;
};

// z = logAlpha + G of this lane's categories into out, unless null; the sums for the density of the sample:
// Σ_c −G and Σ_c exp(−G), NaN where a logit is not finite.
template <int T, int G>
__device__ __forceinline__ Best perturb(const Variable<T, G> &v, const float *logAlpha, const Noise &noise, i64 element, float *out, float &sumLog, float &sum) {
    float best = -INFINITY, bad = 0, index = 0;
    sumLog = sum = 0;
    for (int i = v.lane; i < v.c; i += G) {
        float e = -logf(uniform_at(noise, element + v.from + i)), minusG = logf(e), l = logAlpha[v.from + i];
        float z = l - minusG;
        if (out) out[v.from + i] = z;
        if (!(z < INFINITY)) bad = 1;
        if (z > best) best = z, index = (float) i;
        sumLog += minusG + 0.f * l;
        sum += e;
    }
    for (int o = G / 2; o > 0; o >>= 1) {
        float z = __shfl_xor_sync(ALL_LANES, best, o), other = __shfl_xor_sync(ALL_LANES, index, o);
        if (z > best || (z == best && other < index)) best = z, index = other;
    }
    bool wrong = group_max<G>(bad) > 0 || best == -INFINITY;
    return wrong ? Best{NAN, NAN} : Best{best, index};
}

// oneHot [r,n·c], 1 at the category and 0 elsewhere
template <int T, int G>
__device__ __forceinline__ void write_one_hot(const Variable<T, G> &v, float index, float *oneHot) {
    for (int i = v.lane; i < v.c; i += G) oneHot[v.from + i] = index != index ? index : index == (float) i ? 1.f : 0.f;
}

// index [r,n] = argmax_c( logAlpha + G ), oneHot [r,n·c]; logAlpha [b,n·c], null is not wanted.
template <int T, int G>
__device__ __forceinline__ void concrete_gumbel_max(const float *logAlpha, Noise noise, float *oneHot, float *index, i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    logAlpha += quotient(row.index, k) * n * c;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        float sumLog, sum;
        Best best = perturb(v, logAlpha, noise, row.index * n * c, nullptr, sumLog, sum);
        if (index && v.first()) index[row.index * n + v.index] = best.index;
        if (oneHot) write_one_hot(v, best.index, oneHot + row.index * n * c);
    }
}
VARIABLE_KERNEL(concrete_gumbel_max,
    (const float *logAlpha, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *oneHot, float *index, i64 b, i64 k, i64 n, i64 c),
    (logAlpha, noise_key(seed, stream, step, clock), oneHot, index, b, k, n, c))

// logY = (z − top)/τ − log Σ exp((z − top)/τ) in place of z, and y = exp(logY) unless null.
template <int T, int G>
__device__ __forceinline__ void relax(const Variable<T, G> &v, const float *z, float top, float inverse, float *logY, float *y) {
    float sum = 0;
    for (int i = v.lane; i < v.c; i += G) sum += expf((z[v.from + i] - top) * inverse);
    float logSum = logf(group_sum<G>(sum));
    for (int i = v.lane; i < v.c; i += G) {
        float l = (z[v.from + i] - top) * inverse - logSum;
        logY[v.from + i] = l;
        if (y) y[v.from + i] = expf(l);
    }
}

// logY = (logAlpha + G)/τ − logsumexp_c, y = exp(logY), oneHot, all [r,n·c]; constant = log Γ(c) + (c − 1) log τ,
// logQ [r] = Σ_n ( constant − Σ_c G − c·logsumexp_c(−G) ); y, oneHot, logQ null where not wanted.
template <int T, int G>
__device__ __forceinline__ void concrete_sample(const float *logAlpha, float tau, float constant, Noise noise, float *logY, float *y, float *oneHot,
        float *logQ, i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    i64 columns = n * c, element = row.index * columns;
    logAlpha += quotient(row.index, k) * columns;
    float density = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        float sumLog, sum;
        Best best = perturb(v, logAlpha, noise, element, logY + element, sumLog, sum);
        relax(v, logY + element, best.z, 1.f / tau, logY + element, y ? y + element : y);
        if (oneHot) write_one_hot(v, best.index, oneHot + element);
        if (logQ) {
            sumLog = group_sum<G>(sumLog), sum = group_sum<G>(sum);
            if (v.first()) density += constant + sumLog - c * logf(sum) + 0.f * best.z;
        }
    }
    if (logQ) {
        density = row.sum(density);
        if (row.first()) logQ[row.index] = density;
    }
}
VARIABLE_KERNEL(concrete_sample,
    (const float *logAlpha, float tau, float constant, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *logY,
        float *y, float *oneHot, float *logQ, i64 b, i64 k, i64 n, i64 c),
    (logAlpha, tau, constant, noise_key(seed, stream, step, clock), logY, y, oneHot, logQ, b, k, n, c))

// The largest d = logAlpha − τ·logY of a variable and Σ exp(d − top): where that is infinite NaN.
template <int T, int G>
__device__ __forceinline__ void differences(const Variable<T, G> &v, const float *logAlpha, float tau, const float *logY, float &top, float &sum) {
    top = -INFINITY, sum = 0;
    for (int i = v.lane; i < v.c; i += G) top = fmaxf(top, fmaf(-tau, logY[v.from + i], logAlpha[v.from + i]));
    top = group_max<G>(top);
    if (fabsf(top) == INFINITY) top = NAN;
    for (int i = v.lane; i < v.c; i += G) sum += expf(fmaf(-tau, logY[v.from + i], logAlpha[v.from + i]) - top);
    sum = group_sum<G>(sum);
}

// With g = dLogY + dY·y [− dLogQ·τ·(1 − c·softmax d), stick the landing] and h = g − y·Σ_c g:
// dLogAlpha += Σ_k h/τ, dTau −= Σ h·logY/τ [− Σ_r dLogQ·n(c − 1)/τ, not stick the landing]. See Chunk;
// tauPart [b·chunks]: what each adds to dTau. dLogY, dY, dLogQ, dLogAlpha, tauPart may be null.
template <int T, int G>
__device__ __forceinline__ void concrete_sample_backward(const float *logAlpha, float tau, const float *logY, const float *dLogY, const float *dY,
        const float *dLogQ, int stick, float *dLogAlpha, float *tauPart, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    logAlpha += chunk.point * columns;
    float *target = chunk.target(dLogAlpha, b, columns), inverse = 1.f / tau, toTau = 0;
    for (i64 r = chunk.first; r < chunk.end; ++r) {
        const float *sample = logY + r * columns, *gLog = dLogY ? dLogY + r * columns : dLogY, *gY = dY ? dY + r * columns : dY;
        float q = dLogQ ? dLogQ[r] : 0.f;
        if (dLogQ && !stick && row.first()) toTau += q * (float) (n * (c - 1)) * inverse;
        for (i64 at = 0; at < n; at += T / G) {
            Variable<T, G> v(row.lane, at, n, c);
            float top = 0, sum = 1, total = 0;
            bool inner = dLogQ && stick;
            if (inner) differences(v, logAlpha, tau, sample, top, sum);
            float share = 1.f / sum;
            for (int pass = 0; pass < 2; ++pass) {
                for (int i = v.from + v.lane; i < v.from + v.c; i += G) {
                    float l = sample[i], y = expf(l), g = (gLog ? gLog[i] : 0.f) + (gY ? gY[i] * y : 0.f);
                    if (inner) g -= q * tau * (1.f - c * (expf(fmaf(-tau, l, logAlpha[i]) - top) * share));
                    if (pass == 0) {
                        total += g;
                    } else {
                        float h = (g - y * total) * inverse;
                        if (target) chunk.add(target, i, h, r);
                        if (tauPart) toTau -= h * l;
                    }
                }
                if (pass == 0) total = group_sum<G>(total);
            }
        }
    }
    if (tauPart) {
        toTau = row.sum(toTau);
        if (row.first()) tauPart[row.index] = toTau;
    }
}
VARIABLE_KERNEL(concrete_sample_backward,
    (const float *logAlpha, float tau, const float *logY, const float *dLogY, const float *dY, const float *dLogQ, int stick, float *dLogAlpha,
        float *tauPart, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per),
    (logAlpha, tau, logY, dLogY, dY, dLogQ, stick, dLogAlpha, tauPart, b, k, n, c, chunks, per))

// logDensity [r] = Σ_n ( constant + Σ_c d − c·logsumexp_c d [− Σ_c logY, of y] ), d = logAlpha − τ·logY
template <int T, int G>
__device__ __forceinline__ void concrete_log_density(const float *logAlpha, float tau, float constant, const float *logY, int ofY, float *logDensity,
        i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    logAlpha += quotient(row.index, k) * n * c;
    logY += row.index * n * c;
    float density = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        float top, sum;
        differences(v, logAlpha, tau, logY, top, sum);
        for (int i = v.from + v.lane; i < v.from + v.c; i += G) {
            density += fmaf(-tau, logY[i], logAlpha[i]) - top;
            if (ofY) density -= logY[i];
        }
        if (v.first()) density += constant - c * logf(sum);
    }
    density = row.sum(density);
    if (row.first()) logDensity[row.index] = density;
}
VARIABLE_KERNEL(concrete_log_density,
    (const float *logAlpha, float tau, float constant, const float *logY, int ofY, float *logDensity, i64 b, i64 k, i64 n, i64 c),
    (logAlpha, tau, constant, logY, ofY, logDensity, b, k, n, c))

// With h = dLogDensity·(1 − c·softmax d): dLogAlpha += Σ_k h, dLogY −= τ·h [+ dLogDensity, of y],
// dTau += Σ_r dLogDensity·n(c − 1)/τ − Σ h·logY. See Chunk; dLogAlpha, dLogY, tauPart may be null.
template <int T, int G>
__device__ __forceinline__ void concrete_log_density_backward(const float *logAlpha, float tau, const float *logY, int ofY, const float *dLogDensity,
        float *dLogAlpha, float *dLogY, float *tauPart, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    logAlpha += chunk.point * columns;
    float *target = chunk.target(dLogAlpha, b, columns), inverse = 1.f / tau, toTau = 0;
    for (i64 r = chunk.first; r < chunk.end; ++r) {
        const float *sample = logY + r * columns;
        float g = dLogDensity[r];
        if (row.first()) toTau += g * (float) (n * (c - 1)) * inverse;
        for (i64 at = 0; at < n; at += T / G) {
            Variable<T, G> v(row.lane, at, n, c);
            float top, sum;
            differences(v, logAlpha, tau, sample, top, sum);
            float share = 1.f / sum;
            for (int i = v.from + v.lane; i < v.from + v.c; i += G) {
                float l = sample[i], h = g * (1.f - c * (expf(fmaf(-tau, l, logAlpha[i]) - top) * share));
                if (target) chunk.add(target, i, h, r);
                if (dLogY) dLogY[r * columns + i] -= tau * h + (ofY ? g : 0.f);
                toTau -= h * l;
            }
        }
    }
    if (tauPart) {
        toTau = row.sum(toTau);
        if (row.first()) tauPart[row.index] = toTau;
    }
}
VARIABLE_KERNEL(concrete_log_density_backward,
    (const float *logAlpha, float tau, const float *logY, int ofY, const float *dLogDensity, float *dLogAlpha, float *dLogY, float *tauPart, i64 b, i64 k,
        i64 n, i64 c, i64 chunks, i64 per),
    (logAlpha, tau, logY, ofY, dLogDensity, dLogAlpha, dLogY, tauPart, b, k, n, c, chunks, per))

// z[d] = S − log e_d, z[i] = −log( e_i·exp(−logAlpha_i) + exp(−z_d) ) < z[d], e = −log u, S = logsumexp logAlpha;
// logY = z/τ − logsumexp_c(z/τ) unless null. z, logY [r,n·c]; index [r,n]: d.
template <int T, int G>
__device__ __forceinline__ void concrete_conditional(const float *logAlpha, float tau, const float *index, Noise noise, float *z, float *logY, i64 b,
        i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    i64 element = row.index * n * c;
    logAlpha += quotient(row.index, k) * n * c;
    z += element;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logAlpha);
        int d = v.valid ? (int) index[row.index * n + v.index] : 0;
        float top = all.top + all.logSum - (v.valid ? logf(-logf(uniform_at(noise, element + v.from + d))) : 0.f);
        for (int i = v.lane; i < v.c; i += G) {
            float a = i == d ? 0.f : logf(-logf(uniform_at(noise, element + v.from + i))) - logAlpha[v.from + i];
            float below = -fmaxf(a, -top) - log1pf(expf(-fabsf(a + top)));
            if (below >= top) below = nextafterf(top, -INFINITY);
            z[v.from + i] = i == d ? top : below;
        }
        if (logY) relax(v, z, top, 1.f / tau, logY + element, nullptr);
    }
}
VARIABLE_KERNEL(concrete_conditional,
    (const float *logAlpha, float tau, const float *index, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *z,
        float *logY, i64 b, i64 k, i64 n, i64 c),
    (logAlpha, tau, index, noise_key(seed, stream, step, clock), z, logY, b, k, n, c))

// With h = dLogY − y·Σ_c dLogY, g = dz + h/τ, w = exp(z − max z): dLogAlpha += Σ_k ( g(1 − w) + softmax(logAlpha)·Σ_c g·w ),
// dTau −= Σ h·logY/τ. See Chunk; logY and dLogY are null together, dz, dLogAlpha, tauPart may be.
template <int T, int G>
__device__ __forceinline__ void concrete_conditional_backward(const float *logAlpha, float tau, const float *z, const float *logY, const float *dz,
        const float *dLogY, float *dLogAlpha, float *tauPart, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    logAlpha += chunk.point * columns;
    float *target = chunk.target(dLogAlpha, b, columns), inverse = 1.f / tau, toTau = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logAlpha);
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            i64 from = r * columns + v.from;
            float top = -INFINITY, total = 0, toTop = 0;
            for (int i = v.lane; i < v.c; i += G) {
                top = fmaxf(top, z[from + i]);
                if (dLogY) total += dLogY[from + i];
            }
            top = group_max<G>(top), total = group_sum<G>(total);
            for (int pass = 0; pass < 2; ++pass) {
                for (int i = v.lane; i < v.c; i += G) {
                    float g = dz ? dz[from + i] : 0.f, w = expf(z[from + i] - top);
                    if (dLogY) {
                        float l = logY[from + i], h = (dLogY[from + i] - expf(l) * total) * inverse;
                        g += h;
                        if (pass == 0) toTau -= h * l;
                    }
                    if (pass == 0) toTop += g * w;
                    else if (target) chunk.add(target, v.from + i, g * (1.f - w) + all.p(logAlpha[v.from + i]) * toTop, r);
                }
                if (pass == 0) toTop = group_sum<G>(toTop);
            }
        }
    }
    if (tauPart) {
        toTau = row.sum(toTau);
        if (row.first()) tauPart[row.index] = toTau;
    }
}
VARIABLE_KERNEL(concrete_conditional_backward,
    (const float *logAlpha, float tau, const float *z, const float *logY, const float *dz, const float *dLogY, float *dLogAlpha, float *tauPart, i64 b,
        i64 k, i64 n, i64 c, i64 chunks, i64 per),
    (logAlpha, tau, z, logY, dz, dLogY, dLogAlpha, tauPart, b, k, n, c, chunks, per))
