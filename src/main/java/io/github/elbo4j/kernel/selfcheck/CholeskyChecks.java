package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.covariance.CholeskyKernels;
import io.github.elbo4j.kernel.covariance.LinearSystem;
import io.github.elbo4j.kernel.covariance.MatrixLayout;
import io.github.elbo4j.tensor.Tensor;

/** Checks of Cholesky factors and solves. */
final class CholeskyChecks {
  private CholeskyChecks() {}

  static void addTo(Comparison c) {
    for (MatrixLayout layout : MatrixLayout.values()) {
      c.check("cholesky.factor " + layout, (k, a) -> factor(k, a, layout));
      c.check("cholesky.solve " + layout, (k, a) -> solve(k, a, layout));
      c.check("cholesky.logDet " + layout, (k, a) -> logDet(k, a, layout));
    }
  }

  /** Diagonally dominant matrices. */
  private static Tensor matrices(Backend k, Arguments a, MatrixLayout layout) {
    Tensor t = a.normal(B, D, D);
    for (int b = 0; b < B; b++) {
      for (int i = 0; i < D; i++) {
        t.array()[(b * D + i) * D + i] = 2 * D;
      }
    }
    return in(layout, k, t);
  }

  private static Tensor in(MatrixLayout layout, Backend k, Tensor t) {
    if (layout == MatrixLayout.MATRICES) {
      return t;
    }
    Tensor packed = Tensor.zeros(1, t.size() / B * CholeskyKernels.LANES);
    k.cholesky().pack(t, packed);
    return packed;
  }

  /** An output, compared as single matrices. */
  private static Tensor compared(MatrixLayout layout, Backend k, Arguments a, Tensor t, int... n) {
    Tensor out = a.out(n);
    if (layout == MatrixLayout.LANES) {
      k.cholesky().unpack(t, out);
      return out;
    }
    return a.compared(t);
  }

  private static void factor(Backend k, Arguments a, MatrixLayout layout) {
    Tensor l = matrices(k, a, layout);
    int[] status = new int[B];
    k.cholesky().factor(layout, l, l, status);
    for (int minor : status) {
      a.out(1).fill(minor);
    }
    compared(layout, k, a, l, B, D, D);
    Tensor dA = in(layout, k, a.normal(B, D, D));
    k.cholesky().factorBackward(layout, l, in(layout, k, a.normal(B, D, D)), dA);
    compared(layout, k, a, dA, B, D, D);
  }

  private static void solve(Backend k, Arguments a, MatrixLayout layout) {
    Tensor l = matrices(k, a, layout);
    for (LinearSystem system : LinearSystem.values()) {
      Tensor x = in(layout, k, a.normal(B, D, K));
      k.cholesky().solve(layout, system, l, x, x);
      compared(layout, k, a, x, B, D, K);
      Tensor dL = in(layout, k, a.normal(B, D, D));
      Tensor dY = in(layout, k, a.normal(B, D, K));
      Tensor dX = in(layout, k, a.normal(B, D, K));
      k.cholesky().solveBackward(layout, system, l, x, dX, dL, dY);
      compared(layout, k, a, dL, B, D, D);
      compared(layout, k, a, dY, B, D, K);
    }
  }

  private static void logDet(Backend k, Arguments a, MatrixLayout layout) {
    Tensor l = matrices(k, a, layout);
    k.cholesky().logDet(layout, l, a.out(B));
    Tensor dL = in(layout, k, a.normal(B, D, D));
    k.cholesky().logDetBackward(layout, l, a.normal(B), dL);
    compared(layout, k, a, dL, B, D, D);
  }
}
