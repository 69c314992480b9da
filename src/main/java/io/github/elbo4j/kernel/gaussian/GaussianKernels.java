package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The reparameterised diagonal Gaussian with its KL divergence, fused (KERNELS.md §1; Kingma and
 * Welling 2014, Rezende et al. 2014). B data points, K samples each, R = B·K rows with row r = b·K
 * + k, D latent dimensions; {@code σ = exp(½·logVar)}; all log densities in nats. An output that is
 * null is not wanted and costs nothing. NaN in gives NaN out.
 *
 * <p>At the edges: σ, 1/σ and exp(logVar) have the range of a float32 and are +∞ beyond it (σ from
 * logVar 177.45 on, exp(logVar) in a gradient from 88.73 on). The divergence of {@code logVar = ±∞}
 * is +∞. A gradient that is null is left out; one that is 0 is multiplied like any other, so that
 * {@code 0·∞} is NaN.
 */
public abstract class GaussianKernels {
  /**
   * Samples, divergences and log densities in one pass, with the noise given.
   *
   * <pre>
   * z[r,d]         = mu[b,d] + σ[b,d]·eps[r,d]
   * klPerDim[b,d]  = ½ ( mu² + exp(logVar) − 1 − logVar )      KL( N(mu, σ²) ‖ N(0, 1) )
   * kl[b]          = Σ_d klPerDim
   * logQ[r]        = −½ Σ_d ( eps² + log 2π + logVar )         log q(z|x)
   * logP[r]        = −½ Σ_d ( z² + log 2π )                    log N(z; 0, I)
   * </pre>
   *
   * @param mu read, [B,D]
   * @param logVar read, [B,D]
   * @param eps read, [R,D] standard normal noise, R a multiple of B
   * @param z written, [R,D]; may be {@code eps} itself
   * @param kl written, B elements, or null
   * @param klPerDim written, [B,D], or null
   * @param logQ written, R elements, or null
   * @param logP written, R elements, or null
   */
  public final void reparameterize(
      Tensor mu,
      Tensor logVar,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    String m = "reparameterize";
    checkShapes(m, mu, logVar, z, kl, klPerDim, logQ, logP, false);
    Checks.same(m, "eps", eps, "z", z);
    checkOutputs(m, mu, logVar, eps, z, kl, klPerDim, logQ, logP);
    doReparameterize(mu, logVar, eps, z, kl, klPerDim, logQ, logP);
  }

  /**
   * The same with {@code eps[r,d]} drawn inside the kernel: element r·D + d of the normals that
   * {@code noise} names ({@link io.github.elbo4j.kernel.random.RandomKernels#normal}). The noise
   * never travels through memory.
   */
  public final void reparameterize(
      Tensor mu,
      Tensor logVar,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    String m = "reparameterize";
    checkShapes(m, mu, logVar, z, kl, klPerDim, logQ, logP, false);
    checkOutputs(m, mu, logVar, null, z, kl, klPerDim, logQ, logP);
    doReparameterizeDrawn(mu, logVar, noise, z, kl, klPerDim, logQ, logP);
  }

  /**
   * Gradients of {@link #reparameterize}, given those of a scalar objective with respect to its
   * outputs. The noise is not needed: {@code σ·eps = z − mu}.
   *
   * <pre>
   * g[r,d]   = dz − dlogP·z                                    (a null gradient is left out)
   * dmu     += Σ_k g + (dkl + dklPerDim)·mu
   * dlogVar += Σ_k ( ½·g·(z − mu) − ½·dlogQ ) + (dkl + dklPerDim)·½(exp(logVar) − 1)
   * </pre>
   *
   * With {@code stickTheLanding} (Roeder et al. 2017) the parameters inside logQ are held fixed, so
   * that its only gradient is through z: {@code g −= dlogQ·(z − mu)/σ²}, and {@code −½·dlogQ} falls
   * away.
   *
   * @param mu read, [B,D]
   * @param logVar read, [B,D]
   * @param z read, [R,D], as the forward pass left it
   * @param dz read, [R,D], or null
   * @param dKl read, B elements, or null
   * @param dKlPerDim read, [B,D], or null
   * @param dLogQ read, R elements, or null
   * @param dLogP read, R elements, or null
   * @param dMu accumulated, [B,D]
   * @param dLogVar accumulated, [B,D]
   */
  public final void reparameterizeBackward(
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogVar) {
    String m = "reparameterizeBackward";
    checkShapes(m, mu, logVar, z, dKl, dKlPerDim, dLogQ, dLogP, true);
    Checks.same(m, "dz", dz, "z", z);
    Checks.same(m, "dMu", dMu, "mu", mu);
    Checks.same(m, "dLogVar", dLogVar, "mu", mu);
    Aliases.of(m)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .reads("z", z)
        .reads("dz", dz)
        .reads("dKl", dKl)
        .reads("dKlPerDim", dKlPerDim)
        .reads("dLogQ", dLogQ)
        .reads("dLogP", dLogP)
        .writes("dLogVar", dLogVar)
        .writes("dMu", dMu)
        .end();
    doReparameterizeBackward(
        mu, logVar, z, dz, dKl, dKlPerDim, dLogQ, dLogP, stickTheLanding, dMu, dLogVar);
  }

