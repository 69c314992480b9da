// CouplingKernels: what is elementwise in NICE, RealNVP and autoregressive flows (KERNELS.md §5). rows of d
// dimensions; a dimension is transformed where its mask is not 0, and t and s of the others are not looked at.
#include "flowmath.cuh"

// out = z ± t where transformed, z elsewhere. z, t, out [rows,d]; mask [d].
template <int T>
__device__ __forceinline__ void coupling_additive(const float *z, const float *t, const float *mask, int inverse, float *out, i64 rows, i64 d) {
    Group<T> row;
    if (row.index >= rows) return;
    z += row.index * d, t += row.index * d, out += row.index * d;
    bool wide = wide_rows(d, z, t, mask, out);
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4], m[4];
        load4(x, z, i, d, wide);
        load4(y, t, i, d, wide);
        load4(m, mask, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (m[j] != 0.f) x[j] = inverse ? x[j] - y[j] : x[j] + y[j];
        store4(x, out, i, d, wide);
    }
}
GROUP_KERNEL(coupling_additive, (const float *z, const float *t, const float *mask, int inverse, float *out, i64 rows, i64 d),
    (z, t, mask, inverse, out, rows, d))

// dZ += dOut; dT ±= dOut where transformed. dOut, dZ, dT [rows,d], the last two may be null.
template <int T>
__device__ __forceinline__ void coupling_additive_backward(const float *mask, int inverse, const float *dOut, float *dZ, float *dT, i64 rows,
        i64 d) {
    Group<T> row;
    if (row.index >= rows) return;
    i64 at = row.index * d;
    bool wide = wide_rows(d, mask, dOut + at, dZ ? dZ + at : dZ, dT ? dT + at : dT);
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float g[4], m[4];
        load4(g, dOut + at, i, d, wide);
        if (dZ) add4(g, dZ + at, i, d, wide);
        if (!dT) continue;
        load4(m, mask, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) g[j] = m[j] == 0.f ? 0.f : inverse ? -g[j] : g[j];
        add4(g, dT + at, i, d, wide);
    }
}
GROUP_KERNEL(coupling_additive_backward, (const float *mask, int inverse, const float *dOut, float *dZ, float *dT, i64 rows, i64 d),
    (mask, inverse, dOut, dZ, dT, rows, d))

// b = scale·tanh(s), out = z·exp(b) + t where transformed, z elsewhere, logDet += Σ b; inverse: (z − t)·exp(−b),
// logDet −= Σ b. z, t, s, out [rows,d]; scale, mask [d]; logDet [rows] or null.
template <int T>
__device__ __forceinline__ void coupling_affine(const float *z, const float *t, const float *s, const float *scale, const float *mask, int inverse,
        float *out, float *logDet, i64 rows, i64 d) {
    Group<T> row;
    if (row.index >= rows) return;
    z += row.index * d, t += row.index * d, s += row.index * d, out += row.index * d;
    bool wide = wide_rows(d, z, t, s, scale, mask, out);
    float sum = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4], raw[4], most[4], m[4];
        load4(x, z, i, d, wide);
        load4(y, t, i, d, wide);
        load4(raw, s, i, d, wide);
        load4(most, scale, i, d, wide);
        load4(m, mask, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (m[j] == 0.f) continue;
            float b = most[j] * tanhf(raw[j]);
            sum += b;
            x[j] = inverse ? (x[j] - y[j]) * expf(-b) : fmaf(x[j], expf(b), y[j]);
        }
        store4(x, out, i, d, wide);
    }
    if (!logDet) return;
    sum = row.sum(sum);
    if (row.first()) logDet[row.index] += inverse ? -sum : sum;
}
GROUP_KERNEL(coupling_affine,
    (const float *z, const float *t, const float *s, const float *scale, const float *mask, int inverse, float *out, float *logDet, i64 rows,
        i64 d),
    (z, t, s, scale, mask, inverse, out, logDet, rows, d))

// The gradients of one transformed element: those of z, t and s, and the share of its dimension's scale.
//   forward: dz = g·e, dt = g, db = g·z·e + l        inverse: dz = g·e, dt = −g·e, db = −g·(z − t)·e − l
// with e = exp(±b), ds = db·scale·(1 − tanh²), dscale = db·tanh.
__device__ __forceinline__ void affine_gradient(float z, float t, float s, float scale, int inverse, float g, float l, float &dz, float &dt,
        float &ds, float &dScale) {
    float slope = tanhf(s), e = expf(inverse ? -scale * slope : scale * slope);
    float db = g * (inverse ? z - t : z) * e + l;
    db = inverse ? -db : db;
    dz = g * e;
    dt = inverse ? -dz : g;
    ds = db * scale * tanh_slope(s);
    dScale = db * slope;
}

