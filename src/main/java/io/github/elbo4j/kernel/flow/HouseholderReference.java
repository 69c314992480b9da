package io.github.elbo4j.kernel.flow;

/**
 * Householder reflections in double. Arrays are dense and row-major; {@code k} rows of z share a
 * row of {@code h} vectors of {@code d} elements.
 */
final class HouseholderReference {
  private HouseholderReference() {}

  /** Reflects z in place, by the first vector first or by the last. */
  static void reflect(double[] z, double[] v, int h, int k, int d, boolean lastFirst) {
    for (int r = 0; d > 0 && r < z.length / d; r++) {
      for (int j = 0; j < h; j++) {
        int vector = r / k * h + (lastFirst ? h - 1 - j : j);
        reflectRow(z, r * d, v, vector * d, d);
      }
    }
  }

  private static void reflectRow(double[] z, int at, double[] v, int vAt, int d) {
    double factor = tau(v, vAt, d) * FlowReference.dot(v, vAt, z, at, d);
    for (int i = 0; i < d; i++) {
      z[at + i] -= factor * v[vAt + i];
    }
  }

  /** 2/‖v‖², or 0 for a vector of zeros. */
  private static double tau(double[] v, int at, int d) {
    double square = FlowReference.square(FlowReference.dot(v, at, v, at, d));
    return square == 0 ? 0 : 2 / square;
  }

  /**
   * Turns the gradients g of what left {@link #reflect} into those of what entered it, and
   * accumulates into dv; {@code z} is what left, and becomes what entered.
   */
  static void backward(
      double[] z, double[] v, int h, int k, int d, boolean lastFirst, double[] g, double[] dv) {
    for (int r = 0; d > 0 && r < z.length / d; r++) {
      for (int j = h - 1; j >= 0; j--) {
        int vector = r / k * h + (lastFirst ? h - 1 - j : j);
        int at = vector * d;
        double tau = tau(v, at, d);
        double toZ = FlowReference.dot(v, at, z, r * d, d);
        double toG = FlowReference.dot(v, at, g, r * d, d);
        for (int i = 0; i < d; i++) {
          dv[at + i] += tau * (toZ * g[r * d + i] - toG * z[r * d + i]);
        }
        reflectRow(z, r * d, v, at, d);
        reflectRow(g, r * d, v, at, d);
      }
    }
  }
}
