package io.github.elbo4j.autodiff;

import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Value and gradient of flows on the tape against formulas in double. */
class FlowOpsTest {
  private static final int B = 3;
  private static final int K = 2;
  private static final int R = B * K;
  private static final int D = 4;

  /** Both outputs of a step that was given z and added to logDet. */
  private static Var outputs(Tape tape, Var z, Var logDet) {
    return ReduceOps.weightedSum(
        tape, Formulas.project(tape, z), 1, Formulas.project(tape, logDet), 1);
  }

  private static double dot(double[] a, int aAt, double[] b, int bAt) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
      sum += a[aAt + i] * b[bAt + i];
    }
    return sum;
  }

  private static double planar(double[] z, double[] u, double[] w, double[] b, double[] logDet) {
    int points = b.length;
    double[] out = z.clone();
    for (int r = 0; r < R; r++) {
      int p = points == 1 ? 0 : r / K;
      double a = dot(w, p * D, u, p * D);
      double c = Math.log(1 + Math.exp(a)) - 1;
      double t = Math.tanh(dot(w, p * D, z, r * D) + b[p]);
      for (int i = 0; i < D; i++) {
        double hat = u[p * D + i] + (c - a) * w[p * D + i] / dot(w, p * D, w, p * D);
        out[r * D + i] += hat * t;
      }
      logDet[r] += Math.log(Math.abs(1 + (1 - t * t) * c));
    }
    return Formulas.project(out) + Formulas.project(logDet);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void planar(int points) {
    check(
        "planar",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          return outputs(tape, FlowOps.planar(tape, p[0], p[1], p[2], p[3], logDet), logDet);
        },
        p -> planar(p[0], p[1], p[2], p[3], new double[R]),
        normal(1, 1, R, D),
        normal(2, 0.6, points, D),
        normal(3, 0.6, points, D),
        normal(4, 0.6, points, 1));
  }

  private static double radial(double[] z, double[] z0, double[] aHat, double[] bHat) {
    double[] out = z.clone();
    double[] logDet = new double[R];
    for (int r = 0; r < R; r++) {
      int p = aHat.length == 1 ? 0 : r / K;
      double alpha = Math.log(1 + Math.exp(aHat[p]));
      double beta = Math.log(1 + Math.exp(bHat[p])) - alpha;
      double square = 0;
      for (int i = 0; i < D; i++) {
        square += Math.pow(z[r * D + i] - z0[p * D + i], 2);
      }
      double radius = Math.sqrt(square);
      double h = 1 / (alpha + radius);
      for (int i = 0; i < D; i++) {
        out[r * D + i] += beta * h * (z[r * D + i] - z0[p * D + i]);
      }
      logDet[r] = (D - 1) * Math.log(1 + beta * h) + Math.log(1 + beta * h - beta * h * h * radius);
    }
    return Formulas.project(out) + Formulas.project(logDet);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void radial(int points) {
    check(
        "radial",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          return outputs(tape, FlowOps.radial(tape, p[0], p[1], p[2], p[3], logDet), logDet);
        },
        p -> radial(p[0], p[1], p[2], p[3]),
        normal(5, 1, R, D),
        normal(6, 1, points, D),
        normal(7, 0.6, points, 1),
        normal(8, 0.6, points, 1));
  }

  /** z times I − 2·v·vᵀ/‖v‖² for each vector in turn. */
  private static double[] reflected(double[] z, double[] v, boolean lastFirst) {
    double[] x = z.clone();
    int h = 2;
    int points = v.length / h / D;
    for (int r = 0; r < R; r++) {
      for (int j = 0; j < h; j++) {
        int at = ((points == 1 ? 0 : r / K) * h + (lastFirst ? h - 1 - j : j)) * D;
        double factor = 2 * dot(v, at, x, r * D) / dot(v, at, v, at);
        for (int i = 0; i < D; i++) {
          x[r * D + i] -= factor * v[at + i];
        }
      }
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void householder(int points) {
    check(
        "householder",
        (tape, p) -> Formulas.project(tape, FlowOps.householder(tape, p[0], p[1])),
        p -> Formulas.project(reflected(p[0], p[1], false)),
        normal(9, 1, R, D),
        normal(10, 1, points, 2 * D));
  }

  private static double entry(double[] matrix, int point, int i, int j) {
    double x = matrix[(point * D + i) * D + j];
    return i > j ? 0 : i == j ? Math.tanh(x) : x;
  }

  private static double sylvester(double[] z, double[] v, double[] r1, double[] r2, double[] b) {
    double[] y = reflected(z, v, false);
    double[] o = new double[R * D];
    double[] logDet = new double[R];
    for (int r = 0; r < R; r++) {
      int p = b.length == D ? 0 : r / K;
      for (int i = 0; i < D; i++) {
        double pre = b[p * D + i];
        for (int j = i; j < D; j++) {
          pre += entry(r2, p, i, j) * y[r * D + j];
        }
        double t = Math.tanh(pre);
        for (int j = 0; j <= i; j++) {
          o[r * D + j] += entry(r1, p, j, i) * t;
        }
        logDet[r] += Math.log(1 + (1 - t * t) * entry(r1, p, i, i) * entry(r2, p, i, i));
      }
    }
    double[] out = reflected(o, v, true);
    for (int i = 0; i < out.length; i++) {
      out[i] += z[i];
    }
    return Formulas.project(out) + Formulas.project(logDet);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void sylvester(int points) {
    check(
        "sylvester",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          Var out = SylvesterOps.sylvester(tape, p[0], p[1], p[2], p[3], p[4], logDet);
          return outputs(tape, out, logDet);
        },
        p -> sylvester(p[0], p[1], p[2], p[3], p[4]),
        normal(11, 1, R, D),
        normal(12, 1, points, 2 * D),
        normal(13, 0.6, points, D * D),
        normal(14, 0.6, points, D * D),
        normal(15, 0.6, points, D));
  }

  /** Two steps add to one sum; z is a constant, and the loss depends on the sum alone. */
  @Test
  void stepsShareTheLogDeterminant() {
    Tensor z = normal(16, 1, R, D);
    Tensor u = normal(17, 0.6, 1, D);
    Tensor w = normal(18, 0.6, 1, D);
    check(
        "two steps",
        (tape, p) -> {
          Var logDet = FlowOps.logDet(tape, R);
          for (int i = 0; i < 2; i++) {
            FlowOps.planar(tape, Var.constant(z), p[0], p[1], p[2], logDet);
          }
          return Formulas.project(tape, logDet);
        },
        p -> {
          double[] logDet = new double[R];
          double[] x = io.github.elbo4j.kernel.Doubles.read(z);
          planar(x, p[0], p[1], p[2], logDet);
          planar(x, p[0], p[1], p[2], logDet);
          return Formulas.project(logDet);
        },
        u,
        w,
        normal(19, 0.6, 1, 1));
  }

  @Test
  void parametersNeedAGradientAllOrNone() {
    Tape tape = new Tape(Backends.reference());
    Tensor t = Tensor.zeros(1, D);
    Var learned = Var.parameter(t, Tensor.zeros(1, D));
    Var logDet = FlowOps.logDet(tape, 1);
    assertThatThrownBy(
            () ->
                FlowOps.planar(
                    tape, learned, learned, Var.constant(t), Var.constant(Tensor.zeros(1)), logDet))
        .hasMessage("planar: the parameters must all need a gradient or none");
  }
}
