package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What NVIDIA's own compiler and assembler say of the kernels, where they are installed. */
@Tag("cuda")
class PtxTest {
  private static final Path PTX = Path.of("src/main/resources/io/github/elbo4j/cuda");

  private static final Pattern REPORT =
      Pattern.compile(
          "Compiling entry function '(\\w+)'[^\\n]*\\n[^\\n]*Function properties[^\\n]*\\n"
              + "\\s*(\\d+) bytes stack frame");

  /**
   * Kernels that compute far more than they move may spill a little: first words of their names.
   */
  private static final List<String> COMPUTE_BOUND =
      List.of(
          "cholesky_",
          "concrete_",
          "convolution_",
          "correlation_",
          "covariance_",
          "flow_planar_backward_512", // 8 bytes, for rows of more than 256
          "gemm_",
          "importance_tail_",
          "normalization_channel_moments_", // 8 bytes, on the newest architecture alone
          "process_",
          "sylvester_");

  private static final int MOST_STACK = 128;

  @Test
  void ptxIsWhatTheCompilerMakesOfTheSources() throws IOException, InterruptedException {
    assumeTrue(has("nvcc"), "nvcc is not installed: the PTX was not rebuilt");
    Path built = Files.createTempDirectory("elbo4j-ptx");
    run("scripts/ptx.sh", built.toString());
    List<Path> all = ptx();
    for (Path file : all) {
      assertThat(built.resolve(file.getFileName().toString())).hasSameTextualContentAs(file);
    }
    try (Stream<Path> made = Files.list(built)) {
      assertThat(made.filter(p -> p.toString().endsWith(".ptx"))).hasSize(all.size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_90", "sm_120"})
  void kernelsKeepTheirWorkInRegisters(String architecture)
      throws IOException, InterruptedException {
    assumeTrue(has("ptxas"), "ptxas is not installed: no resource report");
    TreeSet<String> withStack = new TreeSet<>();
    int kernels = 0;
    for (Path file : ptx()) {
      String report =
          run("ptxas", "-arch=" + architecture, "-v", "-o", "/dev/null", file.toString());
      Matcher entry = REPORT.matcher(report);
      while (entry.find()) {
        kernels++;
        String kernel = entry.group(1);
        int allowed = COMPUTE_BOUND.stream().anyMatch(kernel::startsWith) ? MOST_STACK : 0;
        if (Integer.parseInt(entry.group(2)) > allowed) {
          withStack.add(kernel + " " + entry.group(2));
        }
      }
    }
    assertThat(kernels).isGreaterThan(200);
    assertThat(withStack).as("kernels with more bytes of stack than they may").isEmpty();
  }

  @Test
  void loadsAndStoresAreSixteenBytesWideWhereTheyMayBe() throws IOException {
    String gaussian = Files.readString(PTX.resolve("gaussian.ptx"));
    assertThat(gaussian).contains("ld.global.v4.f32", "st.global.v4.f32");
  }

  private static List<Path> ptx() throws IOException {
    try (Stream<Path> files = Files.list(PTX)) {
      return files.filter(p -> p.toString().endsWith(".ptx")).sorted().toList();
    }
  }

  private static boolean has(String program) {
    for (String folder : System.getenv("PATH").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(new ArrayList<>(List.of(command))).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
