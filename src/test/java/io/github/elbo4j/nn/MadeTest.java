package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks, what depends on what, and the sequential inverse of an autoregressive step. */
class MadeTest {
  private static final int D = 6;
  private static final int C = 3;
  private static final List<Integer> WIDTHS = List.of(40, 33);

  private final Tape tape = new Tape(Backends.simd());

  private static MadeMasks masks(boolean reversed, boolean context, boolean drawn) {
    return drawn
        ? MadeMasks.drawn(D, WIDTHS, reversed, context, 5)
        : MadeMasks.inTurn(D, WIDTHS, reversed, context);
  }

  private static Parameters parameters(MadeMasks masks, int context) {
    Parameters.Builder builder = Parameters.builder();
    Made.declare(builder, "made", masks, context);
    return builder.build(3);
  }

  private static Made made(boolean reversed, int context) {
    MadeMasks masks = masks(reversed, context > 0, false);
    return new Made(parameters(masks, context), "made", masks, context, Activation.TANH);
  }

  /**
   * The Jacobian of m and of s, by changing one input at a time: not a bit of an output that comes
   * before it, or at its place, may change, and every later one must.
   */
  @ParameterizedTest
  @CsvSource({"false,false,0", "true,false,0", "false,true,0", "true,true,3", "false,false,3"})
  void theJacobianIsStrictlyTriangular(boolean reversed, boolean drawn, int context) {
    MadeMasks masks = masks(reversed, context > 0, drawn);
    Made made = new Made(parameters(masks, context), "made", masks, context, Activation.TANH);
    Tensor z = TapeCheck.normal(1, 1, 1, D);
    Tensor h = TapeCheck.normal(2, 1, 1, C);
    float[][] before = outputs(made, z, context > 0 ? h : null);
    for (int j = 0; j < D; j++) {
      Tensor moved = Tensor.of(z.toArray(), 0, 1, D);
      moved.array()[j] += 1.5f;
      float[][] after = outputs(made, moved, context > 0 ? h : null);
      for (int head = 0; head < 2; head++) {
        for (int i = 0; i < D; i++) {
          boolean later = reversed ? i < j : i > j;
          assertThat(after[head][i] != before[head][i])
              .as("output %d of head %d reads input %d", i, head, j)
              .isEqualTo(later);
        }
      }
    }
  }

  @Test
  void aContextReachesEveryOutput() {
    Made made = made(false, C);
    Tensor z = TapeCheck.normal(1, 1, 1, D);
    Tensor h = TapeCheck.normal(2, 1, 1, C);
    float[][] before = outputs(made, z, h);
    for (int j = 0; j < C; j++) {
      Tensor moved = Tensor.of(h.toArray(), 0, 1, C);
      moved.array()[j] += 1;
      float[][] after = outputs(made, z, moved);
      for (int i = 0; i < D; i++) {
        assertThat(after[0][i]).isNotEqualTo(before[0][i]);
        assertThat(after[1][i]).isNotEqualTo(before[1][i]);
      }
    }
  }

  /** Samples of a data point share its context. */
  @Test
  void samplesShareAContext() {
    Made made = made(false, C);
    Tensor z = TapeCheck.normal(1, 1, 6, D);
    Tensor h = TapeCheck.normal(2, 1, 2, C);
    float[][] all = outputs(made, z, h);
    for (int r = 0; r < 6; r++) {
      Tensor row = Tensor.of(z.array(), r * D, 1, D);
      float[][] one = outputs(made, row, Tensor.of(h.array(), r / 3 * C, 1, C));
      for (int i = 0; i < D; i++) {
        assertThat(all[0][r * D + i]).isCloseTo(one[0][i], within(1e-5f));
      }
    }
  }

  private float[][] outputs(Made made, Tensor z, @Nullable Tensor h) {
    tape.reset();
    Made.Outputs o = made.forward(tape, Var.constant(z), h == null ? null : Var.constant(h));
    return new float[][] {o.m().value().toArray(), o.s().value().toArray()};
  }

