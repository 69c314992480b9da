// CodebookKernels: vector quantisation (KERNELS.md §7). rows encodings z of d dimensions, a codebook of entries.
#include "rows.cuh"

#define TILE 64            // rows and entries of a block
#define DEPTH 16           // dimensions that are in shared memory at a time
#define STRIDE (TILE + 4)  // keeps 16-byte alignment

// TILE rows of a [n,d], from row first on, dimensions from at on, transposed; 0 behind the end.
__device__ __forceinline__ void load_tile(float (&tile)[DEPTH][STRIDE], const float *a, i64 first, i64 n, i64 at, i64 d) {
    int i = threadIdx.x % DEPTH;
#pragma unroll
    for (int q = 0; q < TILE * DEPTH / THREADS; ++q) {
        int r = threadIdx.x / DEPTH + q * (THREADS / DEPTH);
        tile[i][r] = first + r < n && at + i < d ? a[(first + r) * d + at + i] : 0.f;
    }
}

// index [rows] = argmin_j ‖z − e_j‖², the first of equals; distance [rows] to it, or null. 0 where no distance is finite.
// A block has TILE rows and goes through the entries TILE by TILE, a thread 4 by 4 of them.
KERNEL(codebook_nearest)(const float *z, const float *codebook, int *index, float *distance, i64 rows, i64 entries, i64 d) {
    __align__(16) __shared__ float zs[DEPTH][STRIDE];
    __align__(16) __shared__ float es[DEPTH][STRIDE];
    int x = threadIdx.x % 16, y = threadIdx.x / 16;
    i64 row = (i64) blockIdx.x * TILE;
    float least[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
    int nearest[4] = {};
    for (i64 entry = 0; entry < entries; entry += TILE) {
        float sums[4][4] = {};
        for (i64 at = 0; at < d; at += DEPTH) {
            __syncthreads();
            load_tile(zs, z, row, rows, at, d);
            load_tile(es, codebook, entry, entries, at, d);
            __syncthreads();
#pragma unroll
            for (int i = 0; i < DEPTH; ++i) {
                float4 a4 = *reinterpret_cast<const float4 *>(&zs[i][4 * y]), b4 = *reinterpret_cast<const float4 *>(&es[i][4 * x]);
                float a[4] = {a4.x, a4.y, a4.z, a4.w}, b[4] = {b4.x, b4.y, b4.z, b4.w};
#pragma unroll
                for (int p = 0; p < 4; ++p)
#pragma unroll
                    for (int q = 0; q < 4; ++q) sums[p][q] = fmaf(a[p] - b[q], a[p] - b[q], sums[p][q]);
            }
        }
#pragma unroll
        for (int p = 0; p < 4; ++p)
#pragma unroll
            for (int q = 0; q < 4; ++q)
                if (entry + 4 * x + q < entries && sums[p][q] < least[p]) least[p] = sums[p][q], nearest[p] = (int) entry + 4 * x + q;
    }
#pragma unroll
    for (int p = 0; p < 4; ++p) {
        for (int o = 8; o > 0; o >>= 1) { // over the 16 threads of these rows
            float other = __shfl_xor_sync(ALL_LANES, least[p], o);
            int its = __shfl_xor_sync(ALL_LANES, nearest[p], o);
            if (other < least[p] || (other == least[p] && its < nearest[p])) least[p] = other, nearest[p] = its;
        }
        i64 r = row + 4 * y + p;
        if (x != 0 || r >= rows) continue;
        bool none = !(least[p] < INFINITY);
        index[r] = none ? 0 : nearest[p];
        if (!distance) continue;
        float first = 0;
        for (i64 i = 0; none && i < d; ++i) first += (z[r * d + i] - codebook[i]) * (z[r * d + i] - codebook[i]);
        distance[r] = none ? first : least[p];
    }
}

// out [rows,d]: out_r = codebook_index[r]
template <int T>
__device__ __forceinline__ void codebook_lookup(const float *codebook, const int *index, float *out, i64 rows, i64 d) {
    Row<T> row;
    if (row.index >= rows) return;
    codebook += index[row.index] * d;
    out += row.index * d;
    bool wide = wide_rows(d, codebook, out);
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float v[4];
        load4(v, codebook, i, d, wide);
        store4(v, out, i, d, wide);
    }
}
ROW_KERNEL(codebook_lookup, (const float *codebook, const int *index, float *out, i64 rows, i64 d), (codebook, index, out, rows, d))

// sums[j] (+)= Σ_{r: index[r] = j} a_r, and counts[j] how many they are, unless null; a [rows,d], sums [entries,d].
// Block (j, y) has entry j and 32 columns from 32·y on: it looks through all indices, notes where j is, and its warps
// take those rows in turn. Sums of 256 indices in float32, those in double.
KERNEL(codebook_scatter)(const int *index, const float *a, int add, float *counts, float *sums, i64 rows, i64 d) {
    const int warps = THREADS / WARP;
    __shared__ int found[THREADS], before[warps];
    __shared__ double part[warps][WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, entry = (int) blockIdx.x;
    i64 column = (i64) blockIdx.y * WARP + lane, count = 0;
    double total = 0;
    for (i64 first = 0; first < rows; first += THREADS) {
        bool here = first + threadIdx.x < rows && index[first + threadIdx.x] == entry;
        unsigned lanes = __ballot_sync(ALL_LANES, here);
        if (lane == 0) before[warp] = __popc(lanes);
        __syncthreads();
        int place = __popc(lanes & ((1u << lane) - 1)), n = 0;
        for (int w = 0; w < warps; ++w) {
            if (w < warp) place += before[w];
            n += before[w];
        }
        if (here) found[place] = threadIdx.x;
        __syncthreads();
        float sum = 0;
        for (int i = warp; column < d && i < n; i += warps) sum += a[(first + found[i]) * d + column];
        total += sum;
        count += n;
    }
    part[warp][lane] = total;
    __syncthreads();
    if (warp == 0 && column < d) {
        for (int w = 1; w < warps; ++w) total += part[w][lane];
        float *out = sums + entry * d + column;
        *out = add ? (float) (*out + total) : (float) total;
    }
    if (counts && blockIdx.y == 0 && threadIdx.x == 0) counts[entry] = (float) count;
}

// averageCounts = decay·averageCounts + (1 − decay)·counts, [entries]; total[0] their sum. One block.
KERNEL(codebook_average_counts)(const float *counts, float decay, float *averageCounts, double *total, i64 entries) {
    double sum = 0;
    for (i64 j = threadIdx.x; j < entries; j += THREADS) {
        float n = decay * averageCounts[j] + (1 - decay) * counts[j];
        averageCounts[j] = n;
        sum += n;
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) total[0] = sum;
}

// averageSums = decay·averageSums + (1 − decay)·sums; with n = total[0] and unless that is 0
// e_j = averageSums_j / ( (averageCounts_j + smoothing)/(n + entries·smoothing)·n ); all [entries,d]
KERNEL(codebook_moving_average)(const float *sums, float decay, float smoothing, const float *averageCounts, const double *total, float *averageSums,
        float *codebook, i64 entries, i64 d) {
    double n = total[0];
    for (i64 i = flat_index(); i < entries * d; i += flat_count()) {
        float s = decay * averageSums[i] + (1 - decay) * sums[i];
        averageSums[i] = s;
        double share = (averageCounts[quotient(i, d)] + (double) smoothing) / (n + entries * (double) smoothing);
        if (n != 0) codebook[i] = (float) (s / (share * n));
    }
}
