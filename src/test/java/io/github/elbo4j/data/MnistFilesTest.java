package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders of MNIST-style files, single files, and the held-out split. */
class MnistFilesTest {
  private static final byte[] TRAIN = IdxBytes.images(20, 4, 4, 1);
  private static final byte[] TEST = IdxBytes.images(6, 4, 4, 2);

  @TempDir Path folder;

  private void write(String name, byte[] bytes) throws IOException {
    Files.write(folder.resolve(name), name.endsWith(".gz") ? IdxBytes.gzip(bytes) : bytes);
  }

  private DataSplits load() throws DataException {
    return DataSource.load(folder.toString());
  }

  private void refused(String... parts) {
    assertThatThrownBy(this::load)
        .isInstanceOf(DataException.class)
        .message()
        .contains(folder.toString())
        .contains(parts)
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource({
    "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz,"
        + " t10k-labels-idx1-ubyte.gz",
    "train-images.idx3-ubyte, train-labels.idx1-ubyte, t10k-images.idx3-ubyte,"
        + " t10k-labels.idx1-ubyte",
    "train-images-idx3-ubyte, train-labels-idx1-ubyte.gz, test-images-idx3-ubyte,"
        + " test-labels-idx1-ubyte.gz",
    "x-train-images-idx3-ubyte.gz, x-train-labels-idx1-ubyte, x-test-images-idx3-ubyte,"
        + " x-test-labels-idx1-ubyte",
    "train-images, train-labels, test-images.gz, test-labels.gz"
  })
  void findsTheFourFiles(
      String trainImages, String trainLabels, String testImages, String testLabels)
      throws IOException {
    write(trainImages, TRAIN);
    write(trainLabels, IdxBytes.labels(20));
    write(testImages, TEST);
    write(testLabels, IdxBytes.labels(6));
    write("README.md", new byte[3]);
    write("train-images-idx3-ubyte.gz~1.part", new byte[3]);
    DataSplits splits = load();
    assertThat(splits.train().pixels()).isEqualTo(Arrays.copyOfRange(TRAIN, 16, TRAIN.length));
    assertThat(splits.test().pixels()).isEqualTo(Arrays.copyOfRange(TEST, 16, TEST.length));
    assertThat(splits.train().labels()).startsWith(0, 1, 2).hasSize(20);
    assertThat(splits.test().labels()).hasSize(6);
    assertThat(splits.description()).contains("20 train and 6 test images of 4 x 4");
  }

  @Test
  void labelsAreOptional() throws IOException {
    write("train-images-idx3-ubyte", TRAIN);
    write("t10k-images-idx3-ubyte", TEST);
    assertThat(load().train().labels()).isNull();
    assertThat(load().test().labels()).isNull();
  }

  @Test
  void holdsOutATenthWhenThereIsNoTestFile() throws IOException {
    write("train-images-idx3-ubyte", TRAIN);
    write("train-labels-idx1-ubyte", IdxBytes.labels(20));
    DataSplits splits = load();
    assertThat(splits.train().count()).isEqualTo(18);
    assertThat(splits.test().count()).isEqualTo(2);
    assertThat(splits.description()).contains("no test images", "2 drawn with a fixed seed", "18");
    assertThat(splits.test().labels()).hasSize(2);
  }

  @Test
  void prefersThePlainFileToItsGzip() throws IOException {
    write("train-images-idx3-ubyte", TRAIN);
    write("train-images-idx3-ubyte.gz", TEST);
    assertThat(load().train().count()).isEqualTo(18);
  }

  @Test
  void refusesWhatDoesNotFitTogether() throws IOException {
    refused("has no train-images-idx3-ubyte");
    write("train-images-idx3-ubyte", TRAIN);
    write("t10k-labels-idx1-ubyte", IdxBytes.labels(6));
    refused("t10k-labels-idx1-ubyte but no t10k-images-idx3-ubyte");
    write("t10k-images-idx3-ubyte", TEST);
    write("train-labels-idx1-ubyte", IdxBytes.labels(19));
    refused("train-labels-idx1-ubyte: 19 labels, want 20");
    write("train-labels-idx1-ubyte", IdxBytes.labels(20));
    load();
    write("t10k-images-idx3-ubyte", IdxBytes.images(6, 4, 5, 2));
    refused("t10k-images-idx3-ubyte: images of 4 x 5, want 4 x 4");
    write("t10k-images-idx3-ubyte", TRAIN);
    refused("6 labels, want 20");
    write("test-images-idx3-ubyte", TEST);
    refused("both t10k-images-idx3-ubyte and test-images-idx3-ubyte");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 9, 10, 11, 19, 20, 1000})
  void splitIsAPartitionInFileOrder(int count) throws IOException {
    byte[] pixels = new byte[2 * count];
    for (int i = 0; i < count; i++) {
      pixels[2 * i] = (byte) (i >> 8);
      pixels[2 * i + 1] = (byte) i;
    }
    write("images.gz", IdxBytes.file(pixels, count, 1, 2));
    String file = folder.resolve("images.gz").toString();
    DataSplits splits = DataSource.load(file);
    int held = Math.max(1, count / 10);
    assertThat(splits.test().count()).isEqualTo(held);
    Set<Integer> all = new TreeSet<>();
    for (Images part : new Images[] {splits.train(), splits.test()}) {
      int last = -1;
      for (int i = 0; i < part.count(); i++) {
        int number = (part.pixels()[2 * i] & 0xFF) << 8 | (part.pixels()[2 * i + 1] & 0xFF);
        assertThat(number).isGreaterThan(last);
        last = number;
        all.add(number);
      }
    }
    assertThat(all).hasSize(count);
    assertThat(splits.description()).startsWith(file).contains(held + " drawn");
    assertThat(DataSource.load(file).test().pixels()).isEqualTo(splits.test().pixels());
    if (count == 1000) {
      // drawn, not cut from one end: 100 of 1,000 have a mean of 499.5 with standard deviation 27.4
      assertThat(all).hasSize(1000);
      double mean = 0;
      for (int i = 0; i < held; i++) {
        mean +=
            ((splits.test().pixels()[2 * i] & 0xFF) << 8
                    | (splits.test().pixels()[2 * i + 1] & 0xFF))
                / (double) held;
      }
      assertThat(mean).isBetween(499.5 - 4 * 27.4, 499.5 + 4 * 27.4);
    }
  }

  @Test
  void aSingleImageCannotBeSplit() throws IOException {
    write("one", IdxBytes.images(1, 2, 2, 1));
    assertThatThrownBy(() -> DataSource.load(folder.resolve("one").toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("want at least 2");
  }
}
