package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loss of each objective and its gradient to every parameter against formulas in double. */
class ObjectiveGradientTest {
  private static final int B = TinyModel.ROWS;
  private static final int D = TinyModel.LATENT;
  private static final int N = TinyModel.EXAMPLES;
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private static void check(
      String objective,
      int samples,
      Annealing annealing,
      long step,
      java.util.function.BiFunction<TinyModel, DoubleVae, ToDoubleFunction<double[][]>> loss) {
    for (Backend backend : List.of(Backends.reference(), Backends.simd())) {
      TinyModel tiny = new TinyModel(backend, objective, "pathwise", annealing, step);
      TapeCheck.compare(
          backend + " " + objective,
          tiny.loss.value().get(0),
          tiny.values(),
          tiny.gradients(),
          loss.apply(tiny, tiny.formula(samples)));
    }
  }

  private static double renyi(double[] logW, int samples, double alpha) {
    double sum = 0;
    for (int b = 0; b < B; b++) {
      double[] row = Arrays.copyOfRange(logW, b * samples, (b + 1) * samples);
      if (alpha == Double.NEGATIVE_INFINITY) {
        sum += Arrays.stream(row).max().orElseThrow();
      } else if (alpha == 1) {
        sum += Arrays.stream(row).average().orElseThrow();
      } else {
        double mean =
            Arrays.stream(row).map(w -> Math.exp((1 - alpha) * w)).average().orElseThrow();
        sum += Math.log(mean) / (1 - alpha);
      }
    }
    return sum / B;
  }

  @ParameterizedTest
  @CsvSource({
    "iwae:1, 1, 0",
    "iwae:4, 4, 0",
    "renyi:0.5:4, 4, 0.5",
    "renyi:1:3, 3, 1",
    "renyi:-1:4, 4, -1",
    "renyi:2.5:4, 4, 2.5",
    "vrmax:4, 4, -Infinity"
  })
  void bounds(String objective, int samples, double alpha) {
    check(
        objective,
        samples,
        Annealing.NONE,
        0,
        (tiny, vae) ->
            p -> {
              vae.loss(p, 1, 0);
              return -renyi(vae.logWeights(), samples, alpha);
            });
  }

  /** The upper bound by log q of the samples alone, the lower by log p(x,z) of them. */
  @Test
  void chi() {
    int encoder = 6; // parameters of encoder and posterior, the first ones
    int samples = 4;
    check(
        "chi:3:4",
        samples,
        Annealing.NONE,
        0,
        (tiny, vae) -> {
          double[][] first = tiny.values().stream().map(Doubles::read).toArray(double[][]::new);
          vae.loss(first, 1, 0);
          double[] logW = vae.logWeights();
          double[] z = vae.z();
          double[] logQ = logDensity(z, vae.mu(), vae.logVar());
          return p -> {
            vae.loss(p, 1, 0);
            double[] moved = logDensity(z, vae.mu(), vae.logVar());
            double[] ofQ = new double[logW.length];
            for (int r = 0; r < ofQ.length; r++) {
              ofQ[r] = logW[r] + logQ[r] - moved[r];
            }
            double[][] mixed = p.clone();
            System.arraycopy(first, 0, mixed, 0, encoder);
            vae.loss(mixed, 1, 0);
            return renyi(ofQ, samples, -2) * 2 / 3
                + renyi(logW, samples, -2) / 3
                - renyi(vae.logWeights(), samples, 0);
          };
        });
  }

  private static double[] logDensity(double[] z, double[] mu, double[] logVar) {
    double[] sum = new double[z.length / D];
    for (int i = 0; i < z.length; i++) {
      double distance = z[i] - mu[i];
      sum[i / D] -= (LOG_2PI + logVar[i] + distance * distance / Math.exp(logVar[i])) / 2;
    }
    return sum;
  }

  /** The log gets the ELBO's terms, whatever the bound. */
  @ParameterizedTest
  @ValueSource(strings = {"pathwise", "dreg"})
  void boundsReportTheMeanOfTheirWeights(String estimator) {
    TinyModel tiny = new TinyModel(Backends.simd(), "iwae:4", estimator, Annealing.NONE, 0);
    DoubleVae vae = tiny.formula(4);
    vae.loss(tiny.values().stream().map(Doubles::read).toArray(double[][]::new), 1, 0);
    double logLik = mean(tiny.pass.logLik().value());
    double kl = mean(tiny.pass.kl().value());
    assertThat(logLik - kl)
        .isCloseTo(Arrays.stream(vae.logWeights()).average().orElseThrow(), within(1e-5));
  }

  private static double mean(Tensor t) {
    return Arrays.stream(Doubles.read(t)).average().orElseThrow();
  }

