package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every SIMD hook leaves the same bits in the interpreter, in C1 and compiled by C2: a run does not
 * depend on when its kernels became warm.
 */
class KernelBitsTest {
  private static String warm = "";

  @BeforeAll
  static void compiled() {
    warm = KernelBits.hashes(50);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1"})
  void coldAndWarmKernelsAgree(String flag) throws Exception {
    assertThat(warm.lines()).hasSizeGreaterThan(30);
    assertThat(Jvm.run(List.of(flag), KernelBits.class).lines().toList())
        .containsExactlyElementsOf(warm.lines().toList());
  }
}
