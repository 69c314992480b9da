package io.github.elbo4j.kernel.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Philox against its published vectors, the layout of elements, and what is refused. */
class RandomContractTest {
  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static int hex(String s) {
    return Integer.parseUnsignedInt(s, 16);
  }

  private static int[] words(String s) {
    return Stream.of(s.split(" ")).mapToInt(RandomContractTest::hex).toArray();
  }

  /** kat_vectors of Random123 (Salmon et al. 2011), philox4x32-10: counter, key, result. */
  @ParameterizedTest
  @CsvSource({
    "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
  })
  void philoxGivesThePublishedVectors(String counter, String key, String result) {
    int[] c = words(counter);
    int[] k = words(key);
    int[] wanted = words(result);
    for (int word = 0; word < 4; word++) {
      assertThat(Philox.word(c[0], c[1], c[2], c[3], k[0], k[1], word)).isEqualTo(wanted[word]);
    }
  }

  /** The same vectors where element, step, stream and seed put them, through both backends. */
  @ParameterizedTest
  @MethodSource("backends")
  void elementsAreTheWordsOfTheirBlock(Backend backend) {
    int[] out = new int[64];
    backend.random().bits(new NoiseKey(0, 0), 0, out, 0, out.length);
    int[] wanted = words("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    for (int w = 0; w < 4; w++) {
      assertThat(out[16 * w]).isEqualTo(wanted[w]);
    }
    // counter 03707344 as stream, 13198a2e as step; block number 1234567 needs group and lane
    long seed = 0x299f31d0a4093822L;
    NoiseKey key = new NoiseKey(seed, hex("03707344")).at(hex("13198a2e"));
    long block = 0x3_0012_d687L;
    long first = block / 16 * 64 + block % 16;
    for (int w = 0; w < 4; w++) {
      backend.random().bits(key, first + 16L * w, out, 5, 1);
      int direct =
          Philox.word(
              1234567, 3, hex("13198a2e"), hex("03707344"), hex("a4093822"), hex("299f31d0"), w);
      assertThat(out[5]).isEqualTo(direct);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void uniformsAndNormalsAreMadeOfTheBits(Backend backend) {
    int n = 640;
    NoiseKey key = new NoiseKey(8, 1).at(2);
    int[] bits = new int[n];
    backend.random().bits(key, 0, bits, 0, n);
    Tensor u = Tensor.zeros(n);
    Tensor z = Tensor.zeros(n);
    backend.random().uniform(key, 0, u);
    backend.random().normal(key, 0, z);
    for (int i = 0; i < n; i++) {
      assertThat((double) u.get(i)).isEqualTo(((bits[i] >>> 9) + 0.5) / (1 << 23));
      int even = i & ~16; // the word that gives the pair's radius; the next word its angle
      double radius = Math.sqrt(-2 * Math.log(((bits[even] >>> 9) + 0.5) / (1 << 23)));
      double angle = bits[even + 16] * (Math.PI / 2) * 0x1p-30;
      double wanted = radius * (even == i ? Math.cos(angle) : Math.sin(angle));
      assertThat(Math.abs(z.get(i) - wanted)).isLessThan(1e-5);
    }
  }

  /** Any part of an array is the same as in the whole. */
  @ParameterizedTest
  @MethodSource("backends")
  void partsAreThoseOfTheWhole(Backend backend) {
    NoiseKey key = new NoiseKey(3, 3);
    Tensor whole = Tensor.zeros(3000);
    backend.random().normal(key, 100, whole);
    for (int from : new int[] {0, 1, 28, 63, 500}) {
      Tensor part = Tensor.zeros(1777);
      backend.random().normal(key, 100 + from, part);
      float[] wanted = java.util.Arrays.copyOfRange(whole.toArray(), from, from + 1777);
      assertThat(part.toArray()).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nothingIsDrawnForNothing(Backend backend) {
    backend.random().uniform(new NoiseKey(1, 1), 7, Tensor.zeros(0, 5));
    backend.random().normal(new NoiseKey(1, 1), 7, Tensor.zeros(0));
    int[] out = {42};
    backend.random().bits(new NoiseKey(1, 1), 7, out, 1, 0);
    assertThat(out).containsExactly(42);
  }

  @Test
  void errorsNameTheArgument() {
    RandomKernels random = Backends.simd().random();
    NoiseKey key = new NoiseKey(1, 1);
    Tensor out = Tensor.zeros(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> random.uniform(key, -1, out))
        .withMessage("uniform: first -1 must be >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> random.normal(key, -2, out))
        .withMessage("normal: first -2 must be >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> random.bits(key, -3, new int[4], 0, 4))
        .withMessage("bits: first -3 must be >= 0");
    assertThatThrownBy(() -> random.bits(key, 0, new int[4], 2, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
