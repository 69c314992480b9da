package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.objective.Objectives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs with discrete latents: resumed to the bit, the same on both backends and any threads. */
final class DiscreteRunTest {
  private static final DataSplits TINY = TinyImages.splits(40, 12);

  @TempDir private Path folder;

  private static Trainer.Listener stop(int last) {
    return new Trainer.Listener() {
      private int steps;

      @Override
      public void step(int epoch, int done, int total, float loss) {
        if (++steps == last) {
          throw new IllegalStateException("killed");
        }
      }

      @Override
      public void epoch(EpochMetrics m) {
        assertThat(List.of(m.trainElbo(), m.testElbo(), m.kl())).allMatch(Double::isFinite);
      }
    };
  }

  @ParameterizedTest
  @CsvSource({"categorical:2x3, score:learned", "binary:4, relax", "concrete:2x3:0.5, pathwise"})
  void resumesToTheBit(String posterior, String estimator) throws IOException {
    RunConfig config =
        RunConfig.builder()
            .set("epochs", 3)
            .set("batch", 16)
            .set("hidden", List.of(12))
            .set("posterior", posterior)
            .set("estimator", estimator)
            .build();
    new Trainer(config, TINY, Backends.simd(), folder.resolve("whole"), stop(-1)).run(false);
    Path killed = folder.resolve("killed");
    assertThatThrownBy(() -> new Trainer(config, TINY, Backends.simd(), killed, stop(5)).run(false))
        .hasMessage("killed");
    new Trainer(config, TINY, Backends.simd(), killed, stop(-1)).run(true);
    assertThat(Files.readAllBytes(killed.resolve(Checkpoints.FILE)))
        .isEqualTo(Files.readAllBytes(folder.resolve("whole").resolve(Checkpoints.FILE)));
  }

  /** One picture is left for the last of each four batches: 97 = 32 + 32 + 32 + 1. */
  @ParameterizedTest
  @CsvSource({
    "concrete:4x3, elbo, pathwise",
    "concrete:4x3, iwae:3, pathwise",
    "concrete:4x3, elbo, score",
    "categorical:4x3, beta:2, gumbel",
    "binary:6, elbo, st-gumbel:0.5",
    "categorical:4x3, elbo, score:learned",
    "binary:6, elbo, score:optimal",
    "categorical:4x3, iwae:3, vimco",
    "binary:6, elbo, rebar:0.5:0.9",
    "categorical:4x3, elbo, relax",
    "diagonal, elbo, score:constant",
    "'layers:4,2', iwae:3, vimco"
  })
  void trainsTheSameOnAnyNumberOfThreads(String posterior, String objective, String estimator) {
    ObjectiveSpec spec = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    int before = Parallel.threads();
    try {
      Parallel.setThreads(1);
      float[] one = losses(posterior, spec);
      Parallel.setThreads(3);
      assertThat(losses(posterior, spec)).containsExactly(one);
      for (float loss : one) {
        assertThat(loss).isFinite();
      }
    } finally {
      Parallel.setThreads(before);
    }
  }

  private static float[] losses(String posterior, ObjectiveSpec spec) {
    return new StepFixture(Backends.simd(), posterior, "normal", "bernoulli", spec, 97, true)
        .losses(5);
  }
}
