package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The law for {@link ImportanceKernels}: pure functions in double. Rows of {@code k} log-weights
 * lie one after the other.
 */
public final class ImportanceReference extends ImportanceKernels {
  /** (1−α)·logW of row {@code b}; for α = ±∞ the distance from the extreme, times infinity. */
  private static double[] scaled(double[] logW, int b, int k, double alpha) {
    double[] row = Arrays.copyOfRange(logW, b * k, b * k + k);
    if (Double.isInfinite(alpha)) {
      double top = bound(row, alpha);
      return Arrays.stream(row).map(x -> x == top ? 0 : Double.NEGATIVE_INFINITY).toArray();
    }
    return Arrays.stream(row).map(x -> (1 - alpha) * x).toArray();
  }

  private static double bound(double[] row, double alpha) {
    if (Double.isInfinite(alpha)) {
      // min and max of the library give NaN for a NaN
      return alpha < 0
          ? Arrays.stream(row).max().orElseThrow()
          : Arrays.stream(row).min().orElseThrow();
    }
    if (alpha == 1) {
      double sum = 0;
      for (double x : row) {
        sum += x / row.length;
      }
      return sum;
    }
    double[] y = scaled(row, 0, row.length, alpha);
    return (ReferenceMath.logSumExp(y, 0, y.length) - Math.log(row.length)) / (1 - alpha);
  }

  /** bound [b]. */
  static double[] bound(double[] logW, int k, double alpha) {
    double[] bound = new double[logW.length / k];
    for (int b = 0; b < bound.length; b++) {
      bound[b] = bound(Arrays.copyOfRange(logW, b * k, b * k + k), alpha);
    }
    return bound;
  }

  /** w̃ [b,k]. */
  static double[] weights(double[] logW, int k, double alpha) {
    double[] weights = new double[logW.length];
    for (int b = 0; b < logW.length / k; b++) {
      double[] row = Arrays.copyOfRange(logW, b * k, b * k + k);
      boolean nothing = Arrays.stream(row).allMatch(x -> x == Double.NEGATIVE_INFINITY);
      double bound = bound(row, alpha);
      double[] y = alpha == 1 ? new double[k] : scaled(logW, b, k, alpha);
      double sum = ReferenceMath.logSumExp(y, 0, k);
      for (int i = 0; i < k; i++) {
        double w = Math.exp(y[i] - sum);
        boolean decided = Double.isInfinite(bound) && alpha != 1;
        weights[b * k + i] = nothing ? 0 : decided || Double.isNaN(bound) ? Double.NaN : w;
      }
    }
    return weights;
  }

  /** 1/Σ w̃² [b]; 0 where all weights are 0. */
  static double[] ess(double[] weights, int k) {
    double[] ess = new double[weights.length / k];
    for (int i = 0; i < weights.length; i++) {
      ess[i / k] += weights[i] * weights[i];
    }
    return Arrays.stream(ess).map(s -> s == 0 ? 0 : 1 / s).toArray();
  }

  /** dLogW [b,k]. */
  static double[] boundBackward(double[] weights, double[] dBound, int k) {
    double[] dLogW = new double[weights.length];
    for (int i = 0; i < dLogW.length; i++) {
      dLogW[i] = dBound[i / k] * weights[i];
    }
    return dLogW;
  }

  /** dz, as many elements as {@code dPath}, {@code d} a weight. */
  static double[] doublyReparameterized(double[] weights, double alpha, double[] dPath, int d) {
    double[] dz = new double[dPath.length];
    for (int i = 0; i < dz.length; i++) {
      double factor = Double.isInfinite(alpha) ? 1 : alpha + (1 - alpha) * weights[i / d];
      dz[i] = factor * dPath[i];
    }
    return dz;
  }

  private static int samples(Tensor logW, Tensor bound) {
    return bound.size() == 0 ? 1 : logW.size() / bound.size();
  }

  @Override
  protected void doBound(
      Tensor logW, float alpha, Tensor bound, @Nullable Tensor weights, @Nullable Tensor ess) {
    int k = samples(logW, bound);
    double[] x = Doubles.read(logW);
    double[] w = weights(x, k, alpha);
    Doubles.write(bound(x, k, alpha), bound);
    Doubles.write(w, weights);
    Doubles.write(ess(w, k), ess);
  }

  @Override
  protected void doBoundBackward(Tensor weights, Tensor dBound, Tensor dLogW) {
    double[] g = Doubles.read(dBound);
    Doubles.accumulate(boundBackward(Doubles.read(weights), g, samples(weights, dBound)), dLogW);
  }

  @Override
  protected void doDoublyReparameterizedBackward(
      Tensor weights, float alpha, Tensor dPath, Tensor dz) {
    int d = weights.size() == 0 ? 1 : dPath.size() / weights.size();
    double[] g = Doubles.read(dPath);
    Doubles.accumulate(doublyReparameterized(Doubles.read(weights), alpha, g, d), dz);
  }

  /** Every element is a segment of its own here, and nothing waits. */
  @Override
  protected void doPush(BoundStream stream, Tensor logW) {
    int k = logW.size() / stream.points();
    float beta = 1 - stream.alpha;
    for (int i = 0; i < logW.size(); i++) {
      double x = logW.get(i);
      int at = i / k * BoundTotals.SIZE;
      long before = stream.count() + i % k;
      if (beta == 0) {
        double none = x == Double.NEGATIVE_INFINITY ? 1 : 0;
        BoundTotals.add(stream.totals, at, before, beta, 0, x, none, 0, 1);
      } else {
        double one = Double.isNaN(x) ? x : 1;
        double nothing = beta > 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        double extreme = Double.isNaN(x) ? nothing : x;
        BoundTotals.add(stream.totals, at, before, beta, extreme, one, one, 0, 1);
      }
    }
    stream.add(k);
  }

  @Override
  protected void doFinish(BoundStream stream, Tensor bound, @Nullable Tensor ess) {
    for (int b = 0; b < bound.size(); b++) {
      int at = b * BoundTotals.SIZE;
      double value = finish(stream, at);
      bound.array()[bound.offset() + b] = (float) value;
      if (ess != null) {
        ess.array()[ess.offset() + b] = (float) finishEss(stream, at);
      }
    }
  }

  private static double finish(BoundStream stream, int at) {
    double s = BoundTotals.sum(stream.totals, at);
    double k = stream.count();
    if (stream.alpha == 1) {
      return s / k;
    }
    return BoundTotals.extreme(stream.totals, at) + Math.log(s / k) / (1 - (double) stream.alpha);
  }

  private static double finishEss(BoundStream stream, int at) {
    double top = BoundTotals.extreme(stream.totals, at);
    double s = BoundTotals.sum(stream.totals, at);
    double q = BoundTotals.squares(stream.totals, at);
    if (stream.alpha == 1) {
      return Double.isNaN(s) ? s : q == stream.count() ? 0 : stream.count();
    }
    if (Double.isInfinite(top)) {
      return top < 0 && s == stream.count() ? 0 : Double.NaN;
    }
    return s * s / q;
  }

  @Override
  protected void doTailIndex(Tensor logW, Tensor kHat, @Nullable Tensor smoothed) {
    int k = samples(logW, kHat);
    double[] x = Doubles.read(logW);
    for (int b = 0; b < kHat.size(); b++) {
      double[] row = Arrays.copyOfRange(x, b * k, b * k + k);
      kHat.array()[kHat.offset() + b] = (float) ParetoTail.smooth(row);
      for (int i = 0; smoothed != null && i < k; i++) {
        smoothed.array()[smoothed.offset() + b * k + i] = (float) row[i];
      }
    }
  }
}
