// SylvesterKernels: z' = z + Q·R1·tanh(R2·Qᵀ·z + b) with Q a product of h Householder reflections and R1, R2 upper
// triangular, their diagonals behind a tanh (KERNELS.md §5). rows of d dimensions, k of them to a row of parameters:
// v [points,h·d], r1, r2 [points,d·d], b [points,d].
#include "flowmath.cuh"

// What the diagonals are: diagonals [3,points·d] has tanh of that of r1, tanh of that of r2, and q = 1 + r1_ii·r2_ii =
// cosh(x + y)/(cosh x·cosh y), at least the contract's smallest.
KERNEL(sylvester_diagonals)(const float *r1, const float *r2, float *diagonals, i64 points, i64 d) {
    i64 n = points * d;
    for (i64 at = flat_index(); at < n; at += flat_count()) {
        float x = r1[at * d + at % d], y = r2[at * d + at % d], e = expf(-2.f * fabsf(x)), f = expf(-2.f * fabsf(y));
        float q = 2.f * ((x < 0.f) == (y < 0.f) ? 1.f + e * f : e + f) / ((1.f + e) * (1.f + f));
        diagonals[at] = tanhf(x);
        diagonals[n + at] = tanhf(y);
        diagonals[2 * n + at] = q < SMALLEST_SOFTPLUS ? SMALLEST_SOFTPLUS : q;
    }
}

// The parameters of one row of z
struct Sylvester {
    const float *v, *r1, *r2, *b, *d1, *d2, *q;
    __device__ __forceinline__ Sylvester(const float *v, const float *r1, const float *r2, const float *b, const float *diagonals, i64 point,
            i64 points, i64 h, i64 d)
        : v(v + point * h * d), r1(r1 + point * d * d), r2(r2 + point * d * d), b(b + point * d), d1(diagonals + point * d),
          d2(d1 + points * d), q(d2 + points * d) {}
};

// The thread's share of Σ_{j>i} m[i,j]·x_j
template <int T, int C>
__device__ __forceinline__ float above_diagonal(const float *m, i64 i, const Slice<T, C> &x) {
    float s = 0;
    x.visit([&](i64 at, const float (&y)[4]) {
        if (at + 3 <= i) return;
        float q[4];
        load4(q, m + i * x.d, at, x.d, x.wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) s = at + j > i ? fmaf(q[j], y[j], s) : s;
    });
    return s;
}

// to_i = Σ_{j>i} m[i,j]·x_j + diagonal_i·x_i: four rows of m at a time
template <int T, int C>
__device__ __forceinline__ void multiply(const Group<T> &row, const float *m, const float *diagonal, const Slice<T, C> &x, Slice<T, C> &to) {
    for (i64 i = 0; i < x.d; i += 4) {
        float s[4];
#pragma unroll
        for (int j = 0; j < 4; ++j) s[j] = i + j < x.d ? above_diagonal(m, i + j, x) : 0.f;
#pragma unroll
        for (int j = 0; j < 4; ++j) s[j] = row.sum(s[j]);
        to.set(i, s);
    }
    x.visit([&](i64 i, const float (&y)[4]) {
        float own[4];
        load4(own, diagonal, i, x.d, false);
#pragma unroll
        for (int j = 0; j < 4; ++j) own[j] *= y[j];
        to.add_at(i, own);
    });
}

// to_i = Σ_{j<i} m[j,i]·x_j + diagonal_i·x_i, x in memory
template <int T, int C>
__device__ __forceinline__ void multiply_transposed(const float *m, const float *diagonal, const float *x, Slice<T, C> &to) {
    to.update([&](i64 i, float (&s)[4]) {
        float own[4];
        load4(own, diagonal, i, to.d, false);
        load4(s, x, i, to.d, to.wide);
#pragma unroll
        for (int e = 0; e < 4; ++e) s[e] *= own[e];
        for (i64 j = 0; j < i + 3 && j < to.d; ++j) {
            float q[4], y = x[j];
            load4(q, m + j * to.d, i, to.d, to.wide);
#pragma unroll
            for (int e = 0; e < 4; ++e) s[e] = i + e > j ? fmaf(q[e], y, s[e]) : s[e];
        }
    });
}

