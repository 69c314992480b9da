// Likelihoods of one logit an element, and their gradients (KERNELS.md §2). A law takes four elements, one after another:
// slope is the derivative of the element taken last, value() the sum of the log-probabilities; an element of logit NEUTRAL
// and x = 0 adds nothing.
#pragma once
#include "pixels.cuh"

// x·l − softplus(l) = l·(x − 1[l>0]) − log1p(u), u = exp(−|l|), with 0·∞ = 0; slope x − sigmoid(l).
// The four log1p are one: 1 + product = Π(1 + u), of positive terms, so that nothing cancels.
struct Bernoulli {
    static __device__ __forceinline__ float neutral() { return -INFINITY; }
    float sum = 0, product = 0, slope = 0;
    __device__ __forceinline__ void take(float l, float x) {
        float u = expf(-fabsf(l)), s = l > 0 ? x - 1.f : x, v = u / (1.f + u);
        sum += s == 0 ? 0 : l * s;
        product = fmaf(product, u, product + u);
        slope = l > 0 ? s + v : s - v;
    }
    __device__ __forceinline__ float value() const { return sum - log1pf(product); }
};

// log( a/(1 − e^−a) ) − a·(l>0 ? 1 − x : x), a = |l| at most the largest float;
// slope x − E x = (l>0 ? x − 1 + rest : x − rest), rest = 1/a − 1/(e^a − 1). Both by series where they cancel.
struct ContinuousBernoulli {
    static __device__ __forceinline__ float neutral() { return 0; }
    float sum = 0, slope = 0;
    __device__ __forceinline__ void take(float l, float x) {
        float a = fabsf(l);
        a = a > 3.402823466e38f ? 3.402823466e38f : a;
        float square = a * a;
        float c = a < .05f ? log1pf(.5f * a + square * (1.f / 12)) : logf(a / -expm1f(-a));
        sum += c - a * (l > 0 ? 1.f - x : x);
        float series = fmaf(fmaf(fmaf(fmaf(-1.f / 47900160, square, 1.f / 1209600), square, -1.f / 30240), square, 1.f / 720), square, -1.f / 12);
        float rest = a < 1 ? fmaf(series, a, .5f) : 1.f / a - 1.f / expm1f(a);
        slope = l > 0 ? x - 1.f + rest : x - rest;
    }
    __device__ __forceinline__ float value() const { return sum; }
};

// The least index of an x outside [0,1], for bytes none.
__device__ __forceinline__ void check_unit(float x, i64 index, unsigned *outside) {
    if (x < 0 || x > 1) atomicMin(outside, (unsigned) index);
}

// logLik[r] = Σ_n log p(x|l); dLogits[r,n] += g[r]·slope. logits, dLogits [R,N], R = B·k; x [B,N]; g, logLik [R].
// Value and Slope say which are wanted. Drawn: x is 1[u < pixel/255], u element b·N + n of noise; a thread then takes the
// four elements of a Philox block, 16 apart, else four side by side. outside: null, or where x is checked.
template <class Law, int T, bool Value, bool Slope, bool Drawn>
__device__ __forceinline__ void logit_rows(const float *logits, Data data, Noise noise, const float *g, float *logLik, float *dLogits,
        unsigned *outside, i64 rows, i64 k, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    i64 start = row.index / k * n;
    logits += row.index * n;
    if (Slope) dLogits += row.index * n;
    data = data.from(start);
    bool wide = !Drawn && wide_rows(n, logits, Slope ? dLogits : nullptr) && data.wide(n);
    float gradient = Slope ? g[row.index] : 0.f, total = 0;
    for (i64 q = row.lane;; q += T) {
        i64 i = Drawn ? (q >> 4) * 64 + (q & 15) - (start & 63) : 4 * q;
        if (i >= n) break;
        float l[4], x[4], d[4];
        if (Drawn) {
            uint4 bits = philox(noise, (unsigned long long) (start >> 6) * 16 + q);
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                i64 e = i + 16 * j;
                bool is = e >= 0 && e < n;
                l[j] = is ? logits[e] : Law::neutral();
                x[j] = is ? binary_of(word_of(bits, j), data.bytes[e]) : 0.f;
            }
        } else {
            load4(l, logits, i, n, wide);
            data.load<true>(x, i, n, wide);
        }
        Law law;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (!Drawn && i + j >= n) l[j] = Law::neutral();
            if (outside) check_unit(x[j], start + i + j, outside);
            law.take(l[j], x[j]);
            d[j] = gradient * law.slope;
        }
        if (Value) total += law.value();
        if (Slope && !Drawn) add4(d, dLogits, i, n, wide);
        if (Slope && Drawn) {
#pragma unroll
            for (int j = 0; j < 4; ++j)
                if (i + 16 * j >= 0 && i + 16 * j < n) dLogits[i + 16 * j] += d[j];
        }
    }
    if (Value) {
        total = row.sum(total);
        if (row.first()) logLik[row.index] = total;
    }
}
