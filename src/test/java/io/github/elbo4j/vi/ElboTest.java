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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ElboTest {
  private static final int B = 7;
  private static final int D = 4;

  @Test
  void parses() {
    assertThat(Elbo.parse("elbo", 0, 0)).isEqualTo(new Elbo(1, 0, 0));
    assertThat(Elbo.parse("beta:0", 5, 0.25)).isEqualTo(new Elbo(0, 5, 0.25));
    assertThat(Elbo.parse("beta:4.5", 0, 0)).isEqualTo(new Elbo(4.5, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ELBO", "beta", "beta:", "beta:x", "beta:-1", "beta:NaN", "iwae:5"})
  void refusesOtherNames(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Elbo.parse(text, 0, 0))
        .withMessage("objective \"" + text + "\" must be elbo or beta:WEIGHT with WEIGHT >= 0");
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
        .withMessage("Elbo: warmupSteps -1 must be >= 0");
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

  private static Latent sample(Tape tape, Tensor mu, Tensor logVar, Elbo elbo) {
    assertThat(elbo.samples()).isEqualTo(1);
    Prior prior = Prior.standardNormal();
    return GaussianLatent.draw(
        tape, Var.constant(mu), Var.constant(logVar), new NoiseKey(1, 1), 1, prior, elbo.wants());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4})
  void anEmptyBatchIsRefused(double lambda) {
    Tape tape = new Tape(Backends.reference());
    Elbo elbo = new Elbo(1, 0, lambda);
    Tensor none = Tensor.zeros(0, D);
    Latent latent = sample(tape, none, none, elbo);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> elbo.loss(tape, Var.constant(Tensor.zeros(0)), latent, 0))
        .withMessage("Elbo: logLik [0] must not be empty: the loss is a mean");
  }

  /** −mean logLik + weight·KL, with KL = Σ_d max(λ, mean_b kl[b,d]) under free bits. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-9, 0.4, 100})
  void lossIsTheFormula(double lambda) {
    Tape tape = new Tape(Backends.reference());
    Tensor mu = TapeCheck.normal(1, 0.7, B, D);
    Tensor logVar = TapeCheck.normal(2, 0.7, B, D);
    Tensor logLik = TapeCheck.normal(3, 20, B);
    Elbo elbo = new Elbo(2.5, 10, lambda);
    assertThat(elbo.wants()).isEqualTo(lambda > 0 ? Want.KL_PER_DIM : Want.KL);
    Var loss = elbo.loss(tape, Var.constant(logLik), sample(tape, mu, logVar, elbo), 4);

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