// logDet += Σ log(t² + (1 − t²)·q). z, zOut [rows,d]; diagonals as above; logDet [rows] or null. work [3·rows,d]
// where C = 0.
template <int T, int C>
__device__ __forceinline__ void sylvester_forward(const float *z, const float *v, const float *r1, const float *r2, const float *b,
        const float *diagonals, float *zOut, float *logDet, float *work, i64 rows, i64 k, i64 h, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    Sylvester p(v, r1, r2, b, diagonals, r / k, rows / k, h, d);
    z += r * d, zOut += r * d, work += 3 * r * d;
    bool wide = wide_rows(d, z, v, r1, r2, zOut, work);
    Slice<T, C> y(d, row.lane, wide), t(d, row.lane, wide);
    y.read(z, work);
    t.read(nullptr, work + d);
    reflect(row, y, p.v, h, false);
    multiply(row, p.r2, p.d2, y, t);
    float sum = 0;
    t.update([&](i64 i, float (&x)[4]) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (i + j >= d) continue;
            float pre = x[j] + p.b[i + j];
            x[j] = tanhf(pre);
            sum += logf(fmaf(tanh_slope(pre), p.q[i + j], x[j] * x[j]));
        }
    });
    y.read(nullptr, work + 2 * d);
    multiply(row, p.r1, p.d1, t, y);
    reflect(row, y, p.v, h, true);
    y.visit([&](i64 i, const float (&x)[4]) {
        float s[4];
        load4(s, z, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) s[j] += x[j];
        store4(s, zOut, i, d, wide);
    });
    if (!logDet) return;
    sum = row.sum(sum);
    if (row.first()) logDet[r] += sum;
}
SLICE_KERNEL(sylvester_forward,
    (const float *z, const float *v, const float *r1, const float *r2, const float *b, const float *diagonals, float *zOut, float *logDet,
        float *work, i64 rows, i64 k, i64 h, i64 d),
    (z, v, r1, r2, b, diagonals, zOut, logDet, work, rows, k, h, d))

// y' = y + R1·tanh(R2·y + b) solved from the last dimension to the first: with rest = y'_i − Σ_{j>i} r1_ij·t_j and
// pre = b_i + Σ_{j>i} r2_ij·y_j, x + (q_i − 1)·tanh x = r2_ii·rest + pre gives t_i = tanh x and y_i = rest − r1_ii·t_i;
// logDet −=. Arguments as above; work [rows,d] where C = 0.
template <int T, int C>
__device__ __forceinline__ void sylvester_inverse(const float *zOut, const float *v, const float *r1, const float *r2, const float *b,
        const float *diagonals, float *z, float *logDet, float *work, i64 rows, i64 k, i64 h, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    Sylvester p(v, r1, r2, b, diagonals, r / k, rows / k, h, d);
    z += r * d, work += r * d;
    bool wide = wide_rows(d, zOut, v, r1, r2, z, work);
    Slice<T, C> y(d, row.lane, wide), t(d, row.lane, wide);
    y.read(zOut + r * d, z);
    t.read(nullptr, work);
    reflect(row, y, p.v, h, false);
    float sum = 0;
    for (i64 i = d - 1; i >= 0; --i) {
        float rest = row.sum(y.at(i) - above_diagonal(p.r1, i, t)), pre = row.sum(above_diagonal(p.r2, i, y)) + p.b[i];
        float x = tanh_root(p.q[i], fmaf(p.d2[i], rest, pre)), u = tanhf(x);
        sum += logf(fmaf(tanh_slope(x), p.q[i], u * u));
        t.put(i, u);
        y.put(i, fmaf(-p.d1[i], u, rest));
    }
    reflect(row, y, p.v, h, true);
    y.write(z);
    if (logDet && row.first()) logDet[r] -= sum;
}
SLICE_KERNEL(sylvester_inverse,
    (const float *zOut, const float *v, const float *r1, const float *r2, const float *b, const float *diagonals, float *z, float *logDet,
        float *work, i64 rows, i64 k, i64 h, i64 d),
    (zOut, v, r1, r2, b, diagonals, z, logDet, work, rows, k, h, d))

