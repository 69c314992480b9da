package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Parity at the edges of the contract: each row has parameters of its own. */
final class FlowEdges {
  private FlowEdges() {}

  /** Norms of w, products wᵀu, and one of neither that a float32 has. */
  private static final float[][] PLANAR = {
    {0, 0},
    {1e-20f, 1},
    {1e-3f, 1},
    {1, -50},
    {1, -100},
    {1, -1000},
    {1, 90},
    {30, 1},
    {1e20f, 1},
    {Float.NaN, 1},
    {1, Float.NaN}
  };

  private static final float[][] RADIAL = {
    {0, 0},
    {-50, 0},
    {-100, 0},
    {50, 0},
    {0, -50},
    {0, -100},
    {0, 50},
    {Float.NaN, 0},
    {0, Float.NaN},
  };

  private static final int D = SimdMath.L + 3;
  private static final Tolerance WIDE = new Tolerance(2e-4, 1e-3);

  static List<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>();
    for (boolean inverse : new boolean[] {false, true}) {
      cases.add(planar(inverse));
      cases.add(radial(inverse));
    }
    cases.add(planarBackward());
    cases.add(radialBackward());
    cases.add(householder());
    cases.add(householderBackward());
    return cases;
  }

  /** w along a fixed direction, u with the wanted product and a part across. */
  private static Tensor[] parameters(Fixture f) {
    Tensor w = f.input("w", PLANAR.length, D);
    Tensor u = f.input("u", PLANAR.length, D);
    for (int p = 0; p < PLANAR.length; p++) {
      for (int i = 0; i < D; i++) {
        int at = p * D + i;
        w.array()[w.offset() + at] = i == 1 ? PLANAR[p][0] : 0;
        if (i == 1) {
          u.array()[u.offset() + at] = PLANAR[p][0] == 0 ? 0.5f : PLANAR[p][1] / PLANAR[p][0];
        }
      }
    }
    return new Tensor[] {u, w, f.input("b", PLANAR.length)};
  }

  private static KernelCase planar(boolean inverse) {
    return KernelCase.of(
        inverse ? "flow.planarInverse" : "flow.planar",
        "edges",
        f -> {
          Tensor z = f.input("z", PLANAR.length, D);
          Tensor[] p = parameters(f);
          Tensor out = f.output("zOut", WIDE, PLANAR.length, D);
          Tensor logDet = f.accumulated("logDet", WIDE, PLANAR.length);
          return k -> {
            if (inverse) {
              k.flow().planarInverse(z, p[0], p[1], p[2], out, logDet);
            } else {
              k.flow().planar(z, p[0], p[1], p[2], out, logDet);
            }
          };
        });
  }

  private static KernelCase planarBackward() {
    return KernelCase.of(
        "flow.planarBackward",
        "edges",
        f -> {
          Tensor z = f.input("z", PLANAR.length, D);
          Tensor[] p = parameters(f);
          Tensor g = f.input("dzOut", PLANAR.length, D);
          Tensor l = f.input("dLogDet", PLANAR.length);
          Tensor dz = f.accumulated("dz", WIDE, PLANAR.length, D);
          Tensor du = f.accumulated("du", WIDE, PLANAR.length, D);
          Tensor dw = f.accumulated("dw", WIDE, PLANAR.length, D);
          Tensor db = f.accumulated("db", WIDE, PLANAR.length);
          return k -> k.flow().planarBackward(z, p[0], p[1], p[2], g, l, dz, du, dw, db);
        });
  }

  private static final int POINTS = 3 * RADIAL.length;

  /** Rows of a point far from its centre, near it, and at it. */
  private static Tensor[] radialArguments(Fixture f) {
    Tensor z = f.input("z", POINTS, D);
    Tensor z0 = f.input("z0", POINTS, D);
    Tensor alpha = f.input("alphaHat", POINTS);
    Tensor beta = f.input("betaHat", POINTS);
    for (int p = 0; p < POINTS; p++) {
      alpha.array()[alpha.offset() + p] = RADIAL[p / 3][0];
      beta.array()[beta.offset() + p] = RADIAL[p / 3][1];
      for (int i = 0; i < D && p % 3 == 2; i++) {
        z.array()[z.offset() + p * D + i] = z0.get(p * D + i);
      }
    }
    return new Tensor[] {z, z0, alpha, beta};
  }

  private static KernelCase radial(boolean inverse) {
    return KernelCase.of(
        inverse ? "flow.radialInverse" : "flow.radial",
        "edges",
        f -> {
          Tensor[] a = radialArguments(f);
          Tensor out = f.output("zOut", WIDE, POINTS, D);
          Tensor logDet = f.accumulated("logDet", WIDE, POINTS);
          return k -> {
            if (inverse) {
              k.flow().radialInverse(a[0], a[1], a[2], a[3], out, logDet);
            } else {
              k.flow().radial(a[0], a[1], a[2], a[3], out, logDet);
            }
          };
        });
  }

  private static KernelCase radialBackward() {
    return KernelCase.of(
        "flow.radialBackward",
        "edges",
        f -> {
          Tensor[] a = radialArguments(f);
          Tensor g = f.input("dzOut", POINTS, D);
          Tensor dz = f.accumulated("dz", WIDE, POINTS, D);
          Tensor dz0 = f.accumulated("dz0", WIDE, POINTS, D);
          Tensor dAlpha = f.accumulated("dAlphaHat", WIDE, POINTS);
          Tensor dBeta = f.accumulated("dBetaHat", WIDE, POINTS);
          return k ->
              k.flow().radialBackward(a[0], a[1], a[2], a[3], g, null, dz, dz0, dAlpha, dBeta);
        });
  }

  private static final float[] SIZES = {0, 1e-20f, 1e-6f, 1e6f, 1e25f, Float.NaN};

  private static Tensor vectors(Fixture f) {
    Tensor v = f.input("v", SIZES.length, 2 * D);
    for (int p = 0; p < SIZES.length; p++) {
      for (int i = 0; i < D; i++) {
        v.array()[v.offset() + p * 2 * D + i] *= SIZES[p];
      }
    }
    return v;
  }

  private static KernelCase householder() {
    return KernelCase.of(
        "flow.householder",
        "edges",
        f -> {
          Tensor z = f.input("z", SIZES.length, D);
          Tensor v = vectors(f);
          Tensor out = f.output("zOut", WIDE, SIZES.length, D);
          return k -> k.flow().householder(z, v, out);
        });
  }

  private static KernelCase householderBackward() {
    return KernelCase.of(
        "flow.householderBackward",
        "edges",
        f -> {
          Tensor z = f.input("zOut", SIZES.length, D);
          Tensor v = vectors(f);
          Tensor g = f.input("dzOut", SIZES.length, D);
          Tensor dz = f.accumulated("dz", WIDE, SIZES.length, D);
          Tensor dv = f.accumulated("dv", WIDE, SIZES.length, 2 * D);
          return k -> k.flow().householderBackward(z, v, g, dz, dv);
        });
  }
}
