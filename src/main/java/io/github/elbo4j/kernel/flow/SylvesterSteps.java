package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Gemm;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * What the passes over a Sylvester step share. A row of parameters is prepared into the dense
 * matrices A2 and A1, then ρ + 1, the tanh of both diagonals and their slopes, and τ of the
 * reflections. Where many rows share the parameters the reflections are folded into the matrices,
 * {@code A2 = R2·Qᵀ} and {@code A1 = (Q·R1)ᵀ}; else they are R2 and R1 and rows are reflected.
 *
 * <p>Products use the scratches 0 to 2, so a block keeps what it needs in 3.
 */
abstract class SylvesterSteps extends FlowTask {
  /** Floats of matrices that a block prepares at once. */
  private static final int MOST_PREPARED = 1 << 16;

  private static final ThreadLocal<MatrixRows> MATRIX = ThreadLocal.withInitial(MatrixRows::new);

  Tensor v = Tensor.EMPTY;
  Tensor r1 = Tensor.EMPTY;
  Tensor r2 = Tensor.EMPTY;
  Tensor b = Tensor.EMPTY;
  int h;
  boolean folded;

  final void parameters(
      Tensor z, Tensor vectors, Tensor first, Tensor second, Tensor biases, boolean foldable) {
    v = vectors;
    r1 = first;
    r2 = second;
    b = biases;
    h = v.columns() / Math.max(1, z.columns());
    folded = foldable && v.rows() == 1;
  }

  final void forgetParameters() {
    v = Tensor.EMPTY;
    r1 = Tensor.EMPTY;
    r2 = Tensor.EMPTY;
    b = Tensor.EMPTY;
  }

  @Override
  final int slot() {
    return 3;
  }

  @Override
  final int mostPoints() {
    return Math.max(1, MOST_PREPARED / Math.max(1, 2 * d * d));
  }

  @Override
  final int preparedSize() {
    return 2 * d * d + 5 * d + h;
  }

  final int a2(int index) {
    return index * preparedSize();
  }

  final int a1(int index) {
    return a2(index) + d * d;
  }

  /** 1 + r1_ii·r2_ii; behind it the diagonals of R1 and R2, and their slopes. */
  final int q(int index) {
    return a1(index) + d * d;
  }

  final int tau(int index) {
    return q(index) + 5 * d;
  }

  static MatrixRows matrixRows(int d) {
    MatrixRows rows = MATRIX.get();
    rows.matrix(d, d);
    return rows;
  }

  @Override
  final void prepare(int point, int points, float[] prepared) {
    for (int p = 0; p < points; p++) {
      int from = (point + p) * d * d;
      diagonals(r1, r2, from, prepared, q(p));
      upper(r2, from, prepared, a2(p), q(p) + 2 * d, false);
      upper(r1, from, prepared, a1(p), q(p) + d, folded);
      float[] lanes = Scratch.get().floats(2, LaneSums.size(Math.max(h, d)));
      Reflections.prepare(v, (point + p) * h, h, d, prepared, tau(p), lanes);
      if (folded) {
        float[] work = Scratch.get().floats(1, FlowRows.padded(d));
        fold(prepared, a2(p), tau(p), work, lanes);
        fold(prepared, a1(p), tau(p), work, lanes);
      }
    }
  }

  /** The rows of a matrix, each times Q. */
  private void fold(float[] prepared, int matrix, int tau, float[] work, float[] lanes) {
    Reflections.apply(
        matrixRows(d), prepared, matrix, 0, d, v, h, true, 0, prepared, tau, work, lanes);
  }

