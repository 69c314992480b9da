package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One point against all points of a set that lies dimension by dimension ({@link PointColumns}):
 * lanes run across the set, n is a whole number of vectors, four dimensions are done at a time.
 */
final class PairRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** Dimensions of one pass. */
  static final int DIMENSIONS = 4;

  private PairRows() {}

  /**
   * squares[0 … width) = Σ_c (x_c − y_c)², for a point of d coordinates from {@code x[at]} on and a
   * set whose dimensions are rows of {@code width} from {@code columns[from]} on.
   */
  static void squaredDistances(
      float[] x, int at, float[] columns, int from, int width, int d, float[] squares) {
    Arrays.fill(squares, 0, width, 0f);
    int c = 0;
    for (; c + DIMENSIONS <= d; c += DIMENSIONS) {
      addFour(x, at + c, columns, from + c * width, width, squares, width);
    }
    for (; c < d; c++) {
      addOne(x[at + c], columns, from + c * width, squares, width);
    }
  }

  private static void addFour(
      float[] x, int at, float[] columns, int from, int width, float[] squares, int n) {
    FloatVector x0 = FloatVector.broadcast(F, x[at]);
    FloatVector x1 = FloatVector.broadcast(F, x[at + 1]);
    FloatVector x2 = FloatVector.broadcast(F, x[at + 2]);
    FloatVector x3 = FloatVector.broadcast(F, x[at + 3]);
    for (int j = 0; j < n; j += L) {
      FloatVector a = x0.sub(FloatVector.fromArray(F, columns, from + j));
      FloatVector b = x1.sub(FloatVector.fromArray(F, columns, from + width + j));
      FloatVector c = x2.sub(FloatVector.fromArray(F, columns, from + 2 * width + j));
      FloatVector e = x3.sub(FloatVector.fromArray(F, columns, from + 3 * width + j));
      FloatVector ab = a.fma(a, b.mul(b));
      FloatVector ce = c.fma(c, e.mul(e));
      FloatVector.fromArray(F, squares, j).add(ab.add(ce)).intoArray(squares, j);
    }
  }

  private static void addOne(float x, float[] columns, int from, float[] squares, int n) {
    FloatVector x0 = FloatVector.broadcast(F, x);
    for (int j = 0; j < n; j += L) {
      FloatVector a = x0.sub(FloatVector.fromArray(F, columns, from + j));
      a.fma(a, FloatVector.fromArray(F, squares, j)).intoArray(squares, j);
    }
  }

  /**
   * Lane sums of {@code w·(x_c − y_c)} for up to four dimensions from c on, added to {@code
   * lanes[0], lanes[L], …}; dimensions behind the last repeat it.
   */
  static void weightedDifferences(
      float[] x,
      int at,
      float[] columns,
      int from,
      int width,
      int c,
      int d,
      float[] weights,
      int first,
      int end,
      float[] lanes) {
    int c1 = Math.min(c + 1, d - 1);
    int c2 = Math.min(c + 2, d - 1);
    int c3 = Math.min(c + 3, d - 1);
    FloatVector x0 = FloatVector.broadcast(F, x[at + c]);
    FloatVector x1 = FloatVector.broadcast(F, x[at + c1]);
    FloatVector x2 = FloatVector.broadcast(F, x[at + c2]);
    FloatVector x3 = FloatVector.broadcast(F, x[at + c3]);
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int j = first; j < end; j += L) {
      FloatVector w = FloatVector.fromArray(F, weights, j);
      s0 = x0.sub(FloatVector.fromArray(F, columns, from + c * width + j)).fma(w, s0);
      s1 = x1.sub(FloatVector.fromArray(F, columns, from + c1 * width + j)).fma(w, s1);
      s2 = x2.sub(FloatVector.fromArray(F, columns, from + c2 * width + j)).fma(w, s2);
      s3 = x3.sub(FloatVector.fromArray(F, columns, from + c3 * width + j)).fma(w, s3);
    }
    s0.intoArray(lanes, 0);
    s1.intoArray(lanes, L);
    s2.intoArray(lanes, 2 * L);
    s3.intoArray(lanes, 3 * L);
  }

  /** dX_c += factor·Σ_j w_j·(x_c − y_jc), for all d dimensions of one point. */
  static void addDifferences(
      float[] x,
      int at,
      float[] columns,
      int from,
      int width,
      int d,
      float[] weights,
      double factor,
      float[] dX,
      int to,
      float[] lanes) {
    for (int c = 0; c < d; c += DIMENSIONS) {
      for (int first = 0; first < width; first += Lanes.CHUNK) {
        int end = Math.min(width, first + Lanes.CHUNK);
        weightedDifferences(x, at, columns, from, width, c, d, weights, first, end, lanes);
        for (int k = 0; k < Math.min(DIMENSIONS, d - c); k++) {
          dX[to + c + k] += (float) (factor * Lanes.sum(lanes, k * L));
        }
      }
    }
  }

  /** Σ_j w_j·(x_c − y_jc)² of one dimension. */
  static double weightedSquares(
      float x, float[] columns, int from, float[] weights, int n, float[] lanes) {
    double total = 0;
    for (int first = 0; first < n; first += Lanes.CHUNK) {
      squaresChunk(x, columns, from, weights, first, Math.min(n, first + Lanes.CHUNK), lanes);
      total += Lanes.sum(lanes, 0);
    }
    return total;
  }

  private static void squaresChunk(
      float x, float[] columns, int from, float[] weights, int first, int end, float[] lanes) {
    FloatVector x0 = FloatVector.broadcast(F, x);
    FloatVector sum = FloatVector.zero(F);
    for (int j = first; j < end; j += L) {
      FloatVector a = x0.sub(FloatVector.fromArray(F, columns, from + j));
      sum = a.mul(a).fma(FloatVector.fromArray(F, weights, j), sum);
    }
    sum.intoArray(lanes, 0);
  }

  /** out += factor·exp(scale·squares), where scale is not positive. */
  static void addExp(float[] squares, float scale, float factor, float[] out, int n) {
    FloatVector by = FloatVector.broadcast(F, scale);
    FloatVector times = FloatVector.broadcast(F, factor);
    for (int j = 0; j < n; j += L) {
      FloatVector e = SimdMath.expNonPositive(FloatVector.fromArray(F, squares, j).mul(by));
      e.fma(times, FloatVector.fromArray(F, out, j)).intoArray(out, j);
    }
  }

  /** out += c/(c + squares). */
  static void addInverse(float[] squares, float c, float[] out, int n) {
    FloatVector scale = FloatVector.broadcast(F, c);
    for (int j = 0; j < n; j += L) {
      FloatVector k = scale.div(FloatVector.fromArray(F, squares, j).add(scale));
      k.add(FloatVector.fromArray(F, out, j)).intoArray(out, j);
    }
  }

  /** out −= c/(c + squares)². */
  static void addInverseSlope(float[] squares, float c, float[] out, int n) {
    FloatVector scale = FloatVector.broadcast(F, c);
    FloatVector minus = FloatVector.broadcast(F, -1 / c);
    for (int j = 0; j < n; j += L) {
      FloatVector k = scale.div(FloatVector.fromArray(F, squares, j).add(scale));
      k.mul(minus).fma(k, FloatVector.fromArray(F, out, j)).intoArray(out, j);
    }
  }
}
