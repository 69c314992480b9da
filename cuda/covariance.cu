// CovarianceKernels: the Gaussian with a full covariance from its Cholesky factor (KERNELS.md §4a).
// b data points, k samples each, rows r = p·k + s of d dimensions. A block a data point; a warp four samples at
// a time. A factor is packed (logSigma [b,d] and lower [b,d(d−1)/2]: L = strictlower + diag(exp(logSigma))) or,
// where logSigma is null, full: lower [b,d,d], of which the lower triangle is read.
#include "philox.cuh"
#include "triangular.cuh"

#define LOG_2PI 1.8378770664093453f

// Loads the factor of data point p; returns Σ log L_ii, to all threads.
__device__ __forceinline__ float load_factor(const Work &w, const float *logSigma, const float *lower, i64 p) {
    int d = w.l.d;
    float logs = 0;
    if (!logSigma) {
        load_full(w, lower + p * d * d);
        for (int i = threadIdx.x; i < d; i += blockDim.x) logs += logf(lower[p * d * d + (i64) i * d + i]);
    } else {
        const float *from = lower + p * strict(d);
        for (int e = threadIdx.x; e < strict(d); e += blockDim.x) w.l.low[e] = from[e];
        for (int i = threadIdx.x; i < d; i += blockDim.x) {
            float s = logSigma[p * d + i];
            w.l.diag[i] = expf(s);
            w.l.inv[i] = expf(-s);
            logs += s;
        }
    }
    return team_sum(w, logs);
}

// ½ Σ x² so that no square overflows before its half does
__device__ __forceinline__ void add_half_squares(float4 &s, const float4 &x) { s = plus4(s, times4(scale4(x, .5f), x)); }

// eps of a quad of samples from row on, element i: given, or element row·d + i of the noise.
__device__ __forceinline__ float4 noise4(const float *eps, const Noise &noise, i64 row, int d, int i, int n) {
    if (eps) return gather4(eps + row * d + i, d, n);
    i64 at = row * d + i;
    return make_float4(n > 0 ? normal_at(noise, at) : 0.f, n > 1 ? normal_at(noise, at + d) : 0.f, n > 2 ? normal_at(noise, at + 2 * d) : 0.f,
        n > 3 ? normal_at(noise, at + 3 * d) : 0.f);
}

// ½ ( ‖L‖²_F + ‖mu‖² − d ) − Σ logSigma of the data point that was loaded
__device__ __forceinline__ float divergence(const Work &w, const float *mu, float logs) {
    float s = 0;
    for (int e = threadIdx.x; e < strict(w.l.d); e += blockDim.x) s += .5f * w.l.low[e] * w.l.low[e];
    for (int i = threadIdx.x; i < w.l.d; i += blockDim.x) s += .5f * w.l.diag[i] * w.l.diag[i] + .5f * mu[i] * mu[i] - .5f;
    return team_sum(w, s) - fminf(logs, 3.4028234664e38f); // ∞ − ∞ is +∞ here
}

