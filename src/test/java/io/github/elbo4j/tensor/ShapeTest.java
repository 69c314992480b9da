package io.github.elbo4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ShapeTest {
  private static void assertShape(Shape shape, int rows, int columns, int size) {
    assertThat(shape.rows()).isEqualTo(rows);
    assertThat(shape.columns()).isEqualTo(columns);
    assertThat(shape.size()).isEqualTo(size);
  }

  @Test
  void rowsColumnsAndSize() {
    assertShape(Shape.of(), 1, 1, 1);
    assertShape(Shape.of(7), 1, 7, 7);
    assertShape(Shape.of(2, 3, 5), 6, 5, 30);
    assertShape(Shape.of(4, 0), 4, 0, 0);
    assertShape(Shape.of(0, 4), 0, 4, 0);
    assertShape(Shape.of(65536, 65536, 0, 3), 0, 3, 0);
    assertShape(Shape.of(Integer.MAX_VALUE, 1), Integer.MAX_VALUE, 1, Integer.MAX_VALUE);
  }

  @Test
  void whatIsTooLargeIsSaid() {
    assertRefused("Shape: dimension -1 must be >= 0", 3, -1);
    assertRefused("Shape: dimension -1 must be >= 0", -1, 3);
    assertRefused(
        "Shape: [65536,32768] has 2147483648 elements, at most 2^31-1 are possible", 65536, 32768);
    assertRefused(
        "Shape: [65536,65536,0] has 4294967296 rows, at most 2^31-1 are possible", 65536, 65536, 0);
    int most = Integer.MAX_VALUE;
    assertRefused(
        "Shape: [2147483647,2147483647,2147483647,1] has 9903520300447984150353281023 rows,"
            + " at most 2^31-1 are possible",
        most,
        most,
        most,
        1);
  }

  private static void assertRefused(String message, int... dims) {
    assertThatIllegalArgumentException().isThrownBy(() -> Shape.of(dims)).withMessage(message);
  }

  @Test
  void onlyCommonElementsOverlap() {
    float[] memory = new float[10];
    Tensor whole = Tensor.of(memory, 0, 10);
    assertThat(whole.overlaps(Tensor.of(memory, 9, 1))).isTrue();
    assertThat(whole.overlaps(Tensor.of(memory, 5, 0))).isFalse();
    assertThat(Tensor.of(memory, 5, 0).overlaps(whole)).isFalse();
    assertThat(Tensor.of(memory, 0, 4).overlaps(Tensor.of(memory, 4, 6))).isFalse();
    assertThat(whole.overlaps(Tensor.zeros(10))).isFalse();
  }
}
