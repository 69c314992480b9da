package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same bits in the interpreter, in C1 and with every vector length, each in a JVM of its own.
 */
class SimdMathBitsTest {
  @ParameterizedTest
  @CsvSource({"-Xint", "-XX:TieredStopAtLevel=1", "-XX:MaxVectorSize=16", "-XX:MaxVectorSize=32"})
  void bitsDoNotDependOnCompilerOrVectorLength(String flag) throws Exception {
    String[] lengthAndHash = Jvm.run(List.of(flag), SimdMathBits.class).split(" ", 2);
    assertThat(lengthAndHash[1]).isEqualTo(SimdMathBits.hash());
    if (flag.startsWith("-XX:MaxVectorSize=")) {
      int bytes = Integer.parseInt(flag.substring(flag.indexOf('=') + 1));
      assertThat(Integer.parseInt(lengthAndHash[0])).isLessThanOrEqualTo(bytes / Float.BYTES);
    }
  }
}
