package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.inference.AggregatedPosterior;
import io.github.elbo4j.vi.inference.AnnealedImportance;
import io.github.elbo4j.vi.inference.Disentanglement;
import io.github.elbo4j.vi.inference.MapLatent;
import java.util.Arrays;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.api.Test;

/** Inference in the linear-Gaussian model, about which everything is known. */
class InferenceTest {
  private static final int POINTS = 6;

  private final LinearGaussian model = new LinearGaussian();
  private final Tensor x = TapeCheck.normal(60, 1, POINTS, LinearGaussian.DATA);

  private double[] row(int b) {
    return Arrays.copyOfRange(
        Doubles.read(x), b * LinearGaussian.DATA, (b + 1) * LinearGaussian.DATA);
  }

  private AnnealedImportance annealed(int chains, int temperatures) {
    return new AnnealedImportance(
        model.vae, model.parameters, Backends.simd(), chains, temperatures);
  }

  /** The encoder is far off on purpose: annealed importance sampling must not use it. */
  @Test
  void annealedImportanceSamplingHitsTheEvidence() {
    model.solve(0.3, 1.4);
    model.parameters.value("posterior.mu.bias").fill(50);
    double[] estimates = annealed(150, 150).logLikelihood(Observed.of(x), new NoiseKey(5, 5));
    for (int b = 0; b < POINTS; b++) {
      assertThat(estimates[b]).isCloseTo(model.logEvidence(row(b)), within(0.1));
    }
    assertThat(model.parameters.gradients().toArray()).containsOnly(0f);
    assertThat(annealed(150, 150).logLikelihood(Observed.of(x), new NoiseKey(5, 5)))
        .as("the same noise gives the same bits")
        .isEqualTo(estimates);
  }

  /** One temperature is plain importance sampling from the prior: log mean p(x|z), z ~ p. */
  @Test
  void oneTemperatureSamplesThePrior() {
    model.solve(0, 1);
    double[] estimates = annealed(20_000, 1).logLikelihood(Observed.of(x), new NoiseKey(6, 6));
    for (int b = 0; b < POINTS; b++) {
      assertThat(estimates[b]).isCloseTo(model.logEvidence(row(b)), within(0.15));
    }
  }

  @Test
  void theMostProbableLatentIsThePosteriorMean() {
    model.solve(0.5, 1);
    MapLatent.Found found =
        new MapLatent(model.vae, model.parameters, Backends.simd(), 300, 0.1).find(Observed.of(x));
    for (int b = 0; b < POINTS; b++) {
      RealVector mean = model.posteriorMean(row(b));
      for (int d = 0; d < LinearGaussian.LATENT; d++) {
        assertThat((double) found.z().get(b * LinearGaussian.LATENT + d))
            .isCloseTo(mean.getEntry(d), within(2e-3));
      }
      assertThat(found.logJoint()[b]).isGreaterThan(found.startLogJoint()[b]);
    }
  }

  /**
   * A posterior that is exact has equal weights: full sample size. A narrow one has a long tail.
   */
  @Test
  void diagnosesTellAGoodPosteriorFromABadOne() {
    ImportanceEstimator estimator = new ImportanceEstimator(model.vae, Backends.simd());
    model.solve(0, 1);
    ImportanceEstimator.Diagnosis exact = new ImportanceEstimator.Diagnosis(POINTS);
    estimator.diagnose(Observed.of(x), 1000, new NoiseKey(7, 7), exact, 0);
    assertThat(Arrays.stream(exact.ess()).min().orElseThrow()).isGreaterThan(999);
    model.solve(0, 1.1);
    ImportanceEstimator.Diagnosis wide = new ImportanceEstimator.Diagnosis(POINTS);
    estimator.diagnose(Observed.of(x), 1000, new NoiseKey(7, 7), wide, 0);
    assertThat(Arrays.stream(wide.kHat()).max().orElseThrow()).isLessThan(0.7);
    model.solve(0, 0.3);
    ImportanceEstimator.Diagnosis narrow = new ImportanceEstimator.Diagnosis(POINTS);
    estimator.diagnose(Observed.of(x), 1000, new NoiseKey(7, 7), narrow, 0);
    assertThat(Arrays.stream(narrow.kHat()).average().orElseThrow()).isGreaterThan(0.7);
    assertThat(Arrays.stream(narrow.ess()).max().orElseThrow()).isLessThan(500);
    double[] plain = new double[POINTS];
    estimator.logLikelihood(Observed.of(x), 1000, new NoiseKey(7, 7), plain, 0);
    assertThat(narrow.logLikelihood()).isEqualTo(plain);
  }