// A thread takes four dimensions of a chunk of per rows. z, t, s, dOut, dZ, dT, dS [rows,d]; scale, mask [d]; dLogDet
// [rows]; part [chunks,d]: the chunk's Σ dscale. All gradients and part may be null.
KERNEL(coupling_affine_backward)(const float *z, const float *t, const float *s, const float *scale, const float *mask, int inverse,
        const float *dOut, const float *dLogDet, float *dZ, float *dT, float *dS, float *part, i64 rows, i64 per, i64 d) {
    i64 groups = (d + 3) / 4, chunks = (rows + per - 1) / per;
    bool wide = wide_rows(d, z, t, s, scale, mask, dOut, dZ, dT, dS, part);
    for (i64 q = flat_index(); q < chunks * groups; q += flat_count()) {
        i64 chunk = q / groups, i = q % groups * 4, end = (chunk + 1) * per < rows ? (chunk + 1) * per : rows;
        float most[4], m[4], sum[4] = {};
        load4(most, scale, i, d, wide);
        load4(m, mask, i, d, wide);
        for (i64 r = chunk * per; r < end; ++r) {
            float x[4], y[4], raw[4], g[4] = {}, gz[4], gt[4], gs[4];
            load4(x, z + r * d, i, d, wide);
            load4(y, t + r * d, i, d, wide);
            load4(raw, s + r * d, i, d, wide);
            if (dOut) load4(g, dOut + r * d, i, d, wide);
            float l = dLogDet ? dLogDet[r] : 0.f;
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                float share = 0;
                gz[j] = g[j], gt[j] = gs[j] = 0;
                if (m[j] != 0.f) affine_gradient(x[j], y[j], raw[j], most[j], inverse, g[j], l, gz[j], gt[j], gs[j], share);
                sum[j] += share;
            }
            if (dZ) add4(gz, dZ + r * d, i, d, wide);
            if (dT) add4(gt, dT + r * d, i, d, wide);
            if (dS) add4(gs, dS + r * d, i, d, wide);
        }
        if (part) store4(sum, part + chunk * d, i, d, wide);
    }
}

// g = sigmoid(s), out = g·z + (1 − g)·m, logDet −= Σ softplus(−s); inverse: out = m + (z − m)/g, logDet +=.
// z, m, s, out [rows,d]; logDet [rows] or null.
template <int T>
__device__ __forceinline__ void coupling_gated(const float *z, const float *m, const float *s, int inverse, float *out, float *logDet, i64 rows,
        i64 d) {
    Group<T> row;
    if (row.index >= rows) return;
    z += row.index * d, m += row.index * d, s += row.index * d, out += row.index * d;
    bool wide = wide_rows(d, z, m, s, out);
    float sum = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4], raw[4];
        load4(x, z, i, d, wide);
        load4(y, m, i, d, wide);
        load4(raw, s, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (i + j < d) sum += flow_softplus(-raw[j]);
            x[j] = inverse ? y[j] + (x[j] - y[j]) * (1.f + expf(-raw[j])) : flow_sigmoid(raw[j]) * x[j] + flow_sigmoid(-raw[j]) * y[j];
        }
        store4(x, out, i, d, wide);
    }
    if (!logDet) return;
    sum = row.sum(sum);
    if (row.first()) logDet[row.index] += inverse ? sum : -sum;
}
GROUP_KERNEL(coupling_gated, (const float *z, const float *m, const float *s, int inverse, float *out, float *logDet, i64 rows, i64 d),
    (z, m, s, inverse, out, logDet, rows, d))

// dZ += g'·a, dM += g'·(1 − g), dS += (g'·(z − m)·a + l)·(1 − g), a = g, g' = dOut, l = dLogDet; inverse: a = 1/g,
// dM −= g'·(1 − g)/g, dS −=. All [rows,d] but dLogDet [rows]; gradients may be null.
template <int T>
__device__ __forceinline__ void coupling_gated_backward(const float *z, const float *m, const float *s, int inverse, const float *dOut,
        const float *dLogDet, float *dZ, float *dM, float *dS, i64 rows, i64 d) {
    Group<T> row;
    if (row.index >= rows) return;
    i64 at = row.index * d;
    z += at, m += at, s += at;
    dOut = dOut ? dOut + at : dOut, dZ = dZ ? dZ + at : dZ, dM = dM ? dM + at : dM, dS = dS ? dS + at : dS;
    bool wide = wide_rows(d, z, m, s, dOut, dZ, dM, dS);
    float l = dLogDet ? dLogDet[row.index] : 0.f;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4], raw[4], g[4] = {}, gz[4], gm[4], gs[4];
        load4(x, z, i, d, wide);
        load4(y, m, i, d, wide);
        load4(raw, s, i, d, wide);
        if (dOut) load4(g, dOut, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float closed = flow_sigmoid(-raw[j]), e = expf(-raw[j]), slope = inverse ? 1.f + e : flow_sigmoid(raw[j]);
            gz[j] = g[j] * slope;
            gm[j] = inverse ? -g[j] * e : g[j] * closed;
            gs[j] = (g[j] * (x[j] - y[j]) * slope + l) * closed;
            gs[j] = inverse ? -gs[j] : gs[j];
        }
        if (dZ) add4(gz, dZ, i, d, wide);
        if (dM) add4(gm, dM, i, d, wide);
        if (dS) add4(gs, dS, i, d, wide);
    }
}
GROUP_KERNEL(coupling_gated_backward,
    (const float *z, const float *m, const float *s, int inverse, const float *dOut, const float *dLogDet, float *dZ, float *dM, float *dS, i64 rows,
        i64 d),
    (z, m, s, inverse, dOut, dLogDet, dZ, dM, dS, rows, d))
