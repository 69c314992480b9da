package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Objective;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Measures {@link GradientNoise} on the first training examples, the same each time. It draws from
 * streams of its own and leaves the gradients at zero, so that the training goes on as without it.
 */
final class GradientReport {
  /** Draws of the noise. */
  static final int DRAWS = 32;

  private static final List<String> ENCODER = List.of("encoder.", "posterior.");
  private static final List<String> DECODER = List.of("decoder.", "likelihood.", "prior.");

  private final Model model;
  private final Backend backend;
  private final Objective objective;
  private final Images examples;
  private final Batch batch;
  private final Pass pass;
  private final Tape tape;
  private final NoiseKey noise;
  private final @Nullable NoiseKey binarize;

  /**
   * Prepares a report.
   *
   * @param images of the training
   * @param rows size of the mini-batch
   * @param dynamic whether pixels are drawn, here once
   */
  GradientReport(
      Model model,
      Backend backend,
      Objective objective,
      Images images,
      int rows,
      long seed,
      boolean dynamic) {
    this.model = model;
    this.backend = backend;
    this.objective = objective;
    this.examples = images.slice(0, rows);
    this.batch = model.batch(rows);
    this.pass = new Pass(model.vae());
    this.tape = new Tape(backend);
    this.noise = new NoiseKey(seed, Streams.GRADIENT);
    this.binarize = dynamic ? new NoiseKey(seed, Streams.GRADIENT_BINARIZE) : null;
  }

  /**
   * The noise of the gradient with the parameters as they are.
   *
   * @param step training steps done so far
   */
  GradientNoise measure(long step) {
    Observed x =
        batch.fill(examples, 0, examples.count()).load(backend, examples.count(), binarize);
    Moments encoder = new Moments(ENCODER);
    Moments decoder = new Moments(DECODER);
    Tensor gradients = model.parameters().gradients();
    for (int draw = 0; draw < DRAWS; draw++) {
      backend.memory().fill(gradients, 0);
      tape.reset();
      tape.backward(pass.loss(tape, x, noise.at(draw), objective, step));
      encoder.add(model.parameters());
      decoder.add(model.parameters());
    }
    backend.memory().fill(gradients, 0);
    return new GradientNoise(
        encoder.variance(), encoder.squaredMean(), decoder.variance(), decoder.squaredMean());
  }

  /** Sums over the draws of each element of some parameters' gradients, and of its square. */
  private static final class Moments {
    private final List<String> prefixes;
    private double[] sums = {};
    private double[] squares = {};

    Moments(List<String> prefixes) {
      this.prefixes = prefixes;
    }

    void add(Parameters parameters) {
      if (sums.length == 0) {
        int size = 0;
        for (Parameters.Parameter p : parameters) {
          size += ofThese(p) ? p.value().size() : 0;
        }
        sums = new double[size];
        squares = new double[size];
      }
      int at = 0;
      for (Parameters.Parameter p : parameters) {
        if (ofThese(p)) {
          for (float g : p.gradient().toArray()) {
            sums[at] += g;
            squares[at++] += (double) g * g;
          }
        }
      }
    }

    private boolean ofThese(Parameters.Parameter p) {
      return prefixes.stream().anyMatch(p.name()::startsWith);
    }

    /** Trace of the covariance, unbiased. */
    double variance() {
      double sum = 0;
      for (int i = 0; i < sums.length; i++) {
        sum += squares[i] - sums[i] * sums[i] / DRAWS;
      }
      return Math.max(0, sum) / (DRAWS - 1);
    }

    double squaredMean() {
      double sum = 0;
      for (double s : sums) {
        sum += s * s;
      }
      return sum / DRAWS / DRAWS;
    }
  }
}
