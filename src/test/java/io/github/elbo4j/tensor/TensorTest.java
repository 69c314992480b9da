package io.github.elbo4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TensorTest {
  @Test
  void aSliceLooksAtTheSameElements() {
    float[] memory = {1, 2, 3, 4, 5, 6};
    Tensor whole = Tensor.of(memory, 1, 5);
    Tensor part = whole.slice(1, Shape.of(2, 2));
    assertThat(part.shape()).isEqualTo(Shape.of(2, 2));
    assertThat(part.toArray()).containsExactly(3, 4, 5, 6);
    part.fill(0);
    assertThat(memory).containsExactly(1, 2, 0, 0, 0, 0);
    assertThat(whole.slice(5, Shape.of(0)).size()).isZero();
  }

  @Test
  void aSliceMustFit() {
    Tensor whole = Tensor.of(new float[9], 1, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> whole.slice(2, Shape.of(2, 2)))
        .withMessage("slice: shape [2,2] from element 2 does not fit in [5]");
    assertThatIllegalArgumentException().isThrownBy(() -> whole.slice(-1, Shape.of(2)));
  }
}
