package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of score-function estimators (KERNELS.md §7; Williams 1992): {@code ∇E_q[f] = E_q[ (f −
 * baseline)·∇log q ]}. The log-probabilities have backwards that are {@code ∇log q} weighted by a
 * learning signal; the rest makes learning signals of low variance. B data points, K samples each,
 * R = B·K rows with row r = b·K + k. Log-probabilities in nats. NaN in gives NaN out.
 */
public abstract class ScoreKernels {
  /**
   * Log density of points that are given, not reparameterised.
   *
   * <pre>
   * logQ[r] = −½ Σ_d ( (z − mu)²·exp(−logVar) + logVar + log 2π )
   * </pre>
   *
   * {@code exp(−logVar)} has the range of a float32: beyond it the distance is multiplied by 0 or
   * +∞.
   *
   * @param z read, [R,D]
   * @param mu read, [B,D], B a divisor of R; [1,D] is shared by all rows
   * @param logVar read, the shape of {@code mu}
   * @param logQ written, R elements
   */
  public final void gaussianLogProb(Tensor z, Tensor mu, Tensor logVar, Tensor logQ) {
    String m = "gaussianLogProb";
    checkPoints(m, "z", z, "mu", mu);
    Checks.same(m, "logVar", logVar, "mu", mu);
    Checks.length(m, "logQ", logQ, z.rows());
    Aliases.of(m).reads("z", z).reads("mu", mu).reads("logVar", logVar).writes("logQ", logQ).end();
    doGaussianLogProb(z, mu, logVar, logQ);
  }

