// FusedLikelihoodKernels: log-probabilities with their gradients, one exponential an element (KERNELS.md §2).
// logits, mean [R,N], R = B·k; data [B,N], floats or bytes, the other null; logLik, g [R].
#include "bernoulli.cuh"
#include "location.cuh"

// found = ∞: before the kernel that looks for elements outside [0,1]
KERNEL(fusedlikelihood_none_outside)(unsigned *found) {
    if (flat_index() == 0) *found = 0xffffffffu;
}

// logLik[r] = Σ_n ( x·l − softplus(l) ); dLogits[r,n] += g[r]·( x − sigmoid(l) ); found, where not null: the least index
// of an x < 0 or > 1
template <int T>
__device__ __forceinline__ void fusedlikelihood_bernoulli(const float *logits, Data x, const float *g, float *logLik, float *dLogits,
        unsigned *found, i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, true, true, false>(logits, x, Noise{}, g, logLik, dLogits, found, rows, k, n);
}
ROW_KERNEL(fusedlikelihood_bernoulli,
    (const float *logits, const float *floats, const unsigned char *bytes, const float *g, float *logLik, float *dLogits, unsigned *found,
        i64 rows, i64 k, i64 n),
    (logits, Data{floats, bytes}, g, logLik, dLogits, found, rows, k, n))

// The same with x = 1[u < pixel/255].
template <int T>
__device__ __forceinline__ void fusedlikelihood_bernoulli_drawn(const float *logits, Data x, Noise noise, const float *g, float *logLik,
        float *dLogits, i64 rows, i64 k, i64 n) {
    logit_rows<Bernoulli, T, true, true, true>(logits, x, noise, g, logLik, dLogits, nullptr, rows, k, n);
}
ROW_KERNEL(fusedlikelihood_bernoulli_drawn,
    (const float *logits, const unsigned char *bytes, unsigned long long seed, unsigned stream, unsigned step, const unsigned *clock, const float *g,
        float *logLik, float *dLogits, i64 rows, i64 k, i64 n),
    (logits, Data{nullptr, bytes}, noise_key(seed, stream, step, clock), g, logLik, dLogits, rows, k, n))

// logLik[r] = −½ Σ_n ( (x − mean)²·p + logVar + log 2π ); dMean[r,n] += g[r]·(x − mean)·p;
// dLogVar[r,n] += g[r]·½( (x − mean)²·p − 1 ); logVar [R,N]
template <int T>
__device__ __forceinline__ void fusedlikelihood_gaussian(const float *mean, Data x, const float *logVar, const float *g, float *logLik,
        float *dMean, float *dLogVar, i64 rows, i64 k, i64 n) {
    location_rows<GaussianLaw, T, true, true>(mean, x, logVar, n, 1, g, logLik, dMean, dLogVar, nullptr, rows, k, n);
}
ROW_KERNEL(fusedlikelihood_gaussian,
    (const float *mean, const float *floats, const unsigned char *bytes, const float *logVar, const float *g, float *logLik, float *dMean,
        float *dLogVar, i64 rows, i64 k, i64 n),
    (mean, Data{floats, bytes}, logVar, g, logLik, dMean, dLogVar, rows, k, n))
