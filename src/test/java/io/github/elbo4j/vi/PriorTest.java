package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.LikelihoodOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Priors beside a diagonal Gaussian posterior: the fused one, and one that is asked. */
class PriorTest {
  private static final int B = 4;
  private static final int D = 3;
  private static final int K = 2;
  private static final NoiseKey NOISE = new NoiseKey(5, 6);

  private final Tensor mu = TapeCheck.normal(1, 0.8, B, D);
  private final Tensor logVar = TapeCheck.normal(2, 0.6, B, D);

  /** N(mean, exp(logVar)) with the log-variance and, for the KL, the mean to be learned. */
  private record Learned(Var mean, Var logVar) implements Prior {
    @Override
    public void sample(Backend kernels, NoiseKey noise, Tensor z) {
      kernels
          .gaussian()
          .reparameterize(mean.value(), logVar.value(), noise, z, null, null, null, null);
    }

    @Override
    public Var logDensity(Tape tape, Var z) {
      return LikelihoodOps.gaussian(tape, z, mean.value(), logVar);
    }

    @Override
    public Var klFrom(Tape tape, Var mu, Var logVariance) {
      return GaussianOps.klToPrior(tape, mu, logVariance, mean, logVar);
    }

    @Override
    public Var klPerDimFrom(Tape tape, Var mu, Var logVariance) {
      return GaussianOps.klPerDimToPrior(tape, mu, logVariance, mean, logVar);
    }
  }

  /** The standard normal behind a class that no posterior knows. */
  private record Asked(Prior prior) implements Prior {
    @Override
    public void sample(Backend kernels, NoiseKey noise, Tensor z) {
      prior.sample(kernels, noise, z);
    }

    @Override
    public Var logDensity(Tape tape, Var z) {
      return prior.logDensity(tape, z);
    }

    @Override
    public Var klFrom(Tape tape, Var mu, Var logVar) {
      return prior.klFrom(tape, mu, logVar);
    }

    @Override
    public Var klPerDimFrom(Tape tape, Var mu, Var logVar) {
      return prior.klPerDimFrom(tape, mu, logVar);
    }
  }

  /** Only its density is known. */
  private static final class Opaque implements Prior {
    @Override
    public void sample(Backend kernels, NoiseKey noise, Tensor z) {
      Prior.standardNormal().sample(kernels, noise, z);
    }

    @Override
    public Var logDensity(Tape tape, Var z) {
      return Prior.standardNormal().logDensity(tape, z);
    }
  }

  private static Latent draw(Tape tape, Var mu, Var logVar, Prior prior, Want want) {
    return DiagonalGaussianPosterior.draw(tape, mu, logVar, NOISE, K, prior, want);
  }

  private static Var sum(Tape tape, Latent latent, Want want) {
    return switch (want) {
      case SAMPLE -> ReduceOps.weightedSum(tape, latent.z(), 1);
      case KL -> ReduceOps.weightedSum(tape, latent.kl(), 1, latent.z(), 0.5f);
      case KL_PER_DIM -> ReduceOps.weightedSum(tape, latent.klPerDim(), 1, latent.kl(), 0.5f);
      case LOG_DENSITIES, LOG_DENSITIES_STL, LOG_DENSITIES_SCORE ->
          ReduceOps.weightedSum(tape, latent.logQ(), 1, latent.logP(), -1);
    };
  }

  private static double kl(double mu, double logVar, double priorMu, double priorLogVar) {
    double distance = mu - priorMu;
    double ratio = (Math.exp(logVar) + distance * distance) / Math.exp(priorLogVar);
    return (priorLogVar - logVar + ratio - 1) / 2;
  }

  /** Mean and log-variance of the prior repeat over the data points. */
  private static double kl(double[] mu, double[] logVar, double[] priorMu, double[] priorLogVar) {
    double sum = 0;
    for (int i = 0; i < mu.length; i++) {
      sum += kl(mu[i], logVar[i], priorMu[i % D], priorLogVar[i % D]);
    }
    return sum;
  }

  private double[] sample(double[] mean, double[] logVariance) {
    Tensor eps = Tensor.zeros(B * K, D);
    Backends.reference().random().normal(NOISE, 0, eps);
    double[] z = new double[eps.size()];
    for (int i = 0; i < z.length; i++) {
      int point = i / D / K * D + i % D;
      z[i] = mean[point] + Math.exp(logVariance[point] / 2) * eps.get(i);
    }
    return z;
  }

