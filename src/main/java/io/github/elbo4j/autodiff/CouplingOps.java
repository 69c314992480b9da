package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.flow.CouplingKernels;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CouplingKernels} on the tape. The log-determinants of all steps of a flow are one
 * variable, {@link FlowOps#logDet}: each step adds its own, so it must not be used before the last
 * one has.
 */
public final class CouplingOps {
  private CouplingOps() {}

  /** {@code z + t} in the dimensions of the mask [D]; log|det| is 0. */
  public static Var additive(Tape tape, Var z, Var t, Tensor mask) {
    AdditiveNode n = additiveNode(tape, z, t, mask, false);
    tape.backend().coupling().additive(z.value(), t.value(), mask, n.out.value());
    return n.out;
  }

  /** The inverse of {@link #additive}. */
  public static Var additiveInverse(Tape tape, Var z, Var t, Tensor mask) {
    AdditiveNode n = additiveNode(tape, z, t, mask, true);
    tape.backend().coupling().additiveInverse(z.value(), t.value(), mask, n.out.value());
    return n.out;
  }

  private static AdditiveNode additiveNode(Tape tape, Var z, Var t, Tensor mask, boolean inverse) {
    AdditiveNode n = tape.next(AdditiveNode.class, AdditiveNode::new);
    n.z = z;
    n.t = t;
    n.mask = mask;
    n.inverse = inverse;
    boolean needed = z.needsGradient() || t.needsGradient();
    tape.open(n.out, needed, z.value().rows(), z.value().columns());
    return n;
  }

  /**
   * {@code z·exp(scale·tanh(s)) + t} in the dimensions of the mask.
   *
   * @param z [R,D]
   * @param t [R,D]
   * @param s [R,D]
   * @param scale D elements, learned or constant
   * @param mask D elements
   * @param logDet added to, [R]
   */
  public static Var affine(Tape tape, Var z, Var t, Var s, Var scale, Tensor mask, Var logDet) {
    AffineNode n = affineNode(tape, z, t, s, scale, mask, logDet, false);
    tape.backend()
        .coupling()
        .affine(
            z.value(), t.value(), s.value(), scale.value(), mask, n.out.value(), logDet.value());
    return n.out;
  }

  /** The inverse of {@link #affine}. */
  public static Var affineInverse(
      Tape tape, Var z, Var t, Var s, Var scale, Tensor mask, Var logDet) {
    AffineNode n = affineNode(tape, z, t, s, scale, mask, logDet, true);
    tape.backend()
        .coupling()
        .affineInverse(
            z.value(), t.value(), s.value(), scale.value(), mask, n.out.value(), logDet.value());
    return n.out;
  }

  private static AffineNode affineNode(
      Tape tape, Var z, Var t, Var s, Var scale, Tensor mask, Var logDet, boolean inverse) {
    AffineNode n = tape.next(AffineNode.class, AffineNode::new);
    n.z = z;
    n.t = t;
    n.s = s;
    n.scale = scale;
    n.mask = mask;
    n.logDet = logDet;
    n.inverse = inverse;
    n.needed = z.needsGradient() || t.needsGradient() || s.needsGradient() || scale.needsGradient();
    tape.open(n.out, n.needed, z.value().rows(), z.value().columns());
    return n;
  }

  /**
   * {@code g·z + (1 − g)·m} with {@code g = sigmoid(s)}.
   *
   * @param z [R,D]
   * @param m [R,D]
   * @param s [R,D]
   * @param logDet added to, [R]
   */
  public static Var gated(Tape tape, Var z, Var m, Var s, Var logDet) {
    GatedNode n = gatedNode(tape, z, m, s, logDet, false);
    tape.backend().coupling().gated(z.value(), m.value(), s.value(), n.out.value(), logDet.value());
    return n.out;
  }

  /** The inverse of {@link #gated} where m and s are given. */
  public static Var gatedInverse(Tape tape, Var z, Var m, Var s, Var logDet) {
    GatedNode n = gatedNode(tape, z, m, s, logDet, true);
    tape.backend()
        .coupling()
        .gatedInverse(z.value(), m.value(), s.value(), n.out.value(), logDet.value());
    return n.out;
  }

  private static GatedNode gatedNode(Tape tape, Var z, Var m, Var s, Var logDet, boolean inverse) {
    GatedNode n = tape.next(GatedNode.class, GatedNode::new);
    n.z = z;
    n.m = m;
    n.s = s;
    n.logDet = logDet;
    n.inverse = inverse;
    n.needed = z.needsGradient() || m.needsGradient() || s.needsGradient();
    tape.open(n.out, n.needed, z.value().rows(), z.value().columns());
    return n;
  }

  static @Nullable Tensor arrived(Var v) {
    return v.untouched() ? null : v.gradient();
  }

  private static final class AdditiveNode extends Node {
    private Var z = new Var();
    private Var t = new Var();
    private Tensor mask = Tensor.EMPTY;
    private boolean inverse;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      if (g != null && inverse) {
        kernels.coupling().additiveInverseBackward(mask, g, z.gradient(), t.gradient());
      } else if (g != null) {
        kernels.coupling().additiveBackward(mask, g, z.gradient(), t.gradient());
      }
    }
  }

  private static final class AffineNode extends Node {
    private Var z = new Var();
    private Var t = new Var();
    private Var s = new Var();
    private Var scale = new Var();
    private Tensor mask = Tensor.EMPTY;
    private Var logDet = new Var();
    private boolean inverse;
    private boolean needed;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return needed && (arrived(out) != null || arrived(logDet) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      CouplingKernels k = kernels.coupling();
      Tensor g = arrived(out);
      Tensor gLog = arrived(logDet);
      Tensor dZ = z.gradient();
      Tensor dT = t.gradient();
      Tensor dS = s.gradient();
      Tensor dScale = scale.gradient();
      if (inverse) {
        k.affineInverseBackward(
            z.value(), t.value(), s.value(), scale.value(), mask, g, gLog, dZ, dT, dS, dScale);
      } else {
        k.affineBackward(
            z.value(), t.value(), s.value(), scale.value(), mask, g, gLog, dZ, dT, dS, dScale);
      }
    }
  }

  private static final class GatedNode extends Node {
    private Var z = new Var();
    private Var m = new Var();
    private Var s = new Var();
    private Var logDet = new Var();
    private boolean inverse;
    private boolean needed;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return needed && (arrived(out) != null || arrived(logDet) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      CouplingKernels k = kernels.coupling();
      Tensor g = arrived(out);
      Tensor gLog = arrived(logDet);
      Tensor dZ = z.gradient();
      Tensor dM = m.gradient();
      Tensor dS = s.gradient();
      if (inverse) {
        k.gatedInverseBackward(z.value(), m.value(), s.value(), g, gLog, dZ, dM, dS);
      } else {
        k.gatedBackward(z.value(), m.value(), s.value(), g, gLog, dZ, dM, dS);
      }
    }
  }
}
