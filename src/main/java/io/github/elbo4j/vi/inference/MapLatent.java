package io.github.elbo4j.vi.inference;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Vae;
import java.util.Arrays;

/**
 * The most probable latent of a data point, {@code argmax_z log p(x|z) + log p(z)}, by Adam (Kingma
 * and Ba 2015) on z, from where the encoder puts it. The best point seen is kept, so the result is
 * never worse than the start.
 */
public final class MapLatent {
  private static final double DECAY1 = 0.9;
  private static final double DECAY2 = 0.999;
  private static final double EPSILON = 1e-8;

  /**
   * What was found, rows as the data.
   *
   * @param z [B,D]
   * @param logJoint log p(x|z) + log p(z) there, B numbers
   * @param startLogJoint the same where the encoder put it
   */
  public record Found(Tensor z, double[] logJoint, double[] startLogJoint) {}

  private final Vae vae;
  private final Parameters parameters;
  private final Backend backend;
  private final int steps;
  private final double stepSize;

  /**
   * A search.
   *
   * @param parameters the model's own, whose gradients are cleared
   * @param steps of Adam, at least 1
   * @param stepSize at first; it falls linearly to 0
   * @throws IllegalArgumentException when the latents are discrete, or a number is out of range
   */
  public MapLatent(Vae vae, Parameters parameters, Backend backend, int steps, double stepSize) {
    if (steps < 1 || !(stepSize > 0)) {
      throw new IllegalArgumentException(
          "MapLatent: steps %d must be >= 1 and stepSize %s above 0".formatted(steps, stepSize));
    }
    AnnealedImportance.requireContinuous(vae, "the search for the most probable latent");
    this.vae = vae;
    this.parameters = parameters;
    this.backend = backend;
    this.steps = steps;
    this.stepSize = stepSize;
  }

  /** Searches for all data points at once. */
  public Found find(Observed x) {
    int rows = x.points();
    int d = vae.latent();
    Tape tape = new Tape(backend);
    tape.resetForInference();
    Tensor mean = vae.posteriorMean(tape, x).value().onHost();
    double[] z = new double[rows * d];
    for (int i = 0; i < z.length; i++) {
      z[i] = mean.get(i);
    }
    LogJoint joint = new LogJoint(vae, parameters, backend, rows);
    double[] best = new double[rows];
    Arrays.fill(best, Double.NEGATIVE_INFINITY);
    double[] start = new double[rows];
    double[] bestZ = z.clone();
    double[] m = new double[z.length];
    double[] v = new double[z.length];
    for (int t = 0; t <= steps; t++) {
      joint.evaluate(x, z, 1);
      for (int r = 0; r < rows; r++) {
        double value = joint.logLik(r) + joint.logPrior(r);
        start[r] = t == 0 ? value : start[r];
        if (value > best[r]) {
          best[r] = value;
          System.arraycopy(z, r * d, bestZ, r * d, d);
        }
      }
      climb(joint, t, z, m, v);
    }
    Tensor found = Tensor.zeros(rows, d);
    for (int i = 0; i < bestZ.length; i++) {
      found.array()[i] = (float) bestZ[i];
    }
    return new Found(found, best, start);
  }

  private void climb(LogJoint joint, int t, double[] z, double[] m, double[] v) {
    double size = stepSize * (1 - (double) t / steps);
    for (int i = 0; i < z.length; i++) {
      double g = joint.gradient(i);
      m[i] = DECAY1 * m[i] + (1 - DECAY1) * g;
      v[i] = DECAY2 * v[i] + (1 - DECAY2) * g * g;
      double mHat = m[i] / (1 - Math.pow(DECAY1, t + 1));
      double vHat = v[i] / (1 - Math.pow(DECAY2, t + 1));
      z[i] += size * mHat / (Math.sqrt(vHat) + EPSILON);
    }
  }
}
