// Lower triangular matrices and right-hand sides, a block a matrix: what the covariance and the Cholesky
// family share. A block has 1 to THREADS / WARP warps and works in memory of its own, shared where the matrix
// fits and global where it does not. Right-hand sides go by quads: a warp solves for four at a time, a lane a
// row of the matrix, 32 rows (a panel) after 32.
#pragma once
#include "common.cuh"

// Two entry points of the template name<Shared>: the last parameter is the blocks' work memory where it is
// not shared.
#define MATRIX_KERNEL(name, parameters, arguments)           \
    KERNEL(name##_shared) parameters { name<true> arguments; } \
    KERNEL(name##_global) parameters { name<false> arguments; }

// Where row i of a strictly lower triangle begins, row by row; i ≤ 46,340, which Java's TriangularKernel checks.
__device__ __forceinline__ int strict(int i) { return i * (i - 1) / 2; }
__device__ __forceinline__ int round4(int n) { return (n + 3) & ~3; }

// L_ij = low[strict(i) + j], j < i; L_ii = diag[i], inv[i] = 1/L_ii. 32 rows from any on are in different banks
// of shared memory, or two by two.
struct Lower {
    float *low, *diag, *inv;
    int d;
};

// The work memory of a block: a matrix and, a warp, none, one (v) or two (v and u) quads of right-hand sides: v[i] has
// the four numbers of row i. As large as Java's TriangularKernel.floats says.
struct Work {
    Lower l;
    float4 *allU, *allV, *u, *v;
    int warps, warp, lane;
};
template <bool Shared>
__device__ __forceinline__ Work work_memory(float *scratch, int d, int quads) {
    DYN_SHARED(float4, triangular_work);
    Work w;
    w.warps = blockDim.x / WARP, w.warp = threadIdx.x / WARP, w.lane = threadIdx.x % WARP;
    i64 each = round4(strict(d)) + 2 * round4(d) + 4LL * quads * d * w.warps;
    float *at = Shared ? reinterpret_cast<float *>(triangular_work) : scratch + each * (blockIdx.x + (i64) gridDim.x * blockIdx.y);
    w.l = Lower{at, at + round4(strict(d)), at + round4(strict(d)) + round4(d), d};
    w.allV = reinterpret_cast<float4 *>(w.l.inv + round4(d));
    w.allU = w.allV + (i64) d * w.warps;
    w.v = w.allV + (i64) d * w.warp;
    w.u = w.allU + (i64) d * w.warp;
    return w;
}

// Over all threads of a block of any number of warps; every thread gets the result.
__device__ __forceinline__ float team_sum(const Work &w, float v) {
    __shared__ float part[THREADS / WARP];
    v = warp_sum(v);
    if (w.lane == 0) part[w.warp] = v;
    __syncthreads();
    float s = part[0];
    for (int i = 1; i < w.warps; ++i) s += part[i];
    __syncthreads();
    return s;
}

__device__ __forceinline__ float4 zero4() { return make_float4(0, 0, 0, 0); }
__device__ __forceinline__ float4 scale4(const float4 &a, float f) { return make_float4(a.x * f, a.y * f, a.z * f, a.w * f); }
__device__ __forceinline__ float4 times4(const float4 &a, const float4 &b) { return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w); }
__device__ __forceinline__ float4 plus4(const float4 &a, const float4 &b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }
__device__ __forceinline__ float4 minus4(const float4 &a, const float4 &b) { return make_float4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w); }
// a += f·y
__device__ __forceinline__ void fma4(float4 &a, float f, const float4 &y) {
    a.x = fmaf(f, y.x, a.x), a.y = fmaf(f, y.y, a.y), a.z = fmaf(f, y.z, a.z), a.w = fmaf(f, y.w, a.w);
}
__device__ __forceinline__ float4 shuffle4(const float4 &a, int from) {
    return make_float4(__shfl_sync(ALL_LANES, a.x, from), __shfl_sync(ALL_LANES, a.y, from), __shfl_sync(ALL_LANES, a.z, from),
        __shfl_sync(ALL_LANES, a.w, from));
}
__device__ __forceinline__ float4 warp_sum4(const float4 &a) { return make_float4(warp_sum(a.x), warp_sum(a.y), warp_sum(a.z), warp_sum(a.w)); }

// The numbers p[0], p[stride], p[2·stride], p[3·stride] of which n exist; the others read as 0 and are not written.
// wide: stride is 1, n 4 and p aligned, whatever else is passed.
__device__ __forceinline__ float4 gather4(const float *p, i64 stride, int n, bool wide = false) {
    if (wide) return *reinterpret_cast<const float4 *>(p);
    return make_float4(n > 0 ? p[0] : 0.f, n > 1 ? p[stride] : 0.f, n > 2 ? p[2 * stride] : 0.f, n > 3 ? p[3 * stride] : 0.f);
}
__device__ __forceinline__ void scatter4(const float4 &v, float *p, i64 stride, int n, bool wide = false) {
    if (wide) {
        *reinterpret_cast<float4 *>(p) = v;
        return;
    }
    if (n > 0) p[0] = v.x;
    if (n > 1) p[stride] = v.y;
    if (n > 2) p[2 * stride] = v.z;
    if (n > 3) p[3 * stride] = v.w;
}
__device__ __forceinline__ void add_scatter4(const float4 &v, float *p, i64 stride, int n, bool wide = false) {
    scatter4(plus4(gather4(p, stride, n, wide), v), p, stride, n, wide);
}
__device__ __forceinline__ int quad_size(i64 n, i64 first) { return n - first < 4 ? (int) (n - first) : 4; }

