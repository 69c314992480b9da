package io.github.elbo4j.kernel.pixels;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

final class PixelsCases implements FamilyCases {
  private static final int L = SimdMath.L;

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 784, 5000}) {
      for (int rows : new int[] {0, 1, 3, 20}) {
        boolean hot = n == 97 && rows == 20;
        add(cases, hot, scale(rows, n));
        for (long first : new long[] {0, 64, (1L << 36) + 17}) {
          add(cases, hot && first == 64, binarize(rows, n, first));
        }
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static KernelCase scale(int rows, int n) {
    return KernelCase.of(
        "pixels.scale",
        "[" + rows + "," + n + "]",
        f -> {
          ByteTensor x = f.bytes("x", rows, n);
          Tensor out = f.output("out", Tolerance.EXACT, rows, n);
          return k -> k.pixels().scale(x, out);
        });
  }

  private static KernelCase binarize(int rows, int n, long first) {
    return KernelCase.of(
        "pixels.binarize",
        "[" + rows + "," + n + "] first=" + first,
        f -> {
          ByteTensor x = f.bytes("x", rows, n);
          Tensor out = f.output("out", Tolerance.EXACT, rows, n);
          NoiseKey key = new NoiseKey(31, 4).at(8);
          return k -> k.pixels().binarize(key, first, x, out);
        });
  }

  @Override
  public List<GradCase> gradients() {
    return List.of();
  }
}
