package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.flow.SylvesterKernels;

/** {@link SylvesterKernels} on the tape; what {@link FlowOps} says of steps holds here too. */
public final class SylvesterOps {
  private SylvesterOps() {}

  /**
   * A Sylvester step.
   *
   * @param z [R,D]
   * @param v [P,H·D], P 1 or the number of data points
   * @param r1 [P,D·D], upper triangular
   * @param r2 [P,D·D], upper triangular
   * @param b [P,D]
   * @param logDet added to, [R]
   */
  public static Var sylvester(Tape tape, Var z, Var v, Var r1, Var r2, Var b, Var logDet) {
    SylvesterNode n = tape.next(SylvesterNode.class, SylvesterNode::new);
    if (tape.recording() && v.needsGradient() != r1.needsGradient()) {
      throw new IllegalArgumentException(
          "sylvester: the parameters must all need a gradient or none");
    }
    n.open(tape, "sylvester", z, logDet, r1, r2, b);
    n.v = v;
    n.r1 = r1;
    n.r2 = r2;
    n.b = b;
    tape.backend()
        .sylvester()
        .sylvester(
            z.value(), v.value(), r1.value(), r2.value(), b.value(), n.out.value(), logDet.value());
    return n.out;
  }

  private static final class SylvesterNode extends FlowOps.Step {
    private Var v = new Var();
    private Var r1 = new Var();
    private Var r2 = new Var();
    private Var b = new Var();

    @Override
    protected void backward(Backend kernels) {
      kernels
          .sylvester()
          .sylvesterBackward(
              z.value(),
              v.value(),
              r1.value(),
              r2.value(),
              b.value(),
              arrived(out),
              arrived(logDet),
              z.gradient(),
              v.gradient(),
              r1.gradient(),
              r2.gradient(),
              b.gradient());
    }
  }
}
