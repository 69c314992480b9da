package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Perturbed logits given their argmax, see {@link ConcreteKernels#conditional}. */
final class ConcreteConditional extends VariablesTask {
  private Tensor logAlpha = Tensor.EMPTY;
  private Tensor index = Tensor.EMPTY;
  private NoiseKey noise = new NoiseKey(0, 0);
  private float inverseTau;
  private Tensor z = Tensor.EMPTY;
  private @Nullable Tensor logY;

  ConcreteConditional() {
    super(2, 5);
  }

  void run(
      Tensor logits,
      int c,
      float tau,
      Tensor chosen,
      NoiseKey drawn,
      Tensor perturbed,
      @Nullable Tensor relaxed) {
    sizes(logits.rows(), perturbed.rows(), logits.columns(), c);
    logAlpha = logits;
    index = chosen;
    noise = drawn;
    inverseTau = 1 / tau;
    z = perturbed;
    logY = relaxed;
    start(false);
  }

  @Override
  protected void forget() {
    super.forget();
    logAlpha = Tensor.EMPTY;
    index = Tensor.EMPTY;
    z = Tensor.EMPTY;
    logY = null;
  }

  /**
   * Relative to z_d the others are {@code −softplus( log e_i − logAlpha_i + z_d )}. That is rounded
   * once more in z, where a tie would make another category the argmax: so z_i is at most the float
   * below z_d.
   */
  @Override
  void work(Chunk ch) {
    float[] w = ch.w;
    int c = ch.c;
    int s = ch.stride;
    int a = ch.area(0);
    int e = ch.area(1);
    int d = ch.row(0);
    int b = ch.row(1);
    int most = ch.row(2);
    int below = ch.row(3);
    ch.loadPoints(logAlpha, a);
    Columns.softmax(w, a, e, c, s, most, below, ch.row(4));
    ch.draw(noise, e);
    SimdMath.log(w, e, w, e, ch.size());
    Columns.negate(w, e, c, s, below);
    SimdMath.log(w, e, w, e, ch.size());
    ch.loadRow(index, d);
    ConcreteColumns.negatedTop(w, e, d, ch.row(4), c, s, b);
    ConcreteColumns.overTop(w, e, a, b, c, s);
    SimdMath.softplus(w, e, w, e, ch.size());
    ConcreteColumns.belowTop(w, e, d, c, s);
    ConcreteColumns.lessTimes(w, most, 1, b, s, b);
    for (int i = 0; i < s; i++) {
      w[below + i] = Math.nextDown(w[b + i]);
    }
    ConcreteColumns.truncated(w, e, b, below, d, c, s, a);
    ch.store(a, z);
    if (logY != null) {
      relax(ch, e, a, logY);
    }
  }

  private void relax(Chunk ch, int e, int a, Tensor out) {
    ConcreteColumns.scale(ch.w, e, inverseTau, ch.size());
    Columns.normalizer(ch.w, e, a, ch.c, ch.stride, ch.row(3), ch.row(4));
    Columns.subtract(ch.w, e, ch.row(4), ch.c, ch.stride);
    ch.store(e, out);
  }
}
