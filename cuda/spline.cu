// SplineKernels: monotone rational-quadratic splines (KERNELS.md §5). rows of d dimensions, dt of them transformed:
// index [dt + 1] has these, and behind them whether the mask sets dt. A row of params is 3·bins − 1 vectors of dt: widths, heights, derivatives at the inner knots.
#include "flowmath.cuh"

#define MIN_BIN 1e-3f
#define MIN_DERIVATIVE 1e-3f

// index[i] = the i-th dimension whose mask is not 0, i < dt; index[dt] = whether there are dt of them. One warp; mask [d].
KERNEL(spline_index)(const float *mask, int *index, i64 d, i64 dt) {
    int lane = threadIdx.x;
    i64 count = 0;
    for (i64 from = 0; from < d; from += WARP) {
        bool set = from + lane < d && mask[from + lane] != 0.f;
        unsigned lanes = __ballot_sync(ALL_LANES, set);
        i64 at = count + __popc(lanes & ((1u << lane) - 1u));
        if (set && at < dt) index[at] = (int) (from + lane);
        count += __popc(lanes);
    }
    if (lane == 0) index[dt] = count == dt;
}

// The softmax of bins numbers, stride apart: the largest, and the sum of their exponentials less it
struct Softmax {
    const float *raw;
    int stride;
    float most, sum;
    __device__ __forceinline__ Softmax(const float *raw, int stride, int bins) : raw(raw), stride(stride), most(raw[0]), sum(0) {
        for (int k = 1; k < bins; ++k) most = fmaxf(most, raw[(i64) k * stride]);
        for (int k = 0; k < bins; ++k) sum += exponential(k);
    }
    __device__ __forceinline__ float exponential(int k) const { return expf(raw[(i64) k * stride] - most); }
};

// One axis of a bin: its left end and size, and the exponentials of the bins before it and its own
struct Side {
    float knot, size, before, own;
};

// The bin that v lies in on the key axis; that bin on the other.
__device__ __forceinline__ int find_bin(const Softmax &key, const Softmax &other, int bins, float bound, float v, Side &onKey, Side &onOther) {
    float share = 2.f * bound * (1.f - bins * MIN_BIN), least = 2.f * bound * MIN_BIN;
    float rate = share / key.sum, otherRate = share / other.sum;
    float e = key.exponential(0), f = other.exponential(0);
    onKey = Side{-bound, fmaf(e, rate, least), 0.f, e};
    onOther = Side{-bound, fmaf(f, otherRate, least), 0.f, f};
    int bin = 0;
    while (bin + 1 < bins && onKey.knot + onKey.size <= v) {
        ++bin;
        e = key.exponential(bin), f = other.exponential(bin);
        onKey = Side{onKey.knot + onKey.size, fmaf(e, rate, least), onKey.before + onKey.own, e};
        onOther = Side{onOther.knot + onOther.size, fmaf(f, otherRate, least), onOther.before + onOther.own, f};
    }
    return bin;
}

__device__ __forceinline__ float unit(float u) { return u < 0.f ? 0.f : u > 1.f ? 1.f : u; }

// A point in its bin: u = (x − x_k)/w and v = 1 − u, and what f and f' are made of there
struct Point {
    int bin;
    Side x, y;
    float raw0, raw1; // derivatives at both ends before their softplus
    float d0, d1, s, u, v, bend, below, rise, slope;

