package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VaeTest {
  private static final LogVarBounds BOUNDS = new LogVarBounds(-1, 0.5f);

  private final Tape tape = new Tape(Backends.reference());

  private static Vae.Spec spec(int data, List<Integer> hidden, int latent) {
    return new Vae.Spec(
        data, hidden, latent, Activation.RELU, LikelihoodSpec.parse("bernoulli"), BOUNDS);
  }

  @Test
  void theDecoderMirrorsTheEncoder() {
    List<String> names = new ArrayList<>();
    for (Parameters.Parameter p : spec(9, List.of(7, 5), 2).parameters(1, null)) {
      if (p.name().endsWith("weight")) {
        names.add(p.name() + p.value().shape());
      }
    }
    assertThat(names)
        .containsExactly(
            "encoder.0.weight[9,7]",
            "encoder.1.weight[7,5]",
            "posterior.mu.weight[5,2]",
            "posterior.logVar.weight[5,2]",
            "decoder.0.weight[2,5]",
            "decoder.1.weight[5,7]",
            "likelihood.logits.weight[7,9]");
  }

  @Test
  void shapesFromDataToDataAndBack() {
    Vae.Spec spec = spec(9, List.of(7, 5), 2);
    Vae vae = new Vae(spec, spec.parameters(1, null));
    assertThat(vae.data()).isEqualTo(9);
    assertThat(vae.latent()).isEqualTo(2);
    Observed x = Observed.of(Tensor.zeros(4, 9));
    Var h = vae.encode(tape, x);
    assertThat(h.value().shape()).isEqualTo(Shape.of(4, 5));
    assertThat(vae.posteriorMean(tape, x).value().shape()).isEqualTo(Shape.of(4, 2));
    Var z = vae.sample(tape, h, new NoiseKey(1, 1), 3, Want.SAMPLE).z();
    assertThat(z.value().shape()).isEqualTo(Shape.of(12, 2));
    assertThat(vae.logLik(tape, z, x).value().shape()).isEqualTo(Shape.of(12));
    assertThat(vae.decodeMean(tape, z, null).value().shape()).isEqualTo(Shape.of(12, 9));
  }

  /** A log-variance far above its bound samples with the bound's σ; the mean is not bounded. */
  @Test
  void theLogVarianceOfThePosteriorIsBounded() {
    Vae.Spec spec = spec(3, List.of(), 1);
    Parameters parameters = spec.parameters(1, null);
    parameters.values().fill(0);
    parameters.value("posterior.mu.bias").fill(50);
    parameters.value("posterior.logVar.bias").fill(100);
    Vae vae = new Vae(spec, parameters);
    Var h = vae.encode(tape, Observed.of(Tensor.zeros(1, 3)));
    NoiseKey noise = new NoiseKey(1, 1);
    float z = vae.sample(tape, h, noise, 1, Want.KL).z().value().get(0);
    Tensor eps = Tensor.zeros(1);
    Backends.reference().random().normal(noise, 0, eps);
    assertThat(z).isCloseTo((float) (50 + Math.exp(0.25) * eps.get(0)), within(1e-4f));
  }

  @Test
  void thePriorIsStandardNormal() {
    Vae.Spec spec = spec(3, List.of(), 2);
    Tensor z = Tensor.zeros(5000, 2);
    new Vae(spec, spec.parameters(1, null)).prior().sample(Backends.simd(), new NoiseKey(4, 4), z);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < z.size(); i++) {
      mean += z.get(i) / (double) z.size();
      square += z.get(i) * (double) z.get(i) / z.size();
    }
    assertThat(mean).isCloseTo(0, within(5 / Math.sqrt(z.size())));
    assertThat(square).isCloseTo(1, within(5 * Math.sqrt(2.0 / z.size())));
  }

  @Test
  void lossReturnsItsTerms() {
    Vae.Spec spec = spec(3, List.of(4), 2);
    Vae vae = new Vae(spec, spec.parameters(1, null));
    Pass pass = new Pass(vae);
    assertThatIllegalStateException()
        .isThrownBy(pass::logLik)
        .withMessage("Pass: no forward pass was done");
    assertThatIllegalStateException().isThrownBy(pass::latent);
    assertThatIllegalStateException().isThrownBy(pass::kl);
    Tensor x = Tensor.zeros(2, 3);
    Var loss = pass.loss(tape, Observed.of(x), new NoiseKey(1, 1), Elbo.PLAIN, 0);
    double sum = 0;
    for (int b = 0; b < 2; b++) {
      sum += pass.kl().value().get(b) - pass.logLik().value().get(b);
    }
    assertThat((double) loss.value().get(0)).isCloseTo(sum / 2, within(1e-5));
  }

  /** Parts given as objects make the model that the same parts make by their description. */
  @Test
  void aModelOfOtherParts() {
    Vae.Spec spec = spec(3, List.of(4), 2);
    Parameters parameters = spec.parameters(1, null);
    List<String> called = new ArrayList<>();
    Mlp encoder = new Mlp(parameters, "encoder", 1, spec.activation());
    Mlp decoder = new Mlp(parameters, "decoder", 1, spec.activation());
    Vae vae =
        new Vae(
            3,
            2,
            (t, x) -> {
              called.add("encoder");
              return encoder.forward(t, x);
            },
            new DiagonalGaussianPosterior(parameters, BOUNDS),
            Prior.standardNormal(),
            (t, z) -> {
              called.add("decoder");
              return decoder.forward(t, z);
            },
            spec.likelihood().build(parameters, BOUNDS));
    Observed x = Observed.of(TapeCheck.normal(1, 0.1, 2, 3));
    x.x().value().fill(0.25f);
    float loss = new Pass(vae).loss(tape, x, new NoiseKey(1, 1), Elbo.PLAIN, 0).value().get(0);
    Vae described = new Vae(spec, parameters);
    Var wanted = new Pass(described).loss(tape, x, new NoiseKey(1, 1), Elbo.PLAIN, 0);
    assertThat(loss).isEqualTo(wanted.value().get(0));
    assertThat(called).containsExactly("encoder", "decoder");
    Likelihood likelihood = spec.likelihood().build(parameters, BOUNDS);
    Prior prior = Prior.standardNormal();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vae(3, 0, encoder, vae.posterior(), prior, decoder, likelihood))
        .withMessage("Vae: data 3 and latent 0 must both be >= 1");
  }

  @Test
  void badSizesAreRefused() {
    String wanted = "Vae: data %s, latent %s and hidden %s must all be >= 1";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec(0, List.of(), 1))
        .withMessage(wanted.formatted(0, 1, "[]"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec(1, List.of(3, 0), 1))
        .withMessage(wanted.formatted(1, 1, "[3, 0]"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec(1, List.of(), 0))
        .withMessage(wanted.formatted(1, 0, "[]"));
    Vae.Spec spec = spec(3, List.of(), 2);
    Vae vae = new Vae(spec, spec.parameters(1, null));
    Observed wide = Observed.of(TapeCheck.normal(1, 1, 2, 4));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vae.posteriorMean(tape, wide))
        .withMessage("forward: w [3,2] must be [4,2]");
  }
}
