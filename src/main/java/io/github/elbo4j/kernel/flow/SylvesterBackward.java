package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.dense.Gemm;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of a Sylvester step. A row of parameters sums dA2 and dA1 [d,d] each, db and d(1 + ρ)
 * [d] each and, where the reflections are not folded in, those of both Q [h,d] each without their
 * factor τ.
 */
final class SylvesterBackward extends SylvesterSteps {
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor dzOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dz;
  private @Nullable Tensor dv;
  private @Nullable Tensor dr1;
  private @Nullable Tensor dr2;
  private @Nullable Tensor db;

  void run(
      Tensor entered,
      Tensor vectors,
      Tensor first,
      Tensor second,
      Tensor biases,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor grad,
      @Nullable Tensor gradV,
      @Nullable Tensor gradR1,
      @Nullable Tensor gradR2,
      @Nullable Tensor gradB) {
    z = entered;
    dzOut = gradOut;
    dLogDet = gradLogDet;
    dz = grad;
    dv = gradV;
    dr1 = gradR1;
    dr2 = gradR2;
    db = gradB;
    parameters(z, vectors, first, second, biases, true);
    int n = z.columns();
    int width = 2 * n * n + 2 * n + (folded ? 0 : 2 * v.columns());
    start(z, v, gradV == null ? 0 : width, n / 2 + 40);
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    dzOut = null;
    dLogDet = null;
    dz = null;
    dv = null;
    dr1 = null;
    dr2 = null;
    db = null;
    forgetParameters();
  }

