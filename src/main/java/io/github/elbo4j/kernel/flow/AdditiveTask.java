package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The additive step, its inverse and their gradients over blocks of rows. */
final class AdditiveTask extends RowBlocks {
  private Tensor z = Tensor.EMPTY;
  private Tensor t = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor dZ;
  private @Nullable Tensor dT;
  private boolean backward;
  private float sign;
  private float[] mask = {};

  void run(Tensor input, Tensor shift, Tensor transformed, boolean inverse, Tensor output) {
    backward = false;
    z = input;
    t = shift;
    out = output;
    start(transformed, inverse);
  }

  /** {@code gradient} is that of the output. */
  void runBackward(
      Tensor transformed,
      boolean inverse,
      Tensor gradient,
      @Nullable Tensor gradZ,
      @Nullable Tensor gradT) {
    backward = true;
    z = gradient;
    dZ = gradZ;
    dT = gradT;
    start(transformed, inverse);
  }

  private void start(Tensor transformed, boolean inverse) {
    sign = inverse ? -1 : 1;
    cut(z.rows(), z.columns(), BLOCK);
    mask = atLeast(mask, blockSize());
    tile(transformed, mask);
    fork(blocks(), 2L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    t = Tensor.EMPTY;
    out = Tensor.EMPTY;
    dZ = null;
    dT = null;
  }

  @Override
  public void run(int block) {
    int from = firstRow(block) * d;
    int n = rowsOf(block) * d;
    int zAt = z.offset() + from;
    if (!backward) {
      CouplingRows.additive(
          z.array(),
          zAt,
          t.array(),
          t.offset() + from,
          mask,
          sign,
          out.array(),
          out.offset() + from,
          n);
      return;
    }
    if (dZ != null) {
      Lanes.add(z.array(), zAt, dZ.array(), dZ.offset() + from, n);
    }
    if (dT != null) {
      int to = dT.offset() + from;
      CouplingRows.additive(dT.array(), to, z.array(), zAt, mask, sign, dT.array(), to, n);
    }
  }
}
