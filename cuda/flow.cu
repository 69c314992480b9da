// FlowKernels: planar, radial and Householder steps (KERNELS.md §5). rows of d dimensions, k of them to a row of
// parameters; unit = row of parameters · steps + step.
#include "flowmath.cuh"

// û = u + e·w of each unit, e = (softplus(−a) − 1)/n, a = wᵀu, n = ‖w‖²; scalars [4,units]: p = 1 + wᵀû =
// softplus(a), a, n, e. u, w, uHat [units,d].
template <int T>
__device__ __forceinline__ void flow_planar_units(const float *u, const float *w, float *uHat, float *scalars, i64 units, i64 d) {
    Row<T> row;
    if (row.index >= units) return;
    i64 unit = row.index;
    u += unit * d, w += unit * d, uHat += unit * d;
    bool wide = wide_rows(d, u, w, uHat);
    float a = 0, n = 0;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4];
        load4(x, u, i, d, wide);
        load4(y, w, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) a = fmaf(y[j], x[j], a), n = fmaf(y[j], y[j], n);
    }
    a = row.sum(a);
    n = square_edges(row.sum(n));
    float p = n == 0.f ? 1.f : n != n ? n : positive_softplus(a);
    float e = n == 0.f ? 0.f : (positive_softplus(-a) - 1.f) / n;
    for (i64 i = 4 * row.lane; i < d; i += 4 * T) {
        float x[4], y[4];
        load4(x, u, i, d, wide);
        load4(y, w, i, d, wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) x[j] = fmaf(e, y[j], x[j]);
        store4(x, uHat, i, d, wide);
    }
    if (row.first()) scalars[unit] = p, scalars[units + unit] = a, scalars[2 * units + unit] = n, scalars[3 * units + unit] = e;
}
ROW_KERNEL(flow_planar_units, (const float *u, const float *w, float *uHat, float *scalars, i64 units, i64 d), (u, w, uHat, scalars, units, d))

// Each step: z += û·tanh(x), x = wᵀz + b, logDet += log(t² + (1 − t²)·p). z, zOut [rows,d]; w, uHat [units,d];
// b, p [units]; logDet [rows] or null. Inverse: the steps from the last, x from what left the step.
template <int T, int C, bool Inverse>
__device__ __forceinline__ void planar(const float *z, const float *w, const float *b, const float *uHat, const float *p, float *zOut, float *logDet,
        i64 rows, i64 k, i64 steps, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    z += r * d, zOut += r * d;
    Slice<T, C> x(d, row.lane, wide_rows(d, z, zOut, w, uHat));
    x.read(z, zOut);
    float sum = 0;
    for (i64 s = 0; s < steps; ++s) {
        i64 unit = r / k * steps + (Inverse ? steps - 1 - s : s);
        float slope = p[unit], argument = row.sum(x.dot(w + unit * d)) + b[unit];
        if (Inverse) argument = tanh_root(slope, argument);
        float t = tanhf(argument);
        x.add(Inverse ? -t : t, uHat + unit * d);
        sum += logf(fmaf(tanh_slope(argument), slope, t * t));
    }
    x.write(zOut);
    if (logDet && row.first()) logDet[r] += Inverse ? -sum : sum;
}

#define PLANAR_PARAMETERS                                                                                                             \
    (const float *z, const float *w, const float *b, const float *uHat, const float *p, float *zOut, float *logDet, i64 rows, i64 k, \
        i64 steps, i64 d)
#define PLANAR_ARGUMENTS (z, w, b, uHat, p, zOut, logDet, rows, k, steps, d)
template <int T, int C>
__device__ __forceinline__ void flow_planar PLANAR_PARAMETERS { planar<T, C, false> PLANAR_ARGUMENTS; }
SLICE_KERNEL(flow_planar, PLANAR_PARAMETERS, PLANAR_ARGUMENTS)
template <int T, int C>
__device__ __forceinline__ void flow_planar_inverse PLANAR_PARAMETERS { planar<T, C, true> PLANAR_ARGUMENTS; }
SLICE_KERNEL(flow_planar_inverse, PLANAR_PARAMETERS, PLANAR_ARGUMENTS)

