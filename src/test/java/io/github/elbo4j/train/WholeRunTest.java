package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.vi.Elbo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Twenty steps over epochs whose last batch is short, from one seed. */
class WholeRunTest {
  private static final int STEPS = 20;

  /** 100 = 32 + 32 + 32 + 4. */
  private static final int IMAGES = 100;

  private static final Elbo WARM = new Elbo(2, 10, 0.05);
  private static final Elbo PLAIN = new Elbo(1, 0, 0);

  /**
   * Losses agree to 5e-4 + 1e-5·|loss|: rounding errors do not pile up over the steps. A Gaussian's
   * loss near 0 is what is left of terms of some 500 nats (196 pixels), of which 5e-4 are 16 ε:
   * what a sum is allowed elsewhere, and what vectors of four lanes need.
   */
  @ParameterizedTest
  @CsvSource({
    "bernoulli, false",
    "bernoulli, true",
    "gaussian:0.3, false",
    "gaussian:scalar, false",
    "gaussian:dimension, false",
    "gaussian:element, false"
  })
  void simdTrainsAsTheReferenceDoes(String likelihood, boolean dynamic) {
    Elbo elbo = dynamic ? WARM : PLAIN;
    float[] simd =
        new StepFixture(Backends.simd(), likelihood, elbo, IMAGES, dynamic).losses(STEPS);
    float[] reference =
        new StepFixture(Backends.reference(), likelihood, elbo, IMAGES, dynamic).losses(STEPS);
    for (int i = 0; i < STEPS; i++) {
      double wanted = reference[i];
      assertThat((double) simd[i])
          .as("%s: loss of step %d", likelihood, i)
          .isCloseTo(wanted, within(5e-4 + 1e-5 * Math.abs(wanted)));
    }
    // A Bernoulli model starts at the mean picture and needs more steps to beat it: TrainerTest.
    if (likelihood.startsWith("gaussian")) {
      assertThat(reference[STEPS - 2]).as("it trains").isLessThan(reference[0] - 1);
    }
  }

  @ParameterizedTest
  @CsvSource({"bernoulli, true", "gaussian:element, false", "gaussian:dimension, false"})
  void anyNumberOfThreadsGivesTheSameBits(String likelihood, boolean dynamic) {
    int before = Parallel.threads();
    try {
      int[] one = bits(likelihood, dynamic, 1);
      assertThat(bits(likelihood, dynamic, 2)).isEqualTo(one);
      assertThat(bits(likelihood, dynamic, 3)).isEqualTo(one);
    } finally {
      Parallel.setThreads(before);
    }
  }

  private static int[] bits(String likelihood, boolean dynamic, int threads) {
    Parallel.setThreads(threads);
    StepFixture fixture = new StepFixture(Backends.simd(), likelihood, WARM, IMAGES, dynamic);
    fixture.losses(STEPS);
    float[] values = fixture.parameters.values().toArray();
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
