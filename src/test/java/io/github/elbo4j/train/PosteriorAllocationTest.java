package io.github.elbo4j.train;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training step allocates nothing once it is compiled: posteriors and priors. */
@Tag("allocation")
class PosteriorAllocationTest {
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
    "maf:1:16, normal, STICKING_THE_LANDING, 1"
  })
  void posteriorsAndPriorsAllocateNothing(
      String posterior, String prior, Elbo.Form form, int threads) {
    Elbo elbo = new Elbo(1, Annealing.NONE, 0, form);
    StepAllocation.assertAllocatesNothing(
        threads,
        () -> new StepFixture(Backends.simd(), posterior, prior, "bernoulli", elbo, 100, false));
  }
}
