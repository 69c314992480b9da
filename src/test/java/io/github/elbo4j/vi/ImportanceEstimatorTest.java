package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.GaussianLikelihood.Variance;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Memory and edges; that the estimates are right is shown by {@link LinearGaussianTest}. */
class ImportanceEstimatorTest {
  private static final int DATA = 30;

  private static Vae.Spec spec(LikelihoodSpec likelihood) {
    return new Vae.Spec(
        DATA, List.of(8), 3, Activation.TANH, likelihood, new LogVarBounds(-10, 10));
  }

  private static ImportanceEstimator estimator() {
    Vae.Spec spec = spec(LikelihoodSpec.parse("bernoulli"));
    return new ImportanceEstimator(new Vae(spec, spec.parameters(1, null)), Backends.simd());
  }

  @Test
  void memoryDoesNotGrowWithTheNumberOfSamples() {
    ImportanceEstimator estimator = estimator();
    Tensor x = Tensor.zeros(20, DATA);
    double[] out = new double[20];
    estimator.logLikelihood(Observed.of(x), 100, new NoiseKey(1, 1), out, 0);
    long capacity = estimator.capacity();
    assertThat(capacity).isPositive();
    for (int samples : new int[] {5000, 5001, 33}) {
      estimator.logLikelihood(Observed.of(x), samples, new NoiseKey(1, 1), out, 0);
      assertThat(estimator.capacity()).as("%d samples", samples).isEqualTo(capacity);
    }
    assertThat(Arrays.stream(out)).allMatch(Double::isFinite);
  }

  @Test
  void anInfiniteWeightIsReported() {
    Vae.Spec spec = spec(new LikelihoodSpec.GaussianSpec(Variance.FIXED, -Float.MAX_VALUE));
    Parameters parameters = spec.parameters(1, null);
    parameters.values().fill(0);
    Tensor x = Tensor.zeros(3, DATA);
    x.array()[0] = Float.NaN; // point 0 is not a number, points 1 and 2 hit their mean exactly
    double[] out = new double[3];
    ImportanceEstimator estimator =
        new ImportanceEstimator(new Vae(spec, parameters), Backends.reference());
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> estimator.logLikelihood(Observed.of(x), 4, new NoiseKey(1, 1), out, 0))
        .withMessage("logLikelihood: data point 1 of 3 has an infinite importance weight");
    assertThat(out).containsExactly(Double.NaN, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
  }

  @Test
  void edges() {
    ImportanceEstimator estimator = estimator();
    double[] out = {42};
    estimator.logLikelihood(Observed.of(Tensor.zeros(0, DATA)), 10, new NoiseKey(1, 1), out, 0);
    assertThat(out).containsExactly(42);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                estimator.logLikelihood(
                    Observed.of(Tensor.zeros(1, DATA)), 0, new NoiseKey(1, 1), out, 0))
        .withMessage("logLikelihood: samples 0 must be >= 1");
  }
}
