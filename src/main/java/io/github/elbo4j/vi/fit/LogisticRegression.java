package io.github.elbo4j.vi.fit;

import io.github.elbo4j.kernel.ReferenceMath;
import java.util.Arrays;

/**
 * Bayesian logistic regression: {@code p(y_i = 1) = sigmoid(x_i·w)}, {@code w ~ N(0,
 * priorVariance·I)} (Bishop 2006, §4.5). The log joint is strictly concave.
 */
public final class LogisticRegression implements FiniteSum {
  private final double[] x;
  private final double[] y;
  private final int n;
  private final int d;
  private final double priorVariance;

  /**
   * @param x read and kept, [N,D] row-major; a column of ones for an intercept
   * @param y read and kept, N elements, each 0 or 1
   */
  public LogisticRegression(double[] x, double[] y, double priorVariance) {
    Design.check("logistic regression", x, y);
    Design.positive("prior variance", priorVariance);
    for (int i = 0; i < y.length; i++) {
      if (y[i] != 0 && y[i] != 1) {
        throw new IllegalArgumentException(
            "logistic regression: y[" + i + "] is " + y[i] + " and must be 0 or 1");
      }
    }
    this.x = x;
    this.y = y;
    n = y.length;
    d = x.length / n;
    this.priorVariance = priorVariance;
  }

  @Override
  public int dimension() {
    return d;
  }

  @Override
  public int terms() {
    return n;
  }

  private double logit(int i, double[] w) {
    return Gaussians.dot(x, i * d, w, 0, d);
  }

  @Override
  public double gradient(double[] w, double[] gradient) {
    Arrays.fill(gradient, 0);
    double logLikelihood = 0;
    for (int i = 0; i < n; i++) {
      double logit = logit(i, w);
      logLikelihood += y[i] * logit - ReferenceMath.softplus(logit);
      Design.addRow(x, i, y[i] - ReferenceMath.sigmoid(logit), gradient);
    }
    for (int j = 0; j < d; j++) {
      gradient[j] -= w[j] / priorVariance;
    }
    return logLikelihood + Gaussians.logIsotropic(Gaussians.squares(w), priorVariance, d);
  }

  @Override
  public void addGradient(int i, double[] w, double scale, double[] gradient) {
    Design.addRow(x, i, scale * (y[i] - ReferenceMath.sigmoid(logit(i, w))), gradient);
    for (int j = 0; j < d; j++) {
      gradient[j] -= scale * w[j] / (n * priorVariance);
    }
  }

  @Override
  public double smoothness() {
    return Design.longestRow(x, d) / 4 + 1 / (n * priorVariance);
  }

  @Override
  public void hessian(double[] w, double[] hessian) {
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      double p = ReferenceMath.sigmoid(logit(i, w));
      weights[i] = p * (1 - p);
    }
    Design.negativeGram(x, weights, 1 / priorVariance, hessian);
  }
}
