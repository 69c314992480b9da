// OptimKernels: sweeps over flat buffers of all parameters.
#include "totals.cuh"

// The numbers of AdamStep.java, with both bias corrections folded into size and epsilon.
struct Adam {
    float share1, share2, size, epsilon, decay;
    i64 decayed;
};

// g = scale·grad; m += (1 − β1)·(g − m); v += (1 − β2)·(g² − v); p −= size·m/(√v + ε') + decay·p where i < decayed
__device__ __forceinline__ void adam_step(const Adam &s, float g, float &p, float &m, float &v, bool decays) {
    m = fmaf(g - m, s.share1, m);
    v = fmaf(g * g - v, s.share2, v);
    float shrink = decays ? p * s.decay : 0.f;
    p -= fmaf(m / (sqrtf(v) + s.epsilon), s.size, shrink);
}

// Whether a step happens: its guard [1], or null, is a number.
__device__ __forceinline__ bool allowed(const float *guard) { return !guard || fabsf(guard[0]) <= 3.402823466e38f; }

// And grad = 0, which is all where the guard forbids the step. param, grad, m, v [n]; scale [1], or null for 1; guard [1], or null;
// numbers {size, epsilon, decay}, or null for the three that follow: a captured graph reads them anew each step.
KERNEL(optim_adam)(float *param, float *grad, float *m, float *v, const float *scale, const float *guard, float share1, float share2,
        const float *numbers, float size, float epsilon, float decay, i64 decayed, i64 n) {
    Adam s{share1, share2, size, epsilon, decay, decayed};
    if (numbers) {
        s.size = numbers[0];
        s.epsilon = numbers[1];
        s.decay = numbers[2];
    }
    bool stays = !allowed(guard);
    float factor = scale ? scale[0] : 1.f;
    bool wide = aligned(param, grad, m, v);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float p[4], g[4], first[4], second[4], none[4] = {};
        if (stays) {
            store4(none, grad, i, n, whole);
            continue;
        }
        load4(p, param, i, n, whole);
        load4(g, grad, i, n, whole);
        load4(first, m, i, n, whole);
        load4(second, v, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) adam_step(s, factor * g[j], p[j], first[j], second[j], i + j < s.decayed);
        store4(p, param, i, n, whole);
        store4(first, m, i, n, whole);
        store4(second, v, i, n, whole);
        store4(none, grad, i, n, whole);
    }
}

// The first stage of out = Σ x²: part[block], or out where the block is alone. x [n]; part [blocks]; out [1]
KERNEL(optim_squared_norm)(const float *x, i64 n, float *part, float *out) {
    float sum = share_total<true>(x, n);
    if (threadIdx.x == 0) *(gridDim.x == 1 ? out : part + blockIdx.x) = sum;
}

// The second, one block: out = Σ part; part [n], out [1]
KERNEL(optim_total)(const float *part, i64 n, float *out) {
    float sum = share_total<false>(part, n);
    if (threadIdx.x == 0) out[0] = sum;
}

// scale = min(1, maxNorm/√squaredNorm), NaN for NaN; one thread
KERNEL(optim_clip_scale)(const float *squaredNorm, float maxNorm, float *scale) {
    double ratio = maxNorm / sqrt((double) squaredNorm[0]);
    if (threadIdx.x == 0) scale[0] = ratio >= 1. ? 1.f : (float) ratio;
}

// average = decay·average + (1 − decay)·param, n elements, where the guard [1], or null, allows
KERNEL(optim_polyak)(float *average, const float *param, float decay, const float *guard, i64 n) {
    if (!allowed(guard)) return;
    bool wide = aligned(average, param);
    float share = 1.f - decay;
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float a[4], p[4];
        load4(a, average, i, n, whole);
        load4(p, param, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) a[j] = fmaf(a[j], decay, p[j] * share);
        store4(a, average, i, n, whole);
    }
}
