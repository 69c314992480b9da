package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums over the lanes of many vectors at once. Two vectors become one that has the sums of pairs of
 * lanes of both, log L times over: lane k is then the sum of vector k. The order of the additions
 * is fixed, and a vector costs four operations instead of 2·L.
 */
final class LaneSums {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int LEVELS = Integer.numberOfTrailingZeros(L);

  /** For each level: lane i with lane i ^ 2^level, and the lanes whose index has that bit. */
  private static final List<VectorShuffle<Float>> PARTNERS = new ArrayList<>();

  private static final List<VectorMask<Float>> SECONDS = new ArrayList<>();

  static {
    for (int level = 0; level < LEVELS; level++) {
      int bit = 1 << level;
      PARTNERS.add(VectorShuffle.fromOp(F, i -> i ^ bit));
      SECONDS.add(VectorMask.fromLong(F, bits(bit)));
    }
  }

  private LaneSums() {}

  /** Floats that {@code n} vectors take, with room for whole groups. */
  static int size(int n) {
    return Math.ceilDiv(n, L) * L * L;
  }

  /**
   * {@code lanes[k]} becomes the sum of the L floats from {@code lanes[k·L]} on, for k in [0, n);
   * what lies behind is used up.
   */
  static void sum(float[] lanes, int n) {
    int vectors = Math.ceilDiv(n, L) * L;
    for (int level = 0; level < LEVELS; level++) {
      vectors >>= 1;
      pairs(lanes, vectors, PARTNERS.get(level), SECONDS.get(level));
    }
  }

  /** Some lanes hold the second vector's sums, the others the first's. */
  private static void pairs(
      float[] lanes, int vectors, VectorShuffle<Float> partner, VectorMask<Float> second) {
    for (int k = 0; k < vectors; k++) {
      FloatVector x = FloatVector.fromArray(F, lanes, 2 * k * L);
      FloatVector y = FloatVector.fromArray(F, lanes, (2 * k + 1) * L);
      FloatVector mine = x.blend(y, second);
      FloatVector other = y.blend(x, second);
      mine.add(other.rearrange(partner)).intoArray(lanes, k * L);
    }
  }

  private static long bits(int bit) {
    long mask = 0;
    for (int i = 0; i < L; i++) {
      mask |= (i & bit) == 0 ? 0 : 1L << i;
    }
    return mask;
  }
}
