package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * The mean-field approximation of a {@link GaussianMixture}'s posterior, {@code q(μ, c) = Π_j
 * N(μ_j; m_j, s_j²·I) Π_i φ_i,c_i} (seed 004, eq. 19), and the updates of its factors.
 */
public final class MixturePosterior {
  private final GaussianMixture model;
  private final double[] means;
  private final double[] spreads;

  /** m, [K,D], and s², K elements: kept. */
  MixturePosterior(GaussianMixture model, double[] means, double[] spreads) {
    this.model = model;
    this.means = means;
    this.spreads = spreads;
  }

  /** Means at the given places, each as sure as an equal share of the data would make it. */
  static MixturePosterior around(GaussianMixture model, double[] means) {
    double[] spreads = new double[model.components()];
    double share = (double) model.rows() / model.components();
    Arrays.fill(spreads, 1 / (1 / model.priorVariance() + share / model.variance()));
    return new MixturePosterior(model, means.clone(), spreads);
  }

  /** m, [K,D]: this object's own array. */
  public double[] means() {
    return means;
  }

  /** s², K elements, the variance of each coordinate of a mean: this object's own array. */
  public double[] spreads() {
    return spreads;
  }

  /** φ, [N,K], the best for these means: (23) of seed 004, normalised over the components. */
  public double[] assignments() {
    int k = model.components();
    double[] phi = new double[model.rows() * k];
    for (int i = 0; i < model.rows(); i++) {
      model.assign(i, means, spreads, phi, i * k);
    }
    return phi;
  }

  /**
   * The best means for these assignments: {@code s_j² = 1/(1/priorVariance + Σ_i φ_ij/v)} and
   * {@code m_j = s_j²·Σ_i φ_ij x_i/v}; (21) and (22) of seed 004 for v = 1.
   */
  public void updateMeans(double[] phi) {
    int k = model.components();
    int d = model.dimension();
    double[] weights = new double[k];
    Arrays.fill(means, 0);
    for (int i = 0; i < model.rows(); i++) {
      for (int j = 0; j < k; j++) {
        double share = phi[i * k + j] / model.variance();
        weights[j] += share;
        for (int c = 0; c < d; c++) {
          means[j * d + c] += share * model.x(i, c);
        }
      }
    }
    for (int j = 0; j < k; j++) {
      spreads[j] = 1 / (1 / model.priorVariance() + weights[j]);
      for (int c = 0; c < d; c++) {
        means[j * d + c] *= spreads[j];
      }
    }
  }

  /** {@code −KL(q(μ) ‖ p(μ))}. */
  private double meansTerm() {
    int d = model.dimension();
    double prior = model.priorVariance();
    double sum = 0;
    for (int j = 0; j < spreads.length; j++) {
      double ratio = spreads[j] / prior;
      double squares = Gaussians.dot(means, j * d, means, j * d, d);
      sum -= 0.5 * (squares / prior + d * (ratio - 1 - Math.log(ratio)));
    }
    return sum;
  }

  /**
   * The ELBO of these means with these assignments, every constant included: {@code E[log p(x, μ,
   * c)] − E[log q(μ)] + H(φ)}.
   *
   * @param phi [N,K], rows that sum to 1
   */
  public double elbo(double[] phi) {
    int k = model.components();
    int d = model.dimension();
    double sum = meansTerm();
    for (int i = 0; i < model.rows(); i++) {
      for (int j = 0; j < k; j++) {
        double p = phi[i * k + j];
        if (p > 0) { // 0 log 0 = 0
          double squares = model.squaredDistance(i, means, j) + d * spreads[j];
          double logLikelihood = Gaussians.logIsotropic(squares, model.variance(), d);
          sum += p * (logLikelihood - Math.log(k) - Math.log(p));
        }
      }
    }
    return sum;
  }

  /** The ELBO of these means with the best assignments for them. */
  public double elbo() {
    double[] phi = new double[model.components()];
    double sum = meansTerm();
    for (int i = 0; i < model.rows(); i++) {
      sum += model.assign(i, means, spreads, phi, 0);
    }
    return sum;
  }
}
