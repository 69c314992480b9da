package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Batched Cholesky factors, triangular solves and determinants (KERNELS.md §4b). B matrices of
 * order D, in one of two layouts ({@link MatrixLayout}): {@code MATRICES} is {@code [B,D,D]} or
 * {@code [B,D·D]}, {@code LANES} is {@code [⌈B/16⌉, D·D·16]}, in which the kernels are fastest;
 * {@link #pack} and {@link #unpack} go from one to the other. All tensors of a call have the same
 * layout, and a matrix's result does not depend on the layout, on its place in the batch or on its
 * neighbours, to the last bit.
 *
 * <p>Of a triangular matrix only the lower triangle is ever read.
 *
 * <p>At the edges: a matrix that is not positive definite has a status, and NaN in the lower
 * triangle of its factor, so that whatever is computed from it is NaN too. Batches of 0 matrices
 * and 0 right-hand sides work.
 */
public abstract class CholeskyKernels {
  /** Matrices side by side in {@link MatrixLayout#LANES}, on every machine. */
  public static final int LANES = 16;

  /** The largest order. */
  public static final int MAX_ORDER = 512;

  /**
   * Batch to lanes: {@code packed[b/16, e·16 + b%16] = x[b,e]}. The lanes of the last group beyond
   * B are filled with copies of the group's first matrix.
   *
   * @param x read, {@code [B,…]}: B times N elements, of matrices or right-hand sides
   * @param packed written, {@code [⌈B/16⌉, N·16]}
   */
  public final void pack(Tensor x, Tensor packed) {
    String m = "pack";
    checkPacked(m, x, packed);
    Aliases.of(m).reads("x", x).writes("packed", packed).end();
    doPack(x, packed);
  }

  /**
   * Lanes to batch, the inverse of {@link #pack}.
   *
   * @param packed read, {@code [⌈B/16⌉, N·16]}
   * @param x written, {@code [B,…]}
   */
  public final void unpack(Tensor packed, Tensor x) {
    String m = "unpack";
    checkPacked(m, x, packed);
    Aliases.of(m).reads("packed", packed).writes("x", x).end();
    doUnpack(packed, x);
  }

  /**
   * Cholesky factors: {@code A = L·Lᵀ}, L lower triangular with a positive diagonal.
   *
   * <p>{@code status[b]} is 0, or the order of the first leading minor of matrix b that is not
   * positive or not finite; the lower triangle of its L is then NaN. The others are not touched by
   * that. {@link #requirePositiveDefinite} turns a status into an exception.
   *
   * @param a read, its lower triangle
   * @param l written, the shape of {@code a}, 0 above the diagonal; may be {@code a} itself
   * @param status written, length B, which in {@code LANES} says how many matrices count
   */
  public final void factor(MatrixLayout layout, Tensor a, Tensor l, int[] status) {
    String m = "factor";
    checkSquare(m, "a", layout, a);
    alike(m, layout, "l", l, "a", a);
    checkCount(m, "status", status.length, layout, "a", a);
    Aliases.of(m).reads("a", a).writesOver("l", l, a).end();
    doFactor(layout, a, l, status);
  }

  /**
   * Throws where a matrix of a batch has no factor.
   *
   * @param status as {@link #factor} left it
   * @throws NotPositiveDefiniteException naming the first such matrix and its minor
   */
  public static void requirePositiveDefinite(int[] status) {
    for (int b = 0; b < status.length; b++) {
      if (status[b] != 0) {
        throw new NotPositiveDefiniteException(b, status[b]);
      }
    }
  }

  /**
   * Gradient of {@link #factor} (Murray 2016, "Differentiation of the Cholesky decomposition").
   * With Φ the lower triangle with its diagonal halved:
   *
   * <pre>
   * dA += ½·( P + Pᵀ )      P = L⁻ᵀ · Φ( Lᵀ·dL ) · L⁻¹
   * </pre>
   *
   * dA is symmetric, as A is: an entry below the diagonal has half of what moving it and its mirror
   * image together gives.
   *
   * @param l read, its lower triangle
   * @param dL read, the shape of {@code l}, its lower triangle
   * @param dA accumulated, the shape of {@code l}
   */
  public final void factorBackward(MatrixLayout layout, Tensor l, Tensor dL, Tensor dA) {
    String m = "factorBackward";
    checkSquare(m, "l", layout, l);
    alike(m, layout, "dL", dL, "l", l);
    alike(m, layout, "dA", dA, "l", l);
    Aliases.of(m).reads("l", l).reads("dL", dL).writes("dA", dA).end();
    doFactorBackward(layout, l, dL, dA);
  }

  /**
   * Solves {@code L·X = Y}, {@code Lᵀ·X = Y} or {@code L·Lᵀ·X = Y} for M right-hand sides a matrix.
   *
   * @param l read, its lower triangle
   * @param y read, {@code [B,D,M]} or {@code [B,D·M]}, in lanes {@code [⌈B/16⌉, D·M·16]}
   * @param x written, the shape of {@code y}; may be {@code y} itself
   */
  public final void solve(MatrixLayout layout, LinearSystem system, Tensor l, Tensor y, Tensor x) {
    String m = "solve";
    checkSides(m, layout, l, "y", y);
    alike(m, layout, "x", x, "y", y);
    Aliases.of(m).reads("l", l).reads("y", y).writesOver("x", x, y).end();
    doSolve(layout, system, l, y, x);
  }

  /**
   * Gradients of {@link #solve}; tril is the lower triangle with the diagonal.
   *
   * <pre>
   * LOWER        G = L⁻ᵀ·dX       dY += G    dL −= tril( G·Xᵀ )
   * TRANSPOSED   G = L⁻¹·dX       dY += G    dL −= tril( X·Gᵀ )
   * FULL         H = L⁻¹·dX, G = L⁻ᵀ·H       dY += G    dL −= tril( X·Hᵀ + G·(Lᵀ·X)ᵀ )
   * </pre>
   *
   * @param l read, its lower triangle
   * @param x read, as the forward pass left it
   * @param dX read, the shape of {@code x}
   * @param dL accumulated, the shape of {@code l}, its lower triangle, above which nothing is
   *     touched; or null
   * @param dY accumulated, the shape of {@code x}, or null
   */
  public final void solveBackward(
      MatrixLayout layout,
      LinearSystem system,
      Tensor l,
      Tensor x,
      Tensor dX,
      @Nullable Tensor dL,
      @Nullable Tensor dY) {
    String m = "solveBackward";
    checkSides(m, layout, l, "x", x);
    alike(m, layout, "dX", dX, "x", x);
    alike(m, layout, "dL", dL, "l", l);
    alike(m, layout, "dY", dY, "x", x);
    Aliases.of(m)
        .reads("l", l)
        .reads("x", x)
        .reads("dX", dX)
        .writes("dL", dL)
        .writes("dY", dY)
        .end();
    doSolveBackward(layout, system, l, x, dX, dL, dY);
  }

  /**
   * Log-determinant of {@code A = L·Lᵀ}: {@code out[b] = 2·Σ_i log L_ii}, in nats; NaN where a
   * diagonal element is negative, −∞ where one is 0.
   *
   * @param l read, its diagonal
   * @param out written, B elements, which in {@code LANES} says how many matrices count
   */
  public final void logDet(MatrixLayout layout, Tensor l, Tensor out) {
    String m = "logDet";
    checkSquare(m, "l", layout, l);
    checkCount(m, "out", out.size(), layout, "l", l);
    Aliases.of(m).reads("l", l).writes("out", out).end();
    doLogDet(layout, l, out);
  }

  /**
   * Gradient of {@link #logDet}: {@code dL_ii += 2·g[b]/L_ii}.
   *
   * @param l read, its diagonal
   * @param g read, B elements
   * @param dL accumulated, the shape of {@code l}, its diagonal
   */
  public final void logDetBackward(MatrixLayout layout, Tensor l, Tensor g, Tensor dL) {
    String m = "logDetBackward";
    checkSquare(m, "l", layout, l);
    checkCount(m, "g", g.size(), layout, "l", l);
    alike(m, layout, "dL", dL, "l", l);
    Aliases.of(m).reads("l", l).reads("g", g).writes("dL", dL).end();
    doLogDetBackward(layout, l, g, dL);
  }

  /** Elements of one entry of a batch, in lanes of one matrix: a row's part for each lane. */
  static int elements(MatrixLayout layout, Tensor t) {
    if (layout == MatrixLayout.LANES) {
      return t.columns() / LANES;
    }
    Shape s = t.shape();
    return s.rank() == 3 ? s.dim(1) * s.dim(2) : t.columns();
  }

  /** B, or the number of groups of sixteen. */
  static int entries(Tensor t) {
    return t.shape().rank() == 0 ? 1 : t.shape().dim(0);
  }

  /** Order of square matrices whose shape was checked. */
  static int order(MatrixLayout layout, Tensor t) {
    return (int) Math.round(Math.sqrt(elements(layout, t)));
  }

  private static void checkSquare(String m, String name, MatrixLayout layout, Tensor t) {
    Shape s = t.shape();
    boolean lanes = layout == MatrixLayout.LANES;
    int d = order(layout, t);
    boolean shaped = s.rank() == 2 || (!lanes && s.rank() == 3 && s.dim(1) == s.dim(2));
    boolean square = d * d == elements(layout, t) && (!lanes || t.columns() % LANES == 0);
    if (!shaped || !square) {
      throw Checks.fail(
          m, name + " " + s + (lanes ? " must be [B/16,D·D·16]" : " must be [B,D,D] or [B,D·D]"));
    }
    if (d < 1 || d > MAX_ORDER) {
      throw Checks.fail(m, name + " has order " + d + ", which must be 1 … " + MAX_ORDER);
    }
  }

  /** {@code t} holds as many matrices of as many elements; [B,D,D] and [B,D·D] are alike. */
  private static void alike(
      String m, MatrixLayout layout, String name, @Nullable Tensor t, String of, Tensor wanted) {
    if (t == null) {
      return;
    }
    int rank = t.shape().rank();
    boolean shaped = rank == 2 || (rank == 3 && layout == MatrixLayout.MATRICES);
    if (!shaped
        || entries(t) != entries(wanted)
        || elements(layout, t) != elements(layout, wanted)) {
      throw Checks.fail(m, name + " " + t.shape() + " must equal " + of + " " + wanted.shape());
    }
  }

  private static void checkSides(String m, MatrixLayout layout, Tensor l, String name, Tensor t) {
    checkSquare(m, "l", layout, l);
    int d = order(layout, l);
    boolean lanes = layout == MatrixLayout.LANES;
    int rank = t.shape().rank();
    boolean shaped = rank == 2 || (!lanes && rank == 3 && t.shape().dim(1) == d);
    int unit = lanes ? LANES * d : rank == 3 ? 1 : d;
    if (!shaped || entries(t) != entries(l) || t.columns() % unit != 0) {
      String wanted = lanes ? "[%1$d,%2$d·M·16]" : "[%1$d,%2$d,M] or [%1$d,%2$d·M]";
      throw Checks.fail(m, name + " " + t.shape() + " must be " + wanted.formatted(entries(l), d));
    }
  }

  private static void checkCount(
      String m, String name, int count, MatrixLayout layout, String of, Tensor t) {
    if (layout == MatrixLayout.MATRICES && count != entries(t)) {
      throw Checks.fail(
          m, name + " has " + count + " elements, must have " + entries(t) + " as " + of + " has");
    }
    if (layout == MatrixLayout.LANES && Math.ceilDiv(count, LANES) != entries(t)) {
      throw Checks.fail(
          m,
          name + " has " + count + " elements, must fill the " + entries(t) + " groups of " + of);
    }
  }

  private static void checkPacked(String m, Tensor x, Tensor packed) {
    int batch = entries(x);
    int groups = Math.ceilDiv(batch, LANES);
    long each = batch == 0 ? 0 : x.size() / batch;
    boolean fits = batch == 0 ? packed.size() == 0 : packed.columns() == each * LANES;
    if (packed.shape().rank() != 2 || packed.rows() != groups || !fits) {
      throw Checks.fail(
          m,
          "packed %s must be [%d,%d] for %s"
              .formatted(packed.shape(), groups, each * LANES, x.shape()));
    }
  }

  protected abstract void doPack(Tensor x, Tensor packed);

  protected abstract void doUnpack(Tensor packed, Tensor x);

  protected abstract void doFactor(MatrixLayout layout, Tensor a, Tensor l, int[] status);

  protected abstract void doFactorBackward(MatrixLayout layout, Tensor l, Tensor dL, Tensor dA);

  protected abstract void doSolve(
      MatrixLayout layout, LinearSystem system, Tensor l, Tensor y, Tensor x);

  protected abstract void doSolveBackward(
      MatrixLayout layout,
      LinearSystem system,
      Tensor l,
      Tensor x,
      Tensor dX,
      @Nullable Tensor dL,
      @Nullable Tensor dY);

  protected abstract void doLogDet(MatrixLayout layout, Tensor l, Tensor out);

  protected abstract void doLogDetBackward(MatrixLayout layout, Tensor l, Tensor g, Tensor dL);
}
