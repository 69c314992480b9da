// C (+)= op(A)·op(B) in float32: a block of 256 threads computes an S×S tile of C, S = 64 or 128, each thread 4×4 or
// 8×8 elements of it in registers. Slices of the operands go through shared memory, two of each, so that the next
// ones are on their way from global memory while this one is multiplied.
#pragma once
#include "activation.cuh"

// How deep a slice is: every thread brings one float4 of each operand. Slices are [depth][S], 16 bytes longer a row
// than needed, which keeps the transposing stores below free of bank conflicts.
template <int S>
struct Slice {
    enum { DEPTH = 4 * THREADS / S, ROW = S + 4 };
    float v[DEPTH][ROW];
};

// One operand of depth K: element (k,o) at p[o·K + k] where ALONG, the depth lying along memory, else at p[k·n + o].
// o < n is the row of op(A) or the column of op(B).
template <int S, bool ALONG>
struct Operand {
    enum { DEPTH = Slice<S>::DEPTH, QUADS = DEPTH / 4 };
    const float *at; // its element (0,o), o being the first of this thread
    i64 n, rest;     // n − o
    int so, sk;      // this thread's first element in the slice
    bool wide;
    float v[4];

    __device__ __forceinline__ Operand(const float *p, i64 n, i64 depth, i64 first) : n(n), wide(wide_rows(ALONG ? depth : n, p)) {
        int t = threadIdx.x;
        so = ALONG ? t / 16 / QUADS * 16 + t % 16 : 4 * (t % (S / 4));
        sk = ALONG ? t / 16 % QUADS * 4 : t / (S / 4);
        at = p + (first + so) * (ALONG ? depth : 1);
        rest = n - first - so;
    }

    // The four elements of the slice that begins at depth from; 0 behind the ends.
    __device__ __forceinline__ void fetch(i64 from, i64 end) {
        i64 k = from + sk;
        if (rest <= 0 || k >= end) {
            v[0] = v[1] = v[2] = v[3] = 0.f;
        } else if (ALONG) {
            load4(v, at, k, end, wide);
        } else {
            load4(v, at + k * n, 0, rest, wide);
        }
    }

    __device__ __forceinline__ void put(Slice<S> &slice) const {
        if (ALONG) {
#pragma unroll
            for (int j = 0; j < 4; ++j) slice.v[sk + j][so] = v[j];
        } else {
            store4(v, slice.v[sk], so, S, true);
        }
    }
};

// Threads lie 16×16 over the tile, a warp 4×8. Element e of a thread's S/16 in a direction is 64·(e/4) + 4·place + e%4.
struct Place {
    int row, column;
    __device__ __forceinline__ Place() {
        int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
        row = 4 * (warp / 2 * 4 + lane / 8);
        column = 4 * (warp % 2 * 8 + lane % 8);
    }
};

template <int S>
__device__ __forceinline__ void read(float (&v)[S / 16], const float *row, int place) {
#pragma unroll
    for (int q = 0; q < S / 64; ++q) {
        float four[4];
        load4(four, row, 64 * q + place, S, true);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[4 * q + j] = four[j];
    }
}

template <int S>
__device__ __forceinline__ void multiply_slices(float (&sum)[S / 16][S / 16], const Slice<S> &a, const Slice<S> &b, const Place &at) {
#pragma unroll
    for (int k = 0; k < Slice<S>::DEPTH; ++k) {
        float x[S / 16], y[S / 16];
        read<S>(x, a.v[k], at.row);
        read<S>(y, b.v[k], at.column);
#pragma unroll
        for (int i = 0; i < S / 16; ++i)
#pragma unroll
            for (int j = 0; j < S / 16; ++j) sum[i][j] = fmaf(x[i], y[j], sum[i][j]);
    }
}

// sum = the tile of op(A)·op(B) from (row, column) on, over depths [from, end) of K; from is a multiple of the depth
// of a slice. op(A) is [m,K], op(B) [K,n].
template <int S, bool TA, bool TB>
__device__ __forceinline__ void multiply_tile(float (&sum)[S / 16][S / 16], const float *a, const float *b, i64 m, i64 n, i64 K, i64 row,
        i64 column, i64 from, i64 end, const Place &at) {
    __align__(16) __shared__ Slice<S> left[2], right[2];
    Operand<S, !TA> x(a, m, K, row);
    Operand<S, TB> y(b, n, K, column);
    x.fetch(from, end);
    y.fetch(from, end);
    for (int buffer = 0; from < end; buffer ^= 1) {
        x.put(left[buffer]);
        y.put(right[buffer]);
        __syncthreads(); // who comes here again has read the other buffer
        from += Slice<S>::DEPTH;
        x.fetch(from, end);
        y.fetch(from, end);
        multiply_slices<S>(sum, left[buffer], right[buffer], at);
    }
}

// What becomes of a sum v in column j: pre = v + bias[j], c (+)= f(pre). bias and pre may be null.
struct Epilogue {
    const float *bias;
    float *pre, *c;
    int f, add;

    template <bool FUSED>
    __device__ __forceinline__ void put4(float (&v)[4], i64 row, i64 column, i64 n, bool wide) const {
        if (FUSED) {
            float shift[4] = {};
            if (bias) load4(shift, bias, column, n, wide);
#pragma unroll
            for (int j = 0; j < 4; ++j) v[j] += shift[j];
            if (pre) store4(v, pre + row * n, column, n, wide);
            activate4(f, v);
        }
        if (add) add4(v, c + row * n, column, n, wide);
        else store4(v, c + row * n, column, n, wide);
    }
};

// A whole kernel: tile blockIdx.x of C, chunk blockIdx.y of per depths. Where there are several chunks c is
// [chunks,m,n], a partial product each.
template <int S, bool TA, bool TB, bool FUSED>
__device__ __forceinline__ void gemm(const float *a, const float *b, i64 m, i64 n, i64 K, i64 per, Epilogue out) {
    i64 across = (n + S - 1) / S, row = blockIdx.x / across * S, column = blockIdx.x % across * S;
    i64 from = blockIdx.y * per, end = from + per < K ? from + per : K;
    float sum[S / 16][S / 16] = {};
    Place at;
    multiply_tile<S, TA, TB>(sum, a, b, m, n, K, row, column, from, end, at);
    out.c += blockIdx.y * m * n;
    bool wide = wide_rows(n, out.bias, out.pre, out.c);
#pragma unroll 1
    for (int i = 0; i < S / 16; ++i) {
        i64 r = row + 64 * (i / 4) + at.row + i % 4;
#pragma unroll
        for (int q = 0; q < S / 64; ++q) {
            i64 c = column + 64 * q + at.column;
            float v[4] = {sum[0][4 * q], sum[0][4 * q + 1], sum[0][4 * q + 2], sum[0][4 * q + 3]};
            if (r < m && c < n) out.template put4<FUSED>(v, r, c, n, wide);
        }
        // The next row of sums moves up: unrolled instead, the activations would stand here S/16 times.
#pragma unroll
        for (int e = 1; e < S / 16; ++e)
#pragma unroll
            for (int j = 0; j < S / 16; ++j) sum[e - 1][j] = sum[e][j];
    }
}
