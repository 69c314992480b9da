// ProcessKernels: the kernel matrix with automatic relevance determination, and what is left to know at some points
// of a Gaussian process given others (KERNELS.md §8). n and m points of c coordinates; V [m,r].
#include "common.cuh"

#define TILE 32   // points of the kernel matrix: 32 by 32 a block, four rows a thread
#define ROWS 4
#define SQUARE 64 // of a matrix product: 64 by 64 a block, 4 by 4 a thread
#define DEPTH 16
#define COORDINATES 8

// Coordinates first … first + 31 of the points from on, each scaled by the root of its weight, 0 behind the ends.
__device__ __forceinline__ void stage_points(float (&tile)[TILE][TILE + 1], const float *x, const float *logWeight, i64 from, i64 n, i64 first, i64 c) {
    for (int t = threadIdx.x; t < TILE * TILE; t += THREADS) {
        i64 i = from + t / TILE, q = first + t % TILE;
        tile[t / TILE][t % TILE] = i < n && q < c ? x[i * c + q] * expf(.5f * logWeight[q]) : 0.f;
    }
}

// k[q] = exp( logVariance − ½ Σ_c exp(logWeight_c)·(x[i,c] − y[j,c])² ), i = row + 4·warp + q, j = column + lane: the
// same bits for (x, y) and (y, x).
__device__ __forceinline__ void kernel_tile(float (&k)[ROWS], const float *x, const float *y, const float *logWeight, float logVariance, i64 row,
        i64 column, i64 n, i64 m, i64 c) {
    __shared__ float xs[TILE][TILE + 1], ys[TILE][TILE + 1];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    float sums[ROWS] = {};
    for (i64 first = 0; first < c; first += TILE) {
        stage_points(xs, x, logWeight, row, n, first, c);
        stage_points(ys, y, logWeight, column, m, first, c);
        __syncthreads();
        int end = c - first < TILE ? (int) (c - first) : TILE;
        for (int q = 0; q < end; ++q) {
            float other = ys[lane][q];
#pragma unroll
            for (int r = 0; r < ROWS; ++r) {
                float difference = xs[ROWS * warp + r][q] - other;
                sums[r] = fmaf(.5f * difference, difference, sums[r]);
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < ROWS; ++r) k[r] = expf(logVariance - sums[r]);
}

// out[i,j] = exp( logVariance − ½ Σ_c exp(logWeight_c)·(x[i,c] − y[j,c])² ) (+ jitter where same and i = j).
// x [n,c]; y [m,c]; logWeight [c]; logVariance [1]; out [n,m]. A block a tile.
KERNEL(process_ard)(const float *x, const float *y, const float *logWeight, const float *logVariance, float jitter, int same, float *out, i64 n,
        i64 m, i64 c) {
    i64 across = (m + TILE - 1) / TILE, row = blockIdx.x / across * TILE, column = blockIdx.x % across * TILE;
    float k[ROWS];
    kernel_tile(k, x, y, logWeight, *logVariance, row, column, n, m, c);
    i64 i = row + ROWS * (threadIdx.x / WARP), j = column + threadIdx.x % WARP;
#pragma unroll
    for (int q = 0; q < ROWS; ++q)
        if (i + q < n && j < m) out[(i + q) * m + j] = same && i + q == j ? k[q] + jitter : k[q];
}

// G = dK·K [n,m] and Gᵀ [m,n]; what is null is not wanted. dK [n,m].
KERNEL(process_ard_weights)(const float *x, const float *y, const float *logWeight, const float *logVariance, const float *dK, float *g,
        float *transposed, i64 n, i64 m, i64 c) {
    __shared__ float tile[TILE][TILE + 1];
    i64 across = (m + TILE - 1) / TILE, row = blockIdx.x / across * TILE, column = blockIdx.x % across * TILE;
    int lane = threadIdx.x % WARP, first = ROWS * (threadIdx.x / WARP);
    float k[ROWS];
    kernel_tile(k, x, y, logWeight, *logVariance, row, column, n, m, c);
#pragma unroll
    for (int q = 0; q < ROWS; ++q) {
        i64 i = row + first + q, j = column + lane;
        if (i < n && j < m) {
            float v = dK[i * m + j] * k[q];
            if (g) g[i * m + j] = v;
            tile[first + q][lane] = v;
        }
    }
    __syncthreads();
#pragma unroll
    for (int q = 0; q < ROWS; ++q) {
        i64 i = row + lane, j = column + first + q;
        if (transposed && i < n && j < m) transposed[j * n + i] = tile[lane][first + q];
    }
}

// A row i of G: dX[i,c] −= exp(logWeight_c)·Σ_j G·(x − y); toWeight[i,c] = −½·exp(logWeight_c)·Σ_j G·(x − y)²;
// toVariance[i] = Σ_j G. x, dX, toWeight [n,c]; y [m,c]; g [n,m]; toVariance [n]; what is null is not wanted.
template <int T>
__device__ __forceinline__ void process_ard_rows(const float *x, const float *y, const float *logWeight, const float *g, float *dX, float *toWeight,
        float *toVariance, i64 n, i64 m, i64 c) {
    Row<T> row;
    if (row.index >= n) return;
    x += row.index * c, g += row.index * m;
    for (i64 first = 0; first < c; first += COORDINATES) {
        float own[COORDINATES], sums[COORDINATES] = {}, squares[COORDINATES] = {}, total = 0;
#pragma unroll
        for (int q = 0; q < COORDINATES; ++q) own[q] = first + q < c ? x[first + q] : 0.f;
        for (i64 j = row.lane; j < m; j += T) {
            float v = g[j];
            total += v;
#pragma unroll
            for (int q = 0; q < COORDINATES; ++q) {
                if (first + q >= c) continue;
                float difference = own[q] - y[j * c + first + q], t = v * difference;
                sums[q] += t;
                squares[q] = fmaf(t, difference, squares[q]);
            }
        }
#pragma unroll
        for (int q = 0; q < COORDINATES; ++q) {
            if (first + q >= c) continue;
            float s = row.sum(sums[q]), weight = expf(logWeight[first + q]);
            float s2 = toWeight ? row.sum(squares[q]) : 0.f;
            if (row.first() && dX) dX[row.index * c + first + q] -= weight * s;
            if (row.first() && toWeight) toWeight[row.index * c + first + q] = -.5f * weight * s2;
        }
        if (first == 0 && toVariance) {
            total = row.sum(total);
            if (row.first()) toVariance[row.index] = total;
        }
    }
}
ROW_KERNEL(process_ard_rows,
    (const float *x, const float *y, const float *logWeight, const float *g, float *dX, float *toWeight, float *toVariance, i64 n, i64 m, i64 c),
    (x, y, logWeight, g, dX, toWeight, toVariance, n, m, c))

// variance[r] = max( exp(logVariance) − Σ_i V[i,r]², 0 ), NaN stays. V [m,r]; logVariance [1]; variance [r]. A block
// takes 32 columns, its warps every eighth row each.
KERNEL(process_conditional_variance)(const float *v, const float *logVariance, float *variance, i64 m, i64 r) {
    __shared__ float sums[THREADS / WARP][WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 column = (i64) blockIdx.x * WARP + lane;
    float s = 0;
    if (column < r)
        for (i64 i = warp; i < m; i += THREADS / WARP) s = fmaf(v[i * r + column], v[i * r + column], s);
    sums[warp][lane] = s;
    __syncthreads();
    if (warp == 0 && column < r) {
        for (int w = 1; w < THREADS / WARP; ++w) s += sums[w][lane];
        float left = expf(*logVariance) - s;
        variance[column] = left < 0 ? 0.f : left;
    }
}

// dV[i,r] −= 2·V·dVariance[r], nothing where variance[r] is 0. V, dV [m,r]; variance, dVariance [r].
KERNEL(process_conditional_variance_backward)(const float *v, const float *variance, const float *dVariance, float *dV, i64 m, i64 r) {
    for (i64 e = flat_index(); e < m * r; e += flat_count()) {
        i64 column = e % r;
        dV[e] = fmaf(-2.f * v[e], variance[column] == 0 ? 0.f : dVariance[column], dV[e]);
    }
}

// dLogVariance[0] += exp(logVariance)·Σ_r dVariance[r] where variance[r] is not 0. One block.
KERNEL(process_log_variance_backward)(const float *logVariance, const float *variance, const float *dVariance, float *dLogVariance, i64 r) {
    float s = 0;
    for (i64 i = threadIdx.x; i < r; i += THREADS)
        if (variance[i] != 0) s += dVariance[i];
    s = block_sum(s);
    if (threadIdx.x == 0) *dLogVariance += expf(*logVariance) * s;
}

// Elements depth … depth + 15 of 64 rows or columns from on, of(k, i); the lanes go along k or along i.
template <bool AlongDepth, class Of>
__device__ __forceinline__ void stage(float (&tile)[DEPTH][SQUARE + 4], Of of, i64 depth, i64 end, i64 from, i64 n) {
    for (int t = threadIdx.x; t < DEPTH * SQUARE; t += THREADS) {
        int k = AlongDepth ? t % DEPTH : t / SQUARE, i = AlongDepth ? t / DEPTH : t % SQUARE;
        tile[k][i] = depth + k < end && from + i < n ? of(depth + k, from + i) : 0.f;
    }
}

// out[i,j] = from[i,j] − Σ_k a(k,i)·b(k,j), [n,m], out and from may be one; a block a tile of 64 by 64. What is
// subtracted is the same to the bit when a and b change places.
template <bool AlongA, class A, class B>
__device__ __forceinline__ void subtract_product(const float *from, float *out, A a, B b, i64 n, i64 m, i64 depth) {
    __shared__ float as[DEPTH][SQUARE + 4], bs[DEPTH][SQUARE + 4];
    i64 across = (m + SQUARE - 1) / SQUARE, row = blockIdx.x / across * SQUARE, column = blockIdx.x % across * SQUARE;
    int i = threadIdx.x / 16 * 4, j = threadIdx.x % 16 * 4;
    float sums[4][4];
#pragma unroll
    for (int p = 0; p < 4; ++p)
#pragma unroll
        for (int q = 0; q < 4; ++q) sums[p][q] = row + i + p < n && column + j + q < m ? from[(row + i + p) * m + column + j + q] : 0.f;
    for (i64 k = 0; k < depth; k += DEPTH) {
        stage<AlongA>(as, a, k, depth, row, n);
        stage<false>(bs, b, k, depth, column, m);
        __syncthreads();
#pragma unroll
        for (int t = 0; t < DEPTH; ++t)
#pragma unroll
            for (int p = 0; p < 4; ++p)
#pragma unroll
                for (int q = 0; q < 4; ++q) sums[p][q] = fmaf(-as[t][i + p], bs[t][j + q], sums[p][q]);
        __syncthreads();
    }
#pragma unroll
    for (int p = 0; p < 4; ++p)
#pragma unroll
        for (int q = 0; q < 4; ++q)
            if (row + i + p < n && column + j + q < m) out[(row + i + p) * m + column + j + q] = sums[p][q];
}

// covariance = k − VᵀV. V [m,r]; k, covariance [r,r], which may be one.
KERNEL(process_conditional_covariance)(const float *k, const float *v, float *covariance, i64 m, i64 r) {
    auto of = [=](i64 i, i64 column) { return v[i * r + column]; };
    subtract_product<false>(k, covariance, of, of, r, r, m);
}

// dV −= V·(G + Gᵀ). V, dV [m,r]; g [r,r].
KERNEL(process_conditional_covariance_backward)(const float *v, const float *g, float *dV, i64 m, i64 r) {
    subtract_product<true>(dV, dV, [=](i64 s, i64 i) { return v[i * r + s]; }, [=](i64 s, i64 t) { return g[s * r + t] + g[t * r + s]; }, m, r, r);
}

// dK += G, n elements
KERNEL(process_add)(const float *g, float *dK, i64 n) {
    for (i64 i = flat_index(); i < n; i += flat_count()) dK[i] += g[i];
}
