// ConvolutionKernels (KERNELS.md §9): convolutions as matrix products whose operands are never written out.
#include "convolution.cuh"

// pre[b,m,·] = Σ_{c,taps} w·from[b,c,·]: rows are the channels m of what is written, columns its points (b,u,v), the
// depth is channels c of what is read, by taps. For a convolution w is [m,c,taps], for its transpose [c,m,taps].
template <int ROWS>
struct Images {
    typedef Slices<ROWS> S;
    // The channel read, as a distance, the distances of a tap, and the weight's of channel m = 0; −1 behind the end.
    struct __align__(16) Step {
        int plane, row, column, weight;
    };
    const float *image, *w;
    Walk h, v;
    int kernelWidth, weightRow, weightPlane, rest; // of rows from this thread's first on
    int row, column;                               // this thread's point, seen through tap 0 at origin
    float left[S::LEFT], right[S::RIGHT];

    __device__ __forceinline__ Step step(i64 at, i64 end) const {
        if (at >= end) return Step{0, OUTSIDE, 0, -1};
        unsigned k = (unsigned) at, over = k / v.taps, j = k % v.taps, c = over / h.taps, i = over % h.taps;
        int weight = c * weightPlane + (h.start + i * h.step) * kernelWidth + v.start + j * v.step;
        return Step{(int) c * h.size * v.size, (int) i * h.dilation, (int) j * v.dilation, weight};
    }

    // Neighbouring threads take neighbouring weights, and neighbouring points.
    __device__ __forceinline__ void fetch(const Step *steps) {
        int weight = steps[threadIdx.x % S::DEPTH].weight;
#pragma unroll
        for (int e = 0; e < S::LEFT; ++e)
            left[e] = weight >= 0 && e * S::APART < rest ? w[weight + (i64) e * S::APART * weightRow] : 0.f;
#pragma unroll
        for (int e = 0; e < S::RIGHT; ++e) {
            Step s = steps[threadIdx.x / S::COLUMNS + e * (THREADS / S::COLUMNS)];
            int y = row + s.row, x = column + s.column;
            bool inside = (unsigned) y < (unsigned) h.size && (unsigned) x < (unsigned) v.size;
            right[e] = inside ? image[s.plane + y * v.size + x] : 0.f;
        }
    }

    __device__ __forceinline__ void put(S &s) const {
        int k = threadIdx.x % S::DEPTH, m = threadIdx.x / S::DEPTH;
#pragma unroll
        for (int e = 0; e < S::LEFT; ++e)
            if (S::APART <= ROWS || m < ROWS) s.left[k][m + e * S::APART] = left[e];
#pragma unroll
        for (int e = 0; e < S::RIGHT; ++e)
            s.right[threadIdx.x / S::COLUMNS + e * (THREADS / S::COLUMNS)][threadIdx.x % S::COLUMNS] = right[e];
    }
};

// Four points in a row of those that are written, and what becomes of their sums v: pre = v + bias[m], y (+)= f(pre).
struct Points {
    i64 at[4]; // in channel 0; −1 behind the last
    i64 plane;
    bool wide;

    __device__ __forceinline__ Points(i64 point, i64 count, const Walk &h, const Walk &v, i64 plane, i64 image, int width, bool wide)
        : plane(plane), wide(wide) {
        i64 each = (i64) h.points * v.points;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            i64 b = (point + j) / each;
            unsigned in = (unsigned) ((point + j) % each);
            int y = h.first + in / v.points * h.apart, x = v.first + in % v.points * v.apart;
            at[j] = point + j < count ? b * image + (i64) y * width + x : -1;
        }
    }

    __device__ __forceinline__ void write(const float (&v)[4], float *p, int m, int add) const {
        if (wide) {
            if (at[0] < 0) return;
            if (add) add4(v, p + m * plane, at[0], 0, true);
            else store4(v, p + m * plane, at[0], 0, true);
        } else {
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                if (at[j] < 0) continue;
                float *to = p + m * plane + at[j];
                *to = add ? *to + v[j] : v[j];
            }
        }
    }
};

