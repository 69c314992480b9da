package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of normalisation where each of {@code n} columns has a mean, a scale and sums of
 * its own, over some rows that stay in the first-level cache.
 */
final class NormColumns {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Longest chain of float32 additions in a column. */
  private static final int MOST_ROWS = 64;

  private NormColumns() {}

  /** Rows of {@code n} columns whose sums are taken at once. */
  static int rows(int n) {
    return Math.clamp(8192 / Math.max(1, n), 8, MOST_ROWS);
  }

  /** sums = Σ_r x. */
  static void sums(float[] x, int from, int rows, int n, float[] sums) {
    int full = F.loopBound(n);
    for (int j = 0; j < full; j += L) {
      FloatVector sum = FloatVector.zero(F);
      for (int r = 0; r < rows; r++) {
        sum = sum.add(FloatVector.fromArray(F, x, from + j + r * n));
      }
      sum.intoArray(sums, j);
    }
    for (int j = full; j < n; j++) {
      float sum = 0;
      for (int r = 0; r < rows; r++) {
        sum += x[from + r * n + j];
      }
      sums[j] = sum;
    }
  }

  /** squares = Σ_r (x − mean)². */
  static void squares(float[] x, int from, int rows, int n, float[] mean, float[] squares) {
    int full = F.loopBound(n);
    for (int j = 0; j < full; j += L) {
      FloatVector m = FloatVector.fromArray(F, mean, j);
      FloatVector sum = FloatVector.zero(F);
      for (int r = 0; r < rows; r++) {
        FloatVector d = FloatVector.fromArray(F, x, from + j + r * n).sub(m);
        sum = d.fma(d, sum);
      }
      sum.intoArray(squares, j);
    }
    for (int j = full; j < n; j++) {
      float sum = 0;
      for (int r = 0; r < rows; r++) {
        float d = x[from + r * n + j] - mean[j];
        sum = Math.fma(d, d, sum);
      }
      squares[j] = sum;
    }
  }