  /**
   * Gradients of {@link #gaussianLogProb}: with a learning signal as {@code dLogQ}, the
   * score-function gradient of the parameters.
   *
   * <pre>
   * t[r,d]   = dLogQ[r]·(z − mu)·exp(−logVar)
   * dMu     += Σ_k t
   * dLogVar += Σ_k ½( t·(z − mu) − dLogQ[r] )
   * dZ      −= t
   * </pre>
   *
   * @param z read, [R,D]
   * @param mu read, [B,D]
   * @param logVar read, [B,D]
   * @param dLogQ read, R elements
   * @param dZ accumulated, [R,D], or null where z is a constant
   * @param dMu accumulated, [B,D], or null
   * @param dLogVar accumulated, [B,D]; null together with {@code dMu}
   */
  public final void gaussianLogProbBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      Tensor dLogQ,
      @Nullable Tensor dZ,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar) {
    String m = "gaussianLogProbBackward";
    checkPoints(m, "z", z, "mu", mu);
    Checks.same(m, "logVar", logVar, "mu", mu);
    Checks.length(m, "dLogQ", dLogQ, z.rows());
    Checks.same(m, "dZ", dZ, "z", z);
    Checks.same(m, "dMu", dMu, "mu", mu);
    Checks.same(m, "dLogVar", dLogVar, "mu", mu);
    if ((dMu == null) != (dLogVar == null)) {
      throw Checks.fail(m, "dMu and dLogVar must be given together or not at all");
    }
    Aliases.of(m)
        .reads("z", z)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .reads("dLogQ", dLogQ)
        .writes("dZ", dZ)
        .writes("dMu", dMu)
        .writes("dLogVar", dLogVar)
        .end();
    doGaussianLogProbBackward(z, mu, logVar, dLogQ, dZ, dMu, dLogVar);
  }

  /**
   * Log-probability of binary latents, or their expectation where x is between 0 and 1.
   *
   * <pre>
   * logQ[r] = Σ_n ( x·l − softplus(l) )
   * </pre>
   *
   * An infinite logit is a probability of 0 or 1: its own value has log-probability 0, any other
   * −∞.
   *
   * @param x read, [R,N], in [0,1] (not checked)
   * @param logits read, [B,N], B a divisor of R; [1,N] is shared by all rows
   * @param logQ written, R elements
   */
  public final void bernoulliLogProb(Tensor x, Tensor logits, Tensor logQ) {
    String m = "bernoulliLogProb";
    checkPoints(m, "x", x, "logits", logits);
    Checks.length(m, "logQ", logQ, x.rows());
    Aliases.of(m).reads("x", x).reads("logits", logits).writes("logQ", logQ).end();
    doBernoulliLogProb(x, logits, logQ);
  }

  /**
   * Gradient of {@link #bernoulliLogProb}: {@code dLogits += Σ_k dLogQ[r]·( x − sigmoid(l) )}.
   *
   * @param x read, [R,N]
   * @param logits read, [B,N]
   * @param dLogQ read, R elements
   * @param dLogits accumulated, [B,N]
   */
  public final void bernoulliLogProbBackward(
      Tensor x, Tensor logits, Tensor dLogQ, Tensor dLogits) {
    String m = "bernoulliLogProbBackward";
    checkPoints(m, "x", x, "logits", logits);
    Checks.length(m, "dLogQ", dLogQ, x.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Aliases.of(m)
        .reads("x", x)
        .reads("logits", logits)
        .reads("dLogQ", dLogQ)
        .writes("dLogits", dLogits)
        .end();
    doBernoulliLogProbBackward(x, logits, dLogQ, dLogits);
  }

  /**
   * The mean of the other samples, the baseline that needs no learning (Kool et al. 2019):
   *
   * <pre>
   * baseline[b,k] = 1/(K − 1) · Σ_{j≠k} f[b,j]
   * </pre>
   *
   * A sample that is infinite or NaN is in the baselines of the others, not in its own.
   *
   * @param f read, [B,K], K at least 2
   * @param baseline written, [B,K]
   */
  public final void leaveOneOut(Tensor f, Tensor baseline) {
    String m = "leaveOneOut";
    checkSamples(m, "f", f);
    Checks.same(m, "baseline", baseline, "f", f);
    Aliases.of(m).reads("f", f).writes("baseline", baseline).end();
    doLeaveOneOut(f, baseline);
  }

  /**
   * The learning signals of VIMCO (Mnih and Rezende 2016): how much better the bound is with sample
   * k than with the geometric mean of the others in its place.
   *
   * <pre>
   * bound[b]    = logsumexp_k logW − log K
   * other[b,k]  = logaddexp( logsumexp_{j≠k} logW[b,j], 1/(K − 1)·Σ_{j≠k} logW[b,j] ) − log K
   * signal[b,k] = bound[b] − other[b,k]
   * </pre>
   *
   * A weight of 0 (log-weight −∞) is a sample like any other. A signal of (−∞) − (−∞) counts as 0;
   * where only the other bound is −∞ it is +∞. A log-weight of +∞ or NaN makes the signals of its
   * row NaN.
   *
   * @param logW read, [B,K], K at least 2
   * @param bound written, B elements, or null
   * @param signal written, [B,K]
   */
  public final void vimco(Tensor logW, @Nullable Tensor bound, Tensor signal) {
    String m = "vimco";
    checkSamples(m, "logW", logW);
    Checks.length(m, "bound", bound, logW.rows());
    Checks.same(m, "signal", signal, "logW", logW);
    Aliases.of(m).reads("logW", logW).writes("bound", bound).writes("signal", signal).end();
    doVimco(logW, bound, signal);
  }

  /**
   * The control variate {@code h} (of mean zero, such as a component of ∇log q) scaled so that the
   * variance over a row's samples is least (Ranganath et al. 2014, eq. 9):
   *
   * <pre>
   * coefficient[b]  = Σ_k (f − f̄)(h − h̄) / Σ_k (h − h̄)²      0 where h does not vary
   * controlled[b,k] = f − coefficient[b]·h
   * </pre>
   *
   * With the coefficient of the same samples the estimate has a bias of order 1/K; take it from
   * other samples where that matters.
   *
   * @param f read, [B,K], K at least 2
   * @param h read, [B,K]
   * @param coefficient written, B elements
   * @param controlled written, [B,K], or null; may be {@code f} itself
   */
  public final void controlVariate(
      Tensor f, Tensor h, Tensor coefficient, @Nullable Tensor controlled) {
    String m = "controlVariate";
    checkSamples(m, "f", f);
    Checks.same(m, "h", h, "f", f);
    Checks.length(m, "coefficient", coefficient, f.rows());
    Checks.same(m, "controlled", controlled, "f", f);
    Aliases.of(m)
        .reads("f", f)
        .reads("h", h)
        .writes("coefficient", coefficient)
        .writesOver("controlled", controlled, f)
        .end();
    doControlVariate(f, h, coefficient, controlled);
  }

  private static void checkPoints(String m, String name, Tensor x, String ofName, Tensor of) {
    Checks.columns(m, name, x, of.columns());
    Checks.samples(m, name, x.rows(), ofName, of.rows());
  }

  private static void checkSamples(String m, String name, Tensor t) {
    if (t.columns() < 2) {
      throw Checks.fail(m, name + " " + t.shape() + " must have at least 2 samples (columns)");
    }
  }

  protected abstract void doGaussianLogProb(Tensor z, Tensor mu, Tensor logVar, Tensor logQ);

  protected abstract void doGaussianLogProbBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      Tensor dLogQ,
      @Nullable Tensor dZ,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar);

  protected abstract void doBernoulliLogProb(Tensor x, Tensor logits, Tensor logQ);

  protected abstract void doBernoulliLogProbBackward(
      Tensor x, Tensor logits, Tensor dLogQ, Tensor dLogits);

  protected abstract void doLeaveOneOut(Tensor f, Tensor baseline);

  protected abstract void doVimco(Tensor logW, @Nullable Tensor bound, Tensor signal);

  protected abstract void doControlVariate(
      Tensor f, Tensor h, Tensor coefficient, @Nullable Tensor controlled);
}
