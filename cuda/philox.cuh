// Philox4x32-10 (Salmon et al. 2011), the same integers as Philox.java: element 64 g + 16 w + j of a
// noise array is word w of the block with counter (16 g + j low, high, step, stream).
#pragma once
#include "common.cuh"

// A NoiseKey. step is added to *clock where clock is given: what a captured graph reads anew each step.
struct Noise {
    unsigned long long seed;
    unsigned stream, step;
};

__device__ __forceinline__ Noise noise_key(unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock) {
    return Noise{seed, stream, clock ? step + *clock : step};
}

__device__ __forceinline__ uint4 philox(const Noise &key, unsigned long long block) {
    uint4 c = make_uint4((unsigned) block, (unsigned) (block >> 32), key.step, key.stream);
    unsigned k0 = (unsigned) key.seed, k1 = (unsigned) (key.seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        unsigned hi0 = __umulhi(0xD2511F53u, c.x), lo0 = 0xD2511F53u * c.x;
        unsigned hi1 = __umulhi(0xCD9E8D57u, c.z), lo1 = 0xCD9E8D57u * c.z;
        c = make_uint4(hi1 ^ c.y ^ k0, lo1, hi0 ^ c.w ^ k1, lo0);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}

__device__ __forceinline__ unsigned word_of(const uint4 &c, int w) { return w == 0 ? c.x : w == 1 ? c.y : w == 2 ? c.z : c.w; }

// (k + ½)·2⁻²³ with k the upper 23 bits: exact, never 0 and never 1.
__device__ __forceinline__ float uniform_of(unsigned bits) { return ((float) (bits >> 9) + 0.5f) * 1.1920928955078125e-7f; }

// Box–Muller: cosine for the even word, sine for the odd one; the angle is ½π·2⁻³⁰ times the signed bits.
__device__ __forceinline__ void normals_of(unsigned even, unsigned odd, float &cosine, float &sine) {
    float radius = sqrtf(-2.f * logf(uniform_of(even)));
    float s, c;
    sincospif((float) (int) odd * 4.656612873077393e-10f, &s, &c); // ½·2⁻³⁰ = 2⁻³¹ half turns
    cosine = radius * c;
    sine = radius * s;
}

__device__ __forceinline__ unsigned long long block_of(i64 index) { return (unsigned long long) (index >> 6) * 16 + (index & 15); }

// One element by itself: a whole block for a quarter of it. Where speed counts, each_block below.
__device__ __forceinline__ unsigned bits_at(const Noise &key, i64 index) { return word_of(philox(key, block_of(index)), (int) (index >> 4) & 3); }
__device__ __forceinline__ float uniform_at(const Noise &key, i64 index) { return uniform_of(bits_at(key, index)); }
__device__ __forceinline__ float normal_at(const Noise &key, i64 index) {
    uint4 c = philox(key, block_of(index));
    bool upper = index & 32;
    float cosine, sine;
    normals_of(upper ? c.z : c.x, upper ? c.w : c.y, cosine, sine);
    return index & 16 ? sine : cosine;
}

__device__ __forceinline__ bool within(i64 i, i64 n) { return i >= 0 && i < n; }

// Elements first … first + n − 1 by a flat grid (DeviceCall.launchNoise):
// take(block, i) gets the block that elements i + {0, 16, 32, 48} come from, counted from first; not all need be within n.
template <class F>
__device__ __forceinline__ void each_block(const Noise &key, i64 first, i64 n, F take) {
    for (i64 q = flat_index();; q += flat_count()) {
        i64 i = (q >> 4) * 64 + (q & 15) - (first & 63);
        if (i >= n) break;
        take(philox(key, (unsigned long long) (first >> 6) * 16 + q), i);
    }
}
