package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.SimdMath;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lane sums of many rows at once, with the bits of {@link
 * io.github.elbo4j.kernel.Lanes#sum(float[], int)}: two vectors become one, whose lanes with bit h
 * set hold sums of the second's lanes l and l XOR h, and the others the first's; after steps h = 1,
 * 2, 4 … lane r holds the sum of vector r.
 */
final class LaneFold {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private static final int STEPS = Integer.numberOfTrailingZeros(L);

  /** Lane l takes lane l XOR 2^step. */
  private static final List<VectorShuffle<Float>> SWAP =
      IntStream.range(0, STEPS)
          .mapToObj(step -> VectorShuffle.fromOp(F, l -> l ^ (1 << step)))
          .toList();

  /** The lanes with bit 2^step set. */
  private static final List<VectorMask<Float>> UPPER =
      IntStream.range(0, STEPS).mapToObj(LaneFold::upper).toList();

  private LaneFold() {}

  private static VectorMask<Float> upper(int step) {
    boolean[] lanes = new boolean[L];
    for (int l = 0; l < L; l++) {
      lanes[l] = (l >> step & 1) != 0;
    }
    return VectorMask.fromArray(F, lanes, 0);
  }

  /**
   * The sums of {@code count} vectors in {@code lanes}, a multiple of L of them, to {@code lanes[0
   * … count)}.
   */
  static void sums(float[] lanes, int count) {
    for (int step = 0; step < STEPS; step++) {
      fold(lanes, count >> (step + 1), SWAP.get(step), UPPER.get(step));
    }
  }

  private static void fold(
      float[] lanes, int pairs, VectorShuffle<Float> swap, VectorMask<Float> upper) {
    for (int i = 0; i < pairs; i++) {
      FloatVector a = FloatVector.fromArray(F, lanes, 2 * i * L);
      FloatVector b = FloatVector.fromArray(F, lanes, 2 * i * L + L);
      FloatVector kept = a.blend(b, upper);
      FloatVector moved = a.rearrange(swap).blend(b.rearrange(swap), upper);
      kept.add(moved).intoArray(lanes, i * L);
    }
  }
}
