package io.github.elbo4j.vi.fit;

import io.github.elbo4j.kernel.ReferenceMath;
import java.util.Arrays;

/**
 * Boosting variational inference (Guo et al. 2016; Miller, Foti and Adams 2017): a mixture of
 * diagonal Gaussians grown one at a time. The first is mean-field ADVI's. Each further one starts
 * where {@code log p(x, θ) − log q(θ)} of some draws is largest, and climbs the ELBO of {@code q_ρ
 * = (1 − ρ)·q + ρ·N(μ, diag σ²)} in μ, log σ and logit ρ by pathwise gradients, the parameters
 * inside log q_ρ held fixed. Then a line search on common draws finds ρ: the ELBO is concave in it,
 * with the derivative {@code E_new[log p − log q_ρ] − E_q[log p − log q_ρ]}; ρ = 0 adds nothing and
 * ends the fit.
 */
public final class Boosting {
  /** Draws among which a component finds its start. */
  private static final int CANDIDATES = 300;

  /** How much wider than q they are spread. */
  private static final double SPREAD = 2;

  private final Rescaled target;
  private final Advi.Settings settings;
  private final int searchSamples;
  private final Draws draws;
  private final int d;

  private Boosting(Rescaled target, Advi.Settings settings, int searchSamples, Draws draws) {
    this.target = target;
    this.settings = settings;
    this.searchSamples = searchSamples;
    this.draws = draws;
    d = target.dimension();
  }

  /**
   * What came out.
   *
   * @param q the mixture, of at most the components asked for
   * @param trace the ELBO after each component, estimated
   */
  public record Fit(MixtureDensity q, Trace trace) {}

  /**
   * Grows a mixture.
   *
   * @param centre where the first component starts, the mode say
   * @param scale rough standard deviations of the posterior: the units of the steps
   * @param components C, at least 1
   * @param settings of the fit of each component
   * @param searchSamples draws of the line search, of each side
   * @throws ArithmeticException the log joint is not finite at some draw
   */
  public static Fit fit(
      LogJoint target,
      double[] centre,
      double[] scale,
      int components,
      Advi.Settings settings,
      int searchSamples,
      Draws draws) {
    Rescaled scaled = new Rescaled(target, centre, scale);
    Boosting boosting = new Boosting(scaled, settings, searchSamples, draws);
    Trace trace = new Trace("elbo");
    MixtureDensity q = boosting.first();
    trace.add(1, q.elbo(scaled, 2 * searchSamples, draws).value());
    for (int c = 2; c <= components; c++) {
      MixtureDensity grown = boosting.grow(q, c, trace);
      if (grown == q) {
        break;
      }
      q = grown;
    }
    return new Fit(q.moved(centre, scale), trace);
  }

  private MixtureDensity first() {
    double[] ones = new double[d];
    Arrays.fill(ones, 1);
    GaussianDensity q =
        Advi.fit(target, Advi.Family.MEAN_FIELD, new double[d], ones, settings, draws).q();
    return new MixtureDensity(new double[] {1}, q.mean(), q.sd());
  }

  private MixtureDensity grow(MixtureDensity q, int component, Trace trace) {
    double[] mean = new double[d];
    double[] sd = new double[d];
    start(q, mean, sd);
    climb(q, mean, sd);
    Search search = new Search(q, mean, sd);
    double weight = search.weight();
    trace.add(component, search.elbo(weight));
    return weight == 0 ? q : q.with(weight, mean, sd);
  }

