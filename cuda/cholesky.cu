// CholeskyKernels: batched Cholesky factors, triangular solves, determinants (KERNELS.md §4b).
// b matrices of order d, one after the other, row-major, a block a matrix; of a triangular matrix the lower
// triangle is read. What lies in lanes is unpacked before and packed behind: a matrix's bits do not depend on
// the layout.
#include "triangular.cuh"

#define LANES 16
#define CHUNK 64
#define LARGEST 3.4028234664e38f
enum { LOWER, TRANSPOSED, FULL };

// packed[g, e·16 + lane] = x[16·g + lane, e], lanes behind the last matrix as the group's first.
// x [b,n]; packed [⌈b/16⌉,n·16]. A block takes 64 elements of a group.
KERNEL(cholesky_pack)(const float *x, float *packed, i64 b, i64 n) {
    __shared__ float tile[LANES][CHUNK + 1];
    i64 chunks = (n + CHUNK - 1) / CHUNK, group = blockIdx.x / chunks, first = blockIdx.x % chunks * CHUNK;
    for (int t = threadIdx.x; t < LANES * CHUNK; t += THREADS) {
        i64 e = first + t % CHUNK, matrix = group * LANES + t / CHUNK;
        if (e < n) tile[t / CHUNK][t % CHUNK] = x[(matrix < b ? matrix : group * LANES) * n + e];
    }
    __syncthreads();
    for (int t = threadIdx.x; t < LANES * CHUNK; t += THREADS)
        if (first + t / LANES < n) packed[(group * n + first) * LANES + t] = tile[t % LANES][t / LANES];
}

// The inverse: x[16·g + lane, e] = packed[g, e·16 + lane].
KERNEL(cholesky_unpack)(const float *packed, float *x, i64 b, i64 n) {
    __shared__ float tile[LANES][CHUNK + 1];
    i64 chunks = (n + CHUNK - 1) / CHUNK, group = blockIdx.x / chunks, first = blockIdx.x % chunks * CHUNK;
    for (int t = threadIdx.x; t < LANES * CHUNK; t += THREADS)
        if (first + t / LANES < n) tile[t % LANES][t / LANES] = packed[(group * n + first) * LANES + t];
    __syncthreads();
    for (int t = threadIdx.x; t < LANES * CHUNK; t += THREADS) {
        i64 e = first + t % CHUNK, matrix = group * LANES + t / CHUNK;
        if (e < n && matrix < b) x[matrix * n + e] = tile[t / CHUNK][t % CHUNK];
    }
}

// a −= Σ_{k<p} L_rk·L_jk for the rows r … r + 3 and the column j = p + lane
__device__ __forceinline__ void subtract_columns(const Lower &l, float4 &a, int p, int lane, int r, int n) {
    const float *row = l.low + strict(p + lane);
    const float *x = l.low + strict(r), *y = n > 1 ? x + r : x, *z = n > 2 ? y + r + 1 : x, *u = n > 3 ? z + r + 2 : x;
    if (p + lane < l.d)
        for (int k = 0; k < p; ++k) fma4(a, -row[k], make_float4(x[k], y[k], z[k], u[k]));
}

// The diagonal block [p, p + 32) by one warp, a row a lane in registers. Returns the order of the first minor that
// is not positive or not finite, or 0.
__device__ __forceinline__ int factor_block(const Lower &l, int p, int lane) {
    int n = l.d - p < WARP ? l.d - p : WARP, bad = 0, i = p + lane;
    float *row = l.low + strict(i) + p;
    float a[WARP];
#pragma unroll
    for (int j = 0; j < WARP; ++j) a[j] = lane >= n ? 0.f : j < lane ? row[j] : j == lane ? l.diag[i] : 0.f;
#pragma unroll
    for (int k = 0; k < WARP; ++k) {
        if (k >= n) break;
        float pivot = __shfl_sync(ALL_LANES, a[k], k);
        if (!bad && !(pivot > 0 && pivot <= LARGEST)) bad = p + k + 1;
        float root = sqrtf(pivot), inv = 1.f / root;
        a[k] = lane == k ? root : a[k] * inv;
        if (lane == k) l.diag[i] = root, l.inv[i] = inv;
#pragma unroll
        for (int j = k + 1; j < WARP; ++j) a[j] = fmaf(-a[k], __shfl_sync(ALL_LANES, a[k], j), a[j]);
    }
#pragma unroll
    for (int j = 0; j < WARP; ++j)
        if (lane < n && j < lane) row[j] = a[j];
    return bad;
}

