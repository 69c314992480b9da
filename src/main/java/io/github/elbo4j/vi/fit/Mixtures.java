package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * Inference made for the {@link GaussianMixture}: coordinate ascent and stochastic variational
 * inference of its mean-field posterior, and EM for the means that are most likely.
 */
public final class Mixtures {
  private Mixtures() {}

  /**
   * A fitted posterior.
   *
   * @param q the means' distribution
   * @param elbo its ELBO, with the best assignments
   * @param iterations made
   * @param converged whether the last one changed the ELBO by less than the tolerance, relatively
   * @param trace the ELBO
   */
  public record Fit(
      MixturePosterior q, double elbo, int iterations, boolean converged, Trace trace) {}

  /**
   * Coordinate ascent (CAVI; Blei et al. 2017, Alg. 2): assignments, then means and their
   * variances, each the best for the others, so that the ELBO never decreases.
   *
   * @param start m, [K,D]
   */
  public static Fit cavi(GaussianMixture model, double[] start, int iterations, double tolerance) {
    MixturePosterior q = MixturePosterior.around(model, start);
    Trace trace = new Trace("elbo");
    double[] phi = q.assignments();
    double elbo = q.elbo(phi);
    trace.add(0, elbo);
    for (int iteration = 1; iteration <= iterations; iteration++) {
      q.updateMeans(phi);
      phi = q.assignments();
      double before = elbo;
      elbo = q.elbo(phi);
      trace.add(iteration, elbo);
      if (Math.abs(elbo - before) <= tolerance * Math.abs(elbo)) {
        return new Fit(q, elbo, iteration, true, trace);
      }
    }
    return new Fit(q, elbo, iterations, false, trace);
  }

  /**
   * How stochastic variational inference walks: step t has the rate {@code learningRate·(t +
   * delay)^−forgetting}, at most 1. Robbins and Monro's conditions hold for a forgetting in (½, 1].
   *
   * @param steps minibatches
   * @param batch data points in each
   */
  public record Walk(int steps, int batch, double learningRate, double delay, double forgetting) {}

  /**
   * Stochastic variational inference (Hoffman et al. 2013, Fig. 4): from a minibatch, drawn with
   * replacement, the means' natural parameters {@code (m/s², 1/s²)} are computed as if it were
   * repeated N/batch times; a step of the given rate towards them is a step along the natural
   * gradient. The trace has the ELBO on all data about every N/batch steps.
   */
  public static Fit stochastic(GaussianMixture model, double[] start, Walk walk, Draws draws) {
    int k = model.components();
    int d = model.dimension();
    MixturePosterior q = MixturePosterior.around(model, start);
    double[] phi = new double[k];
    double[] target = new double[k * d];
    double[] precision = new double[k];
    int period = Math.max(1, model.rows() / walk.batch());
    Trace trace = new Trace("elbo");
    trace.add(0, q.elbo());
    for (int step = 1; step <= walk.steps(); step++) {
      Arrays.fill(target, 0);
      Arrays.fill(precision, 1 / model.priorVariance());
      double scale = model.rows() / (walk.batch() * model.variance());
      for (int b = 0; b < walk.batch(); b++) {
        int i = draws.below(model.rows());
        model.assign(i, q.means(), q.spreads(), phi, 0);
        for (int j = 0; j < k; j++) {
          precision[j] += scale * phi[j];
          for (int c = 0; c < d; c++) {
            target[j * d + c] += scale * phi[j] * model.x(i, c);
          }
        }
      }
      blend(
          q,
          target,
          precision,
          Math.min(1, walk.learningRate() * Math.pow(step + walk.delay(), -walk.forgetting())));
      if (step % period == 0 || step == walk.steps()) {
        trace.add(step, q.elbo());
      }
    }
    return new Fit(q, trace.last(), walk.steps(), true, trace);
  }

  /** {@code λ ← (1 − rate)·λ + rate·λ̂} for the natural parameters m/s² and 1/s². */
  private static void blend(MixturePosterior q, double[] target, double[] precision, double rate) {
    int d = target.length / precision.length;
    for (int j = 0; j < precision.length; j++) {
      double before = 1 / q.spreads()[j];
      double after = (1 - rate) * before + rate * precision[j];
      for (int c = j * d; c < (j + 1) * d; c++) {
        q.means()[c] = ((1 - rate) * before * q.means()[c] + rate * target[c]) / after;
      }
      q.spreads()[j] = 1 / after;
    }
  }

  /**
   * The most likely means.
   *
   * @param means [K,D]
   * @param logLikelihood log p(x | means)
   * @param iterations made
   * @param converged whether the last one changed the log-likelihood by less than the tolerance,
   *     relatively
   * @param trace the log-likelihood
   */
  public record Point(
      double[] means, double logLikelihood, int iterations, boolean converged, Trace trace) {}

  /**
   * EM (Dempster, Laird and Rubin 1977): responsibilities, then {@code μ_j = Σ_i r_ij x_i / Σ_i
   * r_ij}; the likelihood never decreases. The prior plays no part. A component that explains no
   * data point at all stays where it is.
   *
   * @param start [K,D]
   */
  public static Point em(GaussianMixture model, double[] start, int iterations, double tolerance) {
    double[] means = start.clone();
    Trace trace = new Trace("logLikelihood");
    double value = emStep(model, start, means);
    trace.add(0, value);
    for (int iteration = 1; iteration <= iterations; iteration++) {
      double before = value;
      double[] current = means.clone();
      value = emStep(model, current, means);
      trace.add(iteration, value);
      if (Math.abs(value - before) <= tolerance * Math.abs(value)) {
        return new Point(current, value, iteration, true, trace);
      }
    }
    return new Point(means, model.logLikelihood(means), iterations, false, trace);
  }

  /** Writes the next means; returns the log-likelihood of the current ones. */
  private static double emStep(GaussianMixture model, double[] current, double[] next) {
    int k = model.components();
    int d = model.dimension();
    double[] known = new double[k];
    double[] shares = new double[k];
    double[] sums = new double[k * d];
    double[] r = new double[k];
    double logLikelihood = 0;
    for (int i = 0; i < model.rows(); i++) {
      logLikelihood += model.assign(i, current, known, r, 0);
      for (int j = 0; j < k; j++) {
        shares[j] += r[j];
        for (int c = 0; c < d; c++) {
          sums[j * d + c] += r[j] * model.x(i, c);
        }
      }
    }
    for (int c = 0; c < k * d; c++) {
      next[c] = shares[c / d] > 0 ? sums[c] / shares[c / d] : current[c];
    }
    return logLikelihood;
  }
}