// The images of a convolution, or of its transpose: blocks are phases by tiles of columns by tiles of rows, by chunks of
// the depth.
template <int ROWS>
__device__ __forceinline__ void convolve(int transposed, const float *from, const float *w, const float *bias, int f, float *pre, float *y,
        int add, i64 images, i64 across, const Shape &s) {
    typedef Slices<ROWS> S;
    int t = threadIdx.x, channels = transposed ? s.inChannels : s.outChannels, depth = transposed ? s.outChannels : s.inChannels;
    i64 down = (channels + ROWS - 1) / ROWS, tile = blockIdx.x / down, first = blockIdx.x % down * ROWS;
    int phase = (int) (tile / across), phases = s.w.stride < s.w.in ? s.w.stride : s.w.in;
    Images<ROWS> source;
    source.h = transposed ? transposed_walk(s.h, phase / phases) : convolved(s.h);
    source.v = transposed ? transposed_walk(s.w, phase % phases) : convolved(s.w);
    const Walk &h = source.h, &v = source.v;
    i64 column = tile % across * S::COLUMNS, each = (i64) h.points * v.points, count = images * each;
    if (column >= count) return; // the first phase may have more points than others
    source.kernelWidth = s.w.kernel;
    source.weightRow = transposed ? s.kernel() : s.patch();
    source.weightPlane = transposed ? s.patch() : s.kernel();
    source.rest = (int) (channels - first) - t / S::DEPTH;
    source.w = w + (first + t / S::DEPTH) * source.weightRow;
    i64 mine = column + t % S::COLUMNS;
    unsigned in = (unsigned) (mine % each);
    source.image = from + mine / each * depth * h.size * v.size;
    source.row = mine < count ? h.origin + (int) (in / v.points) * h.stride : OUTSIDE;
    source.column = v.origin + (int) (in % v.points) * v.stride;
    float sum[4][4] = {};
    Spot<ROWS> at;
    // Each phase cuts its own depth in as many chunks.
    i64 whole = (i64) depth * h.taps * v.taps, per = ((whole + gridDim.y - 1) / gridDim.y + S::DEPTH - 1) / S::DEPTH * S::DEPTH;
    i64 start = blockIdx.y * per;
    gather_tile<ROWS>(sum, source, start, start + per < whole ? start + per : whole, at);

    i64 plane = transposed ? s.in_plane() : s.out_plane();
    y += blockIdx.y * images * channels * plane;
    bool wide = h.apart == 1 && v.apart == 1 && wide_rows(plane, pre, y);
    Points points(column + at.column, count, h, v, plane, channels * plane, transposed ? s.w.in : s.w.out, wide);
#pragma unroll 1
    for (int i = 0; i < 4; ++i, next_row(sum)) {
        int m = (int) first + at.row + i;
        if (m >= channels) break;
        float shift = bias ? bias[m] : 0.f, value[4] = {sum[0][0] + shift, sum[0][1] + shift, sum[0][2] + shift, sum[0][3] + shift};
        if (pre) points.write(value, pre, m, 0);
        activate4(f, value);
        points.write(value, y, m, add);
    }
}

// pre = the convolution of from [B,inChannels,H,W], or the transposed one of from [B,outChannels,P,Q], plus bias[channel];
// y (+)= f(pre). w [outChannels,inChannels,kh,kw]; bias and pre may be null; pre and y [B,outChannels,P,Q], or
// [B,inChannels,H,W] when transposed. across: tiles of columns of a phase. Where the depth is cut in chunks y is
// [chunks,...], a partial sum each.
#define IMAGES(ROWS)                                                                                                          \
    KERNEL(convolution_images_##ROWS)(int transposed, const float *from, const float *w, const float *bias, int f, float *pre, \
            float *y, int add, i64 images, i64 across, SHAPE_PARAMETERS) {                                                     \
        convolve<ROWS>(transposed, from, w, bias, f, pre, y, add, images, across, SHAPE);                                      \
    }
IMAGES(16)
IMAGES(32)
IMAGES(64)

// The second stage then: pre = Σ_chunks part[chunk] + bias[channel], y (+)= f(pre), in order. part [chunks,B,channels,plane],
// bias [channels] or null, pre or null and y [B,channels,plane], size their elements
KERNEL(convolution_finish)(const float *part, i64 chunks, const float *bias, int f, float *pre, float *y, int add, i64 size, i64 plane,
        i64 channels) {
    for (i64 i = flat_index(); i < size; i += flat_count()) {
        float v = 0;
        for (i64 chunk = 0; chunk < chunks; ++chunk) v += part[chunk * size + i];
        if (bias) v += bias[i / plane % channels];
        if (pre) pre[i] = v;
        v = activate(f, v);
        y[i] = add ? y[i] + v : v;
    }
}

// dW[o,n] = Σ_{b,p,q} g[b,o,p,q]·x[b, the input that (p,q) sees through n = (c,i,j)]: rows o, columns n, depth (b,p,q).
template <int ROWS>
struct Weights {
    typedef Slices<ROWS> S;
    // One output pixel: its image, its g in channel 0 (−1 behind the end), and the input it sees through tap 0.
    struct __align__(16) Step {
        i64 image, g;
        int row, column;
    };
    const float *g, *x;
    const Shape &shape;
    int rest;                                         // of rows from this thread's first on
    int plane[S::RIGHT], row[S::RIGHT], column[S::RIGHT]; // this thread's n
    float left[S::LEFT], right[S::RIGHT];

    __device__ __forceinline__ Weights(const float *g, const float *x, const Shape &shape, i64 o, i64 n)
        : g(g + o * shape.out_plane()), x(x), shape(shape), rest((int) (shape.outChannels - o)) {
#pragma unroll
        for (int e = 0; e < S::RIGHT; ++e) {
            i64 k = n + e * S::APART;
            unsigned tap = (unsigned) (k % shape.kernel());
            plane[e] = (int) (k / shape.kernel() * shape.in_plane());
            row[e] = k < shape.patch() ? (int) (tap / shape.w.kernel) * shape.h.dilation : OUTSIDE;
            column[e] = (int) (tap % shape.w.kernel) * shape.w.dilation;
        }
    }

