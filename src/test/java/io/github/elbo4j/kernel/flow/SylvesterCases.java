package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.testkit.GradCheck.dot;
import static io.github.elbo4j.testkit.GradCheck.random;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link SylvesterKernels}. */
public final class SylvesterCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** Rows of parameters, rows of z for each, dimensions, reflections. */
  private record Sizes(int p, int k, int d, int h) {
    int rows() {
      return p * k;
    }
  }

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, 2, L - 1, L, L + 1, 37}) {
      list.add(new Sizes(1, 7, d, 3));
      list.add(new Sizes(5, 1, d, 2));
      list.add(new Sizes(3, 4, d, 0));
    }
    list.add(new Sizes(1, 1, 20, 0));
    list.add(new Sizes(1, 0, 20, 1));
    list.add(new Sizes(0, 1, 20, 1));
    list.add(new Sizes(1, 1009, 17, 4)); // several blocks with sums of their own
    list.add(new Sizes(70, 1, 33, 2)); // several blocks of points
    list.add(new Sizes(2, 300, 20, 2)); // a point of several tiles
    list.add(new Sizes(1, 9, 131, 2));
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 33 || (s.d == 17 && s.k > 1000);
      for (KernelCase c : List.of(forward(s), inverse(s), backward(s, true), backward(s, false))) {
        cases.add(hot && !c.label().contains("without") ? c.asHot() : c);
      }
    }
    cases.add(edges());
    cases.add(edgesBackward());
    cases.add(edgesInverse());
    return cases;
  }

  /** The arguments of a step. */
  private record Step(Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor g, Tensor l) {
    static Step of(Fixture f, Sizes s) {
      int d = s.d;
      return new Step(
          f.input("z", s.rows(), d),
          f.input("v", s.p, s.h * d),
          FlowCases.scaled(f, "r1", 0.7, d, s.p, d * d),
          FlowCases.scaled(f, "r2", 0.7, d, s.p, d * d),
          f.input("b", s.p, d),
          f.input("dzOut", s.rows(), d),
          f.input("dLogDet", s.rows()));
    }

    SylvesterTerms terms() {
      return SylvesterTerms.of(z, v, r1, r2, b, g, l);
    }
  }

  private static KernelCase forward(Sizes s) {
    return KernelCase.of(
        "sylvester.sylvester",
        s.toString(),
        f -> {
          Step a = Step.of(f, s);
          SylvesterTerms t = a.terms();
          Tensor out = f.output("zOut", t.z(), s.rows(), s.d);
          Tensor logDet = f.accumulated("logDet", t.logDet(), s.rows());
          return k -> k.sylvester().sylvester(a.z, a.v, a.r1, a.r2, a.b, out, logDet);
        });
  }

  private static KernelCase inverse(Sizes s) {
    return KernelCase.of(
        "sylvester.sylvesterInverse",
        s.toString(),
        f -> {
          Step a = Step.of(f, s);
          Tensor out = f.output("z", a.terms().inverse(), s.rows(), s.d);
          Tensor logDet = f.accumulated("logDet", new Tolerance(1e-4, 1e-4), s.rows());
          return k -> k.sylvester().sylvesterInverse(a.z, a.v, a.r1, a.r2, a.b, out, logDet);
        });
  }

  private static KernelCase backward(Sizes s, boolean all) {
    return KernelCase.of(
        "sylvester.sylvesterBackward",
        s + (all ? "" : " without dz, from dLogDet alone"),
        f -> {
          Step a = Step.of(f, s);
          SylvesterTerms t = a.terms();
          int d = s.d;
          Tensor g = all ? a.g : null;
          Tensor dz = all ? f.accumulated("dz", t.dz(), s.rows(), d) : null;
          Tensor dv = f.accumulated("dv", t.dv(), s.p, s.h * d);
          Tensor dr1 = f.accumulated("dr1", t.dr1(), s.p, d * d);
          Tensor dr2 = f.accumulated("dr2", t.dr2(), s.p, d * d);
          Tensor db = f.accumulated("db", t.db(), s.p, d);
          return k ->
              k.sylvester()
                  .sylvesterBackward(a.z, a.v, a.r1, a.r2, a.b, g, a.l, dz, dv, dr1, dr2, db);
        });
  }

  // ---- diagonals at the ends of tanh, NaN below them, vectors of zeros ----

  private static final float[][] DIAGONALS = {
    {0, 0}, {8, -8}, {20, -20}, {50, -50}, {-100, 100}, {100, 100}, {1e-6f, -1e-6f}
  };

  private static final int D = L + 3;
  private static final Tolerance WIDE = new Tolerance(2e-4, 1e-3);

  private static Step edgeArguments(Fixture f) {
    Step a = Step.of(f, new Sizes(DIAGONALS.length, 1, D, 2));
    for (int p = 0; p < DIAGONALS.length; p++) {
      for (int i = 0; i < D; i++) {
        int row = (p * D + i) * D;
        a.r1.array()[a.r1.offset() + row + i] = DIAGONALS[p][0];
        a.r2.array()[a.r2.offset() + row + i] = DIAGONALS[p][1];
        for (int j = 0; j < i; j++) {
          a.r1.array()[a.r1.offset() + row + j] = Float.NaN;
          a.r2.array()[a.r2.offset() + row + j] = Float.NaN;
        }
        a.v.array()[a.v.offset() + 2 * p * D + i] = 0;
      }
    }
    return a;
  }

  private static KernelCase edges() {
    return KernelCase.of(
        "sylvester.sylvester",
        "edges",
        f -> {
          Step a = edgeArguments(f);
          Tensor out = f.output("zOut", WIDE, DIAGONALS.length, D);
          Tensor logDet = f.accumulated("logDet", WIDE, DIAGONALS.length);
          return k -> k.sylvester().sylvester(a.z, a.v, a.r1, a.r2, a.b, out, logDet);
        });
  }

  /** What the forward pass gave: a root next to a flat place is not the same in float32. */
  private static KernelCase edgesInverse() {
    return KernelCase.of(
        "sylvester.sylvesterInverse",
        "edges",
        f -> {
          Step a = edgeArguments(f);
          for (int i = 0; i < a.z.size(); i++) {
            a.z.array()[a.z.offset() + i] *= 10;
          }
          Tensor out = f.output("z", new Tolerance(5e-2, 1e-2), DIAGONALS.length, D);
          return k -> k.sylvester().sylvesterInverse(a.z, a.v, a.r1, a.r2, a.b, out, null);
        });
  }

  private static KernelCase edgesBackward() {
    return KernelCase.of(
        "sylvester.sylvesterBackward",
        "edges",
        f -> {
          Step a = edgeArguments(f);
          int n = DIAGONALS.length;
          Tensor dz = f.accumulated("dz", WIDE, n, D);
          Tensor dv = f.accumulated("dv", WIDE, n, 2 * D);
          Tensor dr1 = f.accumulated("dr1", WIDE, n, D * D);
          Tensor dr2 = f.accumulated("dr2", WIDE, n, D * D);
          Tensor db = f.accumulated("db", WIDE, n, D);
          return k ->
              k.sylvester()
                  .sylvesterBackward(a.z, a.v, a.r1, a.r2, a.b, a.g, null, dz, dv, dr1, dr2, db);
        });
  }

  // ---- gradients of the reference ----

  @Override
  public List<GradCase> gradients() {
    return List.of(
        new GradCase("sylvester.sylvesterBackward", "shared", () -> gradient(6, 3)),
        new GradCase("sylvester.sylvesterBackward", "amortised", () -> gradient(2, 2)),
        new GradCase("sylvester.sylvesterBackward", "without reflections", () -> gradient(6, 0)));
  }

  private static void gradient(int k, int h) {
    int d = 4;
    int rows = 6;
    int points = rows / k;
    double[] z = random(1, rows * d, 1);
    double[] toZ = random(2, rows * d, 1);
    double[] toLogDet = random(3, rows, 1);
    double[] v = random(4, points * h * d, 1);
    double[] r1 = random(5, points * d * d, 0.7);
    double[] r2 = random(6, points * d * d, 0.7);
    double[] b = random(7, points * d, 0.7);
    double[] dv = new double[v.length];
    double[] dr1 = new double[r1.length];
    double[] dr2 = new double[r2.length];
    double[] db = new double[b.length];
    var p = new SylvesterReference.Parameters(v, r1, r2, b, h, k, d);
    double[] dz = SylvesterReference.backward(z, p, rows, toZ, toLogDet, dv, dr1, dr2, db);
    var objective =
        new Object() {
          double at(double[] x, double[] vv, double[] a, double[] c, double[] bias) {
            double[] logDet = new double[rows];
            var q = new SylvesterReference.Parameters(vv, a, c, bias, h, k, d);
            double[] out = SylvesterReference.forward(x, q, rows, logDet);
            return dot(toZ, out) + dot(toLogDet, logDet);
          }
        };
    GradCheck.check("dz", z, dz, x -> objective.at(x, v, r1, r2, b));
    GradCheck.check("dv", v, dv, x -> objective.at(z, x, r1, r2, b));
    GradCheck.check("dr1", r1, dr1, x -> objective.at(z, v, x, r2, b));
    GradCheck.check("dr2", r2, dr2, x -> objective.at(z, v, r1, x, b));
    GradCheck.check("db", b, db, x -> objective.at(z, v, r1, r2, x));
  }
}
