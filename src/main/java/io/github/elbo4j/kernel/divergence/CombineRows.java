package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Subtracts combinations of rows from rows: {@code out[r,·] −= Σ_i c[r,i]·rows[i,·]}, where {@code
 * c[r,i]} stands at {@code c[cFrom + r·rowStep + i·termStep]}. Four terms at a time; blocks of
 * rows.
 */
final class CombineRows extends KernelTask {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int TERMS = 4;
  private static final int BLOCK_ROWS = 8;
  private static final float[] NONE = {};

  private float[] c = NONE;
  private int cFrom;
  private int rowStep;
  private int termStep;
  private float[] rows = NONE;
  private int rowsFrom;
  private int terms;
  private Tensor out = Tensor.EMPTY;

  void subtract(
      float[] coefficients,
      int from,
      int stepOfRow,
      int stepOfTerm,
      Tensor combined,
      Tensor result) {
    subtract(
        coefficients,
        from,
        stepOfRow,
        stepOfTerm,
        combined.array(),
        combined.offset(),
        combined.rows(),
        result);
  }

  void subtract(
      float[] coefficients,
      int from,
      int stepOfRow,
      int stepOfTerm,
      float[] combined,
      int combinedFrom,
      int count,
      Tensor result) {
    if (result.size() == 0) {
      return;
    }
    c = coefficients;
    cFrom = from;
    rowStep = stepOfRow;
    termStep = stepOfTerm;
    rows = combined;
    rowsFrom = combinedFrom;
    terms = count;
    out = result;
    fork(Math.ceilDiv(out.rows(), BLOCK_ROWS), (long) out.size() * terms);
  }

  @Override
  protected void forget() {
    c = NONE;
    rows = NONE;
    out = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int n = out.columns();
    int end = Math.min(out.rows(), (block + 1) * BLOCK_ROWS);
    for (int i = 0; i < terms; i += TERMS) {
      for (int r = block * BLOCK_ROWS; r < end; r++) {
        int to = out.offset() + r * n;
        if (i + TERMS <= terms) {
          four(r, i, out.array(), to, n);
        } else {
          for (int j = i; j < terms; j++) {
            one(coefficient(r, j), rowsFrom + j * n, out.array(), to, n);
          }
        }
      }
    }
  }

  private float coefficient(int r, int i) {
    return c[cFrom + r * rowStep + i * termStep];
  }

  private void four(int r, int i, float[] to, int at, int n) {
    float[] a = rows;
    int row = rowsFrom + i * n;
    float w0 = -coefficient(r, i);
    float w1 = -coefficient(r, i + 1);
    float w2 = -coefficient(r, i + 2);
    float w3 = -coefficient(r, i + 3);
    FloatVector c0 = FloatVector.broadcast(F, w0);
    FloatVector c1 = FloatVector.broadcast(F, w1);
    FloatVector c2 = FloatVector.broadcast(F, w2);
    FloatVector c3 = FloatVector.broadcast(F, w3);
    int full = F.loopBound(n);
    for (int s = 0; s < full; s += L) {
      FloatVector sum = FloatVector.fromArray(F, to, at + s);
      sum = FloatVector.fromArray(F, a, row + s).fma(c0, sum);
      sum = FloatVector.fromArray(F, a, row + n + s).fma(c1, sum);
      sum = FloatVector.fromArray(F, a, row + 2 * n + s).fma(c2, sum);
      sum = FloatVector.fromArray(F, a, row + 3 * n + s).fma(c3, sum);
      sum.intoArray(to, at + s);
    }
    for (int s = full; s < n; s++) {
      float sum = Math.fma(a[row + s], w0, to[at + s]);
      sum = Math.fma(a[row + n + s], w1, sum);
      sum = Math.fma(a[row + 2 * n + s], w2, sum);
      to[at + s] = Math.fma(a[row + 3 * n + s], w3, sum);
    }
  }

  private void one(float coefficient, int row, float[] to, int at, int n) {
    float[] a = rows;
    for (int s = 0; s < n; s++) {
      to[at + s] = Math.fma(-coefficient, a[row + s], to[at + s]);
    }
  }
}
