package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A sum of logarithms as the logarithm of a product, one a lane: the significands, each in [1, 2),
 * are multiplied, at most 112 of them, and the exponents are added as integers. So the product
 * neither overflows nor underflows.
 */
final class LogProduct {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int ONE = Float.floatToRawIntBits(1f);
  private static final int FRACTION = 0x7fffff;
  private static final int BIAS = 127;
  private static final double LN2 = Math.log(2);

  private LogProduct() {}

  /**
   * Σ log w[from + i] over i &lt; n, for positive normal w. An infinite one counts as 2^128, and a
   * NaN gives any number.
   *
   * @param lanes scratch, two vectors long
   */
  static double sum(float[] w, int from, int n, float[] lanes) {
    double total = 0;
    for (int i = 0; i < n; i += Lanes.CHUNK) {
      int count = Math.min(Lanes.CHUNK, n - i);
      products(w, from + i, count, lanes);
      SimdMath.log(lanes, 0, lanes, 0, L);
      total += Lanes.sum(lanes, 0) + LN2 * ((double) Lanes.sum(lanes, L) - (double) BIAS * count);
    }
    return total;
  }

  /** The products of the significands to lanes[0 …), the sums of the biased exponents behind. */
  private static void products(float[] w, int from, int n, float[] lanes) {
    int full = F.loopBound(n);
    FloatVector product = FloatVector.broadcast(F, 1f);
    IntVector exponents = IntVector.zero(SimdMath.I);
    for (int i = 0; i < full; i += L) {
      IntVector bits = FloatVector.fromArray(F, w, from + i).reinterpretAsInts();
      exponents = exponents.add(bits.lanewise(LSHR, 23));
      product = product.mul(bits.and(FRACTION).or(ONE).reinterpretAsFloats());
    }
    product.intoArray(lanes, 0);
    ((FloatVector) exponents.convert(I2F, 0)).intoArray(lanes, L);
    for (int i = full; i < n; i++) {
      int bits = Float.floatToRawIntBits(w[from + i]);
      lanes[i - full] *= Float.intBitsToFloat((bits & FRACTION) | ONE);
      lanes[L + i - full] += bits >>> 23;
    }
  }
}
