// NormalizationKernels (KERNELS.md §9): softmax, layer normalisation, batch normalisation.
#include "common.cuh"

// y = exp(x − max)/Σ exp(x − max), or with logs y = x − max − log Σ exp(x − max); x, y [rows,n], y may be x.
// A row that is −∞ throughout, or has a +∞, gives ∞ − ∞ = NaN; fmaxf skips a NaN, the sum does not.
template <int T>
__device__ __forceinline__ void normalization_softmax(const float *x, int logs, float *y, i64 rows, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    x += row.index * n, y += row.index * n;
    bool wide = wide_rows(n, x, y);
    float most = -INFINITY, sum = 0, v[4];
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        load4(v, x, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j < n) most = fmaxf(most, v[j]);
    }
    most = row.max(most);
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        load4(v, x, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j < n) sum += expf(v[j] - most);
    }
    sum = row.sum(sum);
    float inverse = 1.f / sum, shift = logf(sum);
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        load4(v, x, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] = logs ? v[j] - most - shift : expf(v[j] - most) * inverse;
        store4(v, y, i, n, wide);
    }
}
ROW_KERNEL(normalization_softmax, (const float *x, int logs, float *y, i64 rows, i64 n), (x, logs, y, rows, n))

// dX += y ⊙ (dY − Σ dY·y), or with logs dX += dY − exp(y)·Σ dY; y, dY, dX [rows,n]
template <int T>
__device__ __forceinline__ void normalization_softmax_backward(const float *y, int logs, const float *dY, float *dX, i64 rows, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    y += row.index * n, dY += row.index * n, dX += row.index * n;
    bool wide = wide_rows(n, y, dY, dX);
    float sum = 0, v[4], g[4];
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        load4(v, y, i, n, wide);
        load4(g, dY, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) sum += logs ? g[j] : g[j] * v[j]; // behind the end 0
    }
    sum = row.sum(sum);
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        load4(v, y, i, n, wide);
        load4(g, dY, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) g[j] = logs ? g[j] - expf(v[j]) * sum : v[j] * (g[j] - sum);
        add4(g, dX, i, n, wide);
    }
}
ROW_KERNEL(normalization_softmax_backward, (const float *y, int logs, const float *dY, float *dX, i64 rows, i64 n), (y, logs, dY, dX, rows, n))

// mean = 1/d Σ x, rstd = 1/√(1/d Σ (x − mean)² + epsilon), y = (x − mean)·rstd·gain + bias; x, y [rows,d], gain, bias [d],
// mean, rstd [rows]. Terms are divided by d before they are summed: a sum of squares of 1e18 would overflow.
template <int T>
__device__ __forceinline__ void normalization_layer(const float *x, const float *gain, const float *bias, float epsilon, float *y, float *mean,
        float *rstd, i64 rows, i64 d) {
    Row<T> row;
    if (row.index >= rows) return;
    x += row.index * d, y += row.index * d;
    bool wide = wide_rows(d, x, y, gain, bias);
    float share = 1.f / d, m = 0, variance = 0, v[4], scale[4], shift[4];
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        load4(v, x, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) m += v[j] * share;
    }
    m = row.sum(m);
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        load4(v, x, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j < d) variance += (v[j] - m) * share * (v[j] - m);
    }
    variance = row.sum(variance);
    float r = 1.f / sqrtf(variance + epsilon);
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        load4(v, x, i, d, wide);
        load4(scale, gain, i, d, wide);
        load4(shift, bias, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) v[j] = (v[j] - m) * r * scale[j] + shift[j];
        store4(v, y, i, d, wide);
    }
    if (row.first()) mean[row.index] = m, rstd[row.index] = r;
}
ROW_KERNEL(normalization_layer,
    (const float *x, const float *gain, const float *bias, float epsilon, float *y, float *mean, float *rstd, i64 rows, i64 d),
    (x, gain, bias, epsilon, y, mean, rstd, rows, d))