// Gradients to z: dz += g where dx = h·(ûᵀg) − 2·t·c·dc, dc = dLogDet·h/det, g += w·dx from the last step to the
// first. kept [rows,4·steps]: x, t, dx, dc of each step. dzOut, dLogDet, dz may be null. work [2·rows,d] where C = 0.
template <int T, int C>
__device__ __forceinline__ void flow_planar_backward(const float *z, const float *w, const float *b, const float *uHat, const float *p,
        const float *dzOut, const float *dLogDet, float *dz, float *kept, float *work, i64 rows, i64 k, i64 steps, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    bool wide = wide_rows(d, z, w, uHat, dzOut, dz, work);
    kept += 4 * steps * r;
    w += r / k * steps * d, uHat += r / k * steps * d, b += r / k * steps, p += r / k * steps;
    Slice<T, C> x(d, row.lane, wide), g(d, row.lane, wide);
    x.read(z + r * d, work + 2 * r * d);
    for (i64 s = 0; s < steps; ++s) {
        float argument = row.sum(x.dot(w + s * d)) + b[s], t = tanhf(argument);
        if (row.first()) kept[s] = argument, kept[steps + s] = t;
        if (s + 1 < steps) x.add(t, uHat + s * d);
    }
    row.sync();
    g.read(dzOut ? dzOut + r * d : dzOut, work + (2 * r + 1) * d);
    float toLog = dLogDet ? dLogDet[r] : 0.f;
    for (i64 s = steps - 1; s >= 0; --s) {
        float t = kept[steps + s], h = tanh_slope(kept[s]);
        float dc = toLog * h / fmaf(h, p[s], t * t);
        float dx = h * row.sum(g.dot(uHat + s * d)) - 2.f * t * (p[s] - 1.f) * dc;
        if (row.first()) kept[2 * steps + s] = dx, kept[3 * steps + s] = dc;
        g.add(dx, w + s * d);
    }
    if (dz) g.add_to(dz + r * d);
}
SLICE_KERNEL(flow_planar_backward,
    (const float *z, const float *w, const float *b, const float *uHat, const float *p, const float *dzOut, const float *dLogDet, float *dz,
        float *kept, float *work, i64 rows, i64 k, i64 steps, i64 d),
    (z, w, b, uHat, p, dzOut, dLogDet, dz, kept, work, rows, k, steps, d))

// Gradients to the parameters, from sums over the rows r of each row of parameters: totals [points,...] has
// Σ t_s·dz' [steps,d], Σ dx_s·z [steps,d], Σ t_s·dx_j [steps,steps], Σ dx_s and Σ dc_s. As what entered a step is
// z + Σ_{j<s} û_j·t_j and what its gradient receives dz' + Σ_{j>s} w_j·dx_j,
//   dû = Σ t_s·dz' + Σ_{j>s} w_j·(Σ t_s·dx_j)      direct = Σ dx_s·z + Σ_{j<s} û_j·(Σ t_j·dx_s)
//   de = wᵀdû   da = σ(a)·dc − σ(−a)·de/n   du += dû + da·w   dw += direct + e·dû + da·u − 2·de·e/n·w   db += dx
template <int T>
__device__ __forceinline__ void flow_planar_parameters(const float *u, const float *w, const float *uHat, const float *scalars, float *totals,
        float *du, float *dw, float *db, i64 units, i64 steps, i64 d) {
    Row<T> row;
    if (row.index >= units) return;
    i64 unit = row.index, s = unit % steps, point = unit - s;
    float *toUHat = totals + unit / steps * (2 * steps * d + steps * steps + 2 * steps), *toW = toUHat + steps * d;
    const float *products = toW + steps * d, *sums = products + steps * steps;
    toUHat += s * d, toW += s * d;
    float toE = 0;
    for (i64 i = row.lane; i < d; i += T) {
        float g = toUHat[i], direct = toW[i];
        for (i64 j = s + 1; j < steps; ++j) g = fmaf(products[s * steps + j], w[(point + j) * d + i], g);
        for (i64 j = 0; j < s; ++j) direct = fmaf(products[j * steps + s], uHat[(point + j) * d + i], direct);
        toUHat[i] = g;
        toW[i] = direct;
        toE = fmaf(g, w[unit * d + i], toE);
    }
    float a = scalars[units + unit], n = scalars[2 * units + unit], e = scalars[3 * units + unit];
    toE = row.sum(toE);
    toE = n == 0.f ? 0.f : toE / n; // n = 0: û = u, c = 0
    float toA = n == 0.f ? 0.f : flow_sigmoid(a) * sums[steps + s] - flow_sigmoid(-a) * toE;
    for (i64 i = row.lane; i < d; i += T) {
        i64 at = unit * d + i;
        float weight = w[at];
        du[at] += fmaf(toA, weight, toUHat[i]);
        dw[at] += toW[i] + e * toUHat[i] + toA * u[at] - 2.f * toE * e * weight;
    }
    if (row.first()) db[unit] += sums[s];
}
ROW_KERNEL(flow_planar_parameters,
    (const float *u, const float *w, const float *uHat, const float *scalars, float *totals, float *du, float *dw, float *db, i64 units, i64 steps,
        i64 d),
    (u, w, uHat, scalars, totals, du, dw, db, units, steps, d))

