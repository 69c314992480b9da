package io.github.elbo4j.vi.prior;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.PriorSpec;
import io.github.elbo4j.vi.Vae;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FlowPriorTest {
  private static final int D = 3;
  private static final int ROWS = 40_000;

  private static Vae.Spec model(int latent, String prior) {
    return new Vae.Spec(
        4,
        List.of(3),
        Activation.TANH,
        new DiagonalGaussianPosterior.Spec(latent),
        Priors.parse(prior),
        LikelihoodSpec.parse("gaussian:1"),
        new LogVarBounds(-10, 10),
        0);
  }

  /** Far from where training starts. */
  private static Prior prior() {
    Vae.Spec spec = model(D, "flow:3:6");
    Parameters parameters = spec.parameters(1, null);
    int seed = 10;
    for (Parameters.Parameter p : parameters) {
      Tensor noise = TapeCheck.normal(seed++, 0.4, p.value().rows(), p.value().columns());
      Backends.reference().memory().add(noise, p.value());
    }
    return new Vae(spec, parameters).prior();
  }

  private static float[] logDensity(Prior prior, Tensor z) {
    Tape tape = new Tape(Backends.simd());
    tape.resetForInference();
    return prior.logDensity(tape, Var.constant(z)).value().toArray();
  }

  /** log N(z; 0, scale²·I). */
  private static double logNormal(Tensor z, int row, double scale) {
    double sum = -D * (Math.log(scale) + Math.log(2 * Math.PI) / 2);
    for (int d = 0; d < D; d++) {
      sum -= Math.pow(z.get(row * D + d) / scale, 2) / 2;
    }
    return sum;
  }

  private static void assertAverageIsOne(double[] ratios) {
    double mean = Arrays.stream(ratios).average().orElseThrow();
    double squares = Arrays.stream(ratios).map(r -> (r - mean) * (r - mean)).sum();
    double error = Math.sqrt(squares) / ratios.length;
    assertThat(error).as("standard error").isLessThan(0.03);
    assertThat(mean).isCloseTo(1, within(3 * error));
  }

  /** ∫ p(z) dz = 1, by samples of a wide Gaussian. */
  @Test
  void theDensityIntegratesToOne() {
    Tensor z = TapeCheck.normal(5, 3, ROWS, D);
    float[] logP = logDensity(prior(), z);
    double[] ratios = new double[ROWS];
    for (int r = 0; r < ROWS; r++) {
      ratios[r] = Math.exp(logP[r] - logNormal(z, r, 3));
    }
    assertAverageIsOne(ratios);
  }

  /** E_p[g(z)/p(z)] = 1 for a narrow Gaussian g: the samples are of that density. */
  @Test
  void theSamplesAreOfTheDensity() {
    Prior prior = prior();
    Tensor z = Tensor.zeros(ROWS, D);
    prior.sample(Backends.simd(), new NoiseKey(7, 7), z);
    float[] logP = logDensity(prior, z);
    double[] ratios = new double[ROWS];
    double away = 0;
    for (int r = 0; r < ROWS; r++) {
      ratios[r] = Math.exp(logNormal(z, r, 0.6) - logP[r]);
      away += Math.abs(logNormal(z, r, 1) - logP[r]) / ROWS;
    }
    assertAverageIsOne(ratios);
    assertThat(away).as("distance from the standard normal").isGreaterThan(0.3);
  }

  @Test
  void trainingStartsFromTheStandardNormal() {
    Vae.Spec spec = model(D, "flow:4");
    Tensor z = TapeCheck.normal(5, 1, 6, D);
    float[] logP = logDensity(new Vae(spec, spec.parameters(1, null)).prior(), z);
    for (int r = 0; r < 6; r++) {
      assertThat((double) logP[r]).isCloseTo(logNormal(z, r, 1), within(1e-5));
    }
    assertThat(spec.parameters(1, null).value("prior.flow.3.hidden.weight").columns())
        .isEqualTo(128);
  }

  @Test
  void whatThereIsNotIsRefused() {
    Prior prior = prior();
    Tape tape = new Tape(Backends.reference());
    Var mu = Var.constant(Tensor.zeros(1, D));
    String message =
        "the analytic KL to a flow prior, which free bits need too, does not exist: use"
            + " --objective elbo, which samples it, or elbo:mc";
    assertThat(prior.closedFormRefusal()).isEqualTo(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prior.klFrom(tape, mu, mu))
        .withMessage(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model(1, "flow:2").parameters(1, null))
        .withMessageStartingWith("a coupling flow lets one half");
  }

  @Test
  void namesAreRead() {
    assertThat(Priors.parse("normal")).isSameAs(PriorSpec.NORMAL);
    assertThat(Priors.parse("flow:4")).isEqualTo(new FlowPrior.Spec(4, 128));
    assertThat(Priors.parse("flow:4:20")).isEqualTo(new FlowPrior.Spec(4, 20));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priors.parse("flow"))
        .withMessage("prior \"flow\" must be of the form flow:STEPS[:WIDTH]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priors.parse("flow:0"))
        .withMessage(
            "prior \"flow:0\" must be of the form flow:STEPS[:WIDTH] with a whole number of at"
                + " least 1 where \"0\" stands");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priors.parse("flaw:2"))
        .withMessageEndingWith("did you mean flow:STEPS[:WIDTH]?");
  }
}
