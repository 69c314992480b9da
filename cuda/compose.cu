// ComposeKernels: linear combinations, products, columns, row sums, the product of two Gaussians, the penalty on a
// covariance, the shuffle of columns.
#include "rows.cuh"

// y += weight·factor·x, rounded once; factor [1] or null for 1, x and y [n]
KERNEL(compose_add_scaled)(const float *x, float weight, const float *factor, float *y, i64 n) {
    float scale = factor ? weight * factor[0] : weight;
    bool wide = aligned(x, y);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float a[4], sum[4];
        load4(a, x, i, n, whole);
        load4(sum, y, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[j] = fmaf(a[j], scale, sum[j]);
        store4(sum, y, i, n, whole);
    }
}

// y += a·b, rounded once; all [n]
KERNEL(compose_add_product)(const float *a, const float *b, float *y, i64 n) {
    bool wide = aligned(a, b, y);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        bool whole = wide && i + 4 <= n;
        float u[4], v[4], sum[4];
        load4(u, a, i, n, whole);
        load4(v, b, i, n, whole);
        load4(sum, y, i, n, whole);
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[j] = fmaf(u[j], v[j], sum[j]);
        store4(sum, y, i, n, whole);
    }
}

// to[r, toColumn + j] += from[r/samples, fromColumn + j], j < count; from [rows/samples,c1], to [rows,c2]; both pointers
// are at their first column
KERNEL(compose_add_columns)(const float *from, i64 c1, float *to, i64 c2, i64 rows, i64 samples, i64 count) {
    for (i64 i = flat_index(); i < rows * count; i += flat_count()) {
        i64 r = quotient(i, count), j = i - r * count;
        to[r * c2 + j] += from[quotient(r, samples) * c1 + j];
    }
}

// dFrom[b, j] += Σ_k dTo[b·samples + k, j], j < count, in sums of 64 samples; dTo [points·samples,c2], dFrom [points,c1]
KERNEL(compose_add_columns_backward)(const float *dTo, i64 c2, float *dFrom, i64 c1, i64 points, i64 samples, i64 count) {
    for (i64 i = flat_index(); i < points * count; i += flat_count()) {
        i64 b = quotient(i, count), j = i - b * count;
        const float *g = dTo + b * samples * c2 + j;
        float total = dFrom[b * c1 + j];
        for (i64 first = 0; first < samples; first += 64) {
            i64 end = first + 64 < samples ? first + 64 : samples;
            float sum = 0;
            for (i64 k = first; k < end; ++k) sum += g[k * c2];
            total += sum;
        }
        dFrom[b * c1 + j] = total;
    }
}

// y[r] += Σ_c x[r,c]; x [rows,n], y [rows]
template <int T>
__device__ __forceinline__ void compose_add_row_sums(const float *x, float *y, i64 rows, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    x += row.index * n;
    bool wide = wide_rows(n, x);
    float sums[4] = {};
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        float v[4];
        load4(v, x, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[j] += v[j];
    }
    float sum = row.sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    if (row.first()) y[row.index] += sum;
}
ROW_KERNEL(compose_add_row_sums, (const float *x, float *y, i64 rows, i64 n), (x, y, rows, n))

// dx[r,c] += dy[r]; dx has size elements in rows of n
KERNEL(compose_add_row_sums_backward)(const float *dy, float *dx, i64 size, i64 n) {
    for (i64 i = flat_index(); i < size; i += flat_count()) dx[i] += dy[quotient(i, n)];
}

// The weights of two Gaussians by e = exp(−|logVar1 − logVar2|), which cannot overflow: the narrower one's is 1/(1 + e).
__device__ __forceinline__ float merge_weights(float logVar1, float logVar2, float &w1, float &w2) {
    float e = expf(-fabsf(logVar1 - logVar2)), narrow = 1.f / (1.f + e), wide = e * narrow;
    bool first = logVar1 <= logVar2;
    w1 = first ? narrow : wide;
    w2 = first ? wide : narrow;
    return e;
}

// mu = w1·mu1 + w2·mu2, logVar = −log( exp(−logVar1) + exp(−logVar2) ); all [n]
KERNEL(compose_merge)(const float *mu1, const float *logVar1, const float *mu2, const float *logVar2, float *mu, float *logVar, i64 n) {
    for (i64 i = flat_index(); i < n; i += flat_count()) {
        float w1, w2, e = merge_weights(logVar1[i], logVar2[i], w1, w2);
        mu[i] = fmaf(mu1[i], w1, mu2[i] * w2);
        logVar[i] = fminf(logVar1[i], logVar2[i]) - log1pf(e);
    }
}

