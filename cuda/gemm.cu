// The matrix products that several families launch through Gemm.java.
#include "gemm.cuh"

// c (+)= op(a)·op(b), c [m,n], op(a) [m,k], op(b) [k,n]: gemm_tn_64 transposes a and not b, in tiles of 64.
#define PRODUCT(S, TA, TB)                                                                              \
    (const float *a, const float *b, float *c, int add, int m, int n, int k, int per) {                 \
        gemm<S, TA, TB, false>(a, b, m, n, k, per, Epilogue{nullptr, nullptr, c, NONE, add});           \
    }
KERNEL(gemm_nn_64, 3) PRODUCT(64, false, false)
KERNEL(gemm_nt_64, 3) PRODUCT(64, false, true)
KERNEL(gemm_tn_64, 3) PRODUCT(64, true, false)
KERNEL(gemm_tt_64, 3) PRODUCT(64, true, true)
KERNEL(gemm_nn_128, 2) PRODUCT(128, false, false)
KERNEL(gemm_nt_128, 2) PRODUCT(128, false, true)
KERNEL(gemm_tn_128, 2) PRODUCT(128, true, false)
KERNEL(gemm_tt_128, 2) PRODUCT(128, true, true)

// pre = x·w + bias, y = f(pre): x [m,k], w [k,n], bias [n] or null, pre [m,n] or null, y [m,n]
#define LAYER(S)                                                                                        \
    (const float *x, const float *w, const float *bias, int f, float *pre, float *y, int m, int n, int k) { \
        gemm<S, false, false, true>(x, w, m, n, k, k, Epilogue{bias, pre, y, f, 0});                    \
    }
KERNEL(gemm_layer_64, 3) LAYER(64)
KERNEL(gemm_layer_128, 2) LAYER(128)

// The second stage where the depth was cut in chunks: pre = Σ_chunks part[chunk] + bias, c (+)= f(pre), in order.
// part [chunks,m,n]; bias [n] or null; pre [m,n] or null; c [m,n], size = m·n
KERNEL(gemm_finish)(const float *part, i64 chunks, const float *bias, int f, float *pre, float *c, int add, i64 size, i64 n) {
    for (i64 i = flat_index(); i < size; i += flat_count()) {
        float v = 0;
        for (i64 chunk = 0; chunk < chunks; ++chunk) v += part[chunk * size + i];
        if (bias) v += bias[i % n];
        if (pre) pre[i] = v;
        v = activate(f, v);
        c[i] = add ? c[i] + v : v;
    }
}

// What follows a product of a library: pre = product + bias, y = f(pre). The product lies at pre, or at y without it.
// pre [m,n] or null, y [m,n], bias [n] or null
KERNEL(gemm_epilogue)(const float *bias, int f, float *pre, float *y, i64 m, i64 n) {
    bool wide = wide_rows(n, bias, pre, y);
    i64 quads = (n + 3) / 4;
    for (i64 t = flat_index(); t < m * quads; t += flat_count()) {
        i64 row = t / quads, i = 4 * (t % quads);
        float v[4], shift[4] = {};
        load4(v, (pre ? pre : y) + row * n, i, n, wide);
        if (bias) load4(shift, bias, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] += shift[j];
        if (pre) store4(v, pre + row * n, i, n, wide);
        activate4(f, v);
        store4(v, y + row * n, i, n, wide);
    }
}
