package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.compose.ComposeKernels} on the tape: what puts the fused kernels
 * together into models. B data points, R rows.
 */
public final class ComposeOps {
  private ComposeOps() {}

  /** {@code weightA·a + weightB·b}, element by element; b has the shape of a, which is kept. */
  public static Var sum(Tape tape, Var a, float weightA, Var b, float weightB) {
    return combine(tape, "sum", a, weightA, b, weightB, null, 0, null);
  }

  /** {@code weightA·a + weightB·b + weightC·c}, element by element, likewise. */
  public static Var sum(
      Tape tape, Var a, float weightA, Var b, float weightB, Var c, float weightC) {
    return combine(tape, "sum", a, weightA, b, weightB, c, weightC, null);
  }

  /**
   * {@code factor·x}: a weight of the objective that changes from step to step. It gets no
   * gradient.
   *
   * @param x any shape, which is kept
   * @param factor one element in the backend's memory; must stay as it is until the backward pass
   */
  public static Var scale(Tape tape, Var x, Tensor factor) {
    Checks.length("scale", "factor", factor, 1);
    return combine(tape, "scale", x, 1, null, 0, null, 0, factor);
  }

  private static Var combine(
      Tape tape,
      String method,
      Var a,
      float weightA,
      @Nullable Var b,
      float weightB,
      @Nullable Var c,
      float weightC,
      @Nullable Tensor factor) {
    Checks.same(method, "b", b == null ? null : b.value(), "a", a.value());
    Checks.same(method, "c", c == null ? null : c.value(), "a", a.value());
    CombinationNode n = tape.next(CombinationNode.class, CombinationNode::new);
    n.set(a, weightA, b, weightB, c, weightC, factor);
    Tensor out = openLike(tape, n.out, needs(a) || needs(b) || needs(c), a.value());
    n.forward(tape.backend(), out);
    return n.out;
  }

  /** {@code a·b}, element by element; b has the shape of a, which is kept, and may be a. */
  public static Var product(Tape tape, Var a, Var b) {
    Checks.same("product", "b", b.value(), "a", a.value());
    ProductNode n = tape.next(ProductNode.class, ProductNode::new);
    n.a = a;
    n.b = b;
    Tensor out = openLike(tape, n.out, needs(a) || needs(b), a.value());
    tape.backend().compose().addProduct(a.value(), b.value(), out);
    return n.out;
  }

  /**
   * The columns of a and, to their right, those of b. Where one has fewer rows, each of them serves
   * as many neighbouring rows of the other.
   *
   * @param a [R,C1], or [B,C1] with R a multiple of B
   * @param b [R,C2], or [B,C2] likewise
   * @return [R,C1 + C2]
   */
  public static Var concat(Tape tape, Var a, Var b) {
    int rowsA = a.value().rows();
    int rowsB = b.value().rows();
    if (rowsA >= rowsB) {
      Checks.samples("concat", "a", rowsA, "b", rowsB);
    } else {
      Checks.samples("concat", "b", rowsB, "a", rowsA);
    }
    int columnsA = a.value().columns();
    int columnsB = b.value().columns();
    ColumnsNode n = tape.next(ColumnsNode.class, ColumnsNode::new);
    Tensor out = n.open(tape, needs(a) || needs(b), Math.max(rowsA, rowsB), columnsA + columnsB);
    n.set(tape.backend(), a, 0, columnsA, b, columnsB, out);
    return n.out;
  }

  /**
   * {@code count} columns from {@code first} on.
   *
   * @param x [R,C]
   * @return [R,count]
   */
  public static Var columns(Tape tape, Var x, int first, int count) {
    if (first < 0 || count < 0 || first > x.value().columns() - count) {
      throw Checks.fail(
          "columns",
          "%d columns from %d on must lie in x %s".formatted(count, first, x.value().shape()));
    }
    ColumnsNode n = tape.next(ColumnsNode.class, ColumnsNode::new);
    Tensor out = n.open(tape, needs(x), x.value().rows(), count);
    n.set(tape.backend(), x, first, count, null, 0, out);
    return n.out;
  }

