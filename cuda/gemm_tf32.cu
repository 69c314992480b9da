// The products of gemm.cu in TF32, by tensor cores: compute capability 8.0 and newer. Each operand is rounded to 10 bits
// behind the point, to the nearest, as it comes into shared memory; products of two are exact in float32, and sums are
// of float32. So |c − exact| ≤ (2^−10 + 2^−22 + k·2^−23) Σ|terms|.
//
// A block of 8 warps computes an S×S tile of C, S = 64 or 128, a warp an S/2×S/4 part of it, in pieces of 16×8.
#include "gemm.cuh"

#define DEPTH 16

__device__ __forceinline__ float to_tf32(float v) {
#ifdef CUDA_EMU
    unsigned bits = __float_as_int(v);
    return (bits & 0x7f800000u) == 0x7f800000u ? v : __int_as_float((bits + 0x1000u) & ~0x1fffu);
#else
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
    return __uint_as_float(bits);
#endif
}

// d += a·b of a whole warp, a [16,8], b [8,8], d [16,8]. With g = lane / 4 and t = lane % 4 this lane holds
// a (g,t) (g+8,t) (g,t+4) (g+8,t+4), b (t,g) (t+4,g), d (g,2t) (g,2t+1) (g+8,2t) (g+8,2t+1).
__device__ __forceinline__ void multiply_add(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
#ifdef CUDA_EMU
    int lane = threadIdx.x % WARP, g = lane / 4, t = lane % 4;
    float rows[8][2], columns[8][2];
    for (int k = 0; k < 4; ++k) {
        float4 x = __shfl_sync(ALL_LANES, make_float4(a[0], a[1], a[2], a[3]), 4 * g + k);
        rows[k][0] = x.x, rows[k][1] = x.y, rows[k + 4][0] = x.z, rows[k + 4][1] = x.w;
        for (int j = 0; j < 2; ++j) {
            float2 y = __shfl_sync(ALL_LANES, make_float2(b[0], b[1]), 4 * (2 * t + j) + k);
            columns[k][j] = y.x, columns[k + 4][j] = y.y;
        }
    }
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
            for (int k = 0; k < 8; ++k) d[2 * i + j] = fmaf(rows[k][i], columns[k][j], d[2 * i + j]);
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])),
                   "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
#endif
}

// S rows of op(A) or columns of op(B), o, by DEPTH in shared memory, as they lie in global memory: k along it where
// ALONG. The strides give the 32 lanes that read 8 neighbouring o by 4 neighbouring k 32 banks.
template <int S, bool ALONG>
struct Panel {
    enum { STRIDE = ALONG ? DEPTH + 4 : S + 8 };
    float v[(ALONG ? S : DEPTH) * STRIDE];
    __device__ __forceinline__ float *at(int o, int k) { return v + (ALONG ? o * STRIDE + k : k * STRIDE + o); }
    __device__ __forceinline__ float get(int o, int k) const { return v[ALONG ? o * STRIDE + k : k * STRIDE + o]; }
};

// What this thread brings of a panel: S/64 times four elements. Operands are [n,depth] where ALONG, else [depth,n].
template <int S, bool ALONG>
struct Feed {
    enum { QUADS = S / 64 };
    const float *p;
    i64 n, depth, o;
    int so, sk;
    bool wide;
    float v[QUADS][4];

    __device__ __forceinline__ Feed(const float *p, int n, int depth, int first)
        : p(p), n(n), depth(depth), wide(wide_rows(ALONG ? depth : n, p)) {
        int t = threadIdx.x;
        so = ALONG ? t / 4 : 4 * (t % (S / 4));
        sk = ALONG ? 4 * (t % 4) : t / (S / 4);
        o = (i64) first + so;
    }
    static __device__ __forceinline__ int over(int q) { return ALONG ? 64 * q : 0; }        // of o
    static __device__ __forceinline__ int deeper(int q) { return ALONG ? 0 : 1024 / S * q; } // of k

    // From depth from on; 0 behind the ends.
    __device__ __forceinline__ void fetch(int from, int end) {
#pragma unroll
        for (int q = 0; q < QUADS; ++q) {
            i64 row = o + over(q);
            int k = from + sk + deeper(q);
            if (row >= n || k >= end) v[q][0] = v[q][1] = v[q][2] = v[q][3] = 0.f;
            else if (ALONG) load4(v[q], p + row * depth, k, end, wide);
            else load4(v[q], p + k * n, row, n, wide);
        }
    }

    __device__ __forceinline__ void put(Panel<S, ALONG> &panel) const {
#pragma unroll
        for (int q = 0; q < QUADS; ++q) {
            float rounded[4] = {to_tf32(v[q][0]), to_tf32(v[q][1]), to_tf32(v[q][2]), to_tf32(v[q][3])};
            store4(rounded, panel.at(so + over(q), sk + deeper(q)), 0, 4, true);
        }
    }
};

// This warp's part of the tile, and this lane's places in the pieces of it.
template <int S>
struct Part {
    enum { PIECES = S / 32 }; // in either direction
    int row, column, g, t;
    __device__ __forceinline__ Part() {
        int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
        row = warp / 4 * (S / 2);
        column = warp % 4 * (S / 4);
        g = lane / 4;
        t = lane % 4;
    }
};

