package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ArenaTest {
  @Test
  void theSameShapesGetTheSameTensors() {
    Arena arena = new Arena(Backends.reference().memory());
    Tensor a = arena.take(3, 4);
    Tensor b = arena.take(5);
    Tensor c = arena.take(0, 4);
    Tensor d = arena.take(0);
    assertThat(a.overlaps(b)).isFalse();
    arena.rewind();
    assertThat(arena.take(3, 4)).isSameAs(a);
    assertThat(arena.take(5)).isSameAs(b);
    assertThat(arena.take(0, 4)).isSameAs(c);
    assertThat(arena.take(0)).isSameAs(d);
    assertThat(arena.capacity()).isEqualTo(17);
  }

  @Test
  void anotherShapeThatFitsUsesTheSameMemory() {
    Arena arena = new Arena(Backends.reference().memory());
    float[] memory = arena.take(4, 6).array();
    arena.rewind();
    Tensor vector = arena.take(24);
    assertThat(vector.array()).isSameAs(memory);
    assertThat(vector.shape()).isEqualTo(Shape.of(24));
    arena.rewind();
    Tensor smaller = arena.take(3, 6);
    assertThat(smaller.array()).isSameAs(memory);
    assertThat(smaller.shape()).isEqualTo(Shape.of(3, 6));
    arena.rewind();
    assertThat(arena.take(6, 4).array()).isSameAs(memory);
    assertThat(arena.capacity()).isEqualTo(24);
  }

  /** A short batch comes and goes: neither shape makes a new tensor. */
  @Test
  void twoShapesInTurnGetTheirOwnTensorsBack() {
    Arena arena = new Arena(Backends.reference().memory());
    Tensor full = arena.take(4, 6);
    arena.rewind();
    Tensor part = arena.take(3, 6);
    arena.rewind();
    assertThat(arena.take(4, 6)).isSameAs(full);
    arena.rewind();
    assertThat(arena.take(3, 6)).isSameAs(part);
    arena.rewind();
    Tensor vector = arena.take(5);
    arena.rewind();
    assertThat(arena.take(3, 6)).isSameAs(part);
    arena.rewind();
    assertThat(arena.take(5)).isSameAs(vector);
  }

  @Test
  void nothingLooksAtMemoryThatWasReplaced() {
    Arena arena = new Arena(Backends.reference().memory());
    arena.take(2, 3);
    arena.rewind();
    Tensor large = arena.take(5, 3);
    arena.rewind();
    assertThat(arena.take(2, 3).array()).isSameAs(large.array());
    assertThat(arena.capacity()).isEqualTo(15);
  }

  @Test
  void aLargerShapeReplacesTheBuffer() {
    Arena arena = new Arena(Backends.reference().memory());
    arena.take(4);
    arena.take(2);
    arena.rewind();
    assertThat(arena.take(10).size()).isEqualTo(10);
    assertThat(arena.capacity()).isEqualTo(12);
    assertThat(arena.take(2).size()).isEqualTo(2);
    assertThat(arena.take(7).size()).isEqualTo(7);
    assertThat(arena.capacity()).isEqualTo(19);
  }

  @Test
  void tooManyElementsAreRefused() {
    Arena arena = new Arena(Backends.reference().memory());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> arena.take(1 << 16, 1 << 16))
        .withMessage("Shape: [65536,65536] has 4294967296 elements, at most 2^31-1 are possible");
    assertThat(arena.capacity()).isZero();
  }
}
