// DenseKernels (KERNELS.md §9) apart from the matrix products, which are gemm.cu's.
#include "activation.cuh"

// dPre = dY ⊙ f'(pre), n elements; pre null unless f needs it; dPre may be dY
KERNEL(dense_slope)(int f, const float *pre, const float *y, const float *dY, float *dPre, i64 n) {
    bool wide = aligned(pre, y, dY, dPre);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float v[4] = {}, value[4], g[4];
        if (pre) load4(v, pre, i, n, whole);
        load4(value, y, i, n, whole);
        load4(g, dY, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) g[j] *= slope(f, v[j], value[j]);
        store4(g, dPre, i, n, whole);
    }
}

// The same, with its sums over the k samples of each of b points: chunk of per samples by chunk,
// part[chunk,p,o] = Σ dPre[p·k + sample, o]. pre, y, dY, dPre [b·k,n]; part [chunks,b,n]. A layer's bias has b = 1.
KERNEL(dense_slope_sums)(int f, const float *pre, const float *y, const float *dY, float *dPre, float *part, i64 b, i64 k, i64 n, i64 per) {
    i64 chunks = (k + per - 1) / per;
    for (i64 t = flat_index(); t < chunks * b * n; t += flat_count()) {
        i64 chunk = t / (b * n), p = t / n % b, end = (chunk + 1) * per < k ? (chunk + 1) * per : k;
        float sum = 0;
        for (i64 s = chunk * per; s < end; ++s) {
            i64 i = (p * k + s) * n + t % n;
            float g = dY[i] * slope(f, pre ? pre[i] : 0.f, y[i]);
            dPre[i] = g;
            sum += g;
        }
        part[t] = sum;
    }
}

// w = 0 where mask is 0; both n elements
KERNEL(dense_mask)(const float *mask, float *w, i64 n) {
    for (i64 i = flat_index(); i < n; i += flat_count())
        if (mask[i] == 0.f) w[i] = 0.f;
}

// pre[r] = x[r] + c[r/k], y = f(pre): x, y [rows,n], pre the same or null, c [rows/k,n]; pre, or y without it, may be x
KERNEL(dense_condition)(const float *x, const float *c, int f, float *pre, float *y, i64 rows, i64 k, i64 n) {
    bool wide = wide_rows(n, x, c, pre, y);
    i64 quads = (n + 3) / 4;
    for (i64 t = flat_index(); t < rows * quads; t += flat_count()) {
        i64 row = t / quads, i = 4 * (t % quads);
        float v[4], shift[4];
        load4(v, x + row * n, i, n, wide);
        load4(shift, c + row / k * n, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] += shift[j];
        if (pre) store4(v, pre + row * n, i, n, wide);
        activate4(f, v);
        store4(v, y + row * n, i, n, wide);
    }
}
