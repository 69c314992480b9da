package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.elbo4j.autodiff.GaussianOps.Want;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TapeTest {
  private static final NoiseKey NOISE = new NoiseKey(1, 2);

  private final Tape tape = new Tape(Backends.reference());

  private static Var parameter(Tensor value) {
    return Var.parameter(value, Tensor.of(new float[value.size()], 0, value.shape()));
  }

  private static float[] gradient(Var v) {
    Tensor g = v.gradient();
    return g == null ? new float[0] : g.toArray();
  }

  /** A small model with a trunk, a sample and two terms; notes every output in {@code trace}. */
  private static final class Model {
    final Var w = parameter(TapeCheck.normal(1, 0.5, 4, 3));
    final Var bias = parameter(TapeCheck.normal(2, 0.5, 1, 3));
    final Var v = parameter(TapeCheck.normal(3, 0.5, 3, 4));
    final List<Var> trace = new ArrayList<>();

    Var loss(Tape tape, Tensor x, int k) {
      Var mu = note(DenseOps.dense(tape, Var.constant(x), w, bias, Activation.GELU));
      Var logVar = note(GaussianOps.clampLogVar(tape, mu, -0.5f, 0.5f));
      GaussianOps.Sample s = GaussianOps.reparameterize(tape, mu, logVar, NOISE, k, Want.KL);
      note(s.z());
      note(s.kl());
      Var mean = note(DenseOps.dense(tape, s.z(), v, null, Activation.TANH));
      Var logLik = note(LikelihoodOps.gaussian(tape, mean, x, Var.constant(Tensor.zeros(1))));
      return note(ReduceOps.weightedSum(tape, logLik, -1, s.kl(), 0.5f));
    }

    private Var note(Var output) {
      trace.add(output);
      return output;
    }

    float[] gradients() {
      float[] all = new float[12 + 3 + 12];
      System.arraycopy(gradient(w), 0, all, 0, 12);
      System.arraycopy(gradient(bias), 0, all, 12, 3);
      System.arraycopy(gradient(v), 0, all, 15, 12);
      return all;
    }
  }

  private static float[] times(float factor, float[] x) {
    float[] y = x.clone();
    for (int i = 0; i < y.length; i++) {
      y[i] *= factor;
    }
    return y;
  }

  private static float[] freshGradients(Backend backend, Tensor x, int k) {
    Model model = new Model();
    Tape fresh = new Tape(backend);
    fresh.backward(model.loss(fresh, x, k));
    return model.gradients();
  }

  @Test
  void theNextStepOfTheSameShapesUsesTheSameObjects() {
    Model model = new Model();
    Tensor x = TapeCheck.normal(4, 1, 6, 4);
    tape.backward(model.loss(tape, x, 2));
    List<Var> first = List.copyOf(model.trace);
    List<Tensor> values = first.stream().map(Var::value).toList();
    List<Tensor> gradients = first.stream().map(Var::gradient).toList();
    long capacity = tape.arena().capacity();
    int size = tape.size();

    tape.reset();
    assertThat(tape.size()).isZero();
    model.trace.clear();
    tape.backward(model.loss(tape, x, 2));

    assertThat(tape.size()).isEqualTo(size).isEqualTo(6);
    assertThat(tape.arena().capacity()).isEqualTo(capacity);
    for (int i = 0; i < first.size(); i++) {
      assertThat(model.trace.get(i)).isSameAs(first.get(i));
      assertThat(model.trace.get(i).value()).isSameAs(values.get(i));
      assertThat(model.trace.get(i).gradient()).isSameAs(gradients.get(i));
    }
  }

  /** A tape that saw other steps before gives the bits of a new one. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void changingShapesGiveWhatFreshTapesGive(String name) {
    Backend backend = Backends.choose(name);
    Tape used = new Tape(backend);
    for (int rows : new int[] {16, 7, 16, 33, 1, 33}) {
      for (int k : new int[] {1, 3}) {
        Model model = new Model();
        Tensor x = TapeCheck.normal(rows, 1, rows, 4);
        used.reset();
        used.backward(model.loss(used, x, k));
        assertThat(model.gradients())
            .as("rows %d, samples %d", rows, k)
            .isEqualTo(freshGradients(backend, x, k));
      }
    }
  }

  @Test
  void memoryGrowsToTheLargestStepOnly() {
    Model model = new Model();
    model.loss(tape, TapeCheck.normal(4, 1, 16, 4), 2);
    long largest = tape.arena().capacity();
    for (int rows : new int[] {3, 16, 1, 16}) {
      tape.reset();
      model.loss(tape, TapeCheck.normal(4, 1, rows, 4), 2);
      assertThat(tape.arena().capacity()).isEqualTo(largest);
    }
  }

  /** Nodes of another type at the same places, then the first again. */
  @Test
  void otherOperationsAtTheSamePlaces() {
    Tensor x = TapeCheck.normal(4, 1, 6, 4);
    float[] wanted = freshGradients(Backends.reference(), x, 1);
    for (int step = 0; step < 3; step++) {
      tape.reset();
      Var p = parameter(TapeCheck.normal(5, 1, 2, 3));
      Var sum = ReduceOps.weightedSum(tape, p, 2);
      tape.backward(ReduceOps.weightedSum(tape, sum, 3));
      assertThat(gradient(p)).containsOnly(6f);
      tape.reset();
      Model model = new Model();
      tape.backward(model.loss(tape, x, 1));
      assertThat(model.gradients()).isEqualTo(wanted);
    }
  }

  /** One node object serves draws, pixels and numbers in turn; nothing of the last use remains. */
  @Test
  void aNodeForgetsTheDataOfTheStepBefore() {
    Tensor x = Tensor.of(new float[] {0.2f, 0.4f, 0.6f}, 0, 1, 3);
    ByteTensor bytes = new ByteTensor(new byte[] {51, 102, (byte) 153}, 0, 1, 3);
    Tensor dLogits = Tensor.zeros(1, 3);
    Var logits = Var.parameter(Tensor.zeros(1, 3), dLogits);
    float[] wanted = {-0.3f, -0.1f, 0.1f}; // x − sigmoid(0)
    for (int use = 0; use < 6; use++) {
      tape.reset();
      dLogits.fill(0);
      Var logLik =
          switch (use % 3) {
            case 0 -> LikelihoodOps.bernoulli(tape, logits, bytes, NOISE);
            case 1 -> LikelihoodOps.bernoulli(tape, logits, bytes);
            default -> LikelihoodOps.bernoulli(tape, logits, x);
          };
      tape.backward(ReduceOps.weightedSum(tape, logLik, 1));
      if (use % 3 == 0) {
        assertThat(gradient(logits)).containsAnyOf(-0.5f, 0.5f).doesNotContain(-0.3f);
      } else {
        assertThat(gradient(logits)).usingComparatorWithPrecision(1e-6f).containsExactly(wanted);
      }
    }
  }

  @Test
  void constantsGetNoGradient() {
    Var x = Var.constant(TapeCheck.normal(4, 1, 2, 3));
    Var w = parameter(TapeCheck.normal(5, 1, 3, 2));
    Var y = DenseOps.dense(tape, x, w, null, Activation.NONE);
    tape.backward(ReduceOps.weightedSum(tape, y, 1));
    assertThat(x.needsGradient()).isFalse();
    assertThat(x.gradient()).isNull();
    assertThat(gradient(w)).hasSize(6).doesNotContain(0f);
  }

  @Test
  void aConstantIsReplacedFromStepToStep() {
    Var x = new Var();
    Var w = parameter(Tensor.of(new float[] {2}, 0, 1, 1));
    for (float value : new float[] {3, 5}) {
      tape.reset();
      x.setConstant(Tensor.of(new float[] {value}, 0, 1, 1));
      Var loss = ReduceOps.weightedSum(tape, DenseOps.dense(tape, x, w, null, Activation.NONE), 1);
      tape.backward(loss);
      assertThat(loss.value().get(0)).isEqualTo(2 * value);
    }
    assertThat(gradient(w)).containsExactly(8);
  }

  @Test
  void parametersAccumulateOverSteps() {
    Tensor x = TapeCheck.normal(4, 1, 6, 4);
    Model model = new Model();
    for (int step = 0; step < 4; step++) {
      tape.reset();
      tape.backward(model.loss(tape, x, 2));
    }
    assertThat(model.gradients())
        .usingComparatorWithPrecision(1e-3f)
        .containsExactly(times(4, freshGradients(Backends.reference(), x, 2)));
  }

  /** What the first pass left in the gradients of outputs must not enter the second. */
  @Test
  void aSecondBackwardPassOfTheSameStepAddsTheSame() {
    Tensor x = TapeCheck.normal(4, 1, 6, 4);
    Model model = new Model();
    Var loss = model.loss(tape, x, 2);
    tape.backward(loss);
    tape.backward(loss);
    assertThat(model.gradients()).isEqualTo(times(2, freshGradients(Backends.reference(), x, 2)));
  }

  @Test
  void twoLossesOfOneStepAddUp() {
    Var x = Var.constant(TapeCheck.normal(4, 1, 6, 4));
    Var w = parameter(TapeCheck.normal(5, 1, 4, 3));
    Var trunk = DenseOps.dense(tape, x, w, null, Activation.TANH);
    Var first = ReduceOps.weightedSum(tape, trunk, 1);
    Var second = ReduceOps.weightedSum(tape, trunk, 2);
    tape.backward(first);
    float[] once = gradient(w);
    tape.backward(second);
    assertThat(gradient(w)).usingComparatorWithPrecision(1e-5f).containsExactly(times(3, once));
  }

  /** loss = Σ x·w·w: w in two nodes, and the inner output in one. */
  @Test
  void aVariableUsedTwiceSums() {
    TapeCheck.check(
        "w twice",
        (t, p) -> {
          Var once = DenseOps.dense(t, p[0], p[1], null, Activation.TANH);
          Var twice = DenseOps.dense(t, once, p[1], null, Activation.NONE);
          return ReduceOps.weightedSum(
              t, Formulas.project(t, twice), 1, Formulas.project(t, once), 2);
        },
        p -> {
          double[] once = Formulas.dense(p[0], p[1], null, Activation.TANH, 3);
          double[] twice = Formulas.dense(once, p[1], null, Activation.NONE, 3);
          return Formulas.project(twice) + 2 * Formulas.project(once);
        },
        TapeCheck.normal(6, 1, 2, 3),
        TapeCheck.normal(7, 0.7, 3, 3));
  }

  /** Outputs that the loss does not depend on; NaN in all of them, so that a visit would show. */
  @Test
  void branchesWithoutTheLossAreNotWalked() {
    Tensor nan = Tensor.zeros(2, 3);
    nan.fill(Float.NaN);
    Var p = parameter(nan);
    Var q = parameter(nan);
    Var r = parameter(nan);
    Tensor x = Tensor.zeros(2, 3);
    ByteTensor bytes = new ByteTensor(new byte[6], 0, 2, 3);
    Var used = parameter(TapeCheck.normal(5, 1, 2, 3));
    Var loss = ReduceOps.weightedSum(tape, used, 1);
    Var w = parameter(TapeCheck.normal(5, 1, 3, 2));
    DenseOps.dense(tape, p, w, null, Activation.RELU);
    GaussianOps.reparameterize(tape, p, q, NOISE, 2, Want.LOG_DENSITIES);
    GaussianOps.reparameterize(tape, p, q, NOISE, 2, Want.KL_PER_DIM);
    GaussianOps.clampLogVar(tape, r, -1, 1);
    GaussianOps.klToPrior(tape, p, q, p, q);
    LikelihoodOps.bernoulli(tape, p, x);
    LikelihoodOps.bernoulli(tape, p, bytes);
    LikelihoodOps.bernoulli(tape, p, bytes, NOISE);
    LikelihoodOps.gaussian(tape, p, x, q);
    ReduceOps.weightedSum(tape, p, 1, q, 1);
    ReduceOps.freeBits(tape, q, 0.1f, 1);
    tape.backward(loss);
    assertThat(gradient(used)).containsOnly(1f);
    for (Var dead : List.of(p, q, r, w)) {
      assertThat(gradient(dead)).containsOnly(0f);
    }
  }

  @Test
  void inferenceRecordsNoGradients() {
    Tensor x = TapeCheck.normal(4, 1, 6, 4);
    Model model = new Model();
    Var loss = model.loss(tape, x, 2);
    float value = loss.value().get(0);
    long training = tape.arena().capacity();

    Tape inference = new Tape(Backends.reference());
    inference.resetForInference();
    model.trace.clear();
    Var same = model.loss(inference, x, 2);
    assertThat(same.value().get(0)).isEqualTo(value);
    assertThat(inference.recording()).isFalse();
    assertThat(model.trace).noneMatch(Var::needsGradient);
    assertThat(inference.arena().capacity()).isLessThan(training);
    assertThatIllegalStateException()
        .isThrownBy(() -> inference.backward(same))
        .withMessage("backward: the step began with resetForInference, use resetForTraining");

    inference.resetForTraining();
    assertThat(inference.recording()).isTrue();
    inference.backward(model.loss(inference, x, 2));
    assertThat(model.gradients()).isEqualTo(freshGradients(Backends.reference(), x, 2));
  }

  /** In inference an output has no gradient even where a parameter beside it has one. */
  @Test
  void inferenceMixesParametersAndOutputs() {
    Var mu = parameter(TapeCheck.normal(4, 1, 2, 3));
    Var raw = parameter(TapeCheck.normal(5, 1, 2, 3));
    tape.resetForInference();
    Var logVar = GaussianOps.clampLogVar(tape, raw, -1, 1);
    GaussianOps.Sample s = GaussianOps.reparameterize(tape, mu, logVar, NOISE, 1, Want.KL);
    Var kl = GaussianOps.klToPrior(tape, mu, logVar, mu, logVar);
    assertThat(s.kl().needsGradient()).isFalse();
    assertThat(kl.value().toArray()).usingComparatorWithPrecision(1e-6f).containsExactly(0, 0);
  }

  @Test
  void backwardRefusesWhatItCannotWalk() {
    Var p = parameter(TapeCheck.normal(4, 1, 2, 3));
    Var many = GaussianOps.clampLogVar(tape, p, -1, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.backward(many))
        .withMessage("backward: loss [2,3] must have 1 element");
    Var data = ReduceOps.weightedSum(tape, Var.constant(Tensor.zeros(2, 3)), 1);
    assertThatIllegalStateException()
        .isThrownBy(() -> tape.backward(data))
        .withMessage("backward: loss depends on no parameter");
    Var loss = ReduceOps.weightedSum(tape, p, 1);
    Tape other = new Tape(Backends.reference());
    String stale = "backward: loss was not computed on this tape since its last reset";
    assertThatIllegalArgumentException().isThrownBy(() -> other.backward(loss)).withMessage(stale);
    tape.reset();
    assertThatIllegalArgumentException().isThrownBy(() -> tape.backward(loss)).withMessage(stale);
    assertThat(gradient(p)).containsOnly(0f);
  }

  @Test
  void halfLearnedGaussiansAreRefused() {
    Var p = parameter(Tensor.zeros(2, 3));
    Var c = Var.constant(Tensor.zeros(2, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GaussianOps.reparameterize(tape, p, c, NOISE, 1, Want.KL))
        .withMessage("reparameterize: mu and logVar must both need a gradient or neither");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GaussianOps.klToPrior(tape, c, p, c, c))
        .withMessage("klToPrior: mu and logVar must both need a gradient or neither");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GaussianOps.klToPrior(tape, p, p, p, c))
        .withMessage("klToPrior: priorMu and priorLogVar must both need a gradient or neither");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GaussianOps.klToPrior(tape, c, c, p, p))
        .withMessage("klToPrior: priorMu needs a gradient, so mu must need one too");
    assertThat(GaussianOps.klToPrior(tape, c, c, c, c).needsGradient()).isFalse();
  }

  @Test
  void badArgumentsAreNamed() {
    Var p = parameter(Tensor.zeros(2, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GaussianOps.reparameterize(tape, p, p, NOISE, 0, Want.KL))
        .withMessage("reparameterize: samples 0 must be >= 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Var.parameter(Tensor.zeros(2, 3), Tensor.zeros(3, 2)))
        .withMessage("parameter: gradient [3,2] must equal value [2,3]");
    GaussianOps.Sample s = GaussianOps.reparameterize(tape, p, p, NOISE, 1, Want.SAMPLE);
    assertThat(s.mu()).isSameAs(p);
    assertThatIllegalStateException()
        .isThrownBy(s::kl)
        .withMessage("reparameterize: kl was not asked for");
    assertThatIllegalStateException()
        .isThrownBy(s::logQ)
        .withMessage("reparameterize: logQ was not asked for");
    assertThat(p).hasToString("Var[2,3]");
  }
}
