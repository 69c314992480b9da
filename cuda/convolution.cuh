// What the products of ConvolutionKernels share: the geometry, and tiles of C = A·B whose operands are gathered from
// images on their way to shared memory. 256 threads compute a tile of 16×256, 32×128 or 64×64 elements, each 4×4.
#pragma once
#include "activation.cuh"

// The two directions of ConvShape.java and its channels, as kernels get them.
#define SHAPE_PARAMETERS \
    int inChannels, int outChannels, int H, int kh, int sh, int ph, int dh, int P, int W, int kw, int sw, int pw, int dw, int Q
#define SHAPE \
    Shape { inChannels, outChannels, {H, kh, sh, ph, dh, P}, {W, kw, sw, pw, dw, Q} }

struct Axis {
    int in, kernel, stride, padding, dilation, out;
};

struct Shape {
    int inChannels, outChannels;
    Axis h, w;
    __device__ __forceinline__ int in_plane() const { return h.in * w.in; }
    __device__ __forceinline__ int out_plane() const { return h.out * w.out; }
    __device__ __forceinline__ int kernel() const { return h.kernel * w.kernel; }
    __device__ __forceinline__ int patch() const { return inChannels * kernel(); }
};

// What is outside of every image, and stays there when a distance, or itself, is added.
#define OUTSIDE (-(1 << 30))

// One direction of a product. Point u < points is element first + u·apart of what is written. Through tap a < taps,
// which is start + a·step of the weight, it sees element origin + u·stride + a·dilation of the size that are read.
struct Walk {
    int points, first, apart;
    int taps, start, step;
    int size, origin, stride, dilation;
};

__device__ __forceinline__ Walk convolved(const Axis &x) {
    return Walk{x.out, 0, 1, x.kernel, 0, 1, x.in, -x.padding, x.stride, x.dilation};
}

// The transpose writes h = p·stride − padding + i·dilation. Of those h that are phase + u·stride, all see the same
// taps i, every step-th one, and p falls by dilation·step/stride from one to the next.
__device__ __forceinline__ Walk transposed_walk(const Axis &x, int phase) {
    int g = x.stride, rest = x.dilation % g;
    while (rest) {
        int next = g % rest;
        g = rest, rest = next;
    }
    int step = x.stride / g, start = 0, distance = phase + x.padding;
    while (start < step && start < x.kernel && (distance - start * x.dilation) % x.stride) ++start;
    bool any = start < step && start < x.kernel;
    int taps = any ? (x.kernel - 1 - start) / step + 1 : 0, origin = any ? (distance - start * x.dilation) / x.stride : 0;
    return Walk{(x.in - 1 - phase) / x.stride + 1, phase, x.stride, taps, start, step, x.out, origin, 1, -(x.dilation / g)};
}

// Slices of both operands in shared memory, 16 bytes longer a row than needed.
template <int ROWS_>
struct Slices {
    enum { ROWS = ROWS_, COLUMNS = 4096 / ROWS, DEPTH = ROWS == 16 ? 8 : 16, APART = THREADS / DEPTH };
    enum { LEFT = ROWS > APART ? ROWS / APART : 1, RIGHT = COLUMNS / APART }; // elements a thread brings
    float left[DEPTH][ROWS + 4], right[DEPTH][COLUMNS + 4];
};

// A thread's first row and column of a tile: a warp lies 4×8 threads over it.
template <int ROWS>
struct Spot {
    int row, column;
    __device__ __forceinline__ Spot() {
        const int across = Slices<ROWS>::COLUMNS / 32;
        int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
        row = 4 * (warp / across * 4 + lane / 8);
        column = 4 * (warp % across * 8 + lane % 8);
    }
};

template <int ROWS>
__device__ __forceinline__ void multiply(float (&sum)[4][4], const Slices<ROWS> &s, const Spot<ROWS> &at) {
#pragma unroll
    for (int k = 0; k < Slices<ROWS>::DEPTH; ++k) {
        float x[4], y[4];
        load4(x, s.left[k], at.row, 0, true);
        load4(y, s.right[k], at.column, 0, true);
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int j = 0; j < 4; ++j) sum[i][j] = fmaf(x[i], y[j], sum[i][j]);
    }
}

// sum = the tile of a product of depths [from, end). A source has a Step, whatever its operands need to know of one
// depth; step(k) makes it, the one behind the end too, and fetch(steps) brings this thread's elements of a slice to
// registers, from where put stores them.
template <int ROWS, class Source>
__device__ __forceinline__ void gather_tile(float (&sum)[4][4], Source &source, i64 from, i64 end, const Spot<ROWS> &at) {
    const int depth = Slices<ROWS>::DEPTH;
    __align__(16) __shared__ Slices<ROWS> slices[2];
    __align__(16) __shared__ typename Source::Step steps[2][depth];
    int t = threadIdx.x;
    if (t < depth) steps[0][t] = source.step(from + t, end);
    __syncthreads();
    source.fetch(steps[0]);
    for (int buffer = 0; from < end; buffer ^= 1) {
        from += depth;
        source.put(slices[buffer]);
        if (t < depth) steps[buffer ^ 1][t] = source.step(from + t, end);
        __syncthreads(); // who comes here again has read the other buffers
        source.fetch(steps[buffer ^ 1]);
        multiply<ROWS>(sum, slices[buffer], at);
    }
}

// The next row of sums moves up: in an unrolled loop over them the activations would stand four times.
__device__ __forceinline__ void next_row(float (&sum)[4][4]) {
#pragma unroll
    for (int i = 1; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i - 1][j] = sum[i][j];
}
