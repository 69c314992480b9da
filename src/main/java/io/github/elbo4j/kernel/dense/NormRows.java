package io.github.elbo4j.kernel.dense;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic of softmax and normalisation on a stretch of {@code n} neighbouring elements with
 * one mean and one scale: a row of a layer normalisation, a channel of an image. Sums go over to
 * double every {@link Lanes#CHUNK} elements.
 */
final class NormRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private NormRows() {}

  /**
   * Rows less their largest elements, {@code rows} of n neighbouring elements; a NaN counts as
   * nothing, and −∞ stands for no elements.
   */
  static void shift(float[] x, int from, float[] y, int to, int rows, int n) {
    int full = F.loopBound(n);
    FloatVector least = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int r = 0; r < rows; r++) {
      int a = from + r * n;
      int b = to + r * n;
      FloatVector most = least;
      for (int i = 0; i < full; i += L) {
        FloatVector v = FloatVector.fromArray(F, x, a + i);
        most = most.blend(v, v.compare(GT, most));
      }
      float m = most.reduceLanes(MAX);
      for (int i = full; i < n; i++) {
        m = x[a + i] > m ? x[a + i] : m;
      }
      FloatVector c = FloatVector.broadcast(F, m);
      for (int i = 0; i < full; i += L) {
        FloatVector.fromArray(F, x, a + i).sub(c).intoArray(y, b + i);
      }
      for (int i = full; i < n; i++) {
        y[b + i] = x[a + i] - m;
      }
    }
  }

  /** x −= c[r] in row r. */
  static void subtract(float[] c, float[] x, int from, int rows, int n) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int a = from + r * n;
      FloatVector v = FloatVector.broadcast(F, c[r]);
      for (int i = 0; i < full; i += L) {
        FloatVector.fromArray(F, x, a + i).sub(v).intoArray(x, a + i);
      }
      for (int i = full; i < n; i++) {
        x[a + i] -= c[r];
      }
    }
  }

  /** x /= c[r] in row r, as a product with the inverse. */
  static void divide(float[] c, float[] x, int from, int rows, int n) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int a = from + r * n;
      float inverse = 1 / c[r];
      FloatVector v = FloatVector.broadcast(F, inverse);
      for (int i = 0; i < full; i += L) {
        FloatVector.fromArray(F, x, a + i).mul(v).intoArray(x, a + i);
      }
      for (int i = full; i < n; i++) {
        x[a + i] *= inverse;
      }
    }
  }

  /** Lane sums of row r's a·b to {@code lanes[r·L]}, n at most a chunk. */
  static void dots(float[] a, int aFrom, float[] b, int bFrom, int rows, int n, float[] lanes) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int p = aFrom + r * n;
      int q = bFrom + r * n;
      FloatVector sum = FloatVector.zero(F);
      for (int i = 0; i < full; i += L) {
        FloatVector v = FloatVector.fromArray(F, a, p + i);
        sum = v.fma(FloatVector.fromArray(F, b, q + i), sum);
      }
      sum.intoArray(lanes, r * L);
      for (int i = full; i < n; i++) {
        int at = r * L + i - full;
        lanes[at] = Math.fma(a[p + i], b[q + i], lanes[at]);
      }
    }
  }

  /** Lane sums of row r's (x − mean[r])² to {@code lanes[r·L]}, n at most a chunk. */
  static void squares(float[] x, int from, float[] mean, int m, int rows, int n, float[] lanes) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int a = from + r * n;
      float c = mean[m + r];
      FloatVector v = FloatVector.broadcast(F, c);
      FloatVector sum = FloatVector.zero(F);
      for (int i = 0; i < full; i += L) {
        FloatVector d = FloatVector.fromArray(F, x, a + i).sub(v);
        sum = d.fma(d, sum);
      }
      sum.intoArray(lanes, r * L);
      for (int i = full; i < n; i++) {
        float d = x[a + i] - c;
        int at = r * L + i - full;
        lanes[at] = Math.fma(d, d, lanes[at]);
      }
    }
  }

  /** Σ a·b. */
  static double dot(float[] a, int aFrom, float[] b, int bFrom, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      total += dotChunk(a, aFrom + i, b, bFrom + i, Math.min(Lanes.CHUNK, n - i), lanes);
    }
    return total;
  }

  private static float dotChunk(float[] a, int aFrom, float[] b, int bFrom, int n, float[] lanes) {
    FloatVector sum = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(F, a, aFrom + i);
      sum = v.fma(FloatVector.fromArray(F, b, bFrom + i), sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      lanes[i - full] = Math.fma(a[aFrom + i], b[bFrom + i], lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** dX += y·(dY − dot[r]) in row r. */
  static void softmaxGradient(
      float[] y, int at, float[] dY, int g, float[] dot, float[] dX, int to, int rows, int n) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int k = r * n;
      FloatVector c = FloatVector.broadcast(F, dot[r]);
      for (int i = k; i < k + full; i += L) {
        FloatVector slope = FloatVector.fromArray(F, dY, g + i).sub(c);
        FloatVector old = FloatVector.fromArray(F, dX, to + i);
        FloatVector.fromArray(F, y, at + i).fma(slope, old).intoArray(dX, to + i);
      }
      for (int i = k + full; i < k + n; i++) {
        dX[to + i] = Math.fma(y[at + i], dY[g + i] - dot[r], dX[to + i]);
      }
    }
  }

  /** dX += dY − p·sum[r] in row r. */
  static void logSoftmaxGradient(
      float[] p, int at, float[] dY, int g, float[] sum, float[] dX, int to, int rows, int n) {
    int full = F.loopBound(n);
    for (int r = 0; r < rows; r++) {
      int k = r * n;
      FloatVector c = FloatVector.broadcast(F, -sum[r]);
      for (int i = k; i < k + full; i += L) {
        FloatVector slope = FloatVector.fromArray(F, dY, g + i);
        slope = c.fma(FloatVector.fromArray(F, p, at + i), slope);
        slope.add(FloatVector.fromArray(F, dX, to + i)).intoArray(dX, to + i);
      }
      for (int i = k + full; i < k + n; i++) {
        dX[to + i] += Math.fma(-sum[r], p[at + i], dY[g + i]);
      }
    }
  }

  /** Σ (x − mean)². */
  static double squares(float[] x, int from, float mean, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      total += squaresChunk(x, from + i, mean, Math.min(Lanes.CHUNK, n - i), lanes);
    }
    return total;
  }

  private static float squaresChunk(float[] x, int from, float mean, int n, float[] lanes) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector sum = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, from + i).sub(m);
      sum = d.fma(d, sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      float d = x[from + i] - mean;
      lanes[i - full] = Math.fma(d, d, lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** y = (x − mean)·scale + bias. */
  static void normalize(
      float[] x, int from, float mean, float scale, float bias, float[] y, int to, int n) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector s = FloatVector.broadcast(F, scale);
    FloatVector b = FloatVector.broadcast(F, bias);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(F, x, from + i).sub(m).fma(s, b).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = Math.fma(x[from + i] - mean, scale, bias);
    }
  }

  /** Σ dY·(x − mean). */
  static double slope(float[] x, int from, float mean, float[] dY, int g, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      total += slopeChunk(x, from + i, mean, dY, g + i, count, lanes);
    }
    return total;
  }

  private static float slopeChunk(
      float[] x, int from, float mean, float[] dY, int g, int n, float[] lanes) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector sum = FloatVector.zero(F);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, from + i).sub(m);
      sum = d.fma(FloatVector.fromArray(F, dY, g + i), sum);
    }
    sum.intoArray(lanes, 0);
    for (int i = full; i < n; i++) {
      lanes[i - full] = Math.fma(x[from + i] - mean, dY[g + i], lanes[i - full]);
    }
    return Lanes.sum(lanes, 0);
  }

  /** dX += scale·(dY − shift − (x − mean)·slope). */
  static void gradient(
      float[] x,
      int from,
      float mean,
      float slope,
      float[] dY,
      int g,
      float shift,
      float scale,
      float[] dX,
      int to,
      int n) {
    FloatVector m = FloatVector.broadcast(F, mean);
    FloatVector b = FloatVector.broadcast(F, -slope);
    FloatVector a = FloatVector.broadcast(F, shift);
    FloatVector s = FloatVector.broadcast(F, scale);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, from + i).sub(m);
      FloatVector v = d.fma(b, FloatVector.fromArray(F, dY, g + i).sub(a));
      s.fma(v, FloatVector.fromArray(F, dX, to + i)).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      float v = Math.fma(x[from + i] - mean, -slope, dY[g + i] - shift);
      dX[to + i] = Math.fma(scale, v, dX[to + i]);
    }
  }

  /** dX += scale·dY. */
  static void addScaled(float[] dY, int g, float scale, float[] dX, int to, int n) {
    FloatVector s = FloatVector.broadcast(F, scale);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector old = FloatVector.fromArray(F, dX, to + i);
      s.fma(FloatVector.fromArray(F, dY, g + i), old).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      dX[to + i] = Math.fma(scale, dY[g + i], dX[to + i]);
    }
  }
}
