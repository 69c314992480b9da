package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Pass;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of all kinds are trained by graphs, with the bits of launches one by one. */
@Tag("cuda")
class CudaGraphFamiliesTest {
  private static final Backend CUDA = Backends.choose("cuda");
  private static final int BATCH = 16;

  @ParameterizedTest
  @CsvSource({
    "posterior, full",
    "posterior, planar:2",
    "posterior, radial:2:shared",
    "posterior, householder:2",
    "posterior, sylvester:2",
    "posterior, realnvp:2:8",
    "posterior, spline:1:8",
    "posterior, iaf:2:8",
    "posterior, maf:1:8",
    "likelihood, gaussian:dimension",
    "prior, gaussian",
    "prior, mog:3",
    "prior, vamp:3",
    "prior, flow:1:8",
    "likelihood, continuous-bernoulli",
    "likelihood, logistic256",
    "likelihood, categorical:8",
    "condition, label",
    "objective, iwae:3",
    "objective, chi:2:3",
    "objective, renyi:0.5:3",
    "objective, vrmax:3",
    "objective, tcvae:3",
    "objective, factor:3",
    "objective, dip:3",
    "objective, mmd:3",
    "free-bits, 0.05",
    "warmup, 2",
  })
  void aModelIsTrainedByGraphs(String key, String value) throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 3 * BATCH);
    Run graphs = new Run(images, key, value);
    Run plain = new Run(images, key, value);
    try (graphs.step;
        plain.step) {
      for (int i = 0; i < 5; i++) {
        assertThat(graphs.step.run(i, "none")).as("step %d", i).isEqualTo(plain.loss(i));
      }
      assertThat(graphs.step.whyNotReplayed()).isNull();
      assertThat(graphs.step.replayed()).isTrue();
      assertThat(graphs.model.parameters().values().toArray())
          .isEqualTo(plain.model.parameters().values().toArray());
    }
  }

  /** A small model of which one part is not the usual one. */
  private static final class Run {
    final Model model;
    final TrainingStep step;
    private final Objective objective;
    private final Batches batches;
    private final Adam adam;
    private final Tape tape = new Tape(CUDA);

    Run(Images images, String key, String value) {
      RunConfigBuilder builder =
          RunConfig.builder().set("batch", BATCH).set("latent", 4).set("hidden", List.of(12));
      RunConfig config =
          (key.equals("free-bits")
                  ? builder.set(key, Double.parseDouble(value))
                  : builder.set(key, value))
              .build();
      batches = new Batches(images, BATCH, 1);
      Composition composition =
          Composition.of(
              config, new Composition.Facts(images.size(), images.classes(), batches.perEpoch()));
      model =
          Model.create(
              composition, images.height(), images.width(), images.pixelMeans(), 1, CUDA.memory());
      objective = composition.objective(model, images.count());
      adam = Adam.builder(model.parameters()).build();
      step = new TrainingStep(model, CUDA, objective, adam, batches, BATCH, 1, false);
    }

    /** Of the step written out. */
    float loss(int i) {
      Batch batch = model.batch(BATCH);
      int rows = batches.fill(i, batch.bytes());
      batches.fillLabels(i, batch.labels());
      tape.reset();
      Var loss =
          new Pass(model.vae())
              .loss(
                  tape,
                  batch.load(CUDA, rows, null),
                  new NoiseKey(1, Streams.POSTERIOR).at(i),
                  objective,
                  i);
      float value = loss.value().get(0);
      tape.backward(loss);
      adam.step(CUDA);
      return value;
    }
  }
}
