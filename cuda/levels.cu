// LevelsKernels: likelihoods of data that takes one of C levels (KERNELS.md §3). x [B,N] bytes; logLik, g [R], R = B·k.
#include "location.cuh"

// LANES threads share the C ≤ 8·LANES logits of a dimension, eight in the registers of each.
#define HELD 8

// logLik[r] = Σ_n ( l[r,n,x] − logsumexp_c l[r,n,c] ), NaN where the largest logit is infinite;
// or dLogits[r,n,c] += g[r]·( 1[c = x] − softmax_c l ). logits, dLogits [R,N·C].
template <int T, int LANES, bool Slope>
__device__ __forceinline__ void categorical_rows(const float *logits, const unsigned char *x, const float *g, float *logLik, float *dLogits,
        i64 rows, i64 k, i64 n, int c) {
    Row<T> row;
    if (row.index >= rows) return;
    logits += row.index * n * c;
    x += point_of(row.index, k) * n;
    if (Slope) dLogits += row.index * n * c;
    float gradient = Slope ? g[row.index] : 0.f, total = 0;
    int lane = row.lane % LANES;
    for (i64 first = 0; first < n; first += T / LANES) {
        i64 i = first + row.lane / LANES;
        bool is = i < n; // all lanes stay for the shuffles
        const float *l = logits + i * c;
        float v[HELD], max = -INFINITY, sum = 0;
#pragma unroll
        for (int j = 0; j < HELD; ++j) {
            v[j] = is && lane + LANES * j < c ? l[lane + LANES * j] : -INFINITY;
            max = fmaxf(max, v[j]);
        }
        max = group_max<LANES>(max);
#pragma unroll
        for (int j = 0; j < HELD; ++j) {
            v[j] = lane + LANES * j < c ? expf(v[j] - max) : 0.f; // NaN where max is infinite
            sum += v[j];
        }
        sum = group_sum<LANES>(sum);
        if (fabsf(max) == INFINITY) sum = NAN;
        if (!is) continue;
        int level = x[i];
        if (Slope) {
            float factor = gradient / sum;
#pragma unroll
            for (int j = 0; j < HELD; ++j) {
                int at = lane + LANES * j;
                if (at < c) dLogits[i * c + at] += (at == level ? gradient : 0.f) - v[j] * factor;
            }
        } else if (lane == 0) {
            total += l[level] - max - logf(sum);
        }
    }
    if (!Slope) {
        total = row.sum(total);
        if (row.first()) logLik[row.index] = total;
    }
}

#define CATEGORICAL_PARAMETERS (const float *logits, const unsigned char *x, float *logLik, i64 rows, i64 k, i64 n, int c)
#define CATEGORICAL_ARGUMENTS (logits, x, logLik, rows, k, n, c)
#define CATEGORICAL_BACKWARD_PARAMETERS \
    (const float *logits, const unsigned char *x, const float *g, float *dLogits, i64 rows, i64 k, i64 n, int c)
#define CATEGORICAL_BACKWARD_ARGUMENTS (logits, x, g, dLogits, rows, k, n, c)
#define CATEGORICAL_TEMPLATES(name, LANES)                                                                                   \
    template <int T>                                                                                                         \
    __device__ __forceinline__ void name(const float *logits, const unsigned char *x, float *logLik, i64 rows, i64 k, i64 n, \
            int c) {                                                                                                         \
        categorical_rows<T, LANES, false>(logits, x, nullptr, logLik, nullptr, rows, k, n, c);                               \
    }                                                                                                                        \
    template <int T>                                                                                                         \
    __device__ __forceinline__ void name##_backward(const float *logits, const unsigned char *x, const float *g,             \
            float *dLogits, i64 rows, i64 k, i64 n, int c) {                                                                 \
        categorical_rows<T, LANES, true>(logits, x, g, nullptr, dLogits, rows, k, n, c);                                     \
    }

// C ≤ 8
CATEGORICAL_TEMPLATES(levels_categorical_8, 1)
ROW_KERNEL(levels_categorical_8, CATEGORICAL_PARAMETERS, CATEGORICAL_ARGUMENTS)
ROW_KERNEL(levels_categorical_8_backward, CATEGORICAL_BACKWARD_PARAMETERS, CATEGORICAL_BACKWARD_ARGUMENTS)

// C ≤ 64
CATEGORICAL_TEMPLATES(levels_categorical_64, 8)
ROW_KERNEL(levels_categorical_64, CATEGORICAL_PARAMETERS, CATEGORICAL_ARGUMENTS)
ROW_KERNEL(levels_categorical_64_backward, CATEGORICAL_BACKWARD_PARAMETERS, CATEGORICAL_BACKWARD_ARGUMENTS)

// C ≤ 256
CATEGORICAL_TEMPLATES(levels_categorical_256, 32)
ROW_KERNEL(levels_categorical_256, CATEGORICAL_PARAMETERS, CATEGORICAL_ARGUMENTS)
ROW_KERNEL(levels_categorical_256_backward, CATEGORICAL_BACKWARD_PARAMETERS, CATEGORICAL_BACKWARD_ARGUMENTS)

// logLik[r] = Σ_n log( σ(plus) − σ(minus) ), plus, minus = (x ± ½ − 255·mean)·exp(−logScale)/255
LOCATION_TEMPLATES(levels_discretized_logistic, LogisticLaw)
ROW_KERNEL(levels_discretized_logistic, LOCATION_PARAMETERS, LOCATION_ARGUMENTS)
ROW_KERNEL(levels_discretized_logistic_backward, LOCATION_BACKWARD_PARAMETERS, LOCATION_BACKWARD_ARGUMENTS)
KERNEL(levels_discretized_logistic_columns)LOCATION_COLUMNS(LogisticLaw)
