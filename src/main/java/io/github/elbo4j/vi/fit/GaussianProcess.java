package io.github.elbo4j.vi.fit;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gaussian process regression: {@code y ~ N(0, K)} with a squared exponential kernel of one length
 * scale a feature (automatic relevance determination) and noise (Rasmussen and Williams, "Gaussian
 * processes for machine learning", 2006, ch. 5),
 *
 * <pre>
 * K_ij = σ_f² exp(−½ Σ_c (x_ic − x_jc)²/ℓ_c²) + σ_n² [i = j]
 * </pre>
 *
 * as a model of its hyper-parameters θ = (log σ_f, log ℓ_1 … log ℓ_C, log σ_n), each N(0,
 * priorVariance) a priori: the function is integrated out, {@code log p(y, θ) = log N(y; 0, K) +
 * log p(θ)}. A value costs about N³/3 operations, a gradient N³.
 */
public final class GaussianProcess implements LogJoint {
  /** Added to the diagonal, in units of σ_f²: keeps a smooth kernel's matrix positive definite. */
  private static final double JITTER = 1e-10;

  private final double[] x;
  private final double[] y;
  private final int n;
  private final int columns;
  private final double priorVariance;

  /**
   * @param x read and kept, [N,C] row-major
   * @param y read and kept, N elements, of mean about 0
   */
  public GaussianProcess(double[] x, double[] y, double priorVariance) {
    Design.check("gaussian process", x, y);
    Design.positive("prior variance", priorVariance);
    this.x = x;
    this.y = y;
    n = y.length;
    columns = x.length / n;
    this.priorVariance = priorVariance;
  }

  @Override
  public int dimension() {
    return columns + 2;
  }

  /** w_c = 1/ℓ_c². */
  private double[] weights(double[] theta) {
    double[] weights = new double[columns];
    for (int c = 0; c < columns; c++) {
      weights[c] = Math.exp(-2 * theta[1 + c]);
    }
    return weights;
  }

  /** {@code σ_f² exp(−½ Σ_c w_c (x_ic − b_jc)²)}. */
  private double kernel(double logAmplitude, double[] weights, int i, double[] b, int j) {
    double exponent = 2 * logAmplitude;
    for (int c = 0; c < columns; c++) {
      double apart = x[i * columns + c] - b[j * columns + c];
      exponent -= 0.5 * weights[c] * apart * apart;
    }
    return Math.exp(exponent);
  }

  /** The kernel without noise, [N,N]. */
  private double[] signal(double[] theta) {
    double[] k = new double[n * n];
    double[] weights = weights(theta);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        k[i * n + j] = kernel(theta[0], weights, i, x, j);
        k[j * n + i] = k[i * n + j];
      }
    }
    return k;
  }

  private @Nullable Cholesky factor(double[] theta, double[] signal) {
    double[] k = signal.clone();
    double diagonal = Math.exp(2 * theta[columns + 1]) + JITTER * Math.exp(2 * theta[0]);
    for (int i = 0; i < n; i++) {
      k[i * n + i] += diagonal;
    }
    return Cholesky.of(k, n);
  }

  private double logJoint(double[] theta, Cholesky factor, double[] alpha) {
    double fit = Gaussians.dot(y, 0, alpha, 0, n);
    return -0.5 * (fit + factor.logDet() + n * Gaussians.LOG_2_PI)
        + Gaussians.logIsotropic(Gaussians.squares(theta), priorVariance, theta.length);
  }

  /** K⁻¹·y. */
  private double[] alpha(Cholesky factor) {
    double[] alpha = y.clone();
    factor.solve(alpha);
    return alpha;
  }

  /** {@code log p(y | θ)}: the evidence of these hyper-parameters; −∞ where K is singular. */
  public double logEvidence(double[] theta) {
    return value(theta)
        - Gaussians.logIsotropic(Gaussians.squares(theta), priorVariance, theta.length);
  }

  @Override
  public double value(double[] theta) {
    Cholesky factor = factor(theta, signal(theta));
    return factor == null ? Double.NEGATIVE_INFINITY : logJoint(theta, factor, alpha(factor));
  }

  /**
   * {@code ∂/∂θ = ½ Σ_ij (α_i α_j − K⁻¹_ij) ∂K_ij/∂θ − θ/priorVariance}, α = K⁻¹y (ibid., eq. 5.9).
   */
  @Override
  public double gradient(double[] theta, double[] gradient) {
    double[] signal = signal(theta);
    Cholesky factor = factor(theta, signal);
    Arrays.fill(gradient, 0);
    if (factor == null) {
      return Double.NEGATIVE_INFINITY;
    }
    double[] alpha = alpha(factor);
    double[] inverse = factor.inverse();
    for (int i = 0; i < n; i++) {
      double own = alpha[i] * alpha[i] - inverse[i * n + i];
      gradient[0] += own * (1 + JITTER) * signal[i * n + i];
      gradient[columns + 1] += own * Math.exp(2 * theta[columns + 1]);
      for (int j = 0; j < i; j++) { // twice: the matrices are symmetric
        double weighted = (alpha[i] * alpha[j] - inverse[i * n + j]) * signal[i * n + j];
        gradient[0] += 2 * weighted;
        for (int c = 0; c < columns; c++) {
          double apart = x[i * columns + c] - x[j * columns + c];
          gradient[1 + c] += weighted * apart * apart;
        }
      }
    }
    double[] weights = weights(theta);
    for (int c = 0; c < columns; c++) {
      gradient[1 + c] *= weights[c];
    }
    for (int i = 0; i < theta.length; i++) {
      gradient[i] -= theta[i] / priorVariance;
    }
    return logJoint(theta, factor, alpha);
  }

  /**
   * The function at new points, given the data and hyper-parameters.
   *
   * @param mean M elements
   * @param variance M elements, of the function; an observation's is greater by σ_n²
   */
  public record Prediction(double[] mean, double[] variance) {}

  /**
   * Predicts the function (ibid., eq. 2.25 and 2.26): {@code k*ᵀK⁻¹y} and {@code k** − k*ᵀK⁻¹k*}.
   *
   * @param at [M,C] row-major
   * @throws ArithmeticException K is singular
   */
  public Prediction predict(double[] theta, double[] at) {
    Cholesky factor = factor(theta, signal(theta));
    if (factor == null) {
      throw new ArithmeticException("gaussian process: its matrix K is singular");
    }
    double[] alpha = alpha(factor);
    double[] weights = weights(theta);
    int m = at.length / columns;
    double[] mean = new double[m];
    double[] variance = new double[m];
    for (int j = 0; j < m; j++) {
      double[] k = new double[n];
      for (int i = 0; i < n; i++) {
        k[i] = kernel(theta[0], weights, i, at, j);
      }
      mean[j] = Gaussians.dot(k, 0, alpha, 0, n);
      factor.solveLower(k);
      variance[j] = Math.max(0, Math.exp(2 * theta[0]) - Gaussians.squares(k));
    }
    return new Prediction(mean, variance);
  }
}