// z = mu + L·eps; kl[p] = ½(‖L‖²_F + ‖mu‖² − d) − Σ logSigma; logQ = −½ Σ (eps² + log 2π) − Σ logSigma;
// logP = −½ Σ (z² + log 2π). mu, logSigma [b,d]; lower [b,d(d−1)/2]; eps (null: drawn), z [b·k,d]; kl [b];
// logQ, logP [b·k]; what is null is not wanted.
template <bool Shared>
__device__ __forceinline__ void covariance_reparameterize(const float *mu, const float *logSigma, const float *lower, const float *eps, Noise noise,
        float *z, float *kl, float *logQ, float *logP, i64 b, i64 k, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        float logs = load_factor(w, logSigma, lower, p);
        if (kl && blockIdx.y == 0) {
            float value = divergence(w, mu + p * d, logs);
            if (threadIdx.x == 0) kl[p] = value;
        }
        for (i64 q = 4 * (w.warp + (i64) w.warps * blockIdx.y); q < k; q += 4LL * w.warps * gridDim.y) {
            i64 row = p * k + q;
            int n = quad_size(k, q);
            float4 toQ = zero4(), toP = zero4();
            for (int i = w.lane; i < d; i += WARP) {
                float4 e = noise4(eps, noise, row, d, i, n);
                w.v[i] = e;
                add_half_squares(toQ, e);
            }
            __syncwarp();
            for (int i = w.lane; i < d; i += WARP) {
                float m = mu[p * d + i];
                float4 x = plus4(row_times(w.l, w.v, i), make_float4(m, m, m, m));
                scatter4(x, z + row * d + i, d, n);
                add_half_squares(toP, x);
            }
            toQ = warp_sum4(toQ), toP = warp_sum4(toP);
            float constant = -.5f * LOG_2PI * d, c = constant - logs;
            if (logQ && w.lane == 0) scatter4(minus4(make_float4(c, c, c, c), toQ), logQ + row, 1, n);
            if (logP && w.lane == 0) scatter4(minus4(make_float4(constant, constant, constant, constant), toP), logP + row, 1, n);
            __syncwarp();
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(covariance_reparameterize,
    (const float *mu, const float *logSigma, const float *lower, const float *eps, unsigned long long seed, unsigned stream, unsigned step,
        const unsigned *clock, float *z, float *kl, float *logQ, float *logP, i64 b, i64 k, i64 d, float *scratch),
    (mu, logSigma, lower, eps, noise_key(seed, stream, step, clock), z, kl, logQ, logP, b, k, (int) d, scratch))

// Adds Σ u_i·v_j of all quads below the diagonal, and to_diagonal(i, Σ u_i·v_i), to_mean(i, Σ u_i).
// lower: element (i, j) is dLower[start(i) + j].
template <class Start, class Diagonal>
__device__ __forceinline__ void add_outer(const Work &w, int quads, float *dLower, Start start, Diagonal diagonal) {
    int d = w.l.d;
    for (int i = w.warp; i < d; i += w.warps)
        for (int j = w.lane; j < i; j += WARP) dLower[start(i) + j] += outer(w.allU, w.allV, quads, d, i, j);
    for (int i = threadIdx.x; i < d; i += blockDim.x) diagonal(i, outer(w.allU, w.allV, quads, d, i, i), quad_sums(w.allU, quads, d, i));
}

// g of a quad into u, eps into v: g = dz − dlogP·z [− dlogQ·L⁻ᵀ·eps, stick the landing]
__device__ __forceinline__ void sample_gradient(const Work &w, const float *eps, const Noise &noise, const float *z, const float *dz,
        const float *dLogQ, const float *dLogP, bool stick, i64 row, int n) {
    int d = w.l.d;
    for (int i = w.lane; i < d; i += WARP) {
        float4 e = n > 0 ? noise4(eps, noise, row, d, i, n) : zero4();
        w.v[i] = e;
        w.u[i] = e;
    }
    __syncwarp();
    if (dLogQ && stick) solve_transposed(w.l, w.u, w.lane);
    float4 toQ = dLogQ && stick ? gather4(dLogQ + row, 1, n) : zero4();
    float4 toP = dLogP ? gather4(dLogP + row, 1, n) : zero4();
    for (int i = w.lane; i < d; i += WARP) {
        float4 g = dz ? gather4(dz + row * d + i, d, n) : zero4();
        if (dLogP) g = minus4(g, times4(toP, gather4(z + row * d + i, d, n)));
        if (dLogQ && stick) g = minus4(g, times4(toQ, w.u[i]));
        w.u[i] = g;
    }
}

// With g = dz − dlogP·z [− dlogQ·L⁻ᵀ·eps, stick the landing] and dkl = dKl[p]:
// dMu += Σ_k g + dkl·mu; dLower_ij += Σ_k g_i·eps_j + dkl·L_ij;
// dLogSigma += σ·Σ_k g·eps [− Σ_k dlogQ, unless it sticks] + dkl·(σ² − 1).
template <bool Shared>
__device__ __forceinline__ void covariance_reparameterize_backward(const float *mu, const float *logSigma, const float *lower, const float *eps,
        Noise noise, const float *z, const float *dz, const float *dKl, const float *dLogQ, const float *dLogP, bool stick, float *dMu,
        float *dLogSigma, float *dLower, i64 b, i64 k, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    bool reached = dz || dLogP || (dLogQ && stick); // 0·∞ would be NaN
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        load_factor(w, logSigma, lower, p);
        for (i64 first = 0; reached && first < k; first += 4 * w.warps) {
            i64 q = first + 4 * w.warp, left = (k - first + 3) / 4;
            if (q < k) sample_gradient(w, eps, noise, z, dz, dLogQ, dLogP, stick, p * k + q, quad_size(k, q));
            __syncthreads();
            add_outer(w, left < w.warps ? (int) left : w.warps, dLower + p * strict(d), [](int i) { return strict(i); }, [&](int i, float ofLogSigma, float ofMu) {
                dLogSigma[p * d + i] += w.l.diag[i] * ofLogSigma;
                dMu[p * d + i] += ofMu;
            });
            __syncthreads();
        }
        float ofQ = 0;
        if (dLogQ && !stick)
            for (i64 s = threadIdx.x; s < k; s += blockDim.x) ofQ += dLogQ[p * k + s];
        ofQ = team_sum(w, ofQ);
        float g = dKl ? dKl[p] : 0.f;
        for (int e = threadIdx.x; dKl && e < strict(d); e += blockDim.x) dLower[p * strict(d) + e] += g * w.l.low[e];
        for (int i = threadIdx.x; i < d; i += blockDim.x) {
            float s = w.l.diag[i];
            if (dLogQ && !stick) dLogSigma[p * d + i] -= ofQ;
            if (dKl) {
                dLogSigma[p * d + i] += g * s * s - g;
                dMu[p * d + i] += g * mu[p * d + i];
            }
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(covariance_reparameterize_backward,
    (const float *mu, const float *logSigma, const float *lower, const float *eps, unsigned long long seed, unsigned stream, unsigned step,
        const unsigned *clock, const float *z, const float *dz, const float *dKl, const float *dLogQ, const float *dLogP, int stick, float *dMu,
        float *dLogSigma, float *dLower, i64 b, i64 k, i64 d, float *scratch),
    (mu, logSigma, lower, eps, noise_key(seed, stream, step, clock), z, dz, dKl, dLogQ, dLogP, stick, dMu, dLogSigma, dLower, b, k, (int) d, scratch))

// y = L⁻¹·(x − mu) of a quad of rows, into y
__device__ __forceinline__ void whiten(const Work &w, float4 *y, const float *x, const float *mu, i64 row, int n) {
    int d = w.l.d;
    for (int i = w.lane; i < d; i += WARP) {
        float m = mu[i];
        float4 v = gather4(x + row * d + i, d, n);
        y[i] = make_float4(v.x - m, n > 1 ? v.y - m : 0.f, n > 2 ? v.z - m : 0.f, n > 3 ? v.w - m : 0.f);
    }
    __syncwarp();
    solve_lower(w.l, y, w.lane, 0);
}

// logProb[r] = −½ Σ (y² + log 2π) − Σ log L_ii, y = L⁻¹·(x[r] − mu[p]). x [b·k,d]; mu [b,d]; logProb [b·k].
template <bool Shared>
__device__ __forceinline__ void covariance_log_density(const float *x, const float *mu, const float *logSigma, const float *lower, float *logProb,
        i64 b, i64 k, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        float c = -.5f * LOG_2PI * d - load_factor(w, logSigma, lower, p);
        for (i64 q = 4 * (w.warp + (i64) w.warps * blockIdx.y); q < k; q += 4LL * w.warps * gridDim.y) {
            int n = quad_size(k, q);
            whiten(w, w.v, x, mu + p * d, p * k + q, n);
            float4 sum = zero4();
            for (int i = w.lane; i < d; i += WARP) add_half_squares(sum, w.v[i]);
            sum = warp_sum4(sum);
            if (w.lane == 0) scatter4(minus4(make_float4(c, c, c, c), sum), logProb + p * k + q, 1, n);
            __syncwarp();
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(covariance_log_density,
    (const float *x, const float *mu, const float *logSigma, const float *lower, float *logProb, i64 b, i64 k, i64 d, float *scratch),
    (x, mu, logSigma, lower, logProb, b, k, (int) d, scratch))

// With w = dlogProb·L⁻ᵀ·y: dX −= w; dMu += Σ_k w; dL_ij += Σ_k w_i·y_j below the diagonal; packed:
// dLogSigma += σ·Σ_k w·y − Σ_k dlogProb; full: dL_ii += Σ_k w·y − Σ_k dlogProb/L_ii. dX, or all of dMu, dLogSigma
// and dLower, may be null; dLogSigma is null where the factor is full.
template <bool Shared>
__device__ __forceinline__ void covariance_log_density_backward(const float *x, const float *mu, const float *logSigma, const float *lower,
        const float *dLogProb, float *dX, float *dMu, float *dLogSigma, float *dLower, i64 b, i64 k, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        load_factor(w, logSigma, lower, p);
        for (i64 first = 0; first < k; first += 4 * w.warps) {
            i64 q = first + 4 * w.warp, left = (k - first + 3) / 4, row = p * k + q;
            if (q < k) {
                int n = quad_size(k, q);
                whiten(w, w.v, x, mu + p * d, row, n);
                for (int i = w.lane; i < d; i += WARP) w.u[i] = w.v[i];
                __syncwarp();
                solve_transposed(w.l, w.u, w.lane);
                float4 g = gather4(dLogProb + row, 1, n);
                for (int i = w.lane; i < d; i += WARP) {
                    w.u[i] = times4(g, w.u[i]);
                    if (dX) add_scatter4(scale4(w.u[i], -1.f), dX + row * d + i, d, n);
                }
            }
            __syncthreads();
            int quads = left < w.warps ? (int) left : w.warps;
            if (dMu && dLogSigma)
                add_outer(w, quads, dLower + p * strict(d), [](int i) { return strict(i); }, [&](int i, float ofLogSigma, float ofMu) {
                    dLogSigma[p * d + i] += w.l.diag[i] * ofLogSigma;
                    dMu[p * d + i] += ofMu;
                });
            else if (dMu)
                add_outer(w, quads, dLower + p * d * d, [=](int i) { return (i64) i * d; }, [&](int i, float ofDiagonal, float ofMu) {
                    dLower[p * d * d + (i64) i * d + i] += ofDiagonal;
                    dMu[p * d + i] += ofMu;
                });
            __syncthreads();
        }
        if (dMu) {
            float sum = 0;
            for (i64 s = threadIdx.x; s < k; s += blockDim.x) sum += dLogProb[p * k + s];
            sum = team_sum(w, sum);
            for (int i = threadIdx.x; i < d; i += blockDim.x) {
                if (dLogSigma) dLogSigma[p * d + i] -= sum;
                else dLower[p * d * d + (i64) i * d + i] -= sum * w.l.inv[i];
            }
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(covariance_log_density_backward,
    (const float *x, const float *mu, const float *logSigma, const float *lower, const float *dLogProb, float *dX, float *dMu, float *dLogSigma,
        float *dLower, i64 b, i64 k, i64 d, float *scratch),
    (x, mu, logSigma, lower, dLogProb, dX, dMu, dLogSigma, dLower, b, k, (int) d, scratch))

// Columns c … c + 3 of L₂⁻¹·[ L₁ | mu₂ − mu₁ ] into y, the column d being the last.
__device__ __forceinline__ void whiten_columns(const Work &w, float4 *y, const float *mu1, const float *factor1, const float *mu2, int c) {
    int d = w.l.d;
    for (int i = w.lane; i < d; i += WARP) {
        const float *row = factor1 + (i64) i * d;
        float last = mu2[i] - mu1[i];
        y[i] = make_float4(c > i ? c == d ? last : 0.f : row[c], c + 1 > i ? c + 1 == d ? last : 0.f : row[c + 1],
            c + 2 > i ? c + 2 == d ? last : 0.f : row[c + 2], c + 3 > i ? c + 3 == d ? last : 0.f : row[c + 3]);
    }
    __syncwarp();
    solve_lower(w.l, y, w.lane, c + 3 < d ? c : 0);
}

// kl[p] = ½ ( ‖M‖²_F + ‖y‖² − d ) + Σ log L₂_ii − Σ log L₁_ii, M = L₂⁻¹·L₁, y = L₂⁻¹·(mu₂ − mu₁).
// mu1 [b,d]; factor1 [b,d,d]; mu2 [b,d] and factor2 [b,d,d], or (shared) one of each; kl [b].
template <bool Shared>
__device__ __forceinline__ void covariance_kl(const float *mu1, const float *factor1, const float *mu2, const float *factor2, bool shared, float *kl,
        i64 b, int d, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    i64 n = (i64) d * d;
    for (i64 p = blockIdx.x; p < b; p += gridDim.x) {
        i64 p2 = shared ? 0 : p;
        float logs = load_factor(w, nullptr, factor2, p2);
        float sum = 0;
        for (int i = threadIdx.x; i < d; i += blockDim.x) sum -= logf(factor1[p * n + (i64) i * d + i]) + .5f;
        for (int c = 4 * w.warp; c < d + 1; c += 4 * w.warps) {
            whiten_columns(w, w.v, mu1 + p * d, factor1 + p * n, mu2 + p2 * d, c);
            for (int i = w.lane; i < d; i += WARP) {
                float4 m = w.v[i];
                sum += .5f * m.x * m.x + .5f * m.y * m.y + .5f * m.z * m.z + .5f * m.w * m.w;
            }
            __syncwarp();
        }
        sum = team_sum(w, sum);
        if (threadIdx.x == 0) kl[p] = sum + logs;
    }
}
MATRIX_KERNEL(covariance_kl,
    (const float *mu1, const float *factor1, const float *mu2, const float *factor2, int shared, float *kl, i64 b, i64 d, float *scratch),
    (mu1, factor1, mu2, factor2, shared, kl, b, (int) d, scratch))

// With P = L₂⁻ᵀ·M, v = L₂⁻ᵀ·y and g = dKl[p]: dMu1 −= g·v; dFactor1 += g·(P − diag(1/L₁_ii)); dMu2 += g·v;
// dFactor2 −= g·(P·Mᵀ + v·yᵀ − diag(1/L₂_ii)), on and below the diagonal. A block goes through per data points;
// where the second Gaussian is shared dMu2 [blocks,d] and dFactor2 [blocks,d,d] are the blocks' sums, written
// whole. They may be null.
template <bool Shared>
__device__ __forceinline__ void covariance_kl_backward(const float *mu1, const float *factor1, const float *mu2, const float *factor2, bool shared,
        const float *dKl, float *dMu1, float *dFactor1, float *dMu2, float *dFactor2, i64 b, int d, i64 per, float *scratch) {
    Work w = work_memory<Shared>(scratch, d);
    i64 n = (i64) d * d;
    for (i64 e = threadIdx.x; shared && dMu2 && e < n + d; e += blockDim.x) (e < n ? dFactor2[blockIdx.x * n + e] : dMu2[blockIdx.x * d + e - n]) = 0;
    i64 end = (blockIdx.x + 1) * per < b ? (blockIdx.x + 1) * per : b;
    for (i64 p = blockIdx.x * per; p < end; ++p) {
        i64 p2 = shared ? 0 : p, to = shared ? blockIdx.x : p;
        load_factor(w, nullptr, factor2, p2);
        float g = dKl[p];
        float *toL1 = dFactor1 + p * n, *toL2 = dFactor2 + to * n;
        for (int first = 0; first < d + 1; first += 4 * w.warps) {
            int c = first + 4 * w.warp, left = (d + 1 - first + 3) / 4;
            if (c < d + 1) {
                whiten_columns(w, w.v, mu1 + p * d, factor1 + p * n, mu2 + p2 * d, c);
                for (int i = w.lane; i < d; i += WARP) w.u[i] = w.v[i];
                __syncwarp();
                solve_transposed(w.l, w.u, w.lane);
                for (int i = w.lane; i < d; i += WARP) {
                    float4 t = scale4(w.u[i], g);
                    int below = i - c + 1, last = d - c; // columns that L₁ has in row i; the place of v
                    if (below > 0) add_scatter4(t, toL1 + (i64) i * d + c, 1, below < 4 ? below : 4);
                    if (last < 4) {
                        float v = last == 0 ? t.x : last == 1 ? t.y : last == 2 ? t.z : t.w;
                        dMu1[p * d + i] -= v;
                        if (dMu2) dMu2[to * d + i] += v;
                    }
                    w.u[i] = scale4(t, -1.f);
                }
            }
            __syncthreads();
            if (dMu2)
                add_outer(w, left < w.warps ? left : w.warps, toL2, [=](int i) { return (i64) i * d; },
                    [&](int i, float ofDiagonal, float) { toL2[(i64) i * d + i] += ofDiagonal; });
            __syncthreads();
        }
        for (int i = threadIdx.x; i < d; i += blockDim.x) {
            toL1[(i64) i * d + i] -= g * (1.f / factor1[p * n + (i64) i * d + i]);
            if (dMu2) toL2[(i64) i * d + i] += g * w.l.inv[i];
        }
        __syncthreads();
    }
}
MATRIX_KERNEL(covariance_kl_backward,
    (const float *mu1, const float *factor1, const float *mu2, const float *factor2, int shared, const float *dKl, float *dMu1, float *dFactor1,
        float *dMu2, float *dFactor2, i64 b, i64 d, i64 per, float *scratch),
    (mu1, factor1, mu2, factor2, shared, dKl, dMu1, dFactor1, dMu2, dFactor2, b, (int) d, per, scratch))
