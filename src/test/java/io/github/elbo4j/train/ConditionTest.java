package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.testkit.TinyImages;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are told the class. */
final class ConditionTest {
  private static final DataSplits LABELLED = TinyImages.labelled(400, 40);
  private static final int CLASSES = TinyImages.HEIGHT + TinyImages.WIDTH;

  @TempDir private Path folder;
  private final Backend simd = Backends.simd();

  private static final Trainer.Listener QUIET =
      new Trainer.Listener() {
        @Override
        public void step(int epoch, int done, int total, float loss) {}

        @Override
        public void epoch(EpochMetrics metrics) {}
      };

  private static RunConfigBuilder config(String condition, int epochs) {
    return RunConfig.builder()
        .set("epochs", epochs)
        .set("batch", 16)
        .set("latent", 2)
        .set("hidden", List.of(24))
        .set("learning-rate", 0.01)
        .set("condition", condition);
  }

  private EpochMetrics train(String run, RunConfigBuilder config, DataSplits data, boolean resume)
      throws IOException {
    return new Trainer(config.build(), data, simd, folder.resolve(run), QUIET)
        .run(resume)
        .metrics();
  }

  private byte[] checkpoint(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve(Checkpoints.FILE));
  }

  private static DataSplits splits(Images train, Images test) {
    return new DataSplits(train, test, "made up");
  }

  /**
   * What the class says costs no nats: 14 classes are log 14 = 2.6 nats of KL, and pictures whose
   * class is known are all but known. A class drawn by the model is that class.
   */
  @Test
  void theClassIsKnownAndNotEncoded() throws IOException {
    EpochMetrics told = train("told", config("label", 12), LABELLED, false);
    EpochMetrics untold = train("untold", config("none", 12), LABELLED, false);
    assertThat(told.kl()).isLessThan(untold.kl() - 1);
    assertThat(told.testElbo()).isGreaterThan(untold.testElbo() + 1);
    TrainedRun run = TrainedRun.open(folder.resolve("told"), simd);
    for (int label : new int[] {0, 5, CLASSES - 1}) {
      Path file = folder.resolve("class.png");
      run.sample(file, 9, 3, label);
      assertThat(brightest(ImageIO.read(file.toFile()), 0)).isEqualTo(label);
      assertThat(brightest(ImageIO.read(file.toFile()), 8)).isEqualTo(label);
    }
    Path all = folder.resolve("all.png");
    run.sample(all, 16, 3, null);
    BufferedImage grid = ImageIO.read(all.toFile());
    assertThat(brightest(grid, 3)).isEqualTo(3);
    assertThat(brightest(grid, 15)).isEqualTo(15 - CLASSES);
    assertThatThrownBy(() -> run.sample(all, 4, 1, CLASSES))
        .hasMessage("--class 14: the model knows the classes 0 to 13");
    assertThatThrownBy(() -> run.sample(all, 4, 1, -1)).hasMessageContaining("--class -1");
    assertThatThrownBy(() -> TrainedRun.open(folder.resolve("untold"), simd).sample(all, 4, 1, 0))
        .hasMessageContaining("--class 0: the model is told no class");
  }

  /** The row or, behind them, the column that is bright in a cell of a square grid. */
  private static int brightest(BufferedImage grid, int cell) {
    int columns = (grid.getWidth() - 2) / (TinyImages.WIDTH * 7 + 2);
    int left = 2 + cell % columns * (TinyImages.WIDTH * 7 + 2);
    int top = 2 + cell / columns * (TinyImages.HEIGHT * 7 + 2);
    int best = 0;
    double most = -1;
    for (int c = 0; c < CLASSES; c++) {
      double sum = 0;
      int n = c < TinyImages.HEIGHT ? TinyImages.WIDTH : TinyImages.HEIGHT;
      for (int i = 0; i < n; i++) {
        int x = c < TinyImages.HEIGHT ? i : c - TinyImages.HEIGHT;
        int y = c < TinyImages.HEIGHT ? c : i;
        sum += grid.getRaster().getSample(left + 7 * x + 3, top + 7 * y + 3, 0);
      }
      if (sum / n > most) {
        most = sum / n;
        best = c;
      }
    }
    return best;
  }

  @Test
  void resumesToTheBitAndIsEvaluatedAsItWasTrained() throws IOException {
    train("whole", config("label", 3), LABELLED, false);
    train("parts", config("label", 1), LABELLED, false);
    EpochMetrics last = train("parts", config("label", 3), LABELLED, true);
    assertThat(checkpoint("parts")).isEqualTo(checkpoint("whole"));
    Path data = TinyImages.labelledFolder(folder.resolve("data"), 30, 40);
    TrainedRun run = TrainedRun.open(folder.resolve("parts"), simd);
    Images test = run.data(data.toString(), "test");
    TrainedRun.Report report = run.evaluate(test, 50, null, (done, total) -> {});
    assertThat(report.elbo()).isEqualTo(last.testElbo()); // to the bit
    assertThat(report.logLikelihood()).isGreaterThan(report.elbo());
    assertThat(run.reconstruct(folder.resolve("r.png"), test.slice(0, 7))).isLessThan(0.1);
    Path unlabelled = TinyImages.folder(folder.resolve("unlabelled"), 30, 40);
    assertThatThrownBy(() -> run.data(unlabelled.toString(), "test"))
        .hasMessage("data " + unlabelled + " has no labels, and the model is told the class");
  }

  @Test
  void otherLabelsAreOtherData() throws IOException {
    train("run", config("label", 1), LABELLED, false);
    Images train = LABELLED.train();
    byte[] labels = new byte[train.count()];
    labels[0] = CLASSES - 1;
    Images relabelled =
        new Images(
            "relabelled", train.count(), train.height(), train.width(), train.pixels(), labels);
    assertThatThrownBy(
            () -> train("run", config("label", 2), splits(relabelled, LABELLED.test()), true))
        .hasMessageContaining("the run was trained on other data");
  }

  @Test
  void dataWithoutLabelsAreRefused() {
    DataSplits plain = TinyImages.splits(40, 12);
    assertThatThrownBy(() -> train("run", config("label", 1), plain, false))
        .hasMessage("config: condition is \"label\", but tiny train has no labels");
    assertThatThrownBy(
            () -> train("run", config("label", 1), splits(LABELLED.train(), plain.test()), false))
        .hasMessage("config: condition is \"label\", but tiny test has no labels");
    assertThatThrownBy(
            () ->
                train(
                    "run",
                    config("label", 1),
                    splits(LABELLED.train().slice(0, 1), LABELLED.test()),
                    false))
        .hasMessageContaining("but the test labels go up to 13 and the training labels to");
    assertThatThrownBy(() -> Trainer.check(config("labels", 1).build()))
        .hasMessage("config: condition is \"labels\" and must be none or label");
  }

  @Test
  void levelsAreOfPixelsThatStay() {
    for (String likelihood : new String[] {"categorical:4", "logistic256"}) {
      RunConfigBuilder dynamic =
          config("none", 1).set("likelihood", likelihood).set("binarize", "dynamic");
      assertThatThrownBy(() -> Trainer.check(dynamic.build()))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "config: likelihood \""
                  + likelihood
                  + "\" counts the levels of grey pixels, which binarize \"dynamic\" replaces by"
                  + " draws: use none or static");
    }
  }
}
