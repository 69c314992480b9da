package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * Black-box variational inference with a Gaussian, mean-field or full-rank (ADVI: Kucukelbir et al.
 * 2017), by pathwise gradients of the ELBO {@code E_q[log p(x, θ) − log q(θ)]}, {@code θ = μ +
 * L·ε}.
 *
 * <p>Steps are taken in the coordinates of q itself, {@code μ ← μ + L·a} and {@code L ← L·(I + B)},
 * so that neither the units of θ nor its correlations matter; there the gradients are
 *
 * <pre>
 * h = Lᵀ ∇log p(x, θ) + ε,      ∂/∂a = E[h],      ∂/∂B = tril E[h εᵀ]      (B diagonal for mean-field)
 * </pre>
 *
 * whose ε is −Lᵀ∇log q: the parameters inside log q are held fixed (sticking the landing, Roeder et
 * al. 2017). That leaves the gradient unbiased, and without noise where q is the exact posterior.
 */
public final class Advi {
  /** The family that q is sought in. */
  public enum Family {
    /** Independent dimensions. */
    MEAN_FIELD,
    /** A full covariance. */
    FULL_RANK
  }

  /**
   * How long and how fast.
   *
   * @param steps gradient steps
   * @param samples draws a step, in antithetic pairs
   * @param learningRate of Adam, in standard deviations of q; falls to 0 over the steps
   */
  public record Settings(int steps, int samples, double learningRate) {}

  /**
   * What came out.
   *
   * @param q the approximation
   * @param trace the ELBO of each step, estimated from its draws
   */
  public record Fit(GaussianDensity q, Trace trace) {}

  private final LogJoint target;
  private final Family family;
  private final int d;
  private final double[] mean;
  private final double[] factor;

  /** ∂/∂a, then ∂/∂B, [D,D]. */
  private final double[] ascent;

  private final double[] eps;
  private final double[] theta;
  private final double[] gradient;

  private Advi(LogJoint target, Family family, double[] start, double[] startSd) {
    this.target = target;
    this.family = family;
    d = target.dimension();
    mean = start.clone();
    factor = GaussianDensity.diagonal(start, startSd).factor();
    ascent = new double[d + d * d];
    eps = new double[d];
    theta = new double[d];
    gradient = new double[d];
  }

  /**
   * Fits q, starting from independent dimensions.
   *
   * @param start where the mean starts, D elements
   * @param startSd the standard deviations to start with, D elements
   * @throws ArithmeticException the log joint is not finite at some draw
   */
  public static Fit fit(
      LogJoint target,
      Family family,
      double[] start,
      double[] startSd,
      Settings settings,
      Draws draws) {
    return new Advi(target, family, start, startSd).run(settings, draws);
  }

  private Fit run(Settings settings, Draws draws) {
    GaussianDensity q = new GaussianDensity(mean, factor); // a view: it moves with the steps
    AdamAscent adam = new AdamAscent(ascent.length, settings.learningRate(), settings.steps());
    Trace trace = new Trace("elbo");
    for (int step = 1; step <= settings.steps(); step++) {
      Arrays.fill(ascent, 0);
      double elbo = 0;
      for (int s = 0; s < settings.samples(); s++) {
        draw(draws, s);
        elbo += sample(q, 1. / settings.samples());
      }
      if (!Double.isFinite(elbo)) {
        throw new ArithmeticException(
            "advi: the ELBO is %s at step %d: start closer to the mode or lower the learning rate"
                .formatted(elbo, step));
      }
      trace.add(step, elbo);
      adam.step(ascent);
      move();
    }
    return new Fit(q, trace);
  }

  /** Noise in antithetic pairs ε, −ε: what is odd in ε, most of the mean's noise, cancels. */
  private void draw(Draws draws, int s) {
    if (s % 2 == 0) {
      draws.normals(eps);
    } else {
      for (int i = 0; i < d; i++) {
        eps[i] = -eps[i];
      }
    }
  }

  /** Adds the gradients of one draw, and returns its share of the ELBO. */
  private double sample(GaussianDensity q, double weight) {
    q.at(eps, theta);
    double logJoint = target.gradient(theta, gradient);
    for (int j = 0; j < d; j++) {
      double h = eps[j];
      for (int i = j; i < d; i++) {
        h += factor[i * d + j] * gradient[i];
      }
      ascent[j] += weight * h;
      for (int k = family == Family.FULL_RANK ? 0 : j; k <= j; k++) {
        ascent[d + j * d + k] += weight * h * eps[k];
      }
    }
    double logQ = -0.5 * (Gaussians.squares(eps) + d * Gaussians.LOG_2_PI) - q.logDetFactor();
    return weight * (logJoint - logQ);
  }

  /**
   * {@code μ += L·a}, then {@code L ← L·M} with M's diagonal exp(B_jj), so that L's stays positive.
   */
  private void move() {
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        mean[i] += factor[i * d + j] * ascent[j];
      }
    }
    for (int i = 0; i < d; i++) {
      for (int k = 0; k <= i; k++) { // reads columns k … i of row i, of which k is written last
        double sum = factor[i * d + k] * Math.exp(ascent[d + k * d + k]);
        for (int j = k + 1; j <= i; j++) {
          sum += factor[i * d + j] * ascent[d + j * d + k];
        }
        factor[i * d + k] = sum;
      }
    }
  }
}
