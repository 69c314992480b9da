package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The Sylvester flow in its Householder form (KERNELS.md §5; van den Berg et al. 2018). R = B·K
 * rows with row r = b·K + k, D dimensions. Parameters have P rows: one, shared by all rows of z, or
 * B, one a data point (amortised). NaN in gives NaN out.
 *
 * <p>Q is the product of H Householder reflections, {@code Qᵀz} being {@link
 * FlowKernels#householder} of z; H = 0 gives Q = I. R1 and R2 are upper triangular. Their diagonals
 * are the hyperbolic tangents of what is given, so that {@code r1_ii·r2_ii > −1} and the step has
 * an inverse whatever the parameters; {@code 1 + r1_ii·r2_ii} is at least 1e-30. What stands below
 * the diagonals is not read.
 */
public abstract class SylvesterKernels {
  /**
   * One step.
   *
   * <pre>
   * z'       = z + Q·R1·tanh(R2·Qᵀ·z + b)
   * logDet  += Σ_i log( 1 + (1 − tanh²)_i·r1_ii·r2_ii )
   * </pre>
   *
   * @param z read, [R,D]
   * @param v read, [P,H·D], the vectors of the reflections; H may be 0
   * @param r1 read, [P,D·D], matrices row by row; tanh is applied to the diagonal
   * @param r2 read, [P,D·D], likewise
   * @param b read, [P,D]
   * @param zOut written, [R,D]; may be {@code z} itself when no gradient is wanted
   * @param logDet accumulated, R elements, or null
   */
  public final void sylvester(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    String m = "sylvester";
    check(m, z, v, r1, r2, b);
    Checks.same(m, "zOut", zOut, "z", z);
    Checks.length(m, "logDet", logDet, z.rows());
    reads(m, z, v, r1, r2, b).writesOver("zOut", zOut, z).writes("logDet", logDet).end();
    if (z.rows() > 0) {
      doSylvester(z, v, r1, r2, b, zOut, logDet);
    }
  }

  /**
   * Gradients of {@link #sylvester}. With {@code y = Qᵀz}, {@code t = tanh(R2·y + b)}, {@code h = 1
   * − t²}, {@code ρ_i = r1_ii·r2_ii}, {@code det = 1 + h·ρ}, {@code g = Qᵀdz'}:
   *
   * <pre>
   * dpre = h·(R1ᵀg) − 2·dlogDet·t·h·ρ/det         db  += Σ dpre
   * dz  += dz' + Q·R2ᵀ·dpre                       dρ   = Σ dlogDet·h/det
   * dR1 += upper( Σ g·tᵀ ) + diag(dρ·r2)          dR2 += upper( Σ dpre·yᵀ ) + diag(dρ·r1)
   * </pre>
   *
   * where the diagonals are multiplied by their tanh's slopes, and dv is that of the reflections of
   * both Q ({@link FlowKernels#householderBackward}).
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dzOut read, [R,D], or null
   * @param dLogDet read, R elements, or null
   * @param dz accumulated, [R,D], or null
   * @param dv accumulated, the shape of {@code v}; null together with the next three
   * @param dr1 accumulated, the shape of {@code r1}, nothing below the diagonals; or null
   * @param dr2 accumulated, the shape of {@code r2}, likewise
   * @param db accumulated, the shape of {@code b}, or null
   */
  public final void sylvesterBackward(
      Tensor z,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dv,
      @Nullable Tensor dr1,
      @Nullable Tensor dr2,
      @Nullable Tensor db) {
    String m = "sylvesterBackward";
    check(m, z, v, r1, r2, b);
    FlowKernels.checkUpstream(m, z, dzOut, dLogDet, dz);
    FlowKernels.together(m, "dv", dv, "dr1", dr1);
    FlowKernels.together(m, "dv", dv, "dr2", dr2);
    FlowKernels.together(m, "dv", dv, "db", db);
    Checks.same(m, "dv", dv, "v", v);
    Checks.same(m, "dr1", dr1, "r1", r1);
    Checks.same(m, "dr2", dr2, "r2", r2);
    Checks.same(m, "db", db, "b", b);
    reads(m, z, v, r1, r2, b)
        .reads("dzOut", dzOut)
        .reads("dLogDet", dLogDet)
        .writes("dz", dz)
        .writes("dv", dv)
        .writes("dr1", dr1)
        .writes("dr2", dr2)
        .writes("db", db)
        .end();
    if (z.rows() > 0 && (dzOut != null || dLogDet != null)) {
      doSylvesterBackward(z, v, r1, r2, b, dzOut, dLogDet, dz, dv, dr1, dr2, db);
    }
  }

  /**
   * The inverse of {@link #sylvester}: the triangular system {@code y' = y + R1·tanh(R2·y + b)} is
   * solved from its last row to its first, each by the root of an increasing function of one
   * variable, in double; adds the forward step's log-determinant with its sign turned.
   *
   * @param zOut read, [R,D], what the forward pass gives
   * @param z written, [R,D], what it is given; may be {@code zOut} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void sylvesterInverse(
      Tensor zOut, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor z, @Nullable Tensor logDet) {
    String m = "sylvesterInverse";
    check(m, zOut, v, r1, r2, b);
    Checks.same(m, "z", z, "zOut", zOut);
    Checks.length(m, "logDet", logDet, z.rows());
    reads(m, zOut, v, r1, r2, b).writesOver("z", z, zOut).writes("logDet", logDet).end();
    if (z.rows() > 0) {
      doSylvesterInverse(zOut, v, r1, r2, b, z, logDet);
    }
  }

  private static void check(String m, Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b) {
    int d = z.columns();
    FlowKernels.reflections(m, z, v);
    Checks.shape(m, "r1", r1, v.rows(), d * d);
    Checks.same(m, "r2", r2, "r1", r1);
    Checks.shape(m, "b", b, v.rows(), d);
  }

  private static Aliases reads(String m, Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b) {
    return Aliases.of(m).reads("z", z).reads("v", v).reads("r1", r1).reads("r2", r2).reads("b", b);
  }

  protected abstract void doSylvester(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor zOut, @Nullable Tensor logDet);

  protected abstract void doSylvesterBackward(
      Tensor z,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dv,
      @Nullable Tensor dr1,
      @Nullable Tensor dr2,
      @Nullable Tensor db);

  protected abstract void doSylvesterInverse(
      Tensor zOut, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor z, @Nullable Tensor logDet);
}
