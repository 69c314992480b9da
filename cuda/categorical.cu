// CategoricalKernels (KERNELS.md §7): rows of n variables of c categories, log p = logits − logsumexp logits.
#include "variables.cuh"

// p·l with 0·∞ = 0
__device__ __forceinline__ float times(float p, float l) { return p == 0 && l == l ? 0.f : p * l; }

// log p − log q, 0 where both probabilities are 0
__device__ __forceinline__ float ratio(float logP, float logQ) { return logP == -INFINITY && logQ == logP ? 0.f : logP - logQ; }

// logProb [r] = Σ_n log p_d, d = index [r,n]; or with weights [r,n·c] Σ_n Σ_c weights·log p. logits [b,n·c].
template <int T, int G>
__device__ __forceinline__ void categorical_log_prob(const float *logits, const float *index, const float *weights, float *logProb, i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    logits += quotient(row.index, k) * n * c;
    float sum = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logits);
        if (weights) {
            const float *w = weights + row.index * n * c + v.from;
            for (int i = v.lane; i < v.c; i += G) sum += times(w[i], all.log(logits[v.from + i]));
        } else if (v.first()) {
            sum += all.log(logits[v.from + (int) index[row.index * n + v.index]]);
        }
    }
    sum = row.sum(sum);
    if (row.first()) logProb[row.index] = sum;
}
VARIABLE_KERNEL(categorical_log_prob,
    (const float *logits, const float *index, const float *weights, float *logProb, i64 b, i64 k, i64 n, i64 c),
    (logits, index, weights, logProb, b, k, n, c))

// dLogits += Σ_k dLogProb·(weights − p·Σ_c weights), dWeights += dLogProb·log p; for an index its weight is 1.
// See Chunk; dLogits or dWeights may be null.
template <int T, int G>
__device__ __forceinline__ void categorical_log_prob_backward(const float *logits, const float *index, const float *weights, const float *dLogProb,
        float *dLogits, float *dWeights, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    logits += chunk.point * columns;
    float *target = chunk.target(dLogits, b, columns);
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logits);
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            const float *w = weights ? weights + r * columns + v.from : weights;
            float g = dLogProb[r], total = 0;
            int d = !weights && v.valid ? (int) index[r * n + v.index] : -1;
            for (int i = v.lane; weights && i < v.c; i += G) total += w[i];
            total = weights ? group_sum<G>(total) : 1.f;
            for (int i = v.lane; i < v.c; i += G) {
                float weight = weights ? w[i] : i == d ? 1.f : 0.f;
                if (target) chunk.add(target, v.from + i, g * (weight - all.p(logits[v.from + i]) * total), r);
                if (dWeights) dWeights[r * columns + v.from + i] += g * all.log(logits[v.from + i]);
            }
        }
    }
}
VARIABLE_KERNEL(categorical_log_prob_backward,
    (const float *logits, const float *index, const float *weights, const float *dLogProb, float *dLogits, float *dWeights, i64 b, i64 k, i64 n, i64 c,
        i64 chunks, i64 per),
    (logits, index, weights, dLogProb, dLogits, dWeights, b, k, n, c, chunks, per))

// This lane's part of Σ_c p·log p of a variable.
template <int T, int G>
__device__ __forceinline__ float minus_entropy(const Variable<T, G> &v, const LogSoftmax &all, const float *logits) {
    float sum = 0;
    for (int i = v.lane; i < v.c; i += G) sum += times(all.p(logits[v.from + i]), all.log(logits[v.from + i]));
    return sum;
}

// entropy [b] = −Σ_n Σ_c p·log p
template <int T, int G>
__device__ __forceinline__ void categorical_entropy(const float *logits, float *entropy, i64 b, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b) return;
    logits += row.index * n * c;
    float sum = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        sum -= minus_entropy(v, log_softmax(v, logits), logits);
    }
    sum = row.sum(sum);
    if (row.first()) entropy[row.index] = sum;
}
VARIABLE_KERNEL(categorical_entropy, (const float *logits, float *entropy, i64 b, i64 n, i64 c), (logits, entropy, b, n, c))

// dLogits −= dEntropy·p·(log p + H_n), H_n the entropy of the variable
template <int T, int G>
__device__ __forceinline__ void categorical_entropy_backward(const float *logits, const float *dEntropy, float *dLogits, i64 b, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b) return;
    logits += row.index * n * c;
    dLogits += row.index * n * c;
    float g = dEntropy[row.index];
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logits);
        float entropy = -group_sum<G>(minus_entropy(v, all, logits));
        for (int i = v.from + v.lane; i < v.from + v.c; i += G) dLogits[i] -= g * times(all.p(logits[i]), all.log(logits[i]) + entropy);
    }
}
VARIABLE_KERNEL(categorical_entropy_backward, (const float *logits, const float *dEntropy, float *dLogits, i64 b, i64 n, i64 c), (logits, dEntropy, dLogits, b, n, c))

// log q of a category: of the prior's logits, or −log c where there are none.
__device__ __forceinline__ float prior_log(const LogSoftmax &prior, const float *logits, int i, float uniform) { return logits ? prior.log(logits[i]) : uniform; }

// This lane's part of Σ_c p·(log p − log q) of a variable.
template <int T, int G>
__device__ __forceinline__ float divergence(const Variable<T, G> &v, const LogSoftmax &all, const float *logits, const LogSoftmax &prior,
        const float *priorLogits, float uniform) {
    float sum = 0;
    for (int i = v.from + v.lane; i < v.from + v.c; i += G)
        sum += times(all.p(logits[i]), ratio(all.log(logits[i]), prior_log(prior, priorLogits, i, uniform)));
    return sum;
}

