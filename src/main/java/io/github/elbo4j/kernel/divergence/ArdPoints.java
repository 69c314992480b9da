package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Two sets of points, coordinate by coordinate, each scaled by the square root of its weight, so
 * that a distance needs no weights and lanes run across the points of either set. In the calling
 * thread's scratch; read by all threads. The coordinates behind the last point are 0.
 */
final class ArdPoints {
  private static final float[] NONE = {};

  /** Coordinate c of x from {@code c·xWidth} on, of y from {@code yFrom + c·yWidth} on. */
  float[] values = NONE;

  int yFrom;

  /** Room for the points: whole pairs of vectors. */
  int xWidth;

  int yWidth;

  /** exp(½·logWeight), with a vector of room behind it. */
  float[] root = NONE;

  int d;

  void prepare(Tensor x, Tensor y, Tensor logWeight) {
    d = x.columns();
    xWidth = width(x.rows());
    yWidth = width(y.rows());
    yFrom = d * xWidth;
    values = Scratch.get().floats(Scratch.HELD, d * (xWidth + yWidth));
    if (root.length < d + SimdMath.L) {
      root = new float[d + SimdMath.L];
    }
    for (int c = 0; c < d; c++) {
      root[c] = 0.5f * logWeight.get(c);
    }
    SimdMath.exp(root, 0, root, 0, d);
    scale(x, 0, xWidth);
    scale(y, yFrom, yWidth);
  }

  /** Points in whole pairs of vectors. */
  static int width(int points) {
    return Math.ceilDiv(points, 2 * SimdMath.L) * 2 * SimdMath.L;
  }

  private void scale(Tensor points, int to, int width) {
    int n = points.rows();
    Transpose.run(n, d, points.array(), points.offset(), d, values, to, width);
    for (int c = 0; c < d; c++) {
      int row = to + c * width;
      ArdRows.scale(values, row, root[c], n);
      Arrays.fill(values, row + n, row + width, 0f);
    }
  }

  void forget() {
    values = NONE;
  }
}
