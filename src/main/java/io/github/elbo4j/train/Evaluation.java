package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.vi.ActiveUnits;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.ImportanceEstimator;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Pass;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.inference.AnnealedImportance;

/**
 * The ELBO of a data set under a model, with one sample a data point and fixed noise, so that two
 * evaluations of the same parameters give the same bits.
 */
final class Evaluation {
  private static final int BATCH = 250;

  /**
   * Means over the data, in nats an example.
   *
   * @param elbo reconstruction − kl
   * @param reconstruction E[log p(x|z)]
   * @param kl KL( q(z|x) ‖ p(z) )
   * @param activeUnits latent dimensions in use
   */
  record Scores(double elbo, double reconstruction, double kl, int activeUnits) {}

  private final Vae vae;
  private final Backend backend;
  private final Tape tape;
  private final Images data;
  private final Batch batch;
  private final NoiseKey noise;
  private final NoiseKey importanceNoise;
  private final NoiseKey annealingNoise;
  private final Pass pass;

  /** Evaluates {@code data} as they are: binarised before, if at all. */
  Evaluation(Model model, Backend backend, Images data, long seed) {
    this.vae = model.vae();
    this.pass = new Pass(vae);
    this.backend = backend;
    this.tape = new Tape(backend);
    this.data = data;
    this.batch = model.batch(Math.min(BATCH, data.count()));
    this.noise = new NoiseKey(seed, Streams.TEST_POSTERIOR);
    this.importanceNoise = new NoiseKey(seed, Streams.IMPORTANCE);
    this.annealingNoise = new NoiseKey(seed, Streams.ANNEALING);
  }

  Scores elbo() {
    ActiveUnits units = new ActiveUnits(vae.latent());
    double reconstruction = 0;
    double kl = 0;
    for (int first = 0; first < data.count(); first += BATCH) {
      Observed x = load(first, Math.min(BATCH, data.count() - first));
      tape.resetForInference();
      pass.loss(tape, x, noise.at(first / BATCH), Elbo.PLAIN, 0);
      reconstruction += Sums.of(pass.logLik().value());
      kl += Sums.of(pass.kl().value());
      units.add(pass.latent().mean().value());
    }
    int n = data.count();
    return new Scores((reconstruction - kl) / n, reconstruction / n, kl / n, units.count());
  }

  /** The importance-weighted estimate of each data point and how far it can be trusted. */
  ImportanceEstimator.Diagnosis diagnose(int samples, Progress progress) {
    ImportanceEstimator estimator = new ImportanceEstimator(vae, backend);
    ImportanceEstimator.Diagnosis found = new ImportanceEstimator.Diagnosis(data.count());
    importanceNoise.at(0);
    int points = Math.min(data.count(), 20);
    for (int first = 0; first < data.count(); first += points) {
      int rows = Math.min(points, data.count() - first);
      estimator.diagnose(load(first, rows), samples, importanceNoise, found, first);
      progress.at(first + rows, data.count());
    }
    return found;
  }

  /** The estimate of each data point by annealed importance sampling. */
  double[] annealed(AnnealedImportance estimator, Progress progress) {
    double[] estimates = new double[data.count()];
    int points = Math.min(data.count(), 20);
    for (int first = 0; first < data.count(); first += points) {
      int rows = Math.min(points, data.count() - first);
      double[] some = estimator.logLikelihood(load(first, rows), annealingNoise.at(first));
      System.arraycopy(some, 0, estimates, first, rows);
      progress.at(first + rows, data.count());
    }
    return estimates;
  }

  private Observed load(int first, int rows) {
    return batch.fill(data, first, rows).load(backend, rows, null);
  }
}
