package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.Checkpoints;
import io.github.elbo4j.train.EpochMetrics;
import io.github.elbo4j.train.MetricsLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is killed at random moments ends with the very bits of one that is not. */
final class KillTest {

  /** So many epochs that no run ends before it is killed, however late that is. */
  private static final int ENDLESS = 1_000_000;

  @TempDir private Path folder;

  private static String[] flags(int epochs, String... more) {
    List<String> flags = new ArrayList<>(List.of("--epochs", Integer.toString(epochs)));
    flags.addAll(List.of("--polyak", "0.9", "--binarize", "dynamic"));
    flags.addAll(List.of(more));
    return flags.toArray(String[]::new);
  }

  @Test
  void killedThreeTimes() throws Exception {
    killedAndResumed(3, 11);
  }

  @Test
  @Tag("verify")
  void killedTenTimes() throws Exception {
    killedAndResumed(10, 12);
  }

  private void killedAndResumed(int kills, long seed) throws Exception {
    Path data = TinyImages.folder(folder.resolve("data"), 100, 20);
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    SplittableRandom random = new SplittableRandom(seed);
    int inTheMiddle = 0;
    for (int kill = 0; kill < kills; kill++) {
      String[] args = Cli.train(data, killed, flags(ENDLESS, "--resume"));
      try (JavaProcess child = JavaProcess.start(folder, JavaProcess.VECTOR, Main.class, args)) {
        // Every second one is killed before its first epoch, as far as the moment has it.
        String sign = kill % 2 == 0 ? "epoch " : "backend: ";
        child.await(said -> said.contains(sign));
        TimeUnit.MICROSECONDS.sleep(random.nextInt(60_000));
        inTheMiddle += child.kill() ? 1 : 0;
      }
    }
    assertThat(inTheMiddle).as("kills that met a running training").isEqualTo(kills);
    List<EpochMetrics> before = new MetricsLog(killed.resolve(MetricsLog.FILE)).read();
    assertThat(before).as("epochs done by the killed").isNotEmpty();
    int epochs = before.size() + 2;
    Cli.run(Cli.train(data, killed, flags(epochs, "--resume"))).done();
    Cli.run(Cli.train(data, whole, flags(epochs))).done();
    for (String file :
        List.of(
            Checkpoints.FILE, Checkpoints.PREVIOUS, "samples/epoch-%04d.png".formatted(epochs))) {
      assertThat(killed.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    assertThat(scores(killed)).isEqualTo(scores(whole)).hasSize(epochs);
    try (var files = Files.walk(killed)) {
      assertThat(files.map(Path::toString).filter(f -> f.endsWith(".part"))).isEmpty();
    }
  }

  /** The lock is the operating system's: it keeps others out, and goes with a killed process. */
  @Test
  void twoProcessesDoNotTrainInOneFolder() throws Exception {
    Path data = TinyImages.folder(folder.resolve("data"), 100, 20);
    Path run = folder.resolve("run");
    String[] args = Cli.train(data, run, "--epochs", Integer.toString(ENDLESS));
    try (JavaProcess child = JavaProcess.start(folder, JavaProcess.VECTOR, Main.class, args)) {
      child.await(said -> said.contains("epoch 2/"));
      // Were it let in, it would stop at once: more epochs than these are done.
      String second =
          Cli.run("train", "--out", run.toString(), "--epochs", "1", "--resume").refusal(1);
      assertThat(second).isEqualTo("elbo4j train: another elbo4j is training in " + run);
      assertThat(child.kill()).isTrue();
    }
    int done = new MetricsLog(run.resolve(MetricsLog.FILE)).read().size();
    String epochs = Integer.toString(done + 1);
    Cli.run("train", "--out", run.toString(), "--epochs", epochs, "--resume").done();
  }

  /** The metrics without their times. */
  private static List<List<Number>> scores(Path run) throws Exception {
    return new MetricsLog(run.resolve(MetricsLog.FILE))
        .read().stream()
            .map(
                m ->
                    List.<Number>of(
                        m.epoch(),
                        m.step(),
                        m.trainElbo(),
                        m.testElbo(),
                        m.reconstruction(),
                        m.kl(),
                        m.activeUnits()))
            .toList();
  }
}
