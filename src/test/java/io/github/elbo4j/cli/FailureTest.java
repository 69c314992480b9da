package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.Checkpoints;
import io.github.elbo4j.train.SafeTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees of a training that blew up and of a checkpoint that was damaged. */
final class FailureTest {
  @TempDir private Path folder;
  private Path data = Path.of("");
  private Path run = Path.of("");
  private Path newest = Path.of("");

  @BeforeEach
  void data() throws IOException {
    data = TinyImages.folder(folder.resolve("data"), 40, 10);
    run = folder.resolve("run");
    newest = run.resolve(Checkpoints.FILE);
  }

  private Cli.Run train(String... more) {
    return Cli.run(Cli.train(data, run, more));
  }

  @Test
  void aLossThatIsNotFiniteNamesStepTensorAndCheckpoint() throws IOException {
    String schedule = "steps:2e=1e33";
    String line =
        train("--epochs", "4", "--schedule", schedule, "--json").refusal(1); // epochs 1, 2 are good
    assertThat(line)
        .contains("step 8: ", " is not finite", newest + " (epoch 2)", "--learning-rate");
    assertThat(SafeTensors.read(newest).metadata("epoch")).isEqualTo("2");
    assertThat(Cli.run("evaluate", "--run", run.toString(), "--importance-samples", "5").exit())
        .isZero();
    assertThat(Cli.run("sample", "--run", run.toString()).exit()).isZero();
    run = folder.resolve("first");
    assertThat(train("--learning-rate", "1e30").refusal(1))
        .contains("step 2: ", "last good checkpoint: none yet");
  }

  /** Cuts everywhere near the header's edges and at a sample of other places. */
  @Test
  void aTruncatedOrFlippedCheckpointIsRefusedAndThePreviousOneIsThere() throws IOException {
    train("--epochs", "2").done();
    byte[] good = Files.readAllBytes(newest);
    Path previous = run.resolve(Checkpoints.PREVIOUS);
    byte[] before = Files.readAllBytes(previous);
    int header = 8 + (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    SplittableRandom random = new SplittableRandom(5);
    int[] edges = {0, 1, 7, 8, 9, header - 1, header, header + 1, good.length - 1};
    for (int i = 0; i < edges.length + 15; i++) {
      int at = i < edges.length ? edges[i] : random.nextInt(good.length);
      refused(Arrays.copyOf(good, at), "cut at " + at);
    }
    for (int i = 0; i < 40; i++) {
      byte[] flipped = good.clone();
      int at = i < 8 ? i : random.nextInt(header);
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      refused(flipped, "flipped at " + at);
    }
    assertThat(previous).hasBinaryContent(before);
    // The way out that the message names.
    Files.copy(previous, newest, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    train("--epochs", "2", "--resume").done();
    assertThat(newest).hasBinaryContent(good);
  }

  private void refused(byte[] damaged, String what) throws IOException {
    Files.write(newest, damaged);
    String evaluate = Cli.run("evaluate", "--run", run.toString()).refusal(1);
    String resume = train("--epochs", "3", "--resume").refusal(1);
    for (String line : new String[] {evaluate, resume}) {
      assertThat(line)
          .as(what)
          .contains(newest + ": ", "damaged", "the previous checkpoint is intact", "rename ");
    }
    assertThat(newest).as("left alone").hasBinaryContent(damaged);
  }
}
