package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Planar, radial and Householder flows (KERNELS.md §5). R = B·K rows with row r = b·K + k, D
 * dimensions. Parameters have one row, shared by all rows of z, or B rows, one a data point
 * (amortised). A forward step <em>adds</em> log|det ∂z'/∂z| to {@code logDet}, in nats; an inverse
 * adds log|det ∂z/∂z'|, which is the forward step's with its sign turned. NaN in gives NaN out.
 *
 * <p>At the edges: a squared norm below 1e-30 counts as 0, a softplus below 1e-30 as 1e-30, so that
 * no step loses its inverse to underflow. A squared norm beyond float32's range gives NaN.
 */
public abstract class FlowKernels {
  /** Squared norms below this count as 0. */
  static final float SMALLEST_SQUARE = 1e-30f;

  /** The least value of a softplus. */
  static final float SMALLEST_SOFTPLUS = 1e-30f;

  /**
   * S planar steps in a row (Rezende and Mohamed 2015, with their û). With {@code a = wᵀu} each is
   *
   * <pre>
   * û        = u + (softplus(a) − 1 − a)·w/‖w‖²        so that wᵀû = softplus(a) − 1 &gt; −1
   * z'       = z + û·tanh(wᵀz + b)
   * logDet  += log( 1 + (1 − tanh²)·wᵀû )
   * </pre>
   *
   * Where w = 0 the step is the translation by u·tanh(b), with log-determinant 0. Only what leaves
   * the last step goes through memory.
   *
   * @param z read, [R,D]
   * @param u read, [P,S·D]: step s of a row has columns s·D to (s+1)·D; P is 1 or B
   * @param w read, [P,S·D]
   * @param b read, P·S elements, row by row
   * @param zOut written, [R,D]; may be {@code z} itself when no gradient is wanted
   * @param logDet accumulated, R elements, or null
   */
  public final void planar(
      Tensor z, Tensor u, Tensor w, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    String m = "planar";
    checkPlanar(m, z, u, w, b);
    Checks.same(m, "zOut", zOut, "z", z);
    Checks.length(m, "logDet", logDet, z.rows());
    planarAliases(m, z, u, w, b).writesOver("zOut", zOut, z).writes("logDet", logDet).end();
    if (z.rows() > 0) {
      doPlanar(z, u, w, b, zOut, logDet);
    }
  }

  /**
   * Gradients of {@link #planar}; what happened between the steps is computed again. For one step,
   * with {@code x = wᵀz + b}, {@code t = tanh x}, {@code h = 1 − t²}, {@code c = wᵀû}, {@code det =
   * 1 + h·c}:
   *
   * <pre>
   * dx  = h·(ûᵀdz') − 2·dlogDet·t·h·c/det
   * dz += dz' + w·dx         db += Σ dx
   * dû  = Σ t·dz'            dc  = Σ dlogDet·h/det
   * </pre>
   *
   * and with {@code n = ‖w‖²}, {@code e = (softplus(−a) − 1)/n}, {@code de = wᵀdû}, {@code da =
   * σ(a)·dc − σ(−a)·de/n}:
   *
   * <pre>
   * du += dû + da·w          dw += Σ z·dx + e·dû + da·u − 2·de·e/n·w
   * </pre>
   *
   * Where w = 0 the map is not continuous in w: there dw gets {@code Σ z·dx} alone, and du gets dû.
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dzOut read, [R,D], or null
   * @param dLogDet read, R elements, or null
   * @param dz accumulated, [R,D], or null
   * @param du accumulated, the shape of {@code u}; null together with {@code dw} and {@code db}
   * @param dw accumulated, the shape of {@code w}, or null
   * @param db accumulated, the size of {@code b}, or null
   */
  public final void planarBackward(
      Tensor z,
      Tensor u,
      Tensor w,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor du,
      @Nullable Tensor dw,
      @Nullable Tensor db) {
    String m = "planarBackward";
    checkPlanar(m, z, u, w, b);
    checkUpstream(m, z, dzOut, dLogDet, dz);
    together(m, "du", du, "dw", dw);
    together(m, "du", du, "db", db);
    Checks.same(m, "du", du, "u", u);
    Checks.same(m, "dw", dw, "w", w);
    Checks.length(m, "db", db, b.size());
    planarAliases(m, z, u, w, b)
        .reads("dzOut", dzOut)
        .reads("dLogDet", dLogDet)
        .writes("dz", dz)
        .writes("du", du)
        .writes("dw", dw)
        .writes("db", db)
        .end();
    if (z.rows() > 0 && (dzOut != null || dLogDet != null)) {
      doPlanarBackward(z, u, w, b, dzOut, dLogDet, dz, du, dw, db);
    }
  }

