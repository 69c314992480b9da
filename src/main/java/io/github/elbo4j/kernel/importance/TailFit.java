package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ParetoTail} over data points: the largest weights are found with a heap in one pass over
 * the row, and the logarithms of the fit, one for each of them and each point of the grid, are
 * taken in vectors.
 */
final class TailFit extends KernelTask {
  /** A logarithm is taken in float32 up to here. */
  private static final double LARGE = 1e30;

  private Tensor logW = Tensor.EMPTY;
  private Tensor kHat = Tensor.EMPTY;
  private @Nullable Tensor smoothed;
  private int k;

  void run(Tensor logWeights, Tensor result, @Nullable Tensor replaced) {
    int points = result.size();
    if (points == 0) {
      return;
    }
    logW = logWeights;
    kHat = result;
    smoothed = replaced;
    k = logW.size() / points;
    int n = ParetoTail.length(k);
    fork(points, points * (k + 10L * n * ParetoTail.grid(n)));
  }

  @Override
  protected void forget() {
    logW = Tensor.EMPTY;
    kHat = Tensor.EMPTY;
    smoothed = null;
  }

  @Override
  public void run(int b) {
    int row = logW.offset() + b * k;
    if (smoothed != null) {
      System.arraycopy(logW.array(), row, smoothed.array(), smoothed.offset() + b * k, k);
    }
    kHat.array()[kHat.offset() + b] = fit(logW.array(), row, b, Scratch.get());
  }

  private float fit(float[] x, int row, int b, Scratch scratch) {
    int n = ParetoTail.length(k);
    for (int i = row; i < row + k; i++) {
      if (Float.isNaN(x[i])) {
        return Float.NaN;
      }
    }
    if (n < ParetoTail.FEWEST) {
      return Float.POSITIVE_INFINITY;
    }
    int[] tail = scratch.ints(n + 1);
    LargestElements.ascending(x, row, k, tail, n + 1);
    double top = x[row + tail[n]];
    if (Double.isInfinite(top)) {
      return Float.POSITIVE_INFINITY;
    }
    double[] excess = scratch.doubles(0, n);
    double cut = StrictMath.exp(x[row + tail[0]] - top);
    for (int i = 0; i < n; i++) {
      excess[i] = StrictMath.exp(x[row + tail[i + 1]] - top) - cut;
    }
    if (!(excess[ParetoTail.quartile(n)] > 0)) {
      return Float.POSITIVE_INFINITY;
    }
    double theta = theta(excess, n, scratch);
    double raw = shape(theta, excess, n, scratch);
    double shape = ParetoTail.regularised(raw, n);
    if (smoothed != null) {
      replace(smoothed, b, tail, n, top, cut, shape, -raw / theta);
    }
    return (float) shape;
  }

  /** The posterior mean of θ, from weights relative to the best of the grid so far. */
  private static double theta(double[] excess, int n, Scratch scratch) {
    int grid = ParetoTail.grid(n);
    double quartile = excess[ParetoTail.quartile(n)];
    double best = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double mean = 0;
    for (int j = 1; j <= grid; j++) {
      double theta = ParetoTail.theta(j, grid, quartile, excess[n - 1]);
      double shape = shape(theta, excess, n, scratch);
      double logLik = n * (StrictMath.log(-theta / shape) - shape - 1);
      if (logLik > best) {
        double shrink = StrictMath.exp(best - logLik);
        sum *= shrink;
        mean *= shrink;
        best = logLik;
      }
      double weight = StrictMath.exp(logLik - best);
      sum += weight;
      mean += weight * theta;
    }
    return mean / sum;
  }

  /** The mean of log1p(−θ·excess); what float32 cannot hold has its logarithm taken here. */
  private static double shape(double theta, double[] excess, int n, Scratch scratch) {
    float[] t = scratch.floats(0, n);
    double large = 0;
    for (int i = 0; i < n; i++) {
      double product = -theta * excess[i];
      if (product > LARGE) {
        large += StrictMath.log(product);
        product = 0;
      }
      t[i] = (float) product;
    }
    SimdMath.log1p(t, 0, t, 0, n);
    return (large + Lanes.sum(t, 0, n, scratch.floats(1, SimdMath.L))) / n;
  }

  private void replace(
      Tensor out, int b, int[] tail, int n, double top, double cut, double shape, double scale) {
    int row = out.offset() + b * k;
    for (int i = 0; i < n; i++) {
      double y = -StrictMath.log1p(-(i + 0.5) / n);
      double quantile = shape == 0 ? scale * y : scale * StrictMath.expm1(shape * y) / shape;
      double log = Math.min(0, StrictMath.log(cut + quantile));
      out.array()[row + tail[i + 1]] = (float) (top + log);
    }
  }
}
