package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.objective.Objectives;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ElboTest {
  private static final int B = 7;
  private static final int D = 4;

  private static Elbo parse(String objective, long warmup, double freeBits) {
    return (Elbo) Objectives.parse(objective, "pathwise", Annealing.linear(warmup), freeBits);
  }

  @Test
  void parses() {
    assertThat(parse("elbo", 0, 0)).isEqualTo(new Elbo(1, 0, 0));
    assertThat(parse("beta:0", 5, 0.25)).isEqualTo(new Elbo(0, 5, 0.25));
    assertThat(parse("beta:4.5", 0, 0)).isEqualTo(new Elbo(4.5, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ELBO", "beta", "beta:", "beta:x", "beta:-1", "beta:NaN", "evidence"})
  void refusesOtherNames(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(text, 0, 0))
        .withMessageStartingWith("objective \"" + text + "\" must be ");
  }

  @Test
  void refusesBadNumbers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(-1, 0, 0))
        .withMessage("Elbo: beta -1.0 must be finite and >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(Double.POSITIVE_INFINITY, 0, 0))
        .withMessage("Elbo: beta Infinity must be finite and >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(Double.NaN, 0, 0))
        .withMessage("Elbo: beta NaN must be finite and >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(1, -1, 0))
        .withMessageStartingWith("Annealing: growing -1 ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(1, 0, -0.5))
        .withMessage("Elbo: freeBits -0.5 must be finite and >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Elbo(1, 0, Double.POSITIVE_INFINITY))
        .withMessage("Elbo: freeBits Infinity must be finite and >= 0");
  }

  /** β·min(1, step/warmupSteps). */
  @ParameterizedTest
  @CsvSource({
    "1, 0, 0, 1",
    "2, 0, 99, 2",
    "3, 100, 0, 0",
    "3, 100, 50, 1.5",
    "3, 100, 99, 2.97",
    "3, 100, 100, 3",
    "3, 100, 1000000000000, 3",
    "0, 100, 50, 0"
  })
  void warmsUp(double beta, long warmup, long step, double weight) {
    assertThat(new Elbo(beta, warmup, 0).weightAt(step)).isCloseTo(weight, within(1e-12));
  }

  /** A model whose posterior and likelihood give what they are told, whatever the data. */
  private static Vae told(Tensor mu, Tensor logVar, Tensor logLik) {
    Posterior posterior =
        new Posterior() {
          @Override
          public Latent sample(
              Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
            assertThat(samples).isEqualTo(1);
            return DiagonalGaussianPosterior.draw(
                tape, Var.constant(mu), Var.constant(logVar), noise, samples, prior, want);
          }

          @Override
          public Var mean(Tape tape, Var h) {
            return Var.constant(mu);
          }

          @Override
          public @Nullable String refusal(Prior prior, Want want) {
            return null;
          }
        };
    Likelihood likelihood =
        new Likelihood() {
          @Override
          public Var logLik(Tape tape, Var h, Observed data) {
            return Var.constant(logLik);
          }

          @Override
          public Var mean(Tape tape, Var h) {
            return h;
          }
        };
    return new Vae(
        1, D, (tape, x) -> x, posterior, Prior.standardNormal(), (tape, z) -> z, likelihood);
  }

  private static Var loss(Elbo elbo, Vae vae, int rows, long step) {
    Tape tape = new Tape(Backends.reference());
    Observed data = Observed.of(Tensor.zeros(rows, 1));
    return new Pass(vae).loss(tape, data, new NoiseKey(1, 1), elbo, step);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4})
  void anEmptyBatchIsRefused(double lambda) {
    Tensor none = Tensor.zeros(0, D);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> loss(new Elbo(1, 0, lambda), told(none, none, Tensor.zeros(0)), 0, 0))
        .withMessage("Elbo: data of 0 points must not be empty: the loss is a mean");
  }

  /** −mean logLik + weight·KL, with KL = Σ_d max(λ, mean_b kl[b,d]) under free bits. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-9, 0.4, 100})
  void lossIsTheFormula(double lambda) {
    Tensor mu = TapeCheck.normal(1, 0.7, B, D);
    Tensor logVar = TapeCheck.normal(2, 0.7, B, D);
    Tensor logLik = TapeCheck.normal(3, 20, B);
    Var loss = loss(new Elbo(2.5, 10, lambda), told(mu, logVar, logLik), B, 4);

    double wanted = 0;
    for (int b = 0; b < B; b++) {
      wanted -= logLik.get(b) / (double) B;
    }
    double free = 0;
    for (int d = 0; d < D; d++) {
      double mean = 0;
      for (int i = d; i < B * D; i += D) {
        double m = mu.get(i);
        mean += (m * m + Math.exp(logVar.get(i)) - 1 - logVar.get(i)) / 2 / B;
      }
      free += mean < lambda ? 1 : 0;
      wanted += 2.5 * 0.4 * Math.max(lambda, mean);
    }
    if (lambda == 0.4) {
      assertThat(free).as("dimensions below λ").isStrictlyBetween(0.0, (double) D);
    }
    assertThat((double) loss.value().get(0)).isCloseTo(wanted, within(1e-5 * Math.abs(wanted)));
  }
}
