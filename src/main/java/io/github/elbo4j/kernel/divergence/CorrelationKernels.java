package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The aggregated posterior q(z) = E_x[ q(z|x) ] estimated from a minibatch of diagonal Gaussian
 * posteriors (KERNELS.md §8; Chen et al. 2018). Its two log densities give the total correlation
 * {@code mean_r( logQ − Σ_d logQPerDim )}, the mutual information {@code mean_r( log q(z|x) − logQ
 * )} and the dimension-wise KL. All pairs of samples and posteriors are visited, none is stored.
 * Nats. NaN in gives NaN out.
 */
public abstract class CorrelationKernels {
  /** How a minibatch stands for the data set: the weights W of its posteriors in q(z). */
  public enum Weighting {
    /** {@code W[r,j] = 1/(N·B)}: minibatch weighted sampling, a lower bound in expectation. */
    WEIGHTED,

    /**
     * Minibatch stratified sampling. With M = B − 1: {@code W[r,r] = 1/N}, {@code W[r, r + 1 mod B]
     * = (N − M)/(N·M)} and 1/M for the others. (The sources' code writes the first of these into
     * column 0.) Sample r was drawn from posterior r, so there are as many of one as of the other.
     */
    STRATIFIED
  }

  /**
   * Log densities of the samples under the aggregated posterior, and of each dimension under its
   * marginal.
   *
   * <pre>
   * l[r,j,d]        = −½ ( (z[r,d] − mu[j,d])²·exp(−logVar[j,d]) + logVar[j,d] + log 2π )
   * logQ[r]         = logsumexp_j ( log W[r,j] + Σ_d l )
   * logQPerDim[r,d] = logsumexp_j ( log W[r,j] + l )
   * </pre>
   *
   * @param z read, [R,D] samples
   * @param mu read, [B,D] posterior means, B at least 1
   * @param logVar read, [B,D]
   * @param examples N, the size of the data set, at least B
   * @param weighting stratified asks for R = B ≥ 2
   * @param logQ written, R elements
   * @param logQPerDim written, [R,D]
   */
  public final void logDensities(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim) {
    String m = "logDensities";
    check(m, z, mu, logVar, examples, weighting);
    Checks.length(m, "logQ", logQ, z.rows());
    Checks.same(m, "logQPerDim", logQPerDim, "z", z);
    Aliases.of(m)
        .reads("z", z)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .writes("logQ", logQ)
        .writes("logQPerDim", logQPerDim)
        .end();
    doLogDensities(z, mu, logVar, examples, weighting, logQ, logQPerDim);
  }

  /**
   * Gradients of {@link #logDensities}. The responsibilities are computed again from its outputs.
   *
   * <pre>
   * G[r,j,d] = dLogQ[r]·exp( log W + Σ_d l − logQ[r] ) + dLogQPerDim[r,d]·exp( log W + l − logQPerDim[r,d] )
   * dZ      −= Σ_j G·(z − mu)·exp(−logVar)
   * dMu     += Σ_r G·(z − mu)·exp(−logVar)
   * dLogVar += Σ_r G·½( (z − mu)²·exp(−logVar) − 1 )
   * </pre>
   *
   * @param z read, [R,D]
   * @param mu read, [B,D]
   * @param logVar read, [B,D]
   * @param logQ read, R elements, as the forward pass left it
   * @param logQPerDim read, [R,D], as the forward pass left it
   * @param dLogQ read, R elements, or null
   * @param dLogQPerDim read, [R,D], or null
   * @param dZ accumulated, [R,D]
   * @param dMu accumulated, [B,D]
   * @param dLogVar accumulated, [B,D]
   */
  public final void logDensitiesBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogQPerDim,
      Tensor dZ,
      Tensor dMu,
      Tensor dLogVar) {
    String m = "logDensitiesBackward";
    check(m, z, mu, logVar, examples, weighting);
    Checks.length(m, "logQ", logQ, z.rows());
    Checks.same(m, "logQPerDim", logQPerDim, "z", z);
    Checks.length(m, "dLogQ", dLogQ, z.rows());
    Checks.same(m, "dLogQPerDim", dLogQPerDim, "z", z);
    Checks.same(m, "dZ", dZ, "z", z);
    Checks.same(m, "dMu", dMu, "mu", mu);
    Checks.same(m, "dLogVar", dLogVar, "mu", mu);
    Aliases.of(m)
        .reads("z", z)
        .reads("mu", mu)
        .reads("logVar", logVar)
        .reads("logQ", logQ)
        .reads("logQPerDim", logQPerDim)
        .reads("dLogQ", dLogQ)
        .reads("dLogQPerDim", dLogQPerDim)
        .writes("dZ", dZ)
        .writes("dMu", dMu)
        .writes("dLogVar", dLogVar)
        .end();
    doLogDensitiesBackward(
        z, mu, logVar, examples, weighting, logQ, logQPerDim, dLogQ, dLogQPerDim, dZ, dMu, dLogVar);
  }

  private static void check(
      String m, Tensor z, Tensor mu, Tensor logVar, long examples, Weighting weighting) {
    if (mu.rows() == 0) {
      throw Checks.fail(m, "mu " + mu.shape() + " must have at least one row");
    }
    Checks.columns(m, "z", z, mu.columns());
    Checks.same(m, "logVar", logVar, "mu", mu);
    if (examples < mu.rows()) {
      throw Checks.fail(
          m, "examples " + examples + " must be at least the " + mu.rows() + " rows of mu");
    }
    if (weighting == Weighting.STRATIFIED && (z.rows() != mu.rows() || mu.rows() < 2)) {
      throw Checks.fail(
          m,
          "stratified weighting needs z %s to have the rows of mu %s, at least 2"
              .formatted(z.shape(), mu.shape()));
    }
  }

  /** log W of all posteriors but the two that {@link Weighting#STRATIFIED} names. */
  static double logWeight(int points, long examples, Weighting weighting) {
    return weighting == Weighting.WEIGHTED
        ? -Math.log((double) examples * points)
        : -Math.log(points - 1);
  }

  /** log W of a sample's own posterior under stratified weighting. */
  static double logWeightOfOwn(long examples) {
    return -Math.log((double) examples);
  }

  /** log W of the posterior behind a sample's own. */
  static double logWeightOfNext(int points, long examples) {
    double m = points - 1;
    return Math.log((examples - m) / (examples * m));
  }

  protected abstract void doLogDensities(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim);

  protected abstract void doLogDensitiesBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogQPerDim,
      Tensor dZ,
      Tensor dMu,
      Tensor dLogVar);
}