// Loads the lower triangle of a row-major matrix [d,d]. The caller synchronises.
__device__ __forceinline__ void load_full(const Work &w, const float *full) {
    int d = w.l.d;
    for (int i = w.warp; i < d; i += w.warps) {
        for (int j = w.lane; j < i; j += WARP) w.l.low[strict(i) + j] = full[(i64) i * d + j];
        if (w.lane == 0) {
            float x = full[(i64) i * d + i];
            w.l.diag[i] = x;
            w.l.inv[i] = 1.f / x;
        }
    }
}

// The substitution within the panel [p, p + 32): lane j's a becomes x_j = (a_j − Σ_{p≤k<j} L_jk·x_k)/L_jj.
__device__ __forceinline__ void substitute(const Lower &l, float4 &a, int p, int lane) {
    int i = p + lane, n = l.d - p < WARP ? l.d - p : WARP;
    bool in = i < l.d;
    const float *row = l.low + strict(i) + p;
    float inv = in ? l.inv[i] : 0.f;
    for (int k = 0; k < n; ++k) {
        float4 x = shuffle4(scale4(a, inv), k);
        if (lane == k) a = x;
        else if (lane > k && in) fma4(a, -row[k], x);
    }
}

// y = L⁻¹·y of a quad, rows before from being 0: y_i = (y_i − Σ_{k<i} L_ik·y_k)/L_ii.
__device__ __forceinline__ void solve_lower(const Lower &l, float4 *y, int lane, int from) {
    from -= from % WARP;
    for (int p = from; p < l.d; p += WARP) {
        int i = p + lane;
        bool in = i < l.d;
        const float *row = l.low + strict(i);
        float4 a = in ? y[i] : zero4();
        if (in)
            for (int k = from; k < p; ++k) fma4(a, -row[k], y[k]);
        substitute(l, a, p, lane);
        if (in) y[i] = a;
        __syncwarp();
    }
}

// y = L⁻ᵀ·y of a quad: y_i = (y_i − Σ_{k>i} L_ki·y_k)/L_ii.
__device__ __forceinline__ void solve_transposed(const Lower &l, float4 *y, int lane) {
    for (int p = (l.d - 1) / WARP * WARP; p >= 0; p -= WARP) {
        int i = p + lane, n = l.d - p < WARP ? l.d - p : WARP;
        bool in = i < l.d;
        float4 a = in ? y[i] : zero4();
        float inv = in ? l.inv[i] : 0.f;
        for (int k = p + WARP; k < l.d; ++k) fma4(a, -l.low[strict(k) + i], y[k]);
        for (int k = n - 1; k >= 0; --k) {
            float4 x = shuffle4(scale4(a, inv), k);
            if (lane == k) a = x;
            else if (lane < k) fma4(a, -l.low[strict(p + k) + i], x);
        }
        if (in) y[i] = a;
        __syncwarp();
    }
}

// (L·y)_i of a quad.
__device__ __forceinline__ float4 row_times(const Lower &l, const float4 *y, int i) {
    float4 a = scale4(y[i], l.diag[i]);
    const float *row = l.low + strict(i);
    for (int j = 0; j < i; ++j) fma4(a, row[j], y[j]);
    return a;
}

// (Lᵀ·y)_i of a quad.
__device__ __forceinline__ float4 column_times(const Lower &l, const float4 *y, int i) {
    float4 a = scale4(y[i], l.diag[i]);
    for (int k = i + 1; k < l.d; ++k) fma4(a, l.low[strict(k) + i], y[k]);
    return a;
}

// Σ u_i·v_j over the right-hand sides of all warps' quads.
__device__ __forceinline__ float outer(const float4 *u, const float4 *v, int quads, int d, int i, int j) {
    float s = 0;
    for (int q = 0; q < quads; ++q) {
        float4 a = u[(i64) q * d + i], b = v[(i64) q * d + j];
        s = fmaf(a.x, b.x, s), s = fmaf(a.y, b.y, s), s = fmaf(a.z, b.z, s), s = fmaf(a.w, b.w, s);
    }
    return s;
}
// Σ u_i over them.
__device__ __forceinline__ float quad_sums(const float4 *u, int quads, int d, int i) {
    float s = 0;
    for (int q = 0; q < quads; ++q) {
        float4 a = u[(i64) q * d + i];
        s += (a.x + a.y) + (a.z + a.w);
    }
    return s;
}
