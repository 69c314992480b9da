package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Coupling, autoregressive and spline steps on the tape, and masked layers, against formulas. */
class CouplingOpsTest {
  private static final int R = 4;
  private static final int D = 3;
  private static final float[] MASK = {1, 0, 1};

  private static Tensor mask() {
    return Tensor.of(MASK.clone(), 0, D);
  }

  /** Weights that tell the elements of an output apart. */
  private static double weight(int i) {
    return Math.sin(1.3 * i + 0.4);
  }

  /** Each element weighed by a gate of a second step, and the log-determinants of both. */
  private static Var objective(Tape tape, Var out, Var logDet) {
    Tensor w = Tensor.zeros(R, D);
    for (int i = 0; i < w.size(); i++) {
      w.array()[i] = (float) weight(i);
    }
    Tensor zeros = Tensor.zeros(R, D);
    Var weighted = CouplingOps.gated(tape, out, Var.constant(zeros), Var.constant(w), logDet);
    return ReduceOps.weightedSum(tape, weighted, 1, logDet, 0.7f);
  }

  private static double objective(double[] out, double[] logDets) {
    double sum = 0;
    for (int i = 0; i < out.length; i++) {
      double gate = 1 / (1 + Math.exp(-(float) weight(i)));
      sum += gate * out[i] + 0.7 * Math.log(gate);
    }
    for (double l : logDets) {
      sum += 0.7 * l;
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void additive(boolean inverse) {
    check(
        "additive",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          Var out =
              inverse
                  ? CouplingOps.additiveInverse(tape, p[0], p[1], mask())
                  : CouplingOps.additive(tape, p[0], p[1], mask());
          return objective(tape, out, logDet);
        },
        p -> {
          double[] out = p[0].clone();
          for (int i = 0; i < out.length; i++) {
            out[i] += MASK[i % D] * (inverse ? -1 : 1) * p[1][i];
          }
          return objective(out, new double[0]);
        },
        normal(1, 1, R, D),
        normal(2, 1, R, D));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void affine(boolean inverse) {
    check(
        "affine",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          Var out =
              inverse
                  ? CouplingOps.affineInverse(tape, p[0], p[1], p[2], p[3], mask(), logDet)
                  : CouplingOps.affine(tape, p[0], p[1], p[2], p[3], mask(), logDet);
          return objective(tape, out, logDet);
        },
        p -> {
          double[] out = p[0].clone();
          double[] logs = new double[out.length];
          for (int i = 0; i < out.length; i++) {
            double b = MASK[i % D] * p[3][i % D] * Math.tanh(p[2][i]);
            double t = MASK[i % D] * p[1][i];
            out[i] = inverse ? (out[i] - t) * Math.exp(-b) : out[i] * Math.exp(b) + t;
            logs[i] = inverse ? -b : b;
          }
          return objective(out, logs);
        },
        normal(1, 1, R, D),
        normal(2, 1, R, D),
        normal(3, 1, R, D),
        normal(4, 1, 1, D));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gated(boolean inverse) {
    check(
        "gated",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          Var out =
              inverse
                  ? CouplingOps.gatedInverse(tape, p[0], p[1], p[2], logDet)
                  : CouplingOps.gated(tape, p[0], p[1], p[2], logDet);
          return objective(tape, out, logDet);
        },
        p -> {
          double[] out = new double[p[0].length];
          double[] logs = new double[out.length];
          for (int i = 0; i < out.length; i++) {
            double g = 1 / (1 + Math.exp(-p[2][i]));
            double m = p[1][i];
            out[i] = inverse ? m + (p[0][i] - m) / g : g * p[0][i] + (1 - g) * m;
            logs[i] = inverse ? -Math.log(g) : Math.log(g);
          }
          return objective(out, logs);
        },
        normal(1, 1, R, D),
        normal(2, 1, R, D),
        normal(3, 1, R, D));
  }

  /** f of two bins, spelled out; its inverse by bisection. */
  private static double spline(double[] p, int r, int i, double x) {
    int[] at = new int[5];
    for (int j = 0; j < 5; j++) {
      at[j] = r * 10 + j * 2 + i;
    }
    double w = 4 * (1e-3 + (1 - 2e-3) / (1 + Math.exp(p[at[1]] - p[at[0]])));
    double h = 4 * (1e-3 + (1 - 2e-3) / (1 + Math.exp(p[at[3]] - p[at[2]])));
    double d = 1e-3 + Math.log(1 + Math.exp(p[at[4]]));
    boolean first = x < w - 2;
    double width = first ? w : 4 - w;
    double height = first ? h : 4 - h;
    double d0 = first ? 1 : d;
    double d1 = first ? d : 1;
    double u = first ? (x + 2) / w : (x - w + 2) / width;
    double s = height / width;
    double mixed = u * (1 - u);
    double below = s + (d1 + d0 - 2 * s) * mixed;
    return (first ? -2 : h - 2) + height * (s * u * u + d0 * mixed) / below;
  }

  private static double slope(DoubleUnaryOperator f, double x) {
    double h = 1e-4;
    double near = f.applyAsDouble(x + h) - f.applyAsDouble(x - h);
    double far = f.applyAsDouble(x + 2 * h) - f.applyAsDouble(x - 2 * h);
    return (8 * near - far) / (12 * h);
  }

  private static double bisect(DoubleUnaryOperator f, double y) {
    double low = -2;
    double high = 2;
    for (int n = 0; n < 60; n++) {
      double middle = 0.5 * (low + high);
      if (f.applyAsDouble(middle) < y) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return 0.5 * (low + high);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void spline(boolean inverse) {
    check(
        "spline",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          Var out =
              inverse
                  ? SplineOps.inverse(tape, p[0], p[1], mask(), 2, 2, logDet)
                  : SplineOps.transform(tape, p[0], p[1], mask(), 2, 2, logDet);
          return objective(tape, out, logDet);
        },
        p -> {
          double[] out = p[0].clone();
          double[] logs = new double[out.length];
          for (int n = 0; n < out.length; n++) {
            if (MASK[n % D] != 0 && Math.abs(out[n]) <= 2) {
              int r = n / D;
              int i = n % D / 2;
              DoubleUnaryOperator f = x -> spline(p[1], r, i, x);
              double x = inverse ? bisect(f, out[n]) : out[n];
              double log = Math.log(slope(f, x));
              out[n] = inverse ? x : f.applyAsDouble(x);
              logs[n] = inverse ? -log : log;
            }
          }
          return objective(out, logs);
        },
        normal(1, 1.2, R, D),
        normal(2, 0.6, R, 10));
  }

  /** A masked weight's gradient is 0 where its mask is, and the formula's elsewhere. */
  @ParameterizedTest
  @EnumSource
  void maskedLayers(Activation f) {
    int in = 4;
    Tensor mask = Tensor.of(new float[] {1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1}, 0, in, D);
    Tensor w = normal(1, 0.6, in, D);
    Backends.reference().dense().mask(mask, w);
    check(
        "masked " + f,
        (tape, p) -> Formulas.project(tape, MaskedOps.dense(tape, p[0], p[1], mask, p[2], f)),
        p -> Formulas.project(Formulas.dense(p[0], masked(mask, p[1]), p[2], f, D)),
        normal(2, 1, R, in),
        w,
        normal(3, 1, 1, D));
    check(
        "conditioned " + f,
        (tape, p) -> Formulas.project(tape, MaskedOps.conditioned(tape, p[0], p[1], mask, p[2], f)),
        p -> {
          double[] pre = Formulas.dense(p[0], masked(mask, p[1]), null, Activation.NONE, D);
          for (int i = 0; i < pre.length; i++) {
            pre[i] = Formulas.activation(f, pre[i] + p[2][i / (2 * D) * D + i % D]);
          }
          return Formulas.project(pre);
        },
        normal(2, 1, R, in),
        w,
        normal(3, 1, R / 2, D));
  }

  private static double[] masked(Tensor mask, double[] w) {
    double[] kept = w.clone();
    for (int i = 0; i < kept.length; i++) {
      kept[i] *= mask.get(i);
    }
    return kept;
  }

  /** Constants alone: there is nothing to walk back to, and nothing fails. */
  @Test
  void withoutParametersNothingIsAskedOfTheKernels() {
    Tape tape = new Tape(Backends.simd());
    Var z = Var.constant(normal(1, 1, R, D));
    Var logDet = FlowOps.logDet(tape, R);
    Var out = CouplingOps.gated(tape, z, z, z, logDet);
    assertThat(out.needsGradient()).isFalse();
    tape.backward(ReduceOps.weightedSum(tape, logDet, 1));
  }
}
