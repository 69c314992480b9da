package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Real data sets, where the developers' folder is there. The numbers are those of its provenance
 * note.
 */
class SharedDataTest {
  private static Path folder(String name) {
    String shared = System.getenv("ELBO4J_SHARED");
    Path folder = Path.of(shared == null ? "../shared" : shared).resolve("data").resolve(name);
    assumeTrue(Files.isDirectory(folder), () -> "no developers' data in " + folder);
    return folder;
  }

  private static int[] classes(Images images, int count) {
    int[] counts = new int[count];
    for (byte label : Objects.requireNonNull(images.labels())) {
      counts[label & 0xFF]++;
    }
    return counts;
  }

  private static double mean(Images images) {
    double sum = 0;
    for (double mean : images.pixelMeans()) {
      sum += mean;
    }
    return 255 * sum / images.size();
  }

  private static void isMnist(DataSplits mnist) {
    assertThat(mnist.train().count()).isEqualTo(60_000);
    assertThat(mnist.test().count()).isEqualTo(10_000);
    assertThat(classes(mnist.train(), 10))
        .containsExactly(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949);
    assertThat(classes(mnist.test(), 10))
        .containsExactly(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009);
    assertThat(mean(mnist.train())).isCloseTo(33.318, within(5e-4));
    assertThat(mean(mnist.test())).isCloseTo(33.791, within(5e-4));
  }

  @Test
  void mnistAsAFolder() throws DataException {
    isMnist(DataSource.load(folder("mnist").toString()));
  }

  @Test
  void mnistByNameWithItsChecksums() throws DataException {
    Path data = Objects.requireNonNull(folder("mnist").getParent());
    Places places = new Places(data, Path.of("no-cache"));
    isMnist(
        new DataSource(places, KnownData.ALL, new Downloader(Duration.ofSeconds(1)))
            .find("mnist", DownloadProgress.NONE));
  }

  @Test
  void omniglot() throws DataException {
    DataSplits omniglot = DataSource.load(folder("omniglot").toString());
    assertThat(omniglot.train().count()).isEqualTo(3_872);
    assertThat(omniglot.test().count()).isEqualTo(968);
    // 242 characters, 16 drawers to train on and 4 to test
    assertThat(classes(omniglot.train(), 256)).containsOnly(0, 16);
    assertThat(classes(omniglot.test(), 256)).containsOnly(0, 4);
  }

  @Test
  void digits() throws DataException {
    DataSplits digits = DataSource.load(folder("uci-digits").toString());
    assertThat(digits.train().size()).isEqualTo(64);
    assertThat(classes(digits.train(), 10))
        .containsExactly(376, 389, 380, 389, 387, 376, 377, 387, 380, 382);
    assertThat(classes(digits.test(), 10))
        .containsExactly(178, 182, 177, 183, 181, 182, 181, 179, 174, 180);
  }

  @Test
  void aSingleFileIsSplit() throws DataException {
    Path file = folder("omniglot").resolve("omniglot28-train-images-idx3-ubyte.gz");
    DataSplits splits = DataSource.load(file.toString());
    assertThat(splits.train().count()).isEqualTo(3_485);
    assertThat(splits.test().count()).isEqualTo(387);
    assertThat(splits.description()).contains("387 drawn with a fixed seed");
  }
}
