package io.github.elbo4j.train;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.vi.Elbo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training step allocates nothing once it is compiled, with a short last batch (100) or not. */
@Tag("allocation")
class TrainingStepAllocationTest {
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
    StepAllocation.assertAllocatesNothing(
        threads, () -> new StepFixture(Backends.simd(), likelihood, elbo, images, dynamic));
  }
}
