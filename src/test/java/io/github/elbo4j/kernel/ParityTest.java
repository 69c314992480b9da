package io.github.elbo4j.kernel;

import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import java.util.List;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case of every family: SIMD against the reference, and the same bits for any number of
 * threads.
 */
@Isolated
class ParityTest {
  static List<KernelCase> cases() {
    return Families.parity();
  }

  static List<GradCase> gradients() {
    return Families.gradients();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void simdMatchesReferenceForAnyNumberOfThreads(KernelCase kernel) {
    for (long seed = 1; seed <= 2; seed++) {
      Fixture reference = run(kernel, seed, Backends.reference());
      int threads = Parallel.threads();
      try {
        Parallel.setThreads(1);
        Fixture one = run(kernel, seed, Backends.simd());
        one.assertMatches(reference);
        Parallel.setThreads(3);
        run(kernel, seed, Backends.simd()).assertSameBits(one);
      } finally {
        Parallel.setThreads(threads);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("gradients")
  void referenceGradientIsTheDerivative(GradCase gradient) {
    gradient.check().run();
  }

  private static Fixture run(KernelCase kernel, long seed, Backend backend) {
    Fixture fixture = new Fixture(seed);
    kernel.setup().prepare(fixture).run(backend);
    return fixture;
  }
}