template <int S, bool TA, bool TB>
__device__ __forceinline__ void multiply_panels(float (&sum)[S / 32][S / 32][4], const Panel<S, !TA> &a, const Panel<S, TB> &b, const Part<S> &part) {
#pragma unroll
    for (int k = part.t; k < DEPTH + part.t; k += 8) {
        float x[S / 32][4], y[S / 32][2];
#pragma unroll
        for (int i = 0; i < S / 32; ++i) {
            int row = part.row + 16 * i + part.g;
            x[i][0] = a.get(row, k), x[i][1] = a.get(row + 8, k);
            x[i][2] = a.get(row, k + 4), x[i][3] = a.get(row + 8, k + 4);
        }
#pragma unroll
        for (int j = 0; j < S / 32; ++j) {
            int column = part.column + 8 * j + part.g;
            y[j][0] = b.get(column, k), y[j][1] = b.get(column, k + 4);
        }
#pragma unroll
        for (int i = 0; i < S / 32; ++i)
#pragma unroll
            for (int j = 0; j < S / 32; ++j) multiply_add(sum[i][j], x[i], y[j]);
    }
}

// See gemm in gemm.cuh: the same arguments.
template <int S, bool TA, bool TB, bool FUSED>
__device__ __forceinline__ void gemm_tf32(const float *a, const float *b, int m, int n, int K, int per, Epilogue out) {
    __align__(16) __shared__ Panel<S, !TA> left[2];
    __align__(16) __shared__ Panel<S, TB> right[2];
    int across = (n - 1) / S + 1, row = blockIdx.x / across * S, column = blockIdx.x % across * S;
    int from = blockIdx.y * per, end = per < K - from ? from + per : K;
    float sum[S / 32][S / 32][4] = {};
    Part<S> part;
    Feed<S, !TA> x(a, m, K, row);
    Feed<S, TB> y(b, n, K, column);
    x.fetch(from, end);
    y.fetch(from, end);
    for (int buffer = 0; from < end; buffer ^= 1) {
        x.put(left[buffer]);
        y.put(right[buffer]);
        __syncthreads(); // who comes here again has read the other buffer
        from = end - from > DEPTH ? from + DEPTH : end;
        x.fetch(from, end);
        y.fetch(from, end);
        multiply_panels<S, TA, TB>(sum, left[buffer], right[buffer], part);
    }
    out.c += (i64) blockIdx.y * m * n;
    bool wide = wide_rows(n, out.bias, out.pre, out.c), odd = part.t % 2;
#pragma unroll 1
    for (int i = 0; i < S / 32; ++i) {
        i64 r = (i64) row + part.row + 16 * i + part.g + (odd ? 8 : 0);
#pragma unroll
        for (int j = 0; j < S / 32; ++j) {
            // Two lanes swap halves: the even one gets four elements of its first row, the odd one of its second.
            float(&d)[4] = sum[0][j];
            float u = __shfl_xor_sync(ALL_LANES, odd ? d[0] : d[2], 1), w = __shfl_xor_sync(ALL_LANES, odd ? d[1] : d[3], 1);
            float v[4] = {odd ? u : d[0], odd ? w : d[1], odd ? d[2] : u, odd ? d[3] : w};
            i64 c = (i64) column + part.column + 8 * j + 4 * (part.t / 2);
            if (r < m && c < n) out.template put4<FUSED>(v, r, c, n, wide);
        }
        // The next row of pieces moves up: see gemm.
#pragma unroll
        for (int e = 1; e < S / 32; ++e)
#pragma unroll
            for (int j = 0; j < S / 32; ++j)
#pragma unroll
                for (int q = 0; q < 4; ++q) sum[e - 1][j][q] = sum[e][j][q];
    }
}

// c (+)= op(a)·op(b), c [m,n], op(a) [m,k], op(b) [k,n]: gemm_tf32_tn_64 transposes a and not b, in tiles of 64.
#define PRODUCT(S, TA, TB)                                                                              \
    (const float *a, const float *b, float *c, int add, int m, int n, int k, int per) {                 \
        gemm_tf32<S, TA, TB, false>(a, b, m, n, k, per, Epilogue{nullptr, nullptr, c, NONE, add});      \
    }
KERNEL(gemm_tf32_nn_64, 3) PRODUCT(64, false, false)
KERNEL(gemm_tf32_nt_64, 3) PRODUCT(64, false, true)
KERNEL(gemm_tf32_tn_64, 3) PRODUCT(64, true, false)
KERNEL(gemm_tf32_tt_64, 3) PRODUCT(64, true, true)
KERNEL(gemm_tf32_nn_128, 2) PRODUCT(128, false, false)
KERNEL(gemm_tf32_nt_128, 2) PRODUCT(128, false, true)
KERNEL(gemm_tf32_tn_128, 2) PRODUCT(128, true, false)
KERNEL(gemm_tf32_tt_128, 2) PRODUCT(128, true, true)

// pre = x·w + bias, y = f(pre): x [m,k], w [k,n], bias [n] or null, pre [m,n] or null, y [m,n]
#define LAYER(S)                                                                                        \
    (const float *x, const float *w, const float *bias, int f, float *pre, float *y, int m, int n, int k) { \
        gemm_tf32<S, false, false, true>(x, w, m, n, k, k, Epilogue{bias, pre, y, f, 0});               \
    }
KERNEL(gemm_tf32_layer_64, 3) LAYER(64)
KERNEL(gemm_tf32_layer_128, 2) LAYER(128)
