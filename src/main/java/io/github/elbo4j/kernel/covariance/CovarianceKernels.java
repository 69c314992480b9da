package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The Gaussian with a full covariance, given by its Cholesky factor: samples with divergence and
 * log densities fused (KERNELS.md §4a; Kingma and Welling 2019, Alg. 2), the log density at given
 * points, and the KL divergence of two such Gaussians. B data points, K samples each, R = B·K rows
 * with row r = b·K + k, D dimensions; all log densities in nats. An output that is null is not
 * wanted and costs nothing.
 *
 * <p>A factor L (Σ = L·Lᵀ) comes in one of two forms. <b>Packed</b>: {@code logSigma[B,D]} and
 * {@code lower[B,D(D−1)/2]}, the entries below the diagonal row by row, {@code L =
 * strictlower(lower) + diag(exp(logSigma))}: what a network emits, whatever it emits is a factor.
 * <b>Full</b>: B·D·D elements, row-major, what stands above the diagonal is not used and not
 * written: what a Cholesky decomposition leaves. Its diagonal must be positive; where it is not,
 * the results of that data point are NaN or infinite and no other's.
 *
 * <p>At the edges: NaN in gives NaN out, in the rows that depend on it. σ = exp(logSigma) and 1/σ
 * have the range of a float32 and are +∞ beyond it (logSigma 88.73). The divergence of one {@code
 * logSigma = ±∞} is +∞. A gradient that is null is left out; one that is 0 is multiplied like any
 * other, so that {@code 0·∞} is NaN.
 */