// With y = Qᵀz, t = tanh(R2·y + b), g = Qᵀdz': dpre = (1 − t²)·(R1ᵀg) − 2·t·(q − 1)·dq, dq = dLogDet·(1 − t²)/det,
// dy = R2ᵀ·dpre, dz += dz' + Q·dy. What the gradients of the parameters sum is kept, kept [7,rows,d]: y, t, Q·R1·t, g,
// dpre, dy, dq (where C = 0 two more, for work), and vectors [2,rows,2·h]: reflect_backward's of Q and of Qᵀ.
// dzOut, dLogDet, dz may be null.
template <int T, int C>
__device__ __forceinline__ void sylvester_backward(const float *z, const float *v, const float *r1, const float *r2, const float *b,
        const float *diagonals, const float *dzOut, const float *dLogDet, float *dz, float *kept, float *vectors, i64 rows, i64 k, i64 h, i64 d) {
    Group<T> row;
    i64 r = row.index, n = rows * d;
    if (r >= rows) return;
    Sylvester p(v, r1, r2, b, diagonals, r / k, rows / k, h, d);
    float *y = kept + r * d, *t = y + n, *o = t + n, *g = o + n, *dpre = g + n, *dy = dpre + n, *dq = dy + n;
    float toLog = dLogDet ? dLogDet[r] : 0.f;
    bool wide = wide_rows(d, z, v, r1, r2, dzOut, dz, kept);
    const float *up = dzOut ? dzOut + r * d : dzOut;
    Slice<T, C> a(d, row.lane, wide), c(d, row.lane, wide);
    a.read(z + r * d, y);
    reflect(row, a, p.v, h, false);
    a.write(y);
    c.read(nullptr, t);
    multiply(row, p.r2, p.d2, a, c);
    c.update([&](i64 i, float (&x)[4]) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if (i + j >= d) continue;
            float pre = x[j] + p.b[i + j], slope = tanh_slope(pre);
            x[j] = tanhf(pre);
            dpre[i + j] = slope; // until dpre itself is known
            dq[i + j] = toLog * slope / fmaf(slope, p.q[i + j], x[j] * x[j]);
        }
    });
    c.write(t);
    a.read(nullptr, o);
    multiply(row, p.r1, p.d1, c, a);
    reflect(row, a, p.v, h, true);
    a.write(o);
    if (C == 0) a.read(o, dq + n); // what follows works on copies
    c.read(up, C == 0 ? dq + 2 * n : g);
    reflect_backward(row, a, c, p.v, h, true, vectors + 2 * h * r);
    c.write(g);
    row.sync();
    a.read(nullptr, dy);
    multiply_transposed(p.r1, p.d1, g, a);
    a.visit([&](i64 i, const float (&x)[4]) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j < d) dpre[i + j] = dpre[i + j] * x[j] - 2.f * t[i + j] * (p.q[i + j] - 1.f) * dq[i + j];
    });
    row.sync();
    multiply_transposed(p.r2, p.d2, dpre, a);
    a.write(dy);
    a.read(dy, C == 0 ? dq + n : dy);
    c.read(y, C == 0 ? dq + 2 * n : y);
    reflect_backward(row, c, a, p.v, h, false, vectors + 2 * h * (rows + r));
    if (!dz) return;
    a.add_to(dz + r * d);
    c.read(up, C == 0 ? dq + 2 * n : y);
    c.add_to(dz + r * d);
}
SLICE_KERNEL(sylvester_backward,
    (const float *z, const float *v, const float *r1, const float *r2, const float *b, const float *diagonals, const float *dzOut,
        const float *dLogDet, float *dz, float *kept, float *vectors, i64 rows, i64 k, i64 h, i64 d),
    (z, v, r1, r2, b, diagonals, dzOut, dLogDet, dz, kept, vectors, rows, k, h, d))

// dR1 += upper(Σ g·tᵀ) + diag(Σ dq·r2), dR2 += upper(Σ dpre·yᵀ) + diag(Σ dq·r1), the diagonals by their tanh's slopes,
// db += Σ dpre. totals [points,2·d·d + 2·d]: Σ g·tᵀ, Σ dpre·yᵀ, Σ dpre, Σ dq. What is below the diagonals stays.
KERNEL(sylvester_parameters)(const float *r1, const float *r2, const float *diagonals, const float *totals, float *dr1, float *dr2, float *db,
        i64 points, i64 d) {
    for (i64 at = flat_index(); at < points * d * d; at += flat_count()) {
        i64 j = at % d, i = at / d % d, point = at / (d * d);
        if (i > j) continue;
        const float *own = totals + point * (2 * d * d + 2 * d), *toB = own + 2 * d * d, *dq = toB + d;
        float g1 = own[i * d + j], g2 = own[(d + i) * d + j];
        if (i == j) {
            g1 = fmaf(dq[i], diagonals[(points + point) * d + i], g1) * tanh_slope(r1[at]);
            g2 = fmaf(dq[i], diagonals[point * d + i], g2) * tanh_slope(r2[at]);
            db[point * d + i] += toB[i];
        }
        dr1[at] += g1;
        dr2[at] += g2;
    }
}
