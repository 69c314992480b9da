package io.github.elbo4j.kernel;

import java.util.function.DoubleUnaryOperator;

/**
 * The largest error of a float function, in units in the last place, over the arguments given to
 * it.
 */
final class UlpError {
  private static final int BLOCK = 4099;

  private final ArrayFunction function;
  private final DoubleUnaryOperator reference;
  private final float[] x = new float[BLOCK];
  private final float[] y = new float[BLOCK];
  private int n;
  private double worst;
  private float worstAt;

  UlpError(ArrayFunction function, DoubleUnaryOperator reference) {
    this.function = function;
    this.reference = reference;
  }

  void add(float argument) {
    x[n++] = argument;
    if (n == BLOCK) {
      flush();
    }
  }

  /** Every {@code stride}-th of all bit patterns. */
  UlpError addWholeRange(int stride) {
    for (long bits = 0; bits < 1L << 32; bits += stride) {
      add(Float.intBitsToFloat((int) bits));
    }
    return this;
  }

  /** The float, the {@code count} floats on both sides of it, and all of these negated. */
  void addAround(float centre, int count) {
    int bits = Float.floatToRawIntBits(centre);
    for (int i = Math.max(0, bits - count); i <= bits + count; i++) {
      add(Float.intBitsToFloat(i));
      add(-Float.intBitsToFloat(i));
    }
  }

  double worst() {
    flush();
    return worst;
  }

  String worstArgument() {
    return "at "
        + worstAt
        + " (bits "
        + Integer.toHexString(Float.floatToRawIntBits(worstAt))
        + ")";
  }

  private void flush() {
    function.whole(x, 0, y, 0, n);
    for (int i = 0; i < n; i++) {
      double error = between(y[i], reference.applyAsDouble(x[i]));
      if (!(error <= worst)) {
        worst = error;
        worstAt = x[i];
      }
    }
    n = 0;
  }

  /**
   * |got - exact| in floats' spacings at the exact value; +∞ for a wrong NaN, infinity or sign of
   * 0.
   */
  static double between(float got, double exact) {
    if (Double.isNaN(exact) || Float.isNaN(got)) {
      return Double.isNaN(exact) && Float.isNaN(got) ? 0 : Double.POSITIVE_INFINITY;
    }
    float rounded = (float) exact;
    if (Float.isInfinite(rounded)) {
      // beyond the largest float by half a spacing or more: infinity it must be
      return got == rounded ? 0 : Double.POSITIVE_INFINITY;
    }
    if (exact == 0) {
      boolean equal = Float.floatToRawIntBits(got) == Float.floatToRawIntBits(rounded);
      return equal ? 0 : Double.POSITIVE_INFINITY;
    }
    double value = Float.isInfinite(got) ? Math.copySign(0x1p128, got) : got;
    return Math.abs(value - exact) / Math.ulp(rounded);
  }
}
