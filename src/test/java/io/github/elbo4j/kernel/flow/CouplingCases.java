package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link CouplingKernels}. */
public final class CouplingCases implements FamilyCases {
  private static final int L = SimdMath.L;

  private record Sizes(int rows, int d) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97}) {
      list.add(new Sizes(5, d));
    }
    list.add(new Sizes(0, 20));
    list.add(new Sizes(1, 1));
    list.add(new Sizes(700, 7)); // blocks of many short rows
    list.add(new Sizes(128, 64));
    list.add(new Sizes(2, 5000)); // a row longer than a block
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 97 || (s.d == 64 && s.rows == 128);
      for (boolean inverse : new boolean[] {false, true}) {
        add(cases, hot, additive(s, inverse));
        add(cases, hot, additiveBackward(s, inverse));
        add(cases, hot, affine(s, inverse, 1, false));
        add(cases, hot, affineBackward(s, inverse, true));
        add(cases, hot, gated(s, inverse, s.d == 97));
        add(cases, hot, gatedBackward(s, inverse, true));
      }
    }
    Sizes some = new Sizes(7, 2 * L + 3);
    for (boolean inverse : new boolean[] {false, true}) {
      cases.add(affine(some, inverse, 60, true)); // e^60, and in place
      cases.add(affineBackward(some, inverse, false));
      cases.add(gatedBackward(some, inverse, false));
      cases.add(affineEdges(inverse));
      cases.add(affineEdgesBackward(inverse));
      cases.add(gatedEdges(inverse));
      cases.add(gatedEdgesBackward(inverse));
    }
    return cases;
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static String label(Sizes s, boolean inverse, String more) {
    return s + (inverse ? " inverse " : " ") + more;
  }

  /** About half of the dimensions, in no order. */
  private static Tensor mask(Fixture f, int d) {
    Tensor mask = f.input("mask", d);
    for (int i = mask.offset(); i < mask.offset() + d; i++) {
      mask.array()[i] = mask.array()[i] > 0 ? 1 : 0;
    }
    return mask;
  }

  /** Two normal numbers multiplied or added. */
  private static final Tolerance ELEMENT = new Tolerance(2e-5, 1e-5);

  private static KernelCase additive(Sizes s, boolean inverse) {
    return KernelCase.of(
        "coupling.additive",
        label(s, inverse, ""),
        f -> {
          Tensor z = f.input("z", s.rows, s.d);
          Tensor t = f.input("t", s.rows, s.d);
          Tensor mask = mask(f, s.d);
          Tensor out = f.output("out", Tolerance.ELEMENT, s.rows, s.d);
          return k -> {
            if (inverse) {
              k.coupling().additiveInverse(z, t, mask, out);
            } else {
              k.coupling().additive(z, t, mask, out);
            }
          };
        });
  }

  private static KernelCase additiveBackward(Sizes s, boolean inverse) {
    return KernelCase.of(
        "coupling.additiveBackward",
        label(s, inverse, ""),
        f -> {
          Tensor mask = mask(f, s.d);
          Tensor dOut = f.input("dOut", s.rows, s.d);
          Tensor dZ = f.accumulated("dZ", Tolerance.ELEMENT, s.rows, s.d);
          Tensor dT = f.accumulated("dT", Tolerance.ELEMENT, s.rows, s.d);
          return k -> {
            if (inverse) {
              k.coupling().additiveInverseBackward(mask, dOut, dZ, dT);
            } else {
              k.coupling().additiveBackward(mask, dOut, dZ, dT);
              k.coupling().additiveBackward(mask, dOut, null, dT);
              k.coupling().additiveBackward(mask, dOut, dZ, null);
            }
          };
        });
  }

  /** Σ_d |b| + 1: b is rounded after a tanh near 1, and logDet has a number to start with. */
  private static double[] bounds(Tensor s, Tensor scale) {
    double[] terms = new double[s.rows()];
    Arrays.fill(terms, 5);
    for (int i = 0; i < s.size(); i++) {
      terms[i / s.columns()] += Math.abs(scale.get(i % s.columns())) + 1;
    }
    return terms;
  }

  private static KernelCase affine(Sizes s, boolean inverse, float size, boolean inPlace) {
    return KernelCase.of(
        "coupling.affine",
        label(s, inverse, "scale " + size + (inPlace ? " in place" : "")),
        f -> {
          Tensor t = f.input("t", s.rows, s.d);
          Tensor raw = f.input("s", s.rows, s.d);
          Tensor scale = f.uniform("scale", -size, size, s.d);
          Tensor mask = mask(f, s.d);
          // exp multiplies the rounding of its argument
          Tolerance each = new Tolerance(2e-5, 1e-5 * Math.max(1, size / 4));
          Tensor z = inPlace ? f.accumulated("z", each, s.rows, s.d) : f.input("z", s.rows, s.d);
          Tensor out = inPlace ? z : f.output("out", each, s.rows, s.d);
          Tensor logDet = f.accumulated("logDet", Tolerance.sum(bounds(raw, scale)), s.rows);
          return k -> {
            if (inverse) {
              k.coupling().affineInverse(z, t, raw, scale, mask, out, logDet);
            } else {
              k.coupling().affine(z, t, raw, scale, mask, out, logDet);
            }
          };
        });
  }

  private static KernelCase affineBackward(Sizes s, boolean inverse, boolean all) {
    return KernelCase.of(
        "coupling.affineBackward",
        label(s, inverse, all ? "all" : "some"),
        f -> {
          Tensor z = f.input("z", s.rows, s.d);
          Tensor t = f.input("t", s.rows, s.d);
          Tensor raw = f.input("s", s.rows, s.d);
          Tensor scale = f.uniform("scale", -2, 2, s.d);
          Tensor mask = mask(f, s.d);
          Tensor dOut = f.input("dOut", s.rows, s.d);
          Tensor dLogDet = f.input("dLogDet", s.rows);
          Tensor dZ = f.accumulated("dZ", Tolerance.GRADIENT, s.rows, s.d);
          Tensor dT = f.accumulated("dT", Tolerance.GRADIENT, s.rows, s.d);
          double[][] terms = affineTerms(z, t, scale, dOut, dLogDet);
          Tensor dS = f.accumulated("dS", Tolerance.sum(terms[0]), s.rows, s.d);
          Tensor dScale = f.accumulated("dScale", Tolerance.sum(terms[1]), s.d);
          return k -> {
            CouplingKernels c = k.coupling();
            if (all && inverse) {
              c.affineInverseBackward(z, t, raw, scale, mask, dOut, dLogDet, dZ, dT, dS, dScale);
            } else if (all) {
              c.affineBackward(z, t, raw, scale, mask, dOut, dLogDet, dZ, dT, dS, dScale);
            } else if (inverse) {
              c.affineInverseBackward(z, t, raw, scale, mask, null, dLogDet, null, dT, dS, null);
              c.affineInverseBackward(z, t, raw, scale, mask, dOut, null, dZ, null, null, null);
            } else {
              c.affineBackward(z, t, raw, scale, mask, dOut, null, dZ, null, null, dScale);
              c.affineBackward(z, t, raw, scale, mask, null, dLogDet, null, dT, dS, null);
            }
          };
        });
  }

  /** Bounds on the terms of dS and dScale, and on the number they are added to. */
  private static double[][] affineTerms(
      Tensor z, Tensor t, Tensor scale, Tensor dOut, Tensor dLogDet) {
    double[][] terms = {new double[z.size()], new double[scale.size()]};
    Arrays.fill(terms[1], 5);
    for (int i = 0; i < z.size(); i++) {
      int d = i % scale.size();
      double a = Math.abs(scale.get(d));
      double moved = (Math.abs(z.get(i)) + Math.abs(t.get(i))) * Math.exp(a);
      double db = Math.abs(dOut.get(i)) * moved + Math.abs(dLogDet.get(i / scale.size()));
      terms[0][i] = 5 + db * (1 + a);
      terms[1][d] += db;
    }
    return terms;
  }

  /** Σ_d ( |s| + 1 ), which bounds softplus(−s). */
  private static double[] gates(Tensor s) {
    double[] terms = new double[s.rows()];
    Arrays.fill(terms, 5);
    for (int i = 0; i < s.size(); i++) {
      terms[i / s.columns()] += Math.abs(s.get(i)) + 1;
    }
    return terms;
  }

  private static KernelCase gated(Sizes s, boolean inverse, boolean inPlace) {
    return KernelCase.of(
        "coupling.gated",
        label(s, inverse, inPlace ? "in place" : ""),
        f -> {
          Tensor m = f.input("m", s.rows, s.d);
          Tensor raw = f.uniform("s", -4, 8, s.rows, s.d);
          Tolerance each = inverse ? new Tolerance(1e-4, 1e-5) : ELEMENT; // 1/g is up to 55
          Tensor z = inPlace ? f.accumulated("z", each, s.rows, s.d) : f.input("z", s.rows, s.d);
          Tensor out = inPlace ? z : f.output("out", each, s.rows, s.d);
          Tensor logDet = f.accumulated("logDet", Tolerance.sum(gates(raw)), s.rows);
          return k -> {
            if (inverse) {
              k.coupling().gatedInverse(z, m, raw, out, logDet);
            } else {
              k.coupling().gated(z, m, raw, out, logDet);
            }
          };
        });
  }

  private static KernelCase gatedBackward(Sizes s, boolean inverse, boolean all) {
    return KernelCase.of(
        "coupling.gatedBackward",
        label(s, inverse, all ? "all" : "some"),
        f -> {
          Tensor z = f.input("z", s.rows, s.d);
          Tensor m = f.input("m", s.rows, s.d);
          Tensor raw = f.uniform("s", -3, 3, s.rows, s.d);
          Tensor dOut = f.input("dOut", s.rows, s.d);
          Tensor dLogDet = f.input("dLogDet", s.rows);
          double[] terms = gatedTerms(z, m, raw, dOut, dLogDet);
          Tensor dZ = f.accumulated("dZ", Tolerance.sum(terms), s.rows, s.d);
          Tensor dM = f.accumulated("dM", Tolerance.sum(terms), s.rows, s.d);
          Tensor dS = f.accumulated("dS", Tolerance.sum(terms), s.rows, s.d);
          return k -> {
            CouplingKernels c = k.coupling();
            if (all && inverse) {
              c.gatedInverseBackward(z, m, raw, dOut, dLogDet, dZ, dM, dS);
            } else if (all) {
              c.gatedBackward(z, m, raw, dOut, dLogDet, dZ, dM, dS);
            } else if (inverse) {
              c.gatedInverseBackward(z, m, raw, null, dLogDet, null, dM, dS);
              c.gatedInverseBackward(z, m, raw, dOut, null, dZ, null, null);
            } else {
              c.gatedBackward(z, m, raw, null, dLogDet, null, null, dS);
              c.gatedBackward(z, m, raw, dOut, null, dZ, dM, null);
            }
          };
        });
  }

  private static double[] gatedTerms(Tensor z, Tensor m, Tensor s, Tensor dOut, Tensor dLogDet) {
    double[] terms = new double[z.size()];
    for (int i = 0; i < terms.length; i++) {
      double slope = 1 + Math.exp(-s.get(i));
      double distance = 1 + Math.abs(z.get(i)) + Math.abs(m.get(i));
      double g = Math.abs(dOut.get(i)) * slope * distance;
      terms[i] = 5 + g + Math.abs(dLogDet.get(i / z.columns()));
    }
    return terms;
  }

  // ---- s at and beyond the ends of float32 ----

  private static final float[] EDGES = {
    -80, -87, -100, -200, -1e6f, 20, 80, 100, 1e6f, Float.POSITIVE_INFINITY, Float.NaN
  };

  private static final int EDGE_D = 2 * L + 2;

  /** A place in whole vectors and one in the ragged end, each edge in rows of its own. */
  private static Tensor withEdges(Tensor t) {
    for (int r = 0; r < 2 * EDGES.length; r++) {
      int place = r % 2 == 0 ? 1 : EDGE_D - 1;
      t.array()[t.offset() + r * EDGE_D + place] = EDGES[r / 2];
    }
    return t;
  }

  private static final int EDGE_ROWS = 2 * EDGES.length;
  private static final Tolerance EDGE = new Tolerance(2e-5, 1e-4);

  /** All dimensions but the last but one. */
  private static Tensor edgeMask(Fixture f) {
    Tensor mask = f.uniform("mask", 1, 2, EDGE_D);
    mask.array()[mask.offset() + EDGE_D - 2] = 0;
    return mask;
  }

  /** s is bounded, so its edges are saturated; NaN where nothing is transformed goes nowhere. */
  private static KernelCase affineEdges(boolean inverse) {
    return KernelCase.of(
        "coupling.affine",
        inverse ? "edges inverse" : "edges",
        f -> {
          Tensor z = f.input("z", EDGE_ROWS, EDGE_D);
          Tensor t = f.input("t", EDGE_ROWS, EDGE_D);
          Tensor s = withEdges(f.input("s", EDGE_ROWS, EDGE_D));
          Tensor scale = f.uniform("scale", -3, 3, EDGE_D);
          Tensor mask = edgeMask(f);
          t.array()[t.offset() + EDGE_D - 2] = Float.NaN;
          s.array()[s.offset() + EDGE_D - 2] = Float.NaN;
          Tensor out = f.output("out", EDGE, EDGE_ROWS, EDGE_D);
          Tensor logDet = f.accumulated("logDet", EDGE, EDGE_ROWS);
          return k -> {
            if (inverse) {
              k.coupling().affineInverse(z, t, s, scale, mask, out, logDet);
            } else {
              k.coupling().affine(z, t, s, scale, mask, out, logDet);
            }
          };
        });
  }

  private static KernelCase affineEdgesBackward(boolean inverse) {
    return KernelCase.of(
        "coupling.affineBackward",
        inverse ? "edges inverse" : "edges",
        f -> {
          Tensor z = f.input("z", EDGE_ROWS, EDGE_D);
          Tensor t = f.input("t", EDGE_ROWS, EDGE_D);
          Tensor s = withEdges(f.input("s", EDGE_ROWS, EDGE_D));
          Tensor scale = f.uniform("scale", -3, 3, EDGE_D);
          Tensor mask = edgeMask(f);
          t.array()[t.offset() + EDGE_D - 2] = Float.NaN;
          s.array()[s.offset() + EDGE_D - 2] = Float.NaN;
          Tensor g = f.input("dOut", EDGE_ROWS, EDGE_D);
          Tensor gLog = f.input("dLogDet", EDGE_ROWS);
          Tensor dZ = f.accumulated("dZ", EDGE, EDGE_ROWS, EDGE_D);
          Tensor dT = f.accumulated("dT", EDGE, EDGE_ROWS, EDGE_D);
          Tensor dS = f.accumulated("dS", new Tolerance(1e-4, 1e-4), EDGE_ROWS, EDGE_D);
          Tensor dScale = f.accumulated("dScale", new Tolerance(1e-3, 1e-4), EDGE_D);
          return k -> {
            CouplingKernels c = k.coupling();
            if (inverse) {
              c.affineInverseBackward(z, t, s, scale, mask, g, gLog, dZ, dT, dS, dScale);
            } else {
              c.affineBackward(z, t, s, scale, mask, g, gLog, dZ, dT, dS, dScale);
            }
          };
        });
  }

  private static KernelCase gatedEdges(boolean inverse) {
    return KernelCase.of(
        "coupling.gated",
        inverse ? "edges inverse" : "edges",
        f -> {
          Tensor z = f.input("z", EDGE_ROWS, EDGE_D);
          Tensor m = f.input("m", EDGE_ROWS, EDGE_D);
          Tensor s = withEdges(f.uniform("s", -2, 4, EDGE_ROWS, EDGE_D));
          Tensor out = f.output("out", EDGE, EDGE_ROWS, EDGE_D);
          Tensor logDet = f.accumulated("logDet", EDGE, EDGE_ROWS);
          return k -> {
            if (inverse) {
              k.coupling().gatedInverse(z, m, s, out, logDet);
            } else {
              k.coupling().gated(z, m, s, out, logDet);
            }
          };
        });
  }

  private static KernelCase gatedEdgesBackward(boolean inverse) {
    return KernelCase.of(
        "coupling.gatedBackward",
        inverse ? "edges inverse" : "edges",
        f -> {
          Tensor z = f.input("z", EDGE_ROWS, EDGE_D);
          Tensor m = f.input("m", EDGE_ROWS, EDGE_D);
          Tensor s = withEdges(f.uniform("s", -2, 4, EDGE_ROWS, EDGE_D));
          Tensor g = f.input("dOut", EDGE_ROWS, EDGE_D);
          Tensor gLog = f.input("dLogDet", EDGE_ROWS);
          Tensor dZ = f.accumulated("dZ", EDGE, EDGE_ROWS, EDGE_D);
          Tensor dM = f.accumulated("dM", EDGE, EDGE_ROWS, EDGE_D);
          Tensor dS = f.accumulated("dS", EDGE, EDGE_ROWS, EDGE_D);
          return k -> {
            if (inverse) {
              k.coupling().gatedInverseBackward(z, m, s, g, gLog, dZ, dM, dS);
            } else {
              k.coupling().gatedBackward(z, m, s, g, gLog, dZ, dM, dS);
            }
          };
        });
  }

  @Override
  public List<GradCase> gradients() {
    return CouplingGradients.all();
  }
}
