package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.train.CombinationMatrix.Combination;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Posteriors, priors, likelihoods, objectives and estimators, each with each. */
final class MatrixTest {
  /** Three steps an epoch. */
  private static final DataSplits DATA = TinyImages.labelled(24, 6);

  private static final Trainer.Listener NOBODY =
      new Trainer.Listener() {
        @Override
        public void step(int epoch, int done, int total, float loss) {}

        @Override
        public void epoch(EpochMetrics metrics) {
          assertThat(List.of(metrics.testElbo(), metrics.reconstruction(), metrics.kl()))
              .allMatch(Double::isFinite);
        }
      };

  @TempDir private Path folder;

  /** Why a combination is refused before training, or null. */
  private static @Nullable String refusal(RunConfig config) {
    try {
      Trainer.check(config);
      return null;
    } catch (ConfigException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The combinations that are not refused, whatever the likelihood. */
  private static List<Combination> accepted() {
    List<Combination> accepted = new ArrayList<>();
    for (Combination c : CombinationMatrix.core()) {
      String reason = refusal(c.config());
      if (reason == null) {
        accepted.add(c);
      } else {
        assertThat(reason).as("why not %s", c).matches("config: \\S+ \\S+ \\S+ .*[\\w)].*");
      }
    }
    return accepted;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          posterior=planar:2,objective=elbo:analytic           | does not exist for a flow posterior
          objective=iwae:5,estimator=stl                       | biased
          objective=iwae:5,estimator=stl                       | use dreg
          objective=elbo,estimator=dreg                        | has one sample: use stl
          objective=elbo:analytic,estimator=stl                | with the analytic KL there is none
          objective=vrmax:5,estimator=dreg                     | use pathwise
          objective=capacity:1:5,estimator=stl                 | use pathwise
          objective=iwae:5,free-bits=0.1                       | has no KL of its own
          objective=mmd:5:wae,warmup=1                         | has no KL of its own
          posterior=realnvp:2,free-bits=0.1                    | is no sum over latent dimensions
          posterior=hierarchical,objective=elbo:analytic       | does not exist for a hierarchical posterior
          prior=mog:5,objective=elbo:analytic                  | to a mixture prior
          likelihood=logistic256,binarize=dynamic              | counts the levels of grey pixels
          prior=vamp:5,posterior=full                          | for --posterior diagonal only
          prior=vamp:5,condition=label                         | without a label
          posterior=layers:4%2,prior=gaussian                  | leave --prior at normal
          posterior=ladder:4%2,prior=mog:3                     | leave --prior at normal
          posterior=layers:4%2,estimator=stl                   | use --estimator pathwise
          posterior=hierarchical,objective=mmd:5:wae           | from which alone the auxiliary model would learn
          """)
  void whatDoesNotGoTogetherIsRefusedWithTheReason(String flags, String reason) {
    RunConfigBuilder config = RunConfig.builder();
    for (String flag : flags.split(",", -1)) {
      String value = flag.substring(flag.indexOf('=') + 1).replace('%', ',');
      boolean number = flag.startsWith("free-bits");
      config.set(flag.substring(0, flag.indexOf('=')), number ? Double.valueOf(value) : value);
    }
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> Trainer.check(config.build()))
        .withMessageStartingWith("config: ")
        .withMessageContaining(reason);
  }

  /** In some combination each value trains: none is refused whatever stands beside it. */
  @Test
  void everyValueIsGoodForSomething() {
    List<Combination> accepted = accepted();
    for (CombinationMatrix.Axis axis : CombinationMatrix.AXES) {
      int a = CombinationMatrix.AXES.indexOf(axis);
      assertThat(accepted.stream().map(c -> c.values().get(a)).distinct())
          .as("values of --%s that are accepted", axis.key())
          .hasSameElementsAs(axis.examples());
    }
  }

  /** A pair of parts that is accepted anywhere trains, and goes on with the same bits. */
  @Test
  void everyPairTrainsAndResumes() throws IOException {
    List<Combination> chosen = CombinationMatrix.pairwise(accepted());
    SoftAssertions softly = new SoftAssertions();
    for (int i = 0; i < chosen.size(); i++) {
      Combination c = chosen.get(i);
      Path run = folder.resolve(Integer.toString(i));
      softly
          .assertThatCode(
              () -> trainAndResume(c.config().toBuilder().set("epochs", 2).build(), run))
          .as("%s", c)
          .doesNotThrowAnyException();
    }
    softly.assertAll();
  }

  /** Two epochs in one go, and the second one again from the checkpoint of the first. */
  private static void trainAndResume(RunConfig config, Path run) throws IOException {
    train(config, run, false);
    Path newest = run.resolve(Checkpoints.FILE);
    byte[] whole = Files.readAllBytes(newest);
    SafeTensors after = Checkpoints.load(run);
    Files.copy(run.resolve(Checkpoints.PREVIOUS), newest, StandardCopyOption.REPLACE_EXISTING);
    SafeTensors before = Checkpoints.load(run);
    train(config, run, true);
    assertThat(Files.readAllBytes(newest)).as("checkpoint after resuming").isEqualTo(whole);
    for (String name : after.names()) {
      if (name.startsWith("model.")) {
        assertThat(after.f32(name, after.shape(name)))
            .as("parameter %s after another epoch", name)
            .isNotEqualTo(before.f32(name, before.shape(name)));
      }
    }
  }

  private static void train(RunConfig config, Path run, boolean resume) throws IOException {
    new Trainer(config, DATA, Backends.simd(), run, NOBODY).run(resume);
  }

  /** The whole product: refused with a reason, or three steps and an evaluation are finite. */
  @Test
  @Tag("verify")
  void everyCombinationTrainsOrSaysWhyNot() {
    SoftAssertions softly = new SoftAssertions();
    CombinationMatrix.forEach(
        c -> {
          String reason = refusal(c.config());
          if (reason == null) {
            softly
                .assertThatCode(() -> threeSteps(c.config()))
                .as("%s", c)
                .doesNotThrowAnyException();
          } else {
            softly.assertThat(reason).as("%s", c).startsWith("config: ").contains(" ");
          }
        });
    softly.assertAll();
  }

  private static void threeSteps(RunConfig config) {
    Backend backend = Backends.simd();
    PreparedData data = PreparedData.of(DATA, config);
    Batches batches = new Batches(data.train(), config.batch(), config.seed());
    int pixels = TinyImages.HEIGHT * TinyImages.WIDTH;
    Composition composition =
        Composition.of(config, new Composition.Facts(pixels, 14, batches.perEpoch()));
    Model model =
        Model.create(
            composition,
            TinyImages.HEIGHT,
            TinyImages.WIDTH,
            data.train().pixelMeans(),
            config.seed(),
            backend.memory());
    Adam adam = Adam.builder(model.parameters()).learningRate(config.learningRate()).build();
    TrainingStep step =
        new TrainingStep(
            model,
            backend,
            composition.objective(model, data.train().count()),
            adam,
            batches,
            config.batch(),
            config.seed(),
            false);
    float[][] before = values(model.parameters());
    for (int i = 0; i < 3; i++) {
      assertThat(step.run(i, "none")).isFinite();
    }
    assertThat(model.nonFiniteParameter()).isNull();
    assertThat(Arrays.deepEquals(values(model.parameters()), before)).isFalse();
    Evaluation.Scores scores = new Evaluation(model, backend, data.test(), config.seed()).elbo();
    assertThat(scores.elbo()).isFinite();
  }

  private static float[][] values(Parameters parameters) {
    List<float[]> values = new ArrayList<>();
    for (Parameters.Parameter p : parameters) {
      values.add(p.value().toArray());
    }
    return values.toArray(float[][]::new);
  }
}
