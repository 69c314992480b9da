package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * The parameters of B posteriors, a row for each dimension, so that vectors run across posteriors:
 * mu, the precision exp(−logVar), and −½(logVar + log 2π). Rows are padded to whole vectors with
 * copies of the last posterior of weight 0, so that no loop has a ragged end and no sample is
 * nearer to the padding than to a posterior. In the calling thread's scratch; read by all threads.
 */
final class PosteriorColumns {
  private static final float LOG_2PI = (float) Math.log(2 * Math.PI);

  private static final float[] NONE = {};

  /** The three matrices, one behind the other, and {@link #extra} floats of the caller's. */
  float[] values = NONE;

  /** Length of a row. */
  int width;

  /** Where the precisions begin, and the constants behind them. */
  int matrix;

  private int points;
  private long examples;
  private Weighting weighting = Weighting.WEIGHTED;

  /** Where the caller's own floats begin. */
  int extra;

  /** Fills the matrices; {@code extraFloats} behind them are the caller's. */
  void prepare(Tensor mu, Tensor logVar, long dataSetSize, Weighting how, int extraFloats) {
    points = mu.rows();
    examples = dataSetSize;
    weighting = how;
    int d = mu.columns();
    width = PointColumns.width(points);
    matrix = d * width;
    extra = 3 * matrix;
    values = Scratch.get().floats(Scratch.HELD, Math.max(1, extra + extraFloats));
    Transpose.run(points, d, mu.array(), mu.offset(), d, values, 0, width);
    Transpose.run(points, d, logVar.array(), logVar.offset(), d, values, matrix, width);
    for (int row = 0; row < 2 * matrix; row += width) {
      Arrays.fill(values, row + points, row + width, values[row + points - 1]);
    }
    for (int i = matrix; i < 2 * matrix; i++) {
      values[matrix + i] = -0.5f * (values[i] + LOG_2PI);
      values[i] = -values[i];
    }
    SimdMath.exp(values, matrix, values, matrix, matrix);
  }

  /** log W of all rows but for what {@link #enter} sets. */
  void startWeights(float[] logW) {
    Arrays.fill(logW, 0, points, common());
    Arrays.fill(logW, points, width, Float.NEGATIVE_INFINITY);
  }

  /** The weights of sample r. */
  void enter(int r, float[] logW) {
    if (weighting == Weighting.STRATIFIED) {
      logW[r] = (float) CorrelationKernels.logWeightOfOwn(examples);
      logW[(r + 1) % points] = (float) CorrelationKernels.logWeightOfNext(points, examples);
    }
  }

  /** Undoes {@link #enter}. */
  void leave(int r, float[] logW) {
    if (weighting == Weighting.STRATIFIED) {
      logW[r] = common();
      logW[(r + 1) % points] = common();
    }
  }

  private float common() {
    return (float) CorrelationKernels.logWeight(points, examples, weighting);
  }

  void forget() {
    values = NONE;
  }
}
