package io.github.elbo4j.kernel.reduce;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

final class ReduceCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final int[] SIZES = {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 128, 2560, 100_003};

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : SIZES) {
      boolean hot = n == 97 || n == 100_003;
      add(cases, hot, addSum(n));
      add(cases, hot, addSumBackward(n));
    }
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 20}) {
      for (int b : new int[] {1, 7, 128}) {
        boolean hot = b == 128 && (d == 20 || d == 97);
        add(cases, hot, freeBits(b, d));
        add(cases, hot, freeBitsBackward(b, d));
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static double absolute(Tensor x, double each) {
    double sum = 0;
    for (float value : x.toArray()) {
      sum += each * Math.abs(value);
    }
    return sum;
  }

  private static KernelCase addSum(int n) {
    return KernelCase.of(
        "reduce.addSum",
        "n=" + n,
        f -> {
          Tensor x = f.input("x", n);
          Tolerance tolerance = Tolerance.sum(new double[] {absolute(x, 0.7)});
          Tensor out = f.accumulated("out", tolerance, 1);
          return k -> k.reduce().addSum(x, -0.7f, out);
        });
  }

  private static KernelCase addSumBackward(int n) {
    return KernelCase.of(
        "reduce.addSumBackward",
        "n=" + n,
        f -> {
          Tensor dOut = f.input("dOut", 1);
          Tensor dx = f.accumulated("dx", new Tolerance(3e-7, 3e-7), n);
          return k -> k.reduce().addSumBackward(dOut, -0.7f, dx);
        });
  }

  /** With λ = 0.5 about half of the columns are free: their means lie around 0.5. */
  private static Tensor klPerDim(io.github.elbo4j.testkit.Fixture f, int b, int d) {
    return f.uniform("klPerDim", 0, 1, b, d);
  }

  private static KernelCase freeBits(int b, int d) {
    return KernelCase.of(
        "reduce.freeBits",
        "[" + b + "," + d + "]",
        f -> {
          Tensor kl = klPerDim(f, b, d);
          Tensor out = f.accumulated("out", new Tolerance(1e-6, 3e-7), 1);
          return k -> k.reduce().freeBits(kl, 0.5f, 1.3f, out);
        });
  }

  private static KernelCase freeBitsBackward(int b, int d) {
    return KernelCase.of(
        "reduce.freeBitsBackward",
        "[" + b + "," + d + "]",
        f -> {
          Tensor kl = klPerDim(f, b, d);
          Tensor dOut = f.input("dOut", 1);
          Tensor dKl = f.accumulated("dKl", new Tolerance(3e-7, 3e-7), b, d);
          return k -> k.reduce().freeBitsBackward(kl, 0.5f, 1.3f, dOut, dKl);
        });
  }

  // ---- gradient checks of the reference ----

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("reduce.addSumBackward", "weighted", ReduceCases::sumGradient),
        new GradCase("reduce.freeBitsBackward", "both sides", ReduceCases::freeBitsGradient));
  }

  private static void sumGradient() {
    double[] x = GradCheck.random(1, 9, 1);
    double[] gradient = new double[9];
    java.util.Arrays.fill(gradient, ReduceReference.sumSlope(-0.7, 1.9));
    GradCheck.check("dx", x, gradient, a -> 1.9 * ReduceReference.weightedSum(a, -0.7));
  }

  private static void freeBitsGradient() {
    int b = 5;
    int d = 4;
    double[] kl = GradCheck.random(2, b * d, 1);
    for (int i = 0; i < kl.length; i++) {
      kl[i] = Math.abs(kl[i]) * (i % d == 1 ? 0.1 : 3); // column 1 is free, the others pay
    }
    double[] gradient = ReduceReference.freeBitsGradient(kl, b, d, 0.5, 1.3, -0.6);
    GradCheck.check("dKl", kl, gradient, a -> -0.6 * ReduceReference.freeBits(a, b, d, 0.5, 1.3));
  }
}