  /**
   * The inverse of {@link #planar}. {@code x = wᵀz + b} is the one root of the increasing function
   * {@code x + wᵀû·tanh x − (wᵀz' + b)}, found in double; then {@code z = z' − û·tanh x}.
   *
   * @param zOut read, [R,D], what the forward pass gives
   * @param z written, [R,D], what it is given; may be {@code zOut} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void planarInverse(
      Tensor zOut, Tensor u, Tensor w, Tensor b, Tensor z, @Nullable Tensor logDet) {
    String m = "planarInverse";
    checkPlanar(m, zOut, u, w, b);
    Checks.same(m, "z", z, "zOut", zOut);
    Checks.length(m, "logDet", logDet, z.rows());
    planarAliases(m, zOut, u, w, b).writesOver("z", z, zOut).writes("logDet", logDet).end();
    if (z.rows() > 0) {
      doPlanarInverse(zOut, u, w, b, z, logDet);
    }
  }

  /**
   * A radial step (Rezende and Mohamed 2015).
   *
   * <pre>
   * α = softplus(α̂)   β = softplus(β̂) − α   r = ‖z − z0‖   h = 1/(α + r)
   * z'       = z + β·h·(z − z0)
   * logDet  += (D−1)·log(1 + βh) + log(1 + βh − βh²r)
   * </pre>
   *
   * Both logarithms are of positive numbers whatever the parameters: β &gt; −α.
   *
   * @param z read, [R,D]
   * @param z0 read, [P,D], P 1 or B
   * @param alphaHat read, P elements
   * @param betaHat read, P elements
   * @param zOut written, [R,D]; may be {@code z} itself when no gradient is wanted
   * @param logDet accumulated, R elements, or null
   */
  public final void radial(
      Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor zOut, @Nullable Tensor logDet) {
    String m = "radial";
    checkRadial(m, z, z0, alphaHat, betaHat);
    Checks.same(m, "zOut", zOut, "z", z);
    Checks.length(m, "logDet", logDet, z.rows());
    radialAliases(m, z, z0, alphaHat, betaHat)
        .writesOver("zOut", zOut, z)
        .writes("logDet", logDet)
        .end();
    if (z.rows() > 0) {
      doRadial(z, z0, alphaHat, betaHat, zOut, logDet);
    }
  }

  /**
   * Gradients of {@link #radial}. With {@code e = z − z0}, {@code A = α + r}, {@code φ = 1 + βh},
   * {@code ψ = 1 + βh − βh²r = 1 + αβ/A²}, {@code p = softplus(β̂)}:
   *
   * <pre>
   * dφ  = eᵀdz' + dlogDet·(D−1)/φ              dψ = dlogDet/ψ
   * dr  = −β/A²·( dφ + 2α/A·dψ )               dz += φ·dz' + dr/r·e
   * dz0 −= Σ βh·dz' + dr/r·e                   dp  = Σ ( dφ + α/A·dψ )/A
   * dα  = Σ ( (p − 2α)/A − 2αβ/A² )/A·dψ − φ/A·dφ
   * </pre>
   *
   * {@code dα̂ += σ(α̂)·dα}, {@code dβ̂ += σ(β̂)·dp}. At the centre, r = 0, logDet has no
   * derivative to z: {@code dr/r·e} counts as 0.
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dzOut read, [R,D], or null
   * @param dLogDet read, R elements, or null
   * @param dz accumulated, [R,D], or null
   * @param dz0 accumulated, the shape of {@code z0}; null together with the next two
   * @param dAlphaHat accumulated, P elements, or null
   * @param dBetaHat accumulated, P elements, or null
   */
  public final void radialBackward(
      Tensor z,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dz0,
      @Nullable Tensor dAlphaHat,
      @Nullable Tensor dBetaHat) {
    String m = "radialBackward";
    checkRadial(m, z, z0, alphaHat, betaHat);
    checkUpstream(m, z, dzOut, dLogDet, dz);
    together(m, "dz0", dz0, "dAlphaHat", dAlphaHat);
    together(m, "dz0", dz0, "dBetaHat", dBetaHat);
    Checks.same(m, "dz0", dz0, "z0", z0);
    Checks.length(m, "dAlphaHat", dAlphaHat, alphaHat.size());
    Checks.length(m, "dBetaHat", dBetaHat, betaHat.size());
    radialAliases(m, z, z0, alphaHat, betaHat)
        .reads("dzOut", dzOut)
        .reads("dLogDet", dLogDet)
        .writes("dz", dz)
        .writes("dz0", dz0)
        .writes("dAlphaHat", dAlphaHat)
        .writes("dBetaHat", dBetaHat)
        .end();
    if (z.rows() > 0 && (dzOut != null || dLogDet != null)) {
      doRadialBackward(z, z0, alphaHat, betaHat, dzOut, dLogDet, dz, dz0, dAlphaHat, dBetaHat);
    }
  }

