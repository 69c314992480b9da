package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gradients of the triangular solves of groups of matrices. */
final class SolveGradientTask extends GroupTask {
  private LinearSystem system = LinearSystem.LOWER;
  private Tensor l = Tensor.EMPTY;
  private Tensor x = Tensor.EMPTY;
  private Tensor dX = Tensor.EMPTY;
  private @Nullable Tensor dL;
  private @Nullable Tensor dY;
  private int m;

  void run(
      MatrixLayout layout,
      LinearSystem which,
      Tensor factors,
      Tensor unknown,
      Tensor toUnknown,
      @Nullable Tensor toFactors,
      @Nullable Tensor toGiven) {
    system = which;
    l = factors;
    x = unknown;
    dX = toUnknown;
    dL = toFactors;
    dY = toGiven;
    order(layout, l);
    m = CholeskyKernels.elements(layout, x) / d;
    run(layout, l, 48L * d * d * m);
  }

  @Override
  protected void forget() {
    l = Tensor.EMPTY;
    x = Tensor.EMPTY;
    dX = Tensor.EMPTY;
    dL = null;
    dY = null;
  }

  @Override
  protected void group(LaneSystem lanes, int group, int count) {
    Scratch scratch = Scratch.get();
    int square = square();
    float[] factor = scratch.floats(0, 2 * square); // and its gradient
    LaneCopy.loadLower(l.array(), at(l, group), each(l), count, d, factor, 0, row, d4);
    Arrays.fill(factor, square, square + d4 * row, 0f);
    float[] inverse = scratch.floats(3, Math.max(d4 * W, LaneCopy.stage(d))); // or a stage
    int strip = sides(m);
    for (int c = 0; c < m; c += strip) {
      strip(lanes, group, count, factor, inverse, c, Math.min(strip, m - c));
    }
    if (dL != null) {
      float[] to = dL.array();
      int first = at(dL, group);
      LaneCopy.addMatrix(factor, square, row, d, true, 1, to, first, each(dL), count, inverse);
    }
  }

  /** Columns [c, c + n) of the right-hand sides. */
  private void strip(
      LaneSystem lanes, int group, int count, float[] factor, float[] inverse, int c, int n) {
    Scratch scratch = Scratch.get();
    int square = square();
    int sides = d4 * n * W;
    float[] g = scratch.floats(2, 2 * sides);
    LaneCopy.loadSides(dX.array(), at(dX, group), each(dX), count, d, m, c, n, g, d4);
    float[] unknown = g;
    if (dL != null) {
      unknown = scratch.floats(1, sides);
      LaneCopy.loadSides(x.array(), at(x, group), each(x), count, d, m, c, n, unknown, d4);
    }
    if (system != LinearSystem.LOWER) {
      LaneSolve.lower(lanes, factor, 0, row, d4, g, 0, g, 0, n, inverse);
      subtract(lanes, unknown, g, 0, n, factor, square);
    }
    if (system != LinearSystem.TRANSPOSED) {
      LaneSolve.transposed(lanes, factor, 0, row, d4, g, 0, g, 0, n, inverse);
      if (system == LinearSystem.LOWER) {
        subtract(lanes, g, unknown, 0, n, factor, square);
      } else if (dL != null) {
        LaneSolve.transposedProduct(lanes, factor, row, d4, unknown, g, sides, n);
        subtract(lanes, g, g, sides, n, factor, square);
      }
    }
    if (dY != null) {
      int to = at(dY, group);
      LaneCopy.storeSides(g, true, dY.array(), to, each(dY), count, d, m, c, n, inverse);
    }
  }

  private void subtract(
      LaneSystem lanes, float[] u, float[] v, int v0, int n, float[] out, int o0) {
    if (dL != null) {
      LaneSolve.subtractProduct(lanes, u, 0, v, v0, n, out, o0, row, d4);
    }
  }
}
