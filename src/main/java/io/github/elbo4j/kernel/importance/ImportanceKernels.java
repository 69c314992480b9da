package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Bounds on log p(x) from importance weights (KERNELS.md §6). B data points, K samples each: {@code
 * logW} has B·K elements, those of a data point side by side, {@code logW[b,k] = log p(x,z_k) − log
 * q(z_k|x)} in nats; its shape may be [B,K] or [B·K].
 *
 * <p>At the edges. A weight of 0 (log −∞) is a sample that found nothing; where all weights of a
 * data point are 0 its bound is −∞, and its normalised weights and ess are 0. Where an infinite
 * log-weight decides the bound (+∞ for α &lt; 1, −∞ among others for α &gt; 1) the bound is that
 * infinity, which reports it, and the normalised weights and ess of that data point are NaN. At α =
 * 1, the plain mean, they stay 1/K and K. A NaN makes every output of its data point NaN. Finite
 * log-weights of any size neither overflow nor lose the largest.
 */
public abstract class ImportanceKernels {
  /**
   * The Rényi bound (Li and Turner 2016), of which the IWAE bound (Burda et al. 2016) is α = 0.
   *
   * <pre>
   * bound[b]     = 1/(1−α)·( logsumexp_k (1−α)·logW − log K )
   * weights[b,k] = w̃ = softmax_k (1−α)·logW                     the gradient of the bound
   * ess[b]       = 1/Σ_k w̃²                                     from 1 to K
   * </pre>
   *
   * The limits are taken: α = 1 is the mean of logW (the ELBO), with weights 1/K; α = −∞ the
   * largest logW (VR-max) and α = +∞ the smallest, with their weight shared by what is equal.
   *
   * @param logW read, B·K elements, K &gt;= 1
   * @param alpha any number, ±∞ included, but not NaN
   * @param bound written, B elements
   * @param weights written, B·K elements, or null
   * @param ess written, B elements, or null
   */
  public final void bound(
      Tensor logW, float alpha, Tensor bound, @Nullable Tensor weights, @Nullable Tensor ess) {
    String m = "bound";
    checkWeights(m, logW, "bound", bound);
    checkAlpha(m, alpha);
    Checks.length(m, "weights", weights, logW.size());
    Checks.length(m, "ess", ess, bound.size());
    Aliases.of(m)
        .reads("logW", logW)
        .writes("bound", bound)
        .writes("weights", weights)
        .writes("ess", ess)
        .end();
    doBound(logW, alpha, bound, weights, ess);
  }

  /**
   * Gradient of {@link #bound}: {@code dLogW[b,k] += dBound[b]·w̃[b,k]}.
   *
   * @param weights read, B·K elements, as the forward pass left them
   * @param dBound read, B elements
   * @param dLogW accumulated, B·K elements
   */
  public final void boundBackward(Tensor weights, Tensor dBound, Tensor dLogW) {
    String m = "boundBackward";
    checkWeights(m, weights, "dBound", dBound);
    Checks.length(m, "dLogW", dLogW, weights.size());
    Aliases.of(m).reads("weights", weights).reads("dBound", dBound).writes("dLogW", dLogW).end();
    doBoundBackward(weights, dBound, dLogW);
  }

  /**
   * The doubly reparameterised gradient (Tucker et al. 2019), generalised to every α. What flows
   * back from sample k to its z arrives with the weight w̃; the score term of the posterior's
   * parameters, reparameterised once more, takes {@code ∂w̃/∂logW = (1−α)(w̃ − w̃²)} of it away, so
   * that {@code α·w̃ + (1−α)·w̃²} is left: w̃² for the IWAE bound. As the gradient that arrives has
   * w̃ in it already, a row is multiplied by
   *
   * <pre>
   * dz[r,d] += ( α + (1−α)·w̃[r] )·dPath[r,d]
   * </pre>
   *
   * This is the gradient to the posterior's parameters where log q(z|x) is differentiated through z
   * alone (its parameters held fixed); the model's own parameters keep w̃. For α = ±∞ the factor is
   * taken as 1, its limit where the extreme weight is alone.
   *
   * @param weights read, R elements: w̃ of {@link #bound}
   * @param alpha that of the bound
   * @param dPath read, R rows: the gradient that arrived at z
   * @param dz accumulated, the shape of {@code dPath}
   */
  public final void doublyReparameterizedBackward(
      Tensor weights, float alpha, Tensor dPath, Tensor dz) {
    String m = "doublyReparameterizedBackward";
    checkAlpha(m, alpha);
    // a vector has a number for each sample
    boolean column = dPath.size() == weights.size();
    if (!column && dPath.rows() != weights.size()) {
      throw Checks.fail(
          m, "dPath " + dPath.shape() + " must have " + weights.size() + " rows, one a weight");
    }
    Checks.same(m, "dz", dz, "dPath", dPath);
    Aliases.of(m).reads("weights", weights).reads("dPath", dPath).writes("dz", dz).end();
    doDoublyReparameterizedBackward(weights, alpha, dPath, dz);
  }

