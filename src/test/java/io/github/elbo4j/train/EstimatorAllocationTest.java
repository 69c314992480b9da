package io.github.elbo4j.train;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.objective.Objectives;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training step allocates nothing once it is compiled: estimators and discrete latents. */
@Tag("allocation")
class EstimatorAllocationTest {
  @ParameterizedTest
  @CsvSource({
    "concrete:4x3, elbo, pathwise",
    "categorical:4x3, elbo, gumbel",
    "categorical:4x3, elbo, score",
    "categorical:4x3, elbo, score:learned",
    "binary:6, elbo, score:optimal",
    "binary:6, elbo, st-gumbel",
    "categorical:4x3, iwae:3, vimco",
    "diagonal, elbo, score:constant"
  })
  void estimatorsForDiscreteLatentsAllocateNothing(
      String posterior, String objective, String estimator) {
    ObjectiveSpec spec = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    StepAllocation.assertAllocatesNothing(
        1,
        () -> new StepFixture(Backends.simd(), posterior, "normal", "bernoulli", spec, 100, true));
  }
}
