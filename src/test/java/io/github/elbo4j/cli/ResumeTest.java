package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.Checkpoints;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.SafeTensors;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a resumed run keeps from before, and what it may change. */
final class ResumeTest {
  @TempDir private Path folder;
  private Path data = Path.of("");
  private Path run = Path.of("");

  @BeforeEach
  void data() throws IOException {
    data = TinyImages.folder(folder.resolve("data"), 40, 10);
    run = folder.resolve("run");
  }

  private Cli.Run train(String... more) {
    return Cli.run(Cli.train(data, run, more));
  }

  private RunConfig config() throws IOException {
    return TrainedRun.config(run);
  }

  @Test
  void aPathOfTheDataIsKeptSoThatItHoldsInEveryFolder() throws IOException {
    Path absolute = data;
    data = Path.of("").toAbsolutePath().relativize(absolute);
    assertThat(data.isAbsolute()).isFalse();
    train("--epochs", "1").done();
    assertThat(config().data()).isEqualTo(absolute.toString());
    train("--epochs", "2", "--resume").done(); // typed as it was
    data = absolute.resolve("..").resolve("data"); // and the same in other words
    train("--epochs", "3", "--resume").done();
    assertThat(config().data()).isEqualTo(absolute.toString());
    Path toml = run.resolve(RunConfig.FILE); // written by hand, or before paths were made absolute
    Path relative = Path.of("").toAbsolutePath().relativize(absolute);
    Files.writeString(
        toml, Files.readString(toml).replace(absolute.toString(), relative.toString()));
    train("--epochs", "3", "--resume").done();
    data = TinyImages.folder(folder.resolve("copy"), 40, 10);
    assertThat(train("--epochs", "4", "--resume").refusal(2)).contains("data of the run");
    String[] named = {"train", "--data", "embedded", "--out", folder.resolve("named").toString()};
    Cli.run(with(named, "--epochs", "1", "--hidden", "4", "--latent", "2")).done();
    assertThat(TrainedRun.config(folder.resolve("named")).data()).isEqualTo("embedded");
  }

  private static String[] with(String[] args, String... more) {
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return all;
  }

  /** The advice of the message is one that can be followed. */
  @Test
  void aRunThatBlewUpGoesOnMoreGently() throws IOException {
    String line = train("--epochs", "4", "--schedule", "steps:2e=1e33").refusal(1);
    assertThat(line)
        .endsWith("go on with --resume and a lower --learning-rate or a --clip-norm")
        .contains("(epoch 2)");
    Cli.Run gentler =
        train(
                "--resume",
                "--schedule",
                "cosine:12",
                "--learning-rate",
                "1e-4",
                "--clip-norm",
                "1",
                "--weight-decay",
                "0.01")
            .done();
    assertThat(gentler.err()).contains("learning-rate: 0.001 so far, 1.0E-4 from here on");
    RunConfig now = config();
    assertThat(now.schedule()).isEqualTo("cosine:12");
    assertThat(now.learningRate()).isEqualTo(1e-4);
    assertThat(now.clipNorm()).isEqualTo(1);
    assertThat(now.weightDecay()).isEqualTo(0.01);
    assertThat(SafeTensors.read(run.resolve(Checkpoints.FILE)).metadata("epoch")).isEqualTo("4");
    run = folder.resolve("first");
    assertThat(train("--learning-rate", "1e30").refusal(1)).contains("none yet");
    train("--learning-rate", "1e-3", "--epochs", "1", "--resume").done();
  }

  @Test
  void otherDataOfTheSameSizeAreRefused() throws IOException {
    train("--epochs", "1").done();
    String before = SafeTensors.read(run.resolve(Checkpoints.FILE)).metadata("data.sha256");
    assertThat(HexFormat.of().parseHex(before)).hasSize(32);
    for (String file : new String[] {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte"}) {
      Path path = data.resolve(file);
      byte[] good = Files.readAllBytes(path);
      byte[] other = good.clone();
      other[other.length - 1] ^= 1;
      Files.write(path, other);
      assertThat(train("--epochs", "2", "--resume").refusal(1))
          .contains("trained on other data", before, data.toString());
      Files.write(path, good);
    }
    train("--epochs", "2", "--resume").done();
  }

  @Test
  void theBackendThatRanIsKeptAndAChangeIsSaid() throws IOException {
    train("--epochs", "1").done();
    Path checkpoint = run.resolve(Checkpoints.FILE);
    assertThat(SafeTensors.read(checkpoint).metadata("backend")).isEqualTo("simd");
    assertThat(train("--epochs", "2", "--resume").done().err()).doesNotContain("so far");
    assertThat(train("--epochs", "3", "--resume", "--backend", "reference").done().err())
        .containsOnlyOnce("trained with simd so far and goes on with reference");
    assertThat(SafeTensors.read(checkpoint).metadata("backend")).isEqualTo("reference");
  }
}
