package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.CovarianceTerms.abs;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.outer;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.packed;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.plus;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.product;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.solved;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.solvedTransposed;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.squares;
import static io.github.elbo4j.kernel.covariance.CovarianceTerms.sums;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.covariance.CovarianceReference.Factors;
import io.github.elbo4j.kernel.random.RandomReference;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cases of {@link CovarianceKernels}. */
public final class CovarianceCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** What gradients are accumulated into: normal numbers, all below this. */
  private static final double START = 6;

  /** How far normals of two backends are apart, in units of {@link Tolerance#sum}. */
  private static final double NOISE = 2;

  /** Data points, samples a point, dimensions. */
  record Sizes(int b, int k, int d) {
    boolean hot() {
      return d == 33;
    }
  }

  static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 20}) {
      list.add(new Sizes(3, 1, d));
      list.add(new Sizes(L + 2, 3, d));
      list.add(new Sizes(2, L + 5, d));
    }
    list.add(new Sizes(0, 1, 20));
    list.add(new Sizes(L + 3, 1, 33));
    list.add(new Sizes(2, 2 * L + 1, 33));
    list.add(new Sizes(2 * L, 1, 32));
    list.add(new Sizes(1, 16 * L + 7, 7)); // more samples than a block
    list.add(new Sizes(2, 1, 8 * L + 3)); // factors of several panels
    list.add(new Sizes(1, 20, 97));
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      for (boolean flag : new boolean[] {false, true}) {
        add(cases, s.hot(), sample(s, flag));
        add(cases, s.hot() && flag, sampleBackward(s, flag, false));
        add(cases, s.hot() && s.k == 1, sampleBackward(s, flag, true));
        add(cases, s.hot(), density(s, flag));
        add(cases, s.hot() && (flag || s.k == 1), densityBackward(s, flag));
        if (s.k == 1) {
          add(cases, s.hot(), kl(s, flag));
          add(cases, s.hot(), klBackward(s, flag));
        }
      }
    }
    Sizes large = new Sizes(2, 1, 256);
    cases.add(sample(large, true));
    cases.add(sampleBackward(large, true, true));
    cases.add(densityBackward(large, true));
    cases.add(klBackward(new Sizes(1, 1, 130), false));
    cases.add(klBackward(new Sizes(19 * L, 1, 5), true)); // several blocks a part
    cases.addAll(CovarianceEdges.all());
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  /** A factor whose inverse is of moderate size, packed. */
  record Packed(Tensor logSigma, Tensor lower, Factors factors) {
    static Packed of(Fixture f, int b, int d) {
      Tensor logSigma = f.uniform("logSigma", -1, 0.5, b, d);
      double scale = 1.5 / Math.sqrt(d + 1);
      Tensor lower = f.uniform("lower", -scale, scale, b, d * (d - 1) / 2);
      Factors factors = Factors.packed(Doubles.read(logSigma), Doubles.read(lower), d);
      return new Packed(logSigma, lower, factors);
    }
  }

  /** The same as a full matrix, with NaN above the diagonal. */
  static Tensor full(Fixture f, String name, int b, int d) {
    double scale = 1.5 / Math.sqrt(d + 1);
    Tensor t = f.uniform(name, -scale, scale, b, d * d);
    for (int p = 0; p < b * d; p++) {
      int at = t.offset() + p * d;
      t.array()[at + p % d] = 0.4f + Math.abs(t.array()[at + p % d]);
      java.util.Arrays.fill(t.array(), at + p % d + 1, at + d, Float.NaN);
    }
    return t;
  }

  private static double size(@Nullable Tensor t, int i) {
    return t == null ? 0 : Math.abs(t.get(i));
  }

  /** The terms of the noise: its own size, and what drawn normals differ by. */
  private static double[] noiseTerms(Tensor eps, @Nullable NoiseKey key) {
    double[] terms = abs(Doubles.read(eps));
    for (int i = 0; key != null && i < terms.length; i++) {
      terms[i] = Math.abs(RandomReference.normal(key, i)) + NOISE;
    }
    return terms;
  }

  private static double[] perRow(double[] perPoint, int k) {
    double[] rows = new double[perPoint.length * k];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = perPoint[r / k];
    }
    return rows;
  }

  /** Σ_d (|log L_dd| + 2) of each point. */
  private static double[] logTerms(Factors f, int b) {
    double[] terms = new double[b];
    for (int p = 0; p < f.logDiagonal().length; p++) {
      terms[p / f.d()] += Math.abs(f.logDiagonal()[p]) + 2;
    }
    return terms;
  }

  private static KernelCase sample(Sizes s, boolean drawn) {
    return KernelCase.of(
        "covariance.reparameterize",
        s + (drawn ? " drawn" : " given"),
        f -> {
          int r = s.b * s.k;
          Tensor mu = f.input("mu", s.b, s.d);
          Packed l = Packed.of(f, s.b, s.d);
          Tensor eps = f.input("eps", r, s.d);
          NoiseKey key = drawn ? new NoiseKey(7, 2).at(5) : null;
          double[] noise = noiseTerms(eps, key);
          double[] means = abs(Doubles.read(mu));
          double[] zTerms = plus(product(l.factors, noise, s.k), spread(means, s));
          double[] logs = logTerms(l.factors, s.b);
          double[] klTerms = plus(squares(l.factors.l(), s.b), plus(squares(means, s.b), logs));
          double[] toQ = plus(squares(noise, r), perRow(logs, s.k));
          double[] toP = plus(squares(zTerms, r), perRow(logs, s.k));
          Tensor z = f.output("z", Tolerance.sum(zTerms), r, s.d);
          Tensor kl = f.output("kl", Tolerance.sum(klTerms), s.b);
          Tensor logQ = f.output("logQ", Tolerance.sum(toQ), r);
          Tensor logP = f.output("logP", Tolerance.sum(toP), r);
          return k -> {
            if (key != null) {
              k.covariance().reparameterize(mu, l.logSigma, l.lower, key, z, kl, logQ, logP);
            } else {
              k.covariance().reparameterize(mu, l.logSigma, l.lower, eps, z, kl, logQ, logP);
            }
          };
        });
  }

  private static double[] spread(double[] perPoint, Sizes s) {
    double[] rows = new double[perPoint.length * s.k];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = perPoint[i / s.d / s.k * s.d + i % s.d];
    }
    return rows;
  }

  private static KernelCase sampleBackward(Sizes s, boolean all, boolean stl) {
    return KernelCase.of(
        "covariance.reparameterizeBackward",
        s + (all ? " drawn, all gradients" : " given, dz and dkl") + (stl ? " stl" : ""),
        f -> {
          int r = s.b * s.k;
          Tensor mu = f.input("mu", s.b, s.d);
          Packed l = Packed.of(f, s.b, s.d);
          Tensor eps = f.input("eps", r, s.d);
          NoiseKey key = all ? new NoiseKey(7, 2).at(5) : null;
          Tensor z = f.input("z", r, s.d);
          Tensor dz = f.input("dz", r, s.d);
          Tensor dKl = f.input("dKl", s.b);
          Tensor dLogQ = all || stl ? f.input("dLogQ", r) : null;
          Tensor dLogP = all ? f.input("dLogP", r) : null;
          double[] noise = noiseTerms(eps, key);
          double[] g = gradientTerms(s, l.factors, noise, z, dz, stl ? dLogQ : null, dLogP);
          double[] toMu = sums(START, g, s.d, s.k);
          double[] toL = outer(START, g, noise, s.d, s.k);
          double[] toLog = new double[s.b * s.d];
          for (int p = 0; p < toLog.length; p++) {
            double sigma = l.factors.at(p / s.d, p % s.d, p % s.d);
            double kl = size(dKl, p / s.d);
            toMu[p] += kl * size(mu, p);
            toLog[p] = START + sigma * toL[p * s.d + p % s.d] + kl * (sigma * sigma + 1);
            for (int q = p / s.d * s.k; q < (p / s.d + 1) * s.k; q++) {
              toLog[p] += size(dLogQ, q);
            }
            for (int j = 0; j < p % s.d; j++) {
              toL[p * s.d + j] += kl * Math.abs(l.factors.at(p / s.d, p % s.d, j));
            }
          }
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(toMu), s.b, s.d);
          Tensor dLog = f.accumulated("dLogSigma", Tolerance.sum(toLog), s.b, s.d);
          Tensor dLower =
              f.accumulated("dLower", Tolerance.sum(packed(toL, s.d)), s.b, s.d * (s.d - 1) / 2);
          return k -> {
            CovarianceKernels c = k.covariance();
            if (key != null) {
              c.reparameterizeBackward(
                  mu, l.logSigma, l.lower, key, z, dz, dKl, dLogQ, dLogP, stl, dMu, dLog, dLower);
            } else {
              c.reparameterizeBackward(
                  mu, l.logSigma, l.lower, eps, z, dz, dKl, dLogQ, dLogP, stl, dMu, dLog, dLower);
            }
          };
        });
  }

  /** Of g = dz − dlogP·z − dlogQ·L⁻ᵀ·eps; {@code toPosterior} is null where that does not stick. */
  private static double[] gradientTerms(
      Sizes s,
      Factors f,
      double[] noise,
      Tensor z,
      Tensor dz,
      @Nullable Tensor toPosterior,
      @Nullable Tensor dLogP) {
    // |L⁻ᵀ|·|eps| bounds the solution, whatever the signs of eps
    Factors magnitudes = new Factors(minusAbs(f), f.inverse(), f.logDiagonal(), f.d());
    double[] w = CovarianceReference.solveTransposed(magnitudes, noise, s.k);
    double[] solved = solvedTransposed(f, w, noise, s.k);
    double[] g = new double[z.size()];
    for (int i = 0; i < g.length; i++) {
      g[i] = size(dz, i) + size(dLogP, i / s.d) * size(z, i);
      g[i] += size(toPosterior, i / s.d) * solved[i];
    }
    return g;
  }

  /**
   * −|L_ij| below the diagonal: the matrix whose inverse has the absolute values of L's at most.
   */
  private static double[] minusAbs(Factors f) {
    double[] l = f.l().clone();
    for (int i = 0; i < l.length; i++) {
      l[i] = -Math.abs(l[i]);
    }
    return l;
  }

  private static Factors factors(@Nullable Tensor logSigma, Tensor lower, int d) {
    double[] l = Doubles.read(lower);
    return logSigma == null ? Factors.full(l, d) : Factors.packed(Doubles.read(logSigma), l, d);
  }

  /** y = L⁻¹·(x − mu), and its terms. */
  private static double[][] whitened(Sizes s, Tensor x, Tensor mu, Factors f) {
    double[] centred = Doubles.read(x);
    double[] means = spread(Doubles.read(mu), s);
    double[] in = new double[centred.length];
    for (int i = 0; i < in.length; i++) {
      in[i] = Math.abs(centred[i]) + Math.abs(means[i]);
      centred[i] -= means[i];
    }
    double[] y = CovarianceReference.solve(f, centred, s.k);
    return new double[][] {y, solved(f, y, in, s.k)};
  }

  private static KernelCase density(Sizes s, boolean packed) {
    return KernelCase.of(
        "covariance.logDensity",
        s + (packed ? " packed" : " full"),
        f -> {
          int r = s.b * s.k;
          Tensor x = f.input("x", r, s.d);
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor logSigma = packed ? Packed.of(f, s.b, s.d).logSigma : null;
          Tensor lower = packed ? Packed.of(f, s.b, s.d).lower : full(f, "factor", s.b, s.d);
          Factors l = factors(logSigma, lower, s.d);
          double[] terms = whitened(s, x, mu, l)[1];
          double[] sums = plus(squares(terms, r), perRow(logTerms(l, s.b), s.k));
          Tensor logProb = f.output("logProb", Tolerance.sum(sums), r);
          return k -> {
            if (logSigma == null) {
              k.covariance().logDensity(x, mu, lower, logProb);
            } else {
              k.covariance().logDensity(x, mu, logSigma, lower, logProb);
            }
          };
        });
  }

  private static KernelCase densityBackward(Sizes s, boolean packed) {
    return KernelCase.of(
        "covariance.logDensityBackward",
        s + (packed ? " packed" : " full"),
        f -> {
          int r = s.b * s.k;
          Tensor x = f.input("x", r, s.d);
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor g = f.input("dLogProb", r);
          Tensor logSigma = packed ? Packed.of(f, s.b, s.d).logSigma : null;
          Tensor lower = packed ? Packed.of(f, s.b, s.d).lower : full(f, "factor", s.b, s.d);
          Factors l = factors(logSigma, lower, s.d);
          double[][] y = whitened(s, x, mu, l);
          double[] w = CovarianceReference.solveTransposed(l, y[0], s.k);
          double[] toX = solvedTransposed(l, w, y[1], s.k);
          double[] toLog = new double[s.b * s.d];
          for (int i = 0; i < toX.length; i++) {
            toX[i] *= size(g, i / s.d);
            toLog[i / s.d / s.k * s.d + i % s.d] += size(g, i / s.d);
          }
          double[] toL = outer(START, toX, y[1], s.d, s.k);
          for (int p = 0; p < toLog.length; p++) {
            int diagonal = p * s.d + p % s.d;
            toL[diagonal] += toLog[p] * l.inverse()[p];
            toLog[p] += START + toL[diagonal] * l.l()[diagonal];
          }
          Tensor dX = f.accumulated("dX", Tolerance.sum(plus(START, toX)), r, s.d);
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(sums(START, toX, s.d, s.k)), s.b, s.d);
          if (logSigma == null) {
            Tensor dFactor = f.accumulated("dFactor", Tolerance.sum(toL), s.b, s.d * s.d);
            return k -> k.covariance().logDensityBackward(x, mu, lower, g, dX, dMu, dFactor);
          }
          Tensor dLog = f.accumulated("dLogSigma", Tolerance.sum(toLog), s.b, s.d);
          Tensor dLower =
              f.accumulated("dLower", Tolerance.sum(packed(toL, s.d)), s.b, s.d * (s.d - 1) / 2);
          return k ->
              k.covariance().logDensityBackward(x, mu, logSigma, lower, g, dX, dMu, dLog, dLower);
        });
  }

  /** Two Gaussians, M and y of each point by columns, and the terms of both. */
  private record Two(
      Tensor mu1, Tensor l1, Tensor mu2, Tensor l2, Factors f1, Factors f2, int b, int d) {
    static Two of(Fixture f, Sizes s, boolean shared) {
      int rows = shared ? 1 : s.b;
      Tensor l1 = full(f, "factor1", s.b, s.d);
      Tensor l2 = full(f, "factor2", rows, s.d);
      return new Two(
          f.input("mu1", s.b, s.d),
          l1,
          f.input("mu2", rows, s.d),
          l2,
          factors(null, l1, s.d),
          factors(null, l2, s.d),
          s.b,
          s.d);
    }

    int second(int point) {
      return mu2.rows() == 1 ? 0 : point;
    }

    Factors factor2(int point) {
      int p = second(point);
      double[] l = java.util.Arrays.copyOfRange(f2.l(), p * d * d, (p + 1) * d * d);
      return Factors.full(l, d);
    }

    double[][] whitened(int p) {
      double[] m = CovarianceReference.whitened(Doubles.read(mu1), f1, Doubles.read(mu2), f2, p);
      double[] in = new double[m.length];
      for (int i = 0; i < d; i++) {
        for (int c = 0; c <= i; c++) {
          in[c * d + i] = Math.abs(f1.at(p, i, c));
        }
        in[d * d + i] = size(mu1, p * d + i) + size(mu2, second(p) * d + i);
      }
      return new double[][] {m, solved(factor2(p), m, in, d + 1)};
    }
  }

  private static KernelCase kl(Sizes s, boolean shared) {
    return KernelCase.of(
        "covariance.kl",
        s + (shared ? " shared" : " per point"),
        f -> {
          Two t = Two.of(f, s, shared);
          double[] terms = new double[s.b];
          for (int p = 0; p < s.b && s.d > 0; p++) {
            terms[p] = squares(t.whitened(p)[1], 1)[0] + s.d;
            terms[p] += logTerms(t.f1, s.b)[p] + logTerms(t.f2, t.mu2.rows())[t.second(p)];
          }
          Tensor kl = f.output("kl", Tolerance.sum(terms), s.b);
          return k -> k.covariance().kl(t.mu1, t.l1, t.mu2, t.l2, kl);
        });
  }

  private static KernelCase klBackward(Sizes s, boolean shared) {
    return KernelCase.of(
        "covariance.klBackward",
        s + (shared ? " shared" : " per point"),
        f -> {
          Two t = Two.of(f, s, shared);
          int d = s.d;
          int rows = t.mu2.rows();
          Tensor g = f.input("dKl", s.b);
          double[][] terms = {
            new double[s.b * d],
            new double[s.b * d * d],
            new double[rows * d],
            new double[rows * d * d]
          };
          for (double[] sums : terms) {
            java.util.Arrays.fill(sums, START);
          }
          for (int p = 0; p < s.b && d > 0; p++) {
            addTerms(t, p, size(g, p), terms);
          }
          Tensor dMu1 = f.accumulated("dMu1", Tolerance.sum(terms[0]), s.b, d);
          Tensor dL1 = f.accumulated("dFactor1", Tolerance.sum(terms[1]), s.b, d * d);
          Tensor dMu2 = f.accumulated("dMu2", Tolerance.sum(terms[2]), rows, d);
          Tensor dL2 = f.accumulated("dFactor2", Tolerance.sum(terms[3]), rows, d * d);
          return k -> k.covariance().klBackward(t.mu1, t.l1, t.mu2, t.l2, g, dMu1, dL1, dMu2, dL2);
        });
  }

  private static void addTerms(Two t, int p, double g, double[][] terms) {
    int d = t.d;
    int p2 = t.second(p);
    double[][] m = t.whitened(p);
    double[] w = CovarianceReference.solveTransposed(t.factor2(p), m[0], d + 1);
    double[] toP = solvedTransposed(t.factor2(p), w, m[1], d + 1);
    for (int i = 0; i < d; i++) {
      terms[0][p * d + i] += g * toP[d * d + i];
      terms[2][p2 * d + i] += g * toP[d * d + i];
      terms[1][(p * d + i) * d + i] += g * t.f1.inverse()[p * d + i];
      terms[3][(p2 * d + i) * d + i] += g * t.f2.inverse()[p2 * d + i];
      for (int j = 0; j <= i; j++) {
        terms[1][(p * d + i) * d + j] += g * toP[j * d + i];
        double dot = toP[d * d + i] * m[1][d * d + j];
        for (int c = 0; c <= j; c++) {
          dot += toP[c * d + i] * m[1][c * d + j];
        }
        terms[3][(p2 * d + i) * d + j] += g * dot;
      }
    }
  }

  @Override
  public List<GradCase> gradients() {
    return CovarianceGradients.all();
  }
}
