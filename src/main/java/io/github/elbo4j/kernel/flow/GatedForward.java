package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The gated autoregressive step and its inverse over blocks of rows. */
final class GatedForward extends RowBlocks {
  private Tensor z = Tensor.EMPTY;
  private Tensor m = Tensor.EMPTY;
  private Tensor s = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;
  private boolean inverse;

  void run(
      Tensor input,
      Tensor mean,
      Tensor gate,
      boolean backwards,
      Tensor output,
      @Nullable Tensor logDeterminant) {
    z = input;
    m = mean;
    s = gate;
    inverse = backwards;
    out = output;
    logDet = logDeterminant;
    cut(z.rows(), z.columns(), BLOCK);
    fork(blocks(), 10L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    m = Tensor.EMPTY;
    s = Tensor.EMPTY;
    out = Tensor.EMPTY;
    logDet = null;
  }

  @Override
  public void run(int block) {
    int from = firstRow(block) * d;
    int n = rowsOf(block) * d;
    int sAt = s.offset() + from;
    float[] u = Scratch.get().floats(0, n);
    if (!inverse || logDet != null) {
      GatedRows.minusAbs(s.array(), sAt, u, n);
      SimdMath.exp(u, 0, u, 0, n);
    }
    if (!inverse) {
      GatedRows.step(
          z.array(),
          z.offset() + from,
          m.array(),
          m.offset() + from,
          s.array(),
          sAt,
          u,
          out.array(),
          out.offset() + from,
          n);
    }
    if (logDet != null) {
      addLogDet(logDet, block, u, sAt, n);
    }
    if (inverse) {
      invert(from, sAt, u, n);
    }
  }

  private void invert(int from, int sAt, float[] e, int n) {
    CouplingRows.signed(s.array(), sAt, -1, e, 0, n);
    SimdMath.exp(e, 0, e, 0, n);
    GatedRows.inverse(
        z.array(),
        z.offset() + from,
        m.array(),
        m.offset() + from,
        e,
        out.array(),
        out.offset() + from,
        n);
  }

  private void addLogDet(Tensor to, int block, float[] u, int sAt, int n) {
    SimdMath.log1p(u, 0, u, 0, n);
    GatedRows.logGate(s.array(), sAt, u, u, n);
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    int at = to.offset() + firstRow(block);
    for (int r = 0; r < rowsOf(block); r++) {
      double sum = Lanes.sum(u, r * d, d, lanes);
      to.array()[at + r] += (float) (inverse ? -sum : sum);
    }
  }
}