// With t = dMu·w1·w2·(mu1 − mu2): dMu1 += dMu·w1, dMu2 += dMu·w2, dLogVar1 += dLogVar·w1 − t, dLogVar2 += dLogVar·w2 + t.
// All [n]; each gradient may be null.
KERNEL(compose_merge_backward)(const float *mu1, const float *logVar1, const float *mu2, const float *logVar2, const float *dMu,
        const float *dLogVar, float *dMu1, float *dLogVar1, float *dMu2, float *dLogVar2, i64 n) {
    for (i64 i = flat_index(); i < n; i += flat_count()) {
        float w1, w2;
        merge_weights(logVar1[i], logVar2[i], w1, w2);
        float g = dMu ? dMu[i] : 0.f, h = dLogVar ? dLogVar[i] : 0.f, t = dMu ? g * (w1 * w2) * (mu1[i] - mu2[i]) : 0.f;
        if (dMu1) dMu1[i] += g * w1;
        if (dMu2) dMu2[i] += g * w2;
        if (dLogVar1) dLogVar1[i] += h * w1 - t;
        if (dLogVar2) dLogVar2[i] += h * w2 + t;
    }
}

// means[j] = mean of column j, in double, from the sums of the columns of chunks of rows: part [chunks,d], means [d]
KERNEL(compose_means)(const double *part, i64 chunks, double *means, i64 rows, i64 d) {
    for (i64 j = flat_index(); j < d; j += flat_count()) {
        double sum = 0;
        for (i64 chunk = 0; chunk < chunks; ++chunk) sum += part[chunk * d + j];
        means[j] = sum / rows;
    }
}

// x = mu − means; mu and x have size elements in rows of d
KERNEL(compose_centre)(const float *mu, const double *means, float *x, i64 size, i64 d) {
    for (i64 i = flat_index(); i < size; i += flat_count()) x[i] = (float) (mu[i] - means[i - quotient(i, d) * d]);
}

// The first stage of the penalty, and where a block is alone also the last: part[block] = Σ λ·(C_ij − [i = j])² over the
// block's share, λ diagonal where i = j and off elsewhere. c = rows·C [d,d], part [blocks], out [1]
KERNEL(compose_penalty)(const float *c, i64 d, i64 rows, float off, float diagonal, float *part, float *out) {
    float sum = 0;
    for (i64 i = flat_index(); i < d * d; i += flat_count()) {
        bool on = quotient(i, d) * (d + 1) == i;
        float v = c[i] / rows - (on ? 1.f : 0.f);
        sum += (on ? diagonal : off) * v * v;
    }
    sum = block_sum(sum);
    if (threadIdx.x != 0) return;
    if (gridDim.x == 1) out[0] += sum;
    else part[blockIdx.x] = sum;
}

// In place: c[i,j] = 4·dOut/rows·λ·(C_ij − [i = j]) from c = rows·C [d,d]; dOut [1]
KERNEL(compose_penalty_slopes)(float *c, i64 d, i64 rows, float off, float diagonal, const float *dOut) {
    float scale = 4.f * dOut[0] / rows;
    for (i64 i = flat_index(); i < d * d; i += flat_count()) {
        bool on = quotient(i, d) * (d + 1) == i;
        c[i] = scale * (on ? diagonal : off) * (c[i] / rows - (on ? 1.f : 0.f));
    }
}

// out[rank of r, column] = z[r, column], where the rank is among the keys [d,rows] of the column, equal ones by row. A
// thread a row, chunks blocks a column; z and out [rows,d]
KERNEL(compose_shuffle)(const unsigned *keys, const float *z, float *out, i64 rows, i64 d, i64 chunks) {
    __shared__ unsigned tile[THREADS];
    i64 column = (i64) blockIdx.x / chunks, r = ((i64) blockIdx.x - column * chunks) * THREADS + threadIdx.x, rank = 0;
    keys += column * rows;
    unsigned mine = r < rows ? keys[r] : 0;
    for (i64 first = 0; first < rows; first += THREADS) {
        if (first + threadIdx.x < rows) tile[threadIdx.x] = keys[first + threadIdx.x];
        __syncthreads();
        int n = rows - first < THREADS ? (int) (rows - first) : THREADS;
        for (int s = 0; s < n; ++s) rank += tile[s] < mine || (tile[s] == mine && first + s < r);
        __syncthreads();
    }
    if (r < rows) out[rank * d + column] = z[r * d + column];
}
