package io.github.elbo4j.kernel.likelihood;

import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax over few levels: groups of {@code c} logits are turned into tiles of L groups, level by
 * level, so that lanes run across groups and none is wasted.
 */
final class LevelTiles {
  /** Up to here a group is too short for lanes along it. */
  static final int MOST_LEVELS = 32;

  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private LevelTiles() {}

  /** Index in the tiles of group g's first logit; its others follow L apart. */
  static int at(int g, int c) {
    return g / L * c * L + g % L;
  }

  /** Groups as tiles, the last of them filled up with zeros. */
  static void load(float[] logits, int from, int groups, int c, float[] tiles) {
    for (int g = 0; g < groups; g++) {
      int to = at(g, c);
      for (int j = 0; j < c; j++) {
        tiles[to + j * L] = logits[from + g * c + j];
      }
    }
    for (int g = groups; g % L != 0; g++) {
      for (int j = 0; j < c; j++) {
        tiles[at(g, c) + j * L] = 0;
      }
    }
  }

  /** max[g], and what is left of the logits without it. */
  static void subtractLargest(float[] tiles, int groups, int c, float[] max) {
    for (int g = 0; g < groups; g += L) {
      int tile = g * c;
      FloatVector top = FloatVector.fromArray(F, tiles, tile);
      for (int j = 1; j < c; j++) {
        FloatVector v = FloatVector.fromArray(F, tiles, tile + j * L);
        top = top.blend(v, v.compare(GT, top));
      }
      top.intoArray(max, g);
      for (int j = 0; j < c; j++) {
        int i = tile + j * L;
        FloatVector.fromArray(F, tiles, i).sub(top).intoArray(tiles, i);
      }
    }
  }

  /** sums[g] of the exponentials. */
  static void sum(float[] tiles, int groups, int c, float[] sums) {
    for (int g = 0; g < groups; g += L) {
      FloatVector sum = FloatVector.zero(F);
      for (int j = 0; j < c; j++) {
        sum = sum.add(FloatVector.fromArray(F, tiles, g * c + j * L));
      }
      sum.intoArray(sums, g);
    }
  }

  /** {@code out += factor·tile} of group {@code g}, back in its own order. */
  static void addScaled(float[] tiles, int g, int c, float factor, float[] out, int to) {
    int from = at(g, c);
    for (int j = 0; j < c; j++) {
      out[to + j] = Math.fma(factor, tiles[from + j * L], out[to + j]);
    }
  }
}
