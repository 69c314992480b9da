package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds of the CUDA sources without a device: the PTX is theirs, and nothing is left over. */
class CudaGuardTest {
  private static final Path SOURCES = Path.of("cuda");
  private static final Path PTX = Path.of("src/main/resources/io/github/elbo4j/cuda");

  /**
   * The name of an entry point with its parameters, up to where its body or the next one begins.
   */
  private static final Pattern ENTRY =
      Pattern.compile("^\\w*KERNEL\\w*\\((\\w+[^{;]*?)(?=\\{|;|\\n\\n)", Pattern.MULTILINE);

  private static final Pattern INT_PARAMETER = Pattern.compile("\\bint ([a-z]\\w*)");

  /** What entry points may take as an int: bins ≤ 256, the others are switches. */
  private static final Set<String> SMALL =
      Set.of(
          "add",
          "f", // an activation
          "bins",
          "inverse",
          "lanes",
          "lastFirst",
          "logs",
          "more",
          "ofY",
          "same",
          "shared",
          "stick",
          "stratified",
          "system",
          "unbiased");

  @Test
  void ptxIsOfTheseSources() throws IOException, NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    for (Path source : sources(".cu", ".cuh")) {
      sha.update(Files.readAllBytes(source));
    }
    assertThat(HexFormat.of().formatHex(sha.digest()))
        .as("hash of cuda/*.cu and *.cuh; after a change of them: make ptx")
        .isEqualTo(Files.readString(PTX.resolve("sources.sha256")).strip());
  }

  /**
   * Java names a kernel whole, or by the beginning that its forms share, with its family in front
   * or without.
   */
  @Test
  void everyKernelIsLaunchedAndEveryLaunchHasItsKernel() throws IOException {
    Set<String> kernels = names(PTX, ".ptx", Pattern.compile("\\.entry (\\w+)"));
    Path java = Path.of("src/main/java/io/github/elbo4j/kernel");
    Set<String> launched = names(java, ".java", Pattern.compile("\"([a-z]+[a-z0-9_]*)\""));
    assertThat(kernels)
        .hasSizeGreaterThan(200)
        .allMatch(
            kernel -> {
              String rest = kernel.substring(kernel.indexOf('_') + 1);
              return launched.stream().anyMatch(n -> n.contains("_") && kernel.startsWith(n))
                  || launched.stream().anyMatch(rest::startsWith);
            });
    TreeSet<String> families = new TreeSet<>();
    kernels.forEach(kernel -> families.add(kernel.substring(0, kernel.indexOf('_'))));
    assertThat(launched)
        .filteredOn(n -> n.contains("_") && families.contains(n.substring(0, n.indexOf('_'))))
        .hasSizeGreaterThan(100)
        .allMatch(name -> kernels.stream().anyMatch(kernel -> kernel.contains(name)));
  }

  private static Set<String> names(Path folder, String suffix, Pattern name) throws IOException {
    TreeSet<String> names = new TreeSet<>();
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path file : tree.filter(p -> p.toString().endsWith(suffix)).sorted().toList()) {
        String text = Files.readString(file);
        Matcher found = name.matcher(text);
        while ((suffix.equals(".ptx") || text.contains("Cuda")) && found.find()) {
          names.add(found.group(1));
        }
      }
    }
    return names;
  }

  /**
   * Sizes are 64-bit from an entry point on, and so are their products, which may pass 2³¹: an int
   * is a switch, or a number whose contract keeps it small.
   */
  @Test
  void sizesArriveAsSixtyFourBitIntegers() throws IOException {
    TreeSet<String> ints = new TreeSet<>();
    for (Path source : sources(".cu")) {
      Matcher entry = ENTRY.matcher(Files.readString(source));
      while (entry.find()) {
        Matcher parameter = INT_PARAMETER.matcher(entry.group(1));
        while (parameter.find()) {
          ints.add(parameter.group(1));
        }
      }
    }
    assertThat(ints).contains("bins").isSubsetOf(SMALL);
  }

  @Test
  void everyFamilyHasItsSourceAndItsClass() {
    for (String family : Families.names()) {
      Path source = SOURCES.resolve(family.toLowerCase(Locale.ROOT) + ".cu");
      assertThat(source).as("kernels of %s", family).exists();
      assertThat(Families.classOf(family, "Cuda")).isNotNull();
    }
  }

  /** What {@code cat cuda/*.cu cuda/*.cuh} reads, in its order. */
  private static List<Path> sources(String... suffixes) throws IOException {
    List<Path> list = new java.util.ArrayList<>();
    for (String suffix : suffixes) {
      try (Stream<Path> files = Files.list(SOURCES)) {
        files.filter(p -> p.toString().endsWith(suffix)).sorted().forEach(list::add);
      }
    }
    assertThat(list).isNotEmpty();
    return list;
  }
}
