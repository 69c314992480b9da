package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.DeviceCounts;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.nn.Schedule;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps of a device as graphs: the bits of launches one by one, whatever happens in between. */
@Tag("cuda")
class CudaGraphTest {
  private static final Backend CUDA = Backends.choose("cuda");
  private static final Elbo ELBO = new Elbo(1, 0, 0);

  @TempDir private Path folder;

  /** 784–400–20 with all that changes from step to step; a short batch ends each epoch. */
  private static final class Classic implements AutoCloseable {
    final Parameters parameters;
    final Model model;
    final Adam adam;
    final TrainingStep step;
    final Batches batches;
    final Objective elbo;
    final Batch batch;
    final Tape tape = new Tape(CUDA);
    final Pass pass;

    Classic(Images images, int rows, Objective elbo) {
      this.elbo = elbo;
      Vae.Spec spec =
          new Vae.Spec(
              images.size(),
              List.of(400),
              20,
              Activation.RELU,
              LikelihoodSpec.parse("bernoulli"),
              new LogVarBounds(-8, 8));
      parameters = spec.parameters(1, images.pixelMeans(), CUDA.memory());
      model = new Model(new Vae(spec, parameters), parameters, images.height(), images.width(), 0);
      batches = new Batches(images, rows, 1);
      batch = model.batch(rows);
      pass = new Pass(model.vae());
      adam =
          Adam.builder(parameters)
              .learningRate(2e-3)
              .schedule(Schedule.parse("cosine:7"), batches.perEpoch())
              .weightDecay(0.01)
              .clipNorm(60)
              .average(0.9)
              .build();
      step = new TrainingStep(model, CUDA, elbo, adam, batches, rows, 1, true);
    }

    /** The step written out, each kernel launched as it comes and each number waited for. */
    float[] plain(int i) {
      int rows = batches.fill(i, batch.bytes());
      Observed x = batch.load(CUDA, rows, new NoiseKey(1, Streams.BINARIZE).at(i));
      tape.reset();
      Var loss = pass.loss(tape, x, new NoiseKey(1, Streams.POSTERIOR).at(i), elbo, i);
      float value = loss.value().get(0);
      tape.backward(loss);
      adam.step(CUDA);
      return new float[] {value, sum(pass.logLik()), sum(pass.kl()), rows};
    }

    private static float sum(Var v) {
      Tensor sum = CUDA.memory().allocate(1);
      CUDA.reduce().addSum(v.value(), 1, sum);
      return sum.get(0);
    }

    float[] numbers(int i) {
      float loss = step.run(i, "none");
      return new float[] {loss, (float) step.logLikSum(), (float) step.klSum(), step.rows()};
    }

    @Override
    public void close() {
      step.close();
    }
  }