  /** The draw, of q made wider, that q misses most. */
  private void start(MixtureDensity q, double[] mean, double[] sd) {
    double[] theta = new double[d];
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < CANDIDATES; i++) {
      int c = q.component(draws.uniform());
      double[] centre = q.mean(c);
      double[] width = q.sd(c);
      for (int j = 0; j < d; j++) {
        theta[j] = centre[j] + SPREAD * width[j] * draws.normal();
      }
      double residual = target.value(theta) - q.logDensity(theta);
      if (residual > best) {
        best = residual;
        System.arraycopy(theta, 0, mean, 0, d);
        System.arraycopy(width, 0, sd, 0, d);
      }
    }
  }

  /** Ascends in the new component, and in its weight, which the line search then settles. */
  private void climb(MixtureDensity q, double[] mean, double[] sd) {
    AdamAscent adam = new AdamAscent(2 * d + 1, settings.learningRate(), settings.steps());
    double logit = 0;
    double[] ascent = new double[2 * d + 1];
    for (int step = 1; step <= settings.steps(); step++) {
      Arrays.fill(ascent, 0);
      double weight = ReferenceMath.sigmoid(logit);
      MixtureDensity grown = q.with(weight, mean, sd);
      double gain = 0; // the ELBO's derivative with respect to the weight
      for (int s = 0; s < settings.samples(); s++) {
        gain += newSample(grown, mean, sd, weight, ascent) - oldSample(q, grown);
      }
      if (!Double.isFinite(gain)) {
        throw new ArithmeticException(
            "boosting: log p(x, θ) is not finite at a draw of component %d, step %d: lower the learning rate"
                .formatted(grown.components(), step));
      }
      ascent[2 * d] = weight * (1 - weight) * gain;
      adam.step(ascent);
      for (int i = 0; i < d; i++) {
        mean[i] += sd[i] * ascent[i];
        sd[i] *= Math.exp(ascent[d + i]);
      }
      logit = Math.clamp(logit + ascent[2 * d], -6, 6);
    }
  }

  /** A draw of the new component: adds its gradients, returns log p − log q_ρ. */
  private double newSample(
      MixtureDensity grown, double[] mean, double[] sd, double weight, double[] ascent) {
    double[] eps = new double[d];
    double[] theta = new double[d];
    double[] gradient = new double[d];
    draws.normals(eps);
    for (int i = 0; i < d; i++) {
      theta[i] = mean[i] + sd[i] * eps[i];
    }
    double logP = target.gradient(theta, gradient);
    double logQ = grown.subtractGradient(theta, gradient);
    for (int i = 0; i < d; i++) {
      double h = weight * sd[i] * gradient[i];
      ascent[i] += h;
      ascent[d + i] += h * eps[i];
    }
    return logP - logQ;
  }

  private double oldSample(MixtureDensity q, MixtureDensity grown) {
    double[] theta = new double[d];
    q.sample(draws, theta);
    return target.value(theta) - grown.logDensity(theta);
  }

  /** The weight of one new component, on draws that stay the same for every weight tried. */
  private final class Search {
    private final double[][] logs; // of each draw: log p, log q, log of the new component

    Search(MixtureDensity q, double[] mean, double[] sd) {
      MixtureDensity added = new MixtureDensity(new double[] {1}, mean, sd);
      logs = new double[2 * searchSamples][];
      double[] theta = new double[d];
      for (int s = 0; s < logs.length; s++) {
        (isNew(s) ? added : q).sample(draws, theta);
        logs[s] = new double[] {target.value(theta), q.logDensity(theta), added.logDensity(theta)};
      }
    }

    private boolean isNew(int s) {
      return s >= searchSamples;
    }

    private double gap(int s, double weight) {
      double[] l = logs[s];
      return l[0] - ReferenceMath.logAddExp(Math.log1p(-weight) + l[1], Math.log(weight) + l[2]);
    }

    /** {@code (1 − ρ)·E_q + ρ·E_new} of log p − log q_ρ. */
    double elbo(double weight) {
      double sum = 0;
      for (int s = 0; s < logs.length; s++) {
        sum += (isNew(s) ? weight : 1 - weight) * gap(s, weight);
      }
      return sum / searchSamples;
    }

    private double derivative(double weight) {
      double sum = 0;
      for (int s = 0; s < logs.length; s++) {
        sum += isNew(s) ? gap(s, weight) : -gap(s, weight);
      }
      return sum;
    }

    /** Where the derivative is 0, by bisection; 0 where it falls from the start. */
    double weight() {
      double low = 0;
      double high = 1 - 1e-6;
      if (!(derivative(low) > 0)) {
        return 0;
      }
      for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (derivative(middle) > 0) {
          low = middle;
        } else {
          high = middle;
        }
      }
      return (low + high) / 2;
    }
  }
}