  /**
   * Each row {@code samples} times: row {@code b·samples + k} is row b of x.
   *
   * @param x [B,C]
   * @param samples &gt;= 1
   * @return [B·samples,C]
   */
  public static Var repeatRows(Tape tape, Var x, int samples) {
    if (samples < 1) {
      throw Checks.fail("repeatRows", "samples " + samples + " must be >= 1");
    }
    int count = x.value().columns();
    ColumnsNode n = tape.next(ColumnsNode.class, ColumnsNode::new);
    Tensor out = n.open(tape, needs(x), Math.multiplyExact(x.value().rows(), samples), count);
    n.set(tape.backend(), x, 0, count, null, 0, out);
    return n.out;
  }

  /**
   * Sums of rows.
   *
   * @param x [R,C]
   * @return [R]
   */
  public static Var rowSums(Tape tape, Var x) {
    RowSumsNode n = tape.next(RowSumsNode.class, RowSumsNode::new);
    n.x = x;
    Tensor out = tape.open(n.out, needs(x), x.value().rows());
    tape.backend().memory().fill(out, 0);
    tape.backend().compose().addRowSums(x.value(), out);
    return n.out;
  }

  /**
   * The normalised product of two Gaussians, as a ladder VAE merges them (Sønderby et al. 2016).
   *
   * @param mu1 [B,D], as are the others
   * @return its parameters, valid until the tape is reset
   */
  public static Merged mergeGaussians(Tape tape, Var mu1, Var logVar1, Var mu2, Var logVar2) {
    Merged n = tape.next(Merged.class, Merged::new);
    n.mu1 = mu1;
    n.logVar1 = logVar1;
    n.mu2 = mu2;
    n.logVar2 = logVar2;
    boolean needed = needs(mu1) || needs(logVar1) || needs(mu2) || needs(logVar2);
    int rows = mu1.value().rows();
    int d = mu1.value().columns();
    Tensor mu = tape.open(n.mu, needed, rows, d);
    Tensor logVar = tape.open(n.logVar, needed, rows, d);
    tape.backend()
        .compose()
        .mergeGaussians(mu1.value(), logVar1.value(), mu2.value(), logVar2.value(), mu, logVar);
    return n;
  }

  /**
   * {@code lambdaOff·Σ_{i≠j} C_ij² + lambdaDiag·Σ_i (C_ii − 1)²} with C the covariance of the rows:
   * the regulariser of DIP-VAE-I (Kumar et al. 2018).
   *
   * @param mu [B,D], B &gt;= 1
   * @return one element
   */
  public static Var covariancePenalty(Tape tape, Var mu, float lambdaOff, float lambdaDiag) {
    PenaltyNode n = tape.next(PenaltyNode.class, PenaltyNode::new);
    n.mu = mu;
    n.lambdaOff = lambdaOff;
    n.lambdaDiag = lambdaDiag;
    Tensor out = tape.open(n.out, needs(mu), 1);
    tape.backend().memory().fill(out, 0);
    tape.backend().compose().covariancePenalty(mu.value(), lambdaOff, lambdaDiag, out);
    return n.out;
  }

  /**
   * Each column in a random order of its own (FactorVAE: Kim and Mnih 2018, algorithm 1). No
   * gradient passes.
   *
   * @param z [B,D]
   * @param noise names the orders
   * @return [B,D]
   */
  public static Var shuffleColumns(Tape tape, Var z, NoiseKey noise) {
    ConstantNode n = tape.next(ConstantNode.class, ConstantNode::new);
    Tensor out = openLike(tape, n.out, false, z.value(), false);
    tape.backend().compose().shuffleColumns(z.value(), noise, out);
    return n.out;
  }

  /** The value of x, through which no gradient passes. Valid until the tape is reset. */
  public static Var detach(Tape tape, Var x) {
    return tape.next(ConstantNode.class, ConstantNode::new).out.setConstant(x.value());
  }

