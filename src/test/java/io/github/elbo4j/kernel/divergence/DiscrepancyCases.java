package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link DiscrepancyKernels}. */
public final class DiscrepancyCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final double START = 6;
  private static final float[] SCALES = {0.5f, 2f, 7f};

  /** Points of the two samples, and dimensions. */
  private record Sizes(int n, int m, int d) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int m : new int[] {2, L - 1, L, L + 1, 8 * L + 3}) {
      list.add(new Sizes(5, m, 3));
      list.add(new Sizes(m, 3, 4));
    }
    for (int d : new int[] {1, 2, 5, 19, 64}) {
      list.add(new Sizes(33, 37, d));
    }
    list.add(new Sizes(3, 2000, 2)); // longer than a chunk of a lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      for (Kernel kernel : Kernel.values()) {
        boolean hot = s.n == 33 && s.d == 19;
        for (boolean unbiased : new boolean[] {false, true}) {
          KernelCase forward = forward(s, kernel, unbiased);
          KernelCase backward = backward(s, kernel, unbiased);
          cases.add(hot && unbiased ? forward.asHot() : forward);
          cases.add(hot && unbiased ? backward.asHot() : backward);
        }
      }
    }
    return cases;
  }

  private static KernelCase forward(Sizes s, Kernel kernel, boolean unbiased) {
    return KernelCase.of(
        "discrepancy.mmd",
        s + " " + kernel + (unbiased ? " unbiased" : " biased"),
        f -> {
          Tensor x = f.input("x", s.n, s.d);
          Tensor y = f.uniform("y", -1, 3, s.m, s.d);
          // each of the three means is at most the number of kernels; an exponent of size s·ε
          Tensor mmd = f.output("mmd", Tolerance.sum(new double[] {12.0 * s.d}), 1);
          return k -> k.discrepancy().mmd(x, y, kernel, SCALES, unbiased, mmd);
        });
  }

  /** Σ|terms| of the gradient of each coordinate: |k'(s)|·(1 + s)·(|x| + |y|). */
  private static double[] terms(Tensor x, Tensor y, Kernel kernel, boolean unbiased, double g) {
    double[] sums = new double[x.size()];
    Arrays.fill(sums, START);
    double[] a = Doubles.read(x);
    addTerms(
        sums, a, a, x.columns(), kernel, g / DiscrepancyKernels.pairsOfOne(x.rows(), unbiased));
    double pairs = (double) x.rows() * y.rows();
    addTerms(sums, a, Doubles.read(y), x.columns(), kernel, g / pairs);
    return sums;
  }

  private static void addTerms(
      double[] sums, double[] x, double[] y, int d, Kernel kernel, double factor) {
    for (int i = 0; i < x.length / d; i++) {
      for (int j = 0; j < y.length / d; j++) {
        double s = DiscrepancyReference.squaredDistance(x, i, y, j, d);
        double slope = Math.abs(DiscrepancyReference.slope(kernel, SCALES, s));
        for (int c = 0; c < d; c++) {
          double parts = Math.abs(x[i * d + c]) + Math.abs(y[j * d + c]);
          sums[i * d + c] += 4 * factor * slope * (1 + s) * parts;
        }
      }
    }
  }

  private static KernelCase backward(Sizes s, Kernel kernel, boolean unbiased) {
    return KernelCase.of(
        "discrepancy.mmdBackward",
        s + " " + kernel + (unbiased ? " unbiased" : " biased"),
        f -> {
          Tensor x = f.input("x", s.n, s.d);
          Tensor y = f.uniform("y", -1, 3, s.m, s.d);
          Tensor g = f.uniform("g", 1, 2, 1);
          double[] toX = terms(x, y, kernel, unbiased, 2);
          double[] toY = terms(y, x, kernel, unbiased, 2);
          Tensor dX = f.accumulated("dX", Tolerance.sum(toX), s.n, s.d);
          Tensor dY = f.accumulated("dY", Tolerance.sum(toY), s.m, s.d);
          return k -> k.discrepancy().mmdBackward(x, y, kernel, SCALES, unbiased, g, dX, dY);
        });
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (Kernel kernel : Kernel.values()) {
      for (boolean unbiased : new boolean[] {false, true}) {
        cases.add(
            new GradCase(
                "discrepancy.mmdBackward",
                kernel + (unbiased ? " unbiased" : " biased"),
                () -> gradientCheck(kernel, unbiased)));
      }
    }
    return cases;
  }

  private static void gradientCheck(Kernel kernel, boolean unbiased) {
    int d = 3;
    double[] x = GradCheck.random(1, 4 * d, 1);
    double[] y = GradCheck.random(2, 5 * d, 1);
    double[] dX = new double[x.length];
    double[] dY = new double[y.length];
    DiscrepancyReference.backward(x, y, d, kernel, SCALES, unbiased, 3, dX);
    DiscrepancyReference.backward(y, x, d, kernel, SCALES, unbiased, 3, dY);
    GradCheck.check(
        "x", x, dX, v -> 3 * DiscrepancyReference.mmd(v, y, d, kernel, SCALES, unbiased));
    GradCheck.check(
        "y", y, dY, v -> 3 * DiscrepancyReference.mmd(x, v, d, kernel, SCALES, unbiased));
  }
}
