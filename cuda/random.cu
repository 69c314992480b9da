// RandomKernels: n elements of noise, element i being first + i of the array that the key names. A thread takes the four
// elements of a Philox block, 16 apart: sixteen threads write sixteen side by side.
#include "philox.cuh"

#define KEY unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock

KERNEL(random_bits)(KEY, i64 first, unsigned *out, i64 n) {
    each_block(noise_key(seed, stream, step, clock), first, n, [&](const uint4 &bits, i64 i) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) out[i + 16 * j] = word_of(bits, j);
    });
}

// u in (0,1)
KERNEL(random_uniform)(KEY, i64 first, float *out, i64 n) {
    each_block(noise_key(seed, stream, step, clock), first, n, [&](const uint4 &bits, i64 i) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) out[i + 16 * j] = uniform_of(word_of(bits, j));
    });
}

// Box–Muller
KERNEL(random_normal)(KEY, i64 first, float *out, i64 n) {
    each_block(noise_key(seed, stream, step, clock), first, n, [&](const uint4 &bits, i64 i) {
        float e[4];
        normals_of(bits.x, bits.y, e[0], e[1]);
        normals_of(bits.z, bits.w, e[2], e[3]);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) out[i + 16 * j] = e[j];
    });
}

// y[i] = x[i]·m, m = 0 where the uniform of i is < p, else scale = 1/(1 − p)
KERNEL(random_dropout)(const float *x, float p, float scale, KEY, float *y, i64 n) {
    each_block(noise_key(seed, stream, step, clock), 0, n, [&](const uint4 &bits, i64 i) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) y[i + 16 * j] = x[i + 16 * j] * (uniform_of(word_of(bits, j)) < p ? 0.f : scale);
    });
}

// dX[i] += dY[i]·m
KERNEL(random_dropout_backward)(const float *dY, float p, float scale, KEY, float *dX, i64 n) {
    each_block(noise_key(seed, stream, step, clock), 0, n, [&](const uint4 &bits, i64 i) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) dX[i + 16 * j] += dY[i + 16 * j] * (uniform_of(word_of(bits, j)) < p ? 0.f : scale);
    });
}