  @Test
  void refusals() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> annealed(0, 1))
        .withMessage("AnnealedImportance: chains 0 and temperatures 1 must both be >= 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MapLatent(model.vae, model.parameters, Backends.simd(), 0, 0.1))
        .withMessageContaining("steps 0 must be >= 1");
  }

  /** Dimension 0 is the factor itself, dimension 1 knows nothing, dimension 2 is half of it. */
  @Test
  void mutualInformationOfKnownCodes() {
    int n = 4000;
    double[][] codes = new double[n][];
    int[][] factors = new int[n][];
    for (int i = 0; i < n; i++) {
      int factor = i % 4;
      factors[i] = new int[] {factor, 0};
      int half = factor / 2;
      int turn = (i / 4) % 7;
      codes[i] = new double[] {factor, turn, half};
    }
    Disentanglement.Scores scores = Disentanglement.of(codes, factors, 20);
    assertThat(scores.entropies()[0]).isCloseTo(Math.log(4), within(1e-12));
    assertThat(scores.entropies()[1]).isZero();
    assertThat(scores.mutualInformation()[0][0]).isCloseTo(Math.log(4), within(1e-9));
    assertThat(scores.mutualInformation()[1][0]).isCloseTo(0, within(1e-4));
    assertThat(scores.mutualInformation()[2][0]).isCloseTo(Math.log(2), within(1e-9));
    assertThat(scores.mig()).as("log 4 − log 2 over log 4").isCloseTo(0.5, within(1e-9));
  }

  /** Two clusters of known means, spreads and sizes are found, and drawn from again. */
  @Test
  void theAggregatedPosteriorOfTwoClusters() {
    int n = 3000;
    float[] z = TapeCheck.normal(31, 1, n, 2).toArray();
    for (int i = 0; i < n; i++) {
      boolean first = i % 3 == 0;
      z[2 * i] = (first ? 0.5f : 0.2f) * z[2 * i] + (first ? -4 : 3);
      z[2 * i + 1] += first ? 1 : -1;
    }
    AggregatedPosterior mixture = AggregatedPosterior.fit(z, 2, 2, 7);
    double entropy = Math.log(3) / 3 + 2 * Math.log(1.5) / 3 + 1 + Math.log(2 * Math.PI);
    entropy += (Math.log(0.5) + 2 * Math.log(0.2)) / 3;
    assertThat(mixture.logLikelihood()).isCloseTo(-entropy, within(0.06));
    assertThat(AggregatedPosterior.fit(z, 2, 2, 7).sample(100, 3))
        .isEqualTo(mixture.sample(100, 3));
    float[] drawn = mixture.sample(20_000, 3);
    int left = 0;
    double mean = 0;
    for (int i = 0; i < 20_000; i++) {
      left += drawn[2 * i] < 0 ? 1 : 0;
      mean += drawn[2 * i] < 0 ? drawn[2 * i + 1] : 0;
    }
    assertThat(left / 20_000.0).isCloseTo(1 / 3.0, within(0.02));
    assertThat(mean / left).isCloseTo(1, within(0.1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AggregatedPosterior.fit(z, 2, n + 1, 7))
        .withMessageContaining("from 1 to the 3000 latents");
  }
}