  /**
   * KL divergence to another diagonal Gaussian.
   *
   * <pre>
   * klPerDim[b,d] = ½ ( logVar_p − logVar + (exp(logVar) + (mu − mu_p)²)/exp(logVar_p) − 1 )
   * kl[b]         = Σ_d klPerDim
   * </pre>
   *
   * @param mu read, [B,D]
   * @param logVar read, [B,D]
   * @param priorMu read, [B,D], or [D] shared by all data points
   * @param priorLogVar read, the shape of {@code priorMu}
   * @param kl written, B elements, or null
   * @param klPerDim written, [B,D], or null
   */
  public final void klToPrior(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    String m = "klToPrior";
    checkPrior(m, mu, logVar, priorMu, priorLogVar);
    Checks.length(m, "kl", kl, mu.rows());
    Checks.same(m, "klPerDim", klPerDim, "mu", mu);
    posteriorAndPrior(m, mu, logVar, priorMu, priorLogVar)
        .writes("kl", kl)
        .writes("klPerDim", klPerDim)
        .end();
    doKlToPrior(mu, logVar, priorMu, priorLogVar, kl, klPerDim);
  }

  /**
   * Gradients of {@link #klToPrior}; with {@code g = dkl + dklPerDim} and {@code v =
   * exp(−logVar_p)}:
   *
   * <pre>
   * dmu         += g·(mu − mu_p)·v               dmu_p     −= the same (summed over b when shared)
   * dlogVar     += g·½( exp(logVar)·v − 1 )
   * dlogVar_p   += g·½( 1 − (exp(logVar) + (mu − mu_p)²)·v )
   * </pre>
   *
   * @param dKl read, B elements, or null
   * @param dKlPerDim read, [B,D], or null
   * @param dMu accumulated, [B,D]
   * @param dLogVar accumulated, [B,D]
   * @param dPriorMu accumulated, the shape of {@code priorMu}; null together with {@code
   *     dPriorLogVar} when the prior is not learned
   * @param dPriorLogVar accumulated, the shape of {@code priorMu}, or null
   */
  public final void klToPriorBackward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar) {
    String m = "klToPriorBackward";
    checkPrior(m, mu, logVar, priorMu, priorLogVar);
    Checks.length(m, "dKl", dKl, mu.rows());
    Checks.same(m, "dKlPerDim", dKlPerDim, "mu", mu);
    Checks.same(m, "dMu", dMu, "mu", mu);
    Checks.same(m, "dLogVar", dLogVar, "mu", mu);
    if ((dPriorMu == null) != (dPriorLogVar == null)) {
      throw Checks.fail(m, "dPriorMu and dPriorLogVar must be given together or not at all");
    }
    Checks.same(m, "dPriorMu", dPriorMu, "priorMu", priorMu);
    Checks.same(m, "dPriorLogVar", dPriorLogVar, "priorMu", priorMu);
    posteriorAndPrior(m, mu, logVar, priorMu, priorLogVar)
        .reads("dKl", dKl)
        .reads("dKlPerDim", dKlPerDim)
        .writes("dLogVar", dLogVar)
        .writes("dMu", dMu)
        .writes("dPriorLogVar", dPriorLogVar)
        .writes("dPriorMu", dPriorMu)
        .end();
    doKlToPriorBackward(
        mu, logVar, priorMu, priorLogVar, dKl, dKlPerDim, dMu, dLogVar, dPriorMu, dPriorLogVar);
  }

  /**
   * Bounds the log-variance, so that no step of the optimiser can make σ overflow or vanish: {@code
   * bounded = min(max(raw, low), high)}; NaN stays NaN.
   *
   * @param raw read, any shape
   * @param low lower bound, in nats
   * @param high upper bound, &gt; low
   * @param bounded written, the shape of {@code raw}; may be {@code raw} itself when no gradient is
   *     wanted
   */
  public final void clampLogVar(Tensor raw, float low, float high, Tensor bounded) {
    checkBounds("clampLogVar", low, high);
    Checks.same("clampLogVar", "bounded", bounded, "raw", raw);
    Checks.sameOrDistinct("clampLogVar", "bounded", bounded, "raw", raw);
    doClampLogVar(raw, low, high, bounded);
  }

  /**
   * Gradient of {@link #clampLogVar}: {@code dRaw += dBounded} where {@code low <= raw <= high},
   * else nothing, which is the exact derivative.
   *
   * @param raw read, any shape
   * @param dBounded read, the shape of {@code raw}
   * @param dRaw accumulated, the shape of {@code raw}
   */
  public final void clampLogVarBackward(
      Tensor raw, float low, float high, Tensor dBounded, Tensor dRaw) {
    String m = "clampLogVarBackward";
    checkBounds(m, low, high);
    Checks.same(m, "dBounded", dBounded, "raw", raw);
    Checks.same(m, "dRaw", dRaw, "raw", raw);
    Checks.distinct(m, "dRaw", dRaw, "raw", raw);
    Checks.distinct(m, "dRaw", dRaw, "dBounded", dBounded);
    doClampLogVarBackward(raw, low, high, dBounded, dRaw);
  }

  /** Shapes of the four optional outputs, or of their gradients. */
  private static void checkShapes(
      String m,
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP,
      boolean gradients) {
    Checks.same(m, "logVar", logVar, "mu", mu);
    Checks.columns(m, "z", z, mu.columns());
    Checks.samples(m, "z", z.rows(), "mu", mu.rows());
    Checks.length(m, gradients ? "dKl" : "kl", kl, mu.rows());
    Checks.same(m, gradients ? "dKlPerDim" : "klPerDim", klPerDim, "mu", mu);
    Checks.length(m, gradients ? "dLogQ" : "logQ", logQ, z.rows());
    Checks.length(m, gradients ? "dLogP" : "logP", logP, z.rows());
  }

  private static void checkOutputs(
      String m,
      Tensor mu,
      Tensor logVar,
      @Nullable Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    Aliases.of(m)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .reads("eps", eps)
        .writesOver("z", z, eps)
        .writes("kl", kl)
        .writes("klPerDim", klPerDim)
        .writes("logQ", logQ)
        .writes("logP", logP)
        .end();
  }

  private static void checkPrior(
      String m, Tensor mu, Tensor logVar, Tensor priorMu, Tensor priorLogVar) {
    Checks.same(m, "logVar", logVar, "mu", mu);
    if (priorMu.rows() != 1) {
      Checks.same(m, "priorMu", priorMu, "mu", mu);
    } else {
      Checks.columns(m, "priorMu", priorMu, mu.columns());
    }
    Checks.same(m, "priorLogVar", priorLogVar, "priorMu", priorMu);
  }

  private static Aliases posteriorAndPrior(
      String m, Tensor mu, Tensor logVar, Tensor priorMu, Tensor priorLogVar) {
    return Aliases.of(m)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .reads("priorMu", priorMu)
        .reads("priorLogVar", priorLogVar);
  }

  private static void checkBounds(String m, float low, float high) {
    if (!(low < high)) {
      throw Checks.fail(m, "low " + low + " must be < high " + high);
    }
  }

  protected abstract void doReparameterize(
      Tensor mu,
      Tensor logVar,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP);

  protected abstract void doReparameterizeDrawn(
      Tensor mu,
      Tensor logVar,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP);

  protected abstract void doReparameterizeBackward(
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogVar);

  protected abstract void doKlToPrior(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim);

  protected abstract void doKlToPriorBackward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar);

  protected abstract void doClampLogVar(Tensor raw, float low, float high, Tensor bounded);

  protected abstract void doClampLogVarBackward(
      Tensor raw, float low, float high, Tensor dBounded, Tensor dRaw);
}
