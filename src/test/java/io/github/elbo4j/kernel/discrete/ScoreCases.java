package io.github.elbo4j.kernel.discrete;

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

/** Cases of {@link ScoreKernels}. */
public final class ScoreCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final double START = 6;

  /** Points, samples a point and dimensions. */
  private record Sizes(int b, int k, int d) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {1, L - 1, L, L + 1, 33, 8 * L + 3}) {
      list.add(new Sizes(3, 4, d));
    }
    list.add(new Sizes(0, 1, 20));
    list.add(new Sizes(1, 131, 20)); // parameters shared by all rows
    list.add(new Sizes(67, 2, 50));
    list.add(new Sizes(2, 1, 5000)); // longer than a chunk of a float32 lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 33;
      add(cases, hot, gaussian(s));
      add(cases, hot, gaussianBackward(s, true));
      add(cases, false, gaussianBackward(s, false));
      add(cases, hot, bernoulli(s));
      add(cases, hot, bernoulliBackward(s));
    }
    for (int k : new int[] {2, 3, L - 1, L, L + 1, 50, 8 * L + 3, 5000}) {
      boolean hot = k == 50;
      add(cases, hot, leaveOneOut(7, k));
      add(cases, hot, vimco(7, k, 1));
      add(cases, false, vimco(3, k, 100));
      add(cases, hot, controlVariate(7, k));
    }
    cases.add(leaveOneOut(0, 5));
    cases.add(leaveOneOutEdges());
    cases.add(gaussianShared());
    cases.add(bernoulliShared());
    cases.add(vimcoEdges());
    cases.add(bernoulliEdges());
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static double size(Tensor t, int i) {
    return Math.abs(t.get(i));
  }

  /** The arguments of a Gaussian, and Σ|terms| of what is computed from them. */
  private record Gaussian(Sizes s, Tensor z, Tensor mu, Tensor logVar) {
    static Gaussian of(Fixture f, Sizes s) {
      return new Gaussian(
          s,
          f.input("z", s.b * s.k, s.d),
          f.input("mu", s.b, s.d),
          f.uniform("logVar", -2, 2, s.b, s.d));
    }

    int point(int i) {
      return i / s.d / s.k * s.d + i % s.d;
    }

    double distance(int i) {
      return size(z, i) + size(mu, point(i));
    }

    double precision(int i) {
      return Math.exp(-logVar.get(point(i)));
    }

    double[] terms() {
      double[] sums = new double[z.rows()];
      for (int i = 0; i < z.size(); i++) {
        double square = distance(i) * distance(i) * precision(i);
        sums[i / s.d] += 0.5 * (square + size(logVar, point(i)) + 2);
      }
      return sums;
    }

    /** Of dZ, dMu and dLogVar. */
    double[][] gradientTerms(Tensor g) {
      double[][] sums = {new double[z.size()], new double[mu.size()], new double[mu.size()]};
      for (double[] sum : sums) {
        Arrays.fill(sum, START);
      }
      for (int i = 0; i < z.size(); i++) {
        double t = size(g, i / s.d) * distance(i) * precision(i);
        sums[0][i] += t;
        sums[1][point(i)] += t;
        sums[2][point(i)] += 0.5 * (t * distance(i) + size(g, i / s.d));
      }
      return sums;
    }
  }

  private static KernelCase gaussian(Sizes s) {
    return KernelCase.of(
        "score.gaussianLogProb",
        s.toString(),
        f -> {
          Gaussian in = Gaussian.of(f, s);
          Tensor logQ = f.output("logQ", Tolerance.sum(in.terms()), s.b * s.k);
          return k -> k.score().gaussianLogProb(in.z, in.mu, in.logVar, logQ);
        });
  }

  private static KernelCase gaussianBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "score.gaussianLogProbBackward",
        s + (all ? " all" : " to z"),
        f -> {
          Gaussian in = Gaussian.of(f, s);
          Tensor g = f.input("dLogQ", s.b * s.k);
          double[][] terms = in.gradientTerms(g);
          Tensor dZ = f.accumulated("dZ", Tolerance.sum(terms[0]), s.b * s.k, s.d);
          Tensor dMu = all ? f.accumulated("dMu", Tolerance.sum(terms[1]), s.b, s.d) : null;
          Tensor dLogVar = all ? f.accumulated("dLogVar", Tolerance.sum(terms[2]), s.b, s.d) : null;
          return k ->
              k.score().gaussianLogProbBackward(in.z, in.mu, in.logVar, g, dZ, dMu, dLogVar);
        });
  }

  private static Tensor bits(Fixture f, Sizes s) {
    Tensor x = f.uniform("x", 0, 1, s.b * s.k, s.d);
    for (int i = 0; i < x.size(); i++) {
      x.array()[x.offset() + i] = Math.round(x.array()[x.offset() + i]);
    }
    return x;
  }

  private static KernelCase bernoulli(Sizes s) {
    return KernelCase.of(
        "score.bernoulliLogProb",
        s.toString(),
        f -> {
          Tensor x = bits(f, s);
          Tensor logits = f.uniform("logits", -5, 5, s.b, s.d);
          double[] terms = new double[s.b * s.k];
          Arrays.fill(terms, s.d * 6.0);
          Tensor logQ = f.output("logQ", Tolerance.sum(terms), s.b * s.k);
          return k -> k.score().bernoulliLogProb(x, logits, logQ);
        });
  }

  /** Infinite logits are certain; a NaN is not lost where x agrees with it. */
  private static KernelCase bernoulliEdges() {
    float[] edges = {
      Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 100, -100, 3e38f, -0f
    };
    return KernelCase.of(
        "score.bernoulliLogProb",
        "edges",
        f -> {
          Sizes s = new Sizes(edges.length, 4, 2 * L + 3);
          Tensor x = bits(f, s);
          Tensor logits = f.uniform("logits", -5, 5, s.b, s.d);
          for (int b = 0; b < s.b; b++) {
            logits.array()[logits.offset() + b * s.d + b % 2 * 2 * L] = edges[b];
          }
          Tensor logQ = f.output("logQ", Tolerance.GRADIENT, s.b * s.k);
          return k -> k.score().bernoulliLogProb(x, logits, logQ);
        });
  }

  private static KernelCase bernoulliBackward(Sizes s) {
    return KernelCase.of(
        "score.bernoulliLogProbBackward",
        s.toString(),
        f -> {
          Tensor x = bits(f, s);
          Tensor logits = f.uniform("logits", -5, 5, s.b, s.d);
          Tensor g = f.input("dLogQ", s.b * s.k);
          double[] terms = new double[s.b * s.d];
          Arrays.fill(terms, START);
          for (int i = 0; i < x.size(); i++) {
            terms[i / s.d / s.k * s.d + i % s.d] += 2 * size(g, i / s.d);
          }
          Tensor d = f.accumulated("dLogits", Tolerance.sum(terms), s.b, s.d);
          return k -> k.score().bernoulliLogProbBackward(x, logits, g, d);
        });
  }

  private static KernelCase leaveOneOut(int b, int samples) {
    return KernelCase.of(
        "score.leaveOneOut",
        b + " of " + samples,
        f -> {
          Tensor values = f.input("f", b, samples);
          double[] terms = new double[b * samples];
          Arrays.fill(terms, 6.0 * samples / (samples - 1));
          Tensor out = f.output("baseline", Tolerance.sum(terms), b, samples);
          return k -> k.score().leaveOneOut(values, out);
        });
  }

  /** What is infinite, NaN or overflows is in the baselines of the others only. */
  private static KernelCase leaveOneOutEdges() {
    float inf = Float.POSITIVE_INFINITY;
    float[][] rows = {
      {1, -inf, 3, 4},
      {inf, 2, -inf, 4},
      {inf, 2, inf, 4},
      {1, 2, 3, Float.NaN},
      {3e38f, 3e38f, 3e38f, -3e38f},
    };
    return KernelCase.of(
        "score.leaveOneOut",
        "edges",
        f -> {
          Tensor values = f.input("f", rows.length, 4);
          for (int b = 0; b < rows.length; b++) {
            System.arraycopy(rows[b], 0, values.array(), values.offset() + b * 4, 4);
          }
          Tensor out = f.output("baseline", Tolerance.ELEMENT, rows.length, 4);
          return k -> k.score().leaveOneOut(values, out);
        });
  }

  private static final int MANY = 200_003;

  /** Very many equal terms, whose rounding errors do not cancel. */
  private static KernelCase gaussianShared() {
    return KernelCase.of(
        "score.gaussianLogProbBackward",
        "equal samples of shared parameters",
        f -> {
          Tensor z = f.uniform("z", 0.1, 0.1, MANY, 2);
          Tensor mu = f.uniform("mu", 0, 0, 1, 2);
          Tensor logVar = f.uniform("logVar", 0, 0, 1, 2);
          Tensor g = f.uniform("dLogQ", 1, 1, MANY);
          Tensor dMu = f.accumulated("dMu", new Tolerance(0, 1e-5), 1, 2);
          Tensor dLogVar = f.accumulated("dLogVar", new Tolerance(0, 1e-5), 1, 2);
          return k -> k.score().gaussianLogProbBackward(z, mu, logVar, g, null, dMu, dLogVar);
        });
  }

  private static KernelCase bernoulliShared() {
    return KernelCase.of(
        "score.bernoulliLogProbBackward",
        "equal samples of shared parameters",
        f -> {
          Tensor x = f.uniform("x", 0, 0, MANY, 2);
          Tensor logits = f.uniform("logits", -2, -2, 1, 2);
          Tensor g = f.uniform("dLogQ", 1, 1, MANY);
          Tensor d = f.accumulated("dLogits", new Tolerance(0, 1e-5), 1, 2);
          return k -> k.score().bernoulliLogProbBackward(x, logits, g, d);
        });
  }

  private static KernelCase vimco(int b, int samples, double scale) {
    return KernelCase.of(
        "score.vimco",
        b + " of " + samples + " scale " + scale,
        f -> {
          Tensor logW = f.uniform("logW", -scale, scale, b, samples);
          double[] terms = new double[b * samples];
          Arrays.fill(terms, 4 * scale + 2 * Math.log(samples) + 4);
          Tensor bound = f.output("bound", Tolerance.sum(Arrays.copyOf(terms, b)), b);
          Tensor signal = f.output("signal", Tolerance.sum(terms), b, samples);
          return k -> k.score().vimco(logW, bound, signal);
        });
  }

  private static KernelCase vimcoEdges() {
    float inf = Float.POSITIVE_INFINITY;
    float[][] rows = {
      {0, -inf, 1, 2, -1},
      {-inf, -inf, -inf, -inf, -inf},
      {1, -inf, -inf, -inf, -inf},
      {inf, 0, 0, 0, 0},
      {Float.NaN, 0, 0, 0, 0},
      {10_000, -10_000, 9_990, 0, 0},
      {0, -150, -151, -149, -200}, // all others are 0 beside the largest
      {3, 3, 3, 3, 3},
      {0.3f, -1.1f, -9999.7f, -0.6f, -2.2f}, // one is most of the sum of the logarithms
    };
    return KernelCase.of(
        "score.vimco",
        "edges",
        f -> {
          Tensor logW = f.input("logW", rows.length, 5);
          for (int b = 0; b < rows.length; b++) {
            System.arraycopy(rows[b], 0, logW.array(), logW.offset() + b * 5, 5);
          }
          Tensor bound = f.output("bound", Tolerance.ELEMENT, rows.length);
          Tensor signal = f.output("signal", Tolerance.ELEMENT, rows.length, 5);
          return k -> k.score().vimco(logW, bound, signal);
        });
  }

  private static KernelCase controlVariate(int b, int samples) {
    return KernelCase.of(
        "score.controlVariate",
        b + " of " + samples,
        f -> {
          Tensor values = f.input("f", b, samples);
          Tensor h = f.input("h", b, samples);
          for (int i = 0; i < samples; i++) {
            h.array()[h.offset() + i] = 0.1f; // does not vary
          }
          // a covariance of order 1/√K over a variance of order 1
          Tolerance tolerance = new Tolerance(2e-5, 2e-5);
          Tensor coefficient = f.output("coefficient", tolerance, b);
          Tensor out = f.output("controlled", new Tolerance(1e-4, 1e-5), b, samples);
          return k -> k.score().controlVariate(values, h, coefficient, out);
        });
  }

  // ---- gradients of the reference ----

  private static final int B = 3;
  private static final int K = 4;
  private static final int D = 5;

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("score.gaussianLogProbBackward", "z, mu, logVar", ScoreCases::gaussianCheck),
        new GradCase("score.bernoulliLogProbBackward", "logits", ScoreCases::bernoulliCheck));
  }

  private static void gaussianCheck() {
    double[] z = GradCheck.random(1, B * K * D, 1);
    double[] mu = GradCheck.random(2, B * D, 1);
    double[] logVar = GradCheck.random(3, B * D, 0.7);
    double[] g = GradCheck.random(4, B * K, 1);
    double[] dZ = new double[z.length];
    double[] dMu = new double[mu.length];
    double[] dLogVar = new double[mu.length];
    ScoreReference.gaussianLogProbBackward(z, mu, logVar, g, K, D, dZ, dMu, dLogVar);
    GradCheck.check(
        "z",
        z,
        dZ,
        v -> GradCheck.dot(g, ScoreReference.gaussianLogProb(v, mu, logVar, B * K, K, D)));
    GradCheck.check(
        "mu",
        mu,
        dMu,
        v -> GradCheck.dot(g, ScoreReference.gaussianLogProb(z, v, logVar, B * K, K, D)));
    GradCheck.check(
        "logVar",
        logVar,
        dLogVar,
        v -> GradCheck.dot(g, ScoreReference.gaussianLogProb(z, mu, v, B * K, K, D)));
  }

  private static void bernoulliCheck() {
    double[] x = new double[B * K * D];
    for (int i = 0; i < x.length; i++) {
      x[i] = i * 7 % 3 == 0 ? 1 : 0;
    }
    double[] logits = GradCheck.random(5, B * D, 1);
    double[] g = GradCheck.random(6, B * K, 1);
    GradCheck.check(
        "logits",
        logits,
        ScoreReference.bernoulliLogProbBackward(x, logits, g, K, D),
        v -> GradCheck.dot(g, ScoreReference.bernoulliLogProb(x, v, B * K, K, D)));
  }
}
