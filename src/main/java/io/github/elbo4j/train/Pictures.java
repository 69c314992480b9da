package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Grids of what a model draws. */
final class Pictures {
  private final Model model;
  private final Backend backend;
  private final Tape tape;

  Pictures(Model model, Backend backend) {
    this.model = model;
    this.backend = backend;
    this.tape = new Tape(backend);
  }

  /**
   * Means E[x|z] of {@code count} latents drawn from the prior, of all classes in turn where the
   * model is told the class; the same for the same seed.
   *
   * @param label the class of all of them, or null
   */
  void samples(Path file, int count, long seed, @Nullable Integer label) throws IOException {
    Tensor z = Tensor.zeros(count, model.vae().latent());
    model.vae().prior().sample(backend, new NoiseKey(seed, Streams.SAMPLES), z);
    samples(file, z, label);
  }

  /** The same of given latents, [count,D]. */
  void samples(Path file, Tensor z, @Nullable Integer label) throws IOException {
    int count = z.rows();
    tape.resetForInference();
    Tensor mean = model.vae().decodeMean(tape, Var.constant(z), told(count, label)).value();
    int columns = (int) Math.ceil(Math.sqrt(count));
    model.grid(columns).write(file, shown(mean), 0, count);
  }

  /**
   * Pictures above their reconstructions E[x|z] at the posterior mean, in pairs of rows; returns
   * the mean squared error a pixel.
   */
  double reconstructions(Path file, Images images) throws IOException {
    int count = images.count();
    int columns = Math.min(count, 16);
    int size = images.size();
    Observed x = model.batch(count).fill(images, 0, count).load(backend, count, null);
    tape.resetForInference();
    Var z = model.vae().posteriorMean(tape, x);
    float[] mean = shown(model.vae().decodeMean(tape, z, x.condition()).value());
    float[] originals = x.x().value().toArray();
    double squares = 0;
    for (int i = 0; i < mean.length; i++) {
      squares += Math.pow(mean[i] - (double) originals[i], 2);
    }
    float[] pairs = pairs(originals, mean, size, columns);
    model.grid(columns).write(file, pairs, 0, pairs.length / size);
    return squares / mean.length;
  }

  /**
   * One class, or class 0, 1, 2, … and again from 0, one-hot; null for a model that is told none.
   */
  private @Nullable Var told(int count, @Nullable Integer label) {
    int classes = model.vae().condition();
    if (classes == 0) {
      return null;
    }
    float[] oneHot = new float[Math.multiplyExact(count, classes)];
    for (int i = 0; i < count; i++) {
      oneHot[i * classes + (label == null ? i % classes : label)] = 1;
    }
    return Var.constant(Tensor.of(oneHot, 0, count, classes));
  }

  /** Rows of {@code columns} pictures, each above a row of what belongs to them. */
  static float[] pairs(float[] above, float[] below, int size, int columns) {
    int count = above.length / size;
    float[] pairs = new float[2 * Math.ceilDiv(count, columns) * columns * size];
    for (int i = 0; i < count; i++) {
      int top = (i / columns * 2 * columns + i % columns) * size;
      System.arraycopy(above, i * size, pairs, top, size);
      System.arraycopy(below, i * size, pairs, top + columns * size, size);
    }
    return pairs;
  }

  /** A Gaussian's mean may leave [0,1]; a picture cannot. */
  private static float[] shown(Tensor mean) {
    float[] pixels = mean.toArray();
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = Math.clamp(pixels[i], 0f, 1f);
    }
    return pixels;
  }
}
