package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.SplineOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.flow.SplineKernels;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.List;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole steps, network included: log|det| against the determinant of the numerical Jacobian, and
 * the density it gives integrates to 1.
 */
class FlowDensityTest {
  private static final int BINS = 5;
  private static final float BOUND = 4;

  enum Kind {
    ADDITIVE,
    AFFINE,
    AUTOREGRESSIVE,
    SPLINE
  }

  /** Two steps that between them move every dimension, with weights large enough to matter. */
  private static final class Flow {
    private final Kind kind;
    private final int d;
    private final Parameters parameters;
    private final Var scale;

    Flow(Kind kind, int d) {
      this.kind = kind;
      this.d = d;
      Parameters.Builder b = Parameters.builder();
      for (int step = 0; step < 2; step++) {
        if (kind == Kind.AUTOREGRESSIVE) {
          Made.declare(b, "made" + step, masks(step), 0);
        } else {
          declareNetwork(b, step);
        }
      }
      parameters = b.build(11);
      for (int i = 0; i < parameters.values().size(); i++) {
        parameters.values().array()[i] *= 1.5f;
      }
      Tensor s = Tensor.zeros(d);
      s.fill(0.8f);
      scale = Var.constant(s);
    }

    private void declareNetwork(Parameters.Builder b, int step) {
      int params = SplineKernels.parameters(BINS, step == 0 ? Math.ceilDiv(d, 2) : d / 2);
      Initializer w = Initializer.fanInUniform();
      Dense.declare(b, "hidden" + step, d, 24, w, w);
      Dense.declare(b, "t" + step, 24, d, w, w);
      Dense.declare(b, "s" + step, 24, d, w, w);
      Dense.declare(b, "params" + step, 24, params, Initializer.normal(0.1), Initializer.zeros());
    }

    private MadeMasks masks(int step) {
      return MadeMasks.inTurn(d, List.of(24), step == 1, false);
    }

    private Tensor mask(int step) {
      Tensor mask = Tensor.zeros(d);
      for (int i = step; i < d; i += 2) {
        mask.array()[i] = 1;
      }
      return mask;
    }

    /** z' of z; logDet is added to. */
    Var forward(Tape tape, Var z, Var logDet) {
      Var v = z;
      for (int step = 0; step < 2; step++) {
        if (kind == Kind.AUTOREGRESSIVE) {
          Made made = new Made(parameters, "made" + step, masks(step), 0, Activation.TANH);
          v = new AutoregressiveStep(made).forward(tape, v, null, logDet);
        } else {
          v = couple(tape, v, step, logDet);
        }
      }
      return v;
    }

    private Var couple(Tape tape, Var z, int step, Var logDet) {
      Var kept = CouplingOps.additiveInverse(tape, z, z, mask(step)); // 0 where it is transformed
      Var h = new Dense(parameters, "hidden" + step, Activation.TANH).forward(tape, kept);
      if (kind == Kind.SPLINE) {
        Var p = new Dense(parameters, "params" + step, Activation.NONE).forward(tape, h);
        return SplineOps.transform(tape, z, p, mask(step), BINS, BOUND, logDet);
      }
      Var t = new Dense(parameters, "t" + step, Activation.NONE).forward(tape, h);
      if (kind == Kind.ADDITIVE) {
        return CouplingOps.additive(tape, z, t, mask(step));
      }
      Var s = new Dense(parameters, "s" + step, Activation.NONE).forward(tape, h);
      return CouplingOps.affine(tape, z, t, s, scale, mask(step), logDet);
    }

    /** z' and log|det| of every row. */
    float[][] run(Tensor z) {
      Tape tape = new Tape(Backends.simd());
      tape.resetForInference();
      Var logDet = FlowOps.logDet(tape, z.rows());
      Var moved = forward(tape, Var.constant(z), logDet);
      return new float[][] {moved.value().toArray(), logDet.value().toArray()};
    }
  }

  @ParameterizedTest
  @EnumSource
  void logDetIsTheJacobiansDeterminant(Kind kind) {
    int d = 5;
    Flow flow = new Flow(kind, d);
    double h = 0.01;
    for (int n = 0; n < 20; n++) {
      Tensor z = TapeCheck.normal(n, 1, 1, d);
      double[][] jacobian = new double[d][d];
      for (int j = 0; j < d; j++) {
        float[][] at = new float[4][];
        for (int k = 0; k < 4; k++) {
          Tensor moved = Tensor.of(z.toArray(), 0, 1, d);
          moved.array()[j] += (float) (h * new double[] {-2, -1, 1, 2}[k]);
          at[k] = flow.run(moved)[0];
        }
        for (int i = 0; i < d; i++) {
          double near = (double) at[2][i] - at[1][i];
          double far = (double) at[3][i] - at[0][i];
          jacobian[i][j] = (8 * near - far) / (12 * h);
        }
      }
      double det = new LUDecomposition(MatrixUtils.createRealMatrix(jacobian)).getDeterminant();
      assertThat((double) flow.run(z)[1][0])
          .as("%s, point %d", kind, n)
          .isCloseTo(Math.log(Math.abs(det)), within(3e-3));
      if (kind != Kind.ADDITIVE) {
        assertThat(Math.log(Math.abs(det))).isNotCloseTo(0, within(1e-3));
      }
    }
  }

  /** p(x) = N(f(x); 0, I)·|det ∂f/∂x|, on a grid of 2-D. */
  @ParameterizedTest
  @EnumSource
  void theDensityIntegratesToOne(Kind kind) {
    Flow flow = new Flow(kind, 2);
    double reach = 24;
    int n = 480;
    double sum = 0;
    double largest = 0;
    Tensor x = Tensor.zeros(n, 2);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        x.array()[2 * j] = (float) (reach * (2 * (i + 0.5) / n - 1));
        x.array()[2 * j + 1] = (float) (reach * (2 * (j + 0.5) / n - 1));
      }
      float[][] out = flow.run(x);
      for (int j = 0; j < n; j++) {
        double squares = Math.pow(out[0][2 * j], 2) + Math.pow(out[0][2 * j + 1], 2);
        double p = Math.exp(-0.5 * squares + out[1][j]) / (2 * Math.PI);
        sum += p;
        largest = Math.max(largest, p);
      }
    }
    double cell = Math.pow(2 * reach / n, 2);
    assertThat(sum * cell).isCloseTo(1, within(2e-3));
    assertThat(largest * cell).isLessThan(0.05); // the grid sees the peak
  }
}