  @Test
  void twentyStepsHaveTheBitsOfLaunchesOneByOne() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 80);
    int replays = 0;
    try (Classic graphs = new Classic(images, 32, ELBO);
        Classic eager = new Classic(images, 32, ELBO)) {
      for (int i = 0; i < 20; i++) {
        assertThat(graphs.numbers(i)).as("step %d", i).isEqualTo(eager.plain(i));
        replays += graphs.step.replayed() ? 1 : 0;
      }
      sameState(graphs, eager);
      assertThat(replays).isEqualTo(18);
      assertThat(graphs.step.whyNotReplayed()).isNull();
    }
  }

  @Test
  void evaluationsAndAveragesInBetweenTouchNothingOfAGraph() throws Exception {
    Images images = DataSource.load("embedded").train();
    try (Classic graphs = new Classic(images.slice(0, 96), 32, ELBO);
        Classic eager = new Classic(images.slice(0, 96), 32, ELBO)) {
      Evaluation evaluation = new Evaluation(graphs.model, CUDA, images.slice(100, 150), 3);
      Pictures pictures = new Pictures(graphs.model, CUDA);
      for (int i = 0; i < 9; i++) {
        assertThat(graphs.numbers(i)).as("step %d", i).isEqualTo(eager.plain(i));
        if (i % 3 == 2) {
          graphs.adam.swapAverage(CUDA);
          evaluation.elbo();
          pictures.samples(folder.resolve("s.png"), 70, 5, null);
          graphs.adam.swapAverage(CUDA);
          overwriteWhatNobodyOwns();
        }
      }
      assertThat(graphs.step.replayed()).isTrue();
      sameState(graphs, eager);
    }
  }

  @Test
  void stepsWithoutGraphsHaveTheSameBits() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 48);
    try (Classic off = new Classic(images, 32, ELBO);
        Classic eager = new Classic(images, 32, ELBO)) {
      off.step.useGraphs(false);
      for (int i = 0; i < 5; i++) {
        assertThat(off.numbers(i)).as("step %d", i).isEqualTo(eager.plain(i));
        assertThat(off.step.replayed()).isFalse();
        assertThat(off.step.whyNotReplayed()).isNull();
      }
      sameState(off, eager);
    }
  }

  @Test
  void aPropertySwitchesGraphsOff() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 32);
    System.setProperty("elbo4j.cuda.graphs", "false");
    try (Classic off = new Classic(images, 32, ELBO)) {
      for (int i = 0; i < 3; i++) {
        off.numbers(i);
      }
      assertThat(off.step.replayed()).isFalse();
      off.step.useGraphs(true);
      off.numbers(3);
      assertThat(off.step.replayed()).isTrue();
    } finally {
      System.clearProperty("elbo4j.cuda.graphs");
    }
  }

  /** Blocks of every size that a step could have given back. */
  private static void overwriteWhatNobodyOwns() {
    for (int size = 64; size <= 1 << 20; size *= 2) {
      for (int i = 0; i < 4; i++) {
        CUDA.memory().fill(CUDA.memory().allocate(size), Float.NaN);
      }
    }
  }

  @Test
  void theWeightOfAWarmUpGrowsInsideAGraph() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 64);
    Elbo growing = new Elbo(1, 9, 0);
    try (Classic graphs = new Classic(images, 32, growing);
        Classic eager = new Classic(images, 32, growing)) {
      for (int i = 0; i < 12; i++) {
        assertThat(graphs.numbers(i)).as("step %d", i).isEqualTo(eager.plain(i));
        assertThat(graphs.step.replayed()).isEqualTo(i > 0);
      }
      sameState(graphs, eager);
    }
  }

  @Test
  void aLossThatIsNoNumberLeavesEverythingAsItWas() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 64);
    for (boolean graphs : new boolean[] {true, false}) {
      try (Classic run = new Classic(images, 32, ELBO)) {
        run.step.useGraphs(graphs);
        for (int i = 0; i < 4; i++) {
          run.numbers(i);
        }
        Tensor weight = run.parameters.value("decoder.0.weight");
        weight.slice(7, Shape.of(1)).fill(Float.NaN);
        Map<String, float[]> before = state(run);
        assertThatThrownBy(() -> run.step.run(4, "none yet"))
            .isInstanceOf(NonFiniteException.class)
            .hasMessageStartingWith("step 5: parameter decoder.0.weight is not finite");
        assertThat(run.step.replayed()).isEqualTo(graphs);
        assertThat(run.adam.steps()).isEqualTo(4);
        state(run).forEach((name, t) -> assertThat(t).as(name).isEqualTo(before.get(name)));
        assertThat(run.parameters.gradients().toArray()).containsOnly(0f);
        weight.slice(7, Shape.of(1)).fill(0.01f); // and it goes on
        assertThat(run.step.run(4, "none yet")).isFinite();
      }
    }
  }

  /** Reads an element on the host before the loss is done. */
  private record Curious(Elbo elbo) implements Objective {
    @Override
    public Var loss(Pass pass) {
      Var loss = elbo.loss(pass);
      assertThat(pass.latent().z().value().get(0)).isFinite();
      return loss;
    }

    @Override
    public @Nullable String refusal(Posterior posterior, Prior prior) {
      return null;
    }
  }

  @Test
  void aStepThatLooksAtTheHostSaysWhyItIsNoGraph() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 64);
    try (Classic curious = new Classic(images, 32, new Curious(ELBO));
        Classic eager = new Classic(images, 32, ELBO)) {
      for (int i = 0; i < 4; i++) {
        assertThat(curious.numbers(i)).as("step %d", i).isEqualTo(eager.plain(i));
      }
      assertThat(curious.step.replayed()).isFalse();
      assertThat(curious.step.whyNotReplayed())
          .isEqualTo(
              "cuda graphs: steps are launched kernel by kernel, since the host reads elements of"
                  + " the device");
    }
  }

  @Test
  void whatAGraphHoldsIsGivenBack() throws IOException {
    Images images = DataSource.load("embedded").train().slice(0, 80);
    try (Classic run = new Classic(images, 32, ELBO)) {
      for (int i = 0; i < 6; i++) {
        run.numbers(i);
      }
      assertThat(DeviceCounts.graphs()).isEqualTo(2);
      int held = DeviceCounts.pinned();
      run.step.close();
      assertThat(DeviceCounts.graphs()).isZero();
      assertThat(DeviceCounts.pinned()).isLessThan(held);
      run.numbers(6); // begins anew
      assertThat(run.step.replayed()).isFalse();
    }
    assertThat(DeviceCounts.pinned()).isZero();
  }

  /** The context, the launch, and the wait for its end with the context again. */
  @Test
  void aStepIsFourCallsOfTheDriver() throws IOException {
    assumeTrue(DeviceCounts.driverCalls() >= 0, "a driver that counts");
    Images images = DataSource.load("embedded").train().slice(0, 64);
    try (Classic run = new Classic(images, 32, ELBO)) {
      for (int i = 0; i < 3; i++) {
        run.numbers(i);
      }
      assertThat(callsOfAStep(run, 3)).isLessThanOrEqualTo(4);
      run.step.useGraphs(false);
      run.numbers(4);
      assertThat(callsOfAStep(run, 5)).isGreaterThan(50);
    }
  }

  /** Two epochs in one go, and one epoch that another process goes on from. */
  @Test
  void aResumedRunHasTheBitsOfOneThatNeverStopped() throws IOException {
    DataSplits data = DataSource.load("embedded");
    DataSplits few =
        new DataSplits(data.train().slice(0, 150), data.test().slice(0, 30), data.description());
    List<String> notices = new ArrayList<>();
    train(few, "whole", 3, notices);
    train(few, "parts", 1, notices);
    train(few, "parts", 3, notices);
    assertThat(Files.readAllBytes(folder.resolve("parts").resolve(Checkpoints.FILE)))
        .isEqualTo(Files.readAllBytes(folder.resolve("whole").resolve(Checkpoints.FILE)));
    assertThat(notices).isEmpty();
    assertThat(DeviceCounts.graphs()).isZero();
    assertThat(DeviceCounts.pinned()).isZero();
  }

  private void train(DataSplits data, String run, int epochs, List<String> notices)
      throws IOException {
    RunConfig config =
        RunConfig.builder()
            .set("epochs", epochs)
            .set("batch", 32)
            .set("latent", 4)
            .set("hidden", List.of(24))
            .set("warmup", "2")
            .set("polyak", 0.9)
            .set("clip-norm", 50)
            .build();
    new Trainer(config, data, CUDA, folder.resolve(run), new Heard(notices)).run(epochs > 1);
  }

  /** Keeps the notices. */
  private record Heard(List<String> notices) implements Trainer.Listener {
    @Override
    public void step(int epoch, int done, int total, float loss) {}

    @Override
    public void epoch(EpochMetrics metrics) {}

    @Override
    public void notice(String line) {
      notices.add(line);
    }
  }

  private static long callsOfAStep(Classic run, int step) {
    long before = DeviceCounts.driverCalls();
    run.numbers(step);
    return DeviceCounts.driverCalls() - before;
  }

  private static Map<String, float[]> state(Classic run) {
    Map<String, float[]> state = new LinkedHashMap<>();
    run.parameters.forEach(p -> state.put(p.name(), p.value().toArray()));
    run.adam.state().forEach((name, t) -> state.put(name, t.toArray()));
    return state;
  }

  private static void sameState(Classic a, Classic b) {
    Map<String, float[]> wanted = state(b);
    state(a).forEach((name, t) -> assertThat(t).as(name).isEqualTo(wanted.get(name)));
  }
}
