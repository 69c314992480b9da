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
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds of the CUDA sources without a device: the PTX is theirs, and nothing is left over. */
class CudaGuardTest {
  private static final Path SOURCES = Path.of("cuda");
  private static final Path PTX = Path.of("src/main/resources/io/github/elbo4j/cuda");
  private static final Pattern ENTRY = Pattern.compile("\\b(ROW_)?KERNEL\\((\\w+)[,)]");

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

  @Test
  void everyKernelIsLaunchedAndEveryLaunchHasItsKernel() throws IOException {
    TreeSet<String> kernels = new TreeSet<>();
    for (Path source : sources(".cu")) {
      Matcher entry = ENTRY.matcher(Files.readString(source));
      while (entry.find()) {
        kernels.add(entry.group(2));
      }
    }
    TreeSet<String> launched = new TreeSet<>();
    Pattern name = Pattern.compile("\"([a-z]+_[a-z0-9_]+)\"");
    try (Stream<Path> tree = Files.walk(Path.of("src/main/java/io/github/elbo4j/kernel"))) {
      for (Path java : tree.filter(p -> p.toString().endsWith(".java")).toList()) {
        String text = Files.readString(java);
        Matcher quoted = name.matcher(text);
        while (text.contains("Cuda") && quoted.find()) {
          launched.add(quoted.group(1));
        }
      }
    }
    assertThat(launched).isEqualTo(kernels);
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
