package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

final class RandomCases implements FamilyCases {
  private static final long FAR = (1L << 36) + 17; // blocks whose counter needs its upper word

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : new int[] {0, 1, 15, 16, 17, 64, 97, 131, 2560, 40_000}) {
      for (long first : new long[] {0, 64, 5, FAR}) {
        String label = "n=" + n + " first=" + first;
        boolean hot = n == 131;
        add(cases, hot, uniform(label, first, n));
        add(cases, hot, normal(label, first, n));
        add(cases, hot, bits(label, first, n));
      }
    }
    for (int[] dims : new int[][] {{0, 5}, {1, 1}, {7, 19}, {64, 64}, {131, 97}}) {
      for (float p : new float[] {0, 0.3f, 0.9f}) {
        boolean hot = dims[0] == 7 && p == 0.3f;
        add(cases, hot, dropout(dims[0], dims[1], p));
        add(cases, hot, dropoutBackward(dims[0], dims[1], p));
      }
    }
    return cases;
  }

  private static KernelCase dropout(int rows, int columns, float p) {
    return KernelCase.of(
        "random.dropout",
        "[%d,%d] p=%s".formatted(rows, columns, p),
        f -> {
          NoiseKey noise = new NoiseKey(17, 4).at(9);
          Tensor x = f.input("x", rows, columns);
          Tensor y = f.output("y", Tolerance.ELEMENT, rows, columns);
          return k -> k.random().dropout(x, p, noise, y);
        });
  }

  private static KernelCase dropoutBackward(int rows, int columns, float p) {
    return KernelCase.of(
        "random.dropoutBackward",
        "[%d,%d] p=%s".formatted(rows, columns, p),
        f -> {
          NoiseKey noise = new NoiseKey(17, 4).at(9);
          Tensor dY = f.input("dY", rows, columns);
          Tensor dX = f.accumulated("dX", Tolerance.ELEMENT, rows, columns);
          return k -> k.random().dropoutBackward(dY, p, noise, dX);
        });
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static KernelCase uniform(String label, long first, int n) {
    return KernelCase.of(
        "random.uniform",
        label,
        f -> {
          NoiseKey key = new NoiseKey(0x123456789abcdefL, 3).at(77);
          Tensor out = f.output("out", Tolerance.EXACT, n);
          return k -> k.random().uniform(key, first, out);
        });
  }

  private static KernelCase normal(String label, long first, int n) {
    return KernelCase.of(
        "random.normal",
        label,
        f -> {
          NoiseKey key = new NoiseKey(-5, 1).at(2);
          Tensor out = f.output("out", Tolerance.ELEMENT, n);
          return k -> k.random().normal(key, first, out);
        });
  }

  /** Bits are compared through a tensor of their raw floats' upper 16 bits, which are exact. */
  private static KernelCase bits(String label, long first, int n) {
    return KernelCase.of(
        "random.bits",
        label,
        f -> {
          NoiseKey key = new NoiseKey(99, -2).at(-1);
          Tensor high = f.integers("high", n);
          Tensor low = f.integers("low", n);
          int[] out = new int[n + 2];
          return k -> {
            k.random().bits(key, first, out, 1, n);
            for (int i = 0; i < n; i++) {
              high.array()[high.offset() + i] = out[i + 1] >>> 16;
              low.array()[low.offset() + i] = out[i + 1] & 0xFFFF;
            }
          };
        });
  }

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase(
            "random.dropoutBackward",
            "x",
            () -> {
              NoiseKey noise = new NoiseKey(3, 1);
              double[] x = GradCheck.random(1, 40, 1);
              double[] dY = GradCheck.random(2, 40, 1);
              GradCheck.check(
                  "dX",
                  x,
                  RandomReference.dropped(dY, 0.4f, noise),
                  v -> GradCheck.dot(dY, RandomReference.dropped(v, 0.4f, noise)));
            }));
  }
}
