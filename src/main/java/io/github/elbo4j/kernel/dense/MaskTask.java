package io.github.elbo4j.kernel.dense;

import static jdk.incubator.vector.VectorOperators.EQ;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;

/** {@code w ⊙= mask}, as a choice and not a product: NaN·0 would stay. */
final class MaskTask extends KernelTask {
  private static final int BLOCK = 16_384;
  private static final int L = GemmTile.L;

  private Tensor mask = Tensor.EMPTY;
  private Tensor w = Tensor.EMPTY;

  void run(Tensor kept, Tensor weights) {
    mask = kept;
    w = weights;
    fork(Math.ceilDiv(w.size(), BLOCK), w.size());
  }

  @Override
  protected void forget() {
    mask = Tensor.EMPTY;
    w = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int from = block * BLOCK;
    int n = Math.min(BLOCK, w.size() - from);
    keep(mask.array(), mask.offset() + from, w.array(), w.offset() + from, n);
  }

  private static void keep(float[] mask, int from, float[] w, int to, int n) {
    FloatVector zero = FloatVector.zero(GemmTile.S);
    int full = GemmTile.S.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(GemmTile.S, w, to + i);
      FloatVector m = FloatVector.fromArray(GemmTile.S, mask, from + i);
      v.blend(zero, m.compare(EQ, zero)).intoArray(w, to + i);
    }
    for (int i = full; i < n; i++) {
      w[to + i] = mask[from + i] == 0 ? 0f : w[to + i];
    }
  }
}
