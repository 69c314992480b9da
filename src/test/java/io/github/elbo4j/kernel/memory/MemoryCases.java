package io.github.elbo4j.kernel.memory;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

final class MemoryCases implements FamilyCases {
  private static final int L = SimdMath.L;

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 784}) {
      for (int rows : new int[] {0, 1, 3, 20}) {
        for (KernelCase c : List.of(fill(rows, n), copy(rows, n), add(rows, n), swap(rows, n))) {
          cases.add(n == 97 && rows == 20 ? c.asHot() : c);
        }
      }
    }
    return cases;
  }

  private static KernelCase fill(int rows, int n) {
    return KernelCase.of(
        "memory.fill",
        label(rows, n),
        f -> {
          Tensor out = f.output("out", Tolerance.EXACT, rows, n);
          return k -> k.memory().fill(out, -2.5f);
        });
  }

  private static KernelCase copy(int rows, int n) {
    return KernelCase.of(
        "memory.copy",
        label(rows, n),
        f -> {
          Tensor from = f.input("from", rows, n);
          Tensor to = f.output("to", Tolerance.EXACT, rows, n);
          return k -> k.memory().copy(from, to);
        });
  }

  private static KernelCase add(int rows, int n) {
    return KernelCase.of(
        "memory.add",
        label(rows, n),
        f -> {
          Tensor from = f.input("from", rows, n);
          Tensor to = f.accumulated("to", Tolerance.EXACT, rows, n);
          return k -> k.memory().add(from, to);
        });
  }

  private static KernelCase swap(int rows, int n) {
    return KernelCase.of(
        "memory.swap",
        label(rows, n),
        f -> {
          Tensor a = f.accumulated("a", Tolerance.EXACT, rows, n);
          Tensor b = f.accumulated("b", Tolerance.EXACT, rows, n);
          return k -> k.memory().swap(a, b);
        });
  }

  private static String label(int rows, int n) {
    return "[" + rows + "," + n + "]";
  }

  @Override
  public List<GradCase> gradients() {
    return List.of();
  }
}
