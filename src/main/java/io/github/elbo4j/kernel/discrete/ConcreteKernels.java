package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Gumbel-max, Concrete (Gumbel-softmax) and binary Concrete latents (KERNELS.md §7; Maddison, Mnih
 * and Teh 2017; Jang, Gu and Poole 2017). B data points, K samples each, R = B·K rows; a row has N
 * variables of C categories each, so that a tensor {@code [R,N·C]} holds variable n of row r in
 * elements {@code n·C … n·C + C − 1}. Log densities are in nats and summed over the N variables.
 * Temperatures are in [1e-30, 1e30]. An output or gradient that is null costs nothing.
 *
 * <p>Noise is drawn in the kernel: u is element {@code r·N·C + n·C + c} of the uniforms that the
 * key names ({@link io.github.elbo4j.kernel.random.RandomKernels#uniform}), {@code G = −log(−log
 * u)} a Gumbel number in [−2.82, 16.64]. The same key gives the same G in {@link #gumbelMax} and
 * {@link #sample}.
 *
 * <p>At the edges: logits are unnormalised, and of any size. A logit of −∞ is a category that never
 * occurs (logY = −∞); a density under it is NaN, and so is a gradient to tau. Logits that are NaN,
 * +∞, or all −∞ make everything of their variable NaN, and the log density of its row.
 */
public abstract class ConcreteKernels {
  /**
   * Exact samples: {@code argmax_c ( logAlpha + G )} is category c with probability {@code
   * softmax(logAlpha)_c} (Gumbel 1954). Of equal maxima the first counts.
   *
   * @param logAlpha read, [B,N·C]
   * @param categories C &gt;= 1
   * @param oneHot written, [R,N·C], or null
   * @param index written, [R,N], whole numbers 0 … C−1, or null; one of the two is wanted
   */
  public final void gumbelMax(
      Tensor logAlpha,
      int categories,
      NoiseKey noise,
      @Nullable Tensor oneHot,
      @Nullable Tensor index) {
    String m = "gumbelMax";
    int n = Variables.count(m, "logAlpha", logAlpha, categories);
    Tensor out = oneHot != null ? oneHot : index;
    if (out == null) {
      throw Checks.fail(m, "oneHot or index must be given");
    }
    Checks.samples(m, out == oneHot ? "oneHot" : "index", out.rows(), "logAlpha", logAlpha.rows());
    Checks.shape(m, "oneHot", oneHot, out.rows(), logAlpha.columns());
    Checks.shape(m, "index", index, out.rows(), n);
    Aliases.of(m).reads("logAlpha", logAlpha).writes("oneHot", oneHot).writes("index", index).end();
    doGumbelMax(logAlpha, categories, noise, oneHot, index);
  }

  /**
   * Concrete samples and their density in one pass.
   *
   * <pre>
   * logY[r,n,c]   = (logAlpha + G)/τ − logsumexp_c( (logAlpha + G)/τ )
   * y             = exp(logY)
   * oneHot        = the category of the largest y: what {@link #gumbelMax} draws with this noise
   * logQ[r]       = {@link #logDensity} of logY under logAlpha and τ
   *               = Σ_n ( log Γ(C) + (C−1) log τ − Σ_c G − C·logsumexp_c( −G ) )
   * </pre>
   *
   * @param logAlpha read, [B,N·C]
   * @param categories C &gt;= 1
   * @param tau temperature τ
   * @param logY written, [R,N·C]
   * @param y written, [R,N·C], or null
   * @param oneHot written, [R,N·C], or null
   * @param logQ written, R elements, or null
   */
  public final void sample(
      Tensor logAlpha,
      int categories,
      float tau,
      NoiseKey noise,
      Tensor logY,
      @Nullable Tensor y,
      @Nullable Tensor oneHot,
      @Nullable Tensor logQ) {
    String m = "sample";
    checkRelaxed(m, logAlpha, categories, tau, "logY", logY);
    Checks.same(m, "y", y, "logY", logY);
    Checks.same(m, "oneHot", oneHot, "logY", logY);
    Checks.length(m, "logQ", logQ, logY.rows());
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .writes("logY", logY)
        .writes("y", y)
        .writes("oneHot", oneHot)
        .writes("logQ", logQ)
        .end();
    doSample(logAlpha, categories, tau, noise, logY, y, oneHot, logQ);
  }

  /**
   * Gradients of {@link #sample}; the noise is not needed. With {@code g = dLogY + dY·y}:
   *
   * <pre>
   * dLogAlpha += Σ_k h/τ                  h = g − y·Σ_c g
   * dTau      −= Σ h·logY/τ − Σ_r dLogQ·N(C−1)/τ
   * </pre>
   *
   * logQ as a function of the noise does not depend on logAlpha. With {@code stickTheLanding}
   * (Roeder et al. 2017) the parameters inside logQ are held fixed and its gradient comes through
   * logY alone: {@code g −= dLogQ·τ·( 1 − C·softmax_c( logAlpha − τ·logY ) )}, and the term N(C−1)
   * falls away.
   *
   * <p>Straight through: the gradient that arrives at oneHot, handed in as dY, is that of the
   * relaxed sample.
   *
   * @param logY read, [R,N·C], as the forward pass left it
   * @param dLogY read, [R,N·C], or null
   * @param dY read, [R,N·C], or null
   * @param dLogQ read, R elements, or null
   * @param dLogAlpha accumulated, [B,N·C], or null
   * @param dTau accumulated, 1 element, or null
   */
  public final void sampleBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      @Nullable Tensor dLogY,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    String m = "sampleBackward";
    checkRelaxed(m, logAlpha, categories, tau, "logY", logY);
    Checks.same(m, "dLogY", dLogY, "logY", logY);
    Checks.same(m, "dY", dY, "logY", logY);
    Checks.length(m, "dLogQ", dLogQ, logY.rows());
    Checks.same(m, "dLogAlpha", dLogAlpha, "logAlpha", logAlpha);
    Checks.length(m, "dTau", dTau, 1);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logY", logY)
        .reads("dLogY", dLogY)
        .reads("dY", dY)
        .reads("dLogQ", dLogQ)
        .writes("dLogAlpha", dLogAlpha)
        .writes("dTau", dTau)
        .end();
    doSampleBackward(
        logAlpha, categories, tau, logY, dLogY, dY, dLogQ, stickTheLanding, dLogAlpha, dTau);
  }

  /**
   * The ExpConcrete log density of logY under any logits and temperature: a posterior's own, or a
   * prior's.
   *
   * <pre>
   * logDensity[r] = Σ_n ( log Γ(C) + (C−1) log τ + Σ_c d − C·logsumexp_c d ),   d = logAlpha − τ·logY
   * </pre>
   *
   * With {@code ofY} the Concrete density of y = exp(logY) on the simplex: minus Σ_n Σ_c logY.
   *
   * @param logAlpha read, [B,N·C]; one row is shared by all
   * @param logY read, [R,N·C]; exp(logY) sums to 1 over each variable, which is not checked
   * @param logDensity written, R elements
   */
  public final void logDensity(
      Tensor logAlpha, int categories, float tau, Tensor logY, boolean ofY, Tensor logDensity) {
    String m = "logDensity";
    checkRelaxed(m, logAlpha, categories, tau, "logY", logY);
    Checks.length(m, "logDensity", logDensity, logY.rows());
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logY", logY)
        .writes("logDensity", logDensity)
        .end();
    doLogDensity(logAlpha, categories, tau, logY, ofY, logDensity);
  }

  /**
   * Gradients of {@link #logDensity}. With {@code h = dLogDensity·( 1 − C·softmax_c d )}:
   *
   * <pre>
   * dLogAlpha += Σ_k h
   * dLogY     −= τ·h  (ofY: and dLogDensity)
   * dTau      += Σ_r dLogDensity·N(C−1)/τ − Σ h·logY
   * </pre>
   *
   * @param dLogDensity read, R elements
   * @param dLogAlpha accumulated, [B,N·C], or null
   * @param dLogY accumulated, [R,N·C], or null
   * @param dTau accumulated, 1 element, or null
   */
  public final void logDensityBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogY,
      @Nullable Tensor dTau) {
    String m = "logDensityBackward";
    checkRelaxed(m, logAlpha, categories, tau, "logY", logY);
    Checks.length(m, "dLogDensity", dLogDensity, logY.rows());
    Checks.same(m, "dLogAlpha", dLogAlpha, "logAlpha", logAlpha);
    Checks.same(m, "dLogY", dLogY, "logY", logY);
    Checks.length(m, "dTau", dTau, 1);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logY", logY)
        .reads("dLogDensity", dLogDensity)
        .writes("dLogAlpha", dLogAlpha)
        .writes("dLogY", dLogY)
        .writes("dTau", dTau)
        .end();
    doLogDensityBackward(logAlpha, categories, tau, logY, ofY, dLogDensity, dLogAlpha, dLogY, dTau);
  }

  /**
   * Perturbed logits given their argmax, for REBAR and RELAX (Tucker et al. 2017, Grathwohl et al.
   * 2018): z is distributed as logAlpha + G given that its largest element is category d. With
   * {@code e = −log u}, a new draw, and {@code S = logsumexp(logAlpha)}:
   *
   * <pre>
   * z[r,n,d] = S − log e_d
   * z[r,n,i] = −log( e_i·exp(−logAlpha_i) + exp(−z_d) ),  i ≠ d; always &lt; z_d
   * logY     = z/τ − logsumexp_c( z/τ )                   the relaxed sample coupled to d
   * </pre>
   *
   * @param logAlpha read, [B,N·C]
   * @param index read, [R,N]: d, whole numbers 0 … C−1
   * @param noise of the second draw; another than that which d came from
   * @param z written, [R,N·C]
   * @param logY written, [R,N·C], or null
   */
  public final void conditional(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor index,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor logY) {
    String m = "conditional";
    int n = checkRelaxed(m, logAlpha, categories, tau, "z", z);
    Checks.shape(m, "index", index, z.rows(), n);
    Checks.same(m, "logY", logY, "z", z);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("index", index)
        .writes("z", z)
        .writes("logY", logY)
        .end();
    Variables.checkIndex(m, index, categories);
    doConditional(logAlpha, categories, tau, index, noise, z, logY);
  }

  /**
   * Pathwise gradients of {@link #conditional} with d and u held fixed; neither is needed. With
   * {@code h = dLogY − y·Σ_c dLogY}, {@code g = dz + h/τ} and {@code v_c = exp(z_c − max z)}:
   *
   * <pre>
   * dLogAlpha += Σ_k ( g·(1 − v) + softmax(logAlpha)·Σ_c g·v )
   * dTau      −= Σ h·logY/τ
   * </pre>
   *
   * @param z read, [R,N·C], as the forward pass left it
   * @param logY read, [R,N·C], likewise; null when dLogY is
   * @param dz read, [R,N·C], or null
   * @param dLogY read, [R,N·C], or null
   * @param dLogAlpha accumulated, [B,N·C], or null
   * @param dTau accumulated, 1 element, or null
   */
  public final void conditionalBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor z,
      @Nullable Tensor logY,
      @Nullable Tensor dz,
      @Nullable Tensor dLogY,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    String m = "conditionalBackward";
    checkRelaxed(m, logAlpha, categories, tau, "z", z);
    Checks.same(m, "logY", logY, "z", z);
    Checks.same(m, "dz", dz, "z", z);
    Checks.same(m, "dLogY", dLogY, "z", z);
    if (dLogY != null && logY == null) {
      throw Checks.fail(m, "dLogY is given, so logY must be too");
    }
    Checks.same(m, "dLogAlpha", dLogAlpha, "logAlpha", logAlpha);
    Checks.length(m, "dTau", dTau, 1);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("z", z)
        .reads("logY", logY)
        .reads("dz", dz)
        .reads("dLogY", dLogY)
        .writes("dLogAlpha", dLogAlpha)
        .writes("dTau", dTau)
        .end();
    doConditionalBackward(logAlpha, categories, tau, z, logY, dz, dLogY, dLogAlpha, dTau);
  }

  /**
   * Binary Concrete samples and their density. {@code u} is element {@code r·N + n} of the
   * uniforms; a logit of ±∞ is a certain outcome.
   *
   * <pre>
   * logit[r,n] = ( logAlpha + log u − log(1 − u) )/τ
   * y          = sigmoid(logit),   hard = 1[logit &gt; 0]
   * logQ[r]    = {@link #binaryLogDensity} of the logit = Σ_n ( log τ + log u + log(1 − u) )
   * </pre>
   *
   * @param logAlpha read, [B,N]: log odds
   * @param logit written, [R,N]
   * @param y written, [R,N], or null
   * @param hard written, [R,N], or null
   * @param logQ written, R elements, or null
   */
  public final void binarySample(
      Tensor logAlpha,
      float tau,
      NoiseKey noise,
      Tensor logit,
      @Nullable Tensor y,
      @Nullable Tensor hard,
      @Nullable Tensor logQ) {
    String m = "binarySample";
    checkRelaxed(m, logAlpha, 1, tau, "logit", logit);
    Checks.same(m, "y", y, "logit", logit);
    Checks.same(m, "hard", hard, "logit", logit);
    Checks.length(m, "logQ", logQ, logit.rows());
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .writes("logit", logit)
        .writes("y", y)
        .writes("hard", hard)
        .writes("logQ", logQ)
        .end();
    doBinarySample(logAlpha, tau, noise, logit, y, hard, logQ);
  }

  /**
   * Gradients of {@link #binarySample}. With {@code g = dLogit + dY·y(1 − y)}:
   *
   * <pre>
   * dLogAlpha += Σ_k g/τ
   * dTau      −= Σ g·logit/τ − Σ_r dLogQ·N/τ
   * </pre>
   *
   * {@code stickTheLanding} as in {@link #sampleBackward}: {@code g −= dLogQ·τ·( 1 − 2·sigmoid(
   * logAlpha − τ·logit ) )}. Straight through: hand the gradient of hard in as dY.
   *
   * @param logit read, [R,N], as the forward pass left it
   * @param dLogit read, [R,N], or null
   * @param dY read, [R,N], or null
   * @param dLogQ read, R elements, or null
   * @param dLogAlpha accumulated, [B,N], or null
   * @param dTau accumulated, 1 element, or null
   */
  public final void binarySampleBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      @Nullable Tensor dLogit,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    String m = "binarySampleBackward";
    checkRelaxed(m, logAlpha, 1, tau, "logit", logit);
    Checks.same(m, "dLogit", dLogit, "logit", logit);
    Checks.same(m, "dY", dY, "logit", logit);
    Checks.length(m, "dLogQ", dLogQ, logit.rows());
    Checks.same(m, "dLogAlpha", dLogAlpha, "logAlpha", logAlpha);
    Checks.length(m, "dTau", dTau, 1);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logit", logit)
        .reads("dLogit", dLogit)
        .reads("dY", dY)
        .reads("dLogQ", dLogQ)
        .writes("dLogAlpha", dLogAlpha)
        .writes("dTau", dTau)
        .end();
    doBinarySampleBackward(
        logAlpha, tau, logit, dLogit, dY, dLogQ, stickTheLanding, dLogAlpha, dTau);
  }

  /**
   * The log density of the logit of a binary Concrete variable.
   *
   * <pre>
   * logDensity[r] = Σ_n ( log τ + d − 2·softplus(d) ),   d = logAlpha − τ·logit
   * </pre>
   *
   * With {@code ofY} that of y = sigmoid(logit) on (0,1): plus {@code softplus(logit) +
   * softplus(−logit)}.
   *
   * @param logAlpha read, [B,N]; one row is shared by all
   * @param logit read, [R,N]
   * @param logDensity written, R elements
   */
  public final void binaryLogDensity(
      Tensor logAlpha, float tau, Tensor logit, boolean ofY, Tensor logDensity) {
    String m = "binaryLogDensity";
    checkRelaxed(m, logAlpha, 1, tau, "logit", logit);
    Checks.length(m, "logDensity", logDensity, logit.rows());
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logit", logit)
        .writes("logDensity", logDensity)
        .end();
    doBinaryLogDensity(logAlpha, tau, logit, ofY, logDensity);
  }

  /**
   * Gradients of {@link #binaryLogDensity}. With {@code h = dLogDensity·( 1 − 2·sigmoid(d) )}:
   *
   * <pre>
   * dLogAlpha += Σ_k h
   * dLogit    −= τ·h  (ofY: plus dLogDensity·( 2·sigmoid(logit) − 1 ))
   * dTau      += Σ_r dLogDensity·N/τ − Σ h·logit
   * </pre>
   *
   * @param dLogDensity read, R elements
   * @param dLogAlpha accumulated, [B,N], or null
   * @param dLogit accumulated, [R,N], or null
   * @param dTau accumulated, 1 element, or null
   */
  public final void binaryLogDensityBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogit,
      @Nullable Tensor dTau) {
    String m = "binaryLogDensityBackward";
    checkRelaxed(m, logAlpha, 1, tau, "logit", logit);
    Checks.length(m, "dLogDensity", dLogDensity, logit.rows());
    Checks.same(m, "dLogAlpha", dLogAlpha, "logAlpha", logAlpha);
    Checks.same(m, "dLogit", dLogit, "logit", logit);
    Checks.length(m, "dTau", dTau, 1);
    Aliases.of(m)
        .reads("logAlpha", logAlpha)
        .reads("logit", logit)
        .reads("dLogDensity", dLogDensity)
        .writes("dLogAlpha", dLogAlpha)
        .writes("dLogit", dLogit)
        .writes("dTau", dTau)
        .end();
    doBinaryLogDensityBackward(logAlpha, tau, logit, ofY, dLogDensity, dLogAlpha, dLogit, dTau);
  }

  /** Logits, temperature and a relaxed sample that belong together; returns N. */
  private static int checkRelaxed(
      String m, Tensor logAlpha, int categories, float tau, String name, Tensor sample) {
    int n = Variables.count(m, "logAlpha", logAlpha, categories);
    if (!(tau >= 1e-30f && tau <= 1e30f)) { // so that 1/tau is a number
      throw Checks.fail(m, "tau " + tau + " must be in [1e-30, 1e30]");
    }
    Checks.columns(m, name, sample, logAlpha.columns());
    Checks.samples(m, name, sample.rows(), "logAlpha", logAlpha.rows());
    return n;
  }

  protected abstract void doGumbelMax(
      Tensor logAlpha,
      int categories,
      NoiseKey noise,
      @Nullable Tensor oneHot,
      @Nullable Tensor index);

  protected abstract void doSample(
      Tensor logAlpha,
      int categories,
      float tau,
      NoiseKey noise,
      Tensor logY,
      @Nullable Tensor y,
      @Nullable Tensor oneHot,
      @Nullable Tensor logQ);

  protected abstract void doSampleBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      @Nullable Tensor dLogY,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau);

  protected abstract void doLogDensity(
      Tensor logAlpha, int categories, float tau, Tensor logY, boolean ofY, Tensor logDensity);

  protected abstract void doLogDensityBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogY,
      @Nullable Tensor dTau);

  protected abstract void doConditional(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor index,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor logY);

  protected abstract void doConditionalBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor z,
      @Nullable Tensor logY,
      @Nullable Tensor dz,
      @Nullable Tensor dLogY,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau);

  protected abstract void doBinarySample(
      Tensor logAlpha,
      float tau,
      NoiseKey noise,
      Tensor logit,
      @Nullable Tensor y,
      @Nullable Tensor hard,
      @Nullable Tensor logQ);

  protected abstract void doBinarySampleBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      @Nullable Tensor dLogit,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau);

  protected abstract void doBinaryLogDensity(
      Tensor logAlpha, float tau, Tensor logit, boolean ofY, Tensor logDensity);

  protected abstract void doBinaryLogDensityBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogit,
      @Nullable Tensor dTau);
}
