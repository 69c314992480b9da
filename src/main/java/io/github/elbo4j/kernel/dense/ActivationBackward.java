package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@code dPre = dY ⊙ f'} and its column sums in one pass. A block of rows sums its columns in
 * float32; the sums of the blocks are added in double, in their order.
 */
final class ActivationBackward extends KernelTask {
  /** Rows of a block: the longest chain of float32 additions. */
  private static final int ROWS = 64;

  private static final int L = GemmTile.L;

  private Activation f = Activation.NONE;
  private Tensor argument = Tensor.EMPTY;
  private Tensor dY = Tensor.EMPTY;
  private Tensor dPre = Tensor.EMPTY;

  /** One row of column sums for each block; empty when they are not wanted. */
  private float[] sums = {};

  private boolean summed;

  /** dPre is dY: the contract lets them overlap in no other way. */
  private boolean inPlace;

  /**
   * {@code from} is the activation's value, or what it was applied to where the derivative needs
   * that.
   */
  void run(
      Activation activation,
      Tensor from,
      Tensor gradient,
      Tensor preGradient,
      boolean accumulate,
      @Nullable Tensor dBias) {
    f = activation;
    argument = from;
    dY = gradient;
    dPre = preGradient;
    summed = dBias != null;
    inPlace = dY.overlaps(dPre);
    int n = preGradient.columns();
    int blocks = Math.ceilDiv(preGradient.rows(), ROWS);
    if (dBias != null) {
      sums = Scratch.get().floats(Scratch.HELD, blocks * n);
    }
    boolean needed = summed || f != Activation.NONE || !inPlace;
    fork(needed ? blocks : 0, (f.needsPre() ? 20L : 2L) * preGradient.size());
    if (dBias != null) {
      addBlocks(blocks, accumulate, dBias);
    }
  }

  @Override
  protected void forget() {
    argument = Tensor.EMPTY;
    dY = Tensor.EMPTY;
    dPre = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int n = dPre.columns();
    int end = Math.min(dPre.rows(), (block + 1) * ROWS);
    if (summed) {
      Arrays.fill(sums, block * n, (block + 1) * n, 0f);
    }
    float[] slope = Scratch.get().floats(0, Activations.workSize(n));
    for (int r = block * ROWS; r < end; r++) {
      int from = dY.offset() + r * n;
      int to = dPre.offset() + r * n;
      if (f != Activation.NONE) {
        Activations.slope(f, argument.array(), argument.offset() + r * n, slope, n);
        multiply(dY.array(), from, slope, dPre.array(), to, n);
      } else if (!inPlace) {
        System.arraycopy(dY.array(), from, dPre.array(), to, n);
      }
      if (summed) {
        Lanes.add(dPre.array(), to, sums, block * n, n);
      }
    }
  }

  private static void multiply(float[] a, int from, float[] slope, float[] out, int to, int n) {
    int full = GemmTile.S.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector g = FloatVector.fromArray(GemmTile.S, a, from + i);
      g.mul(FloatVector.fromArray(GemmTile.S, slope, i)).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = a[from + i] * slope[i];
    }
  }

  private void addBlocks(int blocks, boolean accumulate, Tensor dBias) {
    int n = dBias.size();
    double[] total = Scratch.get().doubles(Scratch.HELD, n);
    Arrays.fill(total, 0, n, 0);
    for (int b = 0; b < blocks; b++) {
      for (int j = 0; j < n; j++) {
        total[j] += sums[b * n + j];
      }
    }
    float[] out = dBias.array();
    int o = dBias.offset();
    for (int j = 0; j < n; j++) {
      out[o + j] = (float) (accumulate ? out[o + j] + total[j] : total[j]);
    }
  }
}
