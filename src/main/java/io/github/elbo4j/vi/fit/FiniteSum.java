package io.github.elbo4j.vi.fit;

/**
 * A log joint that is a concave sum over data points, {@code log p(x, θ) = Σ_i ℓ_i(θ)}, each term
 * with its share of the prior: what stochastic gradients with reduced variance need.
 */
public interface FiniteSum extends LogJoint {
  /** N, the number of terms. */
  int terms();

  /**
   * {@code gradient += scale·∇ℓ_i(θ)}.
   *
   * @param i the term, 0 … N−1
   * @param theta read, D elements
   * @param gradient accumulated, D elements
   */
  void addGradient(int i, double[] theta, double scale, double[] gradient);

  /** An upper bound on the curvature of any one term: the gradient of −ℓ_i is Lipschitz with it. */
  double smoothness();
}
