package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
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
    float[] m = mu.array();
    float[] v = logVar.array();
    for (int j = 0; j < width; j++) {
      int of = Math.min(j, points - 1) * d;
      for (int i = 0; i < d; i++) {
        float logVariance = v[logVar.offset() + of + i];
        values[i * width + j] = m[mu.offset() + of + i];
        values[matrix + i * width + j] = -logVariance;
        values[2 * matrix + i * width + j] = -0.5f * (logVariance + LOG_2PI);
      }
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