  /**
   * Adds the next samples of every data point to a stream, whose memory does not grow with them.
   *
   * @param stream read and written
   * @param logW read, B·k elements, k samples a data point side by side, k &gt;= 0
   */
  public final void push(BoundStream stream, Tensor logW) {
    int points = stream.points();
    if (points == 0 ? logW.size() != 0 : logW.size() % points != 0) {
      throw Checks.fail(
          "push",
          "logW %s must have a whole number of samples for each of %d data points"
              .formatted(logW.shape(), points));
    }
    if (logW.size() > 0) {
      doPush(stream, logW);
    }
  }

  /**
   * The outputs of {@link #bound} for all samples pushed so far, whatever the chunks they came in:
   * the same bits as those of one call with all of them. The stream may go on afterwards.
   *
   * @param stream read
   * @param bound written, B elements
   * @param ess written, B elements, or null
   * @throws IllegalStateException when nothing was pushed
   */
  public final void finish(BoundStream stream, Tensor bound, @Nullable Tensor ess) {
    String m = "finish";
    if (stream.count() == 0 && stream.points() > 0) {
      throw new IllegalStateException("finish: no log-weight was pushed since the last reset");
    }
    Checks.length(m, "bound", bound, stream.points());
    Checks.length(m, "ess", ess, stream.points());
    Checks.distinct(m, "ess", ess, "bound", bound);
    if (stream.points() > 0) {
      doFinish(stream, bound, ess);
    }
  }

  /**
   * Pareto-smoothed importance sampling (Vehtari et al. 2024): the shape k̂ of a generalised Pareto
   * distribution fitted to the largest {@code M = ⌈min(K/5, 3√K)⌉} weights of each data point,
   * which says how far an estimate from these weights can be trusted (k̂ &lt; 0.7: well). The fit
   * is that of Zhang and Stephens (2009) to the excesses over the next smaller weight, drawn
   * towards ½ as if by ten more observations: {@code k̂ = (M·k + 10·½)/(M + 10)}.
   *
   * <p>No estimate, k̂ = +∞: with fewer than 5 weights in the tail (K &lt; 21), with a quarter of
   * them equal to the weight below the tail (0 excess), or with an infinite weight. Of equal
   * weights the later in the row counts as the larger.
   *
   * @param logW read, B·K elements, K &gt;= 1
   * @param kHat written, B elements
   * @param smoothed written, B·K elements, or null: logW with the tail replaced, in its order, by
   *     the logarithms of the fitted distribution's quantiles at {@code (i − ½)/M}, none above the
   *     row's largest; logW itself where there is no estimate. Not normalised: {@link #bound} takes
   *     them
   */
  public final void tailIndex(Tensor logW, Tensor kHat, @Nullable Tensor smoothed) {
    String m = "tailIndex";
    checkWeights(m, logW, "kHat", kHat);
    Checks.length(m, "smoothed", smoothed, logW.size());
    Aliases.of(m).reads("logW", logW).writes("kHat", kHat).writes("smoothed", smoothed).end();
    doTailIndex(logW, kHat, smoothed);
  }

  private static void checkWeights(String m, Tensor logW, String pointsName, Tensor points) {
    int b = points.size();
    int n = logW.size();
    if (b == 0 ? n != 0 : n == 0 || n % b != 0) {
      throw Checks.fail(
          m,
          "%s has %d elements, which must be a whole multiple of the %d of %s"
              .formatted(m.equals("boundBackward") ? "weights" : "logW", n, b, pointsName));
    }
  }

  private static void checkAlpha(String m, float alpha) {
    if (Float.isNaN(alpha)) {
      throw Checks.fail(m, "alpha must be a number or infinite, not NaN");
    }
  }

  protected abstract void doBound(
      Tensor logW, float alpha, Tensor bound, @Nullable Tensor weights, @Nullable Tensor ess);

  protected abstract void doBoundBackward(Tensor weights, Tensor dBound, Tensor dLogW);

  protected abstract void doDoublyReparameterizedBackward(
      Tensor weights, float alpha, Tensor dPath, Tensor dz);

  protected abstract void doPush(BoundStream stream, Tensor logW);

  protected abstract void doFinish(BoundStream stream, Tensor bound, @Nullable Tensor ess);

  protected abstract void doTailIndex(Tensor logW, Tensor kHat, @Nullable Tensor smoothed);
}
