// LikelihoodKernels: log-probabilities of data and their gradients (KERNELS.md §2).
// logits, mean [R,N], R = B·k; data [B,N], floats or bytes, the other null; logLik, g [R].
#include "bernoulli.cuh"
#include "location.cuh"

// found = ∞, then the least index of an element < 0 or > 1 of x [n]
KERNEL(likelihood_none_outside)(unsigned *found) {
    if (flat_index() == 0) *found = 0xffffffffu;
}
KERNEL(likelihood_first_outside)(const float *x, unsigned *found, i64 n) {
    bool wide = aligned(x);
    for (i64 i = 4 * flat_index(); i < n; i += 4 * flat_count()) {
        float v[4];
        load4(v, x, i, n, wide && i + 4 <= n);
#pragma unroll
        for (int j = 0; j < 4; ++j) check_unit(v[j], i + j, found);
    }
}

// logLik[r] = Σ_n ( x·l − softplus(l) )
template <int T>
__device__ __forceinline__ void likelihood_bernoulli(const float *logits, Data x, float *logLik, i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, true, false, false>(logits, x, Noise{}, nullptr, logLik, nullptr, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_bernoulli,
    (const float *logits, const float *floats, const unsigned char *bytes, float *logLik, i64 rows, i64 k, i64 n),
    (logits, Data{floats, bytes}, logLik, rows, k, n))

// The same with x = 1[u < pixel/255].
template <int T>
__device__ __forceinline__ void likelihood_bernoulli_drawn(const float *logits, Data x, Noise noise, float *logLik, i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, true, false, true>(logits, x, noise, nullptr, logLik, nullptr, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_bernoulli_drawn,
    (const float *logits, const unsigned char *bytes, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, float *logLik,
        i64 rows, i64 k, i64 n),
    (logits, Data{nullptr, bytes}, noise_key(seed, stream, step, clock), logLik, rows, k, n))

// dLogits[r,n] += g[r]·( x − sigmoid(l) )
template <int T>
__device__ __forceinline__ void likelihood_bernoulli_backward(const float *logits, Data x, const float *g, float *dLogits, i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, false, true, false>(logits, x, Noise{}, g, nullptr, dLogits, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_bernoulli_backward,
    (const float *logits, const float *floats, const unsigned char *bytes, const float *g, float *dLogits, i64 rows, i64 k, i64 n),
    (logits, Data{floats, bytes}, g, dLogits, rows, k, n))

template <int T>
__device__ __forceinline__ void likelihood_bernoulli_drawn_backward(const float *logits, Data x, Noise noise, const float *g, float *dLogits,
        i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, false, true, true>(logits, x, noise, g, nullptr, dLogits, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_bernoulli_drawn_backward,
    (const float *logits, const unsigned char *bytes, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, const float *g,
        float *dLogits, i64 rows, i64 k, i64 n),
    (logits, Data{nullptr, bytes}, noise_key(seed, stream, step, clock), g, dLogits, rows, k, n))

// logLik[r] = Σ_n ( l·(x − 1[l>0]) + log( |l|/(1 − exp(−|l|)) ) )
template <int T>
__device__ __forceinline__ void likelihood_continuous_bernoulli(const float *logits, Data x, float *logLik, i64 rows, i64 k, i64 n) {
    logit_rows<ContinuousBernoulli, T, true, false, false>(logits, x, Noise{}, nullptr, logLik, nullptr, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_continuous_bernoulli,
    (const float *logits, const float *floats, const unsigned char *bytes, float *logLik, i64 rows, i64 k, i64 n),
    (logits, Data{floats, bytes}, logLik, rows, k, n))

// dLogits[r,n] += g[r]·( x − E x ), E x = 1[l>0] − sign(l)·( 1/|l| − 1/(exp|l| − 1) )
template <int T>
__device__ __forceinline__ void likelihood_continuous_bernoulli_backward(const float *logits, Data x, const float *g, float *dLogits,
        i64 rows, i64 k, i64 n) {
    logit_rows<ContinuousBernoulli, T, false, true, false>(logits, x, Noise{}, g, nullptr, dLogits, nullptr, rows, k, n);
}
ROW_KERNEL(likelihood_continuous_bernoulli_backward,
    (const float *logits, const float *floats, const unsigned char *bytes, const float *g, float *dLogits, i64 rows, i64 k, i64 n),
    (logits, Data{floats, bytes}, g, dLogits, rows, k, n))

// logLik[r] = −½ Σ_n ( (x − mean)²·p + logVar + log 2π ), p = exp(−logVar)
LOCATION_KERNELS(likelihood_gaussian, GaussianLaw)

// logLik[r] = −Σ_n ( |x − mean|·p + logScale + log 2 ), p = exp(−logScale)
LOCATION_KERNELS(likelihood_laplace, LaplaceLaw)
