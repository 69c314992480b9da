package io.github.elbo4j.kernel.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryTest {
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void movesElements(String name) {
    MemoryKernels k = Backends.choose(name).memory();
    float[] memory = {1, 2, 3, 4, 5, 6, 7};
    Tensor a = Tensor.of(memory, 1, 2);
    Tensor b = Tensor.of(memory, 4, 1, 2);
    k.swap(a, Tensor.of(memory, 4, 2));
    assertThat(memory).containsExactly(1, 5, 6, 4, 2, 3, 7);
    k.fill(b, 9);
    assertThat(memory).containsExactly(1, 5, 6, 4, 9, 9, 7);
    k.copy(b, a);
    assertThat(memory).containsExactly(1, 9, 9, 4, 9, 9, 7);
    Tensor made = k.allocate(3);
    assertThat(made.shape()).isEqualTo(Shape.of(3));
    assertThat(made.toArray()).containsOnly(0);
    assertThat(made.overlaps(k.allocate(3))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void refusesOtherShapesAndSharedMemory(String name) {
    MemoryKernels k = Backends.choose(name).memory();
    Tensor a = Tensor.zeros(2, 3);
    Tensor other = Tensor.zeros(3, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.copy(a, other))
        .withMessage("copy: to [3,2] must equal from [2,3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.copy(a, a))
        .withMessage("copy: to must not share memory with from");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.swap(a, other))
        .withMessage("swap: b [3,2] must equal a [2,3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> k.swap(a, a))
        .withMessage("swap: b must not share memory with a");
  }
}
