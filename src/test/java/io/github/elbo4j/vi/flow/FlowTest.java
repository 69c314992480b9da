package io.github.elbo4j.vi.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every flow with its heads and networks, in both directions. B = 2 data points, K = 2 samples. */
class FlowTest {
  private static final int CONTEXT = 3;
  private static final int ROWS = 4;

  private final Tensor h = TapeCheck.normal(2, 1, ROWS / 2, CONTEXT);

  private static CouplingFlow.Spec coupling(CouplingFlow.Kind kind) {
    return new CouplingFlow.Spec(kind, 3, 5);
  }

  static Stream<Arguments> flows() {
    List<FlowSpec> specs = new ArrayList<>();
    for (boolean shared : new boolean[] {false, true}) {
      specs.add(new PlanarFlow.Spec(2, shared));
      specs.add(new RadialFlow.Spec(2, shared));
      specs.add(new HouseholderFlow.Spec(3, shared));
      specs.add(new SylvesterFlow.Spec(2, shared));
      specs.add(new AutoregressiveFlow.Spec(3, 8, shared));
    }
    for (CouplingFlow.Kind kind : CouplingFlow.Kind.values()) {
      specs.add(coupling(kind));
    }
    List<Arguments> all = new ArrayList<>();
    for (FlowSpec spec : specs) {
      for (int d = spec instanceof CouplingFlow.Spec ? 2 : 1; d <= 3; d++) {
        all.add(Arguments.of(spec, d));
      }
    }
    return all.stream();
  }

