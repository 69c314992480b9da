package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link FlowKernels}. */
public final class FlowCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** Rows of parameters, rows of z for each, dimensions, steps or reflections. */
  record Sizes(int p, int k, int d, int s) {
    int rows() {
      return p * k;
    }
  }

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97}) {
      list.add(new Sizes(1, 7, d, 1));
      list.add(new Sizes(5, 1, d, 2));
      list.add(new Sizes(3, 4, d, 1));
    }
    list.add(new Sizes(1, 0, 20, 1));
    list.add(new Sizes(0, 1, 20, 2));
    list.add(new Sizes(1, 3, 20, 0));
    list.add(new Sizes(1, 1009, 33, 3)); // several blocks with sums of their own
    list.add(new Sizes(1, 5000, 2, 1)); // tiles of the most rows
    list.add(new Sizes(128, 1, 20, 1));
    list.add(new Sizes(2, 300, 33, 2)); // a point of several tiles
    list.add(new Sizes(2, 2, 5000, 1)); // longer than a chunk of a float32 lane sum
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 33 || (s.d == 20 && s.p == 128);
      add(cases, hot, planar(s, false));
      add(cases, hot, planar(s, true));
      add(cases, hot, planarBackward(s, true));
      add(cases, false, planarBackward(s, false));
      add(cases, hot, radial(s, false));
      add(cases, hot, radial(s, true));
      add(cases, hot, radialBackward(s, true));
      add(cases, false, radialBackward(s, false));
      add(cases, hot, householder(s, false));
      add(cases, false, householder(s, true));
      add(cases, hot, householderBackward(s));
    }
    cases.addAll(FlowEdges.all());
    return cases;
  }

  @Override
  public List<GradCase> gradients() {
    return FlowGradients.all();
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  /** Weights of which a row has norm 1 or so. */
  static Tensor scaled(Fixture f, String name, double norm, int d, int... dims) {
    double bound = norm * Math.sqrt(3.0 / Math.max(1, d));
    return f.uniform(name, -bound, bound, dims);
  }

  /** The arguments of planar steps. */
  private record Planar(Tensor z, Tensor u, Tensor w, Tensor b, Tensor g, Tensor l) {
    static Planar of(Fixture f, Sizes s) {
      return new Planar(
          f.input("z", s.rows(), s.d),
          scaled(f, "u", 1, s.d, s.p, s.s * s.d),
          scaled(f, "w", 1, s.d, s.p, s.s * s.d),
          f.input("b", s.p, s.s),
          f.input("dzOut", s.rows(), s.d),
          f.input("dLogDet", s.rows()));
    }

    FlowTerms.Planar tolerances() {
      return FlowTerms.Planar.of(z, u, w, b, g, l);
    }
  }

  private static KernelCase planar(Sizes s, boolean inverse) {
    return KernelCase.of(
        inverse ? "flow.planarInverse" : "flow.planar",
        s.toString(),
        f -> {
          Planar a = Planar.of(f, s);
          FlowTerms.Planar tolerances = a.tolerances();
          Tolerance element = inverse ? inverted(a, s) : tolerances.z();
          Tensor out = f.output("zOut", element, s.rows(), s.d);
          Tensor logDet =
              f.accumulated(
                  "logDet", inverse ? new Tolerance(1e-4, 1e-4) : tolerances.logDet(), s.rows());
          return k -> {
            if (inverse) {
              k.flow().planarInverse(a.z, a.u, a.w, a.b, out, logDet);
            } else {
              k.flow().planar(a.z, a.u, a.w, a.b, out, logDet);
            }
          };
        });
  }

  /** The inverse multiplies errors by at most 1/p a step, p about ½ or more here. */
  private static Tolerance inverted(Planar a, Sizes s) {
    double[] terms = a.tolerances().z().terms().clone();
    for (int i = 0; i < terms.length; i++) {
      for (int j = 0; j < s.s; j++) {
        int unit = i / s.d / s.k * s.s + j;
        double[] u = io.github.elbo4j.kernel.Doubles.read(a.u);
        double[] w = io.github.elbo4j.kernel.Doubles.read(a.w);
        double[] b = io.github.elbo4j.kernel.Doubles.read(a.b);
        terms[i] /= Math.min(1, PlanarReference.step(u, w, b, unit, s.d).p());
      }
    }
    return new Tolerance(1e-5, 1e-5, terms);
  }

  private static KernelCase planarBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "flow.planarBackward",
        s + (all ? "" : " without dz, from dLogDet alone"),
        f -> {
          Planar a = Planar.of(f, s);
          FlowTerms.Planar t = a.tolerances();
          Tensor g = all ? a.g : null;
          Tensor dz = all ? f.accumulated("dz", t.dz(), s.rows(), s.d) : null;
          Tensor du = f.accumulated("du", t.du(), s.p, s.s * s.d);
          Tensor dw = f.accumulated("dw", t.dw(), s.p, s.s * s.d);
          Tensor db = f.accumulated("db", t.db(), s.p, s.s);
          return k -> k.flow().planarBackward(a.z, a.u, a.w, a.b, g, a.l, dz, du, dw, db);
        });
  }

  /** The arguments of a radial step. */
  private record Radial(Tensor z, Tensor z0, Tensor a, Tensor b, Tensor g, Tensor l) {
    static Radial of(Fixture f, Sizes s) {
      return new Radial(
          f.input("z", s.rows(), s.d),
          f.input("z0", s.p, s.d),
          f.uniform("alphaHat", -1, 3, s.p),
          f.uniform("betaHat", -1, 3, s.p),
          f.input("dzOut", s.rows(), s.d),
          f.input("dLogDet", s.rows()));
    }

    FlowTerms.Radial tolerances() {
      return FlowTerms.Radial.of(z, z0, a, b, g, l);
    }
  }

  private static KernelCase radial(Sizes s, boolean inverse) {
    return KernelCase.of(
        inverse ? "flow.radialInverse" : "flow.radial",
        s.toString(),
        f -> {
          Radial a = Radial.of(f, s);
          FlowTerms.Radial t = a.tolerances();
          Tensor out = f.output("zOut", t.z(), s.rows(), s.d);
          Tensor logDet = f.accumulated("logDet", t.logDet(), s.rows());
          return k -> {
            if (inverse) {
              k.flow().radialInverse(a.z, a.z0, a.a, a.b, out, logDet);
            } else {
              k.flow().radial(a.z, a.z0, a.a, a.b, out, logDet);
            }
          };
        });
  }

  private static KernelCase radialBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "flow.radialBackward",
        s + (all ? "" : " without dz, from dLogDet alone"),
        f -> {
          Radial a = Radial.of(f, s);
          FlowTerms.Radial t = a.tolerances();
          Tensor g = all ? a.g : null;
          Tensor dz = all ? f.accumulated("dz", t.dz(), s.rows(), s.d) : null;
          Tensor dz0 = f.accumulated("dz0", t.dz0(), s.p, s.d);
          Tensor dAlpha = f.accumulated("dAlphaHat", t.dAlpha(), s.p);
          Tensor dBeta = f.accumulated("dBetaHat", t.dBeta(), s.p);
          return k -> k.flow().radialBackward(a.z, a.z0, a.a, a.b, g, a.l, dz, dz0, dAlpha, dBeta);
        });
  }

  private static KernelCase householder(Sizes s, boolean inverse) {
    return KernelCase.of(
        "flow.householder",
        s + (inverse ? " inverse" : ""),
        f -> {
          Tensor z = f.input("z", s.rows(), s.d);
          Tensor v = f.input("v", s.p, s.s * s.d);
          Tensor out = f.output("zOut", FlowTerms.reflected(z, s.s), s.rows(), s.d);
          return k -> {
            if (inverse) {
              k.flow().householderInverse(z, v, out);
            } else {
              k.flow().householder(z, v, out);
            }
          };
        });
  }

  private static KernelCase householderBackward(Sizes s) {
    return KernelCase.of(
        "flow.householderBackward",
        s.toString(),
        f -> {
          Tensor zOut = f.input("zOut", s.rows(), s.d);
          Tensor v = f.input("v", s.p, s.s * s.d);
          Tensor g = f.input("dzOut", s.rows(), s.d);
          Tensor dz = f.accumulated("dz", FlowTerms.reflected(g, s.s), s.rows(), s.d);
          Tensor dv = f.accumulated("dv", FlowTerms.vectors(zOut, v, g), s.p, s.s * s.d);
          return k -> k.flow().householderBackward(zOut, v, g, dz, dv);
        });
  }
}
