package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
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
    String[] lengthAndHash = run(flag).split(" ", 2);
    assertThat(lengthAndHash[1]).isEqualTo(SimdMathBits.hash());
    if (flag.startsWith("-XX:MaxVectorSize=")) {
      int bytes = Integer.parseInt(flag.substring(flag.indexOf('=') + 1));
      assertThat(Integer.parseInt(lengthAndHash[0])).isLessThanOrEqualTo(bytes / Float.BYTES);
    }
  }

  private static String run(String flag)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(
        List.of("--add-modules", "jdk.incubator.vector", "-XX:+IgnoreUnrecognizedVMOptions", flag));
    command.addAll(
        List.of(
            "-cp",
            home(SimdMath.class) + File.pathSeparator + home(SimdMathBits.class),
            SimdMathBits.class.getName()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(() -> command + " printed " + out).isZero();
    return out.strip();
  }

  private static Path home(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
