package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;

/** Gradients of the factors of groups of matrices. */
final class FactorGradientTask extends GroupTask {
  private Tensor l = Tensor.EMPTY;
  private Tensor dL = Tensor.EMPTY;
  private Tensor dA = Tensor.EMPTY;

  void run(MatrixLayout layout, Tensor factors, Tensor toFactors, Tensor toMatrices) {
    l = factors;
    dL = toFactors;
    dA = toMatrices;
    order(layout, l);
    run(layout, l, 6L * d * d * (d + 8));
  }

  @Override
  protected void forget() {
    l = Tensor.EMPTY;
    dL = Tensor.EMPTY;
    dA = Tensor.EMPTY;
  }

  @Override
  protected void group(LaneSystem system, int group, int count) {
    Scratch scratch = Scratch.get();
    float[] inverse = scratch.floats(3, d4 * W);
    float[] s = scratch.floats(1, square());
    LaneCopy.loadLower(dL.array(), at(dL, group), each(dL), count, d, s, 0, row, d4);
    float[] factor = l.array();
    int from = at(l, group);
    int stride = d * W;
    if (!direct) {
      factor = scratch.floats(0, square());
      LaneCopy.loadLower(l.array(), from, each(l), count, d, factor, 0, row, d4);
      from = 0;
      stride = row;
    }
    LaneFactor.reciprocals(factor, from, stride, d4, true, inverse);
    LaneGradient.run(system, factor, from, stride, s, row, d4, inverse);
    LaneCopy.addMatrix(
        s,
        0,
        row,
        d,
        false,
        0.5f,
        dA.array(),
        at(dA, group),
        each(dA),
        count,
        scratch.floats(2, LaneCopy.stage(d)));
  }
}
