package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

final class ComposeCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final int[] SIZES = {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 2560, 40_003};

  /** A product of two roundings onto a sum, of normal numbers: below 6·1.2·2 ulp of 1. */
  private static final Tolerance PRODUCT = new Tolerance(1e-6, 3e-7);

  private static final float OFF = 0.7f;
  private static final float DIAGONAL = 1.3f;

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int n : SIZES) {
      boolean hot = n == 97 || n == 40_003;
      add(cases, hot, addScaled(n, false));
      add(cases, hot, addScaled(n, true));
      add(cases, hot, addProduct(n, false));
      add(cases, hot, merge(n, 3));
      add(cases, hot, mergeBackward(n, 3, "mu logVar mu1 logVar1 mu2 logVar2"));
    }
    cases.add(addProduct(97, true));
    cases.add(merge(8 * L + 3, 80));
    for (String wanted :
        List.of(
            "mu mu1 logVar1 mu2 logVar2",
            "logVar mu1 logVar1 mu2 logVar2",
            "mu logVar mu1",
            "mu logVar logVar2",
            "mu logVar1 mu2",
            "logVar mu1 mu2")) {
      cases.add(mergeBackward(8 * L + 3, 80, wanted));
    }
    addColumnCases(cases);
    addRowSumCases(cases);
    for (int[] shape :
        new int[][] {{1, 1}, {1, L + 1}, {3, L - 1}, {7, 20}, {130, 13}, {128, 65}, {40, 200}}) {
      boolean hot = shape[0] == 130 || shape[0] == 40;
      add(cases, hot, penalty(shape[0], shape[1]));
      add(cases, hot, penaltyBackward(shape[0], shape[1]));
    }
    for (int[] shape :
        new int[][] {{0, 3}, {3, 0}, {1, 5}, {2, L}, {7, 20}, {97, 13}, {257, 5}, {1500, 3}}) {
      add(cases, shape[0] == 97 || shape[0] == 1500, shuffle(shape[0], shape[1]));
    }
    return cases;
  }

  private static void addColumnCases(List<KernelCase> cases) {
    int wide = 8 * L + 3;
    for (int[] s :
        new int[][] {
          // points, samples, columns, first, columns, first, count
          {0, 1, 3, 1, 4, 0, 2},
          {3, 1, 3, 1, 4, 0, 0},
          {1, 1, 1, 0, 1, 0, 1},
          {5, 1, L + 2, 1, L + 1, 0, L - 1},
          {4, 3, L, 0, 2 * L + 1, L, L},
          {3, 7, wide, 2, wide + 5, 4, wide - 3},
          {128, 1, 20, 0, 97, 77, 20},
          {97, 5, 33, 0, 53, 20, 33},
          {2, 150, 7, 1, 9, 2, 5},
        }) {
      boolean hot = s[0] >= 97;
      add(cases, hot, addColumns(s));
      add(cases, hot || s[1] == 150, addColumnsBackward(s));
    }
  }

  private static void addRowSumCases(List<KernelCase> cases) {
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 2560}) {
      for (int rows : new int[] {0, 1, 130}) {
        boolean hot = rows == 130 && n >= 97;
        add(cases, hot, addRowSums(rows, n));
        add(cases, hot, addRowSumsBackward(rows, n));
      }
    }
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static KernelCase addScaled(int n, boolean withFactor) {
    return KernelCase.of(
        "compose.addScaled",
        "n=" + n + (withFactor ? " factor" : ""),
        f -> {
          Tensor x = f.input("x", n);
          Tensor factor = withFactor ? f.uniform("factor", -1.7, 1.7, 1) : null;
          Tensor y = f.accumulated("y", PRODUCT, n);
          return k -> k.compose().addScaled(x, -0.7f, factor, y);
        });
  }

  private static KernelCase addProduct(int n, boolean square) {
    return KernelCase.of(
        "compose.addProduct",
        "n=" + n + (square ? " square" : ""),
        f -> {
          Tensor a = f.input("a", n);
          Tensor b = square ? a : f.uniform("b", -1.2, 1.2, n);
          Tensor y = f.accumulated("y", PRODUCT, n);
          return k -> k.compose().addProduct(a, b, y);
        });
  }

  private static KernelCase addColumns(int[] s) {
    return KernelCase.of(
        "compose.addColumns",
        label(s),
        f -> {
          Tensor from = f.input("from", s[0], s[2]);
          Tensor to = f.accumulated("to", Tolerance.EXACT, s[0] * s[1], s[4]);
          return k -> k.compose().addColumns(from, s[3], to, s[5], s[6]);
        });
  }

  private static KernelCase addColumnsBackward(int[] s) {
    return KernelCase.of(
        "compose.addColumnsBackward",
        label(s),
        f -> {
          Tensor dTo = f.input("dTo", s[0] * s[1], s[4]);
          double[] terms = new double[s[0] * s[2]];
          for (int i = 0; i < dTo.size(); i++) {
            int column = i % s[4] - s[5];
            if (column >= 0 && column < s[6]) {
              terms[i / s[4] / s[1] * s[2] + s[3] + column] += 1 + Math.abs(dTo.get(i));
            }
          }
          Tensor dFrom = f.accumulated("dFrom", Tolerance.sum(terms), s[0], s[2]);
          return k -> k.compose().addColumnsBackward(dTo, s[5], dFrom, s[3], s[6]);
        });
  }

  private static String label(int[] s) {
    return "[%d,%d] %d+%d to [%d,%d] %d".formatted(s[0], s[2], s[3], s[6], s[0] * s[1], s[4], s[5]);
  }

  private static KernelCase addRowSums(int rows, int n) {
    return KernelCase.of(
        "compose.addRowSums",
        "[" + rows + "," + n + "]",
        f -> {
          Tensor x = f.input("x", rows, n);
          double[] terms = new double[rows];
          for (int i = 0; i < x.size(); i++) {
            terms[i / n] += Math.abs(x.get(i));
          }
          Tensor y = f.accumulated("y", Tolerance.sum(terms), rows);
          return k -> k.compose().addRowSums(x, y);
        });
  }

  private static KernelCase addRowSumsBackward(int rows, int n) {
    return KernelCase.of(
        "compose.addRowSumsBackward",
        "[" + rows + "," + n + "]",
        f -> {
          Tensor dy = f.input("dy", rows);
          Tensor dx = f.accumulated("dx", Tolerance.EXACT, rows, n);
          return k -> k.compose().addRowSumsBackward(dy, dx);
        });
  }

  /** logVar from −most to most: with 80 mostly one Gaussian alone counts. */
  private static KernelCase merge(int n, double most) {
    return KernelCase.of(
        "compose.mergeGaussians",
        "n=" + n + " ±" + most,
        f -> {
          Tensor mu1 = f.input("mu1", n);
          Tensor logVar1 = f.uniform("logVar1", -most, most, n);
          Tensor mu2 = f.input("mu2", n);
          Tensor logVar2 = f.uniform("logVar2", -most, most, n);
          Tensor mu = f.output("mu", Tolerance.ELEMENT, n);
          Tensor logVar = f.output("logVar", Tolerance.ELEMENT, n);
          return k -> k.compose().mergeGaussians(mu1, logVar1, mu2, logVar2, mu, logVar);
        });
  }

  private static KernelCase mergeBackward(int n, double most, String given) {
    List<String> names = List.of(given.split(" ", -1));
    return KernelCase.of(
        "compose.mergeGaussiansBackward",
        "n=" + n + " ±" + most + " " + given,
        f -> {
          Tensor mu1 = f.input("mu1", n);
          Tensor logVar1 = f.uniform("logVar1", -most, most, n);
          Tensor mu2 = f.input("mu2", n);
          Tensor logVar2 = f.uniform("logVar2", -most, most, n);
          Tensor dMu = names.contains("mu") ? f.input("dMu", n) : null;
          Tensor dLogVar = names.contains("logVar") ? f.input("dLogVar", n) : null;
          Tensor dMu1 = gradient(f, names, "mu1", n);
          Tensor dLogVar1 = gradient(f, names, "logVar1", n);
          Tensor dMu2 = gradient(f, names, "mu2", n);
          Tensor dLogVar2 = gradient(f, names, "logVar2", n);
          return k ->
              k.compose()
                  .mergeGaussiansBackward(
                      mu1, logVar1, mu2, logVar2, dMu, dLogVar, dMu1, dLogVar1, dMu2, dLogVar2);
        });
  }

  private static @Nullable Tensor gradient(Fixture f, List<String> names, String name, int n) {
    return names.contains(name) ? f.accumulated("d" + name, Tolerance.GRADIENT, n) : null;
  }

  private static KernelCase penalty(int b, int d) {
    return KernelCase.of(
        "compose.covariancePenalty",
        "[" + b + "," + d + "]",
        f -> {
          Tensor mu = f.uniform("mu", 0.5, 3.5, b, d);
          double[] moments = absoluteMoments(mu);
          double terms = 0;
          for (double moment : moments) { // twice the error of C_ij, times |C_ij| or less
            terms += 2 * DIAGONAL * moment * moment;
          }
          Tensor out = f.accumulated("out", Tolerance.sum(new double[] {terms}), 1);
          return k -> k.compose().covariancePenalty(mu, OFF, DIAGONAL, out);
        });
  }

  private static KernelCase penaltyBackward(int b, int d) {
    return KernelCase.of(
        "compose.covariancePenaltyBackward",
        "[" + b + "," + d + "]",
        f -> {
          Tensor mu = f.uniform("mu", 0.5, 3.5, b, d);
          Tensor dOut = f.input("dOut", 1);
          double[] moments = absoluteMoments(mu);
          double[] terms = new double[b * d];
          for (int i = 0; i < terms.length; i++) {
            for (int j = 0; j < d; j++) { // |mu − mean| is at most 3
              terms[i] += 2 * 4 * Math.abs(dOut.get(0)) / b * 3 * DIAGONAL * moments[i % d * d + j];
            }
          }
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(terms), b, d);
          return k -> k.compose().covariancePenaltyBackward(mu, OFF, DIAGONAL, dOut, dMu);
        });
  }

  /** 1/B Σ_b |mu_bi − mean_i|·|mu_bj − mean_j|, and 1 more on the diagonal: bounds C − 1. */
  private static double[] absoluteMoments(Tensor mu) {
    int rows = mu.rows();
    int d = mu.columns();
    double[] means = new double[d];
    for (int i = 0; i < mu.size(); i++) {
      means[i % d] += mu.get(i) / (double) rows;
    }
    double[] moments = new double[d * d];
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        moments[i * d + j] = i == j ? 1 : 0;
        for (int b = 0; b < rows; b++) {
          double first = Math.abs(mu.get(b * d + i) - means[i]);
          moments[i * d + j] += first * Math.abs(mu.get(b * d + j) - means[j]) / rows;
        }
      }
    }
    return moments;
  }

  private static KernelCase shuffle(int b, int d) {
    return KernelCase.of(
        "compose.shuffleColumns",
        "[" + b + "," + d + "]",
        f -> {
          Tensor z = f.input("z", b, d);
          Tensor out = f.output("out", Tolerance.EXACT, b, d);
          NoiseKey noise = new NoiseKey(-5, 3).at(11);
          return k -> k.compose().shuffleColumns(z, noise, out);
        });
  }

  @Override
  public List<GradCase> gradients() {
    return ComposeGradients.all();
  }
}
