// Data that likelihoods read: float32, or unsigned bytes that stand for x/255 and stay bytes in memory.
#pragma once
#include "philox.cuh"

// x/255 as the division rounds it, for every byte: one Newton step from x·fl(1/255).
__device__ __forceinline__ float pixel_of(unsigned x) {
    const float part = 1.f / 255.f;
    float v = (float) x, q = v * part;
    return fmaf(fmaf(-255.f, q, v), part, q);
}

// 1[u < x/255] with u the uniform of these bits.
__device__ __forceinline__ float binary_of(unsigned bits, unsigned x) { return uniform_of(bits) < pixel_of(x) ? 1.f : 0.f; }

// One of the two is null.
struct Data {
    const float *floats;
    const unsigned char *bytes;

    __device__ __forceinline__ Data from(i64 at) const { return Data{floats ? floats + at : floats, bytes ? bytes + at : bytes}; }
    // Whether rows of n may be read four elements at a time.
    __device__ __forceinline__ bool wide(i64 n) const {
        return bytes ? (n & 3) == 0 && (reinterpret_cast<size_t>(bytes) & 3) == 0 : wide_rows(n, floats);
    }
    // Element i as a number: of bytes x/255 where Scaled, else the byte itself.
    template <bool Scaled>
    __device__ __forceinline__ float at(i64 i) const {
        return bytes ? (Scaled ? pixel_of(bytes[i]) : (float) bytes[i]) : floats[i];
    }
    // Four from i on; those behind the end of a row of n are 0. wide: see above.
    template <bool Scaled>
    __device__ __forceinline__ void load(float (&v)[4], i64 i, i64 n, bool wide) const {
        if (!bytes) return load4(v, floats, i, n, wide);
        unsigned word = 0;
        if (wide) {
            word = *reinterpret_cast<const unsigned *>(bytes + i);
        } else {
#pragma unroll
            for (int j = 0; j < 4; ++j)
                if (i + j < n) word |= (unsigned) bytes[i + j] << 8 * j;
        }
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            unsigned x = word >> 8 * j & 255;
            v[j] = Scaled ? pixel_of(x) : (float) x;
        }
    }
};
