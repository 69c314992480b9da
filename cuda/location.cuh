// Likelihoods of a location and a scale an element, and their gradients (KERNELS.md §2 and §3). A law has the rate that its
// scale stands for, the log-probability of an element, and its derivatives times g.
#pragma once
#include "pixels.cuh"

// NaN stays.
__device__ __forceinline__ float cut(float v, float low, float high) { return v < low ? low : v > high ? high : v; }

// −½( (x − mean)²·p + logVar + log 2π ), p = exp(−logVar), cut off; the rate is √p, as (x − mean)² alone may overflow.
struct GaussianLaw {
    static const bool SCALED = true;
    static __device__ __forceinline__ float rate(float logVar) { return expf(.5f * cut(-logVar, -87.3f, 88.f)); }
    static __device__ __forceinline__ float value(float mean, float x, float logVar, float rate) {
        float s = (x - mean) * rate;
        return -.5f * (s * s + logVar + 1.8378770664093453f);
    }
    // g·(x − mean)·p and g·½( (x − mean)²·p − 1 )
    static __device__ __forceinline__ void slopes(float mean, float x, float rate, float g, float &toMean, float &toScale) {
        float s = (x - mean) * rate;
        toMean = g * rate * s;
        toScale = g * .5f * (s * s - 1.f);
    }
};

// −( |x − mean|·p + logScale + log 2 ), p = exp(−logScale), cut off.
struct LaplaceLaw {
    static const bool SCALED = true;
    static __device__ __forceinline__ float rate(float logScale) { return expf(cut(-logScale, -87.3f, 88.f)); }
    static __device__ __forceinline__ float value(float mean, float x, float logScale, float rate) {
        return -(fabsf(x - mean) * rate + logScale + .6931471805599453f);
    }
    // g·sign(x − mean)·p and g·( |x − mean|·p − 1 )
    static __device__ __forceinline__ void slopes(float mean, float x, float rate, float g, float &toMean, float &toScale) {
        float d = x - mean;
        toMean = g * (d > 0 ? rate : d < 0 ? -rate : d);
        toScale = g * (fabsf(d) * rate - 1.f);
    }
};

// Discretised logistic: plus, minus = q·(d ± ½), d = x − 255·mean; the rate is q = exp(−logScale)/255, cut off; x a level.
// log(1 − e^−q) − q·max(|d| − ½, 0) − log1p(e^−|plus|) − log1p(e^−|minus|), and one-sided for levels 0 and 255.
struct LogisticLaw {
    static const bool SCALED = false;
    static __device__ __forceinline__ float rate(float logScale) { return expf(cut(-logScale, -80.f, 80.f)) / 255.f; }
    static __device__ __forceinline__ float value(float mean, float x, float, float q) {
        float d = fmaf(-255.f, mean, x), plus = q * (d + .5f), minus = q * (d - .5f);
        float u = x == 255 ? 0.f : expf(-fabsf(plus)), v = x == 0 ? 0.f : expf(-fabsf(minus));
        float beyond = x == 0 ? -d - .5f : x == 255 ? d - .5f : fabsf(d) - .5f; // beyond the bin, to its nearer edge
        float inside = x == 0 || x == 255 ? 0.f : logf(-expm1f(-q));
        return inside - (beyond < 0 ? 0.f : q * beyond) - log1pf(fmaf(u, v, u + v)); // (1 + u)(1 + v)
    }
    // y·sigmoid(−|y|), 0 at ±∞
    static __device__ __forceinline__ float tail(float y, float s) { return s == 0 ? 0 : fabsf(y) * s; }
    static __device__ __forceinline__ void slopes(float mean, float x, float q, float g, float &toMean, float &toScale) {
        float d = fmaf(-255.f, mean, x), plus = q * (d + .5f), minus = q * (d - .5f);
        float u = expf(-fabsf(plus)), v = expf(-fabsf(minus));
        u /= 1.f + u, v /= 1.f + v; // sigmoid(−|y|)
        float slope, scale;
        if (x == 0) { // −sigmoid(−plus)
            slope = plus > 0 ? -u : u - 1.f;
            scale = plus > 0 ? -tail(plus, u) : slope * plus;
        } else if (x == 255) { // sigmoid(minus)
            slope = minus > 0 ? 1.f - v : v;
            scale = minus > 0 ? slope * minus : -tail(minus, v);
        } else { // ½(tanh(plus/2) + tanh(minus/2)), ½tanh(y/2) = sign(y)·(½ − sigmoid(−|y|)); the halves are added up first
            float side = fabsf(d) > .5f ? copysignf(1.f, d) : d == .5f ? .5f : d == -.5f ? -.5f : 0.f;
            slope = side - (plus > 0 ? u : plus < 0 ? -u : 0.f) - (minus > 0 ? v : minus < 0 ? -v : 0.f);
            slope = d == d ? slope : d;
            scale = (fabsf(d) <= .5f ? 0.f : q * (fabsf(d) - .5f)) - tail(plus, u) - tail(minus, v) - q / expm1f(q);
        }
        toMean = g * (slope * (255.f * q));
        toScale = g * scale;
    }
};

