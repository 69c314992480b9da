package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Backends;
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
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cases of {@link SplineKernels}. */
public final class SplineCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final float BOUND = 3;

  /** Every {@code every}-th of d dimensions is transformed; 0: none is. */
  private record Sizes(int rows, int d, int every, int bins) {
    int transformed() {
      return every == 0 ? 0 : Math.ceilDiv(d, every);
    }
  }

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97}) {
      list.add(new Sizes(5, d, 1, 4));
      list.add(new Sizes(5, d, 2, 5));
    }
    list.add(new Sizes(0, 20, 2, 8));
    list.add(new Sizes(3, 20, 0, 8));
    list.add(new Sizes(3, 20, 2, 1));
    list.add(new Sizes(3, 20, 2, 40));
    list.add(new Sizes(300, 3, 2, 8));
    list.add(new Sizes(128, 64, 2, 8));
    list.add(new Sizes(41, 33, 3, 8));
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 33 || (s.d == 64 && s.rows == 128);
      for (boolean inverse : new boolean[] {false, true}) {
        cases.add(hot ? forward(s, inverse, false).asHot() : forward(s, inverse, false));
        cases.add(hot ? backward(s, inverse, true).asHot() : backward(s, inverse, true));
      }
    }
    Sizes some = new Sizes(7, 21, 2, 6);
    for (boolean inverse : new boolean[] {false, true}) {
      cases.add(forward(some, inverse, true));
      cases.add(backward(some, inverse, false));
      cases.add(edges(inverse));
    }
    return cases;
  }

  private static Tensor mask(Fixture f, Sizes s) {
    Tensor mask = f.input("mask", s.d);
    for (int i = 0; i < s.d; i++) {
      mask.array()[mask.offset() + i] = s.every > 0 && i % s.every == 0 ? 1 : 0;
    }
    return mask;
  }

  private static Tensor params(Fixture f, Sizes s) {
    return f.input("params", s.rows, SplineKernels.parameters(s.bins, s.transformed()));
  }

  /**
   * The knots are sums of K bins, rounded: an error of some ε·bound in them is as good as one in
   * the input. So an output may be off by what it changes when the input moves by that much, and by
   * the rounding of the largest of its row: a softmax's gradient subtracts their mean.
   */
  private static double[] moved(double[][] at, int columns) {
    double[] terms = new double[at[0].length];
    for (int i = 0; i < terms.length; i++) {
      double change = Math.abs(at[1][i] - at[0][i]) + Math.abs(at[2][i] - at[0][i]);
      double largest = 0;
      for (int j = i / columns * columns; j < (i / columns + 1) * columns; j++) {
        largest = Math.max(largest, Math.abs(at[0][j]));
      }
      terms[i] = change / (16 * 0x1p-24) + 10 + 10 * largest;
    }
    return terms;
  }

  /** A call at the input and on both sides of it; the outputs of each. */
  private interface Call {
    double[] run(Tensor z);
  }

  private static double[] sensitivity(Tensor z, int bins, int columns, Call call) {
    float move = 2 * BOUND * (bins + 8) * 0x1p-24f;
    double[][] at = new double[3][];
    for (int n = 0; n < 3; n++) {
      Tensor near = Tensor.of(z.toArray(), 0, z.shape());
      float step = n == 0 ? 0 : n == 1 ? move : -move;
      for (int i = 0; i < near.size(); i++) {
        near.array()[i] += step;
      }
      at[n] = call.run(near);
    }
    return moved(at, columns);
  }

  private static void call(
      SplineKernels k,
      boolean inverse,
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      Tensor out,
      Tensor logDet) {
    if (inverse) {
      k.inverse(z, params, mask, bins, BOUND, out, logDet);
    } else {
      k.transform(z, params, mask, bins, BOUND, out, logDet);
    }
  }

  private static KernelCase forward(Sizes s, boolean inverse, boolean inPlace) {
    return KernelCase.of(
        "spline.transform",
        s + (inverse ? " inverse" : "") + (inPlace ? " in place" : ""),
        f -> {
          Tensor params = params(f, s);
          Tensor mask = mask(f, s);
          Tensor given = f.uniform("given", -3.5, 3.5, s.rows, s.d);
          Tolerance each =
              Tolerance.sum(
                  sensitivity(given, s.bins, 1, z -> outputs(z, params, mask, s.bins, inverse)[0]));
          Tolerance row =
              Tolerance.sum(
                  sensitivity(given, s.bins, 1, z -> outputs(z, params, mask, s.bins, inverse)[1]));
          Tensor out = f.output("out", each, s.rows, s.d);
          Tensor logDet = f.accumulated("logDet", row, s.rows);
          return k -> {
            if (inPlace) {
              k.memory().copy(given, out);
            }
            call(k.spline(), inverse, inPlace ? out : given, params, mask, s.bins, out, logDet);
          };
        });
  }

  /** out and logDet of the reference. */
  private static double[][] outputs(
      Tensor z, Tensor params, Tensor mask, int bins, boolean inverse) {
    Tensor out = Tensor.zeros(z.rows(), z.columns());
    Tensor logDet = Tensor.zeros(z.rows());
    call(Backends.reference().spline(), inverse, z, params, mask, bins, out, logDet);
    double[] rows = Doubles.read(logDet);
    for (int r = 0; r < rows.length; r++) {
      rows[r] += Math.signum(rows[r]) * z.columns(); // every term is rounded
    }
    return new double[][] {Doubles.read(out), rows};
  }

  private static KernelCase backward(Sizes s, boolean inverse, boolean all) {
    return KernelCase.of(
        "spline.transformBackward",
        s + (inverse ? " inverse" : "") + (all ? "" : " some"),
        f -> {
          Tensor params = params(f, s);
          Tensor mask = mask(f, s);
          Tensor z = f.uniform("z", -3.5, 3.5, s.rows, s.d);
          Tensor g = f.input("dOut", s.rows, s.d);
          Tensor gLog = f.input("dLogDet", s.rows);
          Call toZ = x -> gradients(x, params, mask, s.bins, inverse, g, gLog)[0];
          Call toParams = x -> gradients(x, params, mask, s.bins, inverse, g, gLog)[1];
          Tensor dZ =
              f.accumulated("dZ", Tolerance.sum(sensitivity(z, s.bins, 1, toZ)), s.rows, s.d);
          Tolerance each =
              Tolerance.sum(sensitivity(z, s.bins, Math.max(1, params.columns()), toParams));
          Tensor dParams = f.accumulated("dParams", each, s.rows, params.columns());
          return k -> {
            if (all) {
              backward(k.spline(), inverse, z, params, mask, s.bins, g, gLog, dZ, dParams);
            } else {
              backward(k.spline(), inverse, z, params, mask, s.bins, g, null, dZ, null);
              backward(k.spline(), inverse, z, params, mask, s.bins, null, gLog, dZ, null);
              backward(k.spline(), inverse, z, params, mask, s.bins, g, gLog, null, dParams);
            }
          };
        });
  }

  private static void backward(
      SplineKernels k,
      boolean inverse,
      Tensor z,
      Tensor params,
      Tensor mask,
      int bins,
      @Nullable Tensor g,
      @Nullable Tensor gLog,
      @Nullable Tensor dZ,
      @Nullable Tensor dParams) {
    if (inverse) {
      k.inverseBackward(z, params, mask, bins, BOUND, g, gLog, dZ, dParams);
    } else {
      k.transformBackward(z, params, mask, bins, BOUND, g, gLog, dZ, dParams);
    }
  }

  private static double[][] gradients(
      Tensor z, Tensor params, Tensor mask, int bins, boolean inverse, Tensor g, Tensor gLog) {
    Tensor dZ = Tensor.zeros(z.rows(), z.columns());
    Tensor dParams = Tensor.zeros(params.rows(), params.columns());
    backward(Backends.reference().spline(), inverse, z, params, mask, bins, g, gLog, dZ, dParams);
    return new double[][] {Doubles.read(dZ), Doubles.read(dParams)};
  }

  private static final float[] EDGES = {
    -BOUND,
    BOUND,
    -3.5f,
    3.5f,
    1e30f,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    -0f
  };

  /** An edge a row, in whole vectors and in the ragged end; a row of saturated parameters. */
  private static KernelCase edges(boolean inverse) {
    int d = L + 2;
    int bins = 4;
    return KernelCase.of(
        "spline.transform",
        inverse ? "edges inverse" : "edges",
        f -> {
          Sizes s = new Sizes(EDGES.length + 2, d, 1, bins);
          Tensor params = params(f, s);
          Tensor mask = mask(f, s);
          Tensor z = f.uniform("z", -2.9, 2.9, s.rows, d);
          for (int r = 0; r < EDGES.length; r++) {
            z.array()[z.offset() + r * d] = EDGES[r];
            z.array()[z.offset() + r * d + d - 1] = EDGES[r];
          }
          int saturated = params.offset() + EDGES.length * params.columns();
          for (int j = 0; j < params.columns(); j++) {
            params.array()[saturated + j] *= 40;
          }
          int row = (EDGES.length + 1) * params.columns();
          params.array()[params.offset() + row + 1] = Float.NaN;
          params.array()[params.offset() + row + 5 * d + 3] = Float.POSITIVE_INFINITY;
          Tolerance each = new Tolerance(1e-4, 1e-4);
          Tensor out = f.output("out", each, s.rows, d);
          Tensor logDet = f.accumulated("logDet", new Tolerance(2e-2, 1e-3), s.rows);
          return k -> call(k.spline(), inverse, z, params, mask, bins, out, logDet);
        });
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (boolean inverse : new boolean[] {false, true}) {
      for (int bins : new int[] {1, 2, 7}) {
        String label = bins + " bins" + (inverse ? " inverse" : "");
        cases.add(new GradCase("spline.transformBackward", label, () -> gradient(bins, inverse)));
      }
    }
    return cases;
  }

  /** Several inputs, in the first, a middle and the last bin and outside. */
  private static void gradient(int bins, boolean inverse) {
    for (double v : new double[] {-2.95, -1.3, 0.2, 1.71, 2.97, 4}) {
      double[] raw = GradCheck.random(11 + bins, 3 * bins - 1, 1);
      double g = 0.7;
      double gLog = -1.3;
      double[] dRaw = new double[raw.length];
      double dv = SplineReference.backward(v, raw, bins, BOUND, inverse, g, gLog, dRaw);
      GradCheck.check(
          "dZ",
          new double[] {v},
          new double[] {dv},
          x -> objective(x[0], raw, bins, inverse, g, gLog));
      GradCheck.check("dParams", raw, dRaw, x -> objective(v, x, bins, inverse, g, gLog));
    }
  }

  private static double objective(
      double v, double[] raw, int bins, boolean inverse, double g, double gLog) {
    SplineReference.Point p = SplineReference.transform(v, raw, bins, BOUND, inverse);
    return g * p.value() + (inverse ? -gLog : gLog) * p.logSlope();
  }
}
