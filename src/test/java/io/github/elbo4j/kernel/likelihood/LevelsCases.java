package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cases of {@link LevelsKernels}. */
public final class LevelsCases implements FamilyCases {
  private static final int L = SimdMath.L;

  private enum Form {
    SCALAR,
    SHARED,
    PER_ROW
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int c : new int[] {1, 2, 5, L - 1, L, L + 1, 32, 33, 100, 256}) {
      for (int n : new int[] {1, 3, 37}) {
        boolean hot = n == 37 && (c == 5 || c == 100);
        cases.add(heated(categorical(5, 3, n, c), hot));
        cases.add(heated(categoricalBackward(5, 3, n, c), hot));
      }
    }
    for (int[] s : new int[][] {{300, 1, 1, 10}, {0, 1, 4, 7}, {2, 1, 0, 1}, {1, 2, 1009, 16}}) {
      cases.add(categorical(s[0], s[1], s[2], s[3]));
      cases.add(categoricalBackward(s[0], s[1], s[2], s[3]));
    }
    for (Form form : Form.values()) {
      for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 784}) {
        for (LikelihoodSizes s : sizes(n)) {
          boolean hot = s.n() == 97 && s.k() == 4;
          cases.add(heated(logistic(s, form), hot && form == Form.SHARED));
          cases.add(heated(logisticBackward(s, form, true, true), hot && form != Form.SCALAR));
          cases.add(logisticBackward(s, form, true, false));
          cases.add(logisticBackward(s, form, false, true));
        }
      }
    }
    return cases;
  }

  private static List<LikelihoodSizes> sizes(int n) {
    return n == 1
        ? List.of(
            new LikelihoodSizes(7, 1, 1),
            new LikelihoodSizes(90, 2, 1),
            new LikelihoodSizes(0, 1, 1))
        : List.of(new LikelihoodSizes(7, 1, n), new LikelihoodSizes(5, 4, n));
  }

  private static KernelCase heated(KernelCase c, boolean hot) {
    return hot ? c.asHot() : c;
  }

  /** Levels below {@code c}. */
  private static ByteTensor data(Fixture f, int b, int n, int c) {
    ByteTensor x = f.bytes("x", b, n);
    for (int i = 0; i < x.size(); i++) {
      int at = x.offset() + i;
      x.array()[at] = (byte) ((x.array()[at] & 255) % c);
    }
    return x;
  }

  private static KernelCase categorical(int b, int k, int n, int c) {
    return KernelCase.of(
        "levels.categorical",
        "b %d k %d n %d c %d".formatted(b, k, n, c),
        f -> {
          Tensor logits = f.uniform("logits", -9, 9, b * k, n * c);
          ByteTensor x = data(f, b, n, c);
          double[] terms = new double[b * k];
          Arrays.fill(terms, 25.0 * n);
          Tensor logLik = f.output("logLik", Tolerance.sum(terms), b * k);
          return backend -> backend.levels().categorical(logits, x, logLik);
        });
  }

  private static KernelCase categoricalBackward(int b, int k, int n, int c) {
    return KernelCase.of(
        "levels.categoricalBackward",
        "b %d k %d n %d c %d".formatted(b, k, n, c),
        f -> {
          Tensor logits = f.uniform("logits", -9, 9, b * k, n * c);
          ByteTensor x = data(f, b, n, c);
          Tensor g = f.input("g", b * k);
          Tensor dLogits = f.accumulated("dLogits", Tolerance.ELEMENT, b * k, n * c);
          return backend -> backend.levels().categoricalBackward(logits, x, g, dLogits);
        });
  }

  /** From bins of a hundredth of the scale to a hundred scales wide. */
  private static Tensor logScale(Fixture f, LikelihoodSizes s, Form form) {
    return switch (form) {
      case SCALAR -> f.uniform("logScale", -4, -2, 1);
      case SHARED -> f.uniform("logScale", -10, -1, s.n());
      case PER_ROW -> f.uniform("logScale", -10, -1, s.rows(), s.n());
    };
  }

  /** Bounds both the log-probability and its derivative in logScale. */
  private static double size(Tensor mean, Tensor logScale, int i) {
    double width = LevelsReference.width(logScale.get(i % logScale.size()));
    return 256 * (Math.abs(mean.get(i)) + 1) * width + Math.abs(Math.log(width)) + 2;
  }

  private static KernelCase logistic(LikelihoodSizes s, Form form) {
    return KernelCase.of(
        "levels.discretizedLogistic",
        s + " " + form,
        f -> {
          Tensor mean = f.uniform("mean", -0.2, 1.2, s.rows(), s.n());
          ByteTensor x = f.bytes("x", s.b(), s.n());
          Tensor logScale = logScale(f, s, form);
          double[] terms = new double[s.rows()];
          for (int i = 0; i < mean.size(); i++) {
            terms[i / s.n()] += size(mean, logScale, i);
          }
          Tensor logLik = f.output("logLik", Tolerance.sum(terms), s.rows());
          return k -> k.levels().discretizedLogistic(mean, x, logScale, logLik);
        });
  }

  private static KernelCase logisticBackward(
      LikelihoodSizes s, Form form, boolean toMean, boolean toScale) {
    return KernelCase.of(
        "levels.discretizedLogisticBackward",
        s + " " + form + (toMean ? " dMean" : "") + (toScale ? " dLogScale" : ""),
        f -> {
          Tensor mean = f.uniform("mean", -0.2, 1.2, s.rows(), s.n());
          ByteTensor x = f.bytes("x", s.b(), s.n());
          Tensor logScale = logScale(f, s, form);
          Tensor g = f.input("g", s.rows());
          double[] slopes = new double[mean.size()];
          for (int i = 0; i < slopes.length; i++) {
            double width = LevelsReference.width(logScale.get(i % logScale.size()));
            // next to a bin's edge the rounding of d moves the slope by half of itself in width·ε
            slopes[i] = 255 * width * (1 + 128 * width) * Math.abs(g.get(i / s.n())) + 4;
          }
          Tensor dMean =
              toMean ? f.accumulated("dMean", Tolerance.sum(slopes), s.rows(), s.n()) : null;
          Tensor dLogScale = toScale ? dLogScale(f, s, form, mean, logScale, g) : null;
          return k ->
              k.levels().discretizedLogisticBackward(mean, x, logScale, g, dMean, dLogScale);
        });
  }

  private static @Nullable Tensor dLogScale(
      Fixture f, LikelihoodSizes s, Form form, Tensor mean, Tensor logScale, Tensor g) {
    double[] terms = new double[logScale.size()];
    Arrays.fill(terms, 10); // what is accumulated to
    for (int i = 0; i < mean.size(); i++) {
      double size = size(mean, logScale, i);
      terms[i % terms.length] += Math.abs(g.get(i / s.n())) * size;
    }
    Tolerance sum = Tolerance.sum(terms);
    return switch (form) {
      case SCALAR -> f.accumulated("dLogScale", sum, 1);
      case SHARED -> f.accumulated("dLogScale", sum, s.n());
      case PER_ROW -> f.accumulated("dLogScale", sum, s.rows(), s.n());
    };
  }

  // ---- gradient checks of the reference ----

  private static final int B = 3;
  private static final int K = 2;
  private static final int N = 5;

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("levels.categoricalBackward", "4 levels", LevelsCases::checkCategorical),
        new GradCase("levels.discretizedLogisticBackward", "scalar", () -> checkLogistic(1)),
        new GradCase("levels.discretizedLogisticBackward", "shared", () -> checkLogistic(N)),
        new GradCase(
            "levels.discretizedLogisticBackward", "per row", () -> checkLogistic(B * K * N)));
  }

  private static void checkCategorical() {
    int c = 4;
    double[] logits = GradCheck.random(1, B * K * N * c, 2);
    int[] x = new int[B * N];
    for (int i = 0; i < x.length; i++) {
      x[i] = i * 7 % c;
    }
    double[] g = GradCheck.random(2, B * K, 1);
    GradCheck.check(
        "dLogits",
        logits,
        LevelsReference.categoricalBackward(logits, x, g, K, N, c),
        l -> GradCheck.dot(g, LevelsReference.categorical(l, x, B * K, K, N, c)));
  }

  private static void checkLogistic(int scales) {
    double[] mean = GradCheck.random(3, B * K * N, 0.3);
    double[] logScale = GradCheck.random(4, scales, 0.5);
    int[] x = new int[B * N];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 4 == 0 ? 0 : i % 4 == 1 ? 255 : i * 37 % 256;
      logScale[i % scales] -= 0.2;
    }
    double[] g = GradCheck.random(5, B * K, 1);
    GradCheck.check(
        "dMean",
        mean,
        LevelsReference.logisticToMean(mean, x, logScale, g, K, N),
        m -> GradCheck.dot(g, LevelsReference.logistic(m, x, logScale, B * K, K, N)));
    GradCheck.check(
        "dLogScale",
        logScale,
        LevelsReference.logisticToLogScale(mean, x, logScale, g, K, N),
        s -> GradCheck.dot(g, LevelsReference.logistic(mean, x, s, B * K, K, N)));
  }
}