// kl [b·k] = Σ_n Σ_c p·(log p − log q); logits [b·k,n·c], priorLogits [b,n·c] or null, uniform = −log c
template <int T, int G>
__device__ __forceinline__ void categorical_kl(const float *logits, const float *priorLogits, float uniform, float *kl, i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    logits += row.index * n * c;
    if (priorLogits) priorLogits += quotient(row.index, k) * n * c;
    float sum = 0;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax all = log_softmax(v, logits), prior = all;
        if (priorLogits) prior = log_softmax(v, priorLogits);
        sum += divergence(v, all, logits, prior, priorLogits, uniform);
    }
    sum = row.sum(sum);
    if (row.first()) kl[row.index] = sum;
}
VARIABLE_KERNEL(categorical_kl,
    (const float *logits, const float *priorLogits, float uniform, float *kl, i64 b, i64 k, i64 n, i64 c),
    (logits, priorLogits, uniform, kl, b, k, n, c))

// dLogits += dKl·p·(log p − log q − KL_n) [b·k,n·c], dPriorLogits += Σ dKl·(q − p) [b,n·c]; see Chunk, both may be null
template <int T, int G>
__device__ __forceinline__ void categorical_kl_backward(const float *logits, const float *priorLogits, float uniform, const float *dKl, float *dLogits,
        float *dPriorLogits, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    if (priorLogits) priorLogits += chunk.point * columns;
    float *target = chunk.target(dPriorLogits, b, columns);
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        LogSoftmax prior = {};
        if (priorLogits) prior = log_softmax(v, priorLogits);
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            const float *x = logits + r * columns;
            LogSoftmax all = log_softmax(v, x);
            float g = dKl[r], kl = dLogits ? group_sum<G>(divergence(v, all, x, prior, priorLogits, uniform)) : 0.f;
            for (int i = v.from + v.lane; i < v.from + v.c; i += G) {
                float p = all.p(x[i]), logQ = prior_log(prior, priorLogits, i, uniform);
                if (dLogits) dLogits[r * columns + i] += g * times(p, ratio(all.log(x[i]), logQ) - kl);
                if (target) chunk.add(target, i, g * (prior.p(priorLogits[i]) - p), r);
            }
        }
    }
}
VARIABLE_KERNEL(categorical_kl_backward,
    (const float *logits, const float *priorLogits, float uniform, const float *dKl, float *dLogits, float *dPriorLogits, i64 b, i64 k, i64 n, i64 c,
        i64 chunks, i64 per),
    (logits, priorLogits, uniform, dKl, dLogits, dPriorLogits, b, k, n, c, chunks, per))

// logSum [r,n] = logsumexp_c(logPi + f), −∞ where all terms are, NaN where one is +∞; responsibilities [r,n·c] =
// exp(logPi + f − logSum), 0 where logSum is −∞, or null. logPi [b,n·c], f [r,n·c].
template <int T, int G>
__device__ __forceinline__ void categorical_marginalize(const float *logPi, const float *f, float *logSum, float *responsibilities, i64 b, i64 k, i64 n, i64 c) {
    Row<T> row;
    if (row.index >= b * k) return;
    logPi += quotient(row.index, k) * n * c;
    f += row.index * n * c;
    for (i64 at = 0; at < n; at += T / G) {
        Variable<T, G> v(row.lane, at, n, c);
        float top = -INFINITY, bad = 0, sum = 0;
        for (int i = v.from + v.lane; i < v.from + v.c; i += G) {
            float t = logPi[i] + f[i];
            top = fmaxf(top, t);
            if (!(t < INFINITY)) bad = 1;
        }
        top = group_max<G>(top);
        if (group_max<G>(bad) > 0) top = NAN;
        bool nothing = top == -INFINITY;
        for (int i = v.from + v.lane; i < v.from + v.c; i += G) sum += nothing ? 0.f : expf(logPi[i] + f[i] - top);
        sum = group_sum<G>(sum);
        if (v.first()) logSum[row.index * n + v.index] = nothing ? top : top + logf(sum);
        float inverse = 1.f / sum;
        for (int i = v.from + v.lane; responsibilities && i < v.from + v.c; i += G)
            responsibilities[row.index * n * c + i] = nothing ? 0.f : expf(logPi[i] + f[i] - top) * inverse;
    }
}
VARIABLE_KERNEL(categorical_marginalize,
    (const float *logPi, const float *f, float *logSum, float *responsibilities, i64 b, i64 k, i64 n, i64 c),
    (logPi, f, logSum, responsibilities, b, k, n, c))

// dF += dLogSum·responsibilities [r,n·c], dLogPi += the same over the samples [b,n·c]; see Chunk, both may be null
template <int T>
__device__ __forceinline__ void categorical_marginalize_backward(const float *responsibilities, const float *dLogSum, float *dLogPi, float *dF, i64 b,
        i64 k, i64 n, i64 c, i64 chunks, i64 per) {
    Row<T> row;
    if (row.index >= b * chunks) return;
    Chunk chunk(row.index, k, chunks, per);
    i64 columns = n * c;
    float *target = chunk.target(dLogPi, b, columns);
    for (i64 i = row.lane; i < columns; i += T) {
        float sum = 0;
        for (i64 r = chunk.first; r < chunk.end; ++r) {
            float g = responsibilities[r * columns + i] * dLogSum[r * n + quotient(i, c)];
            if (dF) dF[r * columns + i] += g;
            sum += g;
        }
        if (target) chunk.add(target, i, sum, chunk.first);
    }
}
ROW_KERNEL(categorical_marginalize_backward,
    (const float *responsibilities, const float *dLogSum, float *dLogPi, float *dF, i64 b, i64 k, i64 n, i64 c, i64 chunks, i64 per),
    (responsibilities, dLogSum, dLogPi, dF, b, k, n, c, chunks, per))
