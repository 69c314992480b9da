package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.SimdMath;
import java.util.ArrayList;
import java.util.List;

/** Data points, samples a point, dimensions. */
record LikelihoodSizes(int b, int k, int n) {
  private static final int L = SimdMath.L;

  int rows() {
    return b * k;
  }

  /** The allocation test takes two ragged shapes, one of them of the VAE's size. */
  boolean hot() {
    return (n == 97 && k == 4) || (n == 784 && k == 1);
  }

  static List<LikelihoodSizes> all() {
    List<LikelihoodSizes> list = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 784}) {
      list.add(new LikelihoodSizes(7, 1, n));
      list.add(new LikelihoodSizes(5, 4, n));
    }
    list.add(new LikelihoodSizes(3, 50, 33));
    list.add(new LikelihoodSizes(2, 50, 784));
    list.add(new LikelihoodSizes(90, 1, 1)); // more rows than a block has
    list.add(new LikelihoodSizes(0, 1, 20));
    list.add(new LikelihoodSizes(2, 2, 5000)); // longer than a chunk of a float32 lane sum
    list.add(new LikelihoodSizes(1, 2, 100_003));
    return list;
  }
}
