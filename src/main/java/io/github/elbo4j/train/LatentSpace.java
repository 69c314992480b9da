package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.inference.MapLatent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A trained model as a map between pictures and latents. A latent is a row of D numbers, a picture
 * a row of N in [0,1].
 */
public final class LatentSpace {
  private static final int BATCH = 250;

  private final Model model;
  private final Backend backend;
  private final Tape tape;

  LatentSpace(Model model, Backend backend) {
    this.model = model;
    this.backend = backend;
    this.tape = new Tape(backend);
  }

  /** D. */
  public int dimensions() {
    return model.vae().latent();
  }

  /** N, pixels of a picture. */
  public int pixels() {
    return model.vae().data();
  }

  /** Whether z is a point of ℝᴰ, so that there is something between two latents. */
  public boolean continuous() {
    return model.vae().posterior().continuous();
  }

  /** Classes that the model is told, 0 for none. */
  public int classes() {
    return model.vae().condition();
  }

  /** Middle of the posterior of each image, [n,D]. */
  public float[] encode(Images images) {
    return latents(images, null);
  }

  /** A draw from the posterior of each image, [n,D]. */
  public float[] draw(Images images, NoiseKey noise) {
    return latents(images, noise);
  }

  private float[] latents(Images images, @Nullable NoiseKey noise) {
    int d = dimensions();
    float[] z = new float[Math.multiplyExact(images.count(), d)];
    Batch batch = model.batch(Math.min(BATCH, images.count()));
    for (int first = 0; first < images.count(); first += BATCH) {
      int rows = Math.min(BATCH, images.count() - first);
      Observed x = batch.fill(images, first, rows).load(backend, rows, null);
      tape.resetForInference();
      Var h = model.vae().encode(tape, x);
      Var some =
          noise == null
              ? model.vae().posterior().mean(tape, h)
              : model.vae().sample(tape, h, noise.at(first / BATCH), 1, Want.SAMPLE).z();
      float[] values = some.value().toArray();
      System.arraycopy(values, 0, z, first * d, values.length);
    }
    return z;
  }

  /**
   * E[x|z] of each latent, [n,N], cut to [0,1].
   *
   * @param z [n,D]
   * @param labels class of each, for a model that is told one; otherwise unused
   */
  public float[] decode(float[] z, byte @Nullable [] labels) {
    int d = dimensions();
    int count = z.length / d;
    float[] pictures = new float[Math.multiplyExact(count, pixels())];
    for (int first = 0; first < count; first += BATCH) {
      int rows = Math.min(BATCH, count - first);
      Tensor part = Tensor.of(Arrays.copyOfRange(z, first * d, (first + rows) * d), 0, rows, d);
      tape.resetForInference();
      Var told = told(labels, first, rows);
      float[] mean = model.vae().decodeMean(tape, Var.constant(part), told).value().toArray();
      for (int i = 0; i < mean.length; i++) {
        pictures[first * pixels() + i] = Math.clamp(mean[i], 0f, 1f);
      }
    }
    return pictures;
  }

  private @Nullable Var told(byte @Nullable [] labels, int first, int rows) {
    if (classes() == 0) {
      return null;
    }
    if (labels == null) {
      throw new ConfigException("the model is told the class of a picture: give labels");
    }
    float[] oneHot = new float[rows * classes()];
    for (int i = 0; i < rows; i++) {
      int label = labels[first + i] & 0xFF;
      if (label >= classes()) {
        throw new ConfigException(
            "label %d: the model knows %d classes".formatted(label, classes()));
      }
      oneHot[i * classes() + label] = 1;
    }
    return Var.constant(Tensor.of(oneHot, 0, rows, classes()));
  }

  /**
   * The most probable latent of each image.
   *
   * @param steps of the search, at least 1
   */
  public MapLatent.Found project(Images images, int steps) {
    Observed x =
        model
            .batch(images.count())
            .fill(images, 0, images.count())
            .load(backend, images.count(), null);
    try {
      return new MapLatent(model.vae(), model.parameters(), backend, steps, 0.05).find(x);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("project: " + e.getMessage());
    }
  }

  /** Writes pictures, [n,N], as a PNG grid of so many columns. */
  public void write(Path file, float[] pictures, int columns) throws IOException {
    model.grid(columns).write(file, pictures, 0, pictures.length / pixels());
  }

  /** Writes pictures, [n,N], in rows, each above a row of what belongs to them, [n,N]. */
  public void writePairs(Path file, float[] above, float[] below) throws IOException {
    int columns = Math.min(above.length / pixels(), 16);
    write(file, Pictures.pairs(above, below, pixels(), columns), columns);
  }

  /** Pictures of images as they are, [n,N]. */
  public float[] pictures(Images images) {
    float[] pictures = new float[images.count() * images.size()];
    for (int i = 0; i < pictures.length; i++) {
      pictures[i] = (images.pixels()[i] & 0xFF) / 255f;
    }
    return pictures;
  }
}
