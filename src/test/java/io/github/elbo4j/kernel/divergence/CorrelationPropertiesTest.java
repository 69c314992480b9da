package io.github.elbo4j.kernel.divergence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of the aggregated posterior, and what is refused. */
class CorrelationPropertiesTest {
  private static final int N = 5;
  private static final int D = 2;

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Tensor normal(long seed, int... dims) {
    SplittableRandom random = new SplittableRandom(seed);
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  /** q(z) of one sample under all N posteriors, by another library; of one dimension if i ≥ 0. */
  private static double exact(float[] z, Tensor mu, Tensor logVar, int dimension) {
    double q = 0;
    for (int j = 0; j < N; j++) {
      double logDensity = 0;
      for (int i = 0; i < D; i++) {
        if (dimension < 0 || dimension == i) {
          double sigma = Math.exp(0.5 * logVar.get(j * D + i));
          logDensity += new NormalDistribution(mu.get(j * D + i), sigma).logDensity(z[i]);
        }
      }
      q += Math.exp(logDensity) / N;
    }
    return q;
  }

  /**
   * Over all ways to fill a stratified minibatch of three with the two others, the estimate of
   * sample 0 has the mean q(z), for all dimensions and for each.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void stratifiedIsUnbiased(Backend k) {
    Tensor mu = normal(1, N, D);
    Tensor logVar = normal(2, N, D);
    float[] z = {0.3f, -0.4f};
    double joint = 0;
    double first = 0;
    int batches = 0;
    for (int a = 1; a < N; a++) {
      for (int b = 1; b < N; b++) {
        if (a != b) {
          Tensor logQ = Tensor.zeros(3);
          Tensor perDim = Tensor.zeros(3, D);
          Tensor zs = Tensor.of(new float[] {z[0], z[1], 0, 0, 0, 0}, 0, 3, D);
          k.correlation()
              .logDensities(
                  zs,
                  take(mu, 0, a, b),
                  take(logVar, 0, a, b),
                  N,
                  Weighting.STRATIFIED,
                  logQ,
                  perDim);
          joint += Math.exp(logQ.get(0));
          first += Math.exp(perDim.get(0));
          batches++;
        }
      }
    }
    assertThat(joint / batches).isCloseTo(exact(z, mu, logVar, -1), within(1e-6));
    assertThat(first / batches).isCloseTo(exact(z, mu, logVar, 0), within(1e-6));
  }

  private static Tensor take(Tensor t, int... rows) {
    Tensor taken = Tensor.zeros(rows.length, D);
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(t.array(), rows[r] * D, taken.array(), r * D, D);
    }
    return taken;
  }

  /** The weighted estimate is the mixture of the minibatch, over N times its size. */
  @ParameterizedTest
  @MethodSource("backends")
  void weightedIsTheMixtureOfTheBatch(Backend k) {
    Tensor mu = normal(3, N, D);
    Tensor logVar = normal(4, N, D);
    Tensor z = normal(5, 7, D);
    Tensor logQ = Tensor.zeros(7);
    Tensor perDim = Tensor.zeros(7, D);
    long examples = 1000;
    k.correlation().logDensities(z, mu, logVar, examples, Weighting.WEIGHTED, logQ, perDim);
    for (int r = 0; r < 7; r++) {
      float[] row = {z.get(r * D), z.get(r * D + 1)};
      double shift = Math.log((double) examples);
      assertThat((double) logQ.get(r))
          .isCloseTo(Math.log(exact(row, mu, logVar, -1)) - shift, within(1e-5));
      for (int i = 0; i < D; i++) {
        assertThat((double) perDim.get(r * D + i))
            .isCloseTo(Math.log(exact(row, mu, logVar, i)) - shift, within(1e-5));
      }
    }
  }

  /** A single dimension has no total correlation. */
  @ParameterizedTest
  @MethodSource("backends")
  void oneDimensionHasNoTotalCorrelation(Backend k) {
    int b = 40;
    Tensor one = normal(6, b, 1);
    Tensor logVar = Tensor.zeros(b, 1);
    Tensor logQ = Tensor.zeros(b);
    Tensor perDim = Tensor.zeros(b, 1);
    k.correlation().logDensities(one, one, logVar, b, Weighting.STRATIFIED, logQ, perDim);
    for (int r = 0; r < b; r++) {
      assertThat(logQ.get(r)).isCloseTo(perDim.get(r), within(2e-6f));
    }
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void badArgumentsAreRefused() {
    CorrelationKernels k = Backends.simd().correlation();
    Tensor mu = Tensor.zeros(3, 2);
    Tensor logQ = Tensor.zeros(3);
    Tensor perDim = Tensor.zeros(3, 2);
    Tensor z = Tensor.zeros(3, 2);
    refused(
        () -> k.logDensities(Tensor.zeros(3, 4), mu, mu, 9, Weighting.WEIGHTED, logQ, perDim),
        "logDensities: z [3,4] must have 2 columns");
    refused(
        () -> k.logDensities(z, mu, mu, 2, Weighting.WEIGHTED, logQ, perDim),
        "logDensities: examples 2 must be at least the 3 rows of mu");
    refused(
        () ->
            k.logDensities(
                Tensor.zeros(4, 2),
                mu,
                mu,
                9,
                Weighting.STRATIFIED,
                Tensor.zeros(4),
                Tensor.zeros(4, 2)),
        "logDensities: stratified weighting needs z [4,2] to have the rows of mu [3,2], at least"
            + " 2");
    refused(
        () -> k.logDensities(z, mu, mu, 9, Weighting.WEIGHTED, logQ, z),
        "logDensities: logQPerDim must not share memory with z");
    refused(
        () -> k.logDensities(z, Tensor.zeros(0, 2), mu, 9, Weighting.WEIGHTED, logQ, perDim),
        "logDensities: mu [0,2] must have at least one row");
  }
}
