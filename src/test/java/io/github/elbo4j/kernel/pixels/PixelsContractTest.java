package io.github.elbo4j.kernel.pixels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PixelsContractTest {
  private static final NoiseKey KEY = new NoiseKey(5, 6);

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void everyByteIsTheNearestFloatOfItsQuotient(Backend backend) {
    byte[] all = new byte[256];
    for (int i = 0; i < 256; i++) {
      all[i] = (byte) i;
    }
    Tensor out = Tensor.zeros(4, 64);
    backend.pixels().scale(new ByteTensor(all, 0, 4, 64), out);
    for (int i = 0; i < 256; i++) {
      assertThat(out.get(i)).isEqualTo(i / 255f);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void zeroIsNeverDrawnAndFullIsAlwaysDrawn(Backend backend) {
    int n = 1_000_000;
    byte[] pixels = new byte[n];
    Tensor out = Tensor.zeros(1, n);
    backend.pixels().binarize(KEY, 0, new ByteTensor(pixels, 0, 1, n), out);
    assertThat(out.toArray()).containsOnly(0f);
    Arrays.fill(pixels, (byte) 255);
    backend.pixels().binarize(KEY, 0, new ByteTensor(pixels, 0, 1, n), out);
    assertThat(out.toArray()).containsOnly(1f);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void drawsHaveTheProbabilityOfTheirPixel(Backend backend) {
    int n = 200_000;
    for (int pixel : new int[] {1, 60, 128, 254}) {
      byte[] pixels = new byte[n];
      Arrays.fill(pixels, (byte) pixel);
      Tensor out = Tensor.zeros(1, n);
      backend.pixels().binarize(KEY, 77, new ByteTensor(pixels, 0, 1, n), out);
      double ones = 0;
      for (float v : out.toArray()) {
        ones += v;
      }
      double p = pixel / 255.0;
      assertThat((ones - n * p) / Math.sqrt(n * p * (1 - p))).isBetween(-4.0, 4.0);
    }
  }

  @Test
  void errorsNameTheArgument() {
    Backend backend = Backends.simd();
    ByteTensor x = new ByteTensor(new byte[12], 0, 3, 4);
    Tensor wrong = Tensor.zeros(4, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.pixels().scale(x, wrong))
        .withMessage("scale: out [4,3] must be [3,4]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.pixels().binarize(KEY, 0, x, wrong))
        .withMessage("binarize: out [4,3] must be [3,4]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.pixels().binarize(KEY, -1, x, Tensor.zeros(3, 4)))
        .withMessage("binarize: first -1 must be >= 0");
  }
}
