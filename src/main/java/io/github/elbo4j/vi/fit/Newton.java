package io.github.elbo4j.vi.fit;

/**
 * The mode of a log joint by Newton's method with a backtracking line search (Nocedal and Wright,
 * "Numerical optimization", 2006, Alg. 3.2): where the negative Hessian is not positive definite, a
 * multiple of the identity is added until it is. Steps, and when to stop, do not depend on the
 * units of θ.
 */
public final class Newton {
  private static final double SUFFICIENT = 1e-4;
  private static final int HALVINGS = 50;

  private Newton() {}

  /**
   * Where a climb ended.
   *
   * @param theta the parameters, D elements
   * @param logJoint log p(x, θ) there
   * @param precision the negative Hessian there, [D,D]
   * @param iterations steps taken
   * @param converged whether another step would have gained less than the tolerance
   * @param trace log p(x, θ) from the start on
   */
  public record Mode(
      double[] theta,
      double logJoint,
      double[] precision,
      int iterations,
      boolean converged,
      Trace trace) {}

  /**
   * Climbs from {@code start} until a Newton step promises less than {@code tolerance} nats.
   *
   * @throws ArithmeticException the log joint is not finite at the start
   */
  public static Mode climb(LogJoint target, double[] start, int iterations, double tolerance) {
    int d = target.dimension();
    double[] theta = start.clone();
    double[] gradient = new double[d];
    double[] precision = new double[d * d];
    Trace trace = new Trace("logJoint");
    double value = target.gradient(theta, gradient);
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(
          "log p(x, θ) is " + value + " where the climb to its mode starts");
    }
    trace.add(0, value);
    for (int iteration = 0; ; iteration++) {
      target.hessian(theta, precision);
      for (int i = 0; i < d * d; i++) {
        precision[i] = -precision[i];
      }
      double[] step = gradient.clone();
      damped(precision, d).solve(step);
      double slope = Gaussians.dot(gradient, 0, step, 0, d);
      boolean converged = slope / 2 <= tolerance;
      double length =
          converged || iteration == iterations ? 0 : search(target, theta, value, step, slope);
      if (length == 0) { // also where rounding hides any further gain
        boolean rounding = slope / 2 <= 1e-12 * Math.abs(value);
        return new Mode(theta, value, precision, iteration, converged || rounding, trace);
      }
      for (int i = 0; i < d; i++) {
        theta[i] += length * step[i];
      }
      value = target.gradient(theta, gradient);
      trace.add(iteration + 1, value);
    }
  }

  private static Cholesky damped(double[] precision, int d) {
    Cholesky factor = Cholesky.of(precision, d);
    double largest = 0;
    for (int i = 0; i < d; i++) {
      largest = Math.max(largest, Math.abs(precision[i * d + i]));
    }
    for (double shift = 2e-3 * Math.max(largest, 1e-8); factor == null; shift *= 10) {
      if (!Double.isFinite(shift)) {
        throw new ArithmeticException("the Hessian of log p(x, θ) is not finite");
      }
      double[] shifted = precision.clone();
      for (int i = 0; i < d; i++) {
        shifted[i * d + i] += shift;
      }
      factor = Cholesky.of(shifted, d);
    }
    return factor;
  }

  /** The first of 1, ½, ¼ … that gains enough; 0 when none does. */
  private static double search(
      LogJoint target, double[] theta, double value, double[] step, double slope) {
    double[] trial = new double[theta.length];
    double length = 1;
    for (int halving = 0; halving < HALVINGS; halving++) {
      for (int i = 0; i < theta.length; i++) {
        trial[i] = theta[i] + length * step[i];
      }
      if (target.value(trial) >= value + SUFFICIENT * length * slope) { // false for NaN
        return length;
      }
      length /= 2;
    }
    return 0;
  }
}
