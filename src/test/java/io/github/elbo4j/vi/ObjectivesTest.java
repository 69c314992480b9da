package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.objective.Objectives;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of objectives, and what does not go together. */
class ObjectivesTest {
  private static ObjectiveSpec parse(String objective, String estimator) {
    return Objectives.parse(objective, estimator, Annealing.NONE, 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          capacity:1       | pathwise | must be of the form capacity:WEIGHT:NATS
          capacity:-1:2    | pathwise | with a number of at least 0 where "-1" stands
          iwae             | pathwise | must be of the form iwae:SAMPLES
          iwae:0           | pathwise | with a whole number of at least 1 where "0" stands
          renyi:5          | pathwise | must be of the form renyi:ALPHA:SAMPLES
          renyi:NaN:5      | pathwise | with a finite number where "NaN" stands
          vrmax:5:5        | pathwise | must be of the form vrmax:SAMPLES
          chi:1:5          | pathwise | must have an ORDER above 1 in chi:ORDER:SAMPLES
          chi:2            | pathwise | must be of the form chi:ORDER:SAMPLES
          tcvae:4:mws      | pathwise | must be of the form tcvae:WEIGHT or tcvae:WEIGHT:weighted
          factor:x         | pathwise | must be of the form factor:WEIGHT
          dip:1:2:3        | pathwise | must be of the form dip:WEIGHT or dip:WEIGHT:DIAGONAL
          mmd:1:vae        | pathwise | must be of the form mmd:WEIGHT or mmd:WEIGHT:wae
          factr:1          | pathwise | did you mean factor:WEIGHT?
          iwae:5           | stl      | sticking-the-landing with the IWAE bound: biased, use dreg
          renyi:0.5:5      | stl      | sticking-the-landing with the Rényi bound: biased, use dreg
          chi:2:5          | stl      | goes through the samples, which objective chi holds
          chi:2:5          | dreg     | goes through the samples, which objective chi holds
          vrmax:5          | stl      | sticking-the-landing with the VR-max bound: biased, use pathwise
          vrmax:5          | dreg     | they jump from 0 to 1: biased, use pathwise
          elbo             | dreg     | is for the weights of several samples (iwae, renyi); objective elbo has one sample: use stl
          tcvae:2          | dreg     | objective tcvae has one sample: use stl
          capacity:1:2     | stl      | needs a weight of the KL that does not depend on the sample
          capacity:1:2     | dreg     | needs a weight of the KL that does not depend on the sample
          elbo:analytic    | stl      | with the analytic KL there is none
          elbo             | dreggs   | estimator "dreggs" must be one of pathwise, stl, dreg, gumbel[:TAU], st-gumbel[:TAU], score[
          elbo             | dreggs   | did you mean dreg?
          elbo             | gumbl    | did you mean gumbel[:TAU]?
          elboo            | gumbel   | objective "elboo" must be one of
          iwae:5           | gumbel   | estimates the gradient of objective elbo or beta:WEIGHT, not of iwae: use vimco
          tcvae:5          | score    | estimates the gradient of objective elbo or beta:WEIGHT, not of tcvae
          elbo             | gumbel:0 | must have a temperature TAU between 0.001 and 1000 in gumbel[:TAU]
          elbo             | gumbel:1:2 | must be of the form gumbel[:TAU]
          elbo             | st-gumbel:x | must be of the form st-gumbel[:TAU] with a number of at least 0 where "x" stands
          elbo             | rebar:1:2:3 | must be of the form rebar[:TAU[:ETA]]
          elbo             | relax:1:-1 | must be of the form relax[:TAU[:ETA]] with a number of at least 0
          elbo:mc          | rebar    | takes the KL of discrete latents in closed form
          elbo             | score:best | must be of the form score, score:none, score:constant
          elbo             | score:loo:1 | with a whole number of at least 2 where "1" stands
          elbo             | score:none:3 | must be of the form score, score:none
          elbo:mc          | score:optimal | scales a control variate whose mean is the KL in closed form
          elbo             | vimco    | objective elbo has none: use score
          iwae:1           | vimco    | compares each sample with the others: use iwae:2 or more
          iwae:5           | vimco:5  | must be of the form vimco
          iwae:5           | dreg:2   | estimator "dreg:2" must be one of
          """)
  void refusals(String objective, String estimator, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(objective, estimator))
        .withMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"iwae:5", "renyi:0.5:5", "vrmax:5", "chi:2:5", "mmd:3:wae"})
  void withoutAKlThereIsNothingToWarmUpOrToSpare(String objective) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Objectives.parse(objective, "pathwise", Annealing.linear(5), 0))
        .withMessageContaining("has no KL of its own whose weight a warmup could change");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Objectives.parse(objective, "pathwise", Annealing.NONE, 0.1))
        .withMessageContaining("has no KL of its own of which free-bits could spare some");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Objectives.parse("capacity:1:2", "pathwise", Annealing.NONE, 0.1))
        .withMessageContaining("leaves nothing for free-bits to spare");
  }

  /** A posterior of another class than the diagonal one, beside a prior of another than N(0,I). */
  private static @Nullable String refusal(String objective) {
    Parameters.Builder builder = Parameters.builder();
    TinyModel.SPEC.declare(builder, null);
    ObjectiveSpec spec = parse(objective, "pathwise");
    spec.declare(builder, TinyModel.SPEC);
    Parameters parameters = builder.build(1);
    Posterior diagonal = new Vae(TinyModel.SPEC, parameters).posterior();
    Posterior other =
        new Posterior() {
          @Override
          public Latent sample(
              Tape tape, Var h, NoiseKey noise, int samples, Prior prior, Want want) {
            return diagonal.sample(tape, h, noise, samples, prior, want);
          }

          @Override
          public Var mean(Tape tape, Var h) {
            return diagonal.mean(tape, h);
          }

          @Override
          public @Nullable String refusal(Prior prior, Want want) {
            return null;
          }
        };
    Prior prior =
        new Prior() {
          @Override
          public void sample(io.github.elbo4j.kernel.Backend kernels, NoiseKey noise, Tensor z) {}

          @Override
          public Var logDensity(Tape tape, Var z) {
            return z;
          }
        };
    return spec.build(parameters, TinyModel.SPEC, 10).refusal(other, prior);
  }

  @Test
  void modelsThatDoNotFit() {
    assertThat(refusal("tcvae:2"))
        .isEqualTo(
            "objective tcvae needs the diagonal posterior: only of independent Gaussians are the"
                + " marginals q(z_d) known");
    assertThat(refusal("mmd:2:wae"))
        .contains("which a prior with parameters would learn nothing from");
    assertThat(refusal("mmd:2")).contains("use prior normal");
    assertThat(refusal("iwae:2")).isNull();
    assertThat(refusal("factor:2")).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "dip:1, pathwise, which are not meant",
    "factor:1, pathwise, which are not meant",
    "mmd:1, pathwise, of the topmost alone",
    "iwae:2, dreg, weight like the posterior's"
  })
  void latentsInLayers(String objective, String estimator, String reason) {
    PosteriorSpec layered =
        new PosteriorSpec() {
          @Override
          public int latent() {
            return 4;
          }

          @Override
          public int decoded() {
            return 2;
          }

          @Override
          public void declare(Parameters.Builder builder, int in) {}

          @Override
          public Posterior build(Parameters parameters, LogVarBounds bounds) {
            throw new IllegalStateException("is refused before");
          }
        };
    Vae.Spec spec =
        new Vae.Spec(
            5,
            java.util.List.of(),
            TinyModel.SPEC.activation(),
            layered,
            PriorSpec.NORMAL,
            TinyModel.SPEC.likelihood(),
            TinyModel.SPEC.bounds(),
            0);
    Parameters parameters = spec.parameters(1, null);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(objective, estimator).build(parameters, spec, 10))
        .withMessageStartingWith("objective ")
        .withMessageContaining(": z has layers, ")
        .withMessageContaining(reason);
  }

  /** The last batch of an epoch may be a single point, which has nothing to be compared with. */
  @ParameterizedTest
  @ValueSource(strings = {"tcvae:5", "mmd:5"})
  void aSinglePointHasNoPenalty(String objective) {
    Parameters parameters = TinyModel.SPEC.parameters(1, null);
    Observed one = Observed.of(Tensor.zeros(1, TinyModel.DATA));
    float[] losses = new float[2];
    for (int i = 0; i < 2; i++) {
      Objective built =
          parse(i == 0 ? objective : "elbo", "pathwise").build(parameters, TinyModel.SPEC, 10);
      losses[i] =
          new Pass(new Vae(TinyModel.SPEC, parameters))
              .loss(new Tape(Backends.simd()), one, new NoiseKey(1, 1), built, 0)
              .value()
              .get(0);
    }
    assertThat(losses[0]).isEqualTo(losses[1]);
  }
}