// The outer products of rows, summed: part[c·stride + i·nb + j] = Σ_r a[r,i]·b[r,j] over the rows r of chunk c, of
// which each of points·chunks has at most per and each point k. Rows of a have aStride elements, na of them used;
// b likewise. a null counts as ones, b null as zeros.
KERNEL(flow_outer)(const float *a, i64 aStride, i64 na, const float *b, i64 bStride, i64 nb, float *part, i64 stride, i64 points, i64 chunks, i64 per,
        i64 k) {
    for (i64 q = flat_index(); q < points * chunks * na * nb; q += flat_count()) {
        i64 j = q % nb, i = q / nb % na, c = q / (nb * na);
        i64 from = c % chunks * per, end = from + per < k ? from + per : k;
        float s = 0;
        if (b)
            for (i64 r = c / chunks * k + from; r < c / chunks * k + end; ++r) s = a ? fmaf(a[r * aStride + i], b[r * bStride + j], s) : s + b[r * bStride + j];
        part[c * stride + i * nb + j] = s;
    }
}

// out[point,i] = Σ_chunk part[point,chunk,i], i < n: a block takes 32 columns of a point, its warps every eighth
// chunk each; the eight sums are added in order.
KERNEL(flow_fold)(const float *part, i64 chunks, i64 n, float *out) {
    __shared__ float sums[THREADS / WARP][WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 tiles = (n + WARP - 1) / WARP, point = blockIdx.x / tiles, column = blockIdx.x % tiles * WARP + lane;
    part += point * chunks * n;
    float s = 0;
    if (column < n)
        for (i64 c = warp; c < chunks; c += THREADS / WARP) s += part[c * n + column];
    sums[warp][lane] = s;
    __syncthreads();
    if (warp == 0 && column < n) {
        for (int w = 1; w < THREADS / WARP; ++w) s += sums[w][lane];
        out[point * n + column] = s;
    }
}

// A radial step's parameters and its functions of r (RadialReference.Shape).
struct Radial {
    float alpha, p; // p = α + β
    __device__ __forceinline__ Radial(float alphaHat, float betaHat) : alpha(positive_softplus(alphaHat)), p(positive_softplus(betaHat)) {}
    __device__ __forceinline__ float phi(float r) const { return (r + p) / (r + alpha); }
    __device__ __forceinline__ float psi(float r) const { return (r + alpha * phi(r)) / (r + alpha); }
    __device__ __forceinline__ float log_det(float r, i64 d) const { return (float) (d - 1) * logf(phi(r)) + logf(psi(r)); }
    // r from y = r·φ(r)
    __device__ __forceinline__ float radius(float y) const {
        double half = .5 * ((double) y - p), root = sqrt(half * half + (double) alpha * y);
        return (float) (half > 0 ? half + root : (double) alpha * y / (root - half));
    }
};

// This thread's share of ‖x − centre‖²
template <int T, int C>
__device__ __forceinline__ float distance_share(const Slice<T, C> &x, const float *centre) {
    float s = 0;
    x.visit([&](i64 i, const float (&y)[4]) {
        float c[4];
        load4(c, centre, i, x.d, x.wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) s = fmaf(y[j] - c[j], y[j] - c[j], s);
    });
    return s;
}

// zOut = z + β·h·(z − z0), logDet += (D−1)·log φ + log ψ. z, zOut [rows,d]; z0 [points,d]; alphaHat, betaHat
// [points]; logDet [rows] or null. Inverse: zOut = z0 + (z − z0)/φ(r), logDet −=.
template <int T, int C>
__device__ __forceinline__ void flow_radial(const float *z, const float *z0, const float *alphaHat, const float *betaHat, int inverse, float *zOut,
        float *logDet, i64 rows, i64 k, i64 d) {
    Group<T> row;
    i64 r = row.index, point = r / k;
    if (r >= rows) return;
    z += r * d, zOut += r * d, z0 += point * d;
    Slice<T, C> x(d, row.lane, wide_rows(d, z, zOut, z0));
    x.read(z, zOut);
    Radial shape(alphaHat[point], betaHat[point]);
    float radius = sqrtf(square_edges(row.sum(distance_share(x, z0))));
    if (inverse) radius = shape.radius(radius);
    float bh = (shape.p - shape.alpha) / (shape.alpha + radius), phi = shape.phi(radius);
    x.update([&](i64 i, float (&y)[4]) {
        float c[4];
        load4(c, z0, i, d, x.wide);
#pragma unroll
        for (int j = 0; j < 4; ++j) y[j] = inverse ? c[j] + (y[j] - c[j]) / phi : fmaf(bh, y[j] - c[j], y[j]);
    });
    x.write(zOut);
    if (logDet && row.first()) logDet[r] += inverse ? -shape.log_det(radius, d) : shape.log_det(radius, d);
}
SLICE_KERNEL(flow_radial,
    (const float *z, const float *z0, const float *alphaHat, const float *betaHat, int inverse, float *zOut, float *logDet, i64 rows, i64 k, i64 d),
    (z, z0, alphaHat, betaHat, inverse, zOut, logDet, rows, k, d))

// dz += φ·dz' + dr/r·e, e = z − z0. kept [rows,4]: βh, dr/r, and the row's σ(α̂)·dα and σ(β̂)·dp. dzOut, dLogDet,
// dz may be null. Rows of z are read where they are.
template <int T>
__device__ __forceinline__ void flow_radial_backward(const float *z, const float *z0, const float *alphaHat, const float *betaHat,
        const float *dzOut, const float *dLogDet, float *dz, float *kept, i64 rows, i64 k, i64 d) {
    Row<T> row;
    i64 r = row.index, point = r / k;
    if (r >= rows) return;
    z += r * d, z0 += point * d;
    const float *up = dzOut ? dzOut + r * d : dzOut;
    float squares = 0, along = 0;
    for (i64 i = row.lane; i < d; i += T) {
        float e = z[i] - z0[i];
        squares = fmaf(e, e, squares);
        if (up) along = fmaf(e, up[i], along);
    }
    float radius = sqrtf(square_edges(row.sum(squares)));
    along = row.sum(along);
    Radial shape(alphaHat[point], betaHat[point]);
    float toLog = dLogDet ? dLogDet[r] : 0.f, big = radius + shape.alpha, phi = shape.phi(radius);
    float bh = (shape.p - shape.alpha) / big, share = shape.alpha / big;
    float toPhi = along + toLog * (float) (d - 1) / phi, toPsi = toLog / shape.psi(radius);
    float toRadius = radius == 0.f ? 0.f : -bh / big * (toPhi + 2.f * share * toPsi) / radius;
    if (dz)
        for (i64 i = row.lane; i < d; i += T) {
            float g = up ? up[i] : 0.f;
            dz[r * d + i] += g + (bh * g + toRadius * (z[i] - z0[i]));
        }
    if (row.first()) {
        float toAlpha = (((shape.p - 2.f * shape.alpha) / big - 2.f * share * bh) * toPsi - phi * toPhi) / big;
        kept[4 * r] = bh, kept[4 * r + 1] = toRadius;
        kept[4 * r + 2] = flow_sigmoid(alphaHat[point]) * toAlpha;
        kept[4 * r + 3] = flow_sigmoid(betaHat[point]) * (toPhi + share * toPsi) / big;
    }
}
ROW_KERNEL(flow_radial_backward,
    (const float *z, const float *z0, const float *alphaHat, const float *betaHat, const float *dzOut, const float *dLogDet, float *dz, float *kept,
        i64 rows, i64 k, i64 d),
    (z, z0, alphaHat, betaHat, dzOut, dLogDet, dz, kept, rows, k, d))

// part[c,i] = Σ_r βh·dz' + dr/r·(z − z0) over the rows r of chunk c, and behind these d the sums of the row's
// gradients to α̂ and β̂: part [points·chunks,d+2]; kept [rows,4] as above.
KERNEL(flow_radial_sums)(const float *z, const float *z0, const float *dzOut, const float *kept, float *part, i64 points, i64 chunks, i64 per, i64 k,
        i64 d) {
    for (i64 q = flat_index(); q < points * chunks * (d + 2); q += flat_count()) {
        i64 i = q % (d + 2), c = q / (d + 2), point = c / chunks;
        i64 from = c % chunks * per, end = from + per < k ? from + per : k;
        float s = 0;
        for (i64 r = point * k + from; r < point * k + end; ++r) {
            if (i >= d) s += kept[4 * r + 2 + (i - d)];
            else s += kept[4 * r] * (dzOut ? dzOut[r * d + i] : 0.f) + kept[4 * r + 1] * (z[r * d + i] - z0[point * d + i]);
        }
        part[q] = s;
    }
}

// dz0 −= totals[.,:d], dα̂ += totals[.,d], dβ̂ += totals[.,d+1]; totals [points,d+2]
KERNEL(flow_radial_parameters)(const float *totals, float *dz0, float *dAlphaHat, float *dBetaHat, i64 points, i64 d) {
    for (i64 q = flat_index(); q < points * (d + 2); q += flat_count()) {
        i64 i = q % (d + 2), point = q / (d + 2);
        if (i < d) dz0[point * d + i] -= totals[q];
        else if (i == d) dAlphaHat[point] += totals[q];
        else dBetaHat[point] += totals[q];
    }
}

// h reflections z ← z − 2·v·(vᵀz)/‖v‖² in a row. z, zOut [rows,d]; v [points,h·d].
template <int T, int C>
__device__ __forceinline__ void flow_householder(const float *z, const float *v, int lastFirst, float *zOut, i64 rows, i64 k, i64 h, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    z += r * d, zOut += r * d, v += r / k * h * d;
    Slice<T, C> x(d, row.lane, wide_rows(d, z, zOut, v));
    x.read(z, zOut);
    reflect(row, x, v, h, lastFirst);
    x.write(zOut);
}
SLICE_KERNEL(flow_householder, (const float *z, const float *v, int lastFirst, float *zOut, i64 rows, i64 k, i64 h, i64 d),
    (z, v, lastFirst, zOut, rows, k, h, d))

// Gradients to z: dz += what becomes of dzOut through the same reflections, the last's first. kept [rows,2·h]: see
// reflect_backward. zOut, dzOut, dz [rows,d]; dz may be null. work [2·rows,d] where C = 0.
template <int T, int C>
__device__ __forceinline__ void flow_householder_backward(const float *zOut, const float *v, const float *dzOut, float *dz, float *kept,
        float *work, i64 rows, i64 k, i64 h, i64 d) {
    Group<T> row;
    i64 r = row.index;
    if (r >= rows) return;
    bool wide = wide_rows(d, zOut, v, dzOut, dz, work);
    Slice<T, C> x(d, row.lane, wide), g(d, row.lane, wide);
    x.read(zOut + r * d, work + 2 * r * d);
    g.read(dzOut + r * d, work + (2 * r + 1) * d);
    reflect_backward(row, x, g, v + r / k * h * d, h, false, kept + 2 * h * r);
    if (dz) g.add_to(dz + r * d);
}
SLICE_KERNEL(flow_householder_backward,
    (const float *zOut, const float *v, const float *dzOut, float *dz, float *kept, float *work, i64 rows, i64 k, i64 h, i64 d),
    (zOut, v, dzOut, dz, kept, work, rows, k, h, d))

// dv_j += Σ f_j·G − q_j·Z − Σ_{l after j} v_l·Σ (f_j·q_l − f_l·q_j), where G and Z left the last reflection: totals
// [points,...] has Σ f_j·G [h,d], Σ q_j·Z [h,d] and Σ f_j·q_l [h,h]. v, dv [points,h·d].
KERNEL(flow_reflection_vectors)(const float *v, const float *totals, int lastFirst, float *dv, i64 points, i64 h, i64 d) {
    for (i64 at = flat_index(); at < points * h * d; at += flat_count()) {
        i64 i = at % d, j = at / d % h, point = at / (h * d);
        const float *own = totals + point * (2 * h * d + h * h), *products = own + 2 * h * d;
        float g = own[j * d + i] - own[(h + j) * d + i];
        for (i64 l = lastFirst ? 0 : j + 1; l < (lastFirst ? j : h); ++l)
            g = fmaf(products[l * h + j] - products[j * h + l], v[(point * h + l) * d + i], g);
        dv[at] += g;
    }
}
