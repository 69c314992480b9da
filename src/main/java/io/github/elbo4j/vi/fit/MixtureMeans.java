package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * A {@link GaussianMixture} as a model of its means alone, the assignments summed out: {@code log
 * p(x, μ) = Σ_i log Σ_j 1/K·N(x_i; μ_j, v·I) + log p(μ)}, θ = μ as [K,D]. It has a mode for each
 * order of the components; an approximation that sees one of K! modes far apart misses log K! of
 * the evidence.
 */
public final class MixtureMeans implements LogJoint {
  private final GaussianMixture model;
  private final int k;
  private final int d;

  /** The means of {@code model}. */
  public MixtureMeans(GaussianMixture model) {
    this.model = model;
    k = model.components();
    d = model.dimension();
  }

  @Override
  public int dimension() {
    return k * d;
  }

  private double logPrior(double[] means) {
    return Gaussians.logIsotropic(Gaussians.squares(means), model.priorVariance(), k * d);
  }

  @Override
  public double value(double[] means) {
    return model.logLikelihood(means) + logPrior(means);
  }

  @Override
  public double gradient(double[] means, double[] gradient) {
    double[] r = new double[k];
    double[] known = new double[k];
    double value = logPrior(means);
    for (int c = 0; c < k * d; c++) {
      gradient[c] = -means[c] / model.priorVariance();
    }
    for (int i = 0; i < model.rows(); i++) {
      value += model.assign(i, means, known, r, 0);
      for (int j = 0; j < k; j++) {
        double weight = r[j] / model.variance();
        for (int c = 0; c < d; c++) {
          gradient[j * d + c] += weight * (model.x(i, c) - means[j * d + c]);
        }
      }
    }
    return value;
  }

  /**
   * With {@code u_j = (x_i − μ_j)/v} and responsibilities r: {@code Σ_i r_j [j = l] (u_j u_jᵀ −
   * I/v) − r_j r_l u_j u_lᵀ}, minus the prior's precision.
   */
  @Override
  public void hessian(double[] means, double[] hessian) {
    int size = k * d;
    double[] r = new double[k];
    double[] known = new double[k];
    double[] u = new double[size];
    Arrays.fill(hessian, 0);
    for (int a = 0; a < size; a++) {
      hessian[a * size + a] = -1 / model.priorVariance();
    }
    for (int i = 0; i < model.rows(); i++) {
      model.assign(i, means, known, r, 0);
      for (int a = 0; a < size; a++) {
        u[a] = (model.x(i, a % d) - means[a]) / model.variance();
      }
      for (int a = 0; a < size; a++) {
        double ra = r[a / d];
        hessian[a * size + a] -= ra / model.variance();
        for (int b = 0; b < size; b++) {
          double same = a / d == b / d ? ra : 0;
          hessian[a * size + b] += (same - ra * r[b / d]) * u[a] * u[b];
        }
      }
    }
  }
}