  /**
   * The inverse of {@link #radial}: with {@code y = ‖z' − z0‖}, r is the positive root of {@code r²
   * + (softplus(β̂) − y)·r − α·y = 0}, and {@code z = z0 + (z' − z0)/(1 + βh)}.
   *
   * @param zOut read, [R,D], what the forward pass gives
   * @param z written, [R,D], what it is given; may be {@code zOut} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void radialInverse(
      Tensor zOut, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor z, @Nullable Tensor logDet) {
    String m = "radialInverse";
    checkRadial(m, zOut, z0, alphaHat, betaHat);
    Checks.same(m, "z", z, "zOut", zOut);
    Checks.length(m, "logDet", logDet, z.rows());
    radialAliases(m, zOut, z0, alphaHat, betaHat)
        .writesOver("z", z, zOut)
        .writes("logDet", logDet)
        .end();
    if (z.rows() > 0) {
      doRadialInverse(zOut, z0, alphaHat, betaHat, z, logDet);
    }
  }

  /**
   * H Householder reflections in a row (Tomczak and Welling 2016), the first vector's first: {@code
   * z ← z − 2·v·(vᵀz)/‖v‖²}. Their log-determinant is 0; a vector of zeros reflects nothing.
   *
   * @param z read, [R,D]
   * @param v read, [P,H·D], P 1 or B; H may be 0
   * @param zOut written, [R,D]; may be {@code z} itself
   */
  public final void householder(Tensor z, Tensor v, Tensor zOut) {
    reflect("householder", z, v, false, zOut);
  }

  /** The inverse of {@link #householder}: the same reflections, the last vector's first. */
  public final void householderInverse(Tensor zOut, Tensor v, Tensor z) {
    reflect("householderInverse", zOut, v, true, z);
  }

  private void reflect(String m, Tensor z, Tensor v, boolean lastFirst, Tensor zOut) {
    reflections(m, z, v);
    Checks.same(m, "zOut", zOut, "z", z);
    Aliases.of(m).reads("z", z).reads("v", v).writesOver("zOut", zOut, z).end();
    if (z.rows() > 0) {
      doHouseholder(z, v, lastFirst, zOut);
    }
  }

  /**
   * Gradients of {@link #householder}. A reflection is its own inverse, so what entered each is
   * computed from what left the last. For one reflection, with {@code τ = 2/‖v‖²}:
   *
   * <pre>
   * dz += dz' − τ·v·(vᵀdz')          dv += τ·Σ ( (vᵀz')·dz' − (vᵀdz')·z' )
   * </pre>
   *
   * A vector of zeros gets no gradient.
   *
   * @param zOut read, [R,D], the output of the forward pass
   * @param v read, [P,H·D]
   * @param dzOut read, [R,D]
   * @param dz accumulated, [R,D], or null
   * @param dv accumulated, the shape of {@code v}, or null
   */
  public final void householderBackward(
      Tensor zOut, Tensor v, Tensor dzOut, @Nullable Tensor dz, @Nullable Tensor dv) {
    String m = "householderBackward";
    reflections(m, zOut, v);
    Checks.same(m, "dzOut", dzOut, "zOut", zOut);
    Checks.same(m, "dz", dz, "zOut", zOut);
    Checks.same(m, "dv", dv, "v", v);
    Aliases.of(m)
        .reads("zOut", zOut)
        .reads("v", v)
        .reads("dzOut", dzOut)
        .writes("dz", dz)
        .writes("dv", dv)
        .end();
    if (zOut.rows() > 0) {
      doHouseholderBackward(zOut, v, dzOut, dz, dv);
    }
  }

