package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.cuda.EmulatedDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * The gradient checks of the tape's operations, which take the device where there is one: forward
 * and backward hooks on it, in float32, against differences of formulas in double.
 */
@Tag("cuda")
class CudaGradientTest {
  private static final Path PTX = Path.of("src/main/resources/io/github/elbo4j/cuda");
  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w*_backward\\w*)");

  /** What tells the forms of one kernel apart, which differ in how long a row they take. */
  private static final String FORM = "(_few)?_(warp|block|shared|global|any|\\d+)(?=_|$)";

  private static final Map<String, Long> BEFORE = new HashMap<>();

  @BeforeAll
  static void countLaunches() throws IOException {
    for (String kernel : backwardKernels().keySet()) {
      BEFORE.put(kernel, EmulatedDevice.launches(kernel));
    }
    assertThat(BEFORE).hasSizeGreaterThan(80);
  }

  @AfterAll
  static void everyBackwardKernelWasChecked() throws IOException {
    if (!EmulatedDevice.present()) {
      return;
    }
    Map<String, Long> launches = new TreeMap<>();
    backwardKernels()
        .forEach(
            (kernel, name) ->
                launches.merge(
                    name,
                    EmulatedDevice.launches(kernel) - BEFORE.getOrDefault(kernel, 0L),
                    Long::sum));
    assertThat(launches).allSatisfy((name, n) -> assertThat(n).as(name).isPositive());
  }

  /** Entry points of backward kernels, and what they are called without their form. */
  private static Map<String, String> backwardKernels() throws IOException {
    Map<String, String> kernels = new TreeMap<>();
    try (Stream<Path> files = Files.list(PTX)) {
      for (Path file : files.filter(p -> p.toString().endsWith(".ptx")).toList()) {
        Matcher entry = ENTRY.matcher(Files.readString(file));
        while (entry.find()) {
          kernels.put(entry.group(1), entry.group(1).replaceAll(FORM, ""));
        }
      }
    }
    return kernels;
  }

  @Nested
  class Cholesky extends CholeskyOpsTest {}

  @Nested
  class Compose extends ComposeOpsTest {}

  @Nested
  class Coupling extends CouplingOpsTest {}

  @Nested
  class Covariance extends CovarianceOpsTest {}

  @Nested
  class Density extends DensityOpsTest {}

  @Nested
  class Discrete extends DiscreteOpsTest {}

  @Nested
  class Divergence extends DivergenceOpsTest {}

  @Nested
  class Flow extends FlowOpsTest {}

  @Nested
  class Importance extends ImportanceOpsTest {}

  @Nested
  class Network extends NetworkOpsTest {}

  @Nested
  class Layers extends OpsGradientTest {}

  @Nested
  class GaussianProcess extends ProcessOpsTest {}

  @Nested
  class Score extends ScoreOpsTest {}
}
