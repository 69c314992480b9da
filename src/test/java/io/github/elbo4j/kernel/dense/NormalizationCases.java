package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

final class NormalizationCases implements FamilyCases {
  private static final int L = FloatVector.SPECIES_PREFERRED.length();
  private static final float EPSILON = 1e-5f;

  /** Rows and columns: each edge size in each place, more than a chunk of columns, model sizes. */
  private static final int[][] ROWS = {
    {0, 3},
    {1, 1},
    {5, 1},
    {3, 2},
    {2, L - 1},
    {3, L},
    {3, L + 1},
    {7, 8 * L + 3},
    {131, 31},
    {1000, 10},
    {3, 112 * L + 5},
    {128, 64},
    {20, 400}
  };

  /** Rows, channels and elements a channel. */
  private static final int[][] IMAGES = {
    {0, 3, 1},
    {0, 2, 4},
    {2, 1, 1},
    {1, 3, 2},
    {3, L - 1, 1},
    {3, L + 1, 1},
    {2, 3, L + 1},
    {131, 31, 1},
    {1031, 5, 1},
    {7, 3, 49},
    {150, 4, 9},
    {2, 2, 112 * L + 5},
    {128, 64, 1},
    {9, 400, 1}
  };

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int[] s : ROWS) {
      boolean hot = s[0] == 131;
      for (boolean log : new boolean[] {false, true}) {
        add(cases, hot, softmax(s[0], s[1], log));
        add(cases, hot, softmaxBackward(s[0], s[1], log));
      }
      add(cases, hot, layerNorm(s[0], s[1]));
      for (int wanted = 1; wanted < 4; wanted++) {
        add(cases, hot && wanted == 3, layerNormBackward(s[0], s[1], wanted));
      }
    }
    for (int[] s : IMAGES) {
      boolean hot = s[0] == 131 || s[0] == 7;
      add(cases, hot, batchNorm(s[0], s[1], s[2]));
      add(cases, hot, fixedNorm(s[0], s[1], s[2]));
      for (int wanted = 1; wanted < 4; wanted++) {
        add(cases, hot && wanted == 3, batchNormBackward(s[0], s[1], s[2], wanted, false));
        add(cases, hot && wanted == 3, batchNormBackward(s[0], s[1], s[2], wanted, true));
      }
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static KernelCase softmax(int rows, int columns, boolean log) {
    return KernelCase.of(
        "normalization.softmax",
        "[%d,%d]%s".formatted(rows, columns, log ? " log" : ""),
        f -> {
          Tensor x = f.uniform("x", -30, 30, rows, columns);
          Tensor y = f.output("y", Tolerance.ELEMENT, rows, columns);
          return k -> {
            if (log) {
              k.normalization().logSoftmax(x, y);
            } else {
              k.normalization().softmax(x, y);
            }
          };
        });
  }

  private static KernelCase softmaxBackward(int rows, int columns, boolean log) {
    return KernelCase.of(
        "normalization.softmaxBackward",
        "[%d,%d]%s".formatted(rows, columns, log ? " log" : ""),
        f -> {
          Tensor y = f.uniform("y", log ? -7 : 0, log ? -1 : 0.3, rows, columns);
          Tensor dY = f.input("dY", rows, columns);
          double[] terms = rowTerms(y, dY, log);
          Tensor dX = f.accumulated("dX", sum(terms), rows, columns);
          return k -> {
            if (log) {
              k.normalization().logSoftmaxBackward(y, dY, dX);
            } else {
              k.normalization().softmaxBackward(y, dY, dX);
            }
          };
        });
  }

  /** The terms of the row's sum times what it is multiplied by, for each element. */
  private static double[] rowTerms(Tensor y, Tensor dY, boolean log) {
    int n = y.columns();
    double[] terms = new double[y.size()];
    for (int r = 0; r < y.rows(); r++) {
      double sum = 0;
      for (int c = 0; c < n; c++) {
        sum += Math.abs(dY.get(r * n + c)) * (log ? 1 : y.get(r * n + c));
      }
      for (int c = 0; c < n; c++) {
        float p = y.get(r * n + c);
        terms[r * n + c] = sum * (log ? Math.exp(p) : p);
      }
    }
    return terms;
  }

  private static KernelCase layerNorm(int rows, int d) {
    return KernelCase.of(
        "normalization.layerNorm",
        "[%d,%d]".formatted(rows, d),
        f -> {
          Tensor x = shifted(f.input("x", rows, d), 2);
          Tensor gain = f.input("gain", d);
          Tensor bias = f.input("bias", d);
          // one column has no deviation: what is left is rounding, times 1/√epsilon
          Tolerance values = new Tolerance(d < 3 ? 1e-3 : 2e-5, 2e-5);
          Tensor y = f.output("y", values, rows, d);
          Tensor mean = f.output("mean", Tolerance.ELEMENT, rows);
          Tensor rstd = f.output("rstd", Tolerance.GRADIENT, rows);
          return k -> k.normalization().layerNorm(x, gain, bias, EPSILON, y, mean, rstd);
        });
  }

  private static KernelCase layerNormBackward(int rows, int d, int wanted) {
    return KernelCase.of(
        "normalization.layerNormBackward",
        "[%d,%d] %s".formatted(rows, d, wanted(wanted)),
        f -> {
          Tensor x = f.input("x", rows, d);
          Tensor gain = f.input("gain", d);
          Tensor mean = f.uniform("mean", -0.5, 0.5, rows);
          Tensor rstd = f.uniform("rstd", 0.5, 2, rows);
          Tensor dY = f.input("dY", rows, d);
          double[] n = normalized(x, mean, rstd, NormalizationReference.rows(d));
          double[] g = abs(dY);
          NormalizationReference.Sharing column = NormalizationReference.channels(d, d);
          double[] toX = layerTerms(n, g, gain, rstd, d);
          Tensor dX = (wanted & 1) != 0 ? f.accumulated("dX", sum(toX), rows, d) : null;
          Tensor dGain = parameter(f, wanted, "dGain", g, n, column, d);
          Tensor dBias = parameter(f, wanted, "dBias", g, ones(g.length), column, d);
          return k ->
              k.normalization().layerNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
        });
  }

  private static KernelCase batchNorm(int rows, int channels, int pixels) {
    return KernelCase.of(
        "normalization.batchNorm",
        "[%d,%d·%d]".formatted(rows, channels, pixels),
        f -> {
          Tensor x = shifted(f.input("x", rows, channels * pixels), 2);
          Tensor gain = f.input("gain", channels);
          Tensor bias = f.input("bias", channels);
          boolean few = rows * pixels < 3;
          Tolerance values = new Tolerance(few ? 1e-3 : 2e-5, few ? 1e-3 : 2e-5);
          Tensor runningMean = f.accumulated("runningMean", Tolerance.ELEMENT, channels);
          Tensor runningVariance = f.accumulated("runningVariance", Tolerance.GRADIENT, channels);
          Tensor y = f.output("y", values, rows, channels * pixels);
          Tensor mean = f.output("mean", Tolerance.ELEMENT, channels);
          Tensor rstd = f.output("rstd", few ? values : Tolerance.GRADIENT, channels);
          return k ->
              k.normalization()
                  .batchNorm(
                      x, gain, bias, EPSILON, 0.1f, runningMean, runningVariance, y, mean, rstd);
        });
  }

  private static KernelCase fixedNorm(int rows, int channels, int pixels) {
    return KernelCase.of(
        "normalization.fixedNorm",
        "[%d,%d·%d]".formatted(rows, channels, pixels),
        f -> {
          Tensor x = f.input("x", rows, channels * pixels);
          Tensor gain = f.input("gain", channels);
          Tensor bias = f.input("bias", channels);
          Tensor mean = f.input("mean", channels);
          Tensor variance = f.uniform("variance", 0.1, 3, channels);
          Tensor y = f.output("y", Tolerance.ELEMENT, rows, channels * pixels);
          Tensor rstd = f.output("rstd", Tolerance.ELEMENT, channels);
          return k -> k.normalization().fixedNorm(x, gain, bias, mean, variance, EPSILON, y, rstd);
        });
  }

  private static KernelCase batchNormBackward(
      int rows, int channels, int pixels, int wanted, boolean fixed) {
    int columns = channels * pixels;
    return KernelCase.of(
        "normalization." + (fixed ? "fixedNormBackward" : "batchNormBackward"),
        "[%d,%d·%d] %s".formatted(rows, channels, pixels, wanted(wanted)),
        f -> {
          Tensor x = f.input("x", rows, columns);
          Tensor gain = f.input("gain", channels);
          Tensor mean = f.uniform("mean", -0.5, 0.5, channels);
          Tensor rstd = f.uniform("rstd", 0.5, 2, channels);
          Tensor dY = f.input("dY", rows, columns);
          NormalizationReference.Sharing channel =
              NormalizationReference.channels(channels, columns);
          double[] n = normalized(x, mean, rstd, channel);
          double[] g = abs(dY);
          double[] toX = channelTerms(n, g, gain, rstd, channel);
          Tensor dX = (wanted & 1) != 0 ? f.accumulated("dX", sum(toX), rows, columns) : null;
          Tensor dGain = parameter(f, wanted, "dGain", g, n, channel, channels);
          Tensor dBias = parameter(f, wanted, "dBias", g, ones(g.length), channel, channels);
          return fixed
              ? k -> k.normalization().fixedNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias)
              : k -> k.normalization().batchNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
        });
  }

  private static String wanted(int wanted) {
    return switch (wanted) {
      case 1 -> "dX";
      case 2 -> "dGain, dBias";
      default -> "all";
    };
  }

  private static @Nullable Tensor parameter(
      Fixture f,
      int wanted,
      String name,
      double[] g,
      double[] n,
      NormalizationReference.Sharing group,
      int size) {
    double[] terms = NormalizationReference.sums(g, n, group, size);
    return (wanted & 2) != 0 ? f.accumulated(name, sum(terms), size) : null;
  }

  /** |(x − mean)·rstd|. */
  private static double[] normalized(
      Tensor x, Tensor mean, Tensor rstd, NormalizationReference.Sharing group) {
    double[] n =
        NormalizationReference.normalized(
            Doubles.read(x), Doubles.read(mean), Doubles.read(rstd), group);
    return Arrays.stream(n).map(Math::abs).toArray();
  }

  private static double[] layerTerms(double[] n, double[] g, Tensor gain, Tensor rstd, int d) {
    double[] scaled = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      scaled[i] = g[i] * Math.abs(gain.get(i % d));
    }
    return terms(n, scaled, Doubles.read(rstd), NormalizationReference.rows(d));
  }

  private static double[] channelTerms(
      double[] n, double[] g, Tensor gain, Tensor rstd, NormalizationReference.Sharing channel) {
    double[] scale = new double[rstd.size()];
    for (int c = 0; c < scale.length; c++) {
      scale[c] = Math.abs(rstd.get(c) * gain.get(c));
    }
    return terms(n, g, scale, channel);
  }

  /** scale·(g + mean g + n·mean(g·n)) with everything positive. */
  private static double[] terms(
      double[] n, double[] g, double[] scale, NormalizationReference.Sharing group) {
    double[] products = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      products[i] = g[i] * n[i];
    }
    double[] mean = NormalizationReference.means(g, group, scale.length);
    double[] slope = NormalizationReference.means(products, group, scale.length);
    double[] terms = new double[g.length];
    for (int i = 0; i < g.length; i++) {
      int at = group.of(i);
      terms[i] = scale[at] * (g[i] + mean[at] + n[i] * slope[at]);
    }
    return terms;
  }

  private static Tensor shifted(Tensor t, float by) {
    for (int i = 0; i < t.size(); i++) {
      t.array()[t.offset() + i] += by;
    }
    return t;
  }

  private static double[] ones(int n) {
    double[] a = new double[n];
    Arrays.fill(a, 1);
    return a;
  }

  private static double[] abs(Tensor t) {
    return Arrays.stream(Doubles.read(t)).map(Math::abs).toArray();
  }

  private static Tolerance sum(double[] terms) {
    return new Tolerance(1e-6, 1e-5, terms);
  }

  @Override
  public List<GradCase> gradients() {
    return NormalizationGradients.cases();
  }
}