  /** |KL − C| from above and from below, C growing. */
  @ParameterizedTest
  @CsvSource({"0.1, 0, 0", "9, 0, 0", "9, 100, 1", "9, 100, 50", "9, 100, 100"})
  void capacity(double nats, long growing, long step) {
    double c = growing == 0 ? nats : nats * Math.min(1, step / (double) growing);
    check(
        "capacity:20:" + nats,
        1,
        Annealing.linear(growing),
        step,
        (tiny, vae) ->
            p -> {
              double without = vae.loss(p, 0, 0);
              return without + 20 * Math.abs(vae.loss(p, 1, 0) - without - c);
            });
  }

  @ParameterizedTest
  @CsvSource({"dip:3, 3, 30", "dip:3:0.5, 3, 0.5"})
  void dip(String objective, double off, double diagonal) {
    check(
        objective,
        1,
        Annealing.NONE,
        0,
        (tiny, vae) -> p -> vae.loss(p, 1, 0) + covariancePenalty(vae.mu(), off, diagonal));
  }

  private static double covariancePenalty(double[] mu, double off, double diagonal) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++) {
        double product = 0;
        double meanI = 0;
        double meanJ = 0;
        for (int b = 0; b < B; b++) {
          product += mu[b * D + i] * mu[b * D + j] / B;
          meanI += mu[b * D + i] / B;
          meanJ += mu[b * D + j] / B;
        }
        double c = product - meanI * meanJ;
        sum += i == j ? diagonal * (c - 1) * (c - 1) : off * c * c;
      }
    }
    return sum;
  }

  /** Every pair of sample and posterior, written out. */
  @ParameterizedTest
  @CsvSource({"tcvae:6, 6, false", "tcvae:6:weighted, 6, true", "tcvae:0.5, 0.5, false"})
  void totalCorrelation(String objective, double beta, boolean weighted) {
    check(
        objective,
        1,
        Annealing.NONE,
        0,
        (tiny, vae) ->
            p ->
                vae.loss(p, 1, 0)
                    + (beta - 1) * correlation(vae.z(), vae.mu(), vae.logVar(), weighted));
  }

  private static double correlation(double[] z, double[] mu, double[] logVar, boolean weighted) {
    double sum = 0;
    for (int r = 0; r < B; r++) {
      double joint = 0;
      double[] each = new double[D];
      for (int j = 0; j < B; j++) {
        double weight = weighted ? 1.0 / (N * B) : stratified(r, j);
        double product = weight;
        for (int d = 0; d < D; d++) {
          double distance = z[r * D + d] - mu[j * D + d];
          double v = logVar[j * D + d];
          double density = Math.exp(-0.5 * (distance * distance * Math.exp(-v) + v + LOG_2PI));
          product *= density;
          each[d] += weight * density;
        }
        joint += product;
      }
      sum += Math.log(joint);
      for (double e : each) {
        sum -= Math.log(e);
      }
    }
    return sum / B;
  }

  /** Chen et al. 2018, appendix C.2, M = B − 1. */
  private static double stratified(int r, int j) {
    double m = B - 1;
    return j == r ? 1.0 / N : j == (r + 1) % B ? (N - m) / (N * m) : 1 / m;
  }

  @ParameterizedTest
  @CsvSource({"mmd:5, 5, 1", "mmd:5:wae, 5, 0"})
  void discrepancy(String objective, double lambda, double klWeight) {
    check(
        objective,
        1,
        Annealing.NONE,
        0,
        (tiny, vae) -> {
          Tensor draws = Tensor.zeros(B, D);
          Backends.reference().random().normal(tiny.noise.branch(15), 0, draws);
          double[] y = Doubles.read(draws);
          return p -> vae.loss(p, klWeight, 0) + lambda * mmd(vae.z(), y);
        });
  }

  private static double mmd(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < B; i++) {
      for (int j = 0; j < B; j++) {
        if (i != j) {
          sum += (kernel(x, i, x, j) + kernel(y, i, y, j)) / (B * (B - 1));
        }
        sum -= 2 * kernel(x, i, y, j) / (B * B);
      }
    }
    return sum;
  }

  private static double kernel(double[] a, int i, double[] b, int j) {
    double distance = 0;
    for (int d = 0; d < D; d++) {
      distance += Math.pow(a[i * D + d] - b[j * D + d], 2);
    }
    double k = 0;
    for (double scale : new double[] {0.1, 0.2, 0.5, 1, 2, 5, 10}) {
      k += 2 * D * scale / (2 * D * scale + distance);
    }
    return k;
  }

  /** A warm-up weighs the KL of the ELBO and leaves the penalty as it is. */
  @ParameterizedTest
  @ValueSource(strings = {"dip:3", "tcvae:4"})
  void theWarmUpIsOfTheKlAlone(String objective) {
    check(
        objective,
        1,
        Annealing.linear(10),
        4,
        (tiny, vae) ->
            p ->
                vae.loss(p, 0.4, 0)
                    + (objective.startsWith("dip")
                        ? covariancePenalty(vae.mu(), 3, 30)
                        : 3 * correlation(vae.z(), vae.mu(), vae.logVar(), false)));
  }
}
