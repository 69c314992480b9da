package io.github.elbo4j.train;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.objective.Objectives;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training step allocates nothing once it is compiled: objectives and likelihoods. */
@Tag("allocation")
class ObjectiveAllocationTest {
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
    StepAllocation.assertAllocatesNothing(
        1, () -> new StepFixture(Backends.simd(), likelihood, spec, 100, false));
  }
}