    __device__ __forceinline__ Point(const Softmax &widths, const Softmax &heights, const float *derivatives, i64 stride, int bins, float bound,
            float value, int inverse) {
        bin = inverse ? find_bin(heights, widths, bins, bound, value, y, x) : find_bin(widths, heights, bins, bound, value, x, y);
        raw0 = bin > 0 ? derivatives[(bin - 1) * stride] : 0.f;
        raw1 = bin + 1 < bins ? derivatives[bin * stride] : 0.f;
        d0 = bin > 0 ? MIN_DERIVATIVE + flow_softplus(raw0) : 1.f;
        d1 = bin + 1 < bins ? MIN_DERIVATIVE + flow_softplus(raw1) : 1.f;
        s = y.size / x.size;
        if (inverse) solve(unit((value - y.knot) / y.size));
        else u = unit((value - x.knot) / x.size), v = 1.f - u;
        bend = d0 + d1 - 2.f * s;
        below = fmaf(bend, u * v, s);
        rise = d0 * v * v + d1 * u * u + 2.f * s * (u * v);
        slope = s / below * (s / below) * rise;
    }
    // u of the value η of the bin's height: of the two roots' forms the one that does not cancel
    __device__ __forceinline__ void solve(float eta) {
        float rest = 1.f - eta, p = fmaf(-d1, eta, d0 * rest);
        float root = sqrtf(fmaf(p, p, 2.f * s * eta * (2.f * s * rest))) + fabsf(p);
        float part = 2.f * s * (p >= 0.f ? eta : rest), near = part / (part + root), far = root / (part + root);
        u = p >= 0.f ? near : far;
        v = p >= 0.f ? far : near;
    }
    __device__ __forceinline__ float above() const { return fmaf(s * u, u, d0 * (u * v)); }
};

// out = f(z), logDet += Σ log f'; inverse: f(out) = z, logDet −= Σ log f'(out); what is outside [−bound, bound] stays, as
// do the dimensions that the mask leaves out. z, out [rows,d]; params [rows,(3·bins − 1)·dt]; logDet [rows] or null. All is
// NaN where the mask does not set dt dimensions.
template <int T>
__device__ __forceinline__ void spline_transform(const float *z, const float *params, const float *mask, const int *index, int bins, float bound,
        int inverse, float *out, float *logDet, i64 rows, i64 d, i64 dt) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    z += r * d, out += r * d, params += r * (3 * bins - 1) * dt;
    if (!index[dt]) {
        for (i64 i = row.lane; i < d; i += T) out[i] = NAN;
        if (logDet && row.first()) logDet[r] = NAN;
        return;
    }
    for (i64 i = row.lane; i < d; i += T)
        if (mask[i] == 0.f) out[i] = z[i];
    float sum = 0;
    for (i64 i = row.lane; i < dt; i += T) {
        int at = index[i];
        float value = z[at];
        if (!(fabsf(value) > bound)) {
            Softmax widths(params + i, dt, bins), heights(params + bins * dt + i, dt, bins);
            Point p(widths, heights, params + 2 * bins * dt + i, dt, bins, bound, value, inverse);
            value = inverse ? fmaf(p.u, p.x.size, p.x.knot) : fmaf(p.above() / p.below, p.y.size, p.y.knot);
            sum += logf(p.slope);
        }
        out[at] = value;
    }
    if (!logDet) return;
    sum = row.sum(sum);
    if (row.first()) logDet[r] += inverse ? -sum : sum;
}
GROUP_KERNEL(spline_transform,
    (const float *z, const float *params, const float *mask, const int *index, int bins, float bound, int inverse, float *out, float *logDet,
        i64 rows, i64 d, i64 dt),
    (z, params, mask, index, bins, bound, inverse, out, logDet, rows, d, dt))

// Gradients to the ends, sizes and derivatives of a bin, and to its input, of g·f + gLog·log f', or of g·f⁻¹ −
// gLog·log f' for the inverse (SplineReference.slopes).
struct Slopes {
    float input, x, w, y, h, d0, d1;
    __device__ __forceinline__ Slopes(const Point &p, float g, float gLog, int inverse) {
        float u = p.u, v = p.v, uv = u * v, tilt = v - u, s = p.s;
        float logU = 2.f * ((p.d1 * u - p.d0 * v + s * tilt) / p.rise - p.bend * tilt / p.below);
        float viaLog = gLog * logU / p.x.size;
        input = inverse ? (g - viaLog) / p.slope : fmaf(g, p.slope, viaLog);
        if (inverse) g = -input, gLog = -gLog;
        float toU = fmaf(g * p.slope, p.x.size, gLog * logU);
        float part = p.above() / p.below, toF = g * p.y.size / p.below;
        float toBelow = -(toF * part + 2.f * gLog / p.below), toRise = gLog / p.rise;
        float toS = toF * u * u + toBelow * (1.f - 2.f * uv) + toRise * 2.f * uv + 2.f * gLog / s;
        x = -toU / p.x.size;
        w = -(toU * u + toS * s) / p.x.size;
        y = g;
        h = g * part + toS / p.x.size;
        d0 = (toF + toBelow) * uv + toRise * v * v;
        d1 = toBelow * uv + toRise * u * u;
    }
};

