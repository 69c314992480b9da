package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** A set of points, a row for each dimension, so that vectors run across points. */
final class PointColumns {
  private PointColumns() {}

  /** Length of a row: whole vectors. */
  static int width(int points) {
    return Math.ceilDiv(points, SimdMath.L) * SimdMath.L;
  }

  /**
   * {@code out[outFrom + c·width + j] = points[j,c]·scale[c]}; the elements behind the last point
   * of a row are 0.
   *
   * @param scale one factor a dimension; empty for 1
   */
  static void transpose(Tensor points, float[] scale, float[] out, int outFrom) {
    int d = points.columns();
    int n = points.rows();
    int width = width(n);
    Transpose.run(n, d, points.array(), points.offset(), d, out, outFrom, width);
    for (int c = 0; c < d; c++) {
      int row = outFrom + c * width;
      for (int j = row; j < row + n && scale.length > 0; j++) {
        out[j] *= scale[c];
      }
      Arrays.fill(out, row + n, row + width, 0f);
    }
  }
}
