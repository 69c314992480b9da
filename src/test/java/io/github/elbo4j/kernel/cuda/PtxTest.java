package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  /**
   * Memory-bound kernels, whose loads and stores are 16 bytes wide where rows are aligned. Not
   * here: those with noise, whose four numbers of a Philox block lie 16 apart, and those whose
   * threads take a category or a column each.
   */
  private static final List<String> WIDE =
      List.of(
          "codebook_lookup",
          "convolution_slope",
          "coupling_additive",
          "coupling_additive_backward",
          "coupling_affine",
          "coupling_affine_backward",
          "coupling_gated",
          "coupling_gated_backward",
          "dense_condition",
          "dense_slope",
          "flow_householder",
          "flow_householder_backward",
          "flow_planar",
          "flow_planar_backward",
          "flow_planar_inverse",
          "flow_radial",
          "fusedlikelihood_bernoulli",
          "fusedlikelihood_gaussian",
          "gaussian_clamp",
          "gaussian_clamp_backward",
          "gaussian_kl_to_prior",
          "gaussian_reparameterize",
          "gaussian_reparameterize_backward",
          "gaussian_reparameterize_drawn",
          "importance_bound",
          "levels_discretized_logistic_backward",
          "likelihood_bernoulli_backward",
          "likelihood_continuous_bernoulli_backward",
          "likelihood_gaussian_backward",
          "likelihood_laplace_backward",
          "memory_add",
          "memory_copy",
          "memory_swap",
          "normalization_layer",
          "normalization_layer_backward",
          "normalization_softmax",
          "normalization_softmax_backward",
          "optim_adam",
          "optim_polyak");

  /** The same with a number a row, or one in all, as their result. */
  private static final List<String> WIDE_LOADS =
      List.of(
          "levels_discretized_logistic",
          "likelihood_bernoulli",
          "likelihood_continuous_bernoulli",
          "likelihood_first_outside",
          "likelihood_gaussian",
          "likelihood_laplace",
          "optim_squared_norm",
          "optim_total",
          "reduce_add_sum",
          "score_bernoulli_log_prob",
          "score_gaussian_log_prob");

  /** The same that load nothing, or bytes. */
  private static final List<String> WIDE_STORES = List.of("memory_fill", "pixels_scale");

  private static final Pattern FORM = Pattern.compile("(_(warp|block|any|\\d+))?");
  private static final Pattern WIDE_LOAD = Pattern.compile("ld\\.global(\\.nc)?\\.v4\\.");
  private static final Pattern WIDE_STORE = Pattern.compile("st\\.global\\.v4\\.");

  @Test
  void ptxIsWhatTheCompilerMakesOfTheSources() throws IOException, InterruptedException {
    assumeTrue(has("nvcc"), "nvcc is not installed: the PTX was not rebuilt");
    String madeBy = Files.readString(PTX.resolve("compiler.txt")).strip();
    String here = version(run("nvcc", "--version"));
    assumeTrue(
        here.equals(madeBy),
        "nvcc is " + here + ", the PTX was made by " + madeBy + ": they were not compared");
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
    assumeTrue(
        run("ptxas", "--help").contains(architecture),
        "this ptxas does not know " + architecture + ": no resource report");
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
    Map<String, String> bodies = bodies();
    bodies.forEach(
        (kernel, body) -> {
          boolean both = named(kernel, WIDE);
          if (both || named(kernel, WIDE_LOADS)) {
            assertThat(WIDE_LOAD.matcher(body).find()).as("%s loads 16 bytes", kernel).isTrue();
          }
          if (both || named(kernel, WIDE_STORES)) {
            assertThat(WIDE_STORE.matcher(body).find()).as("%s stores 16 bytes", kernel).isTrue();
          }
        });
    assertThat(Stream.of(WIDE, WIDE_LOADS, WIDE_STORES).flatMap(List::stream))
        .as("names that are of no kernel any more")
        .allMatch(name -> bodies.keySet().stream().anyMatch(kernel -> isForm(kernel, name)));
  }

  /** The text of each entry point. */
  private static Map<String, String> bodies() throws IOException {
    Map<String, String> bodies = new TreeMap<>();
    for (Path file : ptx()) {
      for (String part : Files.readString(file).split("\\.entry ", -1)) {
        bodies.put(part.split("\\W", 2)[0], part);
      }
    }
    return bodies;
  }

  private static boolean named(String kernel, List<String> names) {
    return names.stream().anyMatch(name -> isForm(kernel, name));
  }

  /** Whether a kernel is of that name, in one of the forms that differ in the rows they take. */
  private static boolean isForm(String kernel, String name) {
    return kernel.startsWith(name)
        && FORM.matcher(kernel).region(name.length(), kernel.length()).matches();
  }

  private static List<Path> ptx() throws IOException {
    try (Stream<Path> files = Files.list(PTX)) {
      return files.filter(p -> p.toString().endsWith(".ptx")).sorted().toList();
    }
  }

  private static String version(String text) {
    Matcher version = Pattern.compile("V\\d+(\\.\\d+)+").matcher(text);
    return version.find() ? version.group() : text;
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