    __device__ __forceinline__ Step step(i64 k, i64 end) const {
        if (k >= end) return Step{0, -1, OUTSIDE, 0};
        i64 b = k / shape.out_plane();
        unsigned in = (unsigned) (k % shape.out_plane());
        int p = in / shape.w.out, q = in % shape.w.out;
        return Step{b * shape.inChannels * shape.in_plane(), b * shape.outChannels * shape.out_plane() + in,
                p * shape.h.stride - shape.h.padding, q * shape.w.stride - shape.w.padding};
    }

    // Neighbouring threads take neighbouring pixels.
    __device__ __forceinline__ void fetch(const Step *steps) {
        Step s = steps[threadIdx.x % S::DEPTH];
#pragma unroll
        for (int e = 0; e < S::LEFT; ++e)
            left[e] = s.g >= 0 && e * S::APART < rest ? g[s.g + (i64) e * S::APART * shape.out_plane()] : 0.f;
#pragma unroll
        for (int e = 0; e < S::RIGHT; ++e) {
            int i = s.row + row[e], j = s.column + column[e];
            bool inside = (unsigned) i < (unsigned) shape.h.in && (unsigned) j < (unsigned) shape.w.in;
            right[e] = inside ? x[s.image + plane[e] + i * shape.w.in + j] : 0.f;
        }
    }

    __device__ __forceinline__ void put(S &s) const {
        int k = threadIdx.x % S::DEPTH, m = threadIdx.x / S::DEPTH;
#pragma unroll
        for (int e = 0; e < S::LEFT; ++e)
            if (S::APART <= ROWS || m < ROWS) s.left[k][m + e * S::APART] = left[e];
#pragma unroll
        for (int e = 0; e < S::RIGHT; ++e) s.right[k][m + e * S::APART] = right[e];
    }
};

// Blocks are tiles of dW by chunks of per output pixels of the whole batch.
template <int ROWS>
__device__ __forceinline__ void weights(const float *g, const float *x, float *part, i64 images, i64 per, const Shape &s) {
    typedef Slices<ROWS> S;
    int t = threadIdx.x;
    i64 patch = s.patch(), across = (patch + S::COLUMNS - 1) / S::COLUMNS, depth = images * s.out_plane();
    i64 first = blockIdx.x / across * ROWS, column = blockIdx.x % across * S::COLUMNS;
    i64 from = blockIdx.y * per, end = from + per < depth ? from + per : depth;
    Weights<ROWS> source(g, x, s, first + t / S::DEPTH, column + t / S::DEPTH);
    float sum[4][4] = {};
    Spot<ROWS> at;
    gather_tile<ROWS>(sum, source, from, end, at);
    float *to = part + blockIdx.y * s.outChannels * patch;
    bool wide = wide_rows(patch, part);
    i64 n = column + at.column;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        i64 o = first + at.row + i;
        if (o < s.outChannels && n < patch) store4(sum[i], to + o * patch, n, patch, wide);
    }
}

// part[chunk] = the share of a chunk of per output pixels (b,p,q) of dW[o,c,i,j] = Σ_{b,p,q} g[b,o,p,q]·x[b, c, p·sh − ph
// + i·dh, q·sw − pw + j·dw]. g [B,outChannels,P,Q], x [B,inChannels,H,W], part [chunks,outChannels,inChannels,kh,kw]
#define WEIGHTS(ROWS)                                                                                                             \
    KERNEL(convolution_weights_##ROWS)(const float *g, const float *x, float *part, i64 images, i64 per, SHAPE_PARAMETERS) { \
        weights<ROWS>(g, x, part, images, per, SHAPE);                                                                           \
    }
WEIGHTS(16)
WEIGHTS(32)
WEIGHTS(64)

// dPre = dY ⊙ f'(pre), and its sums over the n pixels of each channel of each image: sums [rows], or null for none.
// pre, y, dY, dPre [rows,n], rows = B·channels; pre null unless f needs it; dPre may be dY.
template <int T>
__device__ __forceinline__ void convolution_slope(int f, const float *pre, const float *y, const float *dY, float *dPre, float *sums,
        i64 rows, i64 n) {
    Row<T> row;
    if (row.index >= rows) return;
    bool wide = wide_rows(n, pre, y, dY, dPre);
    i64 at = row.index * n;
    float sum = 0;
    for (i64 i = 4 * row.lane; i < n; i += 4 * T) {
        float v[4] = {}, value[4], g[4];
        if (pre) load4(v, pre + at, i, n, wide);
        load4(value, y + at, i, n, wide);
        load4(g, dY + at, i, n, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) g[j] *= slope(f, v[j], value[j]);
        store4(g, dPre + at, i, n, wide);
        sum += (g[0] + g[1]) + (g[2] + g[3]);
    }
    if (!sums) return;
    sum = Row<T>::sum(sum);
    if (row.first()) sums[row.index] = sum;
}
ROW_KERNEL(convolution_slope,
        (int f, const float *pre, const float *y, const float *dY, float *dPre, float *sums, i64 rows, i64 n),
        (f, pre, y, dY, dPre, sums, rows, n))
