package io.github.elbo4j.kernel.importance;

/**
 * The sums of a row's log-weights x seen so far, four doubles from an index on: the extreme of x
 * (the largest for β = 1 − α &gt; 0, the smallest for β &lt; 0), and relative to it {@code S = Σ
 * exp(β(x − extreme))}, {@code Q = Σ exp(2β(x − extreme))} and, where β is small, {@code U = Σ
 * expm1(β(x − extreme))}. For β = 0 there is no extreme: S is Σ x, and Q counts the −∞.
 */
final class BoundTotals {
  static final int SIZE = 4;

  private static final int EXTREME = 0;
  private static final int SUM = 1;
  private static final int SQUARES = 2;
  private static final int EXCESS = 3;

  private BoundTotals() {}

  static double extreme(double[] totals, int at) {
    return totals[at + EXTREME];
  }

  static double sum(double[] totals, int at) {
    return totals[at + SUM];
  }

  static double squares(double[] totals, int at) {
    return totals[at + SQUARES];
  }

  static double excess(double[] totals, int at) {
    return totals[at + EXCESS];
  }

  /**
   * Adds a segment of {@code n} elements to the {@code before} that were there. The factors are 1,
   * not exp(0·∞), where an extreme stays, and 0 for what found nothing.
   */
  static void add(
      double[] totals,
      int at,
      long before,
      float beta,
      double extreme,
      double sum,
      double squares,
      double excess,
      int n) {
    if (before == 0) {
      totals[at + EXTREME] = extreme;
      totals[at + SUM] = sum;
      totals[at + SQUARES] = squares;
      totals[at + EXCESS] = excess;
      return;
    }
    double old = totals[at + EXTREME];
    double top = beta > 0 ? Math.max(old, extreme) : Math.min(old, extreme);
    double oldShift = beta == 0 ? 0 : shift(beta, old, top);
    double newShift = beta == 0 ? 0 : shift(beta, extreme, top);
    double oldFactor = StrictMath.exp(oldShift);
    double newFactor = StrictMath.exp(newShift);
    totals[at + EXTREME] = top;
    totals[at + SUM] = totals[at + SUM] * oldFactor + sum * newFactor;
    totals[at + SQUARES] =
        totals[at + SQUARES] * oldFactor * oldFactor + squares * newFactor * newFactor;
    totals[at + EXCESS] =
        totals[at + EXCESS] * oldFactor
            + before * StrictMath.expm1(oldShift)
            + excess * newFactor
            + n * StrictMath.expm1(newShift);
  }

  /** β(x − top), where equal infinities are no distance. */
  static double shift(float beta, double x, double top) {
    return x == top ? 0 : beta * (x - top);
  }
}