public abstract class CovarianceKernels {
  /**
   * Samples, divergences and log densities in one pass, with the noise given.
   *
   * <pre>
   * z[r]    = mu[b] + L[b]·eps[r]
   * kl[b]   = ½ ( ‖L‖²_F + ‖mu‖² − D ) − Σ_d logSigma         KL( N(mu, L·Lᵀ) ‖ N(0, I) )
   * logQ[r] = −½ Σ_d ( eps² + log 2π ) − Σ_d logSigma         log q(z|x)
   * logP[r] = −½ Σ_d ( z² + log 2π )                          log N(z; 0, I)
   * </pre>
   *
   * @param mu read, [B,D]
   * @param logSigma read, [B,D], the logarithm of L's diagonal
   * @param lower read, [B,D(D−1)/2], L below its diagonal, row by row
   * @param eps read, [R,D] standard normal noise, R a multiple of B
   * @param z written, [R,D]; may be {@code eps} itself when no gradient is wanted
   * @param kl written, B elements, or null
   * @param logQ written, R elements, or null
   * @param logP written, R elements, or null
   */
  public final void reparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    String m = "reparameterize";
    Checks.same(m, "eps", eps, "z", z);
    checkSample(m, mu, logSigma, lower, eps, z, kl, logQ, logP);
    doReparameterize(mu, logSigma, lower, eps, null, z, kl, logQ, logP);
  }

  /**
   * The same with {@code eps[r,d]} drawn inside the kernel: element r·D + d of the normals that
   * {@code noise} names ({@link io.github.elbo4j.kernel.random.RandomKernels#normal}).
   */
  public final void reparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    checkSample("reparameterize", mu, logSigma, lower, null, z, kl, logQ, logP);
    doReparameterize(mu, logSigma, lower, null, noise, z, kl, logQ, logP);
  }

  /**
   * Gradients of {@link #reparameterize}, given those of a scalar objective with respect to its
   * outputs.
   *
   * <pre>
   * g[r]      = dz − dlogP·z                                   (a null gradient is left out)
   * dmu      += Σ_k g + dkl·mu
   * dlower   += Σ_k g_i·eps_j + dkl·L_ij                       i &gt; j
   * dlogSigma+= σ·Σ_k g·eps − Σ_k dlogQ + dkl·(σ² − 1)
   * </pre>
   *
   * With {@code stickTheLanding} (Roeder et al. 2017) the parameters inside logQ are held fixed, so
   * that its only gradient is through z: {@code g −= dlogQ·L⁻ᵀ·eps}, and {@code −Σ dlogQ} falls
   * away.
   *
   * @param mu read, [B,D]
   * @param logSigma read, [B,D]
   * @param lower read, [B,D(D−1)/2]
   * @param eps read, [R,D], the noise of the forward pass
   * @param z read, [R,D], as the forward pass left it
   * @param dz read, [R,D], or null
   * @param dKl read, B elements, or null
   * @param dLogQ read, R elements, or null
   * @param dLogP read, R elements, or null
   * @param dMu accumulated, [B,D]
   * @param dLogSigma accumulated, [B,D]
   * @param dLower accumulated, [B,D(D−1)/2]
   */
  public final void reparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      Tensor eps,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    Checks.same("reparameterizeBackward", "eps", eps, "z", z);
    backward(
        mu,
        logSigma,
        lower,
        eps,
        null,
        z,
        dz,
        dKl,
        dLogQ,
        dLogP,
        stickTheLanding,
        dMu,
        dLogSigma,
        dLower);
  }

  /**
   * The same with the noise of the forward pass drawn again: for K = 1 it costs a tenth of the
   * pass, less than solving L·eps = z − mu, and is exact.
   */
  public final void reparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    backward(
        mu,
        logSigma,
        lower,
        null,
        noise,
        z,
        dz,
        dKl,
        dLogQ,
        dLogP,
        stickTheLanding,
        dMu,
        dLogSigma,
        dLower);
  }

  /**
   * Log density at given points, the factor packed.
   *
   * <pre>
   * y[r]       = L[b]⁻¹·( x[r] − mu[b] )
   * logProb[r] = −½ Σ_d ( y² + log 2π ) − Σ_d log L_dd        log N(x; mu, L·Lᵀ)
   * </pre>
   *
   * @param x read, [R,D], R a multiple of B
   * @param mu read, [B,D]
   * @param logSigma read, [B,D]
   * @param lower read, [B,D(D−1)/2]
   * @param logProb written, R elements
   */
  public final void logDensity(Tensor x, Tensor mu, Tensor logSigma, Tensor lower, Tensor logProb) {
    String m = "logDensity";
    checkPacked(m, mu, logSigma, lower);
    density(m, x, mu, logSigma, lower, logProb);
  }

  /**
   * The same with a full factor.
   *
   * @param factor read, B·D·D elements
   */
  public final void logDensity(Tensor x, Tensor mu, Tensor factor, Tensor logProb) {
    String m = "logDensity";
    checkFull(m, "factor", factor, mu);
    density(m, x, mu, null, factor, logProb);
  }

  /**
   * Gradients of {@link #logDensity(Tensor, Tensor, Tensor, Tensor, Tensor)}; with {@code w[r] =
   * dlogProb·L⁻ᵀ·y}:
   *
   * <pre>
   * dx       −= w               dlower    += Σ_k w_i·y_j        i &gt; j
   * dmu      += Σ_k w           dlogSigma += σ·Σ_k w·y − Σ_k dlogProb
   * </pre>
   *
   * @param dLogProb read, R elements
   * @param dX accumulated, [R,D], or null
   * @param dMu accumulated, [B,D]; null together with the gradients of the factor when the Gaussian
   *     is not learned
   * @param dLogSigma accumulated, [B,D], or null
   * @param dLower accumulated, [B,D(D−1)/2], or null
   */
  public final void logDensityBackward(
      Tensor x,
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower) {
    String m = "logDensityBackward";
    checkPacked(m, mu, logSigma, lower);
    if ((dMu == null) != (dLower == null) || (dMu == null) != (dLogSigma == null)) {
      throw Checks.fail(m, "dMu, dLogSigma and dLower must be given together or not at all");
    }
    Checks.same(m, "dLogSigma", dLogSigma, "logSigma", logSigma);
    Checks.same(m, "dLower", dLower, "lower", lower);
    densityBackward(m, x, mu, logSigma, lower, dLogProb, dX, dMu, dLogSigma, dLower);
  }

  /**
   * Gradients of {@link #logDensity(Tensor, Tensor, Tensor, Tensor)}: that to the factor is {@code
   * dL_ij += Σ_k w_i·y_j} for i &gt;= j, less {@code Σ_k dlogProb / L_ii} on the diagonal; nothing
   * above it is written.
   *
   * @param dLogProb read, R elements
   * @param dX accumulated, [R,D], or null
   * @param dMu accumulated, [B,D]; null together with {@code dFactor} when the Gaussian is not
   *     learned
   * @param dFactor accumulated, B·D·D elements, or null
   */
  public final void logDensityBackward(
      Tensor x,
      Tensor mu,
      Tensor factor,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dFactor) {
    String m = "logDensityBackward";
    checkFull(m, "factor", factor, mu);
    bothOrNeither(m, "dMu", dMu, "dFactor", dFactor);
    Checks.length(m, "dFactor", dFactor, factor.size());
    densityBackward(m, x, mu, null, factor, dLogProb, dX, dMu, null, dFactor);
  }

  /**
   * KL divergence of two Gaussians with full factors; with {@code M = L₂⁻¹·L₁} and {@code y =
   * L₂⁻¹·(mu₂ − mu₁)}:
   *
   * <pre>
   * kl[b] = ½ ( ‖M‖²_F + ‖y‖² − D ) + Σ_d log L₂_dd − Σ_d log L₁_dd
   * </pre>
   *
   * @param mu1 read, [B,D]
   * @param factor1 read, B·D·D elements
   * @param mu2 read, [B,D], or [1,D] shared by all data points
   * @param factor2 read, a factor for each row of {@code mu2}
   * @param kl written, B elements: KL( N(mu₁, L₁L₁ᵀ) ‖ N(mu₂, L₂L₂ᵀ) )
   */
  public final void kl(Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2, Tensor kl) {
    String m = "kl";
    checkTwo(m, mu1, factor1, mu2, factor2);
    Checks.length(m, "kl", kl, mu1.rows());
    two(m, mu1, factor1, mu2, factor2).writes("kl", kl).end();
    doKl(mu1, factor1, mu2, factor2, kl);
  }

  /**
   * Gradients of {@link #kl}; with {@code P = L₂⁻ᵀ·M} and {@code v = L₂⁻ᵀ·y}, on and below the
   * diagonal only:
   *
   * <pre>
   * dmu₁ −= dkl·v                dL₁ += dkl·( P − diag(1/L₁_ii) )
   * dmu₂ += dkl·v                dL₂ −= dkl·( P·Mᵀ + v·yᵀ − diag(1/L₂_ii) )
   * </pre>
   *
   * @param dKl read, B elements
   * @param dMu1 accumulated, [B,D]
   * @param dFactor1 accumulated, B·D·D elements
   * @param dMu2 accumulated, the shape of {@code mu2} (summed over b when shared); null together
   *     with {@code dFactor2} when the second Gaussian is not learned
   * @param dFactor2 accumulated, the size of {@code factor2}, or null
   */
  public final void klBackward(
      Tensor mu1,
      Tensor factor1,
      Tensor mu2,
      Tensor factor2,
      Tensor dKl,
      Tensor dMu1,
      Tensor dFactor1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dFactor2) {
    String m = "klBackward";
    checkTwo(m, mu1, factor1, mu2, factor2);
    Checks.length(m, "dKl", dKl, mu1.rows());
    Checks.same(m, "dMu1", dMu1, "mu1", mu1);
    Checks.length(m, "dFactor1", dFactor1, factor1.size());
    bothOrNeither(m, "dMu2", dMu2, "dFactor2", dFactor2);
    Checks.same(m, "dMu2", dMu2, "mu2", mu2);
    Checks.length(m, "dFactor2", dFactor2, factor2.size());
    two(m, mu1, factor1, mu2, factor2)
        .reads("dKl", dKl)
        .writes("dMu1", dMu1)
        .writes("dFactor1", dFactor1)
        .writes("dMu2", dMu2)
        .writes("dFactor2", dFactor2)
        .end();
    doKlBackward(mu1, factor1, mu2, factor2, dKl, dMu1, dFactor1, dMu2, dFactor2);
  }

  private void backward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    String m = "reparameterizeBackward";
    checkPacked(m, mu, logSigma, lower);
    checkRows(m, "z", z, mu);
    Checks.same(m, "dz", dz, "z", z);
    Checks.length(m, "dKl", dKl, mu.rows());
    Checks.length(m, "dLogQ", dLogQ, z.rows());
    Checks.length(m, "dLogP", dLogP, z.rows());
    Checks.same(m, "dMu", dMu, "mu", mu);
    Checks.same(m, "dLogSigma", dLogSigma, "logSigma", logSigma);
    Checks.same(m, "dLower", dLower, "lower", lower);
    Aliases.of(m)
        .reads("mu", mu)
        .reads("logSigma", logSigma)
        .reads("lower", lower)
        .reads("eps", eps)
        .reads("z", z)
        .reads("dz", dz)
        .reads("dKl", dKl)
        .reads("dLogQ", dLogQ)
        .reads("dLogP", dLogP)
        .writes("dMu", dMu)
        .writes("dLogSigma", dLogSigma)
        .writes("dLower", dLower)
        .end();
    doReparameterizeBackward(
        mu,
        logSigma,
        lower,
        eps,
        noise,
        z,
        dz,
        dKl,
        dLogQ,
        dLogP,
        stickTheLanding,
        dMu,
        dLogSigma,
        dLower);
  }

  private void density(
      String m, Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower, Tensor logProb) {
    checkRows(m, "x", x, mu);
    Checks.length(m, "logProb", logProb, x.rows());
    factored(m, x, mu, logSigma, lower).writes("logProb", logProb).end();
    doLogDensity(x, mu, logSigma, lower, logProb);
  }

  private void densityBackward(
      String m,
      Tensor x,
      Tensor mu,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower) {
    checkRows(m, "x", x, mu);
    Checks.length(m, "dLogProb", dLogProb, x.rows());
    Checks.same(m, "dX", dX, "x", x);
    Checks.same(m, "dMu", dMu, "mu", mu);
    factored(m, x, mu, logSigma, lower)
        .reads("dLogProb", dLogProb)
        .writes("dX", dX)
        .writes("dMu", dMu)
        .writes("dLogSigma", dLogSigma)
        .writes(logSigma == null ? "dFactor" : "dLower", dLower)
        .end();
    doLogDensityBackward(x, mu, logSigma, lower, dLogProb, dX, dMu, dLogSigma, dLower);
  }

  private static void checkSample(
      String m,
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    checkPacked(m, mu, logSigma, lower);
    checkRows(m, "z", z, mu);
    Checks.length(m, "kl", kl, mu.rows());
    Checks.length(m, "logQ", logQ, z.rows());
    Checks.length(m, "logP", logP, z.rows());
    Aliases.of(m)
        .reads("mu", mu)
        .reads("logSigma", logSigma)
        .reads("lower", lower)
        .reads("eps", eps)
        .writesOver("z", z, eps)
        .writes("kl", kl)
        .writes("logQ", logQ)
        .writes("logP", logP)
        .end();
  }

  private static void checkPacked(String m, Tensor mu, Tensor logSigma, Tensor lower) {
    Checks.same(m, "logSigma", logSigma, "mu", mu);
    int d = mu.columns();
    Checks.shape(m, "lower", lower, mu.rows(), d * (d - 1) / 2);
  }

  private static void checkFull(String m, String name, Tensor factor, Tensor mu) {
    Checks.length(m, name, factor, mu.size() * mu.columns());
  }

  private static void checkRows(String m, String name, Tensor x, Tensor mu) {
    Checks.columns(m, name, x, mu.columns());
    Checks.samples(m, name, x.rows(), "mu", mu.rows());
  }

  private static void checkTwo(String m, Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2) {
    if (mu2.rows() != 1) {
      Checks.same(m, "mu2", mu2, "mu1", mu1);
    } else {
      Checks.columns(m, "mu2", mu2, mu1.columns());
    }
    checkFull(m, "factor1", factor1, mu1);
    checkFull(m, "factor2", factor2, mu2);
  }

  private static void bothOrNeither(
      String m, String a, @Nullable Tensor first, String b, @Nullable Tensor second) {
    if ((first == null) != (second == null)) {
      throw Checks.fail(m, a + " and " + b + " must be given together or not at all");
    }
  }

  private static Aliases factored(
      String m, Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower) {
    return Aliases.of(m)
        .reads("x", x)
        .reads("mu", mu)
        .reads("logSigma", logSigma)
        .reads(logSigma == null ? "factor" : "lower", lower);
  }

  private static Aliases two(String m, Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2) {
    return Aliases.of(m)
        .reads("mu1", mu1)
        .reads("factor1", factor1)
        .reads("mu2", mu2)
        .reads("factor2", factor2);
  }

  /** Either {@code eps} or {@code noise} is given. */
  protected abstract void doReparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP);

  /** Either {@code eps} or {@code noise} is given. */
  protected abstract void doReparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower);

  /** Where {@code logSigma} is null {@code lower} is a full factor. */
  protected abstract void doLogDensity(
      Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower, Tensor logProb);

  /**
   * Where {@code logSigma} is null {@code lower} is a full factor and {@code dLogSigma} is null.
   */
  protected abstract void doLogDensityBackward(
      Tensor x,
      Tensor mu,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower);

  protected abstract void doKl(Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2, Tensor kl);

  protected abstract void doKlBackward(
      Tensor mu1,
      Tensor factor1,
      Tensor mu2,
      Tensor factor2,
      Tensor dKl,
      Tensor dMu1,
      Tensor dFactor1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dFactor2);
}
