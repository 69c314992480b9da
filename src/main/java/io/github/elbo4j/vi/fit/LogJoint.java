package io.github.elbo4j.vi.fit;

/**
 * {@code log p(x, θ)} of a model with its data, over θ in all of R^D, in nats and with every
 * constant: its integral over θ is the evidence p(x), so bounds on it can be compared.
 */
public interface LogJoint {
  /** D, the number of parameters. */
  int dimension();

  /**
   * The value at {@code theta}; its gradient overwrites {@code gradient}. Where the density cannot
   * be computed the value is NaN or −∞.
   *
   * @param theta read, D elements
   * @param gradient written, D elements
   */
  double gradient(double[] theta, double[] gradient);

  /** The value at {@code theta}. */
  default double value(double[] theta) {
    return gradient(theta, new double[dimension()]);
  }

  /**
   * Second derivatives, [D,D] row-major. Unless a model knows better: central differences of the
   * gradient, of fourth order, made symmetric.
   *
   * @param theta read, D elements
   * @param hessian written, D·D elements
   */
  default void hessian(double[] theta, double[] hessian) {
    int d = dimension();
    double[] moved = theta.clone();
    double[] g = new double[d];
    double[] weights = {1, -8, 8, -1};
    int[] places = {-2, -1, 1, 2};
    double[] rows = new double[d * d];
    for (int i = 0; i < d; i++) {
      double h = 1e-3 * Math.max(1, Math.abs(theta[i]));
      for (int p = 0; p < places.length; p++) {
        moved[i] = theta[i] + places[p] * h;
        gradient(moved, g);
        for (int j = 0; j < d; j++) {
          rows[i * d + j] += weights[p] * g[j] / (12 * h);
        }
      }
      moved[i] = theta[i];
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        hessian[i * d + j] = (rows[i * d + j] + rows[j * d + i]) / 2;
      }
    }
  }
}
