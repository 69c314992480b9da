package io.github.elbo4j.train;

import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.ObjectiveSpec;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.List;
import java.util.SplittableRandom;

/** A training step on made-up pictures, from one seed. */
final class StepFixture {
  private static final int SIDE = 14;

  final Parameters parameters;
  final TrainingStep step;

  /**
   * Makes the step.
   *
   * @param images number of pictures; batches have 32
   * @param dynamic whether pixels are drawn anew each step
   */
  StepFixture(Backend backend, String likelihood, Elbo elbo, int images, boolean dynamic) {
    this(backend, likelihood, (ObjectiveSpec) elbo, images, dynamic);
  }

  /** The same with any objective. */
  StepFixture(
      Backend backend, String likelihood, ObjectiveSpec objective, int images, boolean dynamic) {
    this(backend, "diagonal", "normal", likelihood, objective, images, dynamic);
  }

  /** The same with another posterior and prior. */
  StepFixture(
      Backend backend,
      String posterior,
      String prior,
      String likelihood,
      ObjectiveSpec objective,
      int images,
      boolean dynamic) {
    Images data = blobs(images);
    PosteriorSpec form = Posteriors.parse(posterior, 8);
    Vae.Spec spec =
        new Vae.Spec(
            SIDE * SIDE,
            List.of(64, 40),
            Activation.RELU,
            form,
            form.prior(Priors.parse(prior)),
            LikelihoodSpec.parse(likelihood),
            new LogVarBounds(-8, 8),
            0);
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, data.pixelMeans());
    objective.declare(builder, spec);
    parameters = builder.build(7, backend.memory());
    int levels = spec.likelihood().levels();
    Model model = new Model(new Vae(spec, parameters), parameters, SIDE, SIDE, levels);
    Adam adam = Adam.builder(parameters).learningRate(1e-3).clipNorm(50).build();
    Batches batches = new Batches(data, 32, 7);
    Objective built = objective.build(parameters, spec, images);
    step = new TrainingStep(model, backend, built, adam, batches, 32, 7, dynamic);
  }

  /** The loss of each of the next {@code count} steps. */
  float[] losses(int count) {
    float[] losses = new float[count];
    for (int i = 0; i < count; i++) {
      losses[i] = step.run(i, "none");
    }
    return losses;
  }

  /** Pictures of a bright spot somewhere, on black. */
  private static Images blobs(int count) {
    SplittableRandom random = new SplittableRandom(3);
    byte[] pixels = new byte[count * SIDE * SIDE];
    for (int n = 0; n < count; n++) {
      double row = SIDE * random.nextDouble();
      double column = SIDE * random.nextDouble();
      for (int i = 0; i < SIDE * SIDE; i++) {
        int y = i / SIDE;
        double distance = Math.hypot(y - row, i % SIDE - column);
        pixels[n * SIDE * SIDE + i] = (byte) Math.round(255 * Math.exp(-distance * distance / 8));
      }
    }
    return new Images("blobs", count, SIDE, SIDE, pixels, null);
  }
}
