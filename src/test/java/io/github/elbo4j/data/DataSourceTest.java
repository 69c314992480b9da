package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, paths, and the embedded data. */
class DataSourceTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"mnits", "", " ", "a\0b", "/no/such/file", "EMBEDDED"})
  void saysWhatThereIs(String spec) {
    assertThatThrownBy(() -> DataSource.load(spec))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("unknown data '" + spec + "'")
        .hasMessageContaining("embedded, mnist, fashion-mnist, or the path of");
  }

  @Test
  void embeddedImagesAreTheStatedOnes() throws DataException {
    DataSplits splits = DataSource.load("embedded");
    assertThat(splits.train().count()).isEqualTo(4000);
    assertThat(splits.test().count()).isEqualTo(500);
    assertThat(splits.train().size()).isEqualTo(784);
    assertThat(splits.description()).contains("Fashion-MNIST", "4000", "next 500");
    int[] classes = new int[10];
    byte[] labels = splits.train().labels();
    for (byte label : labels == null ? new byte[0] : labels) {
      classes[label]++;
    }
    // the counts that the provenance note states
    assertThat(Arrays.stream(classes).min()).hasValue(373);
    assertThat(Arrays.stream(classes).max()).hasValue(440);
    assertThat(Arrays.stream(splits.train().pixelMeans())).allMatch(mean -> mean >= 0 && mean < 1);
    assertThat(DataSource.class.getResource("embedded/LICENSE.txt")).isNotNull();
  }

  @Test
  void placesFollowTheEnvironment() {
    Path home = Path.of("/home/x");
    assertThat(Places.of(Map.of(), "Linux", home))
        .isEqualTo(new Places(null, Path.of("/home/x/.cache/elbo4j")));
    Map<String, String> both = Map.of("XDG_CACHE_HOME", "/c", "ELBO4J_DATA", "d");
    assertThat(Places.of(both, "Linux", home))
        .isEqualTo(new Places(Path.of("d"), Path.of("/c/elbo4j")));
    assertThat(Places.of(Map.of("XDG_CACHE_HOME", "relative", "ELBO4J_DATA", ""), "Linux", home))
        .isEqualTo(new Places(null, Path.of("/home/x/.cache/elbo4j")));
    assertThat(Places.of(Map.of("LOCALAPPDATA", "/l"), "Windows 11", home).cache())
        .isEqualTo(Path.of("/l/elbo4j"));
  }

  @Test
  void knownSetsAreComplete() {
    assertThat(DataSource.knownNames()).containsExactly("mnist", "fashion-mnist");
    for (KnownData data : KnownData.ALL) {
      assertThat(data.sha256()).containsOnlyKeys(Part.values());
      assertThat(data.sha256().values()).allMatch(sum -> sum.matches("[0-9a-f]{64}"));
      assertThat(data.mirrors()).hasSizeGreaterThan(1);
      assertThat(data.mirrors()).allMatch(mirror -> mirror.getPath().endsWith("/"));
    }
  }

  @Test
  void canonicalIsTheSameDataFromEveryFolder() throws IOException {
    Path there =
        Path.of("").toAbsolutePath().relativize(Files.createDirectory(folder.resolve("d")));
    assertThat(there.isAbsolute()).isFalse();
    assertThat(DataSource.canonical(there.toString())).isEqualTo(folder.resolve("d").toString());
    assertThat(DataSource.canonical(folder + "/./d/../d"))
        .isEqualTo(folder.resolve("d").toString());
    for (String name :
        new String[] {"embedded", "mnist", "fashion-mnist", "no/such/file", "a\0b"}) {
      assertThat(DataSource.canonical(name)).isEqualTo(name);
    }
  }
}