// With h = (x − mean)·rstd and g = dY·gain: dX += rstd·(g − 1/d Σ g − h·1/d Σ g·h); x, dY, dX [rows,d], gain [d], mean, rstd [rows]
template <int T>
__device__ __forceinline__ void normalization_layer_backward(const float *x, const float *gain, const float *mean, const float *rstd,
        const float *dY, float *dX, i64 rows, i64 d) {
    Row<T> row;
    if (row.index >= rows) return;
    x += row.index * d, dY += row.index * d, dX += row.index * d;
    bool wide = wide_rows(d, x, gain, dY, dX);
    float m = mean[row.index], r = rstd[row.index], sum = 0, dot = 0, v[4], g[4], scale[4];
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        load4(v, x, i, d, wide);
        load4(g, dY, i, d, wide);
        load4(scale, gain, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (i + j >= d) continue;
            sum += g[j] * scale[j];
            dot += g[j] * scale[j] * ((v[j] - m) * r);
        }
    }
    sum = row.sum(sum) / d;
    dot = row.sum(dot) / d;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        load4(v, x, i, d, wide);
        load4(g, dY, i, d, wide);
        load4(scale, gain, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) g[j] = r * (g[j] * scale[j] - sum - (v[j] - m) * r * dot);
        add4(g, dX, i, d, wide);
    }
}
ROW_KERNEL(normalization_layer_backward,
    (const float *x, const float *gain, const float *mean, const float *rstd, const float *dY, float *dX, i64 rows, i64 d),
    (x, gain, mean, rstd, dY, dX, rows, d))

// A thread of the kernels below has one column of one chunk of per rows of [rows,columns]: neighbours read neighbours.
struct Chunk {
    i64 column, begin, end;
    __device__ __forceinline__ Chunk(i64 t, i64 rows, i64 columns, i64 per) : column(t % columns), begin(t / columns * per) {
        end = begin + per < rows ? begin + per : rows;
    }
    static __device__ __forceinline__ i64 count(i64 rows, i64 columns, i64 per) { return (rows + per - 1) / per * columns; }
};

// For each chunk and column the sums of dY and of dY·h, h = (x − mean)·rstd: partBias, partGain [chunks,columns]. The
// statistics are those of the row (pixels 0), or of the channel column/pixels. The sums are gradients of bias and gain.
KERNEL(normalization_gradient_sums)(const float *x, const float *mean, const float *rstd, i64 pixels, const float *dY, float *partGain,
        float *partBias, i64 rows, i64 columns, i64 per) {
    for (i64 t = flat_index(); t < Chunk::count(rows, columns, per); t += flat_count()) {
        Chunk at(t, rows, columns, per);
        float sum = 0, dot = 0;
        for (i64 r = at.begin; r < at.end; ++r) {
            i64 i = r * columns + at.column, group = pixels ? at.column / pixels : r;
            float g = dY[i];
            sum += g;
            dot += g * ((x[i] - mean[group]) * rstd[group]);
        }
        partGain[t] = dot;
        partBias[t] = sum;
    }
}

// The statistics of each chunk and column: its mean, and its mean squared deviation from that; both [chunks,columns]
KERNEL(normalization_chunk_moments)(const float *x, float *chunkMean, float *chunkVariance, i64 rows, i64 columns, i64 per) {
    for (i64 t = flat_index(); t < Chunk::count(rows, columns, per); t += flat_count()) {
        Chunk at(t, rows, columns, per);
        float share = 1.f / (at.end - at.begin), m = 0, variance = 0;
        for (i64 r = at.begin; r < at.end; ++r) m += x[r * columns + at.column] * share;
        for (i64 r = at.begin; r < at.end; ++r) {
            float deviation = x[r * columns + at.column] - m;
            variance += deviation * share * deviation;
        }
        chunkMean[t] = m;
        chunkVariance[t] = variance;
    }
}

// Those of each channel, of weights w = chunk's rows/(rows·pixels): mean = Σ w·m, v = Σ w·(variance + (m − mean)²) over its
// chunks and pixels; rstd = 1/√(v + epsilon); runningMean += momentum·(mean − runningMean), runningVariance the same with
// v·n/(n − 1), n = rows·pixels. Without rows mean = 0, v = 0 and nothing runs. All outputs [channels].
template <int T>
__device__ __forceinline__ void normalization_channel_moments(const float *chunkMean, const float *chunkVariance, i64 rows, i64 channels,
        i64 pixels, i64 per, float epsilon, float momentum, float *runningMean, float *runningVariance, float *mean, float *rstd) {
    Row<T> channel;
    if (channel.index >= channels) return;
    i64 count = (rows + per - 1) / per * pixels, columns = channels * pixels;
    float n = (float) rows * pixels, m = 0, v = 0;
    for (i64 e = channel.lane; e < count; e += T) {
        i64 chunk = e / pixels, at = chunk * columns + channel.index * pixels + e % pixels;
        m += chunkMean[at] * ((rows - chunk * per < per ? rows - chunk * per : per) / n);
    }
    m = channel.sum(m);
    for (i64 e = channel.lane; e < count; e += T) {
        i64 chunk = e / pixels, at = chunk * columns + channel.index * pixels + e % pixels;
        float weight = (rows - chunk * per < per ? rows - chunk * per : per) / n, deviation = chunkMean[at] - m;
        v += weight * chunkVariance[at] + deviation * weight * deviation;
    }
    v = channel.sum(v);
    if (!channel.first()) return;
    i64 c = channel.index;
    mean[c] = m;
    rstd[c] = 1.f / sqrtf(v + epsilon);
    if (rows == 0) return;
    runningMean[c] += momentum * (m - runningMean[c]);
    runningVariance[c] += momentum * (v * (n / (n - 1.f)) - runningVariance[c]);
}
ROW_KERNEL(normalization_channel_moments,
    (const float *chunkMean, const float *chunkVariance, i64 rows, i64 channels, i64 pixels, i64 per, float epsilon, float momentum,
        float *runningMean, float *runningVariance, float *mean, float *rstd),
    (chunkMean, chunkVariance, rows, channels, pixels, per, epsilon, momentum, runningMean, runningVariance, mean, rstd))

