package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.reduce.ReduceKernels} on the tape: from many numbers to a scalar
 * objective.
 */
public final class ReduceOps {
  private ReduceOps() {}

  /** {@code weight·Σ x}, one element. */
  public static Var weightedSum(Tape tape, Var x, float weight) {
    return sums(tape, x, weight, null, 0);
  }

  /** {@code weightA·Σ a + weightB·Σ b}, one element: an ELBO from its two terms. */
  public static Var weightedSum(Tape tape, Var a, float weightA, Var b, float weightB) {
    return sums(tape, a, weightA, b, weightB);
  }

  /**
   * {@code weight·Σ_d max(lambda, mean_b klPerDim[b,d])}: the KL term with free bits (Kingma et al.
   * 2016).
   *
   * @param klPerDim [B,D]
   * @param lambda nats a dimension that cost nothing
   * @return one element
   */
  public static Var freeBits(Tape tape, Var klPerDim, float lambda, float weight) {
    FreeBitsNode n = tape.next(FreeBitsNode.class, FreeBitsNode::new);
    n.klPerDim = klPerDim;
    n.lambda = lambda;
    n.weight = weight;
    Tensor out = tape.open(n.out, klPerDim.needsGradient(), 1);
    tape.backend().memory().fill(out, 0);
    tape.backend().reduce().freeBits(klPerDim.value(), lambda, weight, out);
    return n.out;
  }

  private static Var sums(Tape tape, Var a, float weightA, @Nullable Var b, float weightB) {
    SumNode n = tape.next(SumNode.class, SumNode::new);
    n.a = a;
    n.weightA = weightA;
    n.b = b;
    n.weightB = weightB;
    boolean needed = a.needsGradient() || (b != null && b.needsGradient());
    Tensor out = tape.open(n.out, needed, 1);
    tape.backend().memory().fill(out, 0);
    tape.backend().reduce().addSum(a.value(), weightA, out);
    if (b != null) {
      tape.backend().reduce().addSum(b.value(), weightB, out);
    }
    return n.out;
  }

  private static final class SumNode extends Node {
    private Var a = new Var();
    private float weightA;
    private @Nullable Var b;
    private float weightB;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      if (g == null) {
        return;
      }
      Tensor dA = a.gradient();
      if (dA != null) {
        kernels.reduce().addSumBackward(g, weightA, dA);
      }
      Tensor dB = b == null ? null : b.gradient();
      if (dB != null) {
        kernels.reduce().addSumBackward(g, weightB, dB);
      }
    }
  }

  private static final class FreeBitsNode extends Node {
    private Var klPerDim = new Var();
    private float lambda;
    private float weight;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dKl = klPerDim.gradient();
      if (g != null && dKl != null) {
        kernels.reduce().freeBitsBackward(klPerDim.value(), lambda, weight, g, dKl);
      }
    }
  }
}
