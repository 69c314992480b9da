// The matrix products that several families launch through Gemm.java.
#include "gemm.cuh"

// Blocks a multiprocessor: at most 128 registers a thread for large tiles, 85 for small ones.
#define GEMM_KERNEL(name, S) extern "C" __global__ void __launch_bounds__(THREADS, S == 128 ? 2 : 3) name

// c (+)= op(a)·op(b), c [m,n], op(a) [m,k], op(b) [k,n]; gemm_tn_64 transposes a and not b, with tiles of 64.
#define PRODUCT(name, S, TA, TB)                                                                                             \
    GEMM_KERNEL(gemm_##name##_##S, S)(const float *a, const float *b, float *c, int add, i64 m, i64 n, i64 k, i64 per) {            \
        gemm<S, TA, TB, false>(a, b, m, n, k, per, Epilogue{nullptr, nullptr, c, NONE, add});                               \
    }
PRODUCT(nn, 64, false, false)
PRODUCT(nt, 64, false, true)
PRODUCT(tn, 64, true, false)
PRODUCT(tt, 64, true, true)
PRODUCT(nn, 128, false, false)
PRODUCT(nt, 128, false, true)
PRODUCT(tn, 128, true, false)
PRODUCT(tt, 128, true, true)

// pre = x·w + bias, y = f(pre): x [m,k], w [k,n], bias [n] or null, pre [m,n] or null, y [m,n]
#define LAYER(S)                                                                                                             \
    GEMM_KERNEL(gemm_layer_##S, S)(const float *x, const float *w, const float *bias, int f, float *pre, float *y, i64 m, i64 n, i64 k) { \
        gemm<S, false, false, true>(x, w, m, n, k, k, Epilogue{bias, pre, y, f, 0});                                        \
    }
LAYER(64)
LAYER(128)

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