// rstd[c] = 1/√(variance[c] + epsilon)
KERNEL(normalization_fixed_rstd)(const float *variance, float epsilon, float *rstd, i64 channels) {
    for (i64 c = flat_index(); c < channels; c += flat_count()) rstd[c] = 1.f / sqrtf(variance[c] + epsilon);
}

// y = (x − mean)·rstd·gain + bias by channel, column/pixels; x, y [rows,columns]
KERNEL(normalization_channels)(const float *x, const float *gain, const float *bias, const float *mean, const float *rstd, i64 pixels, float *y,
        i64 rows, i64 columns, i64 per) {
    for (i64 t = flat_index(); t < Chunk::count(rows, columns, per); t += flat_count()) {
        Chunk at(t, rows, columns, per);
        i64 c = at.column / pixels;
        float m = mean[c], r = rstd[c], scale = gain[c], shift = bias[c];
        for (i64 row = at.begin; row < at.end; ++row) {
            i64 i = row * columns + at.column;
            y[i] = (x[i] - m) * r * scale + shift;
        }
    }
}

// From the partial sums [chunks,channels·pixels] those of each channel: totalGain, totalBias [channels], and
// dGain += totalGain, dBias += totalBias where these are not null.
template <int T>
__device__ __forceinline__ void normalization_channel_sums(const float *partGain, const float *partBias, i64 chunks, i64 channels, i64 pixels,
        float *totalGain, float *totalBias, float *dGain, float *dBias) {
    Row<T> channel;
    if (channel.index >= channels) return;
    float dot = 0, sum = 0;
    for (i64 e = channel.lane; e < chunks * pixels; e += T) {
        i64 at = (e / pixels * channels + channel.index) * pixels + e % pixels;
        dot += partGain[at];
        sum += partBias[at];
    }
    dot = channel.sum(dot);
    sum = channel.sum(sum);
    if (!channel.first()) return;
    i64 c = channel.index;
    totalGain[c] = dot;
    totalBias[c] = sum;
    if (dGain) dGain[c] += dot;
    if (dBias) dBias[c] += sum;
}
ROW_KERNEL(normalization_channel_sums,
    (const float *partGain, const float *partBias, i64 chunks, i64 channels, i64 pixels, float *totalGain, float *totalBias, float *dGain,
        float *dBias),
    (partGain, partBias, chunks, channels, pixels, totalGain, totalBias, dGain, dBias))

// dX += gain·rstd·(dY − 1/n Σ dY − h·1/n Σ dY·h), n = rows·pixels, h = (x − mean)·rstd; without totals (fixed statistics)
// dX += dY·gain·rstd. x, dY, dX [rows,columns]; gain, mean, rstd, totalGain, totalBias by channel
KERNEL(normalization_channels_backward)(const float *x, const float *gain, const float *mean, const float *rstd, const float *totalGain,
        const float *totalBias, const float *dY, i64 pixels, float *dX, i64 rows, i64 columns, i64 per) {
    for (i64 t = flat_index(); t < Chunk::count(rows, columns, per); t += flat_count()) {
        Chunk at(t, rows, columns, per);
        i64 c = at.column / pixels;
        float m = mean[c], r = rstd[c], scale = gain[c] * r, n = (float) rows * pixels;
        float sum = totalBias ? totalBias[c] / n : 0.f, dot = totalGain ? totalGain[c] / n : 0.f;
        for (i64 row = at.begin; row < at.end; ++row) {
            i64 i = row * columns + at.column;
            float g = dY[i];
            if (totalGain) g = g - sum - (x[i] - m) * r * dot;
            dX[i] += scale * g;
        }
    }
}
