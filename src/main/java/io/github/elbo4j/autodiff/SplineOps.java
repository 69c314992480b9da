package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.flow.SplineKernels;
import io.github.elbo4j.tensor.Tensor;

/** {@link SplineKernels} on the tape; {@code logDet} is {@link FlowOps#logDet}. */
public final class SplineOps {
  private SplineOps() {}

  /**
   * The spline of each dimension of the mask.
   *
   * @param z [R,D]
   * @param params [R,(3K−1)·Dt], see {@link SplineKernels}
   * @param mask D elements, Dt of them not 0
   * @param bins K
   * @param bound &gt; 0
   * @param logDet added to, [R]
   */
  public static Var transform(
      Tape tape, Var z, Var params, Tensor mask, int bins, float bound, Var logDet) {
    SplineNode n = node(tape, z, params, mask, bins, bound, logDet, false);
    tape.backend()
        .spline()
        .transform(z.value(), params.value(), mask, bins, bound, n.out.value(), logDet.value());
    return n.out;
  }

  /** The inverse of {@link #transform}. */
  public static Var inverse(
      Tape tape, Var z, Var params, Tensor mask, int bins, float bound, Var logDet) {
    SplineNode n = node(tape, z, params, mask, bins, bound, logDet, true);
    tape.backend()
        .spline()
        .inverse(z.value(), params.value(), mask, bins, bound, n.out.value(), logDet.value());
    return n.out;
  }

  private static SplineNode node(
      Tape tape,
      Var z,
      Var params,
      Tensor mask,
      int bins,
      float bound,
      Var logDet,
      boolean inverse) {
    SplineNode n = tape.next(SplineNode.class, SplineNode::new);
    n.z = z;
    n.params = params;
    n.mask = mask;
    n.bins = bins;
    n.bound = bound;
    n.logDet = logDet;
    n.inverse = inverse;
    n.needed = z.needsGradient() || params.needsGradient();
    tape.open(n.out, n.needed, z.value().rows(), z.value().columns());
    return n;
  }

  private static final class SplineNode extends Node {
    private Var z = new Var();
    private Var params = new Var();
    private Tensor mask = Tensor.EMPTY;
    private int bins;
    private float bound;
    private Var logDet = new Var();
    private boolean inverse;
    private boolean needed;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return needed && (CouplingOps.arrived(out) != null || CouplingOps.arrived(logDet) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      SplineKernels k = kernels.spline();
      Tensor g = CouplingOps.arrived(out);
      Tensor gLog = CouplingOps.arrived(logDet);
      Tensor dZ = z.gradient();
      Tensor dParams = params.gradient();
      if (inverse) {
        k.inverseBackward(z.value(), params.value(), mask, bins, bound, g, gLog, dZ, dParams);
      } else {
        k.transformBackward(z.value(), params.value(), mask, bins, bound, g, gLog, dZ, dParams);
      }
    }
  }
}