  /**
   * With {@code e = exp(−2|x|)}, {@code f = exp(−2|y|)} of the raw diagonals: tanh is (1 − e)/(1 +
   * e), its slope 4e/(1 + e)², and {@code 1 + tanh x·tanh y = 2(1 + ef)/((1 + e)(1 + f))} where the
   * signs agree, else {@code 2(e + f)/((1 + e)(1 + f))}: nothing cancels.
   */
  private void diagonals(Tensor first, Tensor second, int from, float[] to, int at) {
    int x = at + d;
    int e = at + 3 * d;
    for (int i = 0; i < d; i++) {
      to[x + i] = first.array()[first.offset() + from + i * (d + 1)];
      to[x + d + i] = second.array()[second.offset() + from + i * (d + 1)];
    }
    for (int i = 0; i < 2 * d; i++) {
      to[e + i] = -2 * Math.abs(to[x + i]);
    }
    SimdMath.exp(to, e, to, e, 2 * d);
    for (int i = 0; i < d; i++) {
      float p = to[e + i];
      float r = to[e + d + i];
      float sum = to[x + i] < 0 == to[x + d + i] < 0 ? 1 + p * r : p + r;
      float q = 2 * sum / ((1 + p) * (1 + r));
      to[at + i] = q < FlowKernels.SMALLEST_SOFTPLUS ? FlowKernels.SMALLEST_SOFTPLUS : q;
    }
    for (int i = 0; i < 2 * d; i++) {
      float p = to[e + i];
      float tanh = (1 - p) / (1 + p);
      to[x + i] = to[x + i] < 0 ? -tanh : tanh;
      to[e + i] = 4 * p / ((1 + p) * (1 + p));
    }
  }

  /** The upper triangle with another diagonal and zeros below it, perhaps transposed. */
  private void upper(Tensor r, int from, float[] to, int at, int diagonal, boolean transposed) {
    float[] a = r.array();
    int o = r.offset() + from;
    Arrays.fill(to, at, at + d * d, 0f);
    for (int i = 0; i < d; i++) {
      to[at + i * (d + 1)] = to[diagonal + i];
      if (transposed) {
        for (int j = i + 1; j < d; j++) {
          to[at + j * d + i] = a[o + i * d + j];
        }
      } else {
        System.arraycopy(a, o + i * (d + 1) + 1, to, at + i * (d + 1) + 1, d - 1 - i);
      }
    }
  }

  /**
   * {@code t = tanh(A2·y + b)} of rows [first, end); y is z, or Qᵀz where that is not folded in.
   *
   * @param y of the first row at {@code yAt}
   */
  final void tanh(
      float[] y, int yAt, int first, int end, int point, float[] prepared, float[] t, int tAt) {
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = (r - first) * d;
      Gemm.get()
          .a(false, y, yAt + i, d)
          .b(true, prepared, a2(r / k - point), d)
          .c(false, t, tAt + i, d)
          .bias(b.array(), b.offset() + r / k * d)
          .run(stop - r, d, d);
      r = stop;
    }
    SimdMath.tanh(t, tAt, t, tAt, (end - first) * d);
  }

  /** {@code o = R1·t}, or {@code Q·R1·t} where that is folded in. */
  final void second(
      float[] t, int tAt, int first, int end, int point, float[] prepared, float[] o, int oAt) {
    for (int r = first; r < end; ) {
      int stop = runEnd(r, end);
      int i = (r - first) * d;
      Gemm.get()
          .a(false, t, tAt + i, d)
          .b(!folded, prepared, a1(r / k - point), d)
          .c(false, o, oAt + i, d)
          .run(stop - r, d, d);
      r = stop;
    }
  }

  /** Reflects rows by Qᵀ, or by Q. */
  final void reflect(
      float[] x, int at, int first, int end, boolean lastFirst, int point, float[] prepared) {
    int n = end - first;
    for (int r = first; h > 0 && r < end; ) {
      int stop = runEnd(r, end); // τ of one point lies apart from the next one's
      float[] work = Scratch.get().floats(1, FlowRows.padded(n));
      float[] lanes = Scratch.get().floats(2, LaneSums.size(n));
      int p = r / k;
      int from = at + (r - first) * d;
      int tau = tau(p - point);
      Reflections.apply(this, x, from, r, stop, v, h, lastFirst, p, prepared, tau, work, lanes);
      r = stop;
    }
  }
}
