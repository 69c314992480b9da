// Activation.java: the activations of dense layers and their slopes. The numbers are those of the enum.
#pragma once
#include "common.cuh"

#define NONE 0
#define RELU 1
#define TANH 2
#define SIGMOID 3
#define SOFTPLUS 4
#define ELU 5
#define GELU 6
#define SILU 7

#define SQRT_HALF 0.70710678f
#define INVERSE_SQRT_2PI 0.39894228f

// 1/(1 + exp(−v)) with its full relative accuracy on both sides
__device__ __forceinline__ float sigmoid(float v) {
    float e = expf(-fabsf(v));
    return (v < 0.f ? e : 1.f) / (1.f + e);
}

// log(1 + exp(v))
__device__ __forceinline__ float softplus(float v) { return fmaxf(v, 0.f) + log1pf(expf(-fabsf(v))); }

// Φ(v)
__device__ __forceinline__ float normal_distribution(float v) { return .5f * erfcf(-v * SQRT_HALF); }

__device__ __forceinline__ float activate(int f, float v) {
    switch (f) {
        case RELU: return v < 0.f ? 0.f : v; // a NaN compares false and stays
        case TANH: return tanhf(v);
        case SIGMOID: return sigmoid(v);
        case SOFTPLUS: return softplus(v);
        case ELU: return v > 0.f ? v : expm1f(v);
        case GELU: return v * normal_distribution(v);
        case SILU: return v * sigmoid(v);
        default: return v;
    }
}

// f'(v) from y = f(v), or from v for GELU and SILU.
__device__ __forceinline__ float slope(int f, float v, float y) {
    switch (f) {
        case RELU: return y > 0.f ? 1.f : y <= 0.f ? 0.f : y;
        case TANH: return 1.f - y * y;
        case SIGMOID: return y * (1.f - y);
        case SOFTPLUS: return -expm1f(-y);
        case ELU: return y > 0.f ? 1.f : y + 1.f;
        case GELU: return normal_distribution(v) + v * expf(-.5f * v * v) * INVERSE_SQRT_2PI;
        case SILU: return sigmoid(v) * (1.f + v * sigmoid(-v));
        default: return 1.f;
    }
}

// Four at a time, the choice made once.
__device__ __forceinline__ void activate4(int f, float (&v)[4]) {
#define EACH(F) \
    case F:     \
        v[0] = activate(F, v[0]), v[1] = activate(F, v[1]), v[2] = activate(F, v[2]), v[3] = activate(F, v[3]); \
        break
    switch (f) {
        EACH(RELU);
        EACH(TANH);
        EACH(SIGMOID);
        EACH(SOFTPLUS);
        EACH(ELU);
        EACH(GELU);
        EACH(SILU);
    }
#undef EACH
}