// Factors the matrix in the work memory, panel by panel of 32 columns; returns the status to all threads.
__device__ __forceinline__ int factor_in_place(const Work &w) {
    __shared__ int status;
    const Lower &l = w.l;
    for (int p = 0; p < l.d; p += WARP) {
        int end = p + WARP < l.d ? p + WARP : l.d, j = p + w.lane;
        for (int r = p + 4 * w.warp; p > 0 && r < end; r += 4 * w.warps) { // the rows of the diagonal block
            int n = quad_size(end, r);
            float4 a = zero4();
            subtract_columns(l, a, p, w.lane, r, n);
            float s[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
            for (int q = 0; q < 4; ++q) {
                if (q >= n || j > r + q) continue;
                if (j == r + q) l.diag[j] += s[q];
                else l.low[strict(r + q) + j] += s[q];
            }
        }
        __syncthreads();
        if (w.warp == 0) {
            int bad = factor_block(l, p, w.lane);
            if (w.lane == 0) status = bad;
        }
        __syncthreads();
        int bad = status;
        if (bad) {
            __syncthreads(); // the next matrix writes to status
            return bad;
        }
        for (int r = end + 4 * w.warp; r < l.d; r += 4 * w.warps) { // the rows below it
            int n = quad_size(l.d, r);
            float *x = l.low + strict(r) + j, *y = x + r, *z = y + r + 1, *u = z + r + 2;
            float4 a = make_float4(x[0], n > 1 ? y[0] : 0.f, n > 2 ? z[0] : 0.f, n > 3 ? u[0] : 0.f);
            subtract_columns(l, a, p, w.lane, r, n);
            substitute(l, a, p, w.lane);
            x[0] = a.x;
            if (n > 1) y[0] = a.y;
            if (n > 2) z[0] = a.z;
            if (n > 3) u[0] = a.w;
        }
        __syncthreads();
    }
    return 0;
}

// A = L·Lᵀ. a, l [b,d,d], l 0 above the diagonal, NaN elsewhere where status [b] is not 0: the order of the first
// leading minor that is not positive or not finite. l may be a.
template <bool Shared>
__device__ __forceinline__ void cholesky_factor(const float *a, float *l, int *status, i64 b, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        i64 at = p * d * d;
        load_full(w, a + at);
        __syncthreads();
        int bad = factor_in_place(w);
        for (int i = w.warp; i < d; i += w.warps)
            for (int j = w.lane; j < d; j += WARP)
                l[at + (i64) i * d + j] = j > i ? 0.f : bad ? NAN : j == i ? w.l.diag[i] : w.l.low[strict(i) + j];
        if (threadIdx.x == 0) status[p] = bad;
        __syncthreads();
    }
}
MATRIX_KERNEL(cholesky_factor, (const float *a, float *l, int *status, i64 b, i64 d, float *scratch), (a, l, status, b, (int) d, scratch))

