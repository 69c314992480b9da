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
    int sides = d4 * m * W;
    float[] g = sides(scratch.floats(2, 2 * sides), dX, group, count);
    float[] unknown = dL == null ? g : sides(scratch.floats(1, sides), x, group, count);
    float[] inverse = scratch.floats(3, d4 * W);
    if (system != LinearSystem.LOWER) {
      LaneSolve.lower(lanes, factor, 0, row, d4, g, 0, g, 0, m, inverse);
      subtract(lanes, unknown, g, 0, factor, square);
    }
    if (system != LinearSystem.TRANSPOSED) {
      LaneSolve.transposed(lanes, factor, 0, row, d4, g, 0, g, 0, m, inverse);
      if (system == LinearSystem.LOWER) {
        subtract(lanes, g, unknown, 0, factor, square);
      } else if (dL != null) {
        LaneSolve.transposedProduct(lanes, factor, row, d4, unknown, g, sides, m);
        subtract(lanes, g, g, sides, factor, square);
      }
    }
    float[] stage = scratch.floats(3, LaneCopy.stage(d));
    if (dY != null) {
      LaneCopy.add(g, 0, d * m, dY.array(), at(dY, group), each(dY), count, stage);
    }
    if (dL != null) {
      float[] to = dL.array();
      int first = at(dL, group);
      LaneCopy.addMatrix(factor, square, row, d, true, 1, to, first, each(dL), count, stage);
    }
  }

  private void subtract(LaneSystem lanes, float[] u, float[] v, int v0, float[] out, int o0) {
    if (dL != null) {
      LaneSolve.subtractProduct(lanes, u, 0, v, v0, m, out, o0, row, d4);
    }
  }

  /** Right-hand sides of a group, 0 below row d. */
  private float[] sides(float[] work, Tensor t, int group, int count) {
    LaneCopy.load(t.array(), at(t, group), each(t), count, d * m, work, 0);
    Arrays.fill(work, d * m * W, d4 * m * W, 0f);
    return work;
  }
}
