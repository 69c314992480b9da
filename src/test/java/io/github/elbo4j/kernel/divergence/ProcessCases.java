package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.SimdMath;
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

/** Cases of {@link ProcessKernels}. */
public final class ProcessCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final double START = 6;

  /** Points of the two sets (m = 0: the first with itself) and coordinates. */
  private record Sizes(int n, int m, int c) {
    int columns() {
      return m == 0 ? n : m;
    }
  }

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int m : new int[] {1, L - 1, L, L + 1, 8 * L + 3}) {
      list.add(new Sizes(5, m, 3));
      list.add(new Sizes(m, 0, 4));
    }
    for (int c : new int[] {1, 2, 5, 19}) {
      list.add(new Sizes(33, 37, c));
    }
    list.add(new Sizes(0, 0, 3));
    list.add(new Sizes(3, 2000, 2)); // longer than a chunk of a lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.n == 33 && s.c == 5;
      for (KernelCase c : all(s)) {
        cases.add(hot ? c.asHot() : c);
      }
    }
    return cases;
  }

  private static List<KernelCase> all(Sizes s) {
    return List.of(
        ard(s),
        ardBackward(s),
        variance(s),
        varianceBackward(s),
        covariance(s),
        covarianceBackward(s));
  }

  private record Points(Tensor x, @Nullable Tensor y, Tensor logWeight, Tensor logVariance) {
    static Points of(Fixture f, Sizes s) {
      return new Points(
          f.input("x", s.n, s.c),
          s.m == 0 ? null : f.input("y", s.m, s.c),
          f.uniform("logWeight", -2, 0.5, s.c),
          f.uniform("logVariance", -0.5, 0.5, 1));
    }

    Tensor other() {
      return y == null ? x : y;
    }

    double size(int i, int j, int c) {
      return Math.abs(x.get(i * x.columns() + c)) + Math.abs(other().get(j * x.columns() + c));
    }

    /** The size of the exponent's terms: how wrong a kernel may be, relatively. */
    double exponent(int i, int j) {
      double sum = 2;
      for (int c = 0; c < x.columns(); c++) {
        sum += Math.exp(logWeight.get(c)) * size(i, j, c) * size(i, j, c);
      }
      return sum;
    }

    double kernel(int i, int j) {
      double[] a = Arrays.copyOfRange(Doubles.read(x), i * x.columns(), (i + 1) * x.columns());
      double[] b =
          Arrays.copyOfRange(Doubles.read(other()), j * x.columns(), (j + 1) * x.columns());
      return ProcessReference.ard(a, b, Doubles.read(logWeight), logVariance.get(0))[0];
    }
  }

  private static KernelCase ard(Sizes s) {
    return KernelCase.of(
        "process.ard",
        s.toString(),
        f -> {
          Points p = Points.of(f, s);
          double[] terms = new double[s.n * s.columns()];
          for (int at = 0; at < terms.length; at++) {
            int i = at / s.columns();
            int j = at % s.columns();
            terms[at] = p.kernel(i, j) * p.exponent(i, j);
          }
          Tensor k = f.output("k", Tolerance.sum(terms), s.n, s.columns());
          float jitter = s.m == 0 ? 1e-3f : 0;
          return b -> b.process().ard(p.x, p.y, p.logWeight, p.logVariance, jitter, k);
        });
  }

  private static KernelCase ardBackward(Sizes s) {
    return KernelCase.of(
        "process.ardBackward",
        s.toString(),
        f -> {
          Points p = Points.of(f, s);
          Tensor g = f.input("dK", s.n, s.columns());
          double[] toX = new double[s.n * s.c];
          double[] toY = s.m == 0 ? toX : new double[s.m * s.c];
          double[] toWeight = new double[s.c];
          double[] toVariance = {START};
          for (double[] sums : List.of(toX, toY, toWeight)) {
            Arrays.fill(sums, START);
          }
          for (int at = 0; at < g.size(); at++) {
            int i = at / s.columns();
            int j = at % s.columns();
            double weight = Math.abs(g.get(at)) * p.kernel(i, j) * p.exponent(i, j);
            toVariance[0] += weight;
            for (int c = 0; c < s.c; c++) {
              double t = weight * Math.exp(p.logWeight.get(c)) * p.size(i, j, c);
              toX[i * s.c + c] += t;
              toY[j * s.c + c] += t;
              toWeight[c] += 0.5 * t * p.size(i, j, c);
            }
          }
          Tensor dX = f.accumulated("dX", Tolerance.sum(toX), s.n, s.c);
          Tensor dY = s.m == 0 ? null : f.accumulated("dY", Tolerance.sum(toY), s.m, s.c);
          Tensor dWeight = f.accumulated("dLogWeight", Tolerance.sum(toWeight), s.c);
          Tensor dVariance = f.accumulated("dLogVariance", Tolerance.sum(toVariance), 1);
          return b ->
              b.process()
                  .ardBackward(p.x, p.y, p.logWeight, p.logVariance, g, dX, dY, dWeight, dVariance);
        });
  }

  private static KernelCase variance(Sizes s) {
    return KernelCase.of(
        "process.conditionalVariance",
        s.toString(),
        f -> {
          Tensor v = f.uniform("v", -0.3, 0.3, s.n, s.columns());
          Tensor logVariance = f.uniform("logVariance", 0, 1, 1);
          double[] terms = new double[s.columns()];
          Arrays.fill(terms, 3 + 0.09 * s.n);
          Tensor variance = f.output("variance", Tolerance.sum(terms), s.columns());
          return b -> b.process().conditionalVariance(v, logVariance, variance);
        });
  }

  /** Some variances are 0: nothing comes from there. */
  private static KernelCase varianceBackward(Sizes s) {
    return KernelCase.of(
        "process.conditionalVarianceBackward",
        s.toString(),
        f -> {
          Tensor v = f.input("v", s.n, s.columns());
          Tensor logVariance = f.uniform("logVariance", 0, 1, 1);
          Tensor variance = f.uniform("variance", 0, 1, s.columns());
          for (int r = 0; r < s.columns(); r += 3) {
            variance.array()[variance.offset() + r] = 0;
          }
          Tensor g = f.input("dVariance", s.columns());
          Tensor dV = f.accumulated("dV", Tolerance.GRADIENT, s.n, s.columns());
          double[] terms = {START + 3.0 * 6 * s.columns()};
          Tensor d = f.accumulated("dLogVariance", Tolerance.sum(terms), 1);
          return b -> b.process().conditionalVarianceBackward(v, logVariance, variance, g, dV, d);
        });
  }

  /** At the first set's points, given values at as many as there are coordinates. */
  private static KernelCase covariance(Sizes s) {
    return KernelCase.of(
        "process.conditionalCovariance",
        s.toString(),
        f -> {
          Tensor k = f.input("k", s.n, s.n);
          Tensor v = f.input("v", s.c, s.n);
          double[] terms = new double[s.n * s.n];
          Arrays.fill(terms, 6 + 20.0 * s.c);
          Tensor covariance = f.output("covariance", Tolerance.sum(terms), s.n, s.n);
          return b -> b.process().conditionalCovariance(k, v, covariance);
        });
  }

  private static KernelCase covarianceBackward(Sizes s) {
    return KernelCase.of(
        "process.conditionalCovarianceBackward",
        s.toString(),
        f -> {
          Tensor v = f.input("v", s.c, s.n);
          Tensor g = f.input("g", s.n, s.n);
          double[] terms = new double[s.c * s.n];
          Arrays.fill(terms, START + 40.0 * s.n);
          Tensor dK = f.accumulated("dK", Tolerance.ELEMENT, s.n, s.n);
          Tensor dV = f.accumulated("dV", Tolerance.sum(terms), s.c, s.n);
          return b -> b.process().conditionalCovarianceBackward(v, g, dK, dV);
        });
  }

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("process.ardBackward", "two sets", () -> ardCheck(false)),
        new GradCase("process.ardBackward", "one set", () -> ardCheck(true)),
        new GradCase("process.conditionalVarianceBackward", "", ProcessCases::varianceCheck),
        new GradCase("process.conditionalCovarianceBackward", "", ProcessCases::covarianceCheck));
  }

  private static void ardCheck(boolean same) {
    int c = 3;
    double[] x = GradCheck.random(1, 4 * c, 1);
    double[] y = same ? x : GradCheck.random(2, 5 * c, 1);
    double[] w = GradCheck.random(3, c, 0.5);
    double[] v = {0.3};
    double[] g = GradCheck.random(4, 4 * y.length / c, 1);
    double[] dX = new double[x.length];
    double[] dY = same ? dX : new double[y.length];
    double[] dW = new double[c];
    double[] dV = new double[1];
    ProcessReference.ardBackward(x, y, w, v[0], g, dX, dY, dW, dV);
    GradCheck.check(
        "x", x, dX, a -> GradCheck.dot(g, ProcessReference.ard(a, same ? a : y, w, v[0])));
    if (!same) {
      GradCheck.check("y", y, dY, a -> GradCheck.dot(g, ProcessReference.ard(x, a, w, v[0])));
    }
    GradCheck.check("weight", w, dW, a -> GradCheck.dot(g, ProcessReference.ard(x, y, a, v[0])));
    GradCheck.check("variance", v, dV, a -> GradCheck.dot(g, ProcessReference.ard(x, y, w, a[0])));
  }

  private static void varianceCheck() {
    double[] v = GradCheck.random(5, 3 * 4, 0.2);
    double[] g = GradCheck.random(6, 4, 1);
    double[] dV = ProcessReference.conditionalVarianceGradient(v, g);
    GradCheck.check(
        "v", v, dV, a -> GradCheck.dot(g, ProcessReference.conditionalVariance(a, 4, 0.4)));
  }

  private static void covarianceCheck() {
    double[] k = GradCheck.random(7, 4 * 4, 1);
    double[] v = GradCheck.random(8, 3 * 4, 1);
    double[] g = GradCheck.random(9, 4 * 4, 1);
    GradCheck.check(
        "v",
        v,
        ProcessReference.conditionalCovarianceGradient(v, g, 4),
        a -> GradCheck.dot(g, ProcessReference.conditionalCovariance(k, a, 4)));
  }
}