  /** y, t, dzOut, dpre, a product, a matrix's gradient, and db with dq. */
  @Override
  int workSize() {
    return 5 * tileRows * d + d * d + 2 * d;
  }

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {
    int n = end - first;
    int size = n * d;
    float[] work = work(prepared);
    int y = workAt(points);
    int t = y + size;
    int g = t + size;
    int dt = g + size;
    int o = dt + size;
    System.arraycopy(z.array(), z.offset() + first * d, work, y, size);
    gradients(dzOut, first, n, work, g);
    if (!folded) {
      reflect(work, y, first, end, false, point, prepared);
    }
    tanh(work, y, first, end, point, prepared, work, t);
    if (!folded && h > 0) {
      second(work, t, first, end, point, prepared, work, o);
      reflect(work, o, first, end, true, point, prepared);
      back(work, o, g, first, end, true, point, points, 1, prepared, sums, at);
    }
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = (r - first) * d;
      run(r, stop, y + i, t + i, g + i, dt + i, o + i, point, points, work, prepared, sums, at);
      r = stop;
    }
    if (!folded && h > 0) {
      back(work, y, o, first, end, false, point, points, 0, prepared, sums, at);
    }
    if (dz != null) {
      int to = dz.offset() + first * d;
      if (dzOut != null) {
        Lanes.add(dzOut.array(), dzOut.offset() + first * d, dz.array(), to, size);
      }
      Lanes.add(work, o, dz.array(), to, size);
    }
  }

  /** Rows of one point, from the gradients g of A1·t to those of y, in o. */
  private void run(
      int r,
      int end,
      int y,
      int t,
      int g,
      int dt,
      int o,
      int point,
      int points,
      float[] work,
      float[] prepared,
      double[] sums,
      int at) {
    int n = end - r;
    int index = r / k - point;
    int matrix = workAt(points) + 5 * tileRows * d;
    int row = matrix + d * d;
    Gemm.get()
        .a(false, work, g, d)
        .b(folded, prepared, a1(index), d)
        .c(false, work, dt, d)
        .run(n, d, d);
    Arrays.fill(work, row, row + 2 * d, 0f);
    for (int i = 0; i < n; i++) {
      float l = dLogDet == null ? 0 : dLogDet.array()[dLogDet.offset() + r + i];
      SylvesterRows.gradients(
          work, t + i * d, prepared, q(index), l, work, dt + i * d, work, row, row + d, d);
    }
    Gemm.get()
        .a(false, work, dt, d)
        .b(false, prepared, a2(index), d)
        .c(false, work, o, d)
        .run(n, d, d);
    if (dv != null) {
      deposit(work, row, 2 * d, index, 2 * d * d, points, prepared, sums, at);
      product(work, dt, y, n, matrix, index, 0, points, prepared, sums, at);
      int left = folded ? t : g; // of A1 transposed
      product(work, left, folded ? g : t, n, matrix, index, d * d, points, prepared, sums, at);
    }
  }

  /** Deposits {@code aᵀ·b} of n rows. */
  private void product(
      float[] work,
      int a,
      int b,
      int n,
      int matrix,
      int index,
      int column,
      int points,
      float[] prepared,
      double[] sums,
      int at) {
    int to = depositAt(index, column, points);
    Gemm.get()
        .a(true, work, a, d)
        .b(false, work, b, d)
        .c(false, to < 0 ? work : prepared, to < 0 ? matrix : to, d)
        .run(d, d, n);
    if (to < 0) {
      deposit(work, matrix, d * d, index, column, points, prepared, sums, at);
    }
  }

  /** Through the reflections of one Q. */
  private void back(
      float[] work,
      int y,
      int g,
      int first,
      int end,
      boolean lastFirst,
      int point,
      int points,
      int which,
      float[] prepared,
      double[] sums,
      int at) {
    int n = end - first;
    int column = 2 * d * d + 2 * d + which * h * d;
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = (r - first) * d;
      float[] dots = Scratch.get().floats(1, 2 * FlowRows.padded(n));
      float[] lanes = Scratch.get().floats(2, Math.max(LaneSums.size(n), 2 * d));
      Reflections.backward(
          this,
          work,
          y + i,
          work,
          g + i,
          r,
          stop,
          v,
          h,
          lastFirst,
          point,
          points,
          prepared,
          tau(r / k - point) - (r / k - point) * h,
          dv != null,
          column,
          dots,
          lanes,
          sums,
          at);
      r = stop;
    }
  }

  @Override
  void finish(int point, int points, float[] prepared, int totals) {
    for (int p = 0; p < points && dv != null && dr1 != null && dr2 != null && db != null; p++) {
      int sums = totals + p * width();
      int row = point + p;
      if (folded) {
        unfold(prepared, p, sums, dv);
      } else {
        int to = dv.offset() + row * h * d;
        int at = sums + 2 * d * d + 2 * d;
        Reflections.finish(prepared, at, prepared, tau(p), h, d, dv.array(), to);
        Reflections.finish(prepared, at + h * d, prepared, tau(p), h, d, dv.array(), to);
      }
      int q = q(p);
      int toQ = sums + 2 * d * d + d;
      triangle(prepared, sums, false, toQ, q + d, q + 4 * d, dr2, row);
      triangle(prepared, sums + d * d, folded, toQ, q + 2 * d, q + 3 * d, dr1, row);
      Lanes.add(prepared, sums + 2 * d * d, db.array(), db.offset() + row * d, d);
    }
  }

  /** The rows of both matrices were multiplied by Q: from A2 and A1 to R2 and R1, and to v. */
  private void unfold(float[] prepared, int p, int sums, Tensor toV) {
    Scratch scratch = Scratch.get();
    double[] vectors = scratch.doubles(1, h * d);
    Arrays.fill(vectors, 0, h * d, 0);
    float[] dots = scratch.floats(1, 2 * FlowRows.padded(d));
    float[] lanes = scratch.floats(2, Math.max(LaneSums.size(d), 2 * d));
    for (int m = 0; m < 2; m++) {
      int matrix = m * d * d;
      Reflections.backward(
          matrixRows(d),
          prepared,
          a2(p) + matrix,
          prepared,
          sums + matrix,
          0,
          d,
          v,
          h,
          true,
          0,
          1,
          prepared,
          tau(p),
          true,
          0,
          dots,
          lanes,
          vectors,
          0);
    }
    float[] rounded = scratch.floats(2, h * d);
    for (int i = 0; i < h * d; i++) {
      rounded[i] = (float) vectors[i];
    }
    Reflections.finish(rounded, 0, prepared, tau(p), h, d, toV.array(), toV.offset());
  }

  /**
   * Adds a matrix's gradient above the diagonal, and on it through the tanh: {@code (g_ii +
   * dq_i·other_i)·slope_i}.
   */
  private void triangle(
      float[] g, int at, boolean transposed, int toQ, int other, int slope, Tensor dr, int row) {
    float[] out = dr.array();
    int to = dr.offset() + row * d * d;
    for (int i = 0; i < d; i++) {
      int diagonal = i * (d + 1);
      out[to + diagonal] += (g[at + diagonal] + g[toQ + i] * g[other + i]) * g[slope + i];
      if (transposed) {
        for (int j = i + 1; j < d; j++) {
          out[to + i * d + j] += g[at + j * d + i];
        }
      } else {
        Lanes.add(g, at + diagonal + 1, out, to + diagonal + 1, d - 1 - i);
      }
    }
  }
}