  private static boolean needs(@Nullable Var v) {
    return v != null && v.needsGradient();
  }

  private static @Nullable Tensor arrived(Var v) {
    return v.untouched() ? null : v.gradient();
  }

  /** An output of the shape of another tensor, filled with zeros. */
  private static Tensor openLike(Tape tape, Var out, boolean needed, Tensor like) {
    return openLike(tape, out, needed, like, true);
  }

  private static Tensor openLike(Tape tape, Var out, boolean needed, Tensor like, boolean zeros) {
    Tensor opened =
        like.shape().rank() <= 1
            ? tape.open(out, needed, like.size())
            : tape.open(out, needed, like.rows(), like.columns());
    if (zeros) {
      tape.backend().memory().fill(opened, 0);
    }
    return opened;
  }

  private static final class ProductNode extends Node {
    private Var a = new Var();
    private Var b = new Var();
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return arrived(out) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dA = a.gradient();
      Tensor dB = b.gradient();
      if (g != null && dA != null) {
        kernels.compose().addProduct(g, b.value(), dA);
      }
      if (g != null && dB != null) {
        kernels.compose().addProduct(g, a.value(), dB);
      }
    }
  }

  private static final class RowSumsNode extends Node {
    private Var x = new Var();
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return arrived(out) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dX = x.gradient();
      if (g != null && dX != null) {
        kernels.compose().addRowSumsBackward(g, dX);
      }
    }
  }

  /** The output of {@link #mergeGaussians}. */
  public static final class Merged extends Node {
    private Var mu1 = new Var();
    private Var logVar1 = new Var();
    private Var mu2 = new Var();
    private Var logVar2 = new Var();
    private final Var mu = new Var();
    private final Var logVar = new Var();

    private Merged() {}

    /** The mean, [B,D]. */
    public Var mu() {
      return mu;
    }

    /** The logarithm of the variance, [B,D]. */
    public Var logVar() {
      return logVar;
    }

    @Override
    protected boolean reached() {
      return arrived(mu) != null || arrived(logVar) != null;
    }

    /** One call, or where a variable has two of the roles, one for each gradient. */
    @Override
    protected void backward(Backend kernels) {
      Tensor dMu1 = mu1.gradient();
      Tensor dLogVar1 = logVar1.gradient();
      Tensor dMu2 = mu2.gradient();
      Tensor dLogVar2 = logVar2.gradient();
      boolean twice =
          logVar1 == mu1
              || mu2 == mu1
              || mu2 == logVar1
              || logVar2 == mu1
              || logVar2 == mu2
              || logVar2 == logVar1;
      if (!twice) {
        backward(kernels, dMu1, dLogVar1, dMu2, dLogVar2);
        return;
      }
      backward(kernels, dMu1, null, null, null);
      backward(kernels, null, dLogVar1, null, null);
      backward(kernels, null, null, dMu2, null);
      backward(kernels, null, null, null, dLogVar2);
    }

    private void backward(
        Backend kernels,
        @Nullable Tensor dMu1,
        @Nullable Tensor dLogVar1,
        @Nullable Tensor dMu2,
        @Nullable Tensor dLogVar2) {
      kernels
          .compose()
          .mergeGaussiansBackward(
              mu1.value(),
              logVar1.value(),
              mu2.value(),
              logVar2.value(),
              arrived(mu),
              arrived(logVar),
              dMu1,
              dLogVar1,
              dMu2,
              dLogVar2);
    }
  }

  private static final class PenaltyNode extends Node {
    private Var mu = new Var();
    private float lambdaOff;
    private float lambdaDiag;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return arrived(out) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dMu = mu.gradient();
      if (g != null && dMu != null) {
        kernels.compose().covariancePenaltyBackward(mu.value(), lambdaOff, lambdaDiag, g, dMu);
      }
    }
  }

  /** Has an output without a gradient. */
  private static final class ConstantNode extends Node {
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return false;
    }

    @Override
    protected void backward(Backend kernels) {}
  }
}
