package io.github.elbo4j.kernel.flow;

/**
 * The inverse of a sum of a line and a hyperbolic tangent, which planar and Sylvester steps are.
 */
final class TanhRoot {
  private static final int MOST = 200;

  private TanhRoot() {}

  /**
   * The x with {@code x + (p − 1)·tanh x = y}, p &gt; 0. The left side is odd and increases, and is
   * concave or convex on x &ge; 0: Newton's method from the right end of the bracket does not leave
   * it, rounding aside, and bisection steps in where it does.
   */
  static double of(double p, double y) {
    double goal = Math.abs(y);
    if (!(goal < Double.POSITIVE_INFINITY)) {
      return y;
    }
    double c = p - 1;
    double low = c > 0 ? Math.max(goal / (1 + c), goal - c) : goal;
    double high = c > 0 ? goal : goal - c;
    double x = c > 0 ? low : high;
    for (int i = 0; i < MOST && low < high; i++) {
      double t = Math.tanh(x);
      double excess = x + c * t - goal;
      if (excess > 0) {
        high = x;
      } else {
        low = x;
      }
      double next = x - excess / (t * t + (1 - t) * (1 + t) * p);
      if (Math.abs(next - x) <= Math.ulp(x)) {
        break;
      }
      x = next >= low && next <= high ? next : 0.5 * (low + high);
    }
    return Double.isNaN(p) ? p : Math.copySign(x, y);
  }
}
