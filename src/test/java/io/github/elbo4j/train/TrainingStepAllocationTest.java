package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.objective.Objectives;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training step allocates nothing once it is compiled, with a short last batch (100) or not. */
@Tag("allocation")
class TrainingStepAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int STEPS = 50;

  @ParameterizedTest
  @CsvSource({
    "bernoulli, true, 128, 1",
    "bernoulli, true, 128, 2",
    "bernoulli, true, 100, 1",
    "gaussian:element, false, 128, 1",
    "gaussian:element, false, 128, 2",
    "gaussian:element, false, 100, 2"
  })
  void aStepAllocatesNothing(String likelihood, boolean dynamic, int images, int threads) {
    Elbo elbo = new Elbo(1, 100, dynamic ? 0 : 0.05);
    assertAllocatesNothing(
        threads, () -> new StepFixture(Backends.simd(), likelihood, elbo, images, dynamic));
  }

  @ParameterizedTest
  @CsvSource({
    "full, normal, ANY, 1",
    "planar:3, normal, ANY, 2",
    "radial:2:shared, normal, ANY, 1",
    "sylvester:2, normal, ANY, 1",
    "householder:2, normal, STICKING_THE_LANDING, 1",
    "realnvp:2:16, flow:2:16, ANY, 2",
    "spline:2:16, normal, STICKING_THE_LANDING, 1",
    "iaf:2:16, normal, ANY, 1",
    "maf:1:16, normal, STICKING_THE_LANDING, 1",
    "vgp, normal, ANY, 2"
  })
  void posteriorsAndPriorsAllocateNothing(
      String posterior, String prior, Elbo.Form form, int threads) {
    Elbo elbo = new Elbo(1, Annealing.NONE, 0, form);
    assertAllocatesNothing(
        threads,
        () -> new StepFixture(Backends.simd(), posterior, prior, "bernoulli", elbo, 100, false));
  }

  /** 100 images: the last batch is short. */
  @ParameterizedTest
  @CsvSource({
    "capacity:10:5, pathwise, bernoulli",
    "iwae:3, dreg, continuous-bernoulli",
    "chi:2:3, pathwise, categorical:4",
    "tcvae:3, stl, logistic256",
    "factor:5, pathwise, laplace:element",
    "mmd:3:wae, pathwise, bernoulli"
  })
  void aStepOfAnyObjectiveAllocatesNothing(String objective, String estimator, String likelihood) {
    ObjectiveSpec spec = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    assertAllocatesNothing(1, () -> new StepFixture(Backends.simd(), likelihood, spec, 100, false));
  }

  @ParameterizedTest
  @CsvSource({
    "concrete:4x3, elbo, pathwise",
    "categorical:4x3, elbo, gumbel",
    "categorical:4x3, elbo, score",
    "categorical:4x3, elbo, score:learned",
    "binary:6, elbo, score:optimal",
    "binary:6, elbo, st-gumbel",
    "categorical:4x3, iwae:3, vimco",
    "categorical:4x3, elbo, relax",
    "diagonal, elbo, score:constant"
  })
  void estimatorsForDiscreteLatentsAllocateNothing(
      String posterior, String objective, String estimator) {
    ObjectiveSpec spec = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    assertAllocatesNothing(
        1,
        () -> new StepFixture(Backends.simd(), posterior, "normal", "bernoulli", spec, 100, true));
  }

  private static void assertAllocatesNothing(int threads, Supplier<StepFixture> made) {
    int before = Parallel.threads();
    try {
      Parallel.setThreads(threads);
      StepFixture fixture = made.get();
      long step = 0;
      long bytes = Long.MAX_VALUE;
      // Compilation happens in the background, late on a busy machine.
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (bytes > 0 && System.nanoTime() < deadline) {
        long end = System.nanoTime() + 100_000_000;
        while (System.nanoTime() < end) {
          fixture.step.run(step++, "none");
        }
        long start = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < STEPS; i++) {
          fixture.step.run(step++, "none");
        }
        bytes = THREADS.getCurrentThreadAllocatedBytes() - start;
      }
      assertThat(bytes).as("bytes allocated by %d steps", STEPS).isZero();
    } finally {
      Parallel.setThreads(before);
    }
  }
}
