package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds and estimates on a model whose log p(x) is known exactly. Noise has fixed seeds. */
class LinearGaussianTest {
  private static final int N = LinearGaussian.DATA;

  private final Backend simd = Backends.simd();
  private final LinearGaussian model = new LinearGaussian();

  /** Mean and standard error of numbers. */
  private record Estimate(double mean, double error) {
    static Estimate of(double[] x) {
      double mean = Arrays.stream(x).average().orElseThrow();
      double squares = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum();
      return new Estimate(mean, Math.sqrt(squares / (x.length - 1) / x.length));
    }

    void assertIs(double wanted, double errors) {
      assertThat(Math.abs(mean - wanted) / error)
          .as("%s, wanted %s: standard errors", this, wanted)
          .isLessThan(errors);
    }
  }

  private static Tensor copies(double[] x, int rows) {
    Tensor t = Tensor.zeros(rows, x.length);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) x[i % x.length];
    }
    return t;
  }

  private static double[] randomData(long seed) {
    return Doubles.read(TapeCheck.normal(seed, 1, N));
  }

  /** The ELBO of each of many copies of x: one draw of z for each. */
  private Estimate elbo(double[] x, int rows) {
    Tape tape = new Tape(simd);
    tape.resetForInference();
    Pass pass = new Pass(model.vae);
    NoiseKey noise = new NoiseKey(5, 1);
    Var loss = pass.loss(tape, Observed.of(copies(x, rows)), noise, Elbo.PLAIN, 0);
    double[] each = new double[rows];
    for (int b = 0; b < rows; b++) {
      each[b] = pass.logLik().value().get(b) - pass.kl().value().get(b);
    }
    Estimate estimate = Estimate.of(each);
    assertThat(-loss.value().get(0)).isCloseTo((float) estimate.mean, within(1e-4f));
    return estimate;
  }

  private double[] importance(double[] x, int points, int samples, long seed) {
    double[] out = new double[points];
    new ImportanceEstimator(model.vae, simd)
        .logLikelihood(Observed.of(copies(x, points)), samples, new NoiseKey(seed, 2), out, 0);
    return out;
  }

  /** log p(x) − ELBO is KL( q(z|x) ‖ p(z|x) ), so the ELBO is a lower bound. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void elboIsBelowTheEvidenceByTheGapOfThePosterior(long seed) {
    model.set("likelihood.mean.weight", GradCheck.random(seed, 10, 0.6));
    model.set("likelihood.mean.bias", GradCheck.random(seed + 10, 5, 0.5));
    model.set("posterior.mu.weight", GradCheck.random(seed + 20, 10, 0.3));
    model.set("posterior.mu.bias", GradCheck.random(seed + 30, 2, 0.3));
    model.set("posterior.logVar.bias", GradCheck.random(seed + 40, 2, 1));
    double[] x = randomData(seed + 50);
    double evidence = model.logEvidence(x);
    Estimate elbo = elbo(x, 20_000);
    assertThat(elbo.mean).isLessThan(evidence + 3 * elbo.error);
    elbo.assertIs(evidence - model.gap(x), 4);
  }

  @Test
  void elboOfTheExactPosteriorIsTheEvidence() {
    model.solve(0, 1);
    double[] x = randomData(60);
    assertThat(model.precision().getEntry(0, 1)).as("independent").isCloseTo(0, within(1e-7));
    assertThat(model.gap(x)).isCloseTo(0, within(1e-6));
    Estimate elbo = elbo(x, 250_000);
    assertThat(elbo.error).isLessThan(2e-3);
    elbo.assertIs(model.logEvidence(x), 4);
  }

  /** All weights are then equal: one sample is as good as many. */
  @Test
  void importanceWeightsOfTheExactPosteriorAreTheEvidence() {
    model.solve(0, 1);
    for (long seed = 60; seed < 70; seed++) {
      double[] x = randomData(seed);
      for (int samples : new int[] {1, 7}) {
        for (double estimate : importance(x, 3, samples, seed)) {
          assertThat(estimate).isCloseTo(model.logEvidence(x), within(1e-4));
        }
      }
    }
  }

  /** E[p̂(x)] = p(x) for every K, so E[log p̂(x)] <= log p(x); and the bound grows with K. */
  @Test
  void importanceEstimatesAreUnbiasedAndTheBoundGrows() {
    model.solve(0.3, 1.4);
    double[] x = randomData(71);
    double evidence = model.logEvidence(x);
    double last = Double.NEGATIVE_INFINITY;
    for (int samples : new int[] {1, 4, 16, 64}) {
      double[] estimates = importance(x, 4000, samples, samples);
      Estimate.of(Arrays.stream(estimates).map(e -> Math.exp(e - evidence)).toArray())
          .assertIs(1, 3);
      Estimate bound = Estimate.of(estimates);
      assertThat(bound.mean - 3 * bound.error).as("bound(%d)", samples).isGreaterThan(last);
      assertThat(bound.mean).isLessThan(evidence + 3 * bound.error);
      last = bound.mean;
    }
  }

  @Test
  void fiveThousandSamplesHitTheEvidence() {
    model.solve(0.3, 1.4);
    for (long seed = 80; seed < 83; seed++) {
      double[] x = randomData(seed);
      Estimate estimate = Estimate.of(importance(x, 20, 5000, seed));
      assertThat(estimate.error).isLessThan(5e-3);
      estimate.assertIs(model.logEvidence(x), 3);
    }
  }

  /** 1000 points go in chunks of two samples: 2 + 2 + 1, each with the noise of its own step. */
  @Test
  void chunksAddUpToTheFormula() {
    model.solve(0.3, 1.4);
    int points = 1000;
    Tensor x = TapeCheck.normal(90, 1, points, N);
    double[] out = new double[points + 2];
    NoiseKey noise = new NoiseKey(91, 3).at(17);
    new ImportanceEstimator(model.vae, simd).logLikelihood(Observed.of(x), 5, noise, out, 2);
    assertThat(noise.step()).isEqualTo(20);
    double[][] logW = new double[points][5];
    for (int chunk = 0; chunk < 3; chunk++) {
      int k = chunk < 2 ? 2 : 1;
      Tensor eps = Tensor.zeros(points * k, LinearGaussian.LATENT);
      Backends.reference().random().normal(noise.at(17 + chunk), 0, eps);
      for (int r = 0; r < points * k; r++) {
        double[] e = Arrays.copyOfRange(Doubles.read(eps), 2 * r, 2 * r + 2);
        double[] row = row(x, r / k);
        logW[r / k][2 * chunk + r % k] = logWeight(row, e);
      }
    }
    for (int b = 0; b < points; b++) {
      double mean = Arrays.stream(logW[b]).map(Math::exp).average().orElseThrow();
      assertThat(out[b + 2]).isCloseTo(Math.log(mean), within(1e-4));
    }
    assertThat(out).startsWith(0.0, 0.0);
  }

  private static double[] row(Tensor x, int b) {
    double[] row = new double[N];
    for (int n = 0; n < N; n++) {
      row[n] = x.get(b * N + n);
    }
    return row;
  }

  /** log p(x|z) + log p(z) − log q(z|x) at z = mu + σ·eps. */
  private double logWeight(double[] x, double[] eps) {
    double[] toMean = Doubles.read(model.parameters.value("posterior.mu.weight"));
    double[] bias = Doubles.read(model.parameters.value("posterior.mu.bias"));
    double[] logVar = Doubles.read(model.parameters.value("posterior.logVar.bias"));
    double[] mean = model.offset().toArray();
    double logWeight = 0;
    for (int d = 0; d < eps.length; d++) {
      double z = bias[d] + Math.exp(logVar[d] / 2) * eps[d];
      for (int n = 0; n < N; n++) {
        z += x[n] * toMean[n * eps.length + d];
      }
      logWeight += (eps[d] * eps[d] + logVar[d] - z * z) / 2; // log 2π cancels
      for (int n = 0; n < N; n++) {
        mean[n] += z * model.loadings().getEntry(d, n);
      }
    }
    double variance = LinearGaussian.SIGMA * LinearGaussian.SIGMA;
    for (int n = 0; n < N; n++) {
      double distance = x[n] - mean[n];
      logWeight -= (Math.log(2 * Math.PI * variance) + distance * distance / variance) / 2;
    }
    return logWeight;
  }
}