  @Test
  void masksOfASmallNetworkByHand() {
    MadeMasks m = MadeMasks.inTurn(3, List.of(3), false, false); // degrees 1 2 3; 1 2 1
    assertThat(m.hidden(0).toArray()).containsExactly(1, 1, 1, 0, 1, 0, 0, 0, 0);
    assertThat(m.output().toArray()).containsExactly(0, 1, 1, 0, 0, 1, 0, 1, 1);
    MadeMasks r = MadeMasks.inTurn(3, List.of(3), true, false); // degrees 3 2 1; 1 2 1
    assertThat(r.hidden(0).toArray()).containsExactly(0, 0, 0, 0, 1, 0, 1, 1, 1);
    assertThat(r.output().toArray()).containsExactly(1, 1, 0, 1, 0, 0, 1, 1, 0);
    MadeMasks one = MadeMasks.inTurn(1, List.of(2), false, false);
    assertThat(one.hidden(0).toArray()).containsExactly(0, 0);
    assertThat(MadeMasks.inTurn(3, List.of(), false, false).output().toArray())
        .containsExactly(0, 1, 1, 0, 0, 1, 0, 0, 0);
  }

  @Test
  void drawnDegreesFollowTheSeed() {
    float[] first = MadeMasks.drawn(9, WIDTHS, false, false, 1).hidden(1).toArray();
    assertThat(MadeMasks.drawn(9, WIDTHS, false, false, 1).hidden(1).toArray()).isEqualTo(first);
    assertThat(MadeMasks.drawn(9, WIDTHS, false, false, 2).hidden(1).toArray()).isNotEqualTo(first);
  }

  /** Decay and moments included, what starts at 0 stays there. */
  @Test
  void trainingKeepsTheMask() {
    MadeMasks masks = masks(false, false, false);
    Parameters p = parameters(masks, 0);
    Made made = new Made(p, "made", masks, 0, Activation.TANH);
    Tensor m = Tensor.zeros(p.values().size());
    Tensor v = Tensor.zeros(p.values().size());
    Tensor w = p.value("made.1.weight");
    float[] first = w.toArray();
    for (int step = 0; step < 3; step++) {
      tape.reset();
      Var z = Var.constant(TapeCheck.normal(step, 1, 20, D));
      Made.Outputs o = made.forward(tape, z, null);
      Var logDet = FlowOps.logDet(tape, 20);
      Var moved = CouplingOps.gated(tape, z, o.m(), o.s(), logDet);
      tape.backward(ReduceOps.weightedSum(tape, moved, 1, logDet, 1));
      tape.backend().optim().adam(p.values(), p.gradients(), m, v, null, new AdamStep(1e-2));
    }
    int changed = 0;
    for (int i = 0; i < w.size(); i++) {
      if (masks.hidden(1).get(i) == 0) {
        assertThat(w.get(i)).isZero();
      } else if (w.get(i) != first[i]) {
        changed++;
      }
    }
    assertThat(changed).isGreaterThan(w.size() / 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, C})
  void theSequentialInverseUndoesAStep(int context) {
    AutoregressiveStep step = new AutoregressiveStep(made(true, context));
    Tensor z = TapeCheck.normal(1, 1, 8, D);
    Tensor h = context == 0 ? null : TapeCheck.normal(2, 1, 4, C);
    Var logDet = FlowOps.logDet(tape, 8);
    Var moved = step.forward(tape, Var.constant(z), h == null ? null : Var.constant(h), logDet);
    Tensor back = Tensor.zeros(8, D);
    Tensor sum = Tensor.of(logDet.value().toArray(), 0, 8);
    step.inverse(new Tape(Backends.simd()), moved.value(), h, back, sum);
    for (int i = 0; i < z.size(); i++) {
      assertThat(back.get(i)).isCloseTo(z.get(i), within(2e-5f));
    }
    for (int r = 0; r < 8; r++) {
      assertThat(logDet.value().get(r)).isNegative();
      assertThat(sum.get(r)).isCloseTo(0, within(2e-5f));
    }
  }

  @Test
  void aContextWhereNoneIsDeclaredIsRefused() {
    Var z = Var.constant(Tensor.zeros(1, D));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> made(false, 0).forward(tape, z, z))
        .withMessageStartingWith("Made: a context must be given");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> made(false, C).forward(tape, z, null))
        .withMessageStartingWith("Made: a context must be given");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Made.declare(
                    Parameters.builder(), "m", MadeMasks.inTurn(2, List.of(), false, true), 1))
        .withMessage("Made: a context needs a hidden layer");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MadeMasks.inTurn(0, List.of(), false, false))
        .withMessage("MadeMasks: dimensions 0 must be >= 1");
  }
}
