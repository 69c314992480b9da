// What flows share: the contract's edges, the root of a line and a hyperbolic tangent, reflections.
#pragma once
#include "slice.cuh"

#define SMALLEST_SQUARE 1e-30f
#define SMALLEST_SOFTPLUS 1e-30f
#define LARGEST_FLOAT 3.402823466e38f

// A squared norm: 0 where tiny, NaN beyond float32
__device__ __forceinline__ float square_edges(float x) { return x > LARGEST_FLOAT ? NAN : x < SMALLEST_SQUARE ? 0.f : x; }

// ln(1 + e^x); NaN stays
__device__ __forceinline__ float flow_softplus(float x) { return (x > 0.f ? x : 0.f) + log1pf(expf(-fabsf(x))); }

// The same, at least the contract's smallest
__device__ __forceinline__ float positive_softplus(float x) {
    float s = flow_softplus(x);
    return s < SMALLEST_SOFTPLUS ? SMALLEST_SOFTPLUS : s;
}

__device__ __forceinline__ float flow_sigmoid(float x) {
    float e = expf(-fabsf(x));
    return (x < 0.f ? e : 1.f) / (1.f + e);
}

// 1 − tanh²(x), without the rounding of the tanh: it is multiplied by what may be large
__device__ __forceinline__ float tanh_slope(float x) {
    float q = expf(-2.f * fabsf(x));
    return 4.f * q / ((1.f + q) * (1.f + q));
}

// The x with x + (p − 1)·tanh x = y, p > 0: Newton's method within a bracket, as in TanhRoot.java.
__device__ __noinline__ float tanh_root(float slope, float value) {
    double p = slope, goal = fabs((double) value), c = p - 1;
    if (!(goal < INFINITY)) return value;
    double low = c > 0 ? fmax(goal / (1 + c), goal - c) : goal, high = c > 0 ? goal : goal - c;
    double x = c > 0 ? low : high;
    for (int i = 0; i < 200 && low < high; ++i) {
        double t = tanh(x), excess = x + c * t - goal;
        if (excess > 0) high = x;
        else low = x;
        double next = x - excess / (t * t + (1 - t) * (1 + t) * p);
        if (fabs(next - x) <= 2.2e-16 * fabs(x)) break;
        x = next >= low && next <= high ? next : .5 * (low + high);
    }
    return slope != slope ? slope : (float) copysign(x, (double) value);
}

// 2·(vᵀx)/‖v‖² of the products of a whole row; 0 for a vector of zeros
__device__ __forceinline__ float reflection(float product, float square) {
    square = square_edges(square);
    return square == 0.f ? 0.f * product : 2.f * product / square;
}

// x ← x − 2·v·(vᵀx)/‖v‖² with each of the h rows of v [h,d], the first's first or the last's
template <int T, int C>
__device__ __forceinline__ void reflect(const Group<T> &row, Slice<T, C> &x, const float *v, i64 h, bool lastFirst) {
    for (i64 j = 0; j < h; ++j) {
        const float *p = v + (lastFirst ? h - 1 - j : j) * x.d;
        float square = 0, product = 0;
        x.visit([&](i64 i, const float (&y)[4]) {
            float q[4];
            load4(q, p, i, x.d, x.wide);
#pragma unroll
            for (int e = 0; e < 4; ++e) square = fmaf(q[e], q[e], square), product = fmaf(q[e], y[e], product);
        });
        square = row.sum(square);
        x.add(-reflection(row.sum(product), square), p);
    }
}

// Backwards through reflect: x, what left it, becomes what entered it, and g their gradients. Keeps for each
// vector j the f_j = 2·(vᵀx)/‖v‖² and q_j = 2·(vᵀg)/‖v‖² of what left its reflection: kept [2·h], f then q.
template <int T, int C>
__device__ __forceinline__ void reflect_backward(const Group<T> &row, Slice<T, C> &x, Slice<T, C> &g, const float *v, i64 h,
        bool lastFirst, float *kept) {
    for (i64 j = h - 1; j >= 0; --j) {
        i64 vector = lastFirst ? h - 1 - j : j;
        const float *p = v + vector * x.d;
        float square = 0;
        x.visit([&](i64 i, const float (&)[4]) {
            float q[4];
            load4(q, p, i, x.d, x.wide);
#pragma unroll
            for (int e = 0; e < 4; ++e) square = fmaf(q[e], q[e], square);
        });
        square = row.sum(square);
        float toX = reflection(row.sum(x.dot(p)), square), toG = reflection(row.sum(g.dot(p)), square);
        if (row.first()) kept[vector] = toX, kept[h + vector] = toG;
        x.add(-toX, p);
        g.add(-toG, p);
    }
}
