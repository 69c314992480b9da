package io.github.elbo4j.vi.fit;

import java.util.Arrays;

/**
 * The mode of a concave sum by stochastic gradients with reduced variance (SVRG: Johnson and Zhang
 * 2013, option I): an epoch takes the full gradient at a snapshot θ̃ and then 2N steps
 *
 * <pre>
 * θ ← θ + η ( ∇ℓ_i(θ) − ∇ℓ_i(θ̃) + 1/N Σ_j ∇ℓ_j(θ̃) ),      i drawn anew
 * </pre>
 *
 * whose noise vanishes as both approach the mode: where the sum is strongly concave, the distance
 * to the maximum shrinks by a constant factor an epoch.
 */
public final class Svrg {
  private Svrg() {}

  /**
   * What came out.
   *
   * @param theta the parameters, D elements
   * @param logJoint log p(x, θ) there
   * @param epochs snapshots taken
   * @param converged whether the last epoch gained less than the tolerance
   * @param trace log p(x, θ) of each snapshot
   */
  public record Fit(double[] theta, double logJoint, int epochs, boolean converged, Trace trace) {}

  /**
   * Climbs from {@code start} until an epoch gains less than {@code tolerance} nats.
   *
   * @param learningRate η in units of 1 / {@link FiniteSum#smoothness}; the paper's choice is 0.1
   * @throws ArithmeticException the log joint falls without end: the learning rate is too high
   */
  public static Fit fit(
      FiniteSum target,
      double[] start,
      int epochs,
      double learningRate,
      double tolerance,
      Draws draws) {
    double[] theta = start.clone();
    double[] full = new double[target.dimension()];
    Trace trace = new Trace("logJoint");
    double value = target.gradient(theta, full);
    trace.add(0, value);
    for (int epoch = 1; epoch <= epochs; epoch++) {
      epoch(target, theta, full, learningRate / target.smoothness(), draws);
      double before = value;
      value = target.gradient(theta, full);
      trace.add(epoch, value);
      if (!(value >= before - 1 - Math.abs(before))) {
        throw new ArithmeticException(
            "svrg: log p(x, θ) fell from %s to %s in epoch %d: lower the learning rate"
                .formatted(before, value, epoch));
      }
      if (Math.abs(value - before) < tolerance) {
        return new Fit(theta, value, epoch, true, trace);
      }
    }
    return new Fit(theta, value, epochs, false, trace);
  }

  /** One snapshot's steps; {@code full} is the gradient of the whole sum at it. */
  private static void epoch(
      FiniteSum target, double[] theta, double[] full, double rate, Draws draws) {
    int n = target.terms();
    double[] snapshot = theta.clone();
    double[] step = new double[theta.length];
    for (int k = 0; k < 2 * n; k++) {
      int i = draws.below(n);
      Arrays.fill(step, 0);
      target.addGradient(i, theta, 1, step);
      target.addGradient(i, snapshot, -1, step);
      for (int j = 0; j < theta.length; j++) {
        theta[j] += rate * (step[j] + full[j] / n);
      }
    }
  }
}
