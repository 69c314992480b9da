package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTest {
  private static Parameters small(long seed) {
    return Parameters.builder()
        .add("a.weight", 3, 5, Initializer.glorotUniform())
        .add("a.bias", 1, 5, Initializer.constant(7))
        .add("b.weight", 5, 4, Initializer.heNormal())
        .add("b.bias", 1, 4, Initializer.of(1, 2, 3, 4))
        .build(seed);
  }

  @Test
  void layoutHasWeightsFirstAlignedAndPaddedWithZeros() {
    Parameters p = small(1);
    assertThat(p.values().size()).isEqualTo(16 + 32 + 16 + 16);
    assertThat(p.gradients().size()).isEqualTo(p.values().size());
    assertThat(p.decayed()).isEqualTo(16 + 32);
    assertThat(p.count()).isEqualTo(15 + 5 + 20 + 4);
    assertThat(p.value("a.weight").offset()).isZero();
    assertThat(p.value("b.weight").offset()).isEqualTo(16);
    assertThat(p.value("a.bias").offset()).isEqualTo(48);
    assertThat(p.value("b.bias").offset()).isEqualTo(64);
    assertThat(p.gradient("b.bias").offset()).isEqualTo(64);
    for (int i : new int[] {15, 36, 47, 53, 63, 68, 79}) {
      assertThat(p.values().get(i)).as("padding %d", i).isZero();
    }
  }

  @Test
  void viewsAreOfTheFlatBuffers() {
    Parameters p = small(1);
    assertThat(p.value("b.bias").toArray()).containsExactly(1, 2, 3, 4);
    assertThat(p.value("a.bias").toArray()).containsOnly(7f);
    p.values().array()[65] = 99;
    assertThat(p.value("b.bias").get(1)).isEqualTo(99);
    p.gradient("a.bias").fill(5);
    assertThat(p.gradients().get(48)).isEqualTo(5);
    assertThat(p.gradients().get(53)).isZero();
  }

  @Test
  void iterationIsInTheOrderOfDeclaration() {
    List<String> seen = new ArrayList<>();
    for (Parameters.Parameter p : small(1)) {
      seen.add(p.name() + p.value().shape());
      assertThat(p.gradient().shape()).isEqualTo(p.value().shape());
    }
    assertThat(seen)
        .containsExactly("a.weight[3,5]", "a.bias[1,5]", "b.weight[5,4]", "b.bias[1,4]");
  }

  @Test
  void viewsOfAnotherBufferHaveTheSameLayout() {
    Parameters p = small(1);
    Map<String, Tensor> views = p.views(p.gradients(), "grad.");
    assertThat(views.keySet())
        .containsExactly("grad.a.weight", "grad.a.bias", "grad.b.weight", "grad.b.bias");
    Tensor shifted = Tensor.of(new float[p.values().size() + 9], 9, p.values().size());
    for (int i = 0; i < shifted.size(); i++) {
      shifted.array()[9 + i] = i;
    }
    assertThat(p.views(shifted, "").values())
        .extracting(t -> t.get(0))
        .containsExactly(0f, 48f, 16f, 64f);
  }

  @Test
  void seedAndPositionDecideTheNumbers() {
    Parameters p = small(1);
    assertThat(small(1).values().toArray()).isEqualTo(p.values().toArray());
    assertThat(small(2).value("a.weight").toArray()).isNotEqualTo(p.value("a.weight").toArray());
    Parameters twins =
        Parameters.builder()
            .add("x", 4, 4, Initializer.uniform(1))
            .add("y", 4, 4, Initializer.uniform(1))
            .build(1);
    assertThat(twins.value("x").toArray()).isNotEqualTo(twins.value("y").toArray());
  }

  @Test
  void noParametersAtAllIsFine() {
    Parameters none = Parameters.builder().build(1);
    assertThat(none.values().size()).isZero();
    assertThat(none).isEmpty();
  }

  @Test
  void mistakesAreNamed() {
    Parameters.Builder b = Parameters.builder().add("w", 2, 2, Initializer.zeros());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.add("w", 3, 3, Initializer.zeros()))
        .withMessage("Parameters.add: \"w\" is declared already");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.add(" ", 3, 3, Initializer.zeros()))
        .withMessage("Parameters.add: name must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.add("v", 0, 3, Initializer.zeros()))
        .withMessage("Parameters.add: \"v\" [0,3] must have at least one row and one column");
    Parameters p = small(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> p.value("c"))
        .withMessage("Parameters: there is no \"c\" among a.weight, a.bias, b.weight, b.bias");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> p.views(Tensor.zeros(3), ""))
        .withMessage("Parameters.views: flat [3] must have 80 elements");
  }
}