// dA += ½·(P + Pᵀ), P = L⁻ᵀ·Φ(Lᵀ·dL)·L⁻¹, Φ the lower triangle with its diagonal halved. l, dL, dA [b,d,d];
// products [blocks,d,⌈d⌉₄]: Z = L⁻ᵀ·Φ(…), then P = (L⁻ᵀ·Zᵀ)ᵀ, whose row is made of the same row of Z.
template <bool Shared>
__device__ __forceinline__ void cholesky_factor_backward(const float *l, const float *dL, float *dA, float *products, i64 b, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    int s = round4(d);
    float *z = products + (i64) blockIdx.x * d * s;
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        i64 at = p * d * d;
        load_full(w, l + at);
        __syncthreads();
        for (int c = 4 * w.warp; c < d; c += 4 * w.warps) {
            for (int k = w.lane; k < d; k += WARP) {
                int n = k - c + 1; // of the four columns, those on and below the diagonal
                w.u[k] = gather4(dL + at + (i64) k * d + c, 1, n);
            }
            __syncwarp();
            for (int i = w.lane; i < d; i += WARP) {
                float4 t = column_times(w.l, w.u, i);
                w.v[i] = make_float4(i < c ? 0.f : i == c ? .5f * t.x : t.x, i < c + 1 ? 0.f : i == c + 1 ? .5f * t.y : t.y,
                    i < c + 2 ? 0.f : i == c + 2 ? .5f * t.z : t.z, i < c + 3 ? 0.f : i == c + 3 ? .5f * t.w : t.w);
            }
            __syncwarp();
            solve_transposed(w.l, w.v, w.lane);
            for (int i = w.lane; i < d; i += WARP) scatter4(w.v[i], z + (i64) i * s + c, 1, 4, true);
            __syncwarp();
        }
        __syncthreads();
        for (int r = 4 * w.warp; r < d; r += 4 * w.warps) {
            int n = quad_size(d, r);
            for (int i = w.lane; i < d; i += WARP) w.v[i] = gather4(z + (i64) r * s + i, s, n);
            __syncwarp();
            solve_transposed(w.l, w.v, w.lane);
            for (int i = w.lane; i < d; i += WARP) scatter4(w.v[i], z + (i64) r * s + i, s, n);
            __syncwarp();
        }
        __syncthreads();
        for (int i = w.warp; i < d; i += w.warps)
            for (int j = w.lane; j < d; j += WARP) dA[at + (i64) i * d + j] += .5f * (z[(i64) i * s + j] + z[(i64) j * s + i]);
        __syncthreads();
    }
}
MATRIX_KERNEL(cholesky_factor_backward, (const float *l, const float *dL, float *dA, float *products, i64 b, i64 d, float *scratch),
    (l, dL, dA, products, b, (int) d, scratch))

// Columns c … c + 3 of a matrix [d,m] into y.
__device__ __forceinline__ void load_columns(const Work &w, float4 *y, const float *from, i64 m, i64 c, bool wide) {
    int n = quad_size(m, c);
    for (int i = w.lane; i < w.l.d; i += WARP) y[i] = gather4(from + i * m + c, 1, n, wide);
    __syncwarp();
}

