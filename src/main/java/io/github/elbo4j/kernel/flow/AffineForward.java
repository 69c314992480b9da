package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The affine step and its inverse over blocks of rows. */
final class AffineForward extends RowBlocks {
  private Tensor z = Tensor.EMPTY;
  private Tensor t = Tensor.EMPTY;
  private Tensor s = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;
  private float sign;
  private float[] mask = {};
  private float[] bound = {};

  void run(
      Tensor input,
      Tensor shift,
      Tensor rawScale,
      Tensor scale,
      Tensor transformed,
      boolean inverse,
      Tensor output,
      @Nullable Tensor logDeterminant) {
    z = input;
    t = shift;
    s = rawScale;
    out = output;
    logDet = logDeterminant;
    sign = inverse ? -1 : 1;
    cut(z.rows(), z.columns(), BLOCK);
    mask = atLeast(mask, blockSize());
    tile(transformed, mask);
    bound = atLeast(bound, blockSize());
    tile(scale, bound);
    fork(blocks(), 10L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    t = Tensor.EMPTY;
    s = Tensor.EMPTY;
    out = Tensor.EMPTY;
    logDet = null;
  }

  @Override
  public void run(int block) {
    int from = firstRow(block) * d;
    int count = rowsOf(block);
    int n = count * d;
    float[] e = Scratch.get().floats(0, n);
    SimdMath.tanh(s.array(), s.offset() + from, e, 0, n);
    CouplingRows.bounded(e, bound, mask, e, 0, n);
    if (logDet != null) {
      float[] lanes = Scratch.get().floats(1, SimdMath.L);
      int at = logDet.offset() + firstRow(block);
      for (int r = 0; r < count; r++) {
        logDet.array()[at + r] += (float) (sign * Lanes.sum(e, r * d, d, lanes));
      }
    }
    float[] a = z.array();
    int zAt = z.offset() + from;
    int tAt = t.offset() + from;
    int to = out.offset() + from;
    if (sign < 0) {
      CouplingRows.signed(e, 0, sign, e, 0, n);
      SimdMath.exp(e, 0, e, 0, n);
      CouplingRows.affineInverse(a, zAt, t.array(), tAt, e, mask, out.array(), to, n);
    } else {
      SimdMath.exp(e, 0, e, 0, n);
      CouplingRows.affine(a, zAt, t.array(), tAt, e, mask, out.array(), to, n);
    }
  }
}
