package io.github.elbo4j.kernel.discrete;

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

/** Cases of the Concrete distribution; those of the binary one are {@link BinaryConcreteCases}. */
public final class ConcreteCases implements FamilyCases {
  private static final int L = SimdMath.L;
  static final NoiseKey NOISE = new NoiseKey(7, 3).at(5);

  /** What gradients are accumulated into: normal numbers, all below this. */
  static final double START = 6;

  /** Data points, samples a point, variables a row, categories. */
  record Sizes(int b, int k, int n, int c) {
    int rows() {
      return b * k;
    }

    int columns() {
      return n * c;
    }

    int point(int i) {
      return i / columns() / k * columns() + i % columns();
    }
  }

  static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97}) {
      list.add(new Sizes(3, 1, n, 3));
      list.add(new Sizes(2, 3, n, 10));
    }
    for (int c : new int[] {1, 2, 7, 8, 9, L + 1, 67}) {
      list.add(new Sizes(5, 1, 4, c));
      list.add(new Sizes(1, 7, 3, c));
    }
    list.add(new Sizes(0, 1, 5, 4));
    list.add(new Sizes(64, 1, 20, 10));
    list.add(new Sizes(1, 60, 20, 10)); // one row of logits for all: blocks of rows
    list.add(new Sizes(2, 1, 1, 3001)); // longer than a part of a float32 sum
    return list;
  }

  private static boolean hot(Sizes s) {
    return (s.n == 97 && s.c == 3) || (s.n == 20 && s.b == 64);
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      for (boolean all : new boolean[] {false, true}) {
        List<KernelCase> of = new ArrayList<>();
        of.add(gumbelMax(s, all));
        of.add(sample(s, 0.7f, all));
        of.add(sampleBackward(s, all, false));
        of.add(sampleBackward(s, all, true));
        of.add(logDensity(s, all));
        of.add(logDensityBackward(s, all));
        of.add(conditional(s, 0.7f, all));
        of.add(conditionalBackward(s, all));
        of.forEach(c -> cases.add(all && hot(s) ? c.asHot() : c));
      }
    }
    Sizes ragged = new Sizes(7, 2, 5, 10);
    for (float tau : new float[] {0.05f, 10}) {
      cases.add(sample(ragged, tau, true));
      cases.add(conditional(ragged, tau, true));
    }
    cases.add(edges());
    cases.addAll(BinaryConcreteCases.parity());
    return cases;
  }

  @Override
  public List<GradCase> gradients() {
    return ConcreteGradients.all();
  }

  static Tensor index(Fixture f, Sizes s) {
    Tensor index = f.uniform("index", 0, s.c, s.rows(), s.n);
    for (int i = index.offset(); i < index.offset() + index.size(); i++) {
      index.array()[i] = (float) Math.floor(index.array()[i]);
    }
    return index;
  }

  /** Σ|terms| of log y and y: logits and Gumbel noise, which is below 17, at the temperature. */
  private static Tolerance relaxed(Sizes s, float tau) {
    double[] terms = new double[s.rows() * s.columns()];
    java.util.Arrays.fill(terms, (2 * START + 17) / tau);
    return Tolerance.sum(terms);
  }

  private static KernelCase gumbelMax(Sizes s, boolean all) {
    return KernelCase.of(
        "concrete.gumbelMax",
        s + (all ? " both" : " index"),
        f -> {
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor oneHot = all ? f.output("oneHot", Tolerance.EXACT, s.rows(), s.columns()) : null;
          Tensor index = f.output("index", Tolerance.EXACT, s.rows(), s.n);
          return k -> k.concrete().gumbelMax(logAlpha, s.c, NOISE, oneHot, index);
        });
  }

  private static KernelCase sample(Sizes s, float tau, boolean all) {
    return KernelCase.of(
        "concrete.sample",
        s + " tau " + tau + (all ? " all outputs" : " logY"),
        f -> {
          int r = s.rows();
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tolerance relaxed = relaxed(s, tau);
          Tensor logY = f.output("logY", relaxed, r, s.columns());
          Tensor y = all ? f.output("y", relaxed, r, s.columns()) : null;
          Tensor oneHot = all ? f.output("oneHot", Tolerance.EXACT, r, s.columns()) : null;
          Tensor logQ = all ? f.output("logQ", density(s, tau), r) : null;
          return k -> k.concrete().sample(logAlpha, s.c, tau, NOISE, logY, y, oneHot, logQ);
        });
  }

  /** Σ|terms| of a row's log density: each category has a Gumbel number, or a difference. */
  private static Tolerance density(Sizes s, float tau) {
    double[] terms = new double[s.rows()];
    double variable = 30 + 25.0 * s.c + s.c * (Math.log(s.c) + Math.abs(Math.log(tau)));
    java.util.Arrays.fill(terms, s.n * variable);
    return Tolerance.sum(terms);
  }

  private static double size(@Nullable Tensor t, int i) {
    return t == null ? 0 : Math.abs(t.get(i));
  }

  /**
   * Tolerances of dLogAlpha and dTau, from a bound on the gradient of each element of the sample.
   */
  private record Bounds(Tolerance logAlpha, Tolerance tau) {
    static Bounds of(Sizes s, double[] perElement, @Nullable Tensor logY, double perTau) {
      double[] terms = new double[s.b * s.columns()];
      java.util.Arrays.fill(terms, START);
      double tau = START + perTau;
      for (int i = 0; i < perElement.length; i++) {
        double sum = perElement[i];
        int v = i / s.c * s.c;
        for (int j = v; j < v + s.c; j++) {
          sum += perElement[j];
        }
        terms[s.point(i)] += sum;
        tau += sum * size(logY, i);
      }
      return new Bounds(Tolerance.sum(terms), Tolerance.sum(new double[] {tau}));
    }
  }

  private static KernelCase sampleBackward(Sizes s, boolean all, boolean stl) {
    return KernelCase.of(
        "concrete.sampleBackward",
        s + (all ? " all gradients" : " dLogQ and dY") + (stl ? " stl" : ""),
        f -> {
          float tau = 0.6f;
          int r = s.rows();
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor logY = f.uniform("logY", -6, -0.5, r, s.columns());
          Tensor dLogY = all ? f.input("dLogY", r, s.columns()) : null;
          Tensor dY = f.input("dY", r, s.columns());
          Tensor dLogQ = f.input("dLogQ", r);
          double[] g = new double[logY.size()];
          double perTau = 0;
          for (int i = 0; i < g.length; i++) {
            double q = size(dLogQ, i / s.columns());
            g[i] = (size(dLogY, i) + size(dY, i) + (stl ? q * tau * 2 : 0)) / tau;
            perTau += q / tau;
          }
          Bounds bounds = Bounds.of(s, g, logY, perTau);
          Tensor dLogAlpha = f.accumulated("dLogAlpha", bounds.logAlpha, s.b, s.columns());
          Tensor dTau = all ? f.accumulated("dTau", bounds.tau, 1) : null;
          return k ->
              k.concrete()
                  .sampleBackward(logAlpha, s.c, tau, logY, dLogY, dY, dLogQ, stl, dLogAlpha, dTau);
        });
  }

  private static KernelCase logDensity(Sizes s, boolean ofY) {
    return KernelCase.of(
        "concrete.logDensity",
        s + (ofY ? " of y" : " of logY"),
        f -> {
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor logY = f.uniform("logY", -6, -0.5, s.rows(), s.columns());
          Tensor out = f.output("logDensity", density(s, 1.3f), s.rows());
          return k -> k.concrete().logDensity(logAlpha, s.c, 1.3f, logY, ofY, out);
        });
  }

  private static KernelCase logDensityBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "concrete.logDensityBackward",
        s + (all ? " all gradients" : " dLogY"),
        f -> {
          float tau = 1.3f;
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor logY = f.uniform("logY", -6, -0.5, s.rows(), s.columns());
          Tensor up = f.input("dLogDensity", s.rows());
          double[] g = new double[logY.size()];
          double[] toSample = new double[g.length];
          double perTau = 0;
          for (int i = 0; i < g.length; i++) {
            g[i] = 2 * size(up, i / s.columns());
            toSample[i] = START + tau * s.c * g[i];
            perTau += g[i];
          }
          Bounds bounds = Bounds.of(s, g, logY, perTau);
          Tensor dLogAlpha =
              all ? f.accumulated("dLogAlpha", bounds.logAlpha, s.b, s.columns()) : null;
          Tensor dLogY = f.accumulated("dLogY", Tolerance.sum(toSample), s.rows(), s.columns());
          Tensor dTau = all ? f.accumulated("dTau", bounds.tau, 1) : null;
          return k ->
              k.concrete()
                  .logDensityBackward(logAlpha, s.c, tau, logY, all, up, dLogAlpha, dLogY, dTau);
        });
  }

  private static KernelCase conditional(Sizes s, float tau, boolean all) {
    return KernelCase.of(
        "concrete.conditional",
        s + " tau " + tau + (all ? " z and logY" : " z"),
        f -> {
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor index = index(f, s);
          Tensor z = f.output("z", relaxed(s, 1), s.rows(), s.columns());
          Tensor logY = all ? f.output("logY", relaxed(s, tau), s.rows(), s.columns()) : null;
          return k -> k.concrete().conditional(logAlpha, s.c, tau, index, NOISE, z, logY);
        });
  }

  private static KernelCase conditionalBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "concrete.conditionalBackward",
        s + (all ? " all gradients" : " dz"),
        f -> {
          float tau = 0.6f;
          int r = s.rows();
          Tensor logAlpha = f.input("logAlpha", s.b, s.columns());
          Tensor z = f.input("z", r, s.columns());
          Tensor logY = all ? f.uniform("logY", -6, -0.5, r, s.columns()) : null;
          Tensor dz = f.input("dz", r, s.columns());
          Tensor dLogY = all ? f.input("dLogY", r, s.columns()) : null;
          double[] g = new double[z.size()];
          for (int i = 0; i < g.length; i++) {
            g[i] = size(dz, i);
            int v = i / s.c * s.c;
            for (int j = v; all && j < v + s.c; j++) {
              g[i] += size(dLogY, j) / tau * (i == j ? 2 : 1);
            }
          }
          Bounds bounds = Bounds.of(s, g, logY, 0);
          Tensor dLogAlpha = f.accumulated("dLogAlpha", bounds.logAlpha, s.b, s.columns());
          Tensor dTau = all ? f.accumulated("dTau", bounds.tau, 1) : null;
          return k ->
              k.concrete()
                  .conditionalBackward(logAlpha, s.c, tau, z, logY, dz, dLogY, dLogAlpha, dTau);
        });
  }

  /** Variables with a logit that is −∞, +∞ or NaN, or all −∞, beside a finite one. */
  private static KernelCase edges() {
    float inf = Float.POSITIVE_INFINITY;
    float[] logits = {
      0, -inf, 1, 2, 0, 1, inf, 0, 1, Float.NaN, 0, 1, 1, 0, Float.NaN, -inf, -inf, -inf
    };
    return KernelCase.of(
        "concrete.sample",
        "infinite and NaN logits",
        f -> {
          Tensor logAlpha = f.input("logAlpha", 6, 3);
          System.arraycopy(logits, 0, logAlpha.array(), logAlpha.offset(), logits.length);
          Tensor index = f.output("index", Tolerance.EXACT, 6, 1);
          Tensor logY = f.output("logY", Tolerance.ELEMENT, 6, 3);
          Tensor y = f.output("y", Tolerance.ELEMENT, 6, 3);
          Tensor oneHot = f.output("oneHot", Tolerance.EXACT, 6, 3);
          Tensor logQ = f.output("logQ", Tolerance.ELEMENT, 6);
          Tensor again = f.output("again", Tolerance.ELEMENT, 6);
          Tensor z = f.output("z", Tolerance.ELEMENT, 6, 3);
          Tensor relaxed = f.output("relaxed", Tolerance.ELEMENT, 6, 3);
          Tensor zeros = Tensor.zeros(6, 1);
          return k -> {
            k.concrete().gumbelMax(logAlpha, 3, NOISE, null, index);
            k.concrete().sample(logAlpha, 3, 1, NOISE, logY, y, oneHot, logQ);
            k.concrete().logDensity(logAlpha, 3, 1, logY, false, again);
            k.concrete().conditional(logAlpha, 3, 1, zeros, NOISE, z, relaxed);
          };
        });
  }
}