  /** Rows of z that use one row of the parameters: all of them, or K. */
  static int rowsPerParameter(Tensor z, Tensor parameter) {
    return Math.max(1, z.rows() / Math.max(1, parameter.rows()));
  }

  /** z has no rows, or a whole number of them for each row of the parameter. */
  static void checkRows(String m, Tensor z, String name, Tensor parameter) {
    int points = parameter.rows();
    if (z.rows() > 0 && (points == 0 || z.rows() % points != 0)) {
      throw Checks.fail(
          m,
          "z has %d rows, which must be a whole multiple of the %d rows of %s"
              .formatted(z.rows(), points, name));
    }
  }

  /** H of {@code v} [P,H·D]. */
  static int reflections(String m, Tensor z, Tensor v) {
    checkRows(m, z, "v", v);
    int d = z.columns();
    if (d == 0 ? v.columns() != 0 : v.columns() % d != 0) {
      throw Checks.fail(m, "v " + v.shape() + " must have a multiple of " + d + " columns");
    }
    return d == 0 ? 0 : v.columns() / d;
  }

  private static void checkPlanar(String m, Tensor z, Tensor u, Tensor w, Tensor b) {
    checkRows(m, z, "u", u);
    int steps = u.rows() == 0 ? 0 : b.size() / u.rows();
    Checks.length(m, "b", b, u.rows() * steps);
    if (u.rows() > 0) {
      Checks.columns(m, "u", u, steps * z.columns());
    }
    Checks.same(m, "w", w, "u", u);
  }

  private static void checkRadial(String m, Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat) {
    checkRows(m, z, "z0", z0);
    Checks.columns(m, "z0", z0, z.columns());
    Checks.length(m, "alphaHat", alphaHat, z0.rows());
    Checks.length(m, "betaHat", betaHat, z0.rows());
  }

  static void checkUpstream(
      String m, Tensor z, @Nullable Tensor dzOut, @Nullable Tensor dLogDet, @Nullable Tensor dz) {
    Checks.same(m, "dzOut", dzOut, "z", z);
    Checks.length(m, "dLogDet", dLogDet, z.rows());
    Checks.same(m, "dz", dz, "z", z);
  }

  static void together(
      String m, String a, @Nullable Tensor first, String b, @Nullable Tensor second) {
    if ((first == null) != (second == null)) {
      throw Checks.fail(m, a + " and " + b + " must be given together or not at all");
    }
  }

  private static Aliases planarAliases(String m, Tensor z, Tensor u, Tensor w, Tensor b) {
    return Aliases.of(m).reads("z", z).reads("u", u).reads("w", w).reads("b", b);
  }

  private static Aliases radialAliases(
      String m, Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat) {
    return Aliases.of(m)
        .reads("z", z)
        .reads("z0", z0)
        .reads("alphaHat", alphaHat)
        .reads("betaHat", betaHat);
  }

  protected abstract void doPlanar(
      Tensor z, Tensor u, Tensor w, Tensor b, Tensor zOut, @Nullable Tensor logDet);

  protected abstract void doPlanarBackward(
      Tensor z,
      Tensor u,
      Tensor w,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor du,
      @Nullable Tensor dw,
      @Nullable Tensor db);

  protected abstract void doPlanarInverse(
      Tensor zOut, Tensor u, Tensor w, Tensor b, Tensor z, @Nullable Tensor logDet);

  protected abstract void doRadial(
      Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor zOut, @Nullable Tensor logDet);

  protected abstract void doRadialBackward(
      Tensor z,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dz0,
      @Nullable Tensor dAlphaHat,
      @Nullable Tensor dBetaHat);

  protected abstract void doRadialInverse(
      Tensor zOut, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor z, @Nullable Tensor logDet);

  protected abstract void doHouseholder(Tensor z, Tensor v, boolean lastFirst, Tensor zOut);

  protected abstract void doHouseholderBackward(
      Tensor zOut, Tensor v, Tensor dzOut, @Nullable Tensor dz, @Nullable Tensor dv);
}
