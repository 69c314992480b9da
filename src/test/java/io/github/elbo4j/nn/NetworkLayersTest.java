package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import org.junit.jupiter.api.Test;

/** Normalisation, dropout and convolution as networks: names, shapes, training and evaluation. */
class NetworkLayersTest {
  private final Tape tape = new Tape(Backends.simd());

  @Test
  void layerNormBeginsAsTheNormalisation() {
    Parameters.Builder builder = Parameters.builder();
    LayerNorm.declare(builder, "n", 5);
    Parameters parameters = builder.build(1);
    assertThat(parameters)
        .extracting(Parameters.Parameter::name)
        .containsExactly("n.gain", "n.bias");
    LayerNorm layer = new LayerNorm(parameters, "n");
    Var y = layer.forward(tape, Var.constant(TapeCheck.normal(1, 3, 2, 5)));
    double sum = 0;
    for (int i = 0; i < 5; i++) {
      sum += y.value().get(i);
    }
    assertThat(sum).isCloseTo(0, within(1e-5));
    tape.backward(ReduceOps.weightedSum(tape, y, 1));
    assertThat(parameters.gradient("n.bias").toArray()).containsOnly(2);
  }

  /** Batches of mean 4 and variance 9: evaluation comes to use just those, training its batch's. */
  @Test
  void batchNormTrainsAndEvaluates() {
    Parameters.Builder builder = Parameters.builder();
    BatchNorm.declare(builder, "n", 3);
    Parameters parameters = builder.build(1);
    assertThat(parameters)
        .extracting(Parameters.Parameter::name)
        .containsExactly("n.gain", "n.bias", "n.runningMean", "n.runningVariance");
    BatchNorm layer = new BatchNorm(parameters, "n");
    Tensor one = Tensor.of(new float[] {4, 4, 4}, 0, 1, 3);
    tape.resetForInference();
    Tensor before = layer.forward(tape, Var.constant(one)).value();
    assertThat(before.get(0)).isCloseTo(4, within(1e-4f)); // by mean 0 and variance 1
    for (int step = 0; step < 100; step++) {
      tape.resetForTraining();
      Tensor x = TapeCheck.normal(step, 3, 400, 3);
      for (int i = 0; i < x.size(); i++) {
        x.array()[i] += 4;
      }
      layer.forward(tape, Var.constant(x));
    }
    assertThat(parameters.value("n.runningMean").get(1)).isCloseTo(4, within(0.3f));
    assertThat(parameters.value("n.runningVariance").get(1)).isCloseTo(9, within(0.7f));
    float[] saved = parameters.values().toArray();
    tape.resetForInference();
    assertThat(layer.forward(tape, Var.constant(one)).value().get(2)).isCloseTo(0, within(0.1f));
    assertThat(parameters.values().toArray()).isEqualTo(saved); // evaluation changes nothing
  }

  /** What no gradient reaches an optimiser with weight decay leaves as it is. */
  @Test
  void anOptimiserLeavesTheRunningStatistics() {
    Parameters.Builder builder = Parameters.builder();
    BatchNorm.declare(builder, "n", 3);
    Parameters parameters = builder.build(1);
    BatchNorm layer = new BatchNorm(parameters, "n");
    Var y = layer.forward(tape, Var.constant(TapeCheck.normal(1, 3, 8, 3)));
    tape.backward(ReduceOps.weightedSum(tape, y, 1));
    float[] mean = parameters.value("n.runningMean").toArray();
    float[] variance = parameters.value("n.runningVariance").toArray();
    Tensor m = Tensor.zeros(parameters.values().size());
    Tensor v = Tensor.zeros(parameters.values().size());
    AdamStep step = new AdamStep(0.1);
    Backends.simd().optim().adam(parameters.values(), parameters.gradients(), m, v, null, step);
    assertThat(parameters.value("n.bias").toArray()).doesNotContain(0);
    assertThat(parameters.value("n.runningMean").toArray()).isEqualTo(mean);
    assertThat(parameters.value("n.runningVariance").toArray()).isEqualTo(variance);
    assertThat(parameters.decayed()).isZero();
  }

  @Test
  void dropoutDropsOnlyInTraining() {
    NoiseKey noise = new NoiseKey(1, 9);
    Dropout layer = new Dropout(0.5f, noise);
    Tensor ones = Tensor.zeros(20, 10);
    ones.fill(1);
    Var x = Var.constant(ones);
    float[] first = layer.forward(tape, x).value().toArray();
    assertThat(first).contains(0f).contains(2f);
    assertThat(layer.forward(tape, x).value().toArray()).isEqualTo(first);
    noise.at(1);
    assertThat(layer.forward(tape, x).value().toArray()).isNotEqualTo(first);
    tape.resetForInference();
    assertThat(layer.forward(tape, x)).isSameAs(x);
    tape.resetForTraining();
    assertThat(new Dropout(0, noise).forward(tape, x)).isSameAs(x);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Dropout(1, noise))
        .withMessage("Dropout: p 1.0 must be in [0,1)");
  }

  @Test
  void convolutionsMirrorEachOther() {
    ConvShape shape = ConvShape.square(3, 8, 10, 6, 4, 2, 1);
    Parameters.Builder builder = Parameters.builder();
    Conv2d.declare(builder, "down", shape);
    ConvTranspose2d.declare(builder, "up", shape);
    Parameters parameters = builder.build(1);
    assertThat(parameters)
        .extracting(p -> p.name() + p.value().shape())
        .containsExactly("down.weight[8,48]", "down.bias[1,8]", "up.weight[8,48]", "up.bias[1,3]");
    Var x = Var.constant(TapeCheck.normal(1, 1, 2, shape.inSize()));
    Var h = new Conv2d(parameters, "down", shape, Activation.RELU).forward(tape, x);
    assertThat(h.value().columns()).isEqualTo(8 * 5 * 3);
    assertThat(h.value().toArray()).contains(0f);
    Var y = new ConvTranspose2d(parameters, "up", shape, Activation.TANH).forward(tape, h);
    assertThat(y.value().shape()).isEqualTo(x.value().shape());
    tape.backward(ReduceOps.weightedSum(tape, y, 1));
    for (Parameters.Parameter p : parameters) {
      assertThat(p.gradient().toArray()).as(p.name()).isNotEqualTo(new float[p.gradient().size()]);
    }
  }

  /** Uniform in ±1/√fan-in: within, and as wide. */
  @Test
  void initialWeightsOfAConvolution() {
    ConvShape shape = ConvShape.square(8, 64, 9, 9, 3, 1, 1);
    Parameters.Builder builder = Parameters.builder();
    Conv2d.declare(builder, "c", shape);
    Parameters parameters = builder.build(3);
    double bound = 1 / Math.sqrt(72);
    double square = 0;
    Tensor w = parameters.value("c.weight");
    for (int i = 0; i < w.size(); i++) {
      assertThat(Math.abs(w.get(i))).isLessThanOrEqualTo((float) bound);
      square += w.get(i) * (double) w.get(i) / w.size();
    }
    double variance = bound * bound / 3;
    assertThat(square).isCloseTo(variance, within(5 * variance * Math.sqrt(0.8 / w.size())));
  }
}
