package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * Stein variational gradient descent (Liu and Wang 2016): P particles move together along
 *
 * <pre>
 * φ(θ_i) = 1/P Σ_j ( k(θ_j, θ_i) ∇log p(x, θ_j) + ∇_{θ_j} k(θ_j, θ_i) ),   k(θ, θ') = exp(−‖θ − θ'‖²/h)
 * </pre>
 *
 * with {@code h = median² / log(P + 1)} of their distances, taken anew each step. Distances and
 * steps are in coordinates scaled by {@code scale}. The trace holds the kernelised Stein
 * discrepancy, {@code KSD² = 1/P Σ_i (φ(θ_i)·∇log p(x, θ_i) + divergence of φ there)}, the rate at
 * which the step lowers KL(q ‖ p).
 */
public final class Svgd {
  private final Rescaled target;
  private final int n;
  private final int d;
  private final double[] particles;
  private final double[] scores;
  private final double[] kernel;
  private final double[] direction;

  private Svgd(Rescaled target, int n, Draws draws) {
    this.target = target;
    this.n = n;
    d = target.dimension();
    particles = new double[n * d];
    scores = new double[n * d];
    kernel = new double[n * n];
    direction = new double[n * d];
    draws.normals(particles);
  }

  /**
   * Moves particles that start as draws of N(centre, scale²).
   *
   * @param particles P, at least 2
   * @param learningRate of Adam, in units of {@code scale}; falls to 0 over the steps
   * @throws ArithmeticException the log joint is not finite at some particle
   */
  public static Fit fit(
      LogJoint target,
      double[] centre,
      double[] scale,
      int particles,
      int steps,
      double learningRate,
      Draws draws) {
    if (particles < 2) {
      throw new IllegalArgumentException("svgd: particles " + particles + " must be at least 2");
    }
    Rescaled scaled = new Rescaled(target, centre, scale);
    Svgd svgd = new Svgd(scaled, particles, draws);
    Trace trace = svgd.run(steps, learningRate);
    double[] theta = new double[svgd.particles.length];
    for (int i = 0; i < particles; i++) {
      scaled.toTheta(svgd.particles, i * svgd.d, theta, i * svgd.d);
    }
    return new Fit(new Particles(theta, svgd.d), trace);
  }

  /**
   * What came out.
   *
   * @param q the particles
   * @param trace the kernelised Stein discrepancy of each step
   */
  public record Fit(Particles q, Trace trace) {}

  private Trace run(int steps, double learningRate) {
    AdamAscent adam = new AdamAscent(n * d, learningRate, steps);
    Trace trace = new Trace("steinDiscrepancy");
    for (int step = 1; step <= steps; step++) {
      score(step);
      trace.add(step, Math.sqrt(Math.max(0, discrepancyAndDirection())));
      adam.step(direction);
      for (int i = 0; i < particles.length; i++) {
        particles[i] += direction[i];
      }
    }
    return trace;
  }

  private void score(int step) {
    double[] theta = new double[d];
    double[] gradient = new double[d];
    for (int i = 0; i < n; i++) {
      System.arraycopy(particles, i * d, theta, 0, d);
      double value = target.gradient(theta, gradient);
      if (!Double.isFinite(value)) {
        throw new ArithmeticException(
            "svgd: log p(x, θ) is %s at particle %d in step %d: lower the learning rate"
                .formatted(value, i, step));
      }
      System.arraycopy(gradient, 0, scores, i * d, d);
    }
  }

  /** Fills {@code direction}; returns KSD². */
  private double discrepancyAndDirection() {
    double h = bandwidth();
    Arrays.fill(direction, 0);
    double ksd = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double squared = kernel[i * n + j];
        double k = Math.exp(-squared / h);
        double mixed = 0;
        for (int c = 0; c < d; c++) {
          double apart = particles[i * d + c] - particles[j * d + c];
          double sj = scores[j * d + c];
          direction[i * d + c] += k * (sj + 2 / h * apart) / n;
          mixed += scores[i * d + c] * sj + 2 / h * apart * (scores[i * d + c] - sj);
        }
        // Liu, Lee and Jordan (2016), with tr ∇∇'k = k (2D/h − 4‖·‖²/h²)
        ksd += k * (mixed + 2 * d / h - 4 * squared / (h * h));
      }
    }
    return ksd / ((double) n * n);
  }

  /** Fills {@code kernel} with squared distances; returns h. */
  private double bandwidth() {
    double[] distances = new double[n * (n - 1) / 2];
    int count = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double sum = 0;
        for (int c = 0; c < d; c++) {
          double apart = particles[i * d + c] - particles[j * d + c];
          sum += apart * apart;
        }
        kernel[i * n + j] = sum;
        kernel[j * n + i] = sum;
        distances[count++] = sum;
      }
    }
    Arrays.sort(distances); // of the squares: the median of distances is the root of theirs
    return Math.max(distances[count / 2], Double.MIN_NORMAL) / Math.log(n + 1);
  }
}