// X = L⁻¹·Y, L⁻ᵀ·Y or (L·Lᵀ)⁻¹·Y. l [b,d,d]; y, x [b,d,m]; x may be y. The second grid dimension shares the columns.
template <bool Shared>
__device__ __forceinline__ void cholesky_solve(int system, const float *l, const float *y, float *x, i64 b, int d, i64 m, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    bool wide = wide_rows(m, y, x);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        load_full(w, l + p * d * d);
        __syncthreads();
        for (i64 c = 4 * (w.warp + (i64) w.warps * blockIdx.y); c < m; c += 4LL * w.warps * gridDim.y) {
            load_columns(w, w.v, y + p * d * m, m, c, wide);
            if (system != TRANSPOSED) solve_lower(w.l, w.v, w.lane, 0);
            if (system != LOWER) solve_transposed(w.l, w.v, w.lane);
            for (int i = w.lane; i < d; i += WARP) scatter4(w.v[i], x + (p * d + i) * m + c, 1, quad_size(m, c), wide);
            __syncwarp();
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(cholesky_solve, (int system, const float *l, const float *y, float *x, i64 b, i64 d, i64 m, float *scratch),
    (system, l, y, x, b, (int) d, m, scratch))

// dL_ij −= Σ g_i·y_j over the quads of all warps, j ≤ i
__device__ __forceinline__ void subtract_outer(const Work &w, const float4 *g, const float4 *y, int quads, float *dL) {
    for (int i = w.warp; i < w.l.d; i += w.warps)
        for (int j = w.lane; j <= i; j += WARP) dL[(i64) i * w.l.d + j] -= outer(g, y, quads, w.l.d, i, j);
}

__device__ __forceinline__ void add_columns(const Work &w, const float4 *g, float *to, i64 m, i64 c, bool wide) {
    for (int i = w.lane; to && i < w.l.d; i += WARP) add_scatter4(g[i], to + i * m + c, 1, quad_size(m, c), wide);
}

// LOWER: G = L⁻ᵀ·dX, dL −= tril(G·Xᵀ). TRANSPOSED: G = L⁻¹·dX, dL −= tril(X·Gᵀ). FULL: H = L⁻¹·dX, G = L⁻ᵀ·H,
// dL −= tril(X·Hᵀ + G·(Lᵀ·X)ᵀ). dY += G. l, dL [b,d,d]; x, dX, dY [b,d,m]; dL, dY may be null.
template <bool Shared>
__device__ __forceinline__ void cholesky_solve_backward(int system, const float *l, const float *x, const float *dX, float *dL, float *dY, i64 b,
        int d, i64 m, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    bool wide = wide_rows(m, x, dX, dY);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        i64 at = p * d * m;
        float *toL = dL ? dL + p * d * d : dL, *toY = dY ? dY + at : dY;
        load_full(w, l + p * d * d);
        __syncthreads();
        for (i64 first = 0; first < m; first += 4 * w.warps) {
            i64 c = first + 4 * w.warp, left = (m - first + 3) / 4;
            int quads = left < w.warps ? (int) left : w.warps;
            if (c < m) {
                load_columns(w, w.v, dX + at, m, c, wide);
                load_columns(w, w.u, x + at, m, c, wide);
                if (system == LOWER) solve_transposed(w.l, w.v, w.lane);
                else solve_lower(w.l, w.v, w.lane, 0);
                if (system != FULL) add_columns(w, w.v, toY, m, c, wide);
            }
            __syncthreads();
            if (dL && system == LOWER) subtract_outer(w, w.allV, w.allU, quads, toL);
            if (dL && system != LOWER) subtract_outer(w, w.allU, w.allV, quads, toL);
            __syncthreads();
            if (system != FULL) continue;
            if (c < m) {
                solve_transposed(w.l, w.v, w.lane);
                add_columns(w, w.v, toY, m, c, wide);
                for (int q = 0; dL && q < d; q += WARP) { // rows behind the panel are still those of X
                    float4 t = q + w.lane < d ? column_times(w.l, w.u, q + w.lane) : zero4();
                    __syncwarp();
                    if (q + w.lane < d) w.u[q + w.lane] = t;
                    __syncwarp();
                }
            }
            __syncthreads();
            if (dL) subtract_outer(w, w.allV, w.allU, quads, toL);
            __syncthreads();
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(cholesky_solve_backward,
    (int system, const float *l, const float *x, const float *dX, float *dL, float *dY, i64 b, i64 d, i64 m, float *scratch),
    (system, l, x, dX, dL, dY, b, (int) d, m, scratch))

// Where L_ii of matrix p lies in either layout.
__device__ __forceinline__ i64 diagonal_at(i64 p, i64 i, i64 d, bool lanes) {
    return lanes ? (p / LANES * d * d + i * (d + 1)) * LANES + p % LANES : p * d * d + i * (d + 1);
}

// out[p] = 2·Σ log L_ii, a warp a matrix. l [b,d,d] or in lanes; out [b].
KERNEL(cholesky_log_det)(const float *l, int lanes, float *out, i64 b, i64 d) {
    Row<WARP> row;
    if (row.index >= b) return;
    float s = 0;
    for (i64 i = row.lane; i < d; i += WARP) s += logf(l[diagonal_at(row.index, i, d, lanes)]);
    s = row.sum(s);
    if (row.first()) out[row.index] = 2.f * s;
}

// dL_ii += 2·g[p]/L_ii. l, dL [b,d,d] or in lanes; g [b].
KERNEL(cholesky_log_det_backward)(const float *l, int lanes, const float *g, float *dL, i64 b, i64 d) {
    for (i64 e = flat_index(); e < b * d; e += flat_count()) {
        i64 at = diagonal_at(e / d, e % d, d, lanes);
        dL[at] += 2.f * g[e / d] / l[at];
    }
}