  /** Far from where training starts, so that every step does something. */
  private static Parameters parameters(FlowSpec spec, int d) {
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, "flow", d, CONTEXT);
    Parameters parameters = builder.build(5);
    int seed = 50;
    for (Parameters.Parameter p : parameters) {
      Tensor noise = TapeCheck.normal(seed++, 0.5, p.value().rows(), p.value().columns());
      Backends.reference().memory().add(noise, p.value());
    }
    if (spec instanceof AutoregressiveFlow.Spec) {
      remask(spec, d, parameters);
    }
    return parameters;
  }

  /** Puts the zeros of the masked weights back: where they start. */
  private static void remask(FlowSpec spec, int d, Parameters parameters) {
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, "flow", d, CONTEXT);
    for (Parameters.Parameter fresh : builder.build(5)) {
      boolean masked = fresh.name().endsWith("weight");
      for (int i = 0; masked && i < fresh.value().size(); i++) {
        if (fresh.value().get(i) == 0) {
          Tensor t = parameters.value(fresh.name());
          t.array()[t.offset() + i] = 0;
        }
      }
    }
  }

  /** What comes out of a flow, and log|det|. */
  private record Moved(Tensor z, Tensor logDet) {}

  private Moved run(Flow flow, Tensor z, Tensor told, boolean inverse) {
    Tape tape = new Tape(Backends.reference());
    tape.resetForInference();
    Var logDet = FlowOps.logDet(tape, z.rows());
    Var in = Var.constant(z);
    Var c = Var.constant(told);
    Var out = inverse ? flow.inverse(tape, in, c, logDet) : flow.forward(tape, in, c, logDet);
    return new Moved(out.value(), logDet.value());
  }

  /** z with {@code step} added to column j. */
  private static Tensor shifted(Tensor z, int j, double step) {
    Tensor t = Tensor.of(z.toArray(), 0, z.rows(), z.columns());
    for (int r = 0; r < z.rows(); r++) {
      t.array()[r * z.columns() + j] += (float) step;
    }
    return t;
  }

  @ParameterizedTest
  @MethodSource("flows")
  void logDetIsTheJacobiansDeterminant(FlowSpec spec, int d) {
    Flow flow = spec.build(parameters(spec, d), "flow", d, true);
    Tensor z = TapeCheck.normal(3, 1, ROWS, d);
    double[][][] jacobian = new double[ROWS][d][d];
    double step = 0.01;
    for (int j = 0; j < d; j++) {
      Tensor[] at = new Tensor[4];
      for (int k = 0; k < 4; k++) {
        at[k] = run(flow, shifted(z, j, step * new double[] {-2, -1, 1, 2}[k]), h, false).z();
      }
      for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < d; i++) {
          int e = r * d + i;
          double near = (double) at[2].get(e) - at[1].get(e);
          double far = (double) at[3].get(e) - at[0].get(e);
          jacobian[r][i][j] = (8 * near - far) / (12 * step);
        }
      }
    }
    Tensor logDet = run(flow, z, h, false).logDet();
    for (int r = 0; r < ROWS; r++) {
      double det = new LUDecomposition(MatrixUtils.createRealMatrix(jacobian[r])).getDeterminant();
      assertThat((double) logDet.get(r)).isCloseTo(Math.log(Math.abs(det)), within(3e-3));
    }
    boolean volumes =
        spec instanceof HouseholderFlow.Spec
            || (spec instanceof CouplingFlow.Spec c && c.kind() == CouplingFlow.Kind.ADDITIVE);
    assertThat(logDet.get(0) == 0).isEqualTo(volumes);
  }

  @ParameterizedTest
  @MethodSource("flows")
  void theInverseLeadsBack(FlowSpec spec, int d) {
    Flow flow = spec.build(parameters(spec, d), "flow", d, true);
    Tensor z = TapeCheck.normal(3, 1, ROWS, d);
    Moved there = run(flow, z, h, false);
    assertThat(there.z().toArray()).isNotEqualTo(z.toArray());
    if (!flow.invertible()) {
      assertThatThrownBy(() -> run(flow, there.z(), h, true))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage("this flow has no inverse that gradients go through");
      return;
    }
    Moved back = run(flow, there.z(), h, true);
    assertThat(back.z().toArray()).usingComparatorWithPrecision(1e-4f).containsExactly(z.toArray());
    for (int r = 0; r < ROWS; r++) {
      assertThat(back.logDet().get(r)).isCloseTo(-there.logDet().get(r), within(1e-4f));
    }
  }

  /** h of the first data point moves its samples and no other's. */
  @ParameterizedTest
  @MethodSource("flows")
  void stepsAreToldAboutTheirDataPoint(FlowSpec spec, int d) {
    boolean shared =
        (spec instanceof PlanarFlow.Spec p && p.shared())
            || (spec instanceof RadialFlow.Spec r && r.shared())
            || (spec instanceof HouseholderFlow.Spec s && s.shared())
            || (spec instanceof SylvesterFlow.Spec s && s.shared());
    Flow flow = spec.build(parameters(spec, d), "flow", d, true);
    Tensor z = TapeCheck.normal(3, 1, ROWS, d);
    Tensor other = Tensor.of(h.toArray(), 0, h.rows(), CONTEXT);
    for (int i = 0; i < CONTEXT; i++) {
      other.array()[i] += 0.5f;
    }
    float[] before = run(flow, z, h, false).z().toArray();
    float[] after = run(flow, z, other, false).z().toArray();
    boolean same = d == 1 && spec instanceof HouseholderFlow.Spec; // z' = −z whatever v
    for (int i = 0; i < before.length; i++) {
      if (i >= ROWS / 2 * d || shared || same) {
        assertThat(after[i]).isEqualTo(before[i]);
      }
    }
    if (!shared && !same) {
      assertThat(after[0] != before[0] || after[d - 1] != before[d - 1]).isTrue();
    }
  }

  /** Steps take turns in what drives what: after three of them everything depends on all. */
  @ParameterizedTest
  @MethodSource("flows")
  void everyInputReachesEveryOutput(FlowSpec spec, int d) {
    Flow flow = spec.build(parameters(spec, d), "flow", d, true);
    Tensor z = TapeCheck.normal(3, 0.7, ROWS, d);
    float[] before = run(flow, z, h, false).z().toArray();
    for (int j = 0; j < d; j++) {
      float[] after = run(flow, shifted(z, j, 0.5), h, false).z().toArray();
      for (int i = 0; i < d; i++) {
        assertThat(after[i] != before[i]).as("output %d of input %d", i, j).isTrue();
      }
    }
  }

  /** The detached flow has the same values and gradient to z, and no gradient of its own. */
  @ParameterizedTest
  @MethodSource("flows")
  void aDetachedFlowIsNotLearned(FlowSpec spec, int d) {
    Parameters parameters = parameters(spec, d);
    Flow learned = spec.build(parameters, "flow", d, true);
    Tensor z = TapeCheck.normal(3, 1, ROWS, d);
    float[][] found = new float[2][];
    for (boolean detached : new boolean[] {true, false}) {
      Tensor dz = Tensor.zeros(ROWS, d);
      Tape tape = new Tape(Backends.reference());
      Var in = Var.parameter(z, dz);
      Var logDet = FlowOps.logDet(tape, ROWS);
      Flow flow = detached ? learned.detached() : learned;
      assertThat(flow.invertible()).isEqualTo(learned.invertible());
      Var out = flow.forward(tape, in, Var.constant(h), logDet);
      if (flow.invertible()) {
        out = flow.inverse(tape, out, Var.constant(h), logDet);
        out = flow.forward(tape, out, Var.constant(h), logDet);
      }
      Var loss = ReduceOps.weightedSum(tape, out, 1, logDet, 0.5f);
      tape.backward(loss);
      found[detached ? 1 : 0] = dz.toArray();
      double largest = 0;
      for (int i = 0; i < parameters.gradients().size(); i++) {
        largest = Math.max(largest, Math.abs(parameters.gradients().get(i)));
      }
      boolean reflectsALine = d == 1 && spec instanceof HouseholderFlow.Spec;
      assertThat(largest < (detached ? Float.MIN_VALUE : 1e-4))
          .isEqualTo(detached || reflectsALine);
    }
    assertThat(found[1]).isEqualTo(found[0]);
  }

  /** So that training starts from the base distribution. */
  @Test
  void couplingsStartAsTheIdentity() {
    for (CouplingFlow.Kind kind : CouplingFlow.Kind.values()) {
      FlowSpec spec = coupling(kind);
      Parameters.Builder builder = Parameters.builder();
      spec.declare(builder, "flow", 3, CONTEXT);
      Flow flow = spec.build(builder.build(5), "flow", 3, true);
      Tensor z = TapeCheck.normal(3, 1, ROWS, 3);
      Moved moved = run(flow, z, h, false);
      assertThat(moved.z().toArray())
          .usingComparatorWithPrecision(1e-5f)
          .containsExactly(z.toArray());
      assertThat(moved.logDet().toArray())
          .usingComparatorWithPrecision(1e-5f)
          .containsExactly(new float[ROWS]);
    }
  }

  @Test
  void badSizesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PlanarFlow.Spec(0, true))
        .withMessage("flow: steps 0 must be >= 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CouplingFlow.Spec(CouplingFlow.Kind.SPLINE, 1, 0))
        .withMessage("flow: width 0 must be >= 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AutoregressiveFlow.Spec(1, 0, true))
        .withMessage("flow: width 0 must be >= 1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                coupling(CouplingFlow.Kind.AFFINE)
                    .declare(Parameters.builder(), "flow", 1, CONTEXT))
        .withMessage(
            "a coupling flow lets one half of the latent dimensions drive the other, so it needs"
                + " at least 2 of them");
    Flow amortised =
        new PlanarFlow.Spec(2, false)
            .build(parameters(new PlanarFlow.Spec(2, false), 2), "flow", 2, true);
    Tape tape = new Tape(Backends.reference());
    Var z = Var.constant(Tensor.zeros(1, 2));
    Var logDet = FlowOps.logDet(tape, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> amortised.forward(tape, z, null, logDet))
        .withMessage("flow: a flow with amortised steps needs h");
  }
}
