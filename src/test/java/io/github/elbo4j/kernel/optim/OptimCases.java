package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

final class OptimCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** The last is several blocks, enough to fork. */
  private static final int[] SIZES = {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 2560, 100_003};

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : SIZES) {
      boolean hot = n == 97 || n == 100_003;
      for (long step : new long[] {1, 7, 100_000}) {
        add(cases, hot && step == 7, adam(n, step, 0, 0));
        add(cases, hot && step == 7, adam(n, step, 0.3, n * 2 / 3));
      }
      add(cases, false, adam(n, 2, 0.3, Integer.MAX_VALUE));
      add(cases, hot, squaredNorm(n));
      for (float decay : new float[] {0, 0.4f, 0.999f, 1}) {
        add(cases, hot, polyak(n, decay));
      }
      for (float guard : new float[] {-3, Float.NaN, Float.NEGATIVE_INFINITY}) {
        add(cases, false, guardedAdam(n, guard));
        add(cases, false, guardedPolyak(n, guard));
      }
    }
    for (float squared : new float[] {0, 0.25f, 4, 17, 1e-40f, 1e38f, Float.POSITIVE_INFINITY}) {
      add(cases, squared == 17, clipScale(squared));
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  /** A large learning rate, so that a wrong step is far outside the tolerance. */
  private static KernelCase adam(int n, long step, double weightDecay, int decayed) {
    return KernelCase.of(
        "optim.adam",
        "n=" + n + " step=" + step + " weightDecay=" + weightDecay + " decayed=" + decayed,
        f -> {
          Tolerance rounding = new Tolerance(1e-6, 1e-6);
          Tensor param = f.accumulated("param", new Tolerance(4e-6, 4e-6), n);
          Tensor grad = f.accumulated("grad", Tolerance.EXACT, n);
          Tensor m = f.accumulated("m", rounding, n);
          Tensor v = secondMoments(f, rounding, n);
          Tensor scale = step == 7 ? null : f.uniform("scale", 0.2, 1, 1);
          AdamStep s = new AdamStep(0.3, 0.9, 0.99, 1e-4, weightDecay, decayed);
          s.at(step, 0.3);
          return k -> k.optim().adam(param, grad, m, v, scale, s);
        });
  }

  private static KernelCase guardedAdam(int n, float loss) {
    return KernelCase.of(
        "optim.adam",
        "n=" + n + " guard=" + loss,
        f -> {
          Tensor param = f.accumulated("param", new Tolerance(4e-6, 4e-6), n);
          Tensor grad = f.accumulated("grad", Tolerance.EXACT, n);
          Tensor m = f.accumulated("m", new Tolerance(1e-6, 1e-6), n);
          Tensor v = secondMoments(f, new Tolerance(1e-6, 1e-6), n);
          Tensor guard = f.input("guard", 1);
          guard.fill(loss);
          AdamStep s = new AdamStep(0.3).at(5, 0.3);
          return k -> k.optim().adam(param, grad, m, v, null, guard, s);
        });
  }

  private static KernelCase guardedPolyak(int n, float loss) {
    return KernelCase.of(
        "optim.polyak",
        "n=" + n + " guard=" + loss,
        f -> {
          Tensor average = f.accumulated("average", new Tolerance(2e-7, 2e-7), n);
          Tensor param = f.input("param", n);
          Tensor guard = f.input("guard", 1);
          guard.fill(loss);
          return k -> k.optim().polyak(average, param, 0.4f, guard);
        });
  }

  private static Tensor secondMoments(Fixture f, Tolerance tolerance, int n) {
    Tensor v = f.accumulated("v", tolerance, n);
    for (int i = v.offset(); i < v.offset() + n; i++) {
      v.array()[i] *= v.array()[i];
    }
    return v;
  }

  private static KernelCase squaredNorm(int n) {
    return KernelCase.of(
        "optim.squaredNorm",
        "n=" + n,
        f -> {
          Tensor x = f.input("x", n);
          double terms = 0;
          for (float value : x.toArray()) {
            terms += value * (double) value;
          }
          Tensor out = f.output("out", Tolerance.sum(new double[] {terms}), 1);
          return k -> k.optim().squaredNorm(x, out);
        });
  }

  private static KernelCase clipScale(float squared) {
    return KernelCase.of(
        "optim.clipScale",
        "squaredNorm=" + squared,
        f -> {
          Tensor norm = f.input("norm", 1);
          norm.fill(squared);
          Tensor scale = f.output("scale", Tolerance.EXACT, 1);
          return k -> k.optim().clipScale(norm, 2f, scale);
        });
  }

  private static KernelCase polyak(int n, float decay) {
    return KernelCase.of(
        "optim.polyak",
        "n=" + n + " decay=" + decay,
        f -> {
          Tensor average = f.accumulated("average", new Tolerance(2e-7, 2e-7), n);
          Tensor param = f.input("param", n);
          return k -> k.optim().polyak(average, param, decay);
        });
  }

  /** No hook of the family is a gradient. */
  @Override
  public List<GradCase> gradients() {
    return List.of();
  }
}
