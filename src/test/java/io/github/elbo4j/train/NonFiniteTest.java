package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.testkit.TinyImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training that meets a NaN or an infinity stops, says where, and leaves the last good state. */
final class NonFiniteTest {
  private static final DataSplits DATA = TinyImages.splits(40, 12);
  private static final int PER_EPOCH = 3;

  private static final Trainer.Listener NOBODY =
      new Trainer.Listener() {
        @Override
        public void step(int epoch, int done, int total, float loss) {}

        @Override
        public void epoch(EpochMetrics metrics) {}
      };

  @TempDir private Path folder;

  private static RunConfig config(int epochs, Object... more) {
    RunConfigBuilder builder = RunConfig.builder();
    builder.set("epochs", epochs).set("batch", 16).set("latent", 3).set("hidden", List.of(12));
    for (int i = 0; i < more.length; i += 2) {
      builder.set((String) more[i], more[i + 1]);
    }
    return builder.build();
  }

  private NonFiniteException fails(RunConfig config, boolean resume) {
    return catchThrowableOfType(
        NonFiniteException.class,
        () -> new Trainer(config, DATA, Backends.simd(), folder, NOBODY).run(resume));
  }

  @ParameterizedTest
  @CsvSource({"1e30, 16", "1e18, 16", "1e30, 1000", "1e37, 1000"})
  void aHugeLearningRateStopsTheFirstEpoch(double rate, int batch) throws IOException {
    NonFiniteException e = fails(config(2, "learning-rate", rate, "batch", batch), false);
    assertThat(e.step()).isBetween(1L, (long) PER_EPOCH);
    assertThat(e.tensor()).isNotBlank();
    assertThat(e)
        .hasMessage(
            "step %d: %s is not finite; last good checkpoint: none yet; go on with --resume and a lower --learning-rate or a --clip-norm"
                .formatted(e.step(), e.tensor()));
    assertThat(folder.resolve(Checkpoints.FILE)).doesNotExist();
    assertThat(folder.resolve(MetricsLog.FILE)).doesNotExist();
  }

  @Test
  void aPoisonedParameterIsNamed() {
    // Decay of 1e38·1e10 times a weight overflows it in the first update.
    NonFiniteException e = fails(config(1, "learning-rate", 1e38, "weight-decay", 1e10), false);
    assertThat(e.step()).isEqualTo(2);
    assertThat(e.tensor()).isEqualTo("parameter encoder.0.weight");
    // The only step of an epoch: found before pictures or a checkpoint are made of it.
    NonFiniteException last =
        fails(config(1, "learning-rate", 1e38, "weight-decay", 1e10, "batch", 40, "seed", 2), true);
    assertThat(last.step()).isEqualTo(1);
    assertThat(last.tensor()).isEqualTo("parameter encoder.0.weight after the update");
    assertThat(folder.resolve("samples")).doesNotExist();
  }

  /** The learning rate becomes 1e30 in the middle, or for the last step, of the third epoch. */
  @ParameterizedTest
  @CsvSource({"7, 9", "8, 9", "6, 8"})
  void theLastGoodCheckpointIsNamedAndStaysUsable(int from, long step) throws IOException {
    RunConfig config = config(4, "schedule", "steps:" + from + "=1e33", "polyak", 0.5);
    NonFiniteException e = fails(config, false);
    Path checkpoint = folder.resolve(Checkpoints.FILE);
    assertThat(e.step()).isEqualTo(step);
    assertThat(e).hasMessageContaining("last good checkpoint: " + checkpoint + " (epoch 2)");
    byte[] kept = Files.readAllBytes(checkpoint);
    assertThat(RunCheckpoint.read(Checkpoints.load(folder), folder).epoch()).isEqualTo(2);
    assertThat(new MetricsLog(folder.resolve(MetricsLog.FILE)).read()).hasSize(2);
    TrainedRun run = TrainedRun.open(folder, Backends.simd());
    EpochMetrics second = new MetricsLog(folder.resolve(MetricsLog.FILE)).read().getLast();
    TrainedRun.Report report = run.evaluate(DATA.test(), 10, null, (done, total) -> {});
    assertThat(report.elbo()).isEqualTo(second.testElbo());
    // Going on with the same settings meets the same end, with the same message.
    assertThat(fails(config, true)).hasMessage(e.getMessage());
    assertThat(checkpoint).hasBinaryContent(kept);
  }
}
