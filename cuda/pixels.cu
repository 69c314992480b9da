// PixelsKernels: bytes as float32, n of them.
#include "pixels.cuh"

// out = x/255
KERNEL(pixels_scale)(const unsigned char *x, float *out, i64 n) {
    Data data{nullptr, x};
    bool wide = data.wide(0) && aligned(out);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float v[4];
        data.load<true>(v, i, n, whole);
        store4(v, out, i, n, whole);
    }
}

// out[i] = 1[u < x[i]/255], u element first + i of noise; a thread takes the four elements of a Philox block.
KERNEL(pixels_binarize)(const unsigned char *x, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, i64 first,
        float *out, i64 n) {
    each_block(noise_key(seed, stream, step, clock), first, n, [&](const uint4 &bits, i64 i) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (within(i + 16 * j, n)) out[i + 16 * j] = binary_of(word_of(bits, j), x[i + 16 * j]);
    });
}
