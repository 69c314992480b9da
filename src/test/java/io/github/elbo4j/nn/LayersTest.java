package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Dense} and {@link Mlp}: names, shapes, initial values and what they compute. */
class LayersTest {
  private final Tape tape = new Tape(Backends.reference());

  private static Tensor tensor(int rows, int columns, float... numbers) {
    return Tensor.of(numbers, 0, rows, columns);
  }

  @Test
  void denseIsItsFormula() {
    Parameters.Builder builder = Parameters.builder();
    Dense.declare(
        builder, "d", 2, 3, Initializer.of(1, 2, 3, 4, 5, 6), Initializer.of(-10, 0.5f, 1));
    Parameters parameters = builder.build(1);
    Dense layer = new Dense(parameters, "d", Activation.RELU);
    Var x = Var.constant(tensor(2, 2, 1, 1, 0, -1));
    assertThat(layer.forward(tape, x).value().toArray()).containsExactly(0, 7.5f, 10, 0, 0, 0);
    assertThat(layer.forward(tape, x, Activation.NONE).value().toArray())
        .containsExactly(-5, 7.5f, 10, -14, -4.5f, -5);
    assertThat(layer.forward(tape, x).value().shape()).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void gradientsArriveInTheParameters() {
    Parameters.Builder builder = Parameters.builder();
    Dense.declare(builder, "d", 2, 1, Initializer.constant(1), Initializer.zeros());
    Parameters parameters = builder.build(1);
    Dense layer = new Dense(parameters, "d", Activation.NONE);
    Var y = layer.forward(tape, Var.constant(tensor(2, 2, 1, 2, 3, 4)));
    tape.backward(ReduceOps.weightedSum(tape, y, 1));
    assertThat(parameters.gradient("d.weight").toArray()).containsExactly(4, 6);
    assertThat(parameters.gradient("d.bias").toArray()).containsExactly(2);
  }

  @Test
  void aLayerThatWasNotDeclaredIsNamed() {
    Parameters parameters = Parameters.builder().add("a", 1, 1, Initializer.zeros()).build(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Dense(parameters, "d", Activation.NONE))
        .withMessage("Parameters: there is no \"d.weight\" among a");
  }

  @Test
  void mlpIsItsLayersInARow() {
    Parameters.Builder builder = Parameters.builder();
    int width = Mlp.declare(builder, "m", 3, List.of(7, 5));
    assertThat(width).isEqualTo(5);
    Parameters parameters = builder.build(4);
    assertThat(parameters)
        .extracting(Parameters.Parameter::name)
        .containsExactly("m.0.weight", "m.0.bias", "m.1.weight", "m.1.bias");
    assertThat(parameters.value("m.0.weight").shape()).isEqualTo(Shape.of(3, 7));
    assertThat(parameters.value("m.0.bias").shape()).isEqualTo(Shape.of(1, 7));
    assertThat(parameters.value("m.1.weight").shape()).isEqualTo(Shape.of(7, 5));
    Var x = Var.constant(tensor(2, 3, 1, 2, 3, -1, 0, 1));
    Var y = new Mlp(parameters, "m", 2, Activation.TANH).forward(tape, x);
    Var first = new Dense(parameters, "m.0", Activation.TANH).forward(tape, x);
    Var second = new Dense(parameters, "m.1", Activation.TANH).forward(tape, first);
    assertThat(y.value().shape()).isEqualTo(Shape.of(2, 5));
    assertThat(y.value().toArray()).isEqualTo(second.value().toArray()).doesNotContain(0f);
  }

  @Test
  void noLayersAreTheIdentity() {
    Parameters.Builder builder = Parameters.builder();
    assertThat(Mlp.declare(builder, "m", 3, List.of())).isEqualTo(3);
    Var x = Var.constant(Tensor.zeros(2, 3));
    assertThat(new Mlp(builder.build(1), "m", 0, Activation.TANH).forward(tape, x)).isSameAs(x);
    assertThat(tape.size()).isZero();
  }

  /** Uniform in ±1/√in, whose variance is 1/(3·in). */
  @Test
  void initialValues() {
    int in = 300;
    int out = 200;
    Parameters.Builder builder = Parameters.builder();
    Mlp.declare(builder, "m", in, List.of(out));
    Parameters parameters = builder.build(9);
    assertThat(parameters.value("m.0.bias").toArray()).containsOnly(0f);
    double variance = 1.0 / (3 * in);
    Tensor w = parameters.value("m.0.weight");
    double mean = 0;
    double square = 0;
    for (int i = 0; i < w.size(); i++) {
      mean += w.get(i) / (double) w.size();
      square += w.get(i) * (double) w.get(i) / w.size();
    }
    double n = w.size();
    assertThat(mean).isCloseTo(0, within(5 * Math.sqrt(variance / n)));
    assertThat(square).isCloseTo(variance, within(5 * variance * Math.sqrt(0.8 / n)));
  }
}
