package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The categorical log-likelihood, or its gradient, over blocks of rows. The dimensions of a block's
 * rows are one run of groups of C logits, which are taken a few at a time.
 */
final class Categorical extends KernelTask {
  /** Logits that go through the passes together, within L1. */
  private static final int TAKEN = 4096;

  private static final ByteTensor NONE = new ByteTensor(new byte[0], 0, 0, 0);

  private Tensor logits = Tensor.EMPTY;
  private ByteTensor x = NONE;

  /** logLik, or its gradient. */
  private Tensor perRow = Tensor.EMPTY;

  /** Where the gradient goes; null in the forward pass. */
  private @Nullable Tensor dLogits;

  private int n;
  private int c;
  private int samples;
  private int rowsPerBlock;

  void run(Tensor decoded, ByteTensor data, Tensor logLikOrGradient, @Nullable Tensor toLogits) {
    int rows = decoded.rows();
    if (rows == 0) {
      return;
    }
    logits = decoded;
    x = data;
    perRow = logLikOrGradient;
    dLogits = toLogits;
    n = x.columns();
    c = LevelsKernels.levels(decoded, data);
    samples = rows / x.rows();
    rowsPerBlock = RowBlocks.rows(logits.columns());
    fork(Math.ceilDiv(rows, rowsPerBlock), 15L * logits.size());
  }

  @Override
  protected void forget() {
    logits = Tensor.EMPTY;
    x = NONE;
    perRow = Tensor.EMPTY;
    dLogits = null;
  }

  @Override
  public void run(int block) {
    int first = block * rowsPerBlock;
    int end = Math.min(logits.rows(), first + rowsPerBlock);
    Scratch scratch = Scratch.get();
    int taken = Math.ceilDiv(Math.max(1, TAKEN / c), SimdMath.L) * SimdMath.L;
    float[] e = scratch.floats(0, taken * c);
    float[] max = scratch.floats(1, taken);
    float[] sums = scratch.floats(2, taken);
    double[] totals = scratch.doubles(0, rowsPerBlock);
    java.util.Arrays.fill(totals, 0, end - first, 0);
    for (int g = first * n; g < end * n; g += taken) {
      int groups = Math.min(taken, end * n - g);
      softmax(logits.offset() + g * c, groups, e, max, sums, scratch);
      if (dLogits == null) {
        SimdMath.log(sums, 0, sums, 0, groups);
        addTerms(g, groups, max, sums, totals, first);
      } else {
        addGradients(dLogits, g, groups, e, sums);
      }
    }
    for (int r = first; dLogits == null && r < end; r++) {
      perRow.array()[perRow.offset() + r] = (float) totals[r - first];
    }
  }

  /** exp(l − max) in e, by tiles or by rows, and their sums. */
  private void softmax(
      int from, int groups, float[] e, float[] max, float[] sums, Scratch scratch) {
    if (c <= LevelTiles.MOST_LEVELS) {
      int whole = Math.ceilDiv(groups, SimdMath.L) * SimdMath.L;
      LevelTiles.load(logits.array(), from, groups, c, e);
      LevelTiles.subtractLargest(e, groups, c, max);
      SimdMath.exp(e, 0, e, 0, whole * c);
      LevelTiles.sum(e, groups, c, sums);
    } else {
      LevelRows.subtractLargest(logits.array(), from, groups, c, max, e);
      SimdMath.exp(e, 0, e, 0, groups * c);
      LevelRows.sum(e, groups, c, sums, scratch.floats(3, SimdMath.L));
    }
  }

  /** The level of group {@code g} of all rows. */
  private int level(int g) {
    int r = g / n;
    return x.array()[x.offset() + r / samples * n + g - r * n] & 255;
  }

  private void addTerms(
      int from, int groups, float[] max, float[] logs, double[] totals, int firstRow) {
    for (int i = 0; i < groups; i++) {
      int g = from + i;
      float logit = logits.array()[logits.offset() + g * c + level(g)];
      totals[g / n - firstRow] += (double) logit - max[i] - logs[i];
    }
  }

  private void addGradients(Tensor to, int from, int groups, float[] e, float[] sums) {
    float[] out = to.array();
    for (int i = 0; i < groups; i++) {
      int g = from + i;
      float gradient = perRow.array()[perRow.offset() + g / n];
      float factor = -gradient / sums[i];
      int at = to.offset() + g * c;
      if (c <= LevelTiles.MOST_LEVELS) {
        LevelTiles.addScaled(e, i, c, factor, out, at);
      } else {
        LevelRows.addScaled(e, i * c, factor, out, at, c);
      }
      out[at + level(g)] += gradient;
    }
  }
}
