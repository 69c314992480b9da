package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of masks and of conditioning on a data point's context. */
final class MaskedCases {
  private MaskedCases() {}

  private static final int L = SimdMath.L;

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97}) {
      KernelCase mask = mask(5, n);
      cases.add(n == 97 ? mask.asHot() : mask);
      for (Activation f : Activation.values()) {
        boolean hot = n == 97 && f == Activation.SILU;
        cases.add(hot ? condition(f, 4, 3, n).asHot() : condition(f, 4, 3, n));
        cases.add(hot ? conditionBackward(f, 4, 3, n).asHot() : conditionBackward(f, 4, 3, n));
      }
    }
    cases.add(mask(400, 131));
    for (int[] s : new int[][] {{0, 1, 20}, {128, 1, 64}, {20, 50, 50}, {2, 3000, 33}}) {
      cases.add(condition(Activation.TANH, s[0], s[1], s[2]));
      cases.add(conditionBackward(Activation.TANH, s[0], s[1], s[2]));
    }
    return cases;
  }

  /** Half of the weights are kept; a NaN is not, where it is masked. */
  private static KernelCase mask(int in, int out) {
    return KernelCase.of(
        "dense.mask",
        in + "," + out,
        f -> {
          Tensor mask = f.input("mask", in, out);
          Tensor w = f.accumulated("w", Tolerance.EXACT, in, out);
          for (int i = 0; i < mask.size(); i++) {
            boolean kept = mask.get(i) > 0;
            mask.array()[mask.offset() + i] = kept ? 1 : 0;
            if (i % 7 == 0) {
              w.array()[w.offset() + i] = Float.NaN;
            }
          }
          return k -> k.dense().mask(mask, w);
        });
  }

  private static KernelCase condition(Activation f, int b, int k, int n) {
    return KernelCase.of(
        "dense.condition",
        "%s %d·%d,%d".formatted(f, b, k, n),
        fixture -> {
          Tensor x = fixture.input("x", b * k, n);
          Tensor c = fixture.input("c", b, n);
          Tensor pre = f.needsPre() ? fixture.output("pre", Tolerance.ELEMENT, b * k, n) : null;
          Tensor y = fixture.output("y", Tolerance.ELEMENT, b * k, n);
          return backend -> {
            if (f == Activation.RELU) { // in place
              backend.memory().copy(x, y);
              backend.dense().condition(y, c, f, null, y);
            } else {
              backend.dense().condition(x, c, f, pre, y);
            }
          };
        });
  }

  private static KernelCase conditionBackward(Activation f, int b, int k, int n) {
    return KernelCase.of(
        "dense.conditionBackward",
        "%s %d·%d,%d".formatted(f, b, k, n),
        fixture -> {
          Tensor pre = fixture.input("pre", b * k, n);
          Tensor y = fixture.input("y", b * k, n);
          for (int i = 0; i < y.size(); i++) {
            y.array()[y.offset() + i] = (float) DenseReference.value(f, pre.get(i));
          }
          Tensor dY = fixture.input("dY", b * k, n);
          double[] terms = new double[b * n];
          for (int i = 0; i < y.size(); i++) {
            terms[i / n / k * n + i % n] += 2 * Math.abs(dY.get(i)) + 1;
          }
          Tensor dPre = fixture.output("dPre", Tolerance.ELEMENT, b * k, n);
          Tensor alone = fixture.output("dPre alone", Tolerance.ELEMENT, b * k, n);
          Tensor dC = fixture.accumulated("dC", Tolerance.sum(terms), b, n);
          Tensor given = f.needsPre() ? pre : null;
          return backend -> {
            backend.dense().conditionBackward(f, given, y, dY, dPre, dC);
            backend.dense().conditionBackward(f, given, y, dY, alone, null);
          };
        });
  }

  static List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (Activation f : Activation.values()) {
      cases.add(new GradCase("dense.conditionBackward", f.toString(), () -> gradient(f)));
    }
    return cases;
  }

  private static void gradient(Activation f) {
    int b = 3;
    int k = 4;
    int n = 5;
    double[] x = GradCheck.random(1, b * k * n, 1);
    double[] c = GradCheck.random(2, b * n, 1);
    double[] dY = GradCheck.random(3, b * k * n, 1);
    double[] pre = DenseReference.conditioned(x, c, k, n);
    double[] g = DenseReference.preGradient(f, f.needsPre() ? pre : null, values(f, pre), dY);
    GradCheck.check(
        "x", x, g, v -> GradCheck.dot(dY, values(f, DenseReference.conditioned(v, c, k, n))));
    GradCheck.check(
        "c",
        c,
        DenseReference.pointSums(g, k, n),
        v -> GradCheck.dot(dY, values(f, DenseReference.conditioned(x, v, k, n))));
  }

  private static double[] values(Activation f, double[] pre) {
    double[] y = new double[pre.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = DenseReference.value(f, pre[i]);
    }
    return y;
  }
}