// From the left end and the size of a bin to the numbers before the softmax: d_j += share·p_j·(g_j − Σ p·g), g_j = toKnot
// before the bin, toSize in it, 0 behind.
__device__ __forceinline__ void add_softmax_gradient(const Softmax &axis, const Side &side, int bin, int bins, float bound, float toKnot,
        float toSize, float *d) {
    float rate = 1.f / axis.sum, mean = fmaf(toKnot, side.before, toSize * side.own) * rate;
    rate *= 2.f * bound * (1.f - bins * MIN_BIN);
#pragma unroll 2
    for (int k = 0; k < bins; ++k) d[(i64) k * axis.stride] += axis.exponential(k) * rate * ((k < bin ? toKnot : k == bin ? toSize : 0.f) - mean);
}

// dZ += and dParams +=, NaN where the mask does not set dt dimensions; dOut [rows,d] or null, dLogDet [rows] or null, dZ [rows,d] or null, dParams like params or null.
template <int T>
__device__ __forceinline__ void spline_backward(const float *z, const float *params, const float *mask, const int *index, int bins, float bound,
        int inverse, const float *dOut, const float *dLogDet, float *dZ, float *dParams, i64 rows, i64 d, i64 dt) {
    Group<T> row;
    i64 r = row.index, width = (3 * bins - 1) * dt;
    if (r >= rows) return;
    z += r * d, params += r * width;
    if (!index[dt]) {
        for (i64 i = row.lane; dZ && i < d; i += T) dZ[r * d + i] = NAN;
        for (i64 i = row.lane; dParams && i < width; i += T) dParams[r * width + i] = NAN;
        return;
    }
    if (dZ && dOut)
        for (i64 i = row.lane; i < d; i += T)
            if (mask[i] == 0.f) dZ[r * d + i] += dOut[r * d + i];
    for (i64 i = row.lane; i < dt; i += T) {
        int at = index[i];
        float g = dOut ? dOut[r * d + at] : 0.f;
        if (!(fabsf(z[at]) > bound)) {
            Softmax widths(params + i, dt, bins), heights(params + bins * dt + i, dt, bins);
            Point p(widths, heights, params + 2 * bins * dt + i, dt, bins, bound, z[at], inverse);
            Slopes to(p, g, dLogDet ? dLogDet[r] : 0.f, inverse);
            g = to.input;
            if (dParams) {
                float *own = dParams + r * width + i, *derivatives = own + 2 * bins * dt;
                add_softmax_gradient(widths, p.x, p.bin, bins, bound, to.x, to.w, own);
                add_softmax_gradient(heights, p.y, p.bin, bins, bound, to.y, to.h, own + bins * dt);
                if (p.bin > 0) derivatives[(p.bin - 1) * dt] += to.d0 * flow_sigmoid(p.raw0);
                if (p.bin + 1 < bins) derivatives[p.bin * dt] += to.d1 * flow_sigmoid(p.raw1);
            }
        }
        if (dZ) dZ[r * d + at] += g;
    }
}
GROUP_KERNEL(spline_backward,
    (const float *z, const float *params, const float *mask, const int *index, int bins, float bound, int inverse, const float *dOut,
        const float *dLogDet, float *dZ, float *dParams, i64 rows, i64 d, i64 dt),
    (z, params, mask, index, bins, bound, inverse, dOut, dLogDet, dZ, dParams, rows, d, dt))
