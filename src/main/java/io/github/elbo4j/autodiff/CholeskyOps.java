package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.covariance.CholeskyKernels;
import io.github.elbo4j.kernel.covariance.LinearSystem;
import io.github.elbo4j.kernel.covariance.MatrixLayout;
import io.github.elbo4j.tensor.Tensor;

/**
 * {@link CholeskyKernels} on the tape. Matrices are single ones, {@code [B,D,D]} or {@code
 * [B,D·D]}; outputs are {@code [B,D·D]} and {@code [B,D·M]}.
 */
public final class CholeskyOps {
  private static final MatrixLayout LAYOUT = MatrixLayout.MATRICES;

  private CholeskyOps() {}

  /**
   * L of {@code A = L·Lᵀ}; the gradient of A is symmetric.
   *
   * @param a symmetric, of which the lower triangle is read
   * @throws io.github.elbo4j.kernel.covariance.NotPositiveDefiniteException for the first matrix of
   *     the batch without a factor
   */
  public static Var cholesky(Tape tape, Var a) {
    FactorNode n = factor(tape, a);
    tape.backend().cholesky().factor(LAYOUT, a.value(), n.l.value(), n.status);
    CholeskyKernels.requirePositiveDefinite(n.status);
    return n.l;
  }

  /**
   * The same, but a matrix without a factor is left to the caller: it has a status, and NaN for L.
   *
   * @param status written, B elements, see {@link CholeskyKernels#factor}
   */
  public static Var cholesky(Tape tape, Var a, int[] status) {
    FactorNode n = factor(tape, a);
    tape.backend().cholesky().factor(LAYOUT, a.value(), n.l.value(), status);
    return n.l;
  }

  private static FactorNode factor(Tape tape, Var a) {
    FactorNode n = tape.next(FactorNode.class, FactorNode::new);
    n.a = a;
    int batch = a.value().shape().dim(0);
    if (n.status.length != batch) { // two are kept, since a short batch comes between full ones
      int[] former = n.formerStatus;
      n.formerStatus = n.status;
      n.status = former.length == batch ? former : new int[batch];
    }
    tape.open(n.l, a.needsGradient(), batch, batch == 0 ? 0 : a.value().size() / batch);
    return n;
  }

  /**
   * X of {@code L·X = Y}, {@code Lᵀ·X = Y} or {@code L·Lᵀ·X = Y}.
   *
   * @param l lower triangular
   * @param y {@code [B,D,M]} or {@code [B,D·M]}
   */
  public static Var solve(Tape tape, LinearSystem system, Var l, Var y) {
    SolveNode n = tape.next(SolveNode.class, SolveNode::new);
    n.system = system;
    n.l = l;
    n.y = y;
    int batch = y.value().shape().dim(0);
    boolean needed = l.needsGradient() || y.needsGradient();
    Tensor x = tape.open(n.x, needed, batch, batch == 0 ? 0 : y.value().size() / batch);
    tape.backend().cholesky().solve(LAYOUT, system, l.value(), y.value(), x);
    return n.x;
  }

  /** {@code log det A = 2·Σ log L_ii} of each matrix, [B]. */
  public static Var logDet(Tape tape, Var l) {
    LogDetNode n = tape.next(LogDetNode.class, LogDetNode::new);
    n.l = l;
    Tensor out = tape.open(n.out, l.needsGradient(), l.value().shape().dim(0));
    tape.backend().cholesky().logDet(LAYOUT, l.value(), out);
    return n.out;
  }

  private static final class FactorNode extends Node {
    private Var a = new Var();
    private final Var l = new Var();
    private int[] status = new int[0];
    private int[] formerStatus = new int[0];

    @Override
    protected boolean reached() {
      return l.needsGradient() && !l.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dL = l.gradient();
      Tensor dA = a.gradient();
      if (dL != null && dA != null) {
        kernels.cholesky().factorBackward(LAYOUT, l.value(), dL, dA);
      }
    }
  }

  private static final class SolveNode extends Node {
    private LinearSystem system = LinearSystem.LOWER;
    private Var l = new Var();
    private Var y = new Var();
    private final Var x = new Var();

    @Override
    protected boolean reached() {
      return x.needsGradient() && !x.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dX = x.gradient();
      if (dX != null) {
        kernels
            .cholesky()
            .solveBackward(LAYOUT, system, l.value(), x.value(), dX, l.gradient(), y.gradient());
      }
    }
  }

  private static final class LogDetNode extends Node {
    private Var l = new Var();
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dL = l.gradient();
      if (g != null && dL != null) {
        kernels.cholesky().logDetBackward(LAYOUT, l.value(), g, dL);
      }
    }
  }
}
