// Rows of n variables of c categories each, variable v in elements v·c … v·c + c − 1: G lanes a variable.
// b data points with k samples each; row r = point·k + sample.
#pragma once
#include "rows.cuh"

// Four entry points of the template name<T, G>: rows by warps and by blocks, and 8 lanes or a warp a variable.
// Java's VariableKernel chooses.
#define VARIABLE_KERNEL(name, parameters, arguments)                   \
    KERNEL(name##_few_warp) parameters { name<WARP, 8> arguments; }    \
    KERNEL(name##_few_block) parameters { name<THREADS, 8> arguments; } \
    KERNEL(name##_warp) parameters { name<WARP, WARP> arguments; }     \
    KERNEL(name##_block) parameters { name<THREADS, WARP> arguments; }

// A variable that G lanes hold together; where there is none left, of 0 categories. For all of a row:
// for (i64 at = 0; at < n; at += T / G) { Variable<T, G> v(row.lane, at, n, c); ... }
template <int T, int G>
struct Variable {
    int index, from, c; // a row has fewer than 2^31 elements
    int lane;
    bool valid;
    __device__ __forceinline__ Variable(int rowLane, i64 at, i64 n, i64 categories)
        : index((int) at + rowLane / G), from((int) (index * categories)), c(index < n ? (int) categories : 0), lane(rowLane % G), valid(index < n) {}
    __device__ __forceinline__ bool first() const { return valid && lane == 0; }
};

// log p = (x − top) − logSum of a variable of unnormalised x; NaN where the largest x is infinite.
struct LogSoftmax {
    float top, inverse, logSum;
    __device__ __forceinline__ float log(float x) const { return x - top - logSum; }
    __device__ __forceinline__ float p(float x) const { return expf(x - top) * inverse; }
};
template <int T, int G>
__device__ __forceinline__ LogSoftmax log_softmax(const Variable<T, G> &v, const float *x) {
    float top = -INFINITY, sum = 0;
    for (int i = v.lane; i < v.c; i += G) top = fmaxf(top, x[v.from + i]);
    top = group_max<G>(top);
    if (fabsf(top) == INFINITY) top = NAN;
    for (int i = v.lane; i < v.c; i += G) sum += expf(x[v.from + i] - top);
    sum = group_sum<G>(sum);
    return LogSoftmax{top, 1.f / sum, logf(sum)};
}

// Some of the samples of a data point, whose gradients are added up one after the other: of chunks chunks, per
// samples each. A thread adds to the element at its place in the gradient itself, or where there are several
// chunks in the partial sums [chunks,b·columns], which it begins.
struct Chunk {
    i64 point, index, first, end;
    bool fresh;
    __device__ __forceinline__ Chunk(i64 unit, i64 k, i64 chunks, i64 per)
        : point(quotient(unit, chunks)), index(unit - point * chunks), first(point * k + index * per),
          end(point * k + (index * per + per < k ? index * per + per : k)), fresh(chunks > 1) {}
    // What this chunk adds to: the row of the point
    __device__ __forceinline__ float *target(float *gradient, i64 b, i64 columns) const {
        return gradient ? gradient + (fresh ? index * b * columns : 0) + point * columns : gradient;
    }
    __device__ __forceinline__ void add(float *target, i64 i, float g, i64 r) const {
        target[i] = fresh && r == first ? g : target[i] + g;
    }
};

__device__ __forceinline__ float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.f) / (1.f + e);
}
