package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.flow.FlowKernels;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link FlowKernels} on the tape. The log-determinants of all steps of a flow are one variable,
 * {@link #logDet}: each step adds its own, so it must not be used before the last one has. The
 * parameters of a step need a gradient all or none.
 */
public final class FlowOps {
  private FlowOps() {}

  /** Zeros, [rows], for the steps of a flow to add their log|det| to. */
  public static Var logDet(Tape tape, int rows) {
    SumNode n = tape.next(SumNode.class, SumNode::new);
    Tensor sum = tape.open(n.logDet, true, rows);
    tape.backend().memory().fill(sum, 0);
    return n.logDet;
  }

  /**
   * S planar steps in a row.
   *
   * @param z [R,D]
   * @param u [P,S·D], P 1 or the number of data points
   * @param w [P,S·D]
   * @param b P·S elements
   * @param logDet added to, [R]
   */
  public static Var planar(Tape tape, Var z, Var u, Var w, Var b, Var logDet) {
    PlanarNode n = tape.next(PlanarNode.class, PlanarNode::new);
    n.open(tape, "planar", z, logDet, u, w, b);
    n.u = u;
    n.w = w;
    n.b = b;
    tape.backend()
        .flow()
        .planar(z.value(), u.value(), w.value(), b.value(), n.out.value(), logDet.value());
    return n.out;
  }

  /**
   * A radial step.
   *
   * @param z [R,D]
   * @param z0 [P,D], P 1 or the number of data points
   * @param alphaHat P elements
   * @param betaHat P elements
   * @param logDet added to, [R]
   */
  public static Var radial(Tape tape, Var z, Var z0, Var alphaHat, Var betaHat, Var logDet) {
    RadialNode n = tape.next(RadialNode.class, RadialNode::new);
    n.open(tape, "radial", z, logDet, z0, alphaHat, betaHat);
    n.z0 = z0;
    n.alphaHat = alphaHat;
    n.betaHat = betaHat;
    tape.backend()
        .flow()
        .radial(
            z.value(),
            z0.value(),
            alphaHat.value(),
            betaHat.value(),
            n.out.value(),
            logDet.value());
    return n.out;
  }

  /**
   * Householder reflections, whose log|det| is 0.
   *
   * @param z [R,D]
   * @param v [P,H·D], P 1 or the number of data points
   */
  public static Var householder(Tape tape, Var z, Var v) {
    HouseholderNode n = tape.next(HouseholderNode.class, HouseholderNode::new);
    n.z = z;
    n.v = v;
    boolean needed = z.needsGradient() || v.needsGradient();
    tape.open(n.out, needed, z.value().rows(), z.value().columns());
    tape.backend().flow().householder(z.value(), v.value(), n.out.value());
    return n.out;
  }

  /** A step of a flow: what enters it, what leaves it, and its log-determinant. */
  abstract static class Step extends Node {
    Var z = new Var();
    Var logDet = new Var();
    final Var out = new Var();

    /** With three of the parameters. */
    final void open(Tape tape, String name, Var entered, Var sum, Var a, Var b, Var c) {
      z = entered;
      logDet = sum;
      boolean learned = a.needsGradient();
      if (tape.recording() && (b.needsGradient() != learned || c.needsGradient() != learned)) {
        throw new IllegalArgumentException(
            name + ": the parameters must all need a gradient or none");
      }
      boolean needed = z.needsGradient() || learned;
      tape.open(out, needed, z.value().rows(), z.value().columns());
    }

    static @Nullable Tensor arrived(Var v) {
      return v.untouched() ? null : v.gradient();
    }

    @Override
    protected final boolean reached() {
      return out.needsGradient() && (arrived(out) != null || arrived(logDet) != null);
    }
  }

  private static final class SumNode extends Node {
    private final Var logDet = new Var();

    @Override
    protected boolean reached() {
      return false;
    }

    @Override
    protected void backward(Backend kernels) {
      // The steps read the gradient; it goes no further.
    }
  }

  private static final class PlanarNode extends Step {
    private Var u = new Var();
    private Var w = new Var();
    private Var b = new Var();

    @Override
    protected void backward(Backend kernels) {
      kernels
          .flow()
          .planarBackward(
              z.value(),
              u.value(),
              w.value(),
              b.value(),
              arrived(out),
              arrived(logDet),
              z.gradient(),
              u.gradient(),
              w.gradient(),
              b.gradient());
    }
  }

  private static final class RadialNode extends Step {
    private Var z0 = new Var();
    private Var alphaHat = new Var();
    private Var betaHat = new Var();

    @Override
    protected void backward(Backend kernels) {
      kernels
          .flow()
          .radialBackward(
              z.value(),
              z0.value(),
              alphaHat.value(),
              betaHat.value(),
              arrived(out),
              arrived(logDet),
              z.gradient(),
              z0.gradient(),
              alphaHat.gradient(),
              betaHat.gradient());
    }
  }

  private static final class HouseholderNode extends Node {
    private Var z = new Var();
    private Var v = new Var();
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return Step.arrived(out) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      if (g != null) {
        kernels.flow().householderBackward(out.value(), v.value(), g, z.gradient(), v.gradient());
      }
    }
  }
}
