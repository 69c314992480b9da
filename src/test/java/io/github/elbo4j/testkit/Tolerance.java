package io.github.elbo4j.testkit;

/**
 * How far an element of an output may be from the reference.
 *
 * @param absolute absolute part
 * @param relative part relative to the reference
 * @param terms Σ|terms| of each element of a sum, to be multiplied by {@link #SUM}·ε; empty for an
 *     elementwise result
 */
public record Tolerance(double absolute, double relative, double... terms) {
  /**
   * Roundings a term of a float32 lane sum goes through, with a margin: the terms' own error and
   * the tree's depth.
   */
  private static final double SUM = 16;

  private static final double EPSILON = 0x1p-24;

  /** KERNELS.md: elementwise results. */
  public static final Tolerance ELEMENT = new Tolerance(1e-5, 1e-5);

  /** KERNELS.md: gradients, and sums whose terms do not cancel. */
  public static final Tolerance GRADIENT = new Tolerance(1e-5, 1e-4);

  /** Integers, uniforms, copies. */
  public static final Tolerance EXACT = new Tolerance(0, 0);

  /** A sum whose terms may cancel: 16·ε·Σ|terms| of each element. */
  public static Tolerance sum(double[] terms) {
    return new Tolerance(1e-6, 0, terms);
  }

  /** The bound for element {@code i} with reference value {@code wanted}. */
  public double bound(int i, double wanted) {
    double sum = terms.length == 0 ? 0 : SUM * EPSILON * terms[i];
    return absolute + relative * Math.abs(wanted) + sum;
  }
}