  /** {@code y = (x − mean)·scale + bias} in one row; the coefficients start at m, s and b. */
  static void normalize(
      float[] x,
      int from,
      float[] mean,
      int m,
      float[] scale,
      int s,
      float[] bias,
      int b,
      float[] y,
      int to,
      int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d =
          FloatVector.fromArray(F, x, from + i).sub(FloatVector.fromArray(F, mean, m + i));
      FloatVector v = FloatVector.fromArray(F, scale, s + i);
      v.fma(d, FloatVector.fromArray(F, bias, b + i)).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = Math.fma(x[from + i] - mean[m + i], scale[s + i], bias[b + i]);
    }
  }

  /** sums = Σ_r dY and slopes = Σ_r dY·(x − mean). */
  static void slopes(
      float[] x,
      int from,
      float[] dY,
      int g,
      int rows,
      int n,
      float[] mean,
      int m,
      float[] sums,
      float[] slopes) {
    int full = F.loopBound(n);
    for (int j = 0; j < full; j += L) {
      FloatVector c = FloatVector.fromArray(F, mean, m + j);
      FloatVector sum = FloatVector.zero(F);
      FloatVector slope = FloatVector.zero(F);
      for (int r = 0; r < rows; r++) {
        FloatVector grad = FloatVector.fromArray(F, dY, g + j + r * n);
        sum = sum.add(grad);
        slope = grad.fma(FloatVector.fromArray(F, x, from + j + r * n).sub(c), slope);
      }
      sum.intoArray(sums, j);
      slope.intoArray(slopes, j);
    }
    for (int j = full; j < n; j++) {
      float sum = 0;
      float slope = 0;
      for (int r = 0; r < rows; r++) {
        float grad = dY[g + r * n + j];
        sum += grad;
        slope = Math.fma(grad, x[from + r * n + j] - mean[m + j], slope);
      }
      sums[j] = sum;
      slopes[j] = slope;
    }
  }

  /**
   * {@code dX += scale·(dY − shift − (x − mean)·slope)} in one row; the coefficients of n columns
   * stand one behind the other in {@code c}: shift, slope, scale.
   */
  static void gradient(
      float[] x,
      int from,
      float[] mean,
      int m,
      float[] c,
      float[] dY,
      int g,
      float[] dX,
      int to,
      int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d =
          FloatVector.fromArray(F, x, from + i).sub(FloatVector.fromArray(F, mean, m + i));
      FloatVector v = FloatVector.fromArray(F, dY, g + i).sub(FloatVector.fromArray(F, c, i));
      v = v.sub(d.mul(FloatVector.fromArray(F, c, n + i)));
      FloatVector s = FloatVector.fromArray(F, c, 2 * n + i);
      s.fma(v, FloatVector.fromArray(F, dX, to + i)).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      float v = dY[g + i] - c[i] - (x[from + i] - mean[m + i]) * c[n + i];
      dX[to + i] = Math.fma(c[2 * n + i], v, dX[to + i]);
    }
  }

  /** {@code dX += scale·dY} in one row. */
  static void addScaled(float[] dY, int g, float[] scale, int s, float[] dX, int to, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, scale, s + i);
      FloatVector old = FloatVector.fromArray(F, dX, to + i);
      v.fma(FloatVector.fromArray(F, dY, g + i), old).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      dX[to + i] = Math.fma(scale[s + i], dY[g + i], dX[to + i]);
    }
  }

  /**
   * Of row r, Σ dY·gain to {@code lanes[2r·L …]} and Σ dY·gain·(x − mean) to {@code lanes[(2r +
   * 1)·L …]}; n is at most a chunk, and one of a row's where there is one row.
   */
  static void layerSums(
      float[] x,
      int from,
      float[] mean,
      int first,
      float[] dY,
      int g,
      float[] gain,
      int w,
      int rows,
      int n,
      float[] lanes) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int a = from + r * n;
      int b = g + r * n;
      int to = 2 * r * L;
      FloatVector m = FloatVector.broadcast(F, mean[first + r]);
      FloatVector sum = FloatVector.zero(F);
      FloatVector slope = FloatVector.zero(F);
      for (int i = 0; i < full; i += L) {
        FloatVector v =
            FloatVector.fromArray(F, dY, b + i).mul(FloatVector.fromArray(F, gain, w + i));
        sum = sum.add(v);
        slope = v.fma(FloatVector.fromArray(F, x, a + i).sub(m), slope);
      }
      sum.intoArray(lanes, to);
      slope.intoArray(lanes, to + L);
      for (int i = full; i < n; i++) {
        float v = dY[b + i] * gain[w + i];
        int lane = to + i - full;
        lanes[lane] += v;
        lanes[L + lane] = Math.fma(v, x[a + i] - mean[first + r], lanes[L + lane]);
      }
    }
  }

  /** {@code dX += rstd·(dY·gain − shift − (x − mean)·slope)} in one row. */
  static void layerGradient(
      float[] x,
      int from,
      float mean,
      float rstd,
      float shift,
      float slope,
      float[] dY,
      int g,
      float[] gain,
      int w,
      float[] dX,
      int to,
      int n) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector s = FloatVector.broadcast(F, rstd);
    FloatVector a = FloatVector.broadcast(F, -shift);
    FloatVector b = FloatVector.broadcast(F, -slope);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, from + i).sub(m).fma(b, a);
      FloatVector v = FloatVector.fromArray(F, dY, g + i);
      v = v.fma(FloatVector.fromArray(F, gain, w + i), d);
      s.fma(v, FloatVector.fromArray(F, dX, to + i)).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      float v = Math.fma(dY[g + i], gain[w + i], Math.fma(x[from + i] - mean, -slope, -shift));
      dX[to + i] = Math.fma(rstd, v, dX[to + i]);
    }
  }

  /** sums[0, n) = Σ_r dY and sums[n, 2n) = Σ_r dY·(x − mean)·rstd, with a mean and rstd a row. */
  static void layerParameters(
      float[] x,
      int from,
      float[] mean,
      int m,
      float[] rstd,
      int s,
      float[] dY,
      int g,
      int rows,
      float[] sums,
      int n) {
    int full = F.loopBound(n);
    for (int j = 0; j < full; j += L) {
      FloatVector sum = FloatVector.zero(F);
      FloatVector slope = FloatVector.zero(F);
      for (int r = 0; r < rows; r++) {
        FloatVector grad = FloatVector.fromArray(F, dY, g + j + r * n);
        FloatVector d = FloatVector.fromArray(F, x, from + j + r * n);
        d = d.sub(FloatVector.broadcast(F, mean[m + r]));
        sum = sum.add(grad);
        slope = d.mul(FloatVector.broadcast(F, rstd[s + r])).fma(grad, slope);
      }
      sum.intoArray(sums, j);
      slope.intoArray(sums, n + j);
    }
    for (int j = full; j < n; j++) {
      float sum = 0;
      float slope = 0;
      for (int r = 0; r < rows; r++) {
        float grad = dY[g + r * n + j];
        sum += grad;
        slope = Math.fma((x[from + r * n + j] - mean[m + r]) * rstd[s + r], grad, slope);
      }
      sums[j] = sum;
      sums[n + j] = slope;
    }
  }

  /** {@code y = (x − mean)·rstd·gain + bias} in one row. */
  static void layer(
      float[] x,
      int from,
      float mean,
      float rstd,
      float[] gain,
      int w,
      float[] bias,
      int b,
      float[] y,
      int to,
      int n) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector s = FloatVector.broadcast(F, rstd);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, from + i).sub(m).mul(s);
      FloatVector v = FloatVector.fromArray(F, gain, w + i);
      v.fma(d, FloatVector.fromArray(F, bias, b + i)).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = Math.fma((x[from + i] - mean) * rstd, gain[w + i], bias[b + i]);
    }
  }
}
