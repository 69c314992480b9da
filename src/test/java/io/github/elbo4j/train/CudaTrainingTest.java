package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Annealing;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.objective.Objectives;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on a device gives the losses of the reference, and the same bits twice. */
@Tag("cuda")
class CudaTrainingTest {
  @Test
  void twentyStepsOfTheClassicModelOnRealImages() throws Exception {
    float[] device = classic(Backends.choose("cuda"), 20);
    float[] reference = classic(Backends.reference(), 20);
    for (int i = 0; i < device.length; i++) {
      assertThat(device[i])
          .as("loss of step %d", i)
          .isCloseTo(reference[i], within(1e-4f * Math.abs(reference[i])));
    }
    assertThat(device[19]).isLessThan(0.9f * device[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bernoulli", "gaussian:element", "gaussian:dimension"})
  void sameLossesAsTheReferenceAndTheSameBitsTwice(String likelihood) {
    Backend cuda = Backends.choose("cuda");
    Elbo elbo = new Elbo(1, 10, 0.05);
    float[] device = new StepFixture(cuda, likelihood, elbo, 100, true).losses(8);
    assertThat(new StepFixture(cuda, likelihood, elbo, 100, true).losses(8)).isEqualTo(device);
    float[] reference =
        new StepFixture(Backends.reference(), likelihood, elbo, 100, true).losses(8);
    for (int i = 0; i < device.length; i++) {
      assertThat(device[i]).isCloseTo(reference[i], within(1e-4f * Math.abs(reference[i])));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "capacity:10:5, pathwise, bernoulli",
    "iwae:3, dreg, continuous-bernoulli",
    "renyi:0.5:3, pathwise, laplace:dimension",
    "chi:2:3, pathwise, categorical:4",
    "tcvae:3, stl, logistic256",
    "factor:5, pathwise, laplace:element",
    "dip:2, pathwise, bernoulli",
    "mmd:3:wae, pathwise, bernoulli"
  })
  void everyObjectiveAndLikelihood(String objective, String estimator, String likelihood) {
    ObjectiveSpec spec = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    Backend cuda = Backends.choose("cuda");
    float[] device = new StepFixture(cuda, likelihood, spec, 64, false).losses(3);
    float[] reference =
        new StepFixture(Backends.reference(), likelihood, spec, 64, false).losses(3);
    for (int i = 0; i < device.length; i++) {
      // The loss of chi is a difference of two bounds of some 100 nats.
      assertThat(device[i]).isCloseTo(reference[i], within(1e-3f + 1e-4f * Math.abs(reference[i])));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "full, normal, STICKING_THE_LANDING",
    "planar:2, normal, ANY",
    "radial:1:shared, normal, ANY",
    "sylvester:1, normal, ANY",
    "householder:2, normal, ANY",
    "realnvp:2:16, flow:2:16, ANY",
    "spline:2:16, normal, STICKING_THE_LANDING",
    "iaf:2:16, normal, ANY"
  })
  void posteriorsAndPriorsHaveTheLossesOfTheReference(
      String posterior, String prior, Elbo.Form form) {
    Elbo elbo = new Elbo(1, Annealing.NONE, 0, form);
    float[][] losses = new float[2][];
    Backend[] backends = {Backends.choose("cuda"), Backends.reference()};
    for (int i = 0; i < 2; i++) {
      losses[i] =
          new StepFixture(backends[i], posterior, prior, "bernoulli", elbo, 64, false).losses(4);
    }
    for (int i = 0; i < losses[0].length; i++) {
      assertThat(losses[0][i]).isCloseTo(losses[1][i], within(1e-4f * Math.abs(losses[1][i])));
    }
  }

  /** Losses of 784–400–20 with batches of 128 embedded images, drawn anew each step. */
  private static float[] classic(Backend backend, int steps) throws Exception {
    Images images = DataSource.load("embedded").train();
    Vae.Spec spec =
        new Vae.Spec(
            images.size(),
            List.of(400),
            20,
            Activation.RELU,
            LikelihoodSpec.parse("bernoulli"),
            new LogVarBounds(-8, 8));
    Parameters parameters = spec.parameters(1, images.pixelMeans(), backend.memory());
    Model model =
        new Model(new Vae(spec, parameters), parameters, images.height(), images.width(), 0);
    Adam adam = Adam.builder(parameters).learningRate(1e-3).build();
    TrainingStep step =
        new TrainingStep(
            model, backend, new Elbo(1, 0, 0), adam, new Batches(images, 128, 1), 128, 1, true);
    float[] losses = new float[steps];
    for (int i = 0; i < steps; i++) {
      losses[i] = step.run(i, "none");
    }
    return losses;
  }
}
