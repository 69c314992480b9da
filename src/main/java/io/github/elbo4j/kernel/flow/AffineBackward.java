package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of the affine step and of its inverse over blocks of rows. A block sums its rows'
 * gradients to the scale in double; the blocks are added in their order.
 */
final class AffineBackward extends RowBlocks {
  private Tensor z = Tensor.EMPTY;
  private Tensor t = Tensor.EMPTY;
  private Tensor s = Tensor.EMPTY;
  private @Nullable Tensor dOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dZ;
  private @Nullable Tensor dT;
  private @Nullable Tensor dS;
  private boolean scaleWanted;
  private float sign;
  private float[] mask = {};
  private float[] bound = {};

  /** One row of gradients to the scale for each block. */
  private double[] sums = {};

  void run(
      Tensor input,
      Tensor shift,
      Tensor rawScale,
      Tensor scale,
      Tensor transformed,
      boolean inverse,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor gradZ,
      @Nullable Tensor gradT,
      @Nullable Tensor gradS,
      @Nullable Tensor gradScale) {
    z = input;
    t = shift;
    s = rawScale;
    dOut = gradOut;
    dLogDet = gradLogDet;
    dZ = gradZ;
    dT = gradT;
    dS = gradS;
    scaleWanted = gradScale != null;
    sign = inverse ? -1 : 1;
    cut(z.rows(), z.columns(), BLOCK);
    mask = atLeast(mask, blockSize());
    tile(transformed, mask);
    bound = atLeast(bound, blockSize());
    tile(scale, bound);
    if (scaleWanted) {
      sums = Scratch.get().doubles(Scratch.HELD, blocks() * d);
    }
    fork(blocks(), 15L * z.size());
    if (gradScale != null) {
      addBlocks(gradScale);
    }
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    t = Tensor.EMPTY;
    s = Tensor.EMPTY;
    dOut = null;
    dLogDet = null;
    dZ = null;
    dT = null;
    dS = null;
  }

  @Override
  public void run(int block) {
    int from = firstRow(block) * d;
    int n = rowsOf(block) * d;
    Scratch scratch = Scratch.get();
    float[] slope = scratch.floats(0, n);
    float[] e = scratch.floats(1, n);
    SimdMath.tanh(s.array(), s.offset() + from, slope, 0, n);
    CouplingRows.bounded(slope, bound, mask, e, 0, n);
    if (sign < 0) {
      CouplingRows.signed(e, 0, sign, e, 0, n);
    }
    SimdMath.exp(e, 0, e, 0, n);
    float[] zeros = scratch.floats(2, n);
    if (dOut == null) {
      Arrays.fill(zeros, 0, n, 0f);
    }
    float[] g = dOut == null ? zeros : dOut.array();
    int gAt = dOut == null ? 0 : dOut.offset() + from;
    float[] work = scratch.floats(3, 3 * n); // also takes the gradients that nobody wants
    toInputs(g, gAt, e, from, n, work);
    toScale(block, g, gAt, e, slope, from, n, work);
  }

  private void toInputs(float[] g, int gAt, float[] e, int from, int n, float[] unwanted) {
    if (dZ == null && dT == null) {
      return;
    }
    float[] toZ = dZ == null ? unwanted : dZ.array();
    float[] toT = dT == null ? unwanted : dT.array();
    int zAt = dZ == null ? 0 : dZ.offset() + from;
    int tAt = dT == null ? 0 : dT.offset() + from;
    if (sign > 0) {
      CouplingRows.affineToInputs(g, gAt, e, mask, toZ, zAt, toT, tAt, n);
    } else {
      CouplingRows.affineInverseToInputs(g, gAt, e, mask, toZ, zAt, toT, tAt, n);
    }
  }

  private void toScale(
      int block, float[] g, int gAt, float[] e, float[] slope, int from, int n, float[] work) {
    if (dS == null && !scaleWanted) {
      return;
    }
    float[] v = z.array();
    int vAt = z.offset() + from;
    if (sign < 0) {
      CouplingRows.subtract(v, vAt, t.array(), t.offset() + from, work, n);
      v = work;
      vAt = 0;
    }
    float[] toS = dS == null ? work : dS.array();
    int at = dS == null ? 2 * n : dS.offset() + from;
    spread(dLogDet, block, work, n);
    CouplingRows.affineToScale(g, gAt, v, vAt, e, work, n, sign, bound, mask, slope, toS, at, n);
    if (scaleWanted) {
      int to = block * d;
      Arrays.fill(sums, to, to + d, 0);
      for (int r = 0; r < n; r += d) {
        addRow(slope, r, sums, to, d);
      }
    }
  }

  private static void addRow(float[] row, int from, double[] sums, int to, int n) {
    for (int j = 0; j < n; j++) {
      sums[to + j] += row[from + j];
    }
  }

  private void addBlocks(Tensor dScale) {
    float[] to = dScale.array();
    for (int j = 0; j < d; j++) {
      double total = 0;
      for (int b = 0; b < blocks(); b++) {
        total += sums[b * d + j];
      }
      to[dScale.offset() + j] += (float) total;
    }
  }
}