// logLik[r] = Σ_n log p; dMean[r,n] += ·; dScale[r,n] += · where every row has its scales; part[r] = Σ_n of the gradient
// to a scale that all share. Null where not wanted. mean, dMean, dScale [R,N], R = B·k; x [B,N]; g, logLik, part [R];
// element (r,n) has scale[r·rowStride + n], or scale[0] where each is 0.
template <class Law, int T, bool Value, bool Slope>
__device__ __forceinline__ void location_rows(const float *mean, Data data, const float *scale, i64 rowStride, int each, const float *g,
        float *logLik, float *dMean, float *dScale, float *part, i64 rows, i64 k, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    i64 r = row.index;
    mean += r * n, scale += r * rowStride;
    data = data.from(r / k * n);
    dMean = Slope && dMean ? dMean + r * n : nullptr;
    dScale = Slope && dScale ? dScale + r * n : nullptr;
    bool wide = wide_rows(n, mean, each ? scale : nullptr, dMean, dScale) && data.wide(n);
    float gradient = Slope ? g[r] : 0.f, total = 0, sum = 0;
    float shared = each ? 0.f : scale[0], sharedRate = Law::rate(shared);
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        float m[4], x[4], s[4] = {}, toMean[4], toScale[4];
        load4(m, mean, i, n, wide);
        data.load<Law::SCALED>(x, i, n, wide);
        if (each) load4(s, scale, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float rate = each ? Law::rate(s[j]) : sharedRate;
            bool is = i + j < n;
            if (Value && is) total += Law::value(m[j], x[j], each ? s[j] : shared, rate);
            if (Slope) Law::slopes(m[j], x[j], rate, gradient, toMean[j], toScale[j]);
            if (Slope && is) sum += toScale[j];
        }
        if (Slope && dMean) add4(toMean, dMean, i, n, wide);
        if (Slope && dScale) add4(toScale, dScale, i, n, wide);
    }
    if (Value) {
        total = row.sum(total);
        if (row.first()) logLik[r] = total;
    }
    if (Slope && part) {
        sum = row.sum(sum);
        if (row.first()) part[r] = sum;
    }
}

// Scales [N] that the rows share: for each chunk of per rows the sums of their gradient, part [chunks,N];
// dMean[r,n] += · on the way, null where not wanted.
template <class Law>
__device__ __forceinline__ void location_columns(const float *mean, Data data, const float *scale, const float *g, float *dMean, float *part,
        i64 rows, i64 k, i64 n, i64 per) {
    i64 chunks = (rows + per - 1) / per;
    for (i64 i = flat_index(); i < chunks * n; i += flat_count()) {
        i64 first = i / n * per, q = i % n, end = first + per < rows ? first + per : rows;
        i64 point = first / k, sample = first % k;
        float rate = Law::rate(scale[q]), sum = 0;
        for (i64 r = first; r < end; ++r) {
            float toMean, toScale;
            Law::slopes(mean[r * n + q], data.template at<Law::SCALED>(point * n + q), rate, g[r], toMean, toScale);
            if (dMean) dMean[r * n + q] += toMean;
            sum += toScale;
            if (++sample == k) sample = 0, ++point;
        }
        part[i] = sum;
    }
}

// The kernels of a law. name: the log-probability. name_backward: its gradients by rows. name_columns: those to a scale
// [N] that the rows share.
#define LOCATION_KERNELS(name, Law)                                                                                            \
    template <int T>                                                                                                           \
    __device__ __forceinline__ void name(const float *mean, Data data, const float *scale, i64 rowStride, int each,            \
            float *logLik, i64 rows, i64 k, i64 n) {                                                                           \
        location_rows<Law, T, true, false>(mean, data, scale, rowStride, each, nullptr, logLik, nullptr, nullptr, nullptr,     \
            rows, k, n);                                                                                                       \
    }                                                                                                                          \
    ROW_KERNEL(name,                                                                                                           \
        (const float *mean, const float *floats, const unsigned char *bytes, const float *scale, i64 rowStride, int each,      \
            float *logLik, i64 rows, i64 k, i64 n),                                                                            \
        (mean, Data{floats, bytes}, scale, rowStride, each, logLik, rows, k, n))                                               \
    template <int T>                                                                                                           \
    __device__ __forceinline__ void name##_backward(const float *mean, Data data, const float *scale, i64 rowStride, int each, \
            const float *g, float *dMean, float *dScale, float *part, i64 rows, i64 k, i64 n) {                                \
        location_rows<Law, T, false, true>(mean, data, scale, rowStride, each, g, nullptr, dMean, dScale, part, rows, k, n);   \
    }                                                                                                                          \
    ROW_KERNEL(name##_backward,                                                                                                \
        (const float *mean, const float *floats, const unsigned char *bytes, const float *scale, i64 rowStride, int each,      \
            const float *g, float *dMean, float *dScale, float *part, i64 rows, i64 k, i64 n),                                 \
        (mean, Data{floats, bytes}, scale, rowStride, each, g, dMean, dScale, part, rows, k, n))                               \
    KERNEL(name##_columns)(const float *mean, const float *floats, const unsigned char *bytes, const float *scale,             \
            const float *g, float *dMean, float *part, i64 rows, i64 k, i64 n, i64 per) {                                      \
        location_columns<Law>(mean, Data{floats, bytes}, scale, g, dMean, part, rows, k, n, per);                              \
    }
