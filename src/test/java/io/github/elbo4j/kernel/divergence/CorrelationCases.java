package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.kernel.divergence.CorrelationReference.Pairs;
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

/** Cases of {@link CorrelationKernels}. */
public final class CorrelationCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final double START = 6;
  private static final long EXAMPLES = 10_000;

  /** Samples, posteriors and dimensions. */
  private record Sizes(int r, int b, int d, Weighting weighting) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int b : new int[] {2, L - 1, L, L + 1, 33, 8 * L + 3}) {
      list.add(new Sizes(b, b, 5, Weighting.STRATIFIED));
      list.add(new Sizes(b, b, 3, Weighting.WEIGHTED));
    }
    list.add(new Sizes(7, 1, 4, Weighting.WEIGHTED));
    list.add(new Sizes(0, 3, 4, Weighting.WEIGHTED));
    list.add(new Sizes(37, 5, 1, Weighting.WEIGHTED));
    list.add(new Sizes(3, 2000, 2, Weighting.WEIGHTED)); // longer than a chunk of a lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.b == 33;
      add(cases, hot, forward(s));
      add(cases, hot, backward(s, true, true));
      add(cases, false, backward(s, true, false));
      add(cases, false, backward(s, false, true));
    }
    cases.add(edges());
    for (int b : new int[] {1, 3, L + 1}) {
      cases.add(farFromNarrow(b));
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private record Arguments(Sizes s, Tensor z, Tensor mu, Tensor logVar, Pairs pairs) {
    static Arguments of(Fixture f, Sizes s) {
      Tensor z = f.input("z", s.r, s.d);
      Tensor mu = f.input("mu", s.b, s.d);
      Tensor logVar = f.uniform("logVar", -2, 1, s.b, s.d);
      Pairs pairs =
          new Pairs(
              Doubles.read(z),
              Doubles.read(mu),
              Doubles.read(logVar),
              s.r,
              s.b,
              s.d,
              EXAMPLES,
              s.weighting);
      return new Arguments(s, z, mu, logVar, pairs);
    }

    /** Σ|terms| of l[r,j,i]. */
    double terms(int r, int j, int i) {
      double distance = Math.abs(z.get(r * s.d + i)) + Math.abs(mu.get(j * s.d + i));
      double logVariance = logVar.get(j * s.d + i);
      double square = distance * distance * Math.exp(-logVariance);
      return 0.5 * square + Math.abs(logVariance) + 2 + Math.abs(pairs.logWeight(r, j));
    }

    double terms(int r, int j) {
      double sum = 0;
      for (int i = 0; i < s.d; i++) {
        sum += terms(r, j, i);
      }
      return sum;
    }

    /** Of logQ: the terms of each posterior count as much as it is responsible. */
    double[] jointTerms() {
      double[] logQ = CorrelationReference.joint(pairs);
      double[] sums = new double[s.r];
      for (int r = 0; r < s.r; r++) {
        sums[r] = 1;
        for (int j = 0; j < s.b; j++) {
          sums[r] += Math.exp(pairs.joint(r, j) - logQ[r]) * terms(r, j);
        }
      }
      return sums;
    }

    double own(double[] perDim, int r, int j, int i) {
      return Math.exp(pairs.logWeight(r, j) + pairs.logDensity(r, j, i) - perDim[r * s.d + i]);
    }

    double[] perDimTerms() {
      double[] perDim = CorrelationReference.perDim(pairs);
      double[] sums = new double[s.r * s.d];
      for (int at = 0; at < sums.length; at++) {
        sums[at] = 1;
        for (int j = 0; j < s.b; j++) {
          sums[at] += own(perDim, at / s.d, j, at % s.d) * terms(at / s.d, j, at % s.d);
        }
      }
      return sums;
    }

    /** Of dZ, dMu and dLogVar. A responsibility is as wrong as the exponent it comes from. */
    double[][] gradientTerms(double toJoint, double toPerDim) {
      double[] logQ = CorrelationReference.joint(pairs);
      double[] perDim = CorrelationReference.perDim(pairs);
      double[][] sums = {new double[s.r * s.d], new double[s.b * s.d], new double[s.b * s.d]};
      for (double[] sum : sums) {
        Arrays.fill(sum, START);
      }
      for (int r = 0; r < s.r; r++) {
        for (int j = 0; j < s.b; j++) {
          double shared = toJoint * Math.exp(pairs.joint(r, j) - logQ[r]) * (1 + terms(r, j));
          for (int i = 0; i < s.d; i++) {
            double g = shared + toPerDim * own(perDim, r, j, i) * (1 + terms(r, j, i));
            double distance = Math.abs(z.get(r * s.d + i)) + Math.abs(mu.get(j * s.d + i));
            double t = g * distance * Math.exp(-logVar.get(j * s.d + i));
            sums[0][r * s.d + i] += t;
            sums[1][j * s.d + i] += t;
            sums[2][j * s.d + i] += 0.5 * (t * distance + g);
          }
        }
      }
      return sums;
    }
  }

  private static KernelCase forward(Sizes s) {
    return KernelCase.of(
        "correlation.logDensities",
        s.toString(),
        f -> {
          Arguments a = Arguments.of(f, s);
          Tensor logQ = f.output("logQ", Tolerance.sum(a.jointTerms()), s.r);
          Tensor perDim = f.output("logQPerDim", Tolerance.sum(a.perDimTerms()), s.r, s.d);
          return k ->
              k.correlation()
                  .logDensities(a.z, a.mu, a.logVar, EXAMPLES, s.weighting, logQ, perDim);
        });
  }

  private static void write(double[] values, Tensor t) {
    for (int i = 0; i < values.length; i++) {
      t.array()[t.offset() + i] = (float) values[i];
    }
  }

  private static KernelCase backward(Sizes s, boolean joint, boolean perDim) {
    return KernelCase.of(
        "correlation.logDensitiesBackward",
        s + (joint ? " joint" : "") + (perDim ? " per dimension" : ""),
        f -> {
          Arguments a = Arguments.of(f, s);
          Tensor logQ = f.input("logQ", s.r);
          Tensor logQPerDim = f.input("logQPerDim", s.r, s.d);
          write(CorrelationReference.joint(a.pairs), logQ);
          write(CorrelationReference.perDim(a.pairs), logQPerDim);
          Tensor g = joint ? f.uniform("dLogQ", -2, 2, s.r) : null;
          Tensor h = perDim ? f.uniform("dLogQPerDim", -2, 2, s.r, s.d) : null;
          double[][] terms = a.gradientTerms(joint ? 2 : 0, perDim ? 2 : 0);
          Tensor dZ = f.accumulated("dZ", Tolerance.sum(terms[0]), s.r, s.d);
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(terms[1]), s.b, s.d);
          Tensor dLogVar = f.accumulated("dLogVar", Tolerance.sum(terms[2]), s.b, s.d);
          return k ->
              k.correlation()
                  .logDensitiesBackward(
                      a.z,
                      a.mu,
                      a.logVar,
                      EXAMPLES,
                      s.weighting,
                      logQ,
                      logQPerDim,
                      g,
                      h,
                      dZ,
                      dMu,
                      dLogVar);
        });
  }

  /** Far away from every posterior, on a narrow one, and a NaN. */
  private static KernelCase edges() {
    return KernelCase.of(
        "correlation.logDensities",
        "edges",
        f -> {
          int b = L;
          Tensor z = f.input("z", b, 2);
          Tensor mu = f.input("mu", b, 2);
          Tensor logVar = f.uniform("logVar", -2, 1, b, 2);
          z.array()[z.offset()] = 1000;
          z.array()[z.offset() + 2] = -3000;
          z.array()[z.offset() + 4] = Float.NaN;
          logVar.array()[logVar.offset() + 6] = -20;
          z.array()[z.offset() + 6] = mu.get(6);
          Tolerance tolerance = new Tolerance(2e-5, 2e-5);
          Tensor logQ = f.output("logQ", tolerance, b);
          Tensor perDim = f.output("logQPerDim", tolerance, b, 2);
          return k ->
              k.correlation().logDensities(z, mu, logVar, b, Weighting.STRATIFIED, logQ, perDim);
        });
  }

  /**
   * Narrow posteriors so far away that no number but their own may decide; a sample at infinity,
   * and the same where a posterior is NaN.
   */
  private static KernelCase farFromNarrow(int b) {
    return KernelCase.of(
        "correlation.logDensities",
        b + " narrow posteriors far away",
        f -> {
          Tensor z = f.input("z", 3, 2);
          Tensor mu = f.input("mu", b, 2);
          Tensor logVar = f.uniform("logVar", -20, -20, b, 2);
          Arrays.fill(z.array(), z.offset(), z.offset() + 4, 1e13f);
          Arrays.fill(z.array(), z.offset() + 2, z.offset() + 4, Float.POSITIVE_INFINITY);
          mu.array()[mu.offset() + 2 * (b / 2) + 1] = Float.NaN;
          Tensor logQ = f.output("logQ", Tolerance.ELEMENT, 3);
          Tensor perDim = f.output("logQPerDim", Tolerance.ELEMENT, 3, 2);
          return k ->
              k.correlation().logDensities(z, mu, logVar, b, Weighting.WEIGHTED, logQ, perDim);
        });
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (Weighting weighting : Weighting.values()) {
      cases.add(
          new GradCase(
              "correlation.logDensitiesBackward",
              weighting.toString(),
              () -> gradientCheck(weighting)));
    }
    return cases;
  }

  private static void gradientCheck(Weighting weighting) {
    int b = 4;
    int d = 3;
    double[][] x = {
      GradCheck.random(1, b * d, 1), GradCheck.random(2, b * d, 1), GradCheck.random(3, b * d, 0.5)
    };
    double[] toJoint = GradCheck.random(4, b, 1);
    double[] toPerDim = GradCheck.random(5, b * d, 1);
    double[][] gradients = {new double[b * d], new double[b * d], new double[b * d]};
    Pairs pairs = new Pairs(x[0], x[1], x[2], b, b, d, 50, weighting);
    CorrelationReference.backward(
        pairs, toJoint, toPerDim, gradients[0], gradients[1], gradients[2]);
    for (int which = 0; which < 3; which++) {
      int moved = which;
      GradCheck.check(
          "argument " + which,
          x[which],
          gradients[which],
          v -> {
            double[][] y = x.clone();
            y[moved] = v;
            Pairs p = new Pairs(y[0], y[1], y[2], b, b, d, 50, weighting);
            return GradCheck.dot(toJoint, CorrelationReference.joint(p))
                + GradCheck.dot(toPerDim, CorrelationReference.perDim(p));
          });
    }
  }
}
