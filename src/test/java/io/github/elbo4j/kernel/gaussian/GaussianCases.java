package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

final class GaussianCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** Data points, samples a point, dimensions. */
  private record Sizes(int b, int k, int d) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 20}) {
      list.add(new Sizes(3, 1, d));
      list.add(new Sizes(5, 4, d));
    }
    list.add(new Sizes(0, 1, 20));
    list.add(new Sizes(128, 1, 20));
    list.add(new Sizes(20, 50, 50));
    list.add(new Sizes(2, 300, 33));
    list.add(new Sizes(2, 1, 5000)); // longer than a chunk of a float32 lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 33 || (s.d == 20 && s.b == 128);
      for (boolean all : new boolean[] {false, true}) {
        add(cases, hot, forward(s, all, false));
        add(cases, hot, forward(s, all, true));
        for (boolean stl : new boolean[] {false, true}) {
          add(cases, hot, backward(s, all, stl));
        }
      }
      for (boolean shared : new boolean[] {false, true}) {
        add(cases, hot, prior(s, shared));
        add(cases, hot, priorBackward(s, shared));
      }
      add(cases, hot, clamp(s));
      add(cases, hot, clampBackward(s));
    }
    for (boolean flag : new boolean[] {false, true}) {
      cases.add(edgesForward(flag));
      cases.add(edgesBackward(flag));
    }
    cases.add(edgesOfPrior());
    cases.add(edgesOfPriorBackward());
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  /**
   * Σ_d of the absolute terms of the KL, and of the log densities, each with a bound on its parts.
   */
  private static double[] terms(Tensor mu, Tensor logVar, int rowsPerPoint) {
    double[] sums = new double[mu.rows() * rowsPerPoint];
    for (int i = 0; i < mu.size(); i++) {
      double m = mu.get(i);
      double lv = logVar.get(i);
      double term = m * m + 20 * Math.exp(lv) + 1 + Math.abs(lv) + 2 + 20;
      for (int k = 0; k < rowsPerPoint; k++) {
        sums[i / mu.columns() * rowsPerPoint + k] += term;
      }
    }
    return sums;
  }

  /** What gradients are accumulated into: normal numbers, all below this. */
  private static final double START = 6;

  private record Upstream(
      Tensor dz,
      Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP) {
    double divergence(int b, int i) {
      return size(dKl, b) + size(dKlPerDim, i);
    }
  }

  private static double size(@Nullable Tensor t, int i) {
    return t == null ? 0 : Math.abs(t.get(i));
  }

  /** Σ|terms| of dMu and of dLogVar; a difference counts as the sum of its parts. */
  private static double[][] gradientTerms(
      Sizes s, Tensor mu, Tensor logVar, Tensor z, Upstream up, boolean stl) {
    double[][] sums = new double[2][mu.size()];
    for (int p = 0; p < mu.size(); p++) {
      int b = p / s.d;
      double kl = up.divergence(b, p);
      sums[0][p] = START + kl * size(mu, p);
      sums[1][p] = START + kl * 0.5 * (Math.exp(logVar.get(p)) + 1);
      for (int r = b * s.k; r < (b + 1) * s.k; r++) {
        int i = r * s.d + p % s.d;
        double noise = size(z, i) + size(mu, p);
        double toQ = size(up.dLogQ, r);
        double g = size(up.dz, i) + size(up.dLogP, r) * size(z, i);
        g += stl ? toQ * noise * Math.exp(-logVar.get(p)) : 0;
        sums[0][p] += g;
        sums[1][p] += 0.5 * g * noise + (stl ? 0 : 0.5 * toQ);
      }
    }
    return sums;
  }

  /** Σ|terms| of kl and of klPerDim. */
  private static double[][] priorTerms(
      Tensor mu, Tensor logVar, Tensor priorMu, Tensor priorLogVar) {
    double[][] sums = {new double[mu.rows()], new double[mu.size()]};
    for (int i = 0; i < mu.size(); i++) {
      int q = i % priorMu.size();
      double distance = size(mu, i) + size(priorMu, q);
      double ratio = Math.exp(logVar.get(i) - priorLogVar.get(q));
      double logs = size(logVar, i) + size(priorLogVar, q);
      double squares = distance * distance * Math.exp(-priorLogVar.get(q));
      sums[1][i] = 0.5 * (logs + 1 + ratio + squares);
      sums[0][i / mu.columns()] += sums[1][i];
    }
    return sums;
  }

  /** Σ|terms| of dMu, dLogVar, dPriorMu and dPriorLogVar. */
  private static double[][] priorGradientTerms(
      Tensor mu, Tensor logVar, Tensor priorMu, Tensor priorLogVar, Tensor dKl, Tensor dKlPerDim) {
    int n = mu.size();
    int shared = priorMu.size();
    double[][] sums = {new double[n], new double[n], new double[shared], new double[shared]};
    for (double[] sum : sums) {
      Arrays.fill(sum, START);
    }
    for (int i = 0; i < n; i++) {
      int q = i % shared;
      double g = size(dKl, i / mu.columns()) + size(dKlPerDim, i);
      double precision = Math.exp(-priorLogVar.get(q));
      double ratio = Math.exp(logVar.get(i)) * precision;
      double distance = size(mu, i) + size(priorMu, q);
      sums[0][i] += g * distance * precision;
      sums[1][i] += 0.5 * g * (ratio + 1);
      sums[2][q] += g * distance * precision;
      sums[3][q] += 0.5 * g * (1 + ratio + distance * distance * precision);
    }
    return sums;
  }

  private static KernelCase forward(Sizes s, boolean all, boolean drawn) {
    return KernelCase.of(
        drawn ? "gaussian.reparameterizeDrawn" : "gaussian.reparameterize",
        s + (all ? " all outputs" : " z and kl"),
        f -> {
          int r = s.b * s.k;
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor logVar = f.input("logVar", s.b, s.d);
          Tensor eps = f.input("eps", r, s.d);
          Tensor z = f.output("z", new Tolerance(2e-5, 1e-5), r, s.d);
          Tolerance sum = Tolerance.sum(terms(mu, logVar, 1));
          Tolerance rowSum = Tolerance.sum(terms(mu, logVar, s.k));
          Tensor kl = f.output("kl", sum, s.b);
          Tensor perDim = all ? f.output("klPerDim", Tolerance.ELEMENT, s.b, s.d) : null;
          Tensor logQ = all ? f.output("logQ", rowSum, r) : null;
          Tensor logP = all ? f.output("logP", rowSum, r) : null;
          NoiseKey key = new NoiseKey(7, 2).at(5);
          return k -> {
            if (drawn) {
              k.gaussian().reparameterize(mu, logVar, key, z, kl, perDim, logQ, logP);
            } else {
              k.gaussian().reparameterize(mu, logVar, eps, z, kl, perDim, logQ, logP);
            }
          };
        });
  }

  private static KernelCase backward(Sizes s, boolean all, boolean stl) {
    return KernelCase.of(
        "gaussian.reparameterizeBackward",
        s + (all ? " all gradients" : " dz and dkl") + (stl ? " stl" : ""),
        f -> {
          int r = s.b * s.k;
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor logVar = f.input("logVar", s.b, s.d);
          Tensor z = f.input("z", r, s.d);
          Tensor dz = f.input("dz", r, s.d);
          Tensor dKl = f.input("dKl", s.b);
          Tensor dKlPerDim = all ? f.input("dKlPerDim", s.b, s.d) : null;
          Tensor dLogQ = all ? f.input("dLogQ", r) : null;
          Tensor dLogP = all ? f.input("dLogP", r) : null;
          Upstream up = new Upstream(dz, dKl, dKlPerDim, dLogQ, dLogP);
          double[][] terms = gradientTerms(s, mu, logVar, z, up, stl);
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(terms[0]), s.b, s.d);
          Tensor dLogVar = f.accumulated("dLogVar", Tolerance.sum(terms[1]), s.b, s.d);
          return k ->
              k.gaussian()
                  .reparameterizeBackward(
                      mu, logVar, z, dz, dKl, dKlPerDim, dLogQ, dLogP, stl, dMu, dLogVar);
        });
  }

  private static KernelCase prior(Sizes s, boolean shared) {
    return KernelCase.of(
        "gaussian.klToPrior",
        s + (shared ? " shared" : " per point"),
        f -> {
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor logVar = f.input("logVar", s.b, s.d);
          Tensor priorMu = f.input("priorMu", shared ? 1 : s.b, s.d);
          Tensor priorLogVar = f.uniform("priorLogVar", -1, 1, shared ? 1 : s.b, s.d);
          double[][] terms = priorTerms(mu, logVar, priorMu, priorLogVar);
          Tensor kl = f.output("kl", Tolerance.sum(terms[0]), s.b);
          Tensor perDim = f.output("klPerDim", Tolerance.sum(terms[1]), s.b, s.d);
          return k -> k.gaussian().klToPrior(mu, logVar, priorMu, priorLogVar, kl, perDim);
        });
  }

  private static KernelCase priorBackward(Sizes s, boolean shared) {
    return KernelCase.of(
        "gaussian.klToPriorBackward",
        s + (shared ? " shared" : " per point"),
        f -> {
          int rows = shared ? 1 : s.b;
          Tensor mu = f.input("mu", s.b, s.d);
          Tensor logVar = f.input("logVar", s.b, s.d);
          Tensor priorMu = f.input("priorMu", rows, s.d);
          Tensor priorLogVar = f.uniform("priorLogVar", -1, 1, rows, s.d);
          Tensor dKl = f.input("dKl", s.b);
          Tensor dKlPerDim = f.input("dKlPerDim", s.b, s.d);
          double[][] terms = priorGradientTerms(mu, logVar, priorMu, priorLogVar, dKl, dKlPerDim);
          Tensor dMu = f.accumulated("dMu", Tolerance.sum(terms[0]), s.b, s.d);
          Tensor dLogVar = f.accumulated("dLogVar", Tolerance.sum(terms[1]), s.b, s.d);
          Tensor dPriorMu = f.accumulated("dPriorMu", Tolerance.sum(terms[2]), rows, s.d);
          Tensor dPriorLogVar = f.accumulated("dPriorLogVar", Tolerance.sum(terms[3]), rows, s.d);
          return k ->
              k.gaussian()
                  .klToPriorBackward(
                      mu,
                      logVar,
                      priorMu,
                      priorLogVar,
                      dKl,
                      dKlPerDim,
                      dMu,
                      dLogVar,
                      dPriorMu,
                      dPriorLogVar);
        });
  }

  // ---- log-variances at and beyond the ends of float32 ----

  private static final float[] EDGES = {
    88.5f,
    89f,
    100,
    176.5f,
    177.4f,
    180,
    Float.POSITIVE_INFINITY,
    -80,
    -100,
    -180,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  /** A place in whole vectors and one in the ragged end, each edge in a row of its own. */
  private static final int[] PLACES = {1, 2 * L + 1};

  private static final int EDGE_D = 2 * L + 2;
  private static final int EDGE_B = EDGES.length * PLACES.length;
  private static final Tolerance EDGE = new Tolerance(2e-5, 1e-4);

  private static Tensor withEdges(Tensor t) {
    for (int b = 0; b < EDGE_B; b++) {
      t.array()[t.offset() + b * EDGE_D + PLACES[b % PLACES.length]] = EDGES[b / PLACES.length];
    }
    return t;
  }

  private static KernelCase edgesForward(boolean drawn) {
    return KernelCase.of(
        drawn ? "gaussian.reparameterizeDrawn" : "gaussian.reparameterize",
        "edges",
        f -> {
          Tensor mu = f.input("mu", EDGE_B, EDGE_D);
          Tensor logVar = withEdges(f.input("logVar", EDGE_B, EDGE_D));
          Tensor eps = f.input("eps", EDGE_B, EDGE_D);
          Tensor z = f.output("z", EDGE, EDGE_B, EDGE_D);
          Tensor kl = f.output("kl", EDGE, EDGE_B);
          Tensor perDim = f.output("klPerDim", EDGE, EDGE_B, EDGE_D);
          Tensor logQ = f.output("logQ", EDGE, EDGE_B);
          Tensor logP = f.output("logP", EDGE, EDGE_B);
          NoiseKey key = new NoiseKey(7, 2);
          return k -> {
            if (drawn) {
              k.gaussian().reparameterize(mu, logVar, key, z, kl, perDim, logQ, logP);
            } else {
              k.gaussian().reparameterize(mu, logVar, eps, z, kl, perDim, logQ, logP);
            }
          };
        });
  }

  private static KernelCase edgesBackward(boolean all) {
    return KernelCase.of(
        "gaussian.reparameterizeBackward",
        "edges" + (all ? " all gradients" : " some"),
        f -> {
          Tensor mu = f.input("mu", EDGE_B, EDGE_D);
          Tensor logVar = withEdges(f.input("logVar", EDGE_B, EDGE_D));
          Tensor z = f.input("z", EDGE_B, EDGE_D);
          Tensor dz = f.input("dz", EDGE_B, EDGE_D);
          Tensor dKl = all ? f.input("dKl", EDGE_B) : null;
          Tensor dLogQ = all ? f.input("dLogQ", EDGE_B) : null;
          Tensor dLogP = f.input("dLogP", EDGE_B);
          Tensor dMu = f.accumulated("dMu", EDGE, EDGE_B, EDGE_D);
          Tensor dLogVar = f.accumulated("dLogVar", EDGE, EDGE_B, EDGE_D);
          return k ->
              k.gaussian()
                  .reparameterizeBackward(
                      mu, logVar, z, dz, dKl, null, dLogQ, dLogP, all, dMu, dLogVar);
        });
  }

  /** The posterior's edges, then the prior's. */
  private static KernelCase edgesOfPrior() {
    return KernelCase.of(
        "gaussian.klToPrior",
        "edges",
        f -> {
          Tensor mu = f.input("mu", EDGE_B, EDGE_D);
          Tensor priorMu = f.input("priorMu", EDGE_B, EDGE_D);
          Tensor edges = withEdges(f.input("edges", EDGE_B, EDGE_D));
          Tensor inner = f.uniform("inner", -1, 1, EDGE_B, EDGE_D);
          Tensor[] kl = {f.output("kl 0", EDGE, EDGE_B), f.output("kl 1", EDGE, EDGE_B)};
          Tensor perDim = f.output("klPerDim", EDGE, EDGE_B, EDGE_D);
          return k -> {
            k.gaussian().klToPrior(mu, edges, priorMu, inner, kl[0], null);
            k.gaussian().klToPrior(mu, inner, priorMu, edges, kl[1], perDim);
          };
        });
  }

  private static KernelCase edgesOfPriorBackward() {
    return KernelCase.of(
        "gaussian.klToPriorBackward",
        "edges",
        f -> {
          Tensor mu = f.input("mu", EDGE_B, EDGE_D);
          Tensor priorMu = f.input("priorMu", EDGE_B, EDGE_D);
          Tensor edges = withEdges(f.input("edges", EDGE_B, EDGE_D));
          Tensor inner = f.uniform("inner", -1, 1, EDGE_B, EDGE_D);
          Tensor g = f.input("dKl", EDGE_B);
          Tensor[] d = new Tensor[4];
          for (int i = 0; i < d.length; i++) {
            d[i] = f.accumulated("gradient " + i, EDGE, EDGE_B, EDGE_D);
          }
          return k -> {
            GaussianKernels kernels = k.gaussian();
            kernels.klToPriorBackward(mu, edges, priorMu, inner, g, null, d[0], d[1], d[2], d[3]);
            kernels.klToPriorBackward(mu, inner, priorMu, edges, g, null, d[0], d[1], d[2], d[3]);
          };
        });
  }

  private static KernelCase clamp(Sizes s) {
    return KernelCase.of(
        "gaussian.clampLogVar",
        s.toString(),
        f -> {
          Tensor raw = f.uniform("raw", -3, 3, s.b, s.d);
          Tensor bounded = f.output("bounded", Tolerance.EXACT, s.b, s.d);
          return k -> k.gaussian().clampLogVar(raw, -1.5f, 1f, bounded);
        });
  }

  private static KernelCase clampBackward(Sizes s) {
    return KernelCase.of(
        "gaussian.clampLogVarBackward",
        s.toString(),
        f -> {
          Tensor raw = f.uniform("raw", -3, 3, s.b, s.d);
          Tensor g = f.input("g", s.b, s.d);
          Tensor dRaw = f.accumulated("dRaw", Tolerance.ELEMENT, s.b, s.d);
          return k -> k.gaussian().clampLogVarBackward(raw, -1.5f, 1f, g, dRaw);
        });
  }

  @Override
  public List<GradCase> gradients() {
    return GaussianGradients.all();
  }
}
