package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.testkit.TinyImages;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The measure of the gradient's noise. */
final class GradientReportTest {
  private static final DataSplits TINY = TinyImages.splits(40, 12);

  @TempDir private Path folder;
  private final Backend simd = Backends.simd();

  private static RunConfig config(String objective, String estimator, boolean report) {
    return RunConfig.builder()
        .set("epochs", 2)
        .set("batch", 16)
        .set("latent", 3)
        .set("hidden", List.of(12))
        .set("binarize", "dynamic")
        .set("objective", objective)
        .set("estimator", estimator)
        .set("report-gradient-variance", report)
        .build();
  }

  private static final Trainer.Listener QUIET =
      new Trainer.Listener() {
        @Override
        public void step(int epoch, int done, int total, float loss) {}

        @Override
        public void epoch(EpochMetrics metrics) {}
      };

  private EpochMetrics train(String run, RunConfig config) throws IOException {
    return new Trainer(config, TINY, simd, folder.resolve(run), QUIET).run(false).metrics();
  }

  /** The training goes on with the same bits; the log holds the numbers, and keeps them. */
  @Test
  void disturbsNothingAndIsLogged() throws IOException {
    EpochMetrics with = train("with", config("factor:3", "pathwise", true));
    EpochMetrics without = train("without", config("factor:3", "pathwise", false));
    assertThat(Files.readAllBytes(folder.resolve("with").resolve(Checkpoints.FILE)))
        .isEqualTo(Files.readAllBytes(folder.resolve("without").resolve(Checkpoints.FILE)));
    assertThat(without.gradientNoise()).isNull();
    assertThat(with.testElbo()).isEqualTo(without.testElbo());
    MetricsLog log = new MetricsLog(folder.resolve("with").resolve(MetricsLog.FILE));
    assertThat(log.read().getLast()).isEqualTo(with);
    log.keepThrough(2);
    assertThat(log.read().getLast()).isEqualTo(with);
    assertThat(Files.readString(folder.resolve("with").resolve(MetricsLog.FILE)))
        .contains(
            "\"encoderGradientVariance\":",
            "\"encoderGradientSquaredMean\":",
            "\"decoderGradientVariance\":",
            "\"decoderGradientSquaredMean\":");
  }

  /** Mean and covariance of the same 32 gradients, in two passes. */
  @Test
  void isTheTraceOfTheCovarianceAndTheSquaredMean() {
    RunConfig config = config("beta:2", "pathwise", true);
    Images images = TINY.train();
    int pixels = images.size();
    Composition composition = Composition.of(config, new Composition.Facts(pixels, 0, 3));
    Model model =
        Model.create(
            composition, images.height(), images.width(), images.pixelMeans(), 5, simd.memory());
    Objective objective = composition.objective(model, images.count());
    GradientReport report = new GradientReport(model, simd, objective, images, 16, 9, false);
    GradientNoise measured = report.measure(7);
    assertThat(model.parameters().gradients().toArray()).containsOnly(0f);
    assertThat(report.measure(7)).isEqualTo(measured);

    Observed x = model.batch(16).fill(images, 0, 16).load(simd, 16, null);
    Tape tape = new Tape(simd);
    Pass pass = new Pass(model.vae());
    NoiseKey noise = new NoiseKey(9, Streams.GRADIENT);
    List<List<double[]>> draws = List.of(new ArrayList<>(), new ArrayList<>());
    for (int draw = 0; draw < 32; draw++) {
      model.parameters().gradients().fill(0);
      tape.reset();
      tape.backward(pass.loss(tape, x, noise.at(draw), objective, 7));
      draws.get(0).add(gradient(model.parameters(), "encoder", "posterior"));
      draws.get(1).add(gradient(model.parameters(), "decoder", "likelihood"));
    }
    double[] encoder = moments(draws.get(0));
    double[] decoder = moments(draws.get(1));
    assertThat(measured.encoderVariance()).isCloseTo(encoder[0], within(1e-9 * encoder[0] + 1e-9));
    assertThat(measured.encoderSquaredMean()).isCloseTo(encoder[1], within(1e-9 * encoder[1]));
    assertThat(measured.decoderVariance()).isCloseTo(decoder[0], within(1e-9 * decoder[0] + 1e-9));
    assertThat(measured.decoderSquaredMean()).isCloseTo(decoder[1], within(1e-9 * decoder[1]));
    assertThat(measured.encoderVariance()).isGreaterThan(1e-3);
  }

  private static double[] gradient(Parameters parameters, String... parts) {
    List<Double> all = new ArrayList<>();
    for (Parameters.Parameter p : parameters) {
      if (List.of(parts).contains(p.name().substring(0, p.name().indexOf('.')))) {
        for (float g : p.gradient().toArray()) {
          all.add((double) g);
        }
      }
    }
    return all.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Trace of the covariance, squared norm of the mean. */
  private static double[] moments(List<double[]> draws) {
    int n = draws.size();
    double variance = 0;
    double squared = 0;
    for (int i = 0; i < draws.getFirst().length; i++) {
      double mean = 0;
      for (double[] draw : draws) {
        mean += draw[i] / n;
      }
      for (double[] draw : draws) {
        variance += (draw[i] - mean) * (draw[i] - mean) / (n - 1);
      }
      squared += mean * mean;
    }
    return new double[] {variance, squared};
  }
}