  @Test
  void aLearnedPriorsDivergence() {
    Tensor priorMu = TapeCheck.normal(3, 1, 1, D);
    Tensor priorLogVar = TapeCheck.normal(4, 0.5, 1, D);
    for (Want want : new Want[] {Want.KL, Want.KL_PER_DIM}) {
      TapeCheck.check(
          "learned prior, " + want,
          (tape, p) -> sum(tape, draw(tape, p[0], p[1], new Learned(p[2], p[3]), want), want),
          p ->
              (want == Want.KL
                  ? kl(p[0], p[1], p[2], p[3]) + Arrays.stream(sample(p[0], p[1])).sum() / 2
                  : 1.5 * kl(p[0], p[1], p[2], p[3])),
          mu,
          logVar,
          priorMu,
          priorLogVar);
    }
  }

  @Test
  void aLearnedPriorsDensity() {
    Tensor priorMu = TapeCheck.normal(3, 1, 1, D);
    TapeCheck.check(
        "log q − log p",
        (tape, p) -> {
          Prior prior = new Learned(Var.constant(priorMu), p[2]);
          return sum(tape, draw(tape, p[0], p[1], prior, Want.LOG_DENSITIES), Want.LOG_DENSITIES);
        },
        p -> {
          double[] z = sample(p[0], p[1]);
          double sum = 0;
          for (int i = 0; i < z.length; i++) {
            int point = i / D / K * D + i % D;
            double toQ = z[i] - p[0][point];
            double toP = z[i] - priorMu.get(i % D);
            sum -= (p[1][point] + toQ * toQ / Math.exp(p[1][point])) / 2;
            sum += (p[2][i % D] + toP * toP / Math.exp(p[2][i % D])) / 2;
          }
          return sum;
        },
        mu,
        logVar,
        TapeCheck.normal(4, 0.5, 1, D));
  }

  /** What the fused node gives and what the standard normal answers when asked are the same. */
  @ParameterizedTest
  @EnumSource
  void theStandardNormalAskedIsTheStandardNormalFused(Want want) {
    for (Backend backend : new Backend[] {Backends.reference(), Backends.simd()}) {
      float[][] found = new float[2][];
      Prior[] priors = {Prior.standardNormal(), new Asked(Prior.standardNormal())};
      for (int i = 0; i < 2; i++) {
        Tensor dMu = Tensor.zeros(B, D);
        Tensor dLogVar = Tensor.zeros(B, D);
        Var mean = Var.parameter(mu, dMu);
        Tape tape = new Tape(backend);
        Latent latent = draw(tape, mean, Var.parameter(logVar, dLogVar), priors[i], want);
        assertThat(latent.mean()).isSameAs(mean);
        Var loss = sum(tape, latent, want);
        tape.backward(loss);
        found[i] = new float[2 * B * D + 1];
        System.arraycopy(dMu.toArray(), 0, found[i], 0, B * D);
        System.arraycopy(dLogVar.toArray(), 0, found[i], B * D, B * D);
        found[i][2 * B * D] = loss.value().get(0);
      }
      assertThat(found[1]).usingComparatorWithPrecision(1e-5f).containsExactly(found[0]);
    }
  }

  /** Where q = p the gradient of log q − log p vanishes sample by sample, not only on average. */
  @Test
  void stickingTheLandingHasNoNoiseAtTheOptimum() {
    for (Want want : new Want[] {Want.LOG_DENSITIES, Want.LOG_DENSITIES_STL}) {
      Tensor dMu = Tensor.zeros(B, D);
      Tensor dLogVar = Tensor.zeros(B, D);
      Var zero = Var.parameter(Tensor.zeros(B, D), dMu);
      Tape tape = new Tape(Backends.simd());
      Latent latent =
          draw(
              tape, zero, Var.parameter(Tensor.zeros(B, D), dLogVar), Prior.standardNormal(), want);
      tape.backward(sum(tape, latent, want));
      if (want == Want.LOG_DENSITIES_STL) {
        assertThat(Doubles.read(dMu)).containsOnly(0);
        assertThat(Doubles.read(dLogVar)).containsOnly(0);
      } else {
        assertThat(Doubles.read(dMu)).doesNotContain(0);
      }
    }
  }

  @Test
  void whatThereIsNotIsRefused() {
    Tape tape = new Tape(Backends.reference());
    Var mean = Var.constant(mu);
    Var logVariance = Var.constant(logVar);
    String message = "the KL from a Gaussian posterior to this prior has no closed form";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> draw(tape, mean, logVariance, new Opaque(), Want.KL))
        .withMessage(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Opaque().klPerDimFrom(tape, mean, logVariance))
        .withMessage(message);
    Latent densities = draw(tape, mean, logVariance, new Opaque(), Want.LOG_DENSITIES);
    assertThat(densities.logP().value().size()).isEqualTo(B * K);
    assertThatIllegalStateException()
        .isThrownBy(densities::kl)
        .withMessage("Latent: kl was not asked for");
    Latent sample = draw(tape, mean, logVariance, Prior.standardNormal(), Want.SAMPLE);
    assertThatIllegalStateException()
        .isThrownBy(sample::logP)
        .withMessage("Latent: logP was not asked for");
  }
}
