package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointsTest {
  private static final int ELEMENTS = 200_000;

  @TempDir private Path folder;

  private static SafeTensorsWriter checkpoint(int epoch) {
    float[] weights = new float[ELEMENTS];
    java.util.Arrays.fill(weights, epoch);
    return new SafeTensorsWriter()
        .metadata("epoch", Integer.toString(epoch))
        .f32("weights", new int[] {ELEMENTS}, weights, 0);
  }

  /** A process of its own that writes checkpoints until it is killed. */
  static final class Endless {
    private Endless() {}

    public static void main(String[] args) throws IOException {
      int epoch = Integer.parseInt(args[1]);
      for (; ; ) {
        Checkpoints.write(Path.of(args[0]), checkpoint(++epoch));
        if (epoch % 2 == 0) {
          System.out.println(epoch);
        }
      }
    }
  }

  private int epochOf(String file) throws IOException {
    SafeTensors read = SafeTensors.read(folder.resolve(file));
    int epoch = Integer.parseInt(read.metadata("epoch"));
    assertThat(read.f32("weights", ELEMENTS)).containsOnly(epoch);
    return epoch;
  }

  @Test
  void keepsThePreviousOne() throws IOException {
    Checkpoints.write(folder, checkpoint(1));
    assertThat(folder.resolve(Checkpoints.PREVIOUS)).doesNotExist();
    Checkpoints.write(folder, checkpoint(2));
    Checkpoints.write(folder, checkpoint(3));
    assertThat(Checkpoints.load(folder).metadata("epoch")).isEqualTo("3");
    assertThat(epochOf(Checkpoints.PREVIOUS)).isEqualTo(2);
  }

  @Test
  void aFailedWriteLeavesBothWhole() throws IOException {
    Checkpoints.write(folder, checkpoint(1));
    Checkpoints.write(folder, checkpoint(2));
    assertThatThrownBy(() -> Checkpoints.write(folder, checkpoint(3).metadata("x\ud800", "")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(epochOf(Checkpoints.FILE)).isEqualTo(2);
    assertThat(epochOf(Checkpoints.PREVIOUS)).isBetween(1, 2);
  }

  @Test
  void survivesSigkillAtRandomMoments() throws Exception {
    Random random = new Random(7);
    int epoch = 0;
    for (int kill = 0; kill < 8; kill++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Endless.class.getName(),
                  folder.toString(),
                  Integer.toString(epoch))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (var output = process.inputReader()) {
        assertThat(output.readLine()).as("it has started to write").isNotNull();
        TimeUnit.MICROSECONDS.sleep(random.nextInt(60_000));
      } finally {
        process.destroyForcibly().waitFor();
      }
      int before = epoch;
      epoch = epochOf(Checkpoints.FILE);
      assertThat(epoch).isGreaterThan(before);
      // Equal when it was killed after the copy and before the new one took its place.
      assertThat(epochOf(Checkpoints.PREVIOUS)).isBetween(epoch - 1, epoch);
    }
    Checkpoints.write(folder, checkpoint(epoch + 1));
    try (var names = Files.list(folder)) {
      List<String> left = names.map(p -> p.getFileName().toString()).sorted().toList();
      assertThat(left).containsExactly(Checkpoints.PREVIOUS, Checkpoints.FILE);
    }
  }

  @Test
  void aDamagedOneIsRefusedAndThePreviousOneOffered() throws IOException {
    Checkpoints.write(folder, checkpoint(1));
    Checkpoints.write(folder, checkpoint(2));
    Path newest = folder.resolve(Checkpoints.FILE);
    Path previous = folder.resolve(Checkpoints.PREVIOUS);
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length - 1] ^= 1;
    Files.write(newest, bytes);
    assertThatThrownBy(() -> Checkpoints.load(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            newest
                + ": damaged, the content does not match its checksum: the previous checkpoint is"
                + " intact: to go on from it, rename "
                + previous
                + " to checkpoint.safetensors and use --resume");
    Files.move(previous, newest, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(Checkpoints.load(folder).metadata("epoch")).isEqualTo("1");
  }

  @Test
  void bothDamagedOrNoneThere() throws IOException {
    assertThatThrownBy(() -> Checkpoints.load(folder))
        .hasMessage(
            folder.resolve(Checkpoints.FILE)
                + ": there is no such checkpoint: there is no previous checkpoint either, so train"
                + " again without --resume");
    Files.write(folder.resolve(Checkpoints.FILE), new byte[3]);
    assertThatThrownBy(() -> Checkpoints.load(folder))
        .hasMessageContaining("the file has only 3 bytes")
        .hasMessageContaining("no previous checkpoint either");
    Files.write(folder.resolve(Checkpoints.PREVIOUS), new byte[5]);
    assertThatThrownBy(() -> Checkpoints.load(folder))
        .hasMessageContaining("the file has only 3 bytes")
        .hasMessageContaining("cannot be used either (damaged, the file has only 5 bytes)");
  }

  @Test
  void aMissingNewestPointsToThePrevious() throws IOException {
    Checkpoints.write(folder, checkpoint(1));
    Checkpoints.write(folder, checkpoint(2));
    Files.delete(folder.resolve(Checkpoints.FILE));
    assertThatThrownBy(() -> Checkpoints.load(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("there is no such checkpoint: the previous checkpoint is intact");
  }
}
